-- Tables of the OMOP common data model 5.4, by its specification: names, order, types, what must not be null, lengths as checks,
-- keys. Ids are BIGINT: the specification's `integer` is the model's, not the engine's. `cost_event_id` refers to visits here.

CREATE TABLE location (
    location_id BIGINT PRIMARY KEY,
    address_1 VARCHAR CHECK (length(address_1) <= 50),
    address_2 VARCHAR CHECK (length(address_2) <= 50),
    city VARCHAR CHECK (length(city) <= 50),
    state VARCHAR CHECK (length(state) <= 2),
    zip VARCHAR CHECK (length(zip) <= 9),
    county VARCHAR CHECK (length(county) <= 20),
    location_source_value VARCHAR CHECK (length(location_source_value) <= 50),
    country_concept_id INTEGER,
    country_source_value VARCHAR CHECK (length(country_source_value) <= 80),
    latitude NUMERIC(18, 6),
    longitude NUMERIC(18, 6)
);

CREATE TABLE care_site (
    care_site_id BIGINT PRIMARY KEY,
    care_site_name VARCHAR CHECK (length(care_site_name) <= 255),
    place_of_service_concept_id INTEGER,
    location_id BIGINT,
    care_site_source_value VARCHAR CHECK (length(care_site_source_value) <= 50),
    place_of_service_source_value VARCHAR CHECK (length(place_of_service_source_value) <= 50)
);

CREATE TABLE person (
    person_id BIGINT PRIMARY KEY,
    gender_concept_id INTEGER NOT NULL,
    year_of_birth INTEGER NOT NULL,
    month_of_birth INTEGER,
    day_of_birth INTEGER,
    birth_datetime TIMESTAMP,
    race_concept_id INTEGER NOT NULL,
    ethnicity_concept_id INTEGER NOT NULL,
    location_id BIGINT REFERENCES location,
    provider_id BIGINT,
    care_site_id BIGINT,
    person_source_value VARCHAR CHECK (length(person_source_value) <= 50),
    gender_source_value VARCHAR CHECK (length(gender_source_value) <= 50),
    gender_source_concept_id INTEGER,
    race_source_value VARCHAR CHECK (length(race_source_value) <= 50),
    race_source_concept_id INTEGER,
    ethnicity_source_value VARCHAR CHECK (length(ethnicity_source_value) <= 50),
    ethnicity_source_concept_id INTEGER
);

CREATE TABLE visit_occurrence (
    visit_occurrence_id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES person,
    visit_concept_id INTEGER NOT NULL,
    visit_start_date DATE NOT NULL,
    visit_start_datetime TIMESTAMP,
    visit_end_date DATE NOT NULL,
    visit_end_datetime TIMESTAMP,
    visit_type_concept_id INTEGER NOT NULL,
    provider_id BIGINT,
    care_site_id BIGINT REFERENCES care_site,
    visit_source_value VARCHAR CHECK (length(visit_source_value) <= 50),
    visit_source_concept_id INTEGER,
    admitted_from_concept_id INTEGER,
    admitted_from_source_value VARCHAR CHECK (length(admitted_from_source_value) <= 50),
    discharged_to_concept_id INTEGER,
    discharged_to_source_value VARCHAR CHECK (length(discharged_to_source_value) <= 50),
    preceding_visit_occurrence_id BIGINT
);

CREATE TABLE visit_detail (
    visit_detail_id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES person,
    visit_detail_concept_id INTEGER NOT NULL,
    visit_detail_start_date DATE NOT NULL,
    visit_detail_start_datetime TIMESTAMP,
    visit_detail_end_date DATE NOT NULL,
    visit_detail_end_datetime TIMESTAMP,
    visit_detail_type_concept_id INTEGER NOT NULL,
    provider_id BIGINT,
    care_site_id BIGINT REFERENCES care_site,
    visit_detail_source_value VARCHAR CHECK (length(visit_detail_source_value) <= 50),
    visit_detail_source_concept_id INTEGER,
    admitted_from_concept_id INTEGER,
    admitted_from_source_value VARCHAR CHECK (length(admitted_from_source_value) <= 50),
    discharged_to_source_value VARCHAR CHECK (length(discharged_to_source_value) <= 50),
    discharged_to_concept_id INTEGER,
    preceding_visit_detail_id BIGINT,
    parent_visit_detail_id BIGINT,
    visit_occurrence_id BIGINT NOT NULL REFERENCES visit_occurrence
);

CREATE TABLE condition_occurrence (
    condition_occurrence_id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES person,
    condition_concept_id INTEGER NOT NULL,
    condition_start_date DATE NOT NULL,
    condition_start_datetime TIMESTAMP,
    condition_end_date DATE,
    condition_end_datetime TIMESTAMP,
    condition_type_concept_id INTEGER NOT NULL,
    condition_status_concept_id INTEGER,
    stop_reason VARCHAR CHECK (length(stop_reason) <= 20),
    provider_id BIGINT,
    visit_occurrence_id BIGINT REFERENCES visit_occurrence,
    visit_detail_id BIGINT,
    condition_source_value VARCHAR CHECK (length(condition_source_value) <= 50),
    condition_source_concept_id INTEGER,
    condition_status_source_value VARCHAR CHECK (length(condition_status_source_value) <= 50)
);

