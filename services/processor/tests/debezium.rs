//! Changes of a table, as Debezium tells them, through a mapping package.

use std::path::Path;

use identity::Key;
use processor::mapping::Program;
use processor::pipeline::{Outcome, Pipeline, Settings};
use schemas::{Format, SourceRecord};
use serde_json::{Value, json};

use crate::support::{self, Kept};

const UNAVAILABLE: &str = "__debezium_unavailable_value";

fn pipeline() -> Pipeline {
    Pipeline::new(Settings {
        region: "14".into(),
        key: Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("a key"),
        key_id: "v1".into(),
        directory: processor::directory::Directory::default(),
        programs: vec![Program::load(Path::new("waiting-times")).expect("shipped")],
        interim: false,
    })
    .expect("a pipeline")
}

fn process(payload: &[u8]) -> (Outcome, Kept) {
    let source =
        SourceRecord { feed: "waiting-times", message_id: "slot@0/1", ..support::source(Format::Debezium, payload) };
    let mut kept = Kept::default();
    let outcome = pipeline().process(&source, support::ORIGIN, &mut kept);
    (outcome, kept)
}

/// What a change becomes: the event, or the rule and the field that it names.
fn change(envelope: &Value) -> Result<Value, (String, String)> {
    let (outcome, mut kept) = process(envelope.to_string().as_bytes());
    match outcome {
        Outcome::Mapped(_) => Ok(kept.events.remove(0)),
        Outcome::Ignored(rule) => Err((rule.code().to_owned(), String::new())),
        Outcome::Rejected(_) => {
            let text = |key: &str| kept.parked[0][key].as_str().unwrap_or_default().to_owned();
            Err((text("rule"), text("field")))
        }
    }
}

fn row() -> Value {
    json!({
        "vardkontakt_id": "OPT-å1", "status": "GENOMFORD", "matperiod": "2026-02-28", "vardgaranti": "JA", "kon": 2,
        "fodelsear": 1948, "beslut_datum": "2026-01-06T08:00:00", "start_datum": "2026-02-09T08:00:00", "sjukhuskod": "501010",
        "avvikelsekod": null, "anteckning": {"nested": ["ignored"]}
    })
}

#[test]
fn an_inserted_row_is_the_same_statement_as_a_row_of_a_file() {
    for (op, kind) in [("c", "NEW"), ("r", "NEW"), ("u", "UPDATE")] {
        let envelope =
            json!({"before": null, "after": row(), "source": {"ts_ms": 1_772_438_400_123_i64}, "op": op, "ts_ms": "1"});
        let event = change(&envelope).expect("an event");
        assert_eq!(event["contact_id"], "OPT-å1");
        assert_eq!((event["status"].as_str(), event["sex"].as_str()), (Some("COMPLETED"), Some("FEMALE")));
        assert_eq!((event["birth_year"].as_i64(), event["deviation"].is_null()), (Some(1948), true));
        assert_eq!(event["envelope"]["correction"]["kind"], kind);
        assert_eq!(event["envelope"]["recorded_at"], 1_772_438_400_123_000_i64);
        // The optional schema around it changes nothing, nor does a time written as text.
        let wrapped = json!({"schema": {"type": "struct"}, "payload": envelope});
        let again = change(&wrapped).expect("an event");
        assert_eq!(again["started_at"], event["started_at"]);
    }
}

#[test]
fn times_that_are_counted_are_those_that_are_written() {
    let mut counted = row();
    counted["matperiod"] = 20_512.into();
    counted["beslut_datum"] = 1_767_686_400_000_000_i64.into();
    counted["start_datum"] = 1_770_624_000_000_i64.into();
    // No time: a number that is as long as one stays.
    counted["aktivitetskod"] = 51_101.into();
    let event = change(&json!({"after": counted, "op": "c"})).expect("an event");
    let written = change(&json!({"after": row(), "op": "c"})).expect("an event");
    for field in ["period", "decided_at", "started_at"] {
        assert!(!written[field].is_null() && event[field] == written[field], "{field}");
    }
    assert_eq!(event["activity"], "51101");
}

