INSERT INTO episode_link (region, node, other)
SELECT $1::text, e.node, e.other FROM unnest($2::text[], $3::text[]) AS e(node, other)
UNION
SELECT $1::text, e.other, e.node FROM unnest($2::text[], $3::text[]) AS e(node, other)
ON CONFLICT DO NOTHING
