//! A year as OMOP tables: loaded with types, lengths and keys of the model, and compared with the store.

use std::path::Path;

use schemas::{CareForm, CorrectionKind, Sex};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::feed::{ADT, About, Feed, HOUR, KPP, PAR, about, at};
use super::model::{self, Engine};
use super::{arguments, attempt, open, query, run, store_row, texts};
use crate::kill::kill_at;
use crate::world::{Database, Desk, content, database, pseudonyms, repeatable};

pub(super) const V1: &str = "parcels/omop_14_2025_v1";

async fn stay(feed: &mut Feed, episode: &str, subject: &str, from: &str, to: Option<&str>) {
    let bed = Some(["A", "1", "1"]);
    feed.encounter("A01", episode, bed, about(ADT, subject, at(from))).await;
    if let Some(to) = to {
        feed.encounter("A03", episode, bed, about(ADT, subject, at(to))).await;
    }
}

/// A year with one of everything that the tables tell apart.
async fn filled() -> Database {
    let database = database(&["14"]).await;
    let mut feed = Feed::new(&database).await;
    // A moved patient, with codes and costs of the same contact.
    stay(&mut feed, "V1", "r14.v1.MOVED", "2025-03-10 22:30", Some("2025-03-15 10:00")).await;
    let moved = about(ADT, "r14.v1.MOVED", at("2025-03-12 08:00"));
    feed.encounter("A02", "V1", Some(["B", "7", "3"]), moved).await;
    feed.person(Some(1950), Sex::Male, Some("1480"), moved).await;
    feed.person(Some(1951), Sex::Female, Some("1481"), about(ADT, "r14.v1.MOVED", at("2025-03-13 08:00"))).await;
    let ended = at("2025-03-15 10:00");
    feed.clinical("K1", Some("V1"), about(PAR, "r14.v1.MOVED", ended)).await;
    feed.cost("K1", Some(1_000_000), CareForm::Inpatient, about(KPP, "r14.v1.MOVED", ended)).await;
    let later = About { recorded: Some(ended + 5), ..about(KPP, "r14.v1.MOVED", ended) };
    feed.cost("K1", Some(2_345_678), CareForm::Inpatient, later).await;
    // Still here; and one whose discharge was cancelled.
    stay(&mut feed, "V2", "r14.v1.HERE", "2025-05-01 08:00", None).await;
    stay(&mut feed, "V3", "r14.v1.CANCELLED", "2025-05-01 08:00", Some("2025-05-02 08:00")).await;
    feed.encounter("A13", "V3", Some(["A", "1", "1"]), about(ADT, "r14.v1.CANCELLED", at("2025-05-02 08:00"))).await;
    // Merged after the year; the codes still name the former pseudonym, and no visit number.
    stay(&mut feed, "V4", "r14.v1.FORMER", "2025-04-01 08:00", Some("2025-04-03 08:00")).await;
    feed.merge("r14.v1.FORMER", about(ADT, "r14.v1.NOW", at("2026-01-20 08:00"))).await;
    feed.person(Some(1960), Sex::Unknown, None, about(ADT, "r14.v1.NOW", at("2026-01-20 09:00"))).await;
    feed.clinical("V4", None, about(PAR, "r14.v1.FORMER", at("2025-04-03 08:00"))).await;
    // Over the turn of the year, at both ends; the first of them again in the year.
    stay(&mut feed, "V5", "r14.v1.TURN", "2024-12-30 08:00", Some("2025-01-01 00:00")).await;
    stay(&mut feed, "V6", "r14.v1.TURN", "2025-12-30 08:00", Some("2026-01-01 00:00")).await;
    stay(&mut feed, "V7", "r14.v1.TURN", "2025-02-01 08:00", Some("2025-02-02 08:00")).await;
    feed.person(Some(1970), Sex::Male, None, about(ADT, "r14.v1.TURN", at("2025-02-02 08:00"))).await;
    // To a place whose name is longer than the model's texts.
    let far = "Å".repeat(60);
    let moved = about(ADT, "r14.v1.TURN", at("2025-02-01 12:00"));
    feed.encounter("A02", "V7", Some([&*far, "1", "1"]), moved).await;
    // Protected, though a source states where the person lives; a contact that only costs tell of.
    let secret = About { protected: true, ..about(KPP, "r14.v1.SECRET", at("2025-06-01 12:00")) };
    feed.cost("K9", Some(77_700), CareForm::Outpatient, secret).await;
    // No year of birth; nobody at all; nothing that it cost; a bed that is not left.
    stay(&mut feed, "V8", "r14.v1.UNBORN", "2025-07-01 08:00", Some("2025-07-02 08:00")).await;
    feed.cost("K8", Some(9_900), CareForm::Outpatient, about(KPP, None, at("2025-07-01 12:00"))).await;
    feed.cost("K7", None, CareForm::Home, about(KPP, "r14.v1.SECRET", at("2025-07-01 12:00"))).await;
    let back = About { kind: CorrectionKind::Cancel, ..about(KPP, "r14.v1.MOVED", at("2025-08-01 12:00")) };
    feed.cost("K6", Some(5), CareForm::Outpatient, back).await;
    feed.project().await;
    database
}

