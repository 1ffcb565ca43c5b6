INSERT INTO episode_stay (region, source_system, episode_id, number, subject_token, unit, room, bed, hospital_code, care_type,
                          responsible_unit, bed_kind, patient_class, admitted, on_leave, started_at, ended_at)
SELECT $1::text, s.* FROM unnest($2::text[], $3::text[], $4::int4[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                                 $10::text[], $11::text[], $12::text[], $13::text[], $14::bool[], $15::bool[],
                                 $16::timestamptz[], $17::timestamptz[]) AS s
