-- Of who is erased nothing is kept. The latest statement holds, whatever the order of arrival; of one time the greater one, so that
-- the order does not matter there either.
INSERT INTO objection (region, subject_token, verb, scope, held, ground, case_id, stated_at)
SELECT $1::text, $2::text, $3::text, $4::text, (SELECT COALESCE(range_agg(tstzrange(h.since, h.until)), '{}')
          FROM unnest($5::timestamptz[], $6::timestamptz[]) AS h (since, until)), $7::text, $8::text, $9::timestamptz
 WHERE NOT EXISTS (SELECT FROM delivery.erased e
                    WHERE e.region = $1 AND e.node = 's:' || $2 AND (e.done OR e.said) AND NOT e.names_nobody)
ON CONFLICT (region, subject_token, verb, scope) DO UPDATE
   SET held = EXCLUDED.held, ground = EXCLUDED.ground, case_id = EXCLUDED.case_id, stated_at = EXCLUDED.stated_at
 WHERE (EXCLUDED.stated_at, EXCLUDED.held, EXCLUDED.ground, COALESCE(EXCLUDED.case_id, ''))
     > (objection.stated_at, objection.held, objection.ground, COALESCE(objection.case_id, ''))