#[test]
fn what_is_nested_has_no_text_and_makes_no_contact() {
    let mut nested = row();
    nested["vardkontakt_id"] = json!({"scale": 0, "value": "AeJA"});
    let refused = change(&json!({"after": nested, "op": "c"})).expect_err("no contact");
    assert_eq!(refused.0, "column-unreadable", "its digits are there, and nobody may take it for empty");
    nested["vardkontakt_id"] = json!({"number": 7});
    assert_eq!(change(&json!({"after": nested, "op": "c"})).expect_err("no contact").0, "field-missing");
}

#[test]
fn what_the_schema_explains_and_cannot_be_written_out_is_refused() {
    let mut odd = row();
    odd["start_datum"] = "__vardstrom_unreadable_value".into();
    let refused = change(&json!({"after": odd, "op": "c"}));
    assert_eq!(refused, Err(("column-unreadable".into(), "start_datum".into())));
    let mut unread = row();
    unread["anteckning"] = json!({"scale": 1, "value": "DA=="});
    assert!(change(&json!({"after": unread, "op": "c"})).is_ok(), "a column that nobody reads does not matter");
}

/// What Debezium writes of a deleted row, of a changed key and of a change by another index where the replica identity is the
/// default: `beslut_datum` and `status` are NOT NULL, `matperiod` has a default.
fn invented() -> Value {
    json!({
        "vardkontakt_id": "OPT-å1", "status": "", "matperiod": 0, "vardgaranti": null, "kon": null, "fodelsear": 0,
        "beslut_datum": 0, "start_datum": 0, "sjukhuskod": "", "avvikelsekod": null, "anteckning": null
    })
}

