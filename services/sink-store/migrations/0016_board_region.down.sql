CREATE OR REPLACE FUNCTION board_events(since timestamptz, regions text[])
RETURNS TABLE (region text, subject text, event_id uuid, record bytea) LANGUAGE sql STABLE AS $$
    WITH seed (region, node) AS (
        SELECT e.region, 's:' || e.subject_token FROM events e
         WHERE e.occurred_at >= $1 AND e.subject_token IS NOT NULL AND ($2 IS NULL OR e.region = ANY ($2))
        UNION
        SELECT e.region, 'e:' || e.source_system || '/' || e.episode_id FROM events e
         WHERE e.occurred_at >= $1 AND e.subject_token IS NULL AND e.episode_id IS NOT NULL AND ($2 IS NULL OR e.region = ANY ($2))
        UNION
        SELECT s.region, 'e:' || s.source_system || '/' || s.episode_id FROM episode_stay s
         WHERE s.ended_at IS NULL AND ($2 IS NULL OR s.region = ANY ($2))
        UNION
        SELECT d.region, u.node FROM delivery.dirty d, unnest(d.nodes) AS u(node) WHERE $2 IS NULL OR d.region = ANY ($2)
    ), seeds AS (
        SELECT array_agg(seed.region) AS regions, array_agg(seed.node) AS nodes FROM seed
    )
    SELECT reached.* FROM seeds, board_reach(seeds.regions, seeds.nodes) reached WHERE seeds.nodes IS NOT NULL
    UNION ALL
    SELECT e.region, e.subject, e.event_id, e.record
      FROM unit_capacity c JOIN events e ON e.region = c.region AND e.event_id = c.event_id
     WHERE (c.valid_to IS NULL OR c.valid_to >= $1) AND ($2 IS NULL OR c.region = ANY ($2))
       AND NOT EXISTS (SELECT FROM delivery.dirty d WHERE d.region = c.region AND ('u:' || c.unit) = ANY (d.nodes))
    UNION ALL
    SELECT e.region, e.subject, e.event_id, e.record
      FROM (SELECT DISTINCT d.region, substr(u.node, 3) AS unit
              FROM delivery.dirty d, unnest(d.nodes) AS u(node)
             WHERE starts_with(u.node, 'u:') AND ($2 IS NULL OR d.region = ANY ($2))) pending
      JOIN events e ON e.region = pending.region AND e.unit = pending.unit AND e.subject = 'bed-capacity'
    UNION ALL
    SELECT e.region, e.subject, e.event_id, e.record
      FROM bed_status b JOIN events e ON e.region = b.region AND e.event_id = b.event_id
     WHERE $2 IS NULL OR b.region = ANY ($2)
$$;

DROP FUNCTION board_region(text, timestamptz);
ALTER TABLE events DROP CONSTRAINT events_pkey, ADD PRIMARY KEY (region, event_id);
