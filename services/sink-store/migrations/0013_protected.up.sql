-- Whose identity is protected. Every event that says so stands in `events`, to which rows are only added: once said, it holds
-- for all events of the person, whichever came first. Nothing is kept beside them.
CREATE INDEX events_protected ON events (subject_token) WHERE protected_identity;

-- The nodes of protected persons (given tokens, else all of the region): `s:<subject token>` of each pseudonym that is the same
-- person by merges, links and other identifiers, and `e:<source system>/<episode>` of their episodes, for events that name no
-- person. An event that says so and names no person says it of whoever its episode is tied to, and of the episode itself when no
-- tokens are given. An identifier that is shared joins nobody. Runs with the rights of whoever asks.
-- Persons in the table `person` get this when they are computed again: run `sink-store rebuild` once for each region.
CREATE FUNCTION protected_nodes(given_region text, tokens text[]) RETURNS TABLE (node text) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE nameless (node) AS (
        SELECT DISTINCT 'e:' || e.source_system || '/' || e.episode_id FROM events e
         WHERE e.region = $1 AND e.protected_identity AND e.subject_token IS NULL AND e.episode_id IS NOT NULL
    ), said (node) AS (
        SELECT ('s:' || e.subject_token) COLLATE "C" FROM events e
         WHERE e.region = $1 AND e.protected_identity AND e.subject_token IS NOT NULL
           AND ($2 IS NULL OR e.subject_token = ANY ($2))
        UNION
        SELECT link.other FROM nameless JOIN board_link link ON link.region = $1 AND link.node = nameless.node
         WHERE starts_with(link.other, 's:') AND ($2 IS NULL OR substr(link.other, 3) = ANY ($2))
           AND NOT EXISTS (SELECT FROM shared_identifier s WHERE s.region = $1 AND s.node = link.other)
    ), person (node) AS (
        SELECT said.node FROM said
        UNION
        SELECT link.other FROM person JOIN board_link link ON link.region = $1 AND link.node = person.node
         WHERE starts_with(link.other, 's:') AND NOT EXISTS (
                   SELECT FROM shared_identifier s WHERE s.region = $1 AND s.node IN (person.node, link.other))
    )
    SELECT person.node FROM person
    UNION
    SELECT link.other FROM person JOIN board_link link ON link.region = $1 AND link.node = person.node
     WHERE starts_with(link.other, 'e:')
       AND NOT EXISTS (SELECT FROM shared_identifier s WHERE s.region = $1 AND s.node = person.node)
    UNION
    SELECT nameless.node FROM nameless WHERE $2 IS NULL
$$;
