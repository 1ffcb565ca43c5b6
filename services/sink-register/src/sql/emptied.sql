-- Where each table of a followed database was last emptied, at or below the positions: what it said before in the same topic and
-- partition is void.
WITH emptied AS (
    SELECT t.source_system, t.source_table, t.origin_topic, t.origin_partition, max(t.origin_offset) AS "offset"
      FROM events t
      JOIN unnest($3::text[], $4::int4[], $5::int8[], $6::int4[]) AS p (topic, partition, "offset", ordinal)
        ON t.origin_topic = p.topic AND t.origin_partition = p.partition
       AND (t.origin_offset, t.origin_ordinal) <= (p."offset", p.ordinal)
     WHERE t.region = $1 AND t.subject = $2
       AND t.source_table IS NOT NULL AND t.contact IS NULL AND t.correction = 'CANCEL'
     GROUP BY 1, 2, 3, 4
)
