DELETE FROM episode_finding f USING unnest($2::uuid[], $3::text[], $4::int4[]) AS gone(event_id, rule, number)
 WHERE f.region = $1 AND f.event_id = gone.event_id AND f.rule = gone.rule AND f.number = gone.number
