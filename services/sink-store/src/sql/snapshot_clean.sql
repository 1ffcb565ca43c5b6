-- Days before a unit was known.
DELETE FROM snapshot_0600 s USING unit u
 WHERE s.region = $1 AND u.region = $1 AND u.unit = s.unit AND s.unit = ANY ($2::text[])
   AND (u.known_from IS NULL OR s.measured_at < u.known_from)
