DROP FUNCTION protected_nodes(text, text[]);
DROP INDEX events_protected;
