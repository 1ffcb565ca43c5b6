-- Overbelaggningar are one figure: patients in beds that are not disponibla, and at least those beyond the disponibla.
-- That one bed of a unit is known says nothing of the others, so how many are known is not counted any more. NULL where
-- neither the staffed beds are known nor a flagged bed is taken: not known, which is not zero. The same rule as
-- `timeline::occupancy`; a test compares them.
DROP FUNCTION overbelaggningar(int8, int8, int8, int4);
CREATE FUNCTION overbelaggningar(belagda int8, ej_disponibla int8, disponibla int4)
RETURNS int8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN disponibla IS NULL THEN NULLIF(ej_disponibla, 0)
                ELSE GREATEST(ej_disponibla, belagda - disponibla, 0) END;

ALTER TABLE snapshot_0600 ALTER COLUMN overbelaggningar DROP NOT NULL;
COMMENT ON COLUMN snapshot_0600.overbelaggningar IS
    'NULL: not known, for neither the staffed beds are, nor is a bed taken that is not disponibel.';

-- The mornings that are there are counted anew by the same rule. Row-level security holds for the owner too while it is
-- forced: without this an owner who is no superuser would change nothing, and nobody would be told.
ALTER TABLE snapshot_0600 NO FORCE ROW LEVEL SECURITY;
ALTER TABLE episode_stay NO FORCE ROW LEVEL SECURITY;
UPDATE snapshot_0600 s
   SET overbelaggningar = overbelaggningar(s.belagda, (
           SELECT count(*) FROM episode_stay e
            WHERE e.region = s.region AND e.unit = s.unit AND e.admitted AND e.bed_kind = 'EJ_DISPONIBEL'
              AND e.started_at <= s.measured_at AND COALESCE(e.ended_at, 'infinity'::timestamptz) > s.measured_at
       ), s.disponibla);
ALTER TABLE snapshot_0600 FORCE ROW LEVEL SECURITY;
ALTER TABLE episode_stay FORCE ROW LEVEL SECURITY;

ALTER TABLE unit_census NO FORCE ROW LEVEL SECURITY;
ALTER TABLE unit_census DROP COLUMN bed_kind_known;
DELETE FROM unit_census WHERE belagda = 0 AND ej_disponibla = 0 AND utlokaliserade = 0;
ALTER TABLE unit_census FORCE ROW LEVEL SECURITY;

CREATE OR REPLACE FUNCTION board_census(from_hour timestamptz, to_hour timestamptz)
RETURNS TABLE (region text, unit text, hour timestamptz, belagda int8, overbelaggningar int8, utlokaliserade int8, disponibla int4)
LANGUAGE sql STABLE AS $$
    WITH change AS (
        SELECT c.region, c.unit, GREATEST(c.hour, date_trunc('hour', $1, 'UTC')) AS hour, sum(c.belagda) AS belagda,
               sum(c.ej_disponibla) AS ej_disponibla, sum(c.utlokaliserade) AS utlokaliserade
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
               COALESCE(sum(change.utlokaliserade) OVER upto, 0)::int8 AS utlokaliserade
          FROM grid LEFT JOIN change ON change.region = grid.region AND change.unit = grid.unit AND change.hour = grid.hour
        WINDOW upto AS (PARTITION BY grid.region, grid.unit ORDER BY grid.hour)
    )
    SELECT n.region, n.unit, n.hour, n.belagda, overbelaggningar(n.belagda, n.ej_disponibla, c.disponibla),
           n.utlokaliserade, c.disponibla
      FROM counted n
      LEFT JOIN unit_capacity c ON c.region = n.region AND c.unit = n.unit
       AND c.valid_from <= n.hour AND COALESCE(c.valid_to, 'infinity') > n.hour
$$;