/// A desk with the year's parcel, its files opened, and what loads them as the model.
pub(super) async fn loaded() -> (Database, Desk, TempDir) {
    let database = filled().await;
    let desk = Desk::new(&database);
    desk.cover_protected("omop");
    run(&desk, "omop", "2025");
    let opened = named(&desk);
    (database, desk, opened)
}

/// The year's files as the recipient opens them, but with the store's own names of persons, visits and contacts, which the tests
/// know: each pseudonym is that of such a name, or the row is lost.
fn named(desk: &Desk) -> TempDir {
    let opened = open(desk, V1);
    let analysis = pseudonyms("analysis", "omop");
    let persons =
        ["MOVED", "NOW", "TURN", "SECRET", "WARD", "PAR", "CORRECTED", "OTHER_CARE", "SOMEWHERE", "TWICE", "RISEN"];
    let persons = persons.into_iter().chain(["CLINIC", "ONE", "OTHER"]).map(|name| format!("r14.v1.{name}"));
    let numbers = ["V", "K", "C"].into_iter().flat_map(|letter| (1..20).map(move |n| format!("{letter}{n}")));
    let numbers = numbers.chain(["SHARED".to_owned()]);
    let names = persons.map(|name| (analysis.person(&name), name));
    let names = names.chain(numbers.map(|name| (analysis.number(&name), name)));
    let names: Vec<String> = names.map(|(pseudonym, name)| format!("('{pseudonym}', '{name}')")).collect();
    let known = format!("WITH known AS (SELECT * FROM (VALUES {}) AS v(pseudonym, name))", names.join(", "));
    let name = |column: &str| {
        format!(
            "CASE WHEN {column} IS NOT NULL THEN (SELECT name FROM known WHERE pseudonym = {column}) END AS {column}"
        )
    };
    let visit = format!("{}, {}", name("episode_id"), name("contact_id"));
    for (table, columns, key) in [
        ("person", name("person_source_value"), "person_source_value"),
        ("visit_source", visit, "coalesce(episode_id, contact_id)"),
    ] {
        let file = opened.path().join(format!("{table}.parquet"));
        let renamed = opened.path().join("named.parquet");
        let count = format!("SELECT count(*), count({key}) FROM 'named.parquet'");
        let sql =
            format!("COPY ({known} SELECT * REPLACE ({columns}) FROM '{table}.parquet') TO 'named.parquet'; {count}");
        let rows = &query(opened.path(), &sql)[0];
        assert_eq!(rows[0], rows[1], "{table} has a pseudonym of nobody");
        std::fs::rename(renamed, file).unwrap();
    }
    opened
}

/// The year's files as tables of the model in DuckDB. Columns are taken in their order, so that another order or count is
/// an error.
fn tables() -> String {
    let insert = |table| format!("INSERT INTO {table} SELECT * FROM '{table}.parquet';\n");
    model::create(Engine::DuckDb) + &model::filled().into_iter().map(insert).collect::<String>()
}

fn model(folder: &Path, sql: &str) -> Value {
    Value::from(query(folder, &format!("{}{sql}", tables())))
}

