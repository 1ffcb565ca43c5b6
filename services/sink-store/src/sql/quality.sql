INSERT INTO quality (region, subject, rule, severity, day, findings)
SELECT $1::text, q.subject, q.rule, q.severity, date '1970-01-01' + q.day, q.findings
  FROM unnest($2::text[], $3::text[], $4::text[], $5::int4[], $6::int8[]) AS q(subject, rule, severity, day, findings)
ON CONFLICT (region, subject, rule, severity, day) DO UPDATE SET findings = quality.findings + EXCLUDED.findings
