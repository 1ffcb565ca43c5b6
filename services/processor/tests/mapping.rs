//! Mapping packages: the shipped ones hold, mistakes point at their place, and rows become what the package says.

use std::path::Path;

use identity::Key;
use processor::mapping::{self, Program, try_examples};
use processor::pipeline::{Outcome, Pipeline, Settings};
use processor::rules::{Effect, Rule};
use schemas::{FileFault, Format, SourceRecord};

use crate::support::{self, Kept};

fn shipped(name: &str) -> Program {
    Program::load(Path::new(name)).expect("a shipped package")
}

fn pipeline(program: Program) -> Pipeline {
    let key = Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("a key");
    Pipeline::new(Settings {
        region: "14".into(),
        key,
        key_id: "v1".into(),
        directory: processor::directory::Directory::default(),
        programs: vec![program],
        interim: false,
    })
    .expect("a pipeline")
}

/// What a payload of the waiting-time feed becomes.
fn wait(pipeline: &mut Pipeline, payload: &str) -> (Outcome, Kept) {
    let source = SourceRecord { feed: "waiting-times", ..support::source(Format::Delimited, payload.as_bytes()) };
    let mut kept = Kept::default();
    let outcome = pipeline.process(&source, support::ORIGIN, &mut kept);
    (outcome, kept)
}

/// The code by which a payload is parked, and the field that the parked record names.
fn rejected(payload: &str) -> (String, String) {
    let (outcome, kept) = wait(&mut pipeline(shipped("waiting-times")), payload);
    assert!(matches!(outcome, Outcome::Rejected(_)), "{payload}");
    let text = |key: &str| kept.parked[0][key].as_str().unwrap_or_default().to_owned();
    (text("rule"), text("field"))
}

const HEADER: &str = "vardkontakt_id;status;matperiod;beslut_datum;start_datum;vardgaranti;kon;sjukhuskod";

#[test]
fn a_wait_is_its_persons_and_of_a_protected_one_nothing_says_where_the_person_lives() {
    let mut pipeline = pipeline(shipped("waiting-times"));
    let mut event = |payload: &str| {
        let (outcome, mut kept) = wait(&mut pipeline, payload);
        assert!(matches!(outcome, Outcome::Mapped(1)), "{payload}");
        kept.events.remove(0)
    };
    let header = "vardkontakt_id;status;matperiod;beslut_datum;personnummer;skyddad;lkf;hsaid_listning";
    let row = |person: &str, protected: &str| {
        format!("{header}\nA;VANTANDE;2026-01;2026-01-05;{person};{protected};1480;SE2321000131-E000000000005")
    };
    let open = event(&row("800101-2387", "N"));
    let envelope = &open["envelope"];
    assert!(envelope["subject_token"].as_str().expect("a pseudonym").starts_with("r14.v1."));
    assert_eq!((envelope["key_id"].as_str(), envelope["protected_identity"].as_bool()), (Some("v1"), Some(false)));
    assert_eq!((open["birth_year"].as_i64(), open["sex"].as_str()), (Some(1980), Some("FEMALE")));
    assert_eq!((open["lkf"].as_str(), open["listing_hsa_id"].is_null()), (Some("1480"), false));
    assert!(!open.to_string().contains("2387"));

    for (person, is_somebody) in [("19800101-2387", true), ("", false)] {
        let protected = event(&row(person, "J"));
        let envelope = &protected["envelope"];
        assert_eq!(envelope["subject_token"] == open["envelope"]["subject_token"], is_somebody);
        assert_eq!(envelope["protected_identity"].as_bool(), Some(true));
        assert!(protected["lkf"].is_null() && protected["listing_hsa_id"].is_null(), "{protected}");
    }
    // The pilots' file has neither column: its waits belong to nobody, and that is no finding.
    let pilots = event(&format!("{HEADER}\nA;VANTANDE;2026-01;2026-01-05;;JA;2;501010"));
    assert!(
        pilots["envelope"]["subject_token"].is_null()
            && pilots["envelope"]["quality"].as_array().is_some_and(Vec::is_empty)
    );
}