pub(super) fn total(desk: &Desk, parcel: &str, name: &str) -> i64 {
    let text = std::fs::read_to_string(desk.path(parcel).join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    manifest["totals"][name].as_i64().unwrap_or_else(|| panic!("a total {name} in {}", manifest["totals"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_load_as_the_model_and_agree_with_the_store() {
    let (database, desk, opened) = loaded().await;
    let check = |sql: &str, expected: Value| assert_eq!(model(opened.path(), sql), expected, "{sql}");

    // Persons: V1, merged, turn of the year, protected; not the one without year of birth.
    check(
        "SELECT person_source_value, year_of_birth, month_of_birth, day_of_birth, gender_concept_id, gender_source_value, \
         location_source_value, county FROM person LEFT JOIN location USING (location_id) ORDER BY 1",
        json!([
            ["r14.v1.MOVED", 1951, null, null, 8532, "FEMALE", "1481", "14"],
            ["r14.v1.NOW", 1960, null, null, 0, "UNKNOWN", null, null],
            ["r14.v1.SECRET", 1949, null, null, 8532, "FEMALE", null, null],
            ["r14.v1.TURN", 1970, null, null, 8507, "MALE", null, null]
        ]),
    );
    // From the first day that is told of each to the last; V4's codes are dated before the visit.
    check(
        "SELECT person_source_value, observation_period_start_date, observation_period_end_date, period_type_concept_id \
         FROM observation_period JOIN person USING (person_id) ORDER BY 1",
        json!([
            ["r14.v1.MOVED", "2025-03-10", "2025-03-15", 32817],
            ["r14.v1.NOW", "2025-03-31", "2025-04-03", 32817],
            ["r14.v1.SECRET", "2025-06-01", "2025-07-01", 32817],
            ["r14.v1.TURN", "2024-12-30", "2025-02-02", 32817]
        ]),
    );
    check(
        "SELECT coalesce(episode_id, contact_id), person_source_value, visit_concept_id, visit_start_datetime, \
         visit_end_date, admitted_from_source_value, discharged_to_source_value, care_site_name, \
         (SELECT count(*) FROM visit_detail WHERE visit_detail.visit_occurrence_id = visit_occurrence.visit_occurrence_id) \
         FROM visit_occurrence JOIN person USING (person_id) JOIN 'visit_source.parquet' USING (visit_occurrence_id) \
         LEFT JOIN care_site ON care_site.care_site_id = visit_occurrence.care_site_id ORDER BY 1",
        json!([
            ["K7", "r14.v1.SECRET", 0, "2025-07-01 11:00:00", "2025-07-01", null, null, "Sahlgrenska", 0],
            ["K9", "r14.v1.SECRET", 9202, "2025-06-01 11:00:00", "2025-06-01", null, null, "Sahlgrenska", 0],
            ["V1", "r14.v1.MOVED", 9201, "2025-03-10 22:30:00", "2025-03-15", "3", "2", "Sahlgrenska", 2],
            ["V4", "r14.v1.NOW", 9201, "2025-04-01 08:00:00", "2025-04-03", "3", "2", "Sahlgrenska", 1],
            ["V5", "r14.v1.TURN", 9201, "2024-12-30 08:00:00", "2025-01-01", "3", "2", "Sahlgrenska", 1],
            ["V7", "r14.v1.TURN", 9201, "2025-02-01 08:00:00", "2025-02-02", "3", "2", "Sahlgrenska", 2]
        ]),
    );
    check(
        "SELECT one.visit_detail_source_value, before.visit_detail_source_value, care_site_name, care_site_source_value \
         FROM visit_detail AS one LEFT JOIN visit_detail AS before \
         ON before.visit_detail_id = one.preceding_visit_detail_id JOIN care_site \
         ON care_site.care_site_id = one.care_site_id JOIN 'visit_source.parquet' AS source \
         ON source.visit_occurrence_id = one.visit_occurrence_id WHERE episode_id = 'V1' ORDER BY one.visit_detail_start_date",
        json!([
            ["A^1^1", null, "Avdelning å", "SE2321000131-E000000000301"],
            ["B^7^3", "A^1^1", "Avdelning å", "SE2321000131-E000000000301"]
        ]),
    );
    // Stays, beside the store's own projection of them: how many, and how long in all.
    let closed = "SELECT source_system, episode_id FROM episode_stay WHERE region = '14' GROUP BY 1, 2 \
         HAVING bool_and(ended_at IS NOT NULL) \
         AND to_char(max(ended_at) AT TIME ZONE 'Europe/Stockholm', 'YYYY') = '2025'";
    let known = "subject_token <> 'r14.v1.UNBORN'";
    let stored = format!(
        "SELECT count(*), sum(extract(epoch FROM ended_at - started_at))::int8, count(DISTINCT (source_system, episode_id)) \
         FROM episode_stay WHERE (source_system, episode_id) IN ({closed}) AND {known}"
    );
    let found = model(
        opened.path(),
        "SELECT count(*), sum(date_diff('second', visit_detail_start_datetime, visit_detail_end_datetime))::BIGINT, \
         count(DISTINCT visit_occurrence_id) FROM visit_detail",
    );
    assert_eq!(texts(&found[0]), store_row(&database.superuser, &stored).await);
    check("SELECT count(*), count(visit_occurrence_id) FROM condition_occurrence", json!([[4, 4]]));
    check(
        "SELECT cdm_source_name, cdm_source_abbreviation, cdm_holder, cdm_etl_reference, source_release_date, \
         cdm_release_date, cdm_version, cdm_version_concept_id, vocabulary_version FROM cdm_source",
        json!([[
            "Vårdström: Västra Götalandsregionen, 2025",
            "vardstrom-14-2025",
            "Västra Götalandsregionen",
            "sink-register, definition omop 7",
            "2025-07-01",
            "2025-07-01",
            "v5.4",
            756265,
            "none"
        ]]),
    );
    for (name, count) in
        [("episodes_open", 2), ("visits_without_birth_year", 1), ("persons_without_birth_year", 1), ("visits", 6)]
    {
        assert_eq!(total(&desk, V1, name), count, "{name}");
    }
    for table in ["person", "visit_occurrence", "cost", "visit_source"] {
        assert!(desk.path(V1).join(format!("{table}.parquet.age")).exists(), "{table} is encrypted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_and_costs_keep_source_values_and_sums() {
    let (database, desk, opened) = loaded().await;
    let check = |sql: &str, expected: Value| assert_eq!(model(opened.path(), sql), expected, "{sql}");
    check(
        "SELECT episode_id, condition_source_value, condition_status_source_value, condition_concept_id, \
         condition_start_date, condition_type_concept_id FROM condition_occurrence \
         JOIN 'visit_source.parquet' USING (visit_occurrence_id) ORDER BY 1, 2",
        json!([
            ["V1", "S7200", "MAIN_DIAGNOSIS", 0, "2025-03-12", 32817],
            ["V1", "W0109", "EXTERNAL_CAUSE", 0, "2025-03-12", 32817],
            ["V4", "S7200", "MAIN_DIAGNOSIS", 0, "2025-03-31", 32817],
            ["V4", "W0109", "EXTERNAL_CAUSE", 0, "2025-03-31", 32817]
        ]),
    );
    check(
        "SELECT episode_id, procedure_source_value, procedure_datetime, modifier_source_value FROM procedure_occurrence \
         JOIN 'visit_source.parquet' USING (visit_occurrence_id) ORDER BY 1",
        json!([["V1", "NFJ59", "2025-03-13 10:00:00", "LEFT"], ["V4", "NFJ59", null, "LEFT"]]),
    );
    check(
        "SELECT episode_id, drug_source_value, drug_concept_id, drug_exposure_start_datetime, drug_exposure_end_date \
         FROM drug_exposure JOIN 'visit_source.parquet' USING (visit_occurrence_id) ORDER BY 1",
        json!([["V1", "J01CF02", 0, "2025-03-12 10:00:00", "2025-03-12"], ["V4", "J01CF02", 0, null, "2025-03-31"]]),
    );
    check(
        "SELECT coalesce(episode_id, contact_id), observation_source_value, qualifier_source_value, value_as_number \
         FROM observation JOIN 'visit_source.parquet' USING (visit_occurrence_id) ORDER BY 1",
        json!([
            ["K7", "H07N", "NordDRG", "1.873000"],
            ["K9", "H07N", "NordDRG", "1.873000"],
            ["V1", "H07N", "NordDRG", "1.873000"],
            ["V4", "H07N", "NordDRG", null]
        ]),
    );
    check(
        "SELECT coalesce(episode_id, contact_id), revenue_code_source_value, total_cost, drg_source_value FROM cost \
         JOIN 'visit_source.parquet' ON visit_occurrence_id = cost_event_id ORDER BY 1, 2",
        json!([
            ["K9", "operation", "726.000000", null],
            ["K9", "vardavdelning", "50.000000", null],
            ["K9", null, "1.000000", null],
            ["V1", "operation", "23405.780000", null],
            ["V1", "vardavdelning", "50.000000", null],
            ["V1", null, "1.000000", null]
        ]),
    );
    // The register's extract of the same year adds up the same statements in its own way; one is of nobody.
    desk.cover_protected("kpp");
    run(&desk, "kpp", "2025");
    let kpp = "parcels/kpp_14_2025_v1";
    let contacts = open(&desk, kpp);
    let sql = "SELECT (sum(total_kronor::DECIMAL(18, 2)) * 100)::BIGINT FROM read_csv('kpp_contacts.csv', delim = ';', all_varchar = true)";
    let stated = query(contacts.path(), sql);
    let sum = model(opened.path(), "SELECT (sum(total_cost) * 100)::BIGINT FROM cost");
    assert_eq!(sum[0][0].as_i64().unwrap(), stated[0][0].as_i64().unwrap() - 9_900);
    assert_eq!((total(&desk, V1, "statements_without_subject"), total(&desk, V1, "codes_without_table")), (1, 0));
    let stored = store_row(
        &database.superuser,
        "SELECT count(DISTINCT (source_system, contact)) FILTER (WHERE subject = 'clinical'), \
         count(DISTINCT (source_system, contact)) FILTER (WHERE subject = 'cost' AND contact <> 'K6') FROM events",
    );
    let counted = ["clinical_statements", "cost_statements"].map(|name| Some(total(&desk, V1, name).to_string()));
    assert_eq!(stored.await, counted);
}

#[tokio::test(flavor = "multi_thread")]
async fn deaths_are_those_that_a_visit_ended_with() {
    let database = database(&["14"]).await;
    let mut feed = Feed::new(&database).await;
    for subject in ["WARD", "PAR", "CORRECTED", "OTHER_CARE", "SOMEWHERE", "TWICE", "RISEN", "CLINIC", "ONE", "OTHER"] {
        let (subject, sex) = (format!("r14.v1.{subject}"), Sex::Female);
        feed.person(Some(1940), sex, None, about(ADT, &*subject, at("2025-01-01 08:00"))).await;
    }
    let bed = Some(["A", "1", "1"]);
    let mut numbers = 1..;
    let mut leaves = async |feed: &mut Feed, subject: &str, time: &str, died: Option<&str>| {
        let episode = format!("V{}", numbers.next().unwrap());
        let left = at(time);
        feed.encounter("A01", &episode, bed, about(ADT, subject, left - HOUR)).await;
        feed.encounter("A03", &episode, bed, About { died, ..about(ADT, subject, left) }).await;
    };
    // Half past midnight by Swedish clocks is the day before in UTC.
    leaves(&mut feed, "r14.v1.WARD", "2025-03-02 00:30", Some("20")).await;
    // PV1-36 says 4 of other care.
    leaves(&mut feed, "r14.v1.OTHER_CARE", "2025-03-02 08:00", Some("4")).await;
    leaves(&mut feed, "r14.v1.TWICE", "2025-03-03 08:00", Some("20")).await;
    leaves(&mut feed, "r14.v1.TWICE", "2025-03-04 08:00", Some("exp")).await;
    leaves(&mut feed, "r14.v1.RISEN", "2025-03-05 08:00", Some("41")).await;
    leaves(&mut feed, "r14.v1.RISEN", "2025-04-05 08:00", None).await;
    leaves(&mut feed, "r14.v1.UNBORN", "2025-03-06 08:00", Some("20")).await;
    leaves(&mut feed, "r14.v1.SOMEWHERE", "2025-03-07 08:00", None).await;
    // Two persons with one visit number, one of whom died.
    for (subject, died) in [("r14.v1.ONE", Some("20")), ("r14.v1.OTHER", None)] {
        feed.encounter("A01", "SHARED", bed, about(ADT, subject, at("2025-05-01 08:00"))).await;
        feed.encounter("A03", "SHARED", bed, About { died, ..about(ADT, subject, at("2025-05-02 08:00")) }).await;
    }
    let dead = About { died: Some("Y"), ..about(ADT, "r14.v1.SOMEWHERE", at("2025-09-01 08:00")) };
    feed.person(Some(1940), Sex::Female, None, dead).await;
    let par = |subject, recorded| About { recorded: Some(recorded), ..about(PAR, subject, at("2025-03-08 08:00")) };
    feed.clinical("K1", None, About { died: Some("4"), ..par("r14.v1.PAR", 1) }).await;
    feed.clinical("K2", None, About { died: Some("4"), ..par("r14.v1.CORRECTED", 1) }).await;
    feed.clinical("K2", None, About { died: Some("1"), ..par("r14.v1.CORRECTED", 2) }).await;
    let cost = About { died: Some("4"), ..about(KPP, "r14.v1.CLINIC", at("2025-03-09 08:00")) };
    feed.cost("K3", Some(5_100), CareForm::Outpatient, cost).await;
    feed.project().await;
    let desk = Desk::new(&database);
    run(&desk, "omop", "2025");
    let opened = named(&desk);
    let check = |sql: &str, expected: Value| assert_eq!(model(opened.path(), sql), expected, "{sql}");
    check(
        "SELECT person_source_value, death_date, death_datetime, death_type_concept_id, cause_source_value FROM death \
         JOIN person USING (person_id) ORDER BY 1",
        json!([
            ["r14.v1.CLINIC", "2025-03-09", null, 32817, null],
            ["r14.v1.PAR", "2025-03-08", null, 32817, null],
            ["r14.v1.RISEN", "2025-03-05", null, 32817, null],
            ["r14.v1.TWICE", "2025-03-04", null, 32817, null],
            ["r14.v1.WARD", "2025-03-02", null, 32817, null]
        ]),
    );
    for (name, count) in
        [("deaths", 5), ("deaths_before_a_visit", 1), ("deaths_without_day", 1), ("deaths_of_shared_numbers", 1)]
    {
        assert_eq!(total(&desk, V1, name), count, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_statement_is_taken_back_though_it_names_no_month() {
    let database = database(&["14"]).await;
    let mut feed = Feed::new(&database).await;
    let person = |time: &str| about(PAR, "r14.v1.MOVED", at(time));
    feed.person(Some(1950), Sex::Male, None, about(ADT, "r14.v1.MOVED", at("2025-03-01 08:00"))).await;
    feed.clinical("C1", None, person("2025-03-15 10:00")).await;
    feed.clinical("C2", None, person("2025-03-16 10:00")).await;
    feed.deleted("C1", person("2026-01-10 10:00")).await;
    feed.project().await;
    let desk = Desk::new(&database);
    run(&desk, "omop", "2025");
    let sql = "SELECT contact_id, count(*) FROM condition_occurrence JOIN 'visit_source.parquet' \
               USING (visit_occurrence_id) GROUP BY 1";
    assert_eq!(model(named(&desk).path(), sql), json!([["C2", 2]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_itself_refuses_what_is_wrong() {
    let (_, _, opened) = loaded().await;
    let bad = |sql: &str, expected: &str| {
        let errors = attempt(opened.path(), &format!("{}{sql}", tables())).expect_err(sql);
        assert!(errors.to_lowercase().contains(expected), "{sql}\n{errors}");
    };
    bad("INSERT INTO person SELECT * FROM 'person.parquet'", "primary key");
    bad(
        "INSERT INTO observation_period SELECT * REPLACE (observation_period_id + 1000 AS observation_period_id, \
         1000 AS person_id) FROM 'observation_period.parquet'",
        "foreign key",
    );
    bad("UPDATE cost SET drg_source_value = 'H07N'", "check constraint");
    bad(
        "INSERT INTO visit_occurrence SELECT * REPLACE (visit_occurrence_id + 1000 AS visit_occurrence_id, \
         NULL AS visit_end_date) FROM 'visit_occurrence.parquet'",
        "not null constraint",
    );
    bad("INSERT INTO care_site SELECT * FROM 'location.parquet'", "columns");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_year_is_the_same_bytes_also_after_kills_and_later_events() {
    let database = filled().await;
    let desk = Desk::new(&database);
    desk.cover_protected("omop");
    let command = arguments("omop", "2025");
    for point in ["folder-begun", "files-written", "manifest-written"] {
        kill_at(&desk, point, &command);
        assert!(!desk.path(V1).exists(), "{point}");
    }
    kill_at(&desk, "renamed", &command);
    assert!(desk.done(&command).starts_with("unchanged"));
    desk.done(&["verify", V1, "--identity", "identity.txt"]);

    let mut feed = Feed::new(&database).await;
    stay(&mut feed, "V9", "r14.v1.TURN", "2025-09-01 08:00", Some("2025-09-02 08:00")).await;
    feed.person(Some(1971), Sex::Male, None, about(ADT, "r14.v1.TURN", at("2026-02-02 08:00"))).await;
    let again = ["run", "--region", "14", "--period", "2025", "--extract", "omop", "--out", "calm", "--as-of", V1];
    desk.done(&again);
    assert_eq!(repeatable(&desk.path("calm/omop_14_2025_v1")), repeatable(&desk.path(V1)));
    let (one, other) = (open(&desk, V1), open(&desk, "calm/omop_14_2025_v1"));
    let tables = |folder: &TempDir| {
        let mut files = content(folder.path());
        files.retain(|name, _| name.ends_with(".parquet"));
        files
    };
    assert_eq!(tables(&one).len(), 14);
    assert!(tables(&one) == tables(&other), "the opened files are the same bytes");

    assert!(desk.done(&command).contains("omop_14_2025_v2"));
    let second = open(&desk, "parcels/omop_14_2025_v2");
    // Ids are of one version: visits of two are compared by what the sources call them.
    let sql = format!(
        "SELECT count(*), count(old.visit_occurrence_id) FROM 'visit_source.parquet' AS new \
         LEFT JOIN '{}/visit_source.parquet' AS old ON new.source_system = old.source_system \
         AND new.episode_id IS NOT DISTINCT FROM old.episode_id AND new.contact_id IS NOT DISTINCT FROM old.contact_id",
        one.path().display()
    );
    assert_eq!(Value::from(query(second.path(), &sql)), json!([[7, 6]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_holds_a_personal_identifier_and_no_open_text_a_pseudonym() {
    let (_, desk, opened) = loaded().await;
    for (name, bytes) in content(opened.path()).into_iter().filter(|(name, _)| name.ends_with(".parquet")) {
        let rows = Value::from(query(opened.path(), &format!("SELECT * FROM '{name}'"))).to_string();
        assert!(!bytes.is_empty() && !identifies(&rows), "{name}");
    }
    assert!(identifies("x 197001012380 y") == luhn("7001012380"), "the scan finds what it looks for");
    assert!((0..10).any(|check| identifies(&format!("\"19700101-238{check}\""))), "the scan finds what it looks for");
    for (name, bytes) in content(&desk.path(V1)) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("r14.v1."), "{name} says a pseudonym in the clear");
    }
}

/// Whether some run of digits, with or without a hyphen before the last four, could be a personnummer or a samordningsnummer.
fn identifies(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit() && c != '-').any(|word| {
        let digits: String = word.chars().filter(char::is_ascii_digit).collect();
        let ten = match digits.len() {
            10 => digits.as_str(),
            12 => &digits[2..],
            _ => return false,
        };
        let (month, day): (u32, u32) = (ten[2..4].parse().unwrap(), ten[4..6].parse().unwrap());
        (1..=12).contains(&month) && (1..=91).contains(&day) && luhn(ten)
    })
}

fn luhn(digits: &str) -> bool {
    let value = |(at, digit): (usize, char)| {
        let doubled = digit.to_digit(10).unwrap() * if at % 2 == 0 { 2 } else { 1 };
        doubled / 10 + doubled % 10
    };
    digits.chars().enumerate().map(value).sum::<u32>() % 10 == 0
}
