INSERT INTO unit_census (region, unit, hour, belagda, ej_disponibla, bed_kind_known, utlokaliserade)
SELECT $1::text, c.* FROM unnest($2::text[], $3::timestamptz[], $4::int4[], $5::int4[], $6::int4[], $7::int4[]) AS c
ON CONFLICT (region, unit, hour) DO UPDATE
   SET belagda = unit_census.belagda + EXCLUDED.belagda, ej_disponibla = unit_census.ej_disponibla + EXCLUDED.ej_disponibla,
       bed_kind_known = unit_census.bed_kind_known + EXCLUDED.bed_kind_known,
       utlokaliserade = unit_census.utlokaliserade + EXCLUDED.utlokaliserade