#[test]
fn the_examples_of_every_shipped_package_hold() {
    for name in mapping::shipped() {
        let tried = try_examples(&mut shipped(name)).expect("tried");
        assert!(tried.len() >= 5, "{name} has {} examples", tried.len());
        for tried in tried {
            assert_eq!(tried.differences, [""; 0], "{name}: {}", tried.name);
        }
    }
}

#[test]
fn an_example_that_does_not_hold_is_seen() {
    let text = include_str!("../packages/waiting-times.toml").replace("sex = \"FEMALE\"", "sex = \"MALE\"");
    let tried = try_examples(&mut Program::compile("wrong", &text).expect("compiles")).expect("tried");
    let differ: Vec<_> = tried.iter().filter(|tried| !tried.differences.is_empty()).collect();
    assert_eq!(differ.len(), 2);
    assert!(differ[0].line > 100 && differ[0].differences[0].contains("sex is \"FEMALE\""), "{differ:?}");
}

#[test]
fn explain_shows_where_each_field_comes_from() {
    insta::assert_snapshot!("explain-waiting-times", mapping::explain(&shipped("waiting-times")));
    insta::assert_snapshot!("explain-par", mapping::explain(&shipped("par")));
    insta::assert_snapshot!("explain-ward-capacity", mapping::explain(&shipped("ward-capacity")));
}

/// A package with one thing wrong, and what the error must name.
#[track_caller]
fn check_mistake(from: &str, to: &str, expected: &[&str]) {
    let text = include_str!("../packages/waiting-times.toml").replacen(from, to, 1);
    let error = Program::compile("p.toml", &text).expect_err(to).to_string();
    for part in expected {
        assert!(error.contains(part), "{error:?} does not say {part:?}");
    }
    let line: usize = error.split(':').nth(1).expect("a line").parse().expect("a number");
    let at = text.find(to).expect("the mistake is in the text");
    let mistake = text[..at].lines().count().max(1);
    assert!(line.abs_diff(mistake) <= 2, "{error:?} points at line {line}, the mistake is about line {mistake}");
}

#[test]
fn a_mistake_points_at_file_line_and_key() {
    check_mistake(
        "subject = \"wait\"",
        "subject = \"waits\"",
        &["p.toml:", "package.subject", "use wait, cost, clinical"],
    );
    check_mistake("feed = \"waiting-times\"", "feed = \"Waiting Times\"", &["package.feed"]);
    check_mistake("[fields.kva]", "[fields.kvaa]", &["fields.kvaa", "no field"]);
    check_mistake("column = \"remiss_id\"", "colum = \"remiss_id\"", &["unknown field `colum`"]);
    check_mistake("M = \"MALE\"", "M = \"MAN\"", &["fields.sex.codes.M", "MALE, FEMALE"]);
    check_mistake("JA = true, J = true", "JA = true, J = \"ja\"", &["fields.guarantee.codes.J", "yes or no"]);
    check_mistake("severity = \"info\"", "severity = \"loud\"", &["rule.severity", "error"]);
    check_mistake("present = \"guarantee\"", "present = \"garanti\"", &["rule wait-guarantee-missing", "no field"]);
    check_mistake("code = \"wait-negative\"", "code = \"field-missing\"", &["the processor's own"]);
    for name in ["tekniska_platser", "source_table"] {
        let own = format!("[extensions]\n{name} = \"kva\"\n[fields.kva]");
        check_mistake("[fields.kva]", &own, &[&format!("extensions.{name}"), "another name"]);
    }
    check_mistake("row = { status", "row = { statusen", &["example \"without a contact id\"", "no column"]);
    let without = include_str!("../packages/waiting-times.toml").replace("[fields.contact_id]", "[fields.profession]");
    assert!(Program::compile("p.toml", &without).is_err(), "a table twice is no TOML");
}

