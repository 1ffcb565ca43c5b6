-- A region's readers and its register are roles of that region, as its writer is. What a login sees follows from the roles that
-- somebody with the right to grant gave it, never from a setting that it makes itself: `reader_region` believed one.

-- What is left of `vardstrom_region_reader`: whoever has it is told what to do. IMMUTABLE, so that the planner calls it, before any row
-- is looked at and also where there is none: an empty answer looks like an empty region.
CREATE FUNCTION region_is_not_bound() RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'role % has vardstrom_region_reader, which is bound to no region', current_user
        USING ERRCODE = 'insufficient_privilege',
              HINT = format('For each region that it may read, 14 say: GRANT vardstrom_reader_r14 TO %1$I; then REVOKE vardstrom_region_reader FROM %1$I. app.region has no effect.', current_user);
END
$$;

-- One region's policy and right on a table. The region is a constant: the planner leaves other partitions out and uses indexes. The
-- inner SELECT asks once per statement whether the role is still held, which a plan that was prepared before would not ask.
CREATE FUNCTION bind_role(target regclass, role text, code text, command text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = target AND polname = role) THEN
        EXECUTE format('CREATE POLICY %1$I ON %2$s FOR %3$s TO %1$I %4$s (region = %5$L AND (SELECT pg_catalog.pg_has_role(%1$L, ''USAGE'')))',
                       role, target, command, CASE command WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END, code);
        EXECUTE format('GRANT %s ON %s TO %I', command, target, role);
    END IF;
END
$$;

-- The regions that have a partition.
CREATE FUNCTION provisioned_regions() RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT substr(c.relname::text, 9) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'events'::regclass AND c.relname ~ '^events_r[0-9]{2}$' ORDER BY 1
$$;

-- Gives a table with a region column its walls.
CREATE OR REPLACE FUNCTION wall(target regclass, writable boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    code text;
BEGIN
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', target);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY nation ON %s FOR SELECT TO vardstrom_reader USING (true)', target);
    EXECUTE format('CREATE POLICY region ON %s FOR SELECT TO vardstrom_region_reader USING (region_is_not_bound())', target);
    EXECUTE format('GRANT SELECT ON %s TO vardstrom_reader, vardstrom_region_reader', target);
    FOR code IN SELECT * FROM provisioned_regions() LOOP
        PERFORM bind_role(target, 'vardstrom_reader_r' || code, code, 'SELECT');
    END LOOP;
    IF writable THEN
        EXECUTE format('CREATE POLICY writer ON %s FOR ALL TO vardstrom_writer '
                       'USING (region = (SELECT writer_region())) WITH CHECK (region = (SELECT writer_region()))', target);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO vardstrom_writer', target);
    END IF;
END
$$;

-- Makes a region's partition and roles. Applying it twice changes nothing.
-- Runtime writes go directly to the partition (COPY does not work with row-level security); only the region's
-- writer has any right there, and the partition's constraint refuses other regions' rows.
CREATE OR REPLACE FUNCTION provision_region(code text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part     text := 'events_r' || code;
    writer   text := 'vardstrom_writer_r' || code;
    reader   text := 'vardstrom_reader_r' || code;
    register text := 'vardstrom_register_r' || code;
    role     text;
    target   regclass;
BEGIN
    IF code !~ '^[0-9]{2}$' THEN
        RAISE EXCEPTION 'region % is not a lanskod of two digits', code;
    END IF;
    FOREACH role IN ARRAY ARRAY[writer, reader, register] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    IF NOT pg_has_role(writer, 'vardstrom_writer', 'MEMBER') THEN
        EXECUTE format('GRANT vardstrom_writer TO %I', writer);
    END IF;
    IF NOT pg_has_role('vardstrom_store', writer, 'MEMBER') THEN
        EXECUTE format('GRANT %I TO vardstrom_store', writer);
    END IF;
    IF NOT pg_has_role(register, reader, 'MEMBER') THEN
        EXECUTE format('GRANT %I TO %I', reader, register);
    END IF;
    IF to_regclass(part) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES IN (%L)', part, code);
        EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', part);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', part, writer);
    END IF;
    IF NOT has_table_privilege(reader, 'board_link', 'SELECT') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA delivery, register TO %I', reader);
        EXECUTE format('GRANT SELECT ON record_schema, board_progress, board_origin, board_link TO %I', reader);
    END IF;
    FOR target IN SELECT polrelid FROM pg_policy WHERE polname = 'nation' LOOP
        PERFORM bind_role(target, reader, code, 'SELECT');
    END LOOP;
    PERFORM bind_role('register.ledger', register, code, 'INSERT');
    PERFORM bind_role('register.published', register, code, 'INSERT');
END
$$;

REVOKE ALL ON FUNCTION bind_role(regclass, text, text, text), wall(regclass, boolean), provision_region(text), provisioned_regions() FROM PUBLIC;

DROP POLICY register ON register.ledger;
DROP POLICY register ON register.published;
REVOKE ALL ON register.ledger, register.published FROM vardstrom_register;
REVOKE ALL ON SCHEMA register, delivery FROM vardstrom_register;
DO $$
DECLARE
    target regclass;
BEGIN
    FOR target IN SELECT polrelid FROM pg_policy WHERE polname = 'region' LOOP
        EXECUTE format('ALTER POLICY region ON %s USING (region_is_not_bound())', target);
    END LOOP;
END
$$;
DROP FUNCTION reader_region();

-- A unique key without the region would tell a writer which rows of another region there are.
ALTER TABLE delivery.progress DROP CONSTRAINT progress_pkey, ADD PRIMARY KEY (region, topic, partition);
ALTER TABLE delivery.origin DROP CONSTRAINT origin_pkey, ADD PRIMARY KEY (region, topic, origin_topic, origin_partition);
ALTER TABLE delivery.duplicates DROP CONSTRAINT duplicates_pkey, ADD PRIMARY KEY (region, topic);
ALTER TABLE delivery.rejected DROP CONSTRAINT rejected_pkey, ADD PRIMARY KEY (region, topic, partition, record_offset);

DO $$
BEGIN
    PERFORM provision_region(code) FROM provisioned_regions() AS code;
END
$$;