#[test]
fn values_that_debezium_invents_of_a_row_before_take_nothing_back() {
    let source =
        json!({"version": "3.6.1.Final", "connector": "postgresql", "ts_ms": 1_772_438_400_123_i64, "table": "t"});
    for before in [invented(), row()] {
        let deleted = json!({"before": before, "after": null, "op": "d", "source": source});
        assert_eq!(change(&deleted), Err(("delete-unvouched".into(), "before".into())));
        let wrapped = json!({"schema": {"type": "struct"}, "payload": deleted});
        assert_eq!(change(&wrapped), Err(("delete-unvouched".into(), "before".into())));
    }
    let mut later = row();
    later["matperiod"] = "2026-03-31".into();
    let findings = |event: &Value| {
        let rules = event["envelope"]["quality"].as_array().expect("findings").iter();
        rules.map(|finding| finding["rule"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    for identity in [Value::Null, json!("key"), json!("whatever")] {
        let before = if identity == "key" { json!({"vardkontakt_id": "OPT-å1"}) } else { invented() };
        let moved =
            json!({"before": before, "after": later, "op": "u", "source": source, "replica_identity": identity});
        let (outcome, kept) = process(moved.to_string().as_bytes());
        assert_eq!((outcome, kept.events.len()), (Outcome::Mapped(1), 1), "{identity}");
        assert_eq!(kept.events[0]["period"], "2026-03");
        assert_eq!(findings(&kept.events[0]), ["before-unvouched"]);
        // Nor is a value that was not sent taken from it.
        let mut unsent = later.clone();
        unsent["start_datum"] = UNAVAILABLE.into();
        let refused = change(
            &json!({"before": before, "after": unsent, "op": "u", "source": source, "replica_identity": identity}),
        );
        assert_eq!(refused, Err(("column-unavailable".into(), "start_datum".into())));
    }
}

#[test]
fn no_date_of_a_database_is_taken_for_another_time() {
    // PostgreSQL's infinity as Debezium tells it, a count beyond the calendar, and times as people write them.
    for start in [9_223_372_036_825_200_000_i64, 2_026_010_608_000_012, 26_037] {
        let mut odd = row();
        odd["start_datum"] = start.into();
        let event = change(&json!({"after": odd, "op": "c"})).expect("an event");
        assert!(event["started_at"].is_null(), "{start}: {event}");
    }
}

#[test]
fn a_large_value_that_was_not_sent_comes_from_the_row_before_and_never_overwrites() {
    let mut after = row();
    after["start_datum"] = UNAVAILABLE.into();
    let before = row();
    let full = json!({"before": before, "after": after, "op": "u", "replica_identity": "full"});
    assert_eq!(change(&full).expect("an event")["started_at"], 1_770_620_400_000_000_i64);
    let refused = json!({"before": {"vardkontakt_id": "OPT-å1"}, "after": after, "op": "u", "replica_identity": "key"});
    let refused = change(&refused);
    assert_eq!(refused, Err(("column-unavailable".into(), "start_datum".into())));
    let mut unread = row();
    unread["anteckning"] = UNAVAILABLE.into();
    assert!(change(&json!({"after": unread, "op": "u"})).is_ok(), "a column that nobody reads does not matter");
    // A column of bytes and one of a list have words of their own for it.
    for unsent in [json!("X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="), json!([UNAVAILABLE])] {
        after["start_datum"] = unsent;
        let refused = change(&json!({"before": null, "after": after, "op": "u"}));
        assert_eq!(refused, Err(("column-unavailable".into(), "start_datum".into())));
    }
}

#[test]
fn a_deleted_row_takes_its_statement_back() {
    let deleted = json!({"before": row(), "after": null, "op": "d", "replica_identity": "full"});
    let event = change(&deleted).expect("an event");
    assert_eq!(event["envelope"]["correction"]["kind"], "CANCEL");
    assert_eq!(
        (event["envelope"]["event_type"].as_str(), event["period"].as_str()),
        (Some("wait.withdrawn"), Some("2026-02"))
    );
    let own = json!({"before": row(), "op": "d", "source": {"version": "vardstrom-1", "ts_ms": 1}});
    assert_eq!(change(&own).expect("an event")["period"], "2026-02");
    let key_only = json!({"before": {"vardkontakt_id": "OPT-å1"}, "after": null, "op": "d", "replica_identity": "key"});
    let key_only = change(&key_only);
    assert_eq!(key_only, Err(("delete-incomplete".into(), "matperiod".into())));
    // A primary key that is not the contact.
    let another = change(&json!({"before": {"rad": 7}, "after": null, "op": "d", "replica_identity": "key"}));
    assert_eq!(another.expect_err("no contact").0, "delete-incomplete");
    let nothing = change(&json!({"before": null, "after": null, "op": "d"}));
    assert_eq!(nothing, Err(("delete-incomplete".into(), "before".into())));
}

#[test]
fn a_row_that_moves_to_another_period_or_contact_takes_its_earlier_statement_back_first() {
    let events = |before: Value, after: &Value| {
        let envelope = json!({"before": before, "after": after, "op": "u", "replica_identity": "full"});
        let (outcome, kept) = process(envelope.to_string().as_bytes());
        assert!(matches!(outcome, Outcome::Mapped(count) if count as usize == kept.events.len()));
        kept.events
    };
    let said = |event: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let envelope = &event["envelope"];
        let ordinal = envelope["origin"]["ordinal"].as_i64().expect("a number");
        (ordinal, text(&envelope["correction"]["kind"]), text(&event["contact_id"]), text(&event["period"]))
    };
    let as_said = |ordinal, kind: &str, contact: &str, period: &str| {
        (ordinal, kind.to_owned(), contact.to_owned(), period.to_owned())
    };
    let mut later = row();
    later["matperiod"] = "2026-03-31".into();
    let moved = events(row(), &later);
    assert_eq!(
        moved.iter().map(said).collect::<Vec<_>>(),
        [as_said(0, "CANCEL", "OPT-å1", "2026-02"), as_said(1, "UPDATE", "OPT-å1", "2026-03")]
    );
    assert_eq!(moved[0]["envelope"]["event_type"], "wait.withdrawn");
    assert_ne!(moved[0]["envelope"]["event_id"], moved[1]["envelope"]["event_id"]);
    let mut renamed = row();
    renamed["vardkontakt_id"] = "OPT-å2".into();
    assert_eq!(
        events(row(), &renamed).iter().map(said).collect::<Vec<_>>(),
        [as_said(0, "CANCEL", "OPT-å1", "2026-02"), as_said(1, "UPDATE", "OPT-å2", "2026-02")]
    );
    // Another day of the same month is the same period; so is one that the start of a completed contact tells.
    let mut unsaid = row();
    unsaid["matperiod"] = Value::Null;
    let mut other_day = row();
    other_day["matperiod"] = "2026-02-01".into();
    for after in [&other_day, &unsaid] {
        assert_eq!(
            events(row(), after).iter().map(said).collect::<Vec<_>>(),
            [as_said(0, "UPDATE", "OPT-å1", "2026-02")]
        );
    }
    // What the earlier statement was is not known, or there was none: nothing is taken back.
    let mut waiting = row();
    (waiting["status"], waiting["start_datum"], waiting["matperiod"]) = ("VANTANDE".into(), Value::Null, Value::Null);
    for before in [Value::Null, json!({"vardkontakt_id": "OPT-å1"}), json!({"id": 7}), waiting] {
        assert_eq!(
            events(before, &later).iter().map(said).collect::<Vec<_>>(),
            [as_said(0, "UPDATE", "OPT-å1", "2026-03")]
        );
    }
    // A row that is refused takes nothing back.
    let mut refused = later.clone();
    (refused["status"], refused["matperiod"]) = ("VANTANDE".into(), Value::Null);
    let refused = json!({"before": row(), "after": refused, "op": "u", "replica_identity": "full"});
    let (outcome, kept) = process(refused.to_string().as_bytes());
    assert!(matches!(outcome, Outcome::Rejected(_)) && kept.events.is_empty());
}

#[test]
fn a_statement_names_its_table_and_an_emptied_one_takes_all_of_it_back() {
    let source = json!({"ts_ms": 1_772_438_400_123_i64, "db": "lis", "schema": "public", "table": "vantetid"});
    let said = change(&json!({"before": null, "after": row(), "source": source, "op": "c"})).expect("an event");
    assert_eq!(said["envelope"]["extensions"], json!({"source_table": "lis.public.vantetid"}));
    for envelope in [
        json!({"before": null, "after": null, "source": source, "op": "t", "ts_ms": 1}),
        json!({"schema": {}, "payload": {"source": source, "op": "t"}}),
    ] {
        let (outcome, kept) = process(envelope.to_string().as_bytes());
        assert_eq!((outcome, kept.events.len()), (Outcome::Mapped(1), 1));
        let event = &kept.events[0];
        assert_eq!(
            (&event["envelope"]["event_type"], &event["envelope"]["correction"]["kind"], &event["contact_id"]),
            (&json!("wait.emptied"), &json!("CANCEL"), &json!(""))
        );
        assert_eq!((&event["period"], &event["envelope"]["quality"]), (&Value::Null, &json!([])));
        assert_eq!(event["envelope"]["extensions"], json!({"source_table": "lis.public.vantetid"}));
        assert_eq!(event["envelope"]["recorded_at"], json!(1_772_438_400_123_000_i64));
        // The record stands in every partition, and each must be kept.
        assert_eq!(event["envelope"]["source_message_id"], "slot@0/1/1");
    }
    // Numbers of persons in a table's name go the way of all others.
    let named = json!({"source": {"table": "kopia_19121212-1212"}, "op": "t"});
    let (_, kept) = process(named.to_string().as_bytes());
    assert!(!kept.events[0].to_string().contains("1212"), "the name passed");
}

#[test]
fn what_is_no_row_has_its_own_fate() {
    let rule = |envelope: Value| change(&envelope).expect_err("no event").0;
    assert_eq!(rule(json!({"before": null, "after": null, "op": "t"})), "table-truncated");
    assert_eq!(rule(json!({"source": {"ts_ms": 1}, "op": "t"})), "table-truncated");
    assert_eq!(rule(json!({"op": "m", "message": {"prefix": "x"}})), "database-message");
    assert_eq!(rule(json!({"after": row(), "op": "x"})), "change-unreadable");
    assert_eq!(rule(json!({"after": null, "op": "c"})), "change-unreadable");
    assert_eq!(rule(json!([1, 2])), "change-unreadable");
    for empty in [&b""[..], b"null"] {
        assert!(matches!(process(empty).0, Outcome::Ignored(rule) if rule.code() == "tombstone"));
    }
    for rubbish in [&b"{"[..], b"{\"op\":\"c\",\"after\":{\"a\":", b"\xFF\xFE", b"<xml/>"] {
        assert!(
            matches!(process(rubbish).0, Outcome::Rejected(rejection) if rejection.rule.code() == "change-unreadable")
        );
    }
}

#[test]
fn what_another_converter_or_transform_wrote_is_parked_by_its_name() {
    let rule = |payload: &[u8]| match process(payload).0 {
        Outcome::Rejected(rejection) => rejection.rule.code(),
        other => panic!("{other:?}"),
    };
    // Confluent's and Apicurio's, with a datum that did not fit.
    assert_eq!(rule(b"\0\0\0\0\x13\x00\x02"), "change-encoded");
    assert_eq!(rule(br#"{"vardkontakt_id":"A"}"#), "change-flattened");
    assert_eq!(
        rule(br#"{"schema":{"type":"struct"},"payload":{"vardkontakt_id":"A","payload":null}}"#),
        "change-flattened"
    );
    assert_eq!(
        rule(br#"{"id":"name:w;lsn:1","specversion":"1.0","type":"io.debezium.connector.postgresql.DataChangeEvent","data":{}}"#),
        "change-cloud-event"
    );
    assert_eq!(
        rule(b"Struct{after=Struct{id=5,contact=c5},source=Struct{version=3.6.1.Final},op=c}"),
        "change-stringified"
    );
    for other in [&b"{\"before\":{}}"[..], b"{\"op\":\"x\"}", b"[1]", b"7", b"{", b"\"Struct{\""] {
        assert_eq!(rule(other), "change-unreadable", "{}", String::from_utf8_lossy(other));
    }
}

#[test]
fn a_value_that_may_stand_for_none_is_used_and_told_where_the_package_reads_it() {
    let doubtful = |operation: &str, before: Value, after: Value| {
        json!({"before": before, "after": after, "source": {}, "op": operation, "ts_ms": 1_772_438_400_123_i64,
            "replica_identity": "full", "maybe_missing": ["remiss_id", "fas", "ingen"]})
    };
    let findings = |event: &Value| event["envelope"]["quality"].clone();
    let event = change(&doubtful("c", Value::Null, row())).expect("an event");
    let told = findings(&event);
    let told = told.as_array().expect("findings").iter().map(|finding| (&finding["rule"], &finding["field"]));
    let expected = ["remiss_id", "fas"].map(|field| (json!("value-maybe-missing"), json!(field)));
    assert!(told.eq(expected.iter().map(|(rule, field)| (rule, field))), "{:?}", findings(&event));
    // What is taken back says nothing of the values.
    let event = change(&doubtful("d", row(), Value::Null)).expect("an event");
    assert_eq!(findings(&event), json!([]));
}

#[test]
fn a_row_that_lost_its_envelope_is_used_and_says_what_is_not_told() {
    let flattened = |operation: &str, before: Value, after: Value| {
        json!({"before": before, "after": after, "source": {}, "op": operation, "ts_ms": 1_772_438_400_123_i64,
            "flattened": true, "replica_identity": "key"})
    };
    let rules = |event: &Value| {
        event["envelope"]["quality"]
            .as_array()
            .expect("findings")
            .iter()
            .map(|finding| finding["rule"].clone())
            .collect::<Vec<_>>()
    };
    let event = change(&flattened("u", Value::Null, row())).expect("an event");
    assert_eq!(rules(&event), ["before-untold"]);
    assert_eq!(event["envelope"]["correction"]["kind"], "UPDATE");
    assert_eq!(event["envelope"]["recorded_at"], 1_772_438_400_123_000_i64);
    for operation in ["c", "r"] {
        let event = change(&flattened(operation, Value::Null, row())).expect("an event");
        assert_eq!((rules(&event), &event["envelope"]["correction"]["kind"]), (vec![], &json!("NEW")));
    }
    // A deletion takes back what its key says, where that is the contact and the period.
    let key = json!({"vardkontakt_id": "OPT-å1", "matperiod": "2026-02-28"});
    let event = change(&flattened("d", key, Value::Null)).expect("an event");
    assert_eq!((&event["envelope"]["correction"]["kind"], &event["period"]), (&json!("CANCEL"), &json!("2026-02")));
    assert_eq!(rules(&event), [""; 0]);
    for key in [json!({"vardkontakt_id": "OPT-å1"}), json!({"rad": 7})] {
        assert_eq!(change(&flattened("d", key, Value::Null)).expect_err("no period").0, "delete-incomplete");
    }
    let nothing = change(&flattened("d", Value::Null, Value::Null));
    assert_eq!(nothing, Err(("delete-incomplete".into(), "before".into())));
}

/// What a raw envelope becomes, as a database writes its numbers.
fn raw(envelope: &str) -> Kept {
    process(envelope.as_bytes()).1
}

#[test]
fn a_long_number_keeps_every_digit() {
    let row = |id: &str| {
        format!(
            r#"{{"op":"c","after":{{"vardkontakt_id":{id},"remiss_id":{id},"status":"VANTANDE","matperiod":"2026-01-31",
            "beslut_datum":"2026-01-02","vardgaranti":"JA","sjukhuskod":501010}}}}"#
        )
    };
    let long = [
        "12345678901234567890",
        "12345678901234567891",
        "340282366920938463463374607431768211455",
        "-7",
        "18446744073709551616",
    ];
    for id in long {
        let event = &raw(&row(id)).events[0];
        assert_eq!((event["contact_id"].as_str(), event["referral_id"].as_str()), (Some(id), Some(id)));
        assert_eq!(event["hospital_code"], "501010");
    }
    // What has lost its digits is no contact's number.
    for id in ["1.2345678901234567e+19", "1.2E19", "\"1,2E+19\""] {
        let kept = raw(&row(id));
        assert!(kept.events.is_empty(), "{id}");
        assert_eq!(kept.parked[0]["rule"], "key-rounded", "{id}");
    }
}

#[test]
fn a_database_writes_amounts_with_a_decimal_point() {
    let mut pipeline = Pipeline::new(Settings {
        region: "14".into(),
        key: Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("a key"),
        key_id: "v1".into(),
        directory: processor::directory::Directory::default(),
        programs: vec![Program::load(Path::new("kpp")).expect("shipped")],
        interim: false,
    })
    .expect("a pipeline");
    for (amount, expected) in [
        ("142.500", Some(14_250)),
        ("\"142.500\"", Some(14_250)),
        ("142500.50", Some(14_250_050)),
        ("142500.5000", Some(14_250_050)),
        ("1e+06", Some(100_000_000)),
        ("1.425e+05", Some(14_250_000)),
        ("-12", Some(-1_200)),
        // A text that people have written is none of a database's numbers.
        ("\"142,500\"", None),
        ("\"142.500,50\"", Some(14_250_050)),
    ] {
        let payload = format!(
            r#"{{"op":"c","after":{{"kontakt_id":1,"ar":2025,"totalkostnad":{amount},"kost_lab":{amount},"drg_vikt":1.234,"sjukhuskod":1}}}}"#
        );
        let source = SourceRecord { feed: "kpp", ..support::source(Format::Debezium, payload.as_bytes()) };
        let mut kept = Kept::default();
        pipeline.process(&source, support::ORIGIN, &mut kept);
        let event = &kept.events[0];
        assert_eq!(event["total_ore"].as_i64(), expected, "{amount}");
        assert_eq!(event["components_ore"]["laboratorium"].as_i64(), expected, "{amount}");
        assert_eq!(event["drg_weight"], "1.234");
    }
}

#[test]
fn an_open_end_of_a_database_is_no_date() {
    for start in [
        "\"infinity\"",
        "-622191234",
        "-785254586",
        "9223372036825200000",
        "2932896",
        "253402214400000",
        "\"9999-12-31\"",
    ] {
        let envelope = format!(
            r#"{{"op":"c","after":{{"vardkontakt_id":1,"status":"VANTANDE","matperiod":"2026-01-31","beslut_datum":20455,
            "start_datum":{start},"vardgaranti":"JA","sjukhuskod":501010}}}}"#
        );
        let event = &raw(&envelope).events[0];
        assert!(event["started_at"].is_null(), "{start}");
        assert_eq!(event["envelope"]["quality"][0]["rule"], "date-placeholder", "{start}");
        // Days that are counted are days.
        assert_eq!(event["decided_is_date"], true);
    }
}
