DELETE FROM episode_stay s USING unnest($2::text[], $3::text[], $4::int4[]) AS gone(source_system, episode_id, number)
 WHERE s.region = $1 AND s.source_system = gone.source_system AND s.episode_id = gone.episode_id AND s.number = gone.number
