CREATE OR REPLACE FUNCTION board_reach(regions text[], nodes text[])
RETURNS TABLE (region text, subject text, event_id uuid, record bytea) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE reach (region, node) AS (
        SELECT given.region COLLATE "C", given.node COLLATE "C" FROM unnest(regions, nodes) AS given(region, node)
        UNION
        SELECT link.region, link.other FROM reach JOIN board_link link ON link.region = reach.region AND link.node = reach.node
    ), node AS MATERIALIZED (
        SELECT reach.region, reach.node FROM reach
    )
    SELECT e.region, e.subject, e.event_id, e.record
      FROM node JOIN events e ON e.region = node.region AND e.subject_token = substr(node.node, 3)
     WHERE starts_with(node.node, 's:')
    UNION ALL
    SELECT e.region, e.subject, e.event_id, e.record
      FROM node JOIN events e ON e.region = node.region AND e.subject_token IS NULL
       AND e.episode_id IS NOT NULL AND 'e:' || e.source_system || '/' || e.episode_id = node.node
     WHERE starts_with(node.node, 'e:')
$$;
DROP TABLE shared_identifier;
