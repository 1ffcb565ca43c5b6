SELECT s.source_system, s.episode_id, s.number, s.subject_token, s.unit, s.room, s.bed, s.hospital_code, s.care_type,
       s.responsible_unit, s.bed_kind, s.patient_class, s.admitted, s.on_leave, s.started_at, s.ended_at
  FROM unnest($2::text[], $3::text[]) AS e(source_system, episode_id)
  JOIN episode_stay s ON s.region = $1 AND s.source_system = e.source_system AND s.episode_id = e.episode_id
