-- When units became known; returns those that changed, and from when snapshots may differ.
WITH known AS (
    SELECT u.unit, LEAST((SELECT min(s.started_at) FROM episode_stay s WHERE s.region = $1 AND s.unit = u.unit),
                         (SELECT min(c.valid_from) FROM unit_capacity c WHERE c.region = $1 AND c.unit = u.unit)) AS known_from
      FROM unnest($2::text[]) AS u(unit)
)
UPDATE unit SET known_from = known.known_from
  FROM known JOIN unit old ON old.region = $1 AND old.unit = known.unit
 WHERE unit.region = $1 AND unit.unit = known.unit AND unit.known_from IS DISTINCT FROM known.known_from
RETURNING unit.unit, LEAST(old.known_from, known.known_from)
