-- The latest statement about a person wins, whatever came first; protection may be known of it only later.
INSERT INTO person (region, subject_token, birth_year, sex, lkf, dead, protected_identity, occurred_at, event_id)
SELECT $1::text, p.* FROM unnest($2::text[], $3::int4[], $4::text[], $5::text[], $6::bool[], $7::bool[], $8::timestamptz[],
                                 $9::uuid[]) AS p
ON CONFLICT (region, subject_token) DO UPDATE
   SET birth_year = EXCLUDED.birth_year, sex = EXCLUDED.sex, lkf = EXCLUDED.lkf, dead = EXCLUDED.dead,
       protected_identity = EXCLUDED.protected_identity, occurred_at = EXCLUDED.occurred_at, event_id = EXCLUDED.event_id
 WHERE (person.occurred_at, person.event_id) < (EXCLUDED.occurred_at, EXCLUDED.event_id)
    OR ((person.occurred_at, person.event_id) = (EXCLUDED.occurred_at, EXCLUDED.event_id)
        AND person.protected_identity <> EXCLUDED.protected_identity)
