-- An hour at which nothing changes has no row.
DELETE FROM unit_census c USING unnest($2::text[], $3::timestamptz[]) AS touched(unit, hour)
 WHERE c.region = $1 AND c.unit = touched.unit AND c.hour = touched.hour
   AND c.belagda = 0 AND c.ej_disponibla = 0 AND c.utlokaliserade = 0
