-- Readers and registers choose their region by app.region again, and see nothing as a region's own role. Roles stay.
DO $$
DECLARE
    code   text;
    policy record;
BEGIN
    FOR policy IN SELECT polname, polrelid::regclass AS target FROM pg_policy
                   WHERE polname ~ '^vardstrom_(reader|register)_r[0-9]{2}$' LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy.polname, policy.target);
    END LOOP;
    FOR code IN SELECT * FROM provisioned_regions() LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public, delivery, register FROM %I, %I',
                       'vardstrom_reader_r' || code, 'vardstrom_register_r' || code);
        EXECUTE format('REVOKE ALL ON SCHEMA delivery, register FROM %I', 'vardstrom_reader_r' || code);
    END LOOP;
END
$$;

ALTER TABLE delivery.progress DROP CONSTRAINT progress_pkey, ADD PRIMARY KEY (topic, partition);
ALTER TABLE delivery.origin DROP CONSTRAINT origin_pkey, ADD PRIMARY KEY (topic, origin_topic, origin_partition);
ALTER TABLE delivery.duplicates DROP CONSTRAINT duplicates_pkey, ADD PRIMARY KEY (topic);
ALTER TABLE delivery.rejected DROP CONSTRAINT rejected_pkey, ADD PRIMARY KEY (topic, partition, record_offset);

-- The region a region reader has chosen. A custom setting that was set locally once reads as '' afterwards;
-- both that and a setting never made must fail, since an empty answer looks like an empty region.
CREATE FUNCTION reader_region() RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
    chosen text := current_setting('app.region');
BEGIN
    IF chosen = '' THEN
        RAISE EXCEPTION 'app.region is not set' USING ERRCODE = 'undefined_object', HINT = 'SET LOCAL app.region = ''14''';
    END IF;
    RETURN chosen;
END
$$;

DO $$
DECLARE
    target regclass;
BEGIN
    FOR target IN SELECT polrelid FROM pg_policy WHERE polname = 'region' LOOP
        EXECUTE format('ALTER POLICY region ON %s USING (region = (SELECT reader_region()))', target);
    END LOOP;
END
$$;
CREATE POLICY register ON register.ledger FOR INSERT TO vardstrom_register WITH CHECK (region = (SELECT reader_region()));
CREATE POLICY register ON register.published FOR INSERT TO vardstrom_register WITH CHECK (region = (SELECT reader_region()));
GRANT INSERT ON register.ledger, register.published TO vardstrom_register;
GRANT USAGE ON SCHEMA register, delivery TO vardstrom_register;

CREATE OR REPLACE FUNCTION wall(target regclass, writable boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', target);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY nation ON %s FOR SELECT TO vardstrom_reader USING (true)', target);
    EXECUTE format('CREATE POLICY region ON %s FOR SELECT TO vardstrom_region_reader USING (region = (SELECT reader_region()))', target);
    EXECUTE format('GRANT SELECT ON %s TO vardstrom_reader, vardstrom_region_reader', target);
    IF writable THEN
        EXECUTE format('CREATE POLICY writer ON %s FOR ALL TO vardstrom_writer '
                       'USING (region = (SELECT writer_region())) WITH CHECK (region = (SELECT writer_region()))', target);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO vardstrom_writer', target);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION provision_region(code text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part   text := 'events_r' || code;
    writer text := 'vardstrom_writer_r' || code;
BEGIN
    IF code !~ '^[0-9]{2}$' THEN
        RAISE EXCEPTION 'region % is not a lanskod of two digits', code;
    END IF;
    BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', writer);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END;
    IF NOT pg_has_role(writer, 'vardstrom_writer', 'MEMBER') THEN
        EXECUTE format('GRANT vardstrom_writer TO %I', writer);
    END IF;
    IF NOT pg_has_role('vardstrom_store', writer, 'MEMBER') THEN
        EXECUTE format('GRANT %I TO vardstrom_store', writer);
    END IF;
    IF to_regclass(part) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES IN (%L)', part, code);
        EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', part);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', part, writer);
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION wall(regclass, boolean), provision_region(text) TO PUBLIC;

DROP FUNCTION region_is_not_bound();
DROP FUNCTION bind_role(regclass, text, text, text);
DROP FUNCTION provisioned_regions();
