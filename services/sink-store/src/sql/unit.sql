-- The latest description of a unit wins, whatever came first.
INSERT INTO unit (region, unit, unit_name, unit_hsa_id, hospital_code, hospital_name, mvo, care_type, described_at, described_by)
SELECT $1::text, u.* FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                                 $9::timestamptz[], $10::uuid[]) AS u
ON CONFLICT (region, unit) DO UPDATE
   SET unit_name = EXCLUDED.unit_name, unit_hsa_id = EXCLUDED.unit_hsa_id, hospital_code = EXCLUDED.hospital_code,
       hospital_name = EXCLUDED.hospital_name, mvo = EXCLUDED.mvo, care_type = EXCLUDED.care_type,
       described_at = EXCLUDED.described_at, described_by = EXCLUDED.described_by
 WHERE (unit.described_at, unit.described_by) < (EXCLUDED.described_at, EXCLUDED.described_by)
