DROP TABLE register.ledger;
DROP SCHEMA register;
DROP INDEX events_period;
ALTER TABLE events DROP COLUMN contact, DROP COLUMN period;
