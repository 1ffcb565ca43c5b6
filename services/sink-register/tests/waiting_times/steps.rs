//! The figures by step of the care guarantee: each published rule by example, and all of them beside a second calculation
//! in Python (`steps.py`), cell by cell, over random months.

use std::{collections::BTreeMap, io::Write, path::Path, process::Command, process::Stdio};

use schemas::{Deviation, Wait};

use super::{
    Settings, at, check_line, completed, oracle, random, settings, statement, table, text, waiting, waiting_times,
    waiting_times_of,
};

/// Rows of the largest month that the second calculation is asked for, instead of the usual 5,000.
const ROWS: &str = "ORACLE_ROWS";

#[test]
#[expect(clippy::print_stdout, reason = "what a run of more rows has compared")]
fn a_second_calculation_gives_the_same_figures() {
    let most = std::env::var(ROWS).map_or(5_000, |rows| rows.parse().expect("ORACLE_ROWS is a number"));
    let sizes = [(1, 1), (2, 9), (3, 60), (4, 500), (5, most)];
    for ((seed, count), limit) in sizes.into_iter().flat_map(|size| [(size, 1), (size, 20)]) {
        let ids = random::contact_ids(count);
        let statements = random::month(seed, &ids);
        let output = waiting_times_of(Settings { hide_below: limit, ..settings() }, &statements);
        let theirs = calculated(&statements, limit);
        let mut cells = 0;
        for name in ["waits_by_step.csv", "waits_by_dimension.csv"] {
            let (ours, theirs) = (table(&output, name), read(&theirs[name]));
            assert_eq!(ours.len(), theirs.len(), "seed {seed}, {name}");
            for (our, their) in ours.iter().zip(&theirs) {
                assert_eq!(our, their, "seed {seed}, {name}");
                cells += our.len();
            }
        }
        let mut sum = 0;
        for line in read(&theirs["reasons"]) {
            let count: i64 = line["statements"].parse().unwrap();
            assert_eq!(output.totals[&line["reason"]], count, "seed {seed}, {}", line["reason"]);
            sum += count;
        }
        assert_eq!(output.totals["statements"], sum, "seed {seed}: each statement has one fate");
        println!("seed {seed}, limit {limit}: {count} rows, {cells} cells compared");
        assert!(count < 500 || cells > 1_500, "{count} rows: only {cells} cells are compared");
        if count >= 5_000 && limit == 1 {
            // Four hospitals, one of them without a code; two steps, waiting and completed.
            assert_eq!(table(&output, "waits_by_step.csv").len(), 16);
        }
    }
}

