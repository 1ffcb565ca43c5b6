//! Rows of contacts with their codes (PAR): what real rubbish becomes, code lists of a region's own, changes, and privacy.

use std::path::Path;
use std::sync::Arc;

use identity::Key;
use identity::test_identity;
use processor::mapping::Program;
use processor::pipeline::{Outcome, Pipeline, Settings};
use schemas::{Format, SourceRecord};
use serde_json::{Value, json};

use crate::support::{self, Kept};

/// Rules that tests of this file show.
pub(crate) const SHOWN: [&str; 12] = [
    "clinical-period-missing",
    "clinical-subject-missing",
    "code-discontinued",
    "code-heading",
    "code-misplaced",
    "code-not-kept",
    "code-owner-unknown",
    "code-placeholder",
    "code-shape-unknown",
    "codes-too-many",
    "procedure-date-missing",
    "side-unclear",
];

fn shipped() -> Program {
    Program::load(Path::new("par")).expect("shipped")
}

fn pipeline(program: Program) -> Pipeline {
    Pipeline::new(Settings {
        region: "14".into(),
        key: Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("a key"),
        key_id: "v1".into(),
        directory: processor::directory::Directory::default(),
        programs: vec![program],
        interim: false,
    })
    .expect("a pipeline")
}

fn process(pipeline: &mut Pipeline, format: Format, payload: &str) -> (Outcome, Kept) {
    let source = SourceRecord { feed: "par", ..support::source(format, payload.as_bytes()) };
    let mut kept = Kept::default();
    let outcome = pipeline.process(&source, support::ORIGIN, &mut kept);
    (outcome, kept)
}

/// A payload of these columns and cells.
fn payload(cells: &[(&str, &str)]) -> String {
    let names: Vec<&str> = cells.iter().map(|(name, _)| *name).collect();
    let row: Vec<&str> = cells.iter().map(|(_, cell)| *cell).collect();
    format!("{}\n{}", names.join(";"), row.join(";"))
}

/// A good row, with these cells besides.
fn row(more: &[(&str, &str)]) -> String {
    let good = [
        ("vardkontakt_id", "PAR-1"),
        ("personnummer", "19800101-2387"),
        ("INDATUM", "2026-02-02"),
        ("UTDATUM", "2026-02-09"),
        ("SJUKHUS", "501010"),
    ];
    let kept = good.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    payload(&kept.chain(more).copied().collect::<Vec<_>>())
}

fn event(pipeline: &mut Pipeline, payload: &str) -> Value {
    let (outcome, mut kept) = process(pipeline, Format::Delimited, payload);
    assert!(matches!(outcome, Outcome::Mapped(1)), "{outcome:?}: {payload}");
    kept.events.remove(0)
}

/// Findings as `rule field`.
fn findings(event: &Value) -> Vec<String> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let quality = event["envelope"]["quality"].as_array().expect("a list");
    quality.iter().map(|finding| format!("{} {}", text(finding, "rule"), text(finding, "field"))).collect()
}

/// Codes as `role system code`.
fn codes(event: &Value) -> Vec<String> {
    let text = |code: &Value, key: &str| code[key].as_str().unwrap_or_default().to_owned();
    let list = event["codes"].as_array().expect("a list");
    list.iter().map(|code| format!("{} {} {}", text(code, "role"), text(code, "system"), text(code, "code"))).collect()
}

#[test]
fn an_operated_hip_is_one_statement_with_all_its_fields() {
    let payload = row(&[
        ("KON", "2"),
        ("FODELSEAR", "1941"),
        ("LKF", "148001"),
        ("INDATUM", "2026-02-02"),
        ("INTID", "2130"),
        ("UTDATUM", "2026-02-09"),
        ("SJUKHUSNAMN", "Sahlgrenska"),
        ("MVO", "311"),
        ("KLINIK", "311-2"),
        ("INSATT", "3"),
        ("UTSATT", "2"),
        ("PVARD", "2"),
        ("HDIA", "S72.00"),
        ("DIA1", "i10.9"),
        ("EKOD1", "W01.09"),
        ("OP", "NFJ59 DR029"),
        ("OPD1", "2026-02-03T08:15"),
        ("OPD2", "2026-02-03"),
        ("LM", "J01CF02:NFJ59"),
        ("SIDA", "V"),
        ("DRG", "H14N"),
        ("SLUTRAPPORTERAD", "JA"),
        ("VARDTILLFALLE", "4711001"),
        ("RAPPORTTID", "2026-03-01T02:00:00"),
    ]);
    insta::assert_json_snapshot!("par-in-full", event(&mut pipeline(shipped()), &payload));
}

