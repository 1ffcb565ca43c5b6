-- What the rules of the timeline set aside, guessed or noticed: a projection like stays, and like them it can shrink. The
-- counts of it stand in `quality` under the subject `timeline`, kept by the same differences.
-- Empty until the components are computed again: run `sink-store rebuild` once for each region.
CREATE TABLE episode_finding (
    region        text COLLATE "C" NOT NULL,
    event_id      uuid NOT NULL,
    rule          text COLLATE "C" NOT NULL,
    number        int4 NOT NULL,
    severity      text COLLATE "C" NOT NULL,
    source_system text COLLATE "C",
    episode_id    text COLLATE "C",
    unit          text COLLATE "C",
    at            timestamptz NOT NULL,
    PRIMARY KEY (region, event_id, rule, number)
);
COMMENT ON COLUMN episode_finding.number IS 'From 1 within the event and rule.';
COMMENT ON COLUMN episode_finding.episode_id IS 'After visit moves; NULL for an event that belongs to no episode.';
COMMENT ON COLUMN episode_finding.unit IS 'NULL where the event names none and the patient is nowhere.';
CREATE INDEX episode_finding_at ON episode_finding (region, at);
SELECT wall('episode_finding', writable => true);
