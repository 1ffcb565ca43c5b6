SELECT f.event_id, f.rule, f.number, f.severity, f.source_system, f.episode_id, f.unit, f.at
  FROM episode_finding f WHERE f.region = $1 AND f.event_id = ANY ($2::uuid[])
