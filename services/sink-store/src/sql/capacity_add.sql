INSERT INTO unit_capacity (region, unit, valid_from, valid_to, faststallda, disponibla, stangda, stangda_reason, telephone, event_id)
SELECT $1::text, c.* FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[], $5::int4[], $6::int4[], $7::int4[], $8::text[],
                                 $9::text[], $10::uuid[]) AS c
