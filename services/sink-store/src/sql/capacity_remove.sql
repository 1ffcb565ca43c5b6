DELETE FROM unit_capacity c USING unnest($2::text[], $3::timestamptz[]) AS gone(unit, valid_from)
 WHERE c.region = $1 AND c.unit = gone.unit AND c.valid_from = gone.valid_from
