//! Every common subject as a Parquet file that DuckDB reads, with what the store has.

use schemas::{BedState, CareForm, CorrectionKind, Sex, Subject};

use super::feed::{ADT, About, Feed, HOUR, KPP, PAR, about, at};
use super::{arguments, open, query, run, store_row, texts};
use crate::kill::kill_at;
use crate::world::{Database, Desk, database, pseudonyms, repeatable};

const ANNA: &str = "r14.v1.ANNA";

/// Subjects, and the period that the tests export of each.
const SUBJECTS: [(&str, &str); 7] = [
    ("encounter", "2025-03"),
    ("person", "2025-03"),
    ("bed-capacity", "2025-03"),
    ("bed-status", "2025-03"),
    ("wait", "2025-03"),
    ("clinical", "2025-03"),
    ("cost", "2025"),
];

/// Events of every subject, also just outside of March by Swedish clocks.
async fn filled() -> Database {
    let database = database(&["14"]).await;
    let mut feed = Feed::new(&database).await;
    let first = at("2025-03-01 00:00");
    let next = at("2025-04-01 00:00");
    for occurred in [first - 1, first, at("2025-03-15 12:00"), next - 1, next] {
        let finding = Some("unit-unknown").filter(|_| occurred == first);
        let about = About { finding, ..about(ADT, ANNA, occurred) };
        feed.encounter("A02", "V1", Some(["A", "1", "2"]), about).await;
        feed.encounter("A03", "V2", None, about).await;
        feed.person(Some(1950), Sex::Female, None, about).await;
        let nobody = About { subject: None, ..about };
        feed.capacity((occurred != first).then_some(20), nobody).await;
        feed.status(BedState::Housekeeping, nobody).await;
    }
    for (system, recorded, kind) in [
        (PAR, 1, CorrectionKind::New),
        (PAR, 3, CorrectionKind::Update),
        (PAR, 2, CorrectionKind::Update),
        (KPP, 9, CorrectionKind::Cancel),
    ] {
        let stated = About { recorded: Some(next + recorded * HOUR), kind, ..about(system, ANNA, next - HOUR) };
        feed.wait("K1", "2025-03", stated).await;
        feed.clinical("K1", None, stated).await;
        feed.cost("K1", Some(1_234_567), CareForm::Inpatient, stated).await;
    }
    feed.wait("K2", "2025-04", about(PAR, ANNA, next)).await;
    database
}

