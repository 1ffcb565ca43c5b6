-- With the region first, a look at a partition by something else went through the whole key of it as well, as long as the server had not
-- counted the rows: it takes one region to be a small part of them. In a partition it is all of them.
ALTER TABLE events DROP CONSTRAINT events_pkey, ADD PRIMARY KEY (event_id, region);

-- Everything of one region that is live since an instant. Each node is looked up by its index, whatever the server guesses of their
-- number (OFFSET 0). Who calls it turns `jit` off: compiling takes longer than the answer.
CREATE FUNCTION board_region(wanted text, since timestamptz)
RETURNS TABLE (subject text, event_id uuid, record bytea) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE seed (node) AS (
        SELECT ('s:' || e.subject_token) COLLATE "C" FROM events e
         WHERE e.region = $1 AND e.occurred_at >= $2 AND e.subject_token IS NOT NULL
        UNION
        SELECT 'e:' || e.source_system || '/' || e.episode_id FROM events e
         WHERE e.region = $1 AND e.occurred_at >= $2 AND e.subject_token IS NULL AND e.episode_id IS NOT NULL
        UNION
        SELECT 'e:' || s.source_system || '/' || s.episode_id FROM episode_stay s
         WHERE s.region = $1 AND s.ended_at IS NULL
        UNION
        -- Both ends of every edge that is not in episode_link yet: so the others suffice.
        SELECT u.node FROM delivery.dirty d, unnest(d.nodes || d.others) AS u(node) WHERE d.region = $1 AND u.node <> ''
    ), reach (node) AS (
        SELECT seed.node FROM seed
        UNION
        SELECT link.other FROM reach JOIN episode_link link ON link.region = $1 AND link.node = reach.node
         WHERE reach.node NOT IN (SELECT s.node FROM shared_identifier s WHERE s.region = $1)
    ), node AS MATERIALIZED (
        SELECT reach.node, reach.node IN (SELECT s.node FROM shared_identifier s WHERE s.region = $1) AS shared FROM reach
    )
    SELECT e.subject, e.event_id, e.record
      FROM node CROSS JOIN LATERAL (
               SELECT * FROM events e WHERE e.region = $1 AND e.subject_token = substr(node.node, 3) OFFSET 0) e
     WHERE starts_with(node.node, 's:') AND NOT node.shared
    UNION ALL
    SELECT e.subject, e.event_id, e.record
      FROM node CROSS JOIN LATERAL (
               SELECT * FROM events e WHERE e.region = $1 AND e.subject_token IS NULL AND e.episode_id IS NOT NULL
                  AND 'e:' || e.source_system || '/' || e.episode_id = node.node OFFSET 0) e
     WHERE starts_with(node.node, 'e:')
    UNION ALL
    -- Of a shared identifier what belongs to the episodes that were reached, and what belongs to no episode.
    SELECT e.subject, e.event_id, e.record
      FROM node CROSS JOIN LATERAL (
               SELECT * FROM events e
                WHERE e.region = $1 AND e.subject_token = substr(node.node, 3) AND e.subject = 'encounter' OFFSET 0) e
     WHERE node.shared AND (
               e.episode_id IS NULL OR 'e:' || e.source_system || '/' || e.episode_id IN (SELECT reached.node FROM node reached))
    UNION ALL
    SELECT e.subject, e.event_id, e.record
      FROM unit_capacity c JOIN events e ON e.region = $1 AND e.event_id = c.event_id
     WHERE c.region = $1 AND (c.valid_to IS NULL OR c.valid_to >= $2)
       AND NOT EXISTS (SELECT FROM delivery.dirty d WHERE d.region = $1 AND ('u:' || c.unit) = ANY (d.nodes))
    UNION ALL
    SELECT e.subject, e.event_id, e.record
      FROM (SELECT DISTINCT substr(u.node, 3) AS unit
              FROM delivery.dirty d, unnest(d.nodes) AS u(node)
             WHERE starts_with(u.node, 'u:') AND d.region = $1) pending
      JOIN events e ON e.region = $1 AND e.unit = pending.unit AND e.subject = 'bed-capacity'
    UNION ALL
    SELECT e.subject, e.event_id, e.record
      FROM bed_status b JOIN events e ON e.region = $1 AND e.event_id = b.event_id
     WHERE b.region = $1
$$;

CREATE OR REPLACE FUNCTION board_events(since timestamptz, regions text[])
RETURNS TABLE (region text, subject text, event_id uuid, record bytea) LANGUAGE sql STABLE AS $$
    SELECT wanted.region, live.*
      FROM (SELECT DISTINCT p.region FROM board_progress p WHERE $2 IS NULL OR p.region = ANY ($2)) wanted
      CROSS JOIN LATERAL board_region(wanted.region, $1) live
$$;