#[test]
fn rubbish_is_a_finding_and_never_a_lost_row() {
    let mut pipeline = pipeline(shipped());
    let mut check = |cells: &[(&str, &str)], expected: &[&str], found: &[&str]| {
        let event = event(&mut pipeline, &row(cells));
        assert_eq!(codes(&event), expected, "{cells:?}");
        assert_eq!(findings(&event), found, "{cells:?}");
        event
    };
    check(&[("HDIA", "J01DA64")], &["MAIN_DIAGNOSIS ATC J01DA64"], &["code-misplaced HDIA"]);
    check(&[("EKOD3", "v03af")], &["EXTERNAL_CAUSE ATC V03AF"], &["code-misplaced EKOD3"]);
    check(&[("DIA30", "NFJ59")], &["OTHER_DIAGNOSIS KVA NFJ59"], &["code-misplaced DIA30"]);
    check(&[("OP", "-1")], &[], &["code-placeholder OP"]);
    check(&[("OP", "0000")], &[], &["code-placeholder OP"]);
    check(&[("OP", "NFJ59")], &["PROCEDURE KVA NFJ59"], &["procedure-date-missing OP"]);
    check(&[("OP", "NF000"), ("OPD1", "20260203")], &["PROCEDURE KVA NF000"], &["code-heading OP"]);
    check(&[("LM", "J01CF02:NFJ59")], &["DRUG ATC J01CF02"], &["code-owner-unknown LM"]);
    check(
        &[
            ("OP", "NFJ59 NFB49 CJE20"),
            ("OPD1", "20260203"),
            ("OPD2", "20260203"),
            ("OPD3", "20260203"),
            ("SIDA", "H V"),
        ],
        &["PROCEDURE KVA NFJ59", "PROCEDURE KVA NFB49", "PROCEDURE KVA CJE20"],
        &["side-unclear SIDA"],
    );
    let odd = check(&[("DIA1", "?12.4x")], &["OTHER_DIAGNOSIS OTHER ?124X"], &["code-shape-unknown DIA1"]);
    assert_eq!(odd["codes"][0]["verbatim"], "?12.4x");
    for name in ["höftfraktur vänster", "1980-01-01", "Andersson"] {
        let event = event(&mut pipeline, &row(&[("DIA2", name)]));
        assert_eq!(findings(&event), ["code-not-kept DIA2"]);
        assert!(event["codes"][0]["code"].as_str().is_some_and(|code| code.starts_with("x.")), "{event}");
        assert!(!event.to_string().contains(name));
    }
    let many = "NFJ59 ".repeat(300);
    let event = event(&mut pipeline, &row(&[("OP", &many)]));
    assert_eq!(codes(&event).len(), 256);
    assert_eq!(findings(&event), ["procedure-date-missing OP", "codes-too-many OP"]);
}

