-- What the store knows about its own reading: never part of the content, and not in `sink-store fingerprint`.
CREATE SCHEMA delivery;
GRANT USAGE ON SCHEMA delivery TO vardstrom_reader, vardstrom_region_reader, vardstrom_writer;

-- Position per topic and partition. A worker that starts raises the epoch; a batch under an older epoch changes nothing.
CREATE TABLE delivery.progress (
    region      text COLLATE "C" NOT NULL,
    topic       text COLLATE "C" NOT NULL,
    partition   int4 NOT NULL,
    next_offset int8 NOT NULL,
    epoch       int8 NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
);

-- The one-compare rule: the highest (offset, ordinal) applied, per topic read and source partition.
CREATE TABLE delivery.origin (
    region           text COLLATE "C" NOT NULL,
    topic            text COLLATE "C" NOT NULL,
    origin_topic     text COLLATE "C" NOT NULL,
    origin_partition int4 NOT NULL,
    origin_offset    int8 NOT NULL,
    origin_ordinal   int4 NOT NULL,
    PRIMARY KEY (topic, origin_topic, origin_partition)
);

-- Events that the source sent again.
CREATE TABLE delivery.duplicates (
    region text COLLATE "C" NOT NULL,
    topic  text COLLATE "C" PRIMARY KEY,
    count  int8 NOT NULL
);

-- Records that could not be stored: where they are and why, never what they say.
CREATE TABLE delivery.rejected (
    region        text COLLATE "C" NOT NULL,
    topic         text COLLATE "C" NOT NULL,
    partition     int4 NOT NULL,
    record_offset int8 NOT NULL,
    reason        text COLLATE "C" NOT NULL,
    rejected_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, record_offset)
);

-- What the projections have still to look at: one row per batch, nodes and the edges (node, other) that its events make.
CREATE TABLE delivery.dirty (
    region text COLLATE "C" NOT NULL,
    id     int8 GENERATED ALWAYS AS IDENTITY,
    nodes  text[] COLLATE "C" NOT NULL,
    others text[] COLLATE "C" NOT NULL,
    PRIMARY KEY (region, id)
);
-- Read back at once: compressing it costs more than it saves.
ALTER TABLE delivery.dirty ALTER COLUMN nodes SET STORAGE EXTERNAL, ALTER COLUMN others SET STORAGE EXTERNAL;

-- How far in event time each region's events reach.
CREATE TABLE delivery.horizon (
    region text COLLATE "C" PRIMARY KEY,
    at     timestamptz NOT NULL
);

SELECT wall(format('delivery.%I', name)::regclass, writable => true)
  FROM unnest(ARRAY['progress', 'origin', 'duplicates', 'rejected', 'dirty', 'horizon']) AS name;
