-- Projections: pure functions of the set of events. `sink-store rebuild` makes the same rows from `events` alone.

-- Nodes are `s:<subject token>`, `e:<source system>/<episode>`; an edge is stored in both directions.
CREATE TABLE episode_link (
    region text COLLATE "C" NOT NULL,
    node   text COLLATE "C" NOT NULL,
    other  text COLLATE "C" NOT NULL,
    PRIMARY KEY (region, node, other)
);

CREATE TABLE episode_stay (
    region           text COLLATE "C" NOT NULL,
    source_system    text COLLATE "C" NOT NULL,
    episode_id       text COLLATE "C" NOT NULL,
    number           int4 NOT NULL,
    subject_token    text COLLATE "C",
    unit             text COLLATE "C" NOT NULL,
    room             text COLLATE "C",
    bed              text COLLATE "C",
    hospital_code    text COLLATE "C",
    care_type        text COLLATE "C" NOT NULL,
    responsible_unit text COLLATE "C",
    bed_kind         text COLLATE "C" NOT NULL,
    patient_class    text COLLATE "C" NOT NULL,
    admitted         bool NOT NULL,
    on_leave         bool NOT NULL,
    started_at       timestamptz NOT NULL,
    ended_at         timestamptz,
    PRIMARY KEY (region, source_system, episode_id, number)
);
COMMENT ON COLUMN episode_stay.subject_token IS 'The survivor of merges.';
COMMENT ON COLUMN episode_stay.ended_at IS 'NULL while the patient is there.';
COMMENT ON COLUMN episode_stay.admitted IS 'Inskriven: the stay counts as belagd. Otherwise an arrival (A04).';
CREATE INDEX episode_stay_end ON episode_stay (region, unit, (COALESCE(ended_at, 'infinity'::timestamptz)));
CREATE INDEX episode_stay_start ON episode_stay (region, unit, started_at);
CREATE INDEX episode_stay_open ON episode_stay (region) WHERE ended_at IS NULL;

CREATE TABLE unit (
    region        text COLLATE "C" NOT NULL,
    unit          text COLLATE "C" NOT NULL,
    unit_name     text COLLATE "C",
    unit_hsa_id   text COLLATE "C",
    hospital_code text COLLATE "C",
    hospital_name text COLLATE "C",
    mvo           text COLLATE "C",
    care_type     text COLLATE "C",
    described_at  timestamptz,
    described_by  uuid,
    known_from    timestamptz,
    PRIMARY KEY (region, unit)
);
COMMENT ON COLUMN unit.described_by IS 'The latest event that names the unit; the highest event_id at the same time.';
COMMENT ON COLUMN unit.known_from IS 'First stay or first capacity: before it the unit is unknown, after it an empty unit has 0.';

CREATE TABLE unit_capacity (
    region         text COLLATE "C" NOT NULL,
    unit           text COLLATE "C" NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_to       timestamptz,
    faststallda    int4,
    disponibla     int4,
    stangda        int4,
    stangda_reason text COLLATE "C",
    telephone      text COLLATE "C",
    event_id       uuid NOT NULL,
    PRIMARY KEY (region, unit, valid_from)
);

CREATE TABLE unit_census (
    region           text COLLATE "C" NOT NULL,
    unit             text COLLATE "C" NOT NULL,
    hour             timestamptz NOT NULL,
    belagda          int4 NOT NULL,
    ej_disponibla    int4 NOT NULL,
    bed_kind_known   int4 NOT NULL,
    utlokaliserade   int4 NOT NULL,
    PRIMARY KEY (region, unit, hour)
);
COMMENT ON TABLE unit_census IS 'Changes at full hours: the count at an hour is the sum of all changes up to it. Read through board_census.';

CREATE TABLE snapshot_0600 (
    region           text COLLATE "C" NOT NULL,
    unit             text COLLATE "C" NOT NULL,
    day              date NOT NULL,
    measured_at      timestamptz NOT NULL,
    belagda          int4 NOT NULL,
    overbelaggningar int4 NOT NULL,
    utlokaliserade   int4 NOT NULL,
    disponibla       int4,
    faststallda      int4,
    stangda          int4,
    PRIMARY KEY (region, unit, day)
);

CREATE TABLE bed_status (
    region      text COLLATE "C" NOT NULL,
    unit        text COLLATE "C" NOT NULL,
    room        text COLLATE "C" NOT NULL,
    bed         text COLLATE "C" NOT NULL,
    status      text COLLATE "C" NOT NULL,
    status_code text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    event_id    uuid NOT NULL,
    PRIMARY KEY (region, unit, room, bed)
);
COMMENT ON COLUMN bed_status.recorded_at IS 'Decides between two at the same time; occurred_at when the source does not give it.';

CREATE TABLE person (
    region             text COLLATE "C" NOT NULL,
    subject_token      text COLLATE "C" NOT NULL,
    birth_year         int4,
    sex                text COLLATE "C" NOT NULL,
    lkf                text COLLATE "C",
    dead               bool,
    protected_identity bool NOT NULL,
    occurred_at        timestamptz NOT NULL,
    event_id           uuid NOT NULL,
    PRIMARY KEY (region, subject_token)
);

CREATE TABLE quality (
    region   text COLLATE "C" NOT NULL,
    subject  text COLLATE "C" NOT NULL,
    rule     text COLLATE "C" NOT NULL,
    severity text COLLATE "C" NOT NULL,
    day      date NOT NULL,
    findings int8 NOT NULL,
    PRIMARY KEY (region, subject, rule, severity, day)
);

CREATE TABLE region_horizon (
    region text COLLATE "C" PRIMARY KEY,
    at     timestamptz NOT NULL
);

-- An overbelaggning is a patient in a bed that is not disponibel; where no bed of the unit's patients has a known kind,
-- it is each patient beyond the disponibla. The same rule as `timeline::occupancy`; a test compares them.
CREATE FUNCTION overbelaggningar(belagda int8, ej_disponibla int8, bed_kind_known int8, disponibla int4)
RETURNS int8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN bed_kind_known > 0 THEN ej_disponibla ELSE GREATEST(belagda - COALESCE(disponibla, belagda), 0) END;

SELECT wall(name::regclass, writable => true)
  FROM unnest(ARRAY['episode_link', 'episode_stay', 'unit', 'unit_capacity', 'unit_census', 'snapshot_0600',
                    'bed_status', 'person', 'quality', 'region_horizon']) AS name;