#[test]
fn a_row_is_refused_by_rule_and_column() {
    let refused = |row: &str| rejected(&format!("{HEADER}\n{row}"));
    let pair = |code: &str, field: &str| (code.to_owned(), field.to_owned());
    assert_eq!(refused(";GENOMFORD;2026-02;;;JA;1;1"), pair("field-missing", "vardkontakt_id"));
    assert_eq!(refused("A;;2026-02;;;JA;1;1"), pair("field-missing", "status"));
    assert_eq!(refused("A;KLAR;2026-02;;;JA;1;1"), pair("field-invalid", "status"));
    assert_eq!(refused("A;VANTANDE;;2026-01-01;;JA;1;1"), pair("wait-period-missing", "matperiod"));
    assert_eq!(rejected("status;matperiod\nGENOMFORD;2026-02"), pair("column-missing", "vardkontakt_id"));
    assert_eq!(rejected(HEADER), pair("row-unreadable", ""));
    assert_eq!(refused("A;GENOMFORD"), pair("row-unreadable", ""));
}

#[test]
fn a_rule_of_the_package_refuses_with_its_own_code_and_remedy() {
    let strict = include_str!("../packages/waiting-times.toml").replacen(
        "severity = \"warning\"\npresent = \"decided_at\"",
        "severity = \"error\"\npresent = \"decided_at\"",
        1,
    );
    let mut pipeline = pipeline(Program::compile("strict", &strict).expect("compiles"));
    let (outcome, kept) = wait(&mut pipeline, &format!("{HEADER}\nA;GENOMFORD;2026-02;;2026-02-01;JA;1;1"));
    assert!(matches!(outcome, Outcome::Rejected(rejection) if rejection.rule == Rule::PackageRuleBroken));
    assert_eq!(
        (kept.parked[0]["rule"].as_str(), kept.parked[0]["field"].as_str()),
        (Some("wait-decision-missing"), Some("beslut_datum"))
    );
    assert!(kept.parked[0]["remedy"].as_str().is_some_and(|remedy| remedy.contains("beslut_datum")));
}

#[test]
fn a_completed_contact_without_period_counts_in_the_month_of_its_start() {
    // 23:30 UTC on the last of January is February in Sweden.
    let (_, kept) = wait(
        &mut pipeline(shipped("waiting-times")),
        &format!("{HEADER}\nA;GENOMFORD;;2026-01-01;2026-01-31T23:30:00Z;JA;1;1"),
    );
    assert_eq!(kept.events[0]["period"], "2026-02");
    assert_eq!(kept.events[0]["envelope"]["quality"][0]["rule"], "wait-period-derived");
}

#[test]
fn codes_that_were_mapped_are_kept_beside_the_mapped_ones() {
    let (_, kept) = wait(
        &mut pipeline(shipped("waiting-times")),
        &format!("{HEADER}\nA;GENOMFORD;2026-02;2026-01-01;2026-02-01;JA;Z;1"),
    );
    let event = &kept.events[0];
    assert_eq!((event["sex"].as_str(), event["guarantee"].as_bool()), (Some("UNKNOWN"), Some(true)));
    assert_eq!(event["verbatim"], serde_json::json!({"status": "GENOMFORD", "guarantee": "JA", "sex": "Z"}));
    assert_eq!(event["envelope"]["event_type"], "wait.completed");
}

#[test]
fn a_personal_number_in_any_cell_is_replaced() {
    let number = "19800101-2387";
    let columns: Vec<&str> = shipped("waiting-times").columns().collect();
    for column in &columns {
        let cells: Vec<&str> = columns
            .iter()
            .map(|name| match *name {
                name if name == *column => number,
                "vardkontakt_id" => "A",
                "status" => "GENOMFORD",
                "matperiod" => "2026-02",
                _ => "",
            })
            .collect();
        let payload = format!("{}\n{}", columns.join(";"), cells.join(";"));
        let (_, kept) = wait(&mut pipeline(shipped("waiting-times")), &payload);
        let all = format!("{:?}{:?}", kept.events, kept.parked);
        assert!(!all.contains("198001012387") && !all.contains(number), "{column}: it is passed on");
    }
}

