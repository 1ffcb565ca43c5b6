-- What register extracts read: statements about contacts, which count for a month or a year.
ALTER TABLE events ADD COLUMN period text COLLATE "C", ADD COLUMN contact text COLLATE "C";
COMMENT ON COLUMN events.period IS 'The month (YYYY-MM) or year that a statement of a wait or a cost counts for.';
COMMENT ON COLUMN events.contact IS 'The source''s own id of the contact that a wait or a cost is about.';
CREATE INDEX events_period ON events (subject, period, source_system, contact) WHERE period IS NOT NULL;

-- Who got what, when, on which ground, how many rows. Entries are added and never changed.
CREATE SCHEMA register;
DO $$
BEGIN
    CREATE ROLE vardstrom_register NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
GRANT vardstrom_region_reader TO vardstrom_register;
GRANT USAGE ON SCHEMA register TO vardstrom_register, vardstrom_reader, vardstrom_region_reader;
GRANT USAGE ON SCHEMA delivery TO vardstrom_register;

CREATE TABLE register.ledger (
    region          text COLLATE "C" NOT NULL,
    entry           int8 GENERATED ALWAYS AS IDENTITY,
    at              timestamptz NOT NULL DEFAULT now(),
    action          text COLLATE "C" NOT NULL CHECK (action IN ('made', 'delivered', 'received', 'failed')),
    extract         text COLLATE "C" NOT NULL,
    definition      text COLLATE "C" NOT NULL,
    period          text COLLATE "C" NOT NULL,
    version         int4 NOT NULL CHECK (version > 0),
    replaces        int4,
    reason          text,
    recipient       text COLLATE "C" NOT NULL,
    legal_ground    text NOT NULL,
    record_count    int8 NOT NULL,
    manifest_sha256 text COLLATE "C" NOT NULL,
    origin          jsonb NOT NULL,
    note            text,
    PRIMARY KEY (region, entry)
);
COMMENT ON TABLE register.ledger IS 'The disclosure ledger. `origin` are the positions of the source topics that the parcel was made from.';
COMMENT ON COLUMN register.ledger.definition IS 'Version of the extract''s definition.';
-- A version of a parcel is made once and delivered once, however often it is tried.
CREATE UNIQUE INDEX ledger_once ON register.ledger (region, extract, period, version, action, recipient)
    WHERE action IN ('made', 'delivered', 'received');
SELECT wall('register.ledger', writable => false);
CREATE POLICY register ON register.ledger FOR INSERT TO vardstrom_register WITH CHECK (region = (SELECT reader_region()));
GRANT INSERT ON register.ledger TO vardstrom_register;
