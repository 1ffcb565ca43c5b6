INSERT INTO episode_finding (region, event_id, rule, number, severity, source_system, episode_id, unit, at)
SELECT $1::text, f.* FROM unnest($2::uuid[], $3::text[], $4::int4[], $5::text[], $6::text[], $7::text[], $8::text[],
                                 $9::timestamptz[]) AS f
