-- Which of these persons' identities are protected: said by any event of theirs, of any subject, under any pseudonym of the same
-- person. The same rule as the function `protected_nodes`, which readers ask.
WITH RECURSIVE person (node) AS (
    SELECT ('s:' || e.subject_token) COLLATE "C" FROM events_r{region} e
     WHERE e.protected_identity AND e.subject_token = ANY ($2)
    UNION
    SELECT link.other FROM person JOIN episode_link link ON link.region = $1 AND link.node = person.node
     WHERE starts_with(link.other, 's:') AND NOT EXISTS (
               SELECT FROM shared_identifier s WHERE s.region = $1 AND s.node IN (person.node, link.other))
)
SELECT substr(person.node, 3) FROM person
