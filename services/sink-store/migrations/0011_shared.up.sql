-- Identifiers that more persons carry than one person has identifiers: they tie nothing together any more, so that a placeholder
-- does not make one component of a region's patients. `sink-store rebuild` finds them anew.
CREATE TABLE shared_identifier (
    region text COLLATE "C" NOT NULL,
    node   text COLLATE "C" NOT NULL,
    PRIMARY KEY (region, node)
);
COMMENT ON COLUMN shared_identifier.node IS 's:<subject token>, as in episode_link.';
SELECT wall('shared_identifier', writable => true);

CREATE OR REPLACE FUNCTION board_reach(regions text[], nodes text[])
RETURNS TABLE (region text, subject text, event_id uuid, record bytea) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE reach (region, node) AS (
        SELECT given.region COLLATE "C", given.node COLLATE "C" FROM unnest(regions, nodes) AS given(region, node)
        UNION
        SELECT link.region, link.other FROM reach JOIN board_link link ON link.region = reach.region AND link.node = reach.node
         WHERE NOT EXISTS (SELECT FROM shared_identifier s WHERE s.region = reach.region AND s.node = reach.node)
    ), node AS MATERIALIZED (
        SELECT reach.region, reach.node,
               EXISTS (SELECT FROM shared_identifier s WHERE s.region = reach.region AND s.node = reach.node) AS shared
          FROM reach
    )
    SELECT e.region, e.subject, e.event_id, e.record
      FROM node JOIN events e ON e.region = node.region AND e.subject_token = substr(node.node, 3)
     WHERE starts_with(node.node, 's:') AND NOT node.shared
    UNION ALL
    SELECT e.region, e.subject, e.event_id, e.record
      FROM node JOIN events e ON e.region = node.region AND e.subject_token IS NULL
       AND e.episode_id IS NOT NULL AND 'e:' || e.source_system || '/' || e.episode_id = node.node
     WHERE starts_with(node.node, 'e:')
    UNION ALL
    -- Of a shared identifier what belongs to the episodes that were reached, and what belongs to no episode.
    SELECT e.region, e.subject, e.event_id, e.record
      FROM node JOIN events e ON e.region = node.region AND e.subject_token = substr(node.node, 3) AND e.subject = 'encounter'
     WHERE node.shared AND (e.episode_id IS NULL OR EXISTS (
               SELECT FROM node reached
                WHERE reached.region = e.region AND reached.node = 'e:' || e.source_system || '/' || e.episode_id))
$$;
