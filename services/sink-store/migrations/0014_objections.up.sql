-- What persons say of the use of their data, as it stands: the register that a person opposes, the use that a person has opted out
-- of. The latest statement of a pseudonym, verb and scope holds; `held` is every time that it did.
CREATE TABLE objection (
    region        text COLLATE "C" NOT NULL,
    subject_token text COLLATE "C" NOT NULL,
    verb          text COLLATE "C" NOT NULL,
    scope         text COLLATE "C" NOT NULL,
    held          tstzmultirange NOT NULL,
    ground        text COLLATE "C" NOT NULL,
    case_id       text COLLATE "C",
    stated_at     timestamptz NOT NULL,
    PRIMARY KEY (region, subject_token, verb, scope)
);
COMMENT ON COLUMN objection.verb IS 'oppose: a quality register; opt-out: a secondary use.';
COMMENT ON COLUMN objection.scope IS 'The register or the purpose; the purpose `all` is every one.';
SELECT wall('objection', writable => true);

-- Whose events are left out of an extract: the nodes of all who object to one of these scopes at some moment of the span, as
-- `protected_nodes` writes them, each with the least pseudonym of the person, so that persons can be counted. A person is every
-- pseudonym that is one by merges, links and other identifiers; an identifier that is shared joins nobody. An episode's node is for
-- events that name no person. Runs with the rights of whoever asks.
CREATE FUNCTION objecting_nodes(given_region text, given_verb text, scopes text[], span tstzrange)
RETURNS TABLE (node text, person text) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE person (said, node) AS (
        SELECT DISTINCT ('s:' || o.subject_token) COLLATE "C", ('s:' || o.subject_token) COLLATE "C" FROM objection o
         WHERE o.region = $1 AND o.verb = $2 AND o.scope = ANY ($3) AND o.held && $4
        UNION
        SELECT person.said, link.other FROM person JOIN board_link link ON link.region = $1 AND link.node = person.node
         WHERE starts_with(link.other, 's:') AND NOT EXISTS (
                   SELECT FROM shared_identifier s WHERE s.region = $1 AND s.node IN (person.node, link.other))
    ), named (node, person) AS (
        SELECT person.node, min(person.said) FROM person GROUP BY person.node
    )
    SELECT named.node, named.person FROM named
    UNION ALL
    SELECT link.other, min(named.person) FROM named JOIN board_link link ON link.region = $1 AND link.node = named.node
     WHERE starts_with(link.other, 'e:')
       AND NOT EXISTS (SELECT FROM shared_identifier s WHERE s.region = $1 AND s.node = named.node)
     GROUP BY link.other
$$;
