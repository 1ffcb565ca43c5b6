-- A decision: what is stored of the person is taken out next. Of several the latest is told.
INSERT INTO delivery.erased (region, node, said, ground, case_id, stated_at, done, names_nobody)
VALUES ($1::text, $2::text, true, $3::text, $4::text, $5::timestamptz, false, false)
ON CONFLICT (region, node) DO UPDATE
   SET said = true, ground = EXCLUDED.ground, case_id = EXCLUDED.case_id, stated_at = EXCLUDED.stated_at
 WHERE NOT erased.said OR erased.stated_at < EXCLUDED.stated_at
