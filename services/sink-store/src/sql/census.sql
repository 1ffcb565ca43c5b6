INSERT INTO unit_census (region, unit, hour, belagda, ej_disponibla, utlokaliserade)
SELECT $1::text, c.* FROM unnest($2::text[], $3::timestamptz[], $4::int4[], $5::int4[], $6::int4[]) AS c
ON CONFLICT (region, unit, hour) DO UPDATE
   SET belagda = unit_census.belagda + EXCLUDED.belagda, ej_disponibla = unit_census.ej_disponibla + EXCLUDED.ej_disponibla,
       utlokaliserade = unit_census.utlokaliserade + EXCLUDED.utlokaliserade
