-- The latest statement of each contact at or below the positions. Where times leave it open, the later record of the source
-- topic counts: two changes of a row in one transaction have one time and one partition. Between partitions that order means
-- nothing, and like the event id it only makes the answer the same whatever the order of storing.
SELECT DISTINCT ON (e.source_system, e.contact) e.event_id, e.record
  FROM events e
  JOIN unnest($3::text[], $4::int4[], $5::int8[], $6::int4[]) AS p (topic, partition, "offset", ordinal)
    ON e.origin_topic = p.topic AND e.origin_partition = p.partition
   AND (e.origin_offset, e.origin_ordinal) <= (p."offset", p.ordinal)
 WHERE e.region = $1 AND e.subject = $7 AND e.period = $2
 ORDER BY e.source_system, e.contact, e.recorded_at DESC NULLS LAST, e.ingested_at DESC,
          e.origin_offset DESC, e.origin_ordinal DESC, e.event_id DESC
