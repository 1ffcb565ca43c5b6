-- Append-only and bitemporal: when it happened, when the source recorded it, when we received it, when we wrote it.
-- COLLATE "C" everywhere: byte order is the same on every machine, and fast.
CREATE TABLE events (
    region            text COLLATE "C" NOT NULL,
    event_id          uuid NOT NULL,
    subject           text COLLATE "C" NOT NULL,
    event_type        text COLLATE "C" NOT NULL,
    schema_version    int4 NOT NULL,
    source_system     text COLLATE "C" NOT NULL,
    source_message_id text COLLATE "C" NOT NULL,
    origin_topic      text COLLATE "C" NOT NULL,
    origin_partition  int4 NOT NULL,
    origin_offset     int8 NOT NULL,
    origin_ordinal    int4 NOT NULL,
    occurred_at       timestamptz NOT NULL,
    recorded_at       timestamptz,
    ingested_at       timestamptz NOT NULL,
    correction        text COLLATE "C" NOT NULL,
    target_event_id   uuid,
    subject_token     text COLLATE "C",
    key_id            text COLLATE "C",
    protected_identity bool NOT NULL,
    trigger           text COLLATE "C",
    episode_id        text COLLATE "C",
    unit              text COLLATE "C",
    record            bytea NOT NULL,
    written_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, event_id)
) PARTITION BY LIST (region);

COMMENT ON TABLE events IS 'Every common event once. `record` is the Kafka value, verbatim (Confluent-framed Avro).';

-- How the projection finds a component's events. One index with an entry per row, three with an entry now and then.
CREATE INDEX events_subject ON events (subject_token) WHERE subject_token IS NOT NULL;
CREATE INDEX events_episode_without_subject ON events (('e:' || source_system || '/' || episode_id))
    WHERE subject_token IS NULL AND episode_id IS NOT NULL;
CREATE INDEX events_capacity ON events (unit) WHERE subject = 'bed-capacity';
CREATE INDEX events_occurred ON events USING brin (occurred_at) WITH (autosummarize = on);

-- No UPDATE, DELETE or TRUNCATE to anybody, and INSERT only on a partition: see provision_region.
SELECT wall('events', writable => false);

-- The writers' schemas, so that `record` can be read from the store alone.
CREATE TABLE record_schema (
    id   int4 PRIMARY KEY,
    avsc text NOT NULL
);
REVOKE ALL ON record_schema FROM PUBLIC;
GRANT SELECT ON record_schema TO vardstrom_reader, vardstrom_region_reader, vardstrom_writer;
GRANT INSERT ON record_schema TO vardstrom_writer;

-- Makes a region's partition and writer. Applying it twice changes nothing.
-- Runtime writes go directly to the partition (COPY does not work with row-level security); only the region's
-- writer has any right there, and the partition's constraint refuses other regions' rows.
CREATE FUNCTION provision_region(code text) RETURNS void LANGUAGE plpgsql AS $$
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