#[test]
fn a_file_that_was_left_out_is_parked_with_its_line() {
    for fault in FileFault::ALL {
        let rule = Rule::of_code(fault.code()).expect("every fault has its rule");
        assert_eq!(rule.entry().effect, Effect::Parks);
        assert_eq!(rejected(&fault.payload(17)), (fault.code().to_owned(), "line 17".to_owned()));
    }
}

#[test]
fn a_feed_without_package_is_parked() {
    let mut pipeline = support::pipeline(support::sample_directory());
    assert!(matches!(
        wait(&mut pipeline, "a;b\n1;2").0,
        Outcome::Rejected(rejection) if rejection.rule == Rule::FeedUnmapped
    ));
}

/// A cost row becomes events under pseudonym; the same person in every notation is one.
#[test]
fn a_cost_is_told_of_a_pseudonym_and_its_components_add_up() {
    let header = "kontakt_id;patient_id;ar;vardform;totalkostnad;kost_operation;kost_lab;skyddad;lkf";
    let mut pipeline = pipeline(shipped("kpp"));
    let mut cost = |row: &str| {
        let payload = format!("{header}\n{row}");
        let source = SourceRecord { feed: "kpp", ..support::source(Format::Delimited, payload.as_bytes()) };
        let mut kept = Kept::default();
        pipeline.process(&source, support::ORIGIN, &mut kept);
        kept.events.remove(0)
    };
    let one = cost("A;19800101-2387;2025;S;100,50;90;10,50;;1480");
    let other = cost("B;8001012387;2025;S;100;90;20;J;1480");
    let token = one["envelope"]["subject_token"].as_str().expect("a pseudonym");
    assert!(token.starts_with("r14.v1."));
    assert_eq!(other["envelope"]["subject_token"], token);
    assert_eq!(
        (one["total_ore"].as_i64(), one["components_ore"]["laboratorium"].as_i64()),
        (Some(10_050), Some(1_050))
    );
    assert_eq!(
        (one["birth_year"].as_i64(), one["sex"].as_str(), one["lkf"].as_str()),
        (Some(1980), Some("FEMALE"), Some("1480"))
    );
    assert_eq!((other["envelope"]["protected_identity"].as_bool(), other["lkf"].as_str()), (Some(true), None));
    let rules = |event: &serde_json::Value| event["envelope"]["quality"].to_string();
    assert!(!rules(&one).contains("cost-sum") && rules(&other).contains("cost-sum-differs"), "{one} {other}");
    let nobody = cost("C;;2025;S;100;;;;");
    assert!(nobody["envelope"]["subject_token"].is_null() && rules(&nobody).contains("cost-subject-missing"));
    let local = cost("D;KORT-77;2025;S;100;;;;");
    assert!(local["envelope"]["subject_token"].is_string() && rules(&local).contains("identity-local"));
    assert!(!format!("{local}").contains("KORT-77"));
    // What names nobody links nobody: rows that share it are not one person.
    for placeholder in ["000000-0000", "9999999999", "19121212-0000", "OKÄND"] {
        let event = cost(&format!("E;{placeholder};2025;S;100;;;;"));
        assert!(event["envelope"]["subject_token"].is_null() && rules(&event).contains("identity-placeholder"));
    }
    for invalid in ["19800101-2388", "8001012388", "19801301-2387"] {
        let event = cost(&format!("F;{invalid};2025;S;100;;;;"));
        assert!(
            event["envelope"]["subject_token"].is_null() && rules(&event).contains("identity-invalid"),
            "{invalid}"
        );
        assert!(event["birth_year"].is_null() && !event.to_string().contains(invalid));
    }
}

/// What a row of costs becomes: the event and the codes of its findings.
fn cost(program: Program, header: &str, row: &str) -> (serde_json::Value, Vec<String>) {
    let payload = format!("{header}\n{row}");
    let source = SourceRecord { feed: "kpp", ..support::source(Format::Delimited, payload.as_bytes()) };
    let mut kept = Kept::default();
    pipeline(program).process(&source, support::ORIGIN, &mut kept);
    let event = kept.events.remove(0);
    let findings = rules_of(&event);
    (event, findings)
}

