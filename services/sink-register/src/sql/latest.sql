-- The latest statement of each contact at or below the positions. Where times leave it open, the later record of the source
-- topic counts: two changes of a row in one transaction have one time and one partition. Between partitions that order means
-- nothing, and like the event id it only makes the answer the same whatever the order of storing.
SELECT DISTINCT ON (e.source_system, e.contact) e.event_id, e.record
  FROM events e
  JOIN unnest($3::text[], $4::int4[], $5::int8[], $6::int4[]) AS p (topic, partition, "offset", ordinal)
    ON e.origin_topic = p.topic AND e.origin_partition = p.partition
   AND (e.origin_offset, e.origin_ordinal) <= (p."offset", p.ordinal)
  LEFT JOIN emptied v
    ON e.source_system = v.source_system AND e.source_table = v.source_table
   AND e.origin_topic = v.origin_topic AND e.origin_partition = v.origin_partition AND e.origin_offset < v."offset"
 WHERE e.region = $1 AND e.subject = $2 AND e.period = $7 AND v."offset" IS NULL
 ORDER BY e.source_system, e.contact, e.recorded_at DESC NULLS LAST, e.ingested_at DESC,
          e.origin_offset DESC, e.origin_ordinal DESC, e.event_id DESC
