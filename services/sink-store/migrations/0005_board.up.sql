-- What a live view reads. Views run with the rights of whoever asks (security_invoker); so do SQL functions.

CREATE VIEW board_progress WITH (security_invoker = true) AS
    SELECT region, topic, partition, next_offset FROM delivery.progress;

CREATE VIEW board_origin WITH (security_invoker = true) AS
    SELECT region, topic, origin_topic, origin_partition, origin_offset, origin_ordinal FROM delivery.origin;

-- Edges in both directions, with those that the projection has not seen yet.
CREATE VIEW board_link WITH (security_invoker = true) AS
    SELECT region, node, other FROM episode_link
    UNION ALL
    SELECT d.region, u.node, u.other FROM delivery.dirty d, unnest(d.nodes, d.others) AS u(node, other) WHERE u.other <> ''
    UNION ALL
    SELECT d.region, u.other, u.node FROM delivery.dirty d, unnest(d.nodes, d.others) AS u(node, other) WHERE u.other <> '';

-- All events of the components that hold the given nodes; regions[n] goes with nodes[n].
CREATE FUNCTION board_reach(regions text[], nodes text[])
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

CREATE FUNCTION board_component(region text, nodes text[])
RETURNS TABLE (region text, subject text, event_id uuid, record bytea) LANGUAGE sql STABLE AS $$
    SELECT * FROM board_reach(array_fill($1, ARRAY[cardinality($2)]), $2)
$$;

CREATE FUNCTION board_events(since timestamptz, regions text[])
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

-- The count at each full hour from the unit's first change to where the region has come: before and after it is not known.
CREATE FUNCTION board_census(from_hour timestamptz, to_hour timestamptz)
RETURNS TABLE (region text, unit text, hour timestamptz, belagda int8, overbelaggningar int8, utlokaliserade int8, disponibla int4)
LANGUAGE sql STABLE AS $$
    WITH change AS (
        SELECT c.region, c.unit, GREATEST(c.hour, date_trunc('hour', $1, 'UTC')) AS hour, sum(c.belagda) AS belagda,
               sum(c.ej_disponibla) AS ej_disponibla, sum(c.bed_kind_known) AS bed_kind_known, sum(c.utlokaliserade) AS utlokaliserade
          FROM unit_census c WHERE c.hour <= $2 GROUP BY 1, 2, 3
    ), known AS (
        SELECT change.region, change.unit, min(change.hour) AS first FROM change GROUP BY 1, 2
    ), grid AS (
        SELECT known.region, known.unit, series.hour
          FROM known JOIN region_horizon h ON h.region = known.region
          CROSS JOIN LATERAL generate_series(known.first, LEAST($2, h.at), interval '1 hour') AS series(hour)
    ), counted AS (
        SELECT grid.region, grid.unit, grid.hour,
               COALESCE(sum(change.belagda) OVER upto, 0)::int8 AS belagda,
               COALESCE(sum(change.ej_disponibla) OVER upto, 0)::int8 AS ej_disponibla,
               COALESCE(sum(change.bed_kind_known) OVER upto, 0)::int8 AS bed_kind_known,
               COALESCE(sum(change.utlokaliserade) OVER upto, 0)::int8 AS utlokaliserade
          FROM grid LEFT JOIN change ON change.region = grid.region AND change.unit = grid.unit AND change.hour = grid.hour
        WINDOW upto AS (PARTITION BY grid.region, grid.unit ORDER BY grid.hour)
    )
    SELECT n.region, n.unit, n.hour, n.belagda, overbelaggningar(n.belagda, n.ej_disponibla, n.bed_kind_known, c.disponibla),
           n.utlokaliserade, c.disponibla
      FROM counted n
      LEFT JOIN unit_capacity c ON c.region = n.region AND c.unit = n.unit
       AND c.valid_from <= n.hour AND COALESCE(c.valid_to, 'infinity') > n.hour
$$;

REVOKE ALL ON board_progress, board_origin, board_link FROM PUBLIC;
GRANT SELECT ON board_progress, board_origin, board_link TO vardstrom_reader, vardstrom_region_reader;
