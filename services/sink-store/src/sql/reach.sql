-- What is tied to the given nodes, and which of it is a shared identifier: it is reached and leads no further. Each node is
-- looked up (OFFSET 0), however many the server takes them for.
WITH RECURSIVE reach (node) AS (
    SELECT given.node COLLATE "C" FROM unnest($2::text[]) AS given(node)
    UNION
    SELECT link.other FROM reach CROSS JOIN LATERAL (
               SELECT link.other FROM episode_link link WHERE link.region = $1 AND link.node = reach.node OFFSET 0) link
     WHERE NOT EXISTS (SELECT FROM shared_identifier s WHERE s.region = $1 AND s.node = reach.node)
)
SELECT reach.node, s.node IS NOT NULL
  FROM reach LEFT JOIN shared_identifier s ON s.region = $1 AND s.node = reach.node