CREATE TABLE procedure_occurrence (
    procedure_occurrence_id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES person,
    procedure_concept_id INTEGER NOT NULL,
    procedure_date DATE NOT NULL,
    procedure_datetime TIMESTAMP,
    procedure_end_date DATE,
    procedure_end_datetime TIMESTAMP,
    procedure_type_concept_id INTEGER NOT NULL,
    modifier_concept_id INTEGER,
    quantity INTEGER,
    provider_id BIGINT,
    visit_occurrence_id BIGINT REFERENCES visit_occurrence,
    visit_detail_id BIGINT,
    procedure_source_value VARCHAR CHECK (length(procedure_source_value) <= 50),
    procedure_source_concept_id INTEGER,
    modifier_source_value VARCHAR CHECK (length(modifier_source_value) <= 50)
);

CREATE TABLE drug_exposure (
    drug_exposure_id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES person,
    drug_concept_id INTEGER NOT NULL,
    drug_exposure_start_date DATE NOT NULL,
    drug_exposure_start_datetime TIMESTAMP,
    drug_exposure_end_date DATE NOT NULL,
    drug_exposure_end_datetime TIMESTAMP,
    verbatim_end_date DATE,
    drug_type_concept_id INTEGER NOT NULL,
    stop_reason VARCHAR CHECK (length(stop_reason) <= 20),
    refills INTEGER,
    quantity NUMERIC(18, 6),
    days_supply INTEGER,
    sig VARCHAR,
    route_concept_id INTEGER,
    lot_number VARCHAR CHECK (length(lot_number) <= 50),
    provider_id BIGINT,
    visit_occurrence_id BIGINT REFERENCES visit_occurrence,
    visit_detail_id BIGINT,
    drug_source_value VARCHAR CHECK (length(drug_source_value) <= 50),
    drug_source_concept_id INTEGER,
    route_source_value VARCHAR CHECK (length(route_source_value) <= 50),
    dose_unit_source_value VARCHAR CHECK (length(dose_unit_source_value) <= 50)
);

CREATE TABLE observation_period (
    observation_period_id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES person,
    observation_period_start_date DATE NOT NULL,
    observation_period_end_date DATE NOT NULL,
    period_type_concept_id INTEGER NOT NULL
);

CREATE TABLE observation (
    observation_id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES person,
    observation_concept_id INTEGER NOT NULL,
    observation_date DATE NOT NULL,
    observation_datetime TIMESTAMP,
    observation_type_concept_id INTEGER NOT NULL,
    value_as_number NUMERIC(18, 6),
    value_as_string VARCHAR CHECK (length(value_as_string) <= 60),
    value_as_concept_id INTEGER,
    qualifier_concept_id INTEGER,
    unit_concept_id INTEGER,
    provider_id BIGINT,
    visit_occurrence_id BIGINT REFERENCES visit_occurrence,
    visit_detail_id BIGINT,
    observation_source_value VARCHAR CHECK (length(observation_source_value) <= 50),
    observation_source_concept_id INTEGER,
    unit_source_value VARCHAR CHECK (length(unit_source_value) <= 50),
    qualifier_source_value VARCHAR CHECK (length(qualifier_source_value) <= 50),
    value_source_value VARCHAR CHECK (length(value_source_value) <= 50),
    observation_event_id BIGINT,
    obs_event_field_concept_id INTEGER
);

CREATE TABLE cost (
    cost_id BIGINT PRIMARY KEY,
    cost_event_id BIGINT NOT NULL REFERENCES visit_occurrence,
    cost_domain_id VARCHAR NOT NULL CHECK (length(cost_domain_id) <= 20),
    cost_type_concept_id INTEGER NOT NULL,
    currency_concept_id INTEGER,
    total_charge NUMERIC(18, 6),
    total_cost NUMERIC(18, 6),
    total_paid NUMERIC(18, 6),
    paid_by_payer NUMERIC(18, 6),
    paid_by_patient NUMERIC(18, 6),
    paid_patient_copay NUMERIC(18, 6),
    paid_patient_coinsurance NUMERIC(18, 6),
    paid_patient_deductible NUMERIC(18, 6),
    paid_by_primary NUMERIC(18, 6),
    paid_ingredient_cost NUMERIC(18, 6),
    paid_dispensing_fee NUMERIC(18, 6),
    payer_plan_period_id BIGINT,
    amount_allowed NUMERIC(18, 6),
    revenue_code_concept_id INTEGER,
    revenue_code_source_value VARCHAR CHECK (length(revenue_code_source_value) <= 50),
    drg_concept_id INTEGER,
    drg_source_value VARCHAR CHECK (length(drg_source_value) <= 3)
);

-- In order of columns, so that another order or count is an error.
INSERT INTO location SELECT * FROM 'location.parquet';
INSERT INTO care_site SELECT * FROM 'care_site.parquet';
INSERT INTO person SELECT * FROM 'person.parquet';
INSERT INTO visit_occurrence SELECT * FROM 'visit_occurrence.parquet';
INSERT INTO visit_detail SELECT * FROM 'visit_detail.parquet';
INSERT INTO condition_occurrence SELECT * FROM 'condition_occurrence.parquet';
INSERT INTO procedure_occurrence SELECT * FROM 'procedure_occurrence.parquet';
INSERT INTO drug_exposure SELECT * FROM 'drug_exposure.parquet';
INSERT INTO observation_period SELECT * FROM 'observation_period.parquet';
INSERT INTO observation SELECT * FROM 'observation.parquet';
INSERT INTO cost SELECT * FROM 'cost.parquet';