#[test]
fn a_row_is_refused_only_without_contact_or_time() {
    let mut pipeline = pipeline(shipped());
    let mut refused = |cells: &[(&str, &str)]| {
        let (outcome, kept) = process(&mut pipeline, Format::Delimited, &payload(cells));
        assert!(matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
        (kept.parked[0]["rule"].as_str().unwrap_or_default().to_owned(), kept.parked[0]["field"].clone())
    };
    assert_eq!(refused(&[("vardkontakt_id", ""), ("INDATUM", "2026-02-02")]).0, "field-missing");
    assert_eq!(
        refused(&[("vardkontakt_id", "A"), ("HDIA", "S720")]),
        ("clinical-period-missing".to_owned(), json!("UTDATUM"))
    );
    let nobody = event(&mut pipeline, &row(&[("personnummer", ""), ("HDIA", "S720")]));
    assert_eq!(findings(&nobody), ["clinical-subject-missing personnummer"]);
    assert!(nobody["envelope"]["subject_token"].is_null());
}

#[test]
fn times_of_which_only_the_day_is_known_say_so() {
    let mut pipeline = pipeline(shipped());
    let event = event(
        &mut pipeline,
        &row(&[("INTID", "0715"), ("OP", "NFJ59 NFB49"), ("OPD1", "2026-02-03"), ("OPD2", "2026-02-03 14:00")]),
    );
    assert_eq!((event["started_is_date"].as_bool(), event["ended_is_date"].as_bool()), (Some(false), Some(true)));
    assert_eq!(event["started_at"], 1_770_012_900_000_000_i64);
    let dates: Vec<_> = (0..2).map(|at| event["codes"][at]["performed_is_date"].as_bool()).collect();
    assert_eq!(dates, [Some(true), Some(false)]);
}

#[test]
fn the_same_row_twice_says_the_same_of_the_same_statement() {
    let payload = row(&[("HDIA", "S7200"), ("OP", "NFJ59"), ("OPD1", "20260203")]);
    let (one, other) = (event(&mut pipeline(shipped()), &payload), event(&mut pipeline(shipped()), &payload));
    assert_eq!(one, other);
    assert_eq!(one["period"], "2026-02");
}

#[test]
fn a_complete_list_of_the_region_makes_codes_unknown_or_discontinued() {
    let lists = support::complete_code_lists();
    let mut pipeline = pipeline(shipped().with_code_lists(Arc::new(lists)));
    let event = event(
        &mut pipeline,
        &row(&[
            ("HDIA", "S7200"),
            ("DIA1", "I489"),
            ("DIA2", "S7201"),
            ("OP", "NFJ59 NFJ59"),
            ("OPD1", "20260203"),
            ("OPD2", "20260204"),
        ]),
    );
    assert_eq!(findings(&event), ["code-discontinued DIA1", "code-unknown DIA2", "code-discontinued OP"]);
    assert_eq!(codes(&event).len(), 5, "a code that is not in the list is kept");
}

#[test]
fn a_change_of_the_table_is_the_same_statement_and_a_deletion_takes_it_back() {
    let row = json!({
        "vardkontakt_id": "PAR-å1", "personnummer": "198001012387", "indatum": "2026-02-02", "intid": 930, "utdatum": "2026-02-09",
        "hdia": "S7200", "op": "NFJ59", "opd1": "2026-02-03", "kon": 2, "pvard": 2, "slutrapporterad": true,
        "rapporttid": "2026-03-01T02:00:00", "dia1": null
    });
    let mut pipeline = pipeline(shipped());
    let mut change = |envelope: Value| {
        let (outcome, mut kept) = process(&mut pipeline, Format::Debezium, &envelope.to_string());
        match outcome {
            Outcome::Mapped(_) => Ok(kept.events.remove(0)),
            _ => Err(kept.parked[0]["rule"].as_str().unwrap_or_default().to_owned()),
        }
    };
    let source = json!({"ts_ms": 1_772_438_400_123_i64});
    let updated = change(json!({"before": null, "after": row, "op": "u", "source": source})).expect("an event");
    assert_eq!(updated["envelope"]["correction"]["kind"], "UPDATE");
    assert_eq!(updated["statement_id"], "PAR-å1");
    assert_eq!((updated["sex"].as_str(), updated["planned"].as_bool()), (Some("FEMALE"), Some(false)));
    // The commit is later than what the row says of itself, and a deleted row says nothing of its deletion.
    assert_eq!(updated["envelope"]["recorded_at"], 1_772_438_400_123_000_i64);
    let deleted =
        change(json!({"before": row, "after": null, "op": "d", "replica_identity": "full"})).expect("an event");
    assert_eq!(deleted["envelope"]["correction"]["kind"], "CANCEL");
    assert_eq!(
        (deleted["envelope"]["event_type"].as_str(), deleted["period"].as_str()),
        (Some("clinical.withdrawn"), Some("2026-02"))
    );
    assert_eq!(deleted["envelope"]["subject_token"], updated["envelope"]["subject_token"]);
    let key_only = json!({"before": {"vardkontakt_id": "PAR-å1"}, "after": null, "op": "d", "replica_identity": "key"});
    let key_only = change(key_only);
    assert_eq!(key_only, Err("delete-incomplete".to_owned()));
}

/// Identities in every column, alone and among other text, in every notation.
#[cfg(not(feature = "leak-test"))]
#[test]
fn no_identity_in_any_column_gets_through() {
    let columns: Vec<&str> = shipped().columns().collect();
    let mut pipeline = pipeline(shipped());
    let mut number = 0;
    for column in &columns {
        for way in 0..7 {
            number += 1;
            let canary = test_identity::number(number);
            let ten = canary.ten_digits();
            let short = format!("{}-{}", &ten[..6], &ten[6..]);
            let text = match way {
                0 => canary.as_str().to_owned(),
                1 => canary.hyphenated(),
                2 => ten.to_owned(),
                3 => short.clone(),
                4 => format!("NFJ59 {} J01CF02:{}", canary.as_str(), canary.hyphenated()),
                5 => format!("{}:{short}", &canary.hyphenated()),
                _ => format!("S72.00 ({})", canary.hyphenated()),
            };
            let good = |name: &str| match name {
                "vardkontakt_id" => "A",
                "INDATUM" => "2026-02-02",
                "OP" => "NFJ59",
                _ => "",
            };
            let cells: Vec<&str> =
                columns.iter().map(|name| if name == column { text.as_str() } else { good(name) }).collect();
            let payload = format!("{}\n{}", columns.join(";"), cells.join(";"));
            let (_, kept) = process(&mut pipeline, Format::Delimited, &payload);
            let all = format!("{:?}{:?}", kept.events, kept.parked);
            for form in [canary.as_str(), &canary.hyphenated(), ten, &short] {
                assert!(!all.contains(form), "{column}, way {way}: it is passed on");
            }
            assert!(!kept.events.is_empty() || !kept.parked.is_empty());
        }
    }
}

/// A number of the source's own has no shape to be found by; the row that carries it as its identifier says what it is.
#[cfg(not(feature = "leak-test"))]
#[test]
fn the_rows_own_identifier_is_found_in_every_other_column() {
    let columns: Vec<&str> = shipped().columns().filter(|name| *name != "personnummer").collect();
    let mut pipeline = pipeline(shipped());
    for column in columns {
        for text in ["KORT-77", "NFJ59 KORT-77 DR029", "J01CF02:NFJ59 kort77"] {
            if text.len() > 7 && !["OP", "LM"].contains(&column) {
                continue;
            }
            let (_, kept) =
                process(&mut pipeline, Format::Delimited, &row(&[("personnummer", "KORT-77"), (column, text)]));
            let all = format!("{:?}{:?}", kept.events, kept.parked).to_uppercase();
            assert!(!all.contains("KORT-77") && !all.contains("KORT77"), "{column}: it is passed on");
        }
    }
}

/// A package with one thing wrong in its codes, and what the error must name.
#[test]
fn a_mistake_in_a_code_points_at_file_line_and_key() {
    let check = |from: &str, to: &str, expected: &str| {
        let text = include_str!("../packages/par.toml").replacen(from, to, 1);
        let error = Program::compile("p.toml", &text).expect_err(to).to_string();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
        let line: usize = error.split(':').nth(1).expect("a line").parse().expect("a number");
        let mistake = text[..text.find(to).expect("the mistake is in the text")].lines().count().max(1);
        assert!(line.abs_diff(mistake) <= 12, "{error:?} points at line {line}, the mistake is about line {mistake}");
    };
    check("role = \"EXTERNAL_CAUSE\"", "role = \"CAUSE\"", "code.role: no such role; use one of MAIN_DIAGNOSIS");
    check("system = \"KVA\"", "system = \"KVÅ\"", "code PROCEDURE.system: no such system; use one of ICD_10_SE, KVA");
    check("columns = \"DIA{1..30}\"", "columns = \"DIA{30..1}\"", "code OTHER_DIAGNOSIS.columns: write a pattern");
    check("columns = \"DIA{1..30}\"", "colums = \"DIA{1..30}\"", "unknown field `colums`");
    check("column = \"HDIA\"", "also = [\"HDIA\"]", "code MAIN_DIAGNOSIS: say where the codes are");
    check("V = \"LEFT\"", "V = \"VANSTER\"", "code PROCEDURE.sides.V");
    check("side = \"SIDA\"\n", "# no column\n", "code PROCEDURE.sides: sides say");
    check("separator = \" \"\nnothing", "separator = \"\"\nnothing", "code PROCEDURE.separator");
    check("roles = [\"PROCEDURE\"]", "roles = [\"OP\"]", "code DRUG.belongs_to: no such role");
    check("named_after = \":\"", "named_after = \"\"", "code DRUG.belongs_to: named_after is a sign");
    check("clock = \"INTID\"", "klocka = \"INTID\"", "unknown field `klocka`");
    let codeless = include_str!("../packages/par.toml").split("[[code]]").next().expect("a beginning").to_owned();
    let error = Program::compile("p.toml", &codeless).expect_err("no code").to_string();
    assert!(error.contains("needs codes; add [[code]]"), "{error}");
    let code = "[[code]]\nrole = \"PROCEDURE\"\nsystem = \"KVA\"\ncolumn = \"op\"\n";
    let wait = format!("{}\n{code}", include_str!("../packages/waiting-times.toml"));
    let error = Program::compile("p.toml", &wait).expect_err("no codes in waits").to_string();
    assert!(error.contains("code: only the subject clinical has codes"), "{error}");
}
