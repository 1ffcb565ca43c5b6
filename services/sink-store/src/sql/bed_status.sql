-- The latest statement about a bed wins, whatever came first.
INSERT INTO bed_status (region, unit, room, bed, occurred_at, recorded_at, event_id, status, status_code)
SELECT $1::text, b.* FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::uuid[],
                                 $8::text[], $9::text[]) AS b
ON CONFLICT (region, unit, room, bed) DO UPDATE
   SET occurred_at = EXCLUDED.occurred_at, recorded_at = EXCLUDED.recorded_at, event_id = EXCLUDED.event_id,
       status = EXCLUDED.status, status_code = EXCLUDED.status_code
 WHERE (bed_status.occurred_at, bed_status.recorded_at, bed_status.event_id)
     < (EXCLUDED.occurred_at, EXCLUDED.recorded_at, EXCLUDED.event_id)
