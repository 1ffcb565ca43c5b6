-- How many statements lie at or below the positions, how many above, and what they have in common.
SELECT count(*) FILTER (WHERE p.topic IS NOT NULL),
       count(*) FILTER (WHERE p.topic IS NULL),
       (extract(epoch FROM max(greatest(e.recorded_at, e.ingested_at)) FILTER (WHERE p.topic IS NOT NULL)) * 1000000)::int8,
       array_agg(DISTINCT e.schema_version) FILTER (WHERE p.topic IS NOT NULL)
  FROM events e
  LEFT JOIN unnest($3::text[], $4::int4[], $5::int8[], $6::int4[]) AS p (topic, partition, "offset", ordinal)
    ON e.origin_topic = p.topic AND e.origin_partition = p.partition
   AND (e.origin_offset, e.origin_ordinal) <= (p."offset", p.ordinal)
 WHERE e.region = $1 AND e.subject = $2 AND e.period = $7