fn read(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn calculated(statements: &[Wait<'_>], limit: u32) -> BTreeMap<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/waiting_times/steps.py");
    let mut child = Command::new("python3")
        .arg(script)
        .args(["2026-02", &limit.to_string()])
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    // The script reads everything before it writes, so the pipe cannot fill from both ends.
    child.stdin.take().unwrap().write_all(&oracle::serialised(statements)).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Cells of the one line of a status and step of the usual hospital.
fn check(statements: &[Wait<'_>], status: &str, step: &str, cells: &[(&str, &str)]) {
    let keys = [("hospital_code", "501010"), ("status", status), ("step", step)];
    check_line(&waiting_times(statements), "waits_by_step.csv", &keys, cells);
}

#[test]
fn the_file_is_as_agreed() {
    let visit = Wait { phase: Some("1"), referral_at: Some(at("2025-11-30 10:00")), ..waiting("W1", 20) };
    let expected = "status;hospital_code;hospital_name;step;contacts;patient_chosen;medically_caused;without_referral;\
                    guarantee_denominator;within_90_days;share_percent;median_wait;\
                    days_0_30;days_31_60;days_61_90;days_91_120;days_121_180;days_over_180;reason\n\
                    waiting;501010;Sahlgrenska;first_visit;1;0;0;0;1;1;100.0;;0;0;1;0;0;0;\n\
                    waiting;501010;Sahlgrenska;treatment;1;0;0;0;1;0;0.0;;0;0;0;1;0;0;\n\
                    completed;501010;Sahlgrenska;treatment;1;0;0;0;1;1;100.0;;0;1;0;0;0;0;\n";
    let all = [statement("W3"), waiting("W2", 91), visit];
    assert_eq!(text(&waiting_times(&all), "waits_by_step.csv"), expected);
}

#[test]
fn a_visits_clock_starts_at_the_referral_and_a_treatments_at_the_decision() {
    let referral_at = Some(at("2026-01-10 10:00"));
    let both = |phase| Wait { phase: Some(phase), referral_at, ..completed("W1", 10) };
    let twenty = |wait: &dyn Fn() -> Wait<'static>| -> Vec<Wait<'static>> { (0..20).map(|_| wait()).collect() };
    let visits = twenty(&|| both("1"));
    check(&visits, "completed", "first_visit", &[("median_wait", "30"), ("without_referral", "0")]);
    let treatments = twenty(&|| both("2"));
    check(&treatments, "completed", "treatment", &[("median_wait", "10"), ("without_referral", "0")]);
    // Of fewer it would be somebody's own.
    check(&visits[..19], "completed", "first_visit", &[("contacts", "19"), ("median_wait", "")]);
    // Without a dated referral it is the stated decision, and that is counted.
    let sought = twenty(&|| Wait { referral_at: None, ..both("1") });
    check(&sought, "completed", "first_visit", &[("median_wait", "10"), ("without_referral", "20")]);
    let output = waiting_times(&[Wait { referral_at: None, ..both("1") }, both("1")]);
    assert_eq!(output.totals["first_visit_without_referral"], 1);
    // A visit needs no decision, a treatment does.
    let undecided = twenty(&|| Wait { decided_at: None, ..both("1") });
    check(&undecided, "completed", "first_visit", &[("median_wait", "30")]);
    let output = waiting_times(&[Wait { decided_at: None, ..both("2") }]);
    assert_eq!(output.totals["completed_without_times"], 1);
}

#[test]
fn a_wait_that_the_patient_chose_is_in_no_median_interval_or_share() {
    let with = |deviation, days| Wait { deviation, ..waiting("W1", days) };
    let all = [with(None, 10), with(Some(Deviation::Pvv), 200), with(Some(Deviation::Mov), 100), with(None, 20)];
    let counts =
        [("contacts", "3"), ("patient_chosen", "1"), ("medically_caused", "1"), ("guarantee_denominator", "2")];
    check(&all, "waiting", "treatment", &counts);
    let seven: Vec<Wait<'_>> = (0..7)
        .flat_map(|_| {
            [with(None, 10), with(Some(Deviation::Pvv), 200), with(Some(Deviation::Mov), 100), with(None, 20)]
        })
        .collect();
    check(&seven, "waiting", "treatment", &[("median_wait", "20"), ("days_over_180", "0"), ("days_91_120", "7")]);
    let totals = waiting_times(&all).totals;
    assert_eq!((totals["waiting"], totals["patient_chosen"], totals["statements"]), (3, 1, 4));
    // Once it has ended, a medically caused wait is in the denominator.
    let ended = [Wait { deviation: Some(Deviation::Mov), ..completed("W1", 100) }];
    check(&ended, "completed", "treatment", &[("guarantee_denominator", "1"), ("within_90_days", "0")]);
    // Who is alone is counted all the same.
    let alone = [with(Some(Deviation::Pvv), 5)];
    check(&alone, "waiting", "treatment", &[("contacts", "0"), ("patient_chosen", "1"), ("median_wait", "")]);
}

#[test]
fn phases_that_are_no_step_are_set_aside_with_a_count() {
    let of = |phase| Wait { phase, ..statement("W1") };
    let all = [Some("1"), Some("2"), Some("3"), Some("4"), Some("5"), Some("6"), Some(""), None].map(of);
    let output = waiting_times(&all);
    let totals = &output.totals;
    assert_eq!((totals["completed"], totals["phase_other"], totals["phase_unknown"]), (2, 3, 3));
    let quality = text(&output, "quality.csv");
    assert!(quality.contains("phase_other;3\n") && quality.contains("phase_unknown;3\n"), "{quality}");
    assert_eq!(totals["statements"], 8);
}

#[test]
fn an_empty_month_has_every_file_and_every_total() {
    let output = waiting_times(&[]);
    let names: Vec<_> = output.files.iter().map(|file| (file.name.as_str(), file.rows, file.personal)).collect();
    let expected = [
        ("waits_by_step.csv", 0, false),
        ("waits_by_dimension.csv", 0, false),
        ("quality.csv", 10, false),
        ("riv_ta_completed.xml", 0, true),
        ("riv_ta_waiting.xml", 0, true),
    ];
    assert_eq!(names, expected);
    assert_eq!(output.totals.len(), 20);
    assert!(output.totals.values().all(|number| *number == 0), "{:?}", output.totals);
}
