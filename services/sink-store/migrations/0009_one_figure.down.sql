ALTER TABLE unit_census NO FORCE ROW LEVEL SECURITY;
ALTER TABLE episode_stay NO FORCE ROW LEVEL SECURITY;
ALTER TABLE snapshot_0600 NO FORCE ROW LEVEL SECURITY;

-- How many beds of a known kind were taken, at full hours, is in the stays.
ALTER TABLE unit_census ADD COLUMN bed_kind_known int4 NOT NULL DEFAULT 0;
ALTER TABLE unit_census ALTER COLUMN bed_kind_known DROP DEFAULT;
WITH hours AS (
    SELECT e.region, e.unit,
           date_trunc('hour', e.started_at + interval '1 hour' - interval '1 microsecond', 'UTC') AS start,
           date_trunc('hour', e.ended_at + interval '1 hour' - interval '1 microsecond', 'UTC') AS stop
      FROM episode_stay e WHERE e.admitted AND e.bed_kind <> 'UNKNOWN'
), change AS (
    SELECT region, unit, start AS hour, 1 AS known FROM hours WHERE stop IS DISTINCT FROM start
    UNION ALL
    SELECT region, unit, stop, -1 FROM hours WHERE stop IS NOT NULL AND stop <> start
)
INSERT INTO unit_census (region, unit, hour, belagda, ej_disponibla, bed_kind_known, utlokaliserade)
SELECT region, unit, hour, 0, 0, sum(known)::int4, 0 FROM change GROUP BY 1, 2, 3 HAVING sum(known) <> 0
ON CONFLICT (region, unit, hour) DO UPDATE SET bed_kind_known = EXCLUDED.bed_kind_known;

DROP FUNCTION overbelaggningar(int8, int8, int4);
CREATE FUNCTION overbelaggningar(belagda int8, ej_disponibla int8, bed_kind_known int8, disponibla int4)
RETURNS int8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN bed_kind_known > 0 THEN ej_disponibla ELSE GREATEST(belagda - COALESCE(disponibla, belagda), 0) END;

UPDATE snapshot_0600 s
   SET overbelaggningar = (
           SELECT overbelaggningar(s.belagda, count(*) FILTER (WHERE e.bed_kind = 'EJ_DISPONIBEL'),
                                   count(*) FILTER (WHERE e.bed_kind <> 'UNKNOWN'), s.disponibla)
             FROM episode_stay e
            WHERE e.region = s.region AND e.unit = s.unit AND e.admitted
              AND e.started_at <= s.measured_at AND COALESCE(e.ended_at, 'infinity'::timestamptz) > s.measured_at
       );
COMMENT ON COLUMN snapshot_0600.overbelaggningar IS NULL;
ALTER TABLE snapshot_0600 ALTER COLUMN overbelaggningar SET NOT NULL;
ALTER TABLE unit_census FORCE ROW LEVEL SECURITY;
ALTER TABLE episode_stay FORCE ROW LEVEL SECURITY;
ALTER TABLE snapshot_0600 FORCE ROW LEVEL SECURITY;

CREATE OR REPLACE FUNCTION board_census(from_hour timestamptz, to_hour timestamptz)
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
