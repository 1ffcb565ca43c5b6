DROP INDEX events_emptied;
ALTER TABLE events DROP COLUMN source_table;
