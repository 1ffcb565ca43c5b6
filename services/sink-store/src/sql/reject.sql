INSERT INTO delivery.rejected (region, topic, partition, record_offset, reason)
SELECT $1::text, r.* FROM unnest($2::text[], $3::int4[], $4::int8[], $5::text[]) AS r
ON CONFLICT DO NOTHING
