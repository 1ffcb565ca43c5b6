WITH RECURSIVE reach (node) AS (
    SELECT given.node COLLATE "C" FROM unnest($2::text[]) AS given(node)
    UNION
    SELECT link.other FROM reach JOIN episode_link link ON link.region = $1 AND link.node = reach.node
)
SELECT node FROM reach
