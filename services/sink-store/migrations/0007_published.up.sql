-- Figures that have been made, for pages and queries: each version of an extract as its manifest says it, with the files
-- that have no row per person.
CREATE TABLE register.published (
    region          text COLLATE "C" NOT NULL,
    extract         text COLLATE "C" NOT NULL,
    period          text COLLATE "C" NOT NULL,
    version         int4 NOT NULL CHECK (version > 0),
    at              timestamptz NOT NULL DEFAULT now(),
    manifest_sha256 text COLLATE "C" NOT NULL,
    manifest        jsonb NOT NULL,
    files           jsonb NOT NULL,
    PRIMARY KEY (region, extract, period, version)
);
COMMENT ON TABLE register.published IS 'Figures by extract and period. `files` is an object: name of a CSV file, its text.';
SELECT wall('register.published', writable => false);
CREATE POLICY register ON register.published FOR INSERT TO vardstrom_register WITH CHECK (region = (SELECT reader_region()));
GRANT INSERT ON register.published TO vardstrom_register;
