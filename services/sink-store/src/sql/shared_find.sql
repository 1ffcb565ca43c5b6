-- Identifiers among the given nodes that stand beside more than $3 others and were not known to; with what they tied together.
WITH found AS (
    INSERT INTO shared_identifier (region, node)
    SELECT DISTINCT $1::text, given.node FROM unnest($2::text[]) AS given(node)
     WHERE starts_with(given.node, 's:') AND $3::int8 < (
        SELECT count(*) FROM (
            SELECT FROM episode_link l
             WHERE l.region = $1 AND l.node = given.node COLLATE "C" AND l.other >= 's:' AND l.other < 's;'
             LIMIT $3::int8 + 1
        ) AS beside
     )
    ON CONFLICT DO NOTHING
    RETURNING node
)
SELECT found.node, l.other FROM found JOIN episode_link l ON l.region = $1 AND l.node = found.node