/// What the store says of a subject's period, in its own words.
fn condition(subject: &str, period: &str) -> String {
    match subject {
        "wait" | "clinical" | "cost" => format!("period = '{period}'"),
        _ => format!("to_char(occurred_at AT TIME ZONE 'Europe/Stockholm', 'YYYY-MM') = '{period}'"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_subject_loads_and_has_what_the_store_has() {
    let mut listed = SUBJECTS.map(|(subject, _)| subject).to_vec();
    let mut declared = Subject::ALL.map(Subject::name).to_vec();
    listed.sort_unstable();
    declared.sort_unstable();
    assert_eq!(listed, declared);
    let database = filled().await;
    let desk = Desk::new(&database);
    for (subject, period) in SUBJECTS {
        let said = run(&desk, &format!("columnar-{subject}"), period);
        let personal = !subject.starts_with("bed-");
        assert_eq!(said.contains(&format!("{subject}.parquet.age: ")), personal, "{said}");
        let opened = open(&desk, &format!("parcels/columnar-{subject}_14_{period}_v1"));
        let columns = "count(*), count(DISTINCT event_id), count(DISTINCT origin_offset), count(subject_token)";
        let sql = format!(
            "SELECT {columns}, (extract(epoch FROM max(occurred_at)) * 1000000)::int8, \
             string_agg(event_id::text, ' '), string_agg((extract(epoch FROM occurred_at) * 1000000)::int8::text, ' ' ORDER BY occurred_at), \
             string_agg(origin_offset::text, ' ') FROM events WHERE region = '14' AND subject = '{subject}' AND {}",
            condition(subject, period)
        );
        let found = query(
            opened.path(),
            &format!(
                "SELECT {columns}, epoch_us(max(occurred_at)), string_agg(event_id, ' '), \
                 string_agg(epoch_us(occurred_at)::VARCHAR, ' ' ORDER BY file_row_number), \
                 string_agg(origin_offset::VARCHAR, ' ') FROM read_parquet('{subject}.parquet', file_row_number = true)"
            ),
        );
        // The store's ids and offsets, as the recipient has them, in any order.
        let sorted = |text: &Option<String>, made: &dyn Fn(&str) -> String| {
            let mut words: Vec<String> = text.as_deref().unwrap_or_default().split(' ').map(made).collect();
            words.sort_unstable();
            Some(words.join(" "))
        };
        let analysis = pseudonyms("analysis", "columnar");
        let mut stored = store_row(&database.superuser, &sql).await;
        stored[5] = sorted(&stored[5], &|id| analysis.event(id));
        stored[7] = sorted(&stored[7], &|offset| analysis.place(offset.parse().unwrap()).to_string());
        let mut found = texts(&found[0]);
        for at in [5, 7] {
            found[at] = sorted(&found[at], &str::to_owned);
        }
        assert_eq!(found, stored, "{subject}");
        let compression =
            query(opened.path(), &format!("SELECT DISTINCT compression FROM parquet_metadata('{subject}.parquet')"));
        assert_eq!(texts(&compression[0]), [Some("ZSTD".to_owned())], "{subject}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_keep_their_types_lists_and_absences() {
    let database = filled().await;
    let desk = Desk::new(&database);
    let check = |subject: &str, period: &str, sql: &str, expected: serde_json::Value| {
        run(&desk, &format!("columnar-{subject}"), period);
        let opened = open(&desk, &format!("parcels/columnar-{subject}_14_{period}_v1"));
        let found = query(opened.path(), sql);
        assert_eq!(serde_json::Value::from(found), expected, "{sql}");
    };
    // Nobody has said that this extension's values may leave as they are.
    let shift = pseudonyms("analysis", "columnar").number("natt");
    check(
        "encounter",
        "2025-03",
        "SELECT trigger, place_unit, place_bed, prior_place_unit, len(quality), quality[1].rule, extensions['shift'], \
         len(subject_aliases), correction_kind, protected_identity, in_force, octet_length(content_hash), occurred_at \
         FROM 'encounter.parquet' WHERE occurred_at = '2025-02-28 23:00:00+00' ORDER BY trigger",
        serde_json::json!([
            ["A02", "A", "2", null, 1, "unit-unknown", shift, 0, "NEW", false, null, 32, "2025-02-28 23:00:00+00:00"],
            ["A03", null, null, null, 1, "unit-unknown", shift, 0, "NEW", false, null, 32, "2025-02-28 23:00:00+00:00"]
        ]),
    );
    check(
        "bed-capacity",
        "2025-03",
        "SELECT faststallda, disponibla, stangda, subject_token FROM 'bed-capacity.parquet' ORDER BY occurred_at",
        serde_json::json!([[24, null, null, null], [24, 20, null, null], [24, 20, null, null]]),
    );
    check(
        "clinical",
        "2025-03",
        "SELECT source_system, epoch_us(recorded_at) - epoch_us('2025-04-01 00:00:00+02'::timestamptz), in_force, \
         [code.code FOR code IN codes], codes[1].verbatim, codes[2].belongs_to, codes[3].performed_on IS NULL, \
         verbatim['kon'] FROM 'clinical.parquet' ORDER BY recorded_at",
        {
            let codes = serde_json::json!(["S7200", "W0109", "NFJ59", "J01CF02"]);
            let row = |system: &str, hours: i64, in_force: bool| {
                serde_json::json!([system, hours * HOUR, in_force, codes, "S72.00", 0, false, "K"])
            };
            serde_json::json!([row(PAR, 1, false), row(PAR, 2, false), row(PAR, 3, true), row(KPP, 9, false)])
        },
    );
    check(
        "cost",
        "2025",
        "SELECT total_ore, map_keys(components_ore), components_ore['operation'], drg_weight \
         FROM 'cost.parquet' WHERE in_force",
        serde_json::json!([[1_234_567, ["operation", "vardavdelning"], 1_229_467, "1.873"]]),
    );
    check(
        "wait",
        "2025-03",
        "SELECT count(*), count(*) FILTER (in_force), count(decided_at) FROM 'wait.parquet'",
        serde_json::json!([[4, 1, 0]]),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_events_are_the_same_bytes_also_after_kills_and_later_events() {
    let database = filled().await;
    let desk = Desk::new(&database);
    let v1 = "parcels/columnar-encounter_14_2025-03_v1";
    let command = arguments("columnar-encounter", "2025-03");
    for point in ["folder-begun", "files-written", "manifest-written"] {
        kill_at(&desk, point, &command);
        assert!(!desk.path(v1).exists(), "{point}");
    }
    desk.done(&command);
    desk.done(&["verify", v1, "--identity", "identity.txt"]);
    assert!(desk.done(&command).starts_with("unchanged"));

    Feed::new(&database).await.encounter("A08", "V1", None, about(ADT, ANNA, at("2025-03-20 10:00"))).await;
    let again = ["run", "--region", "14", "--period", "2025-03", "--extract", "columnar-encounter", "--out", "calm"];
    desk.done(&[&again[..], &["--as-of", v1]].concat());
    let calm = "calm/columnar-encounter_14_2025-03_v1";
    assert_eq!(repeatable(&desk.path(calm)), repeatable(&desk.path(v1)));
    let bytes = |parcel| std::fs::read(open(&desk, parcel).path().join("encounter.parquet")).unwrap();
    assert!(bytes(calm) == bytes(v1), "the opened files are the same bytes");

    let next = desk.done(&command);
    assert!(next.contains("columnar-encounter_14_2025-03_v2"), "{next}");
    assert!(bytes("parcels/columnar-encounter_14_2025-03_v2") != bytes(v1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_without_events_is_not_made() {
    let database = filled().await;
    let desk = Desk::new(&database);
    desk.refused(
        &arguments("columnar-bed-status", "2024-03"),
        1,
        "the store has no statement of region 14 for 2024-03",
    );
    desk.refused(&arguments("columnar-cost", "2025-03"), 2, "covers a year");
    desk.refused(&arguments("omop", "2023"), 1, "the store has no statement of region 14 for 2023");
}
