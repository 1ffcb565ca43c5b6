-- Position, watermarks, what the projections must look at, horizon and duplicates: one round trip in the rows' transaction.
-- Returns how many positions moved; fewer than given means that a newer instance has raised the epoch.
WITH moved AS (
    UPDATE delivery.progress p SET next_offset = n.next_offset, updated_at = now()
      FROM unnest($2::text[], $3::int4[], $4::int8[], $5::int8[]) AS n(topic, partition, next_offset, epoch)
     WHERE p.region = $1::text AND p.topic = n.topic AND p.partition = n.partition AND p.epoch = n.epoch
    RETURNING 1
), marked AS (
    INSERT INTO delivery.origin (region, topic, origin_topic, origin_partition, origin_offset, origin_ordinal)
    SELECT $1::text, m.* FROM unnest($6::text[], $7::text[], $8::int4[], $9::int8[], $10::int4[]) AS m
    ON CONFLICT (region, topic, origin_topic, origin_partition)
    DO UPDATE SET origin_offset = EXCLUDED.origin_offset, origin_ordinal = EXCLUDED.origin_ordinal
), dirtied AS (
    INSERT INTO delivery.dirty (region, nodes, others) SELECT $1::text, $11::text[], $12::text[] WHERE cardinality($11::text[]) > 0
), reached AS (
    INSERT INTO delivery.horizon (region, at) SELECT $1::text, $13::timestamptz WHERE $13::timestamptz IS NOT NULL
    ON CONFLICT (region) DO UPDATE SET at = EXCLUDED.at WHERE delivery.horizon.at < EXCLUDED.at
), doubled AS (
    INSERT INTO delivery.duplicates (region, topic, count) SELECT $1::text, d.* FROM unnest($14::text[], $15::int8[]) AS d
    ON CONFLICT (region, topic) DO UPDATE SET count = delivery.duplicates.count + EXCLUDED.count
)
SELECT count(*) FROM moved