fn rules_of(event: &serde_json::Value) -> Vec<String> {
    let findings = event["envelope"]["quality"].as_array().expect("a list");
    findings.iter().filter_map(|finding| finding["rule"].as_str()).map(str::to_owned).collect()
}

const COST: &str = "kontakt_id;patient_id;ar;vardform;in_datum;totalkostnad;sjukhuskod;drg;drg_vikt;kost_lab";

#[test]
fn an_amount_is_never_a_thousandth_of_what_was_written() {
    for amount in ["142.500", "142,500", "1.000", "1,000", "-142.500", "142.500 kr", "SEK 142.500"] {
        let row = format!("A;19800101-2387;2025;S;2025-03-03;{amount};501010;H14N;1,234;{amount}");
        let (event, findings) = cost(shipped("kpp"), COST, &row);
        assert!(event["total_ore"].is_null(), "{amount}: {event}");
        assert!(event["components_ore"].as_object().is_some_and(serde_json::Map::is_empty), "{amount}");
        assert_eq!(findings, ["amount-ambiguous", "amount-ambiguous", "cost-total-missing"], "{amount}");
        // A weight has no thousands.
        assert_eq!(event["drg_weight"], "1.234");
    }
    for (amount, ore) in [
        ("142500", 14_250_000),
        ("142 500", 14_250_000),
        ("142\u{a0}500", 14_250_000),
        ("142\u{202f}500,50 kr", 14_250_050),
        ("142'500", 14_250_000),
        ("142.500,50", 14_250_050),
        ("142,500.50", 14_250_050),
        ("1.234.567", 123_456_700),
        ("142500,50-", -14_250_050),
        ("\u{2212}142 500,50", -14_250_050),
        ("142500 SEK", 14_250_000),
    ] {
        let row = format!("A;19800101-2387;2025;S;2025-03-03;{amount};501010;H14N;;{amount}");
        let (event, findings) = cost(shipped("kpp"), COST, &row);
        assert_eq!(event["total_ore"], ore, "{amount}");
        assert_eq!(event["components_ore"]["laboratorium"], ore, "{amount}");
        assert_eq!(findings, [""; 0], "{amount}");
    }
    for amount in ["1e6", "1,43E+05", "1234,567", "12 34", "tusen"] {
        let row = format!("A;19800101-2387;2025;S;2025-03-03;{amount};501010;H14N;;");
        let (event, findings) = cost(shipped("kpp"), COST, &row);
        assert!(event["total_ore"].is_null(), "{amount}");
        assert_eq!(findings, ["field-unreadable", "cost-total-missing"], "{amount}");
    }
}

#[test]
fn a_package_says_how_amounts_are_written_and_is_held_to_it() {
    let declared = |line: &str| {
        include_str!("../packages/kpp.toml").replacen(
            "version = \"1.0.0\"\n",
            &format!("version = \"1.0.0\"\n{line}\n"),
            1,
        )
    };
    let with = |sign: &str| Program::compile("kpp", &declared(&format!("decimal = \"{sign}\""))).expect("compiles");
    let total = |sign: &str, amount: &str| {
        cost(with(sign), COST, &format!("A;19800101-2387;2025;S;;{amount};501010;H14N;;")).0["total_ore"].as_i64()
    };
    assert_eq!(
        (total(",", "142.500"), total(",", "142,500"), total(",", "142.50")),
        (Some(14_250_000), Some(14_250), None)
    );
    assert_eq!(
        (total(".", "142.500"), total(".", "142,500"), total(".", "142,50")),
        (Some(14_250), Some(14_250_000), None)
    );
    assert!(mapping::explain(&with(",")).contains("decimals after a comma"));
    assert!(mapping::explain(&with(".")).contains("decimals after a full stop"));
    assert!(mapping::explain(&shipped("kpp")).contains("amount-ambiguous"));
    for (line, expected) in [("decimal = \";\"", "\",\" or \".\""), ("decimals = \",\"", "unknown field `decimals`")] {
        let error = Program::compile("p.toml", &declared(line)).expect_err(line).to_string();
        assert!(error.starts_with("p.toml:") && error.contains(expected), "{error}");
    }
    let waits =
        include_str!("../packages/waiting-times.toml").replacen("[package]\n", "[package]\ndecimal = \",\"\n", 1);
    let error = Program::compile("p.toml", &waits).expect_err("waits have no amounts").to_string();
    assert!(error.contains("package.decimal: only costs have amounts"), "{error}");
}

