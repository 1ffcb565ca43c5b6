-- A followed table that is emptied (TRUNCATE, or a snapshot behind a lost slot) takes back every statement that it made before.
ALTER TABLE events ADD COLUMN source_table text COLLATE "C";
COMMENT ON COLUMN events.source_table IS 'The table of a followed database that a statement comes from: database, schema and table.';
-- An entry now and then.
CREATE INDEX events_emptied ON events (subject)
    WHERE source_table IS NOT NULL AND contact IS NULL AND correction = 'CANCEL';
