-- The latest statement of each contact at or below the positions. The event id settles what times leave open, so that the
-- answer is the same whatever the order of storing.
SELECT DISTINCT ON (e.source_system, e.contact) e.event_id, e.record
  FROM events e
  JOIN unnest($3::text[], $4::int4[], $5::int8[], $6::int4[]) AS p (topic, partition, "offset", ordinal)
    ON e.origin_topic = p.topic AND e.origin_partition = p.partition
   AND (e.origin_offset, e.origin_ordinal) <= (p."offset", p.ordinal)
 WHERE e.region = $1 AND e.subject = $7 AND e.period = $2
 ORDER BY e.source_system, e.contact, e.recorded_at DESC NULLS LAST, e.ingested_at DESC, e.event_id DESC
