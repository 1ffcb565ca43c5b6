-- Roles belong to the cluster, not to the database: they are made when missing and never dropped by `revert`,
-- because another database of the cluster may use them.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['vardstrom_reader', 'vardstrom_region_reader', 'vardstrom_writer', 'vardstrom_store'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END
$$;

-- The store may become any of its writers but inherits nothing from them: a statement outside
-- `SET LOCAL ROLE vardstrom_writer_rNN` reaches no region at all.
ALTER ROLE vardstrom_store NOINHERIT;

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

-- The region that the current role writes: `vardstrom_writer_r14` writes 14, any other role nothing.
CREATE FUNCTION writer_region() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN starts_with(current_user::text, 'vardstrom_writer_r') THEN substr(current_user::text, 19) ELSE '' END;

-- Gives a table with a region column its walls. (The inner SELECT asks once per statement, not once per row.)
CREATE FUNCTION wall(target regclass, writable boolean) RETURNS void LANGUAGE plpgsql AS $$
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
