-- Who is erased: what keeps a person's events out once they have been taken out. A person is every pseudonym (`s:`) that an event has
-- named beside another of the person's, and every episode (`e:`) that such an event told of, for events that name nobody.
-- Never part of the content: a store without the person says the same.
CREATE TABLE delivery.erased (
    region       text COLLATE "C" NOT NULL,
    node         text COLLATE "C" NOT NULL,
    said         bool NOT NULL,
    ground       text COLLATE "C",
    case_id      text COLLATE "C",
    stated_at    timestamptz,
    done         bool NOT NULL,
    names_nobody bool NOT NULL,
    PRIMARY KEY (region, node)
);
COMMENT ON COLUMN delivery.erased.said IS 'By a decision, which ground, case_id and stated_at are of; else it is one with who is.';
COMMENT ON COLUMN delivery.erased.done IS 'What was stored of it is gone.';
COMMENT ON COLUMN delivery.erased.names_nobody IS 'An identifier that many carry: nothing is erased by it.';
SELECT wall('delivery.erased', writable => true);

-- Only this role takes rows out of `events`, and the store is it for that one statement.
-- Makes a region's partition and roles. Applying it twice changes nothing.
-- Runtime writes go directly to the partition (COPY does not work with row-level security); only the region's
-- writer has any right there, and the partition's constraint refuses other regions' rows.
CREATE OR REPLACE FUNCTION provision_region(code text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part     text := 'events_r' || code;
    writer   text := 'vardstrom_writer_r' || code;
    reader   text := 'vardstrom_reader_r' || code;
    register text := 'vardstrom_register_r' || code;
    eraser   text := 'vardstrom_eraser_r' || code;
    role     text;
    target   regclass;
BEGIN
    IF code !~ '^[0-9]{2}$' THEN
        RAISE EXCEPTION 'region % is not a lanskod of two digits', code;
    END IF;
    FOREACH role IN ARRAY ARRAY[writer, reader, register, eraser] LOOP
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
    IF NOT pg_has_role('vardstrom_store', eraser, 'MEMBER') THEN
        EXECUTE format('GRANT %I TO vardstrom_store', eraser);
    END IF;
    IF NOT pg_has_role(register, reader, 'MEMBER') THEN
        EXECUTE format('GRANT %I TO %I', reader, register);
    END IF;
    IF to_regclass(part) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES IN (%L)', part, code);
        EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', part);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', part, writer);
    END IF;
    IF NOT has_table_privilege(eraser, part, 'DELETE') THEN
        EXECUTE format('GRANT SELECT, DELETE ON %I TO %I', part, eraser);
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

DO $$
BEGIN
    PERFORM provision_region(code) FROM provisioned_regions() AS code;
END
$$;
