DROP TABLE delivery.erased;
DO $$
DECLARE
    code text;
BEGIN
    FOR code IN SELECT * FROM provisioned_regions() LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %I', 'events_r' || code, 'vardstrom_eraser_r' || code);
    END LOOP;
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