#[test]
fn a_date_that_stands_for_open_is_no_date_of_a_wait() {
    let mut pipeline = pipeline(shipped("waiting-times"));
    for (start, rule) in [
        ("9999-12-31", "date-placeholder"),
        ("2999-12-31", "date-placeholder"),
        ("9999-12-31T23:59:59", "date-placeholder"),
        ("9999-12-31T23:59:59Z", "date-placeholder"),
        ("99991231", "date-placeholder"),
        ("1900-01-01", "date-placeholder"),
        ("0001-01-01", "date-placeholder"),
        ("1753-01-01", "date-placeholder"),
        ("1899-12-30", "date-placeholder"),
        ("1970-01-01", "date-placeholder"),
        ("infinity", "date-placeholder"),
        ("2062-01-20", "date-implausible"),
        ("1926-01-20", "date-implausible"),
        ("snart", "field-unreadable"),
    ] {
        let row = format!("A;GENOMFORD;2026-01-31;2025-12-01;{start};JA;1;501010");
        let (_, kept) = wait(&mut pipeline, &format!("{HEADER}\n{row}"));
        let event = &kept.events[0];
        assert!(event["started_at"].is_null() && !event["started_is_date"].as_bool().expect("a flag"), "{start}");
        assert_eq!(rules_of(event), [rule, "wait-start-missing"], "{start}");
        assert_eq!((event["period"].as_str(), event["status"].as_str()), (Some("2026-01"), Some("COMPLETED")));
        // Without a period of its own it is of none, and of no year 9999.
        let row = format!("A;GENOMFORD;;2025-12-01;{start};JA;1;501010");
        let (_, kept) = wait(&mut pipeline, &format!("{HEADER}\n{row}"));
        assert!(kept.events[0]["period"].is_null(), "{start}");
        // What waits goes on waiting.
        let row = format!("A;VANTANDE;2026-01-31;2025-12-01;{start};JA;1;501010");
        let (_, kept) = wait(&mut pipeline, &format!("{HEADER}\n{row}"));
        assert_eq!(kept.events[0]["status"], "WAITING", "{start}");
        assert_eq!(rules_of(&kept.events[0]), [rule], "{start}");
    }
    let (_, kept) = wait(&mut pipeline, &format!("{HEADER}\nA;GENOMFORD;9999-12-31;2025-12-01;2026-01-20;JA;1;501010"));
    assert_eq!(rules_of(&kept.events[0]), ["date-placeholder", "wait-period-derived"]);
    assert_eq!(kept.events[0]["period"], "2026-01");
    let (_, kept) = wait(&mut pipeline, &format!("{HEADER}\nA;GENOMFORD;2062-01;2025-12-01;2026-01-20;JA;1;501010"));
    assert_eq!(rules_of(&kept.events[0]), ["date-implausible", "wait-period-derived"]);
    // A target may be years ahead, and not nine thousand.
    let header = "vardkontakt_id;status;matperiod;beslut_datum;vardgaranti;sjukhuskod;medicinskt_maldatum";
    for (target, findings) in [("2031-06-01", vec![]), ("9999-12-31", vec!["date-placeholder"])] {
        let (_, kept) = wait(&mut pipeline, &format!("{header}\nA;VANTANDE;2026-01-31;2025-12-01;JA;501010;{target}"));
        assert_eq!(rules_of(&kept.events[0]), findings, "{target}");
        assert_eq!(kept.events[0]["medical_target_at"].is_null(), !findings.is_empty());
    }
}

