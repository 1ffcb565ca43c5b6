-- Counts units at 06:00 in Stockholm on the days of the given spans, up to the horizon $5 and at most 400 days back.
WITH affected AS (
    SELECT DISTINCT a.unit, d.day, (d.day + time '06:00') AT TIME ZONE 'Europe/Stockholm' AS measured_at
      FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS a(unit, since, until)
     CROSS JOIN LATERAL (
        SELECT series::date AS day
          FROM generate_series(date_trunc('day', GREATEST(a.since, $5::timestamptz - interval '9600 hours') AT TIME ZONE 'Europe/Stockholm'),
                               date_trunc('day', LEAST(a.until, $5::timestamptz) AT TIME ZONE 'Europe/Stockholm'),
                               interval '1 day') AS series
     ) AS d
), wanted AS (
    SELECT affected.* FROM affected JOIN unit u ON u.region = $1 AND u.unit = affected.unit
     WHERE measured_at <= $5::timestamptz AND measured_at > $5::timestamptz - interval '9600 hours' AND measured_at >= u.known_from
)
INSERT INTO snapshot_0600 AS held (region, unit, day, measured_at, belagda, overbelaggningar, utlokaliserade,
                                   disponibla, faststallda, stangda)
SELECT $1::text, w.unit, w.day, w.measured_at, n.belagda,
       overbelaggningar(n.belagda, n.ej_disponibla, c.disponibla),
       n.utlokaliserade, c.disponibla, c.faststallda, c.stangda
  FROM wanted w
 CROSS JOIN LATERAL (
    SELECT count(*) AS belagda,
           count(*) FILTER (WHERE s.bed_kind = 'EJ_DISPONIBEL') AS ej_disponibla,
           count(*) FILTER (WHERE s.responsible_unit <> s.unit) AS utlokaliserade
      FROM episode_stay s
     WHERE s.region = $1 AND s.unit = w.unit AND s.admitted AND s.started_at <= w.measured_at
       AND COALESCE(s.ended_at, 'infinity'::timestamptz) > w.measured_at
 ) AS n
  LEFT JOIN unit_capacity c ON c.region = $1 AND c.unit = w.unit AND c.valid_from <= w.measured_at
       AND COALESCE(c.valid_to, 'infinity'::timestamptz) > w.measured_at
ON CONFLICT (region, unit, day) DO UPDATE
   SET measured_at = EXCLUDED.measured_at, belagda = EXCLUDED.belagda, overbelaggningar = EXCLUDED.overbelaggningar,
       utlokaliserade = EXCLUDED.utlokaliserade, disponibla = EXCLUDED.disponibla, faststallda = EXCLUDED.faststallda,
       stangda = EXCLUDED.stangda
 WHERE (held.belagda, held.overbelaggningar, held.utlokaliserade, held.disponibla, held.faststallda, held.stangda)
       IS DISTINCT FROM (EXCLUDED.belagda, EXCLUDED.overbelaggningar, EXCLUDED.utlokaliserade, EXCLUDED.disponibla,
                         EXCLUDED.faststallda, EXCLUDED.stangda)
