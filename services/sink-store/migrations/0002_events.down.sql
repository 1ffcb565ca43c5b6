DROP FUNCTION provision_region(text);
DROP TABLE record_schema;
DROP TABLE events;