#[test]
fn a_date_that_stands_for_unknown_is_no_date_of_a_cost() {
    let header = "kontakt_id;patient_id;ar;in_datum;ut_datum;totalkostnad;sjukhuskod";
    let (event, findings) = cost(shipped("kpp"), header, "A;19800101-2387;2025;1900-01-01;9999-12-31;100;501010");
    assert!(event["started_at"].is_null() && event["ended_at"].is_null());
    assert_eq!(findings, ["date-placeholder", "date-placeholder"]);
    let (event, findings) = cost(shipped("kpp"), header, "A;19800101-2387;9999;2025-12-30;2026-01-02;100;501010");
    assert_eq!((event["period"].as_str(), findings[0].as_str()), (Some("2026"), "field-unreadable"));
}

#[test]
fn a_date_is_told_from_a_time() {
    let header = "vardkontakt_id;status;matperiod;remiss_datum;beslut_datum;start_datum;vardgaranti;sjukhuskod";
    let row = "A;GENOMFORD;2026-01-31;20251201;2026-01-01;2026-01-20T08:00;JA;501010";
    let (_, kept) = wait(&mut pipeline(shipped("waiting-times")), &format!("{header}\n{row}"));
    let event = &kept.events[0];
    let flags = ["referral_is_date", "decided_is_date", "started_is_date", "arrived_is_date"];
    assert_eq!(flags.map(|flag| event[flag].as_bool()), [Some(true), Some(true), Some(false), Some(false)]);
    let header = "kontakt_id;patient_id;ar;in_datum;ut_datum;totalkostnad;sjukhuskod";
    let (event, _) = cost(shipped("kpp"), header, "A;19800101-2387;2026;2026-01-01;2026-01-03 10:00;100;501010");
    assert_eq!((event["started_is_date"].as_bool(), event["ended_is_date"].as_bool()), (Some(true), Some(false)));
    assert_eq!(event["started_at"], 1_767_222_000_000_000_i64);
}

#[test]
fn an_id_that_a_spreadsheet_has_rounded_is_no_id() {
    let mut pipeline = pipeline(shipped("waiting-times"));
    for id in ["1,2E+19", "1.23457E+18", "1E+19", "1.2E19"] {
        let (outcome, kept) = wait(&mut pipeline, &format!("{HEADER}\n{id};VANTANDE;2026-02;2026-01-01;;JA;1;1"));
        assert!(matches!(outcome, Outcome::Rejected(rejection) if rejection.rule == Rule::KeyRounded), "{id}");
        assert_eq!(kept.parked[0]["field"], "vardkontakt_id");
    }
    let header = "vardkontakt_id;remiss_id;status;matperiod;beslut_datum;vardgaranti;sjukhuskod";
    let long = "12345678901234567890123456789";
    let (_, kept) = wait(&mut pipeline, &format!("{header}\n{long};1,2E+19;VANTANDE;2026-02;2026-01-01;JA;1"));
    assert_eq!((kept.events[0]["contact_id"].as_str(), kept.events[0]["referral_id"].is_null()), (Some(long), true));
    assert_eq!(rules_of(&kept.events[0]), ["id-rounded"]);
    // Nor is it anybody's: two persons would be one.
    let (event, findings) = cost(shipped("kpp"), COST, "A;1,98001E+11;2025;S;;100;501010;H14N;;");
    assert!(event["envelope"]["subject_token"].is_null());
    assert_eq!(findings, ["id-rounded", "cost-subject-missing"]);
}

#[test]
fn outpatient_care_is_known_in_every_spelling() {
    for form in ["OV", "ÖV", "öv", "Öv", "O\u{308}V", "Ö", "ö", "O", "o", "2"] {
        let (event, findings) = cost(shipped("kpp"), COST, &format!("A;19800101-2387;2025;{form};;100;501010;H14N;;"));
        assert_eq!((event["care_form"].as_str(), findings.as_slice()), (Some("OUTPATIENT"), [].as_slice()), "{form}");
        assert_eq!(event["verbatim"]["care_form"], form);
    }
}
