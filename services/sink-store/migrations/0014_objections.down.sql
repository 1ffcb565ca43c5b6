DROP FUNCTION objecting_nodes(text, text, text[], tstzrange);
DROP TABLE objection;
