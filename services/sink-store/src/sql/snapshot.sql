-- Counts units at the mornings (06:00, instants $5 of the days $6 counted from 1970) that lie in the given spans.
WITH wanted AS (
    SELECT DISTINCT a.unit, date '1970-01-01' + m.day AS day, m.measured_at
      FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS a(unit, since, until)
      JOIN unnest($5::timestamptz[], $6::int4[]) AS m(measured_at, day) ON m.measured_at BETWEEN a.since AND a.until
      JOIN unit u ON u.region = $1 AND u.unit = a.unit AND u.known_from <= m.measured_at
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
     WHERE s.region = $1 AND s.unit = w.unit AND s.admitted AND s.bed_kind <> 'TEKNISK_UTANFOR'
       AND s.started_at <= w.measured_at
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
