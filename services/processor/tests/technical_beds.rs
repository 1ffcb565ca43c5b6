//! What a region says of its technical beds travels with its events, and where it says nothing nothing travels.

use schemas::{Format, SourceRecord, TECHNICAL_BEDS};
use serde_json::{Value, json};

use crate::support::{self, Kept};

const SAMPLE: &str = include_str!("../mapping.sample.toml");

/// What the events say of it: a patient in a technical bed, one in another bed, the ward's beds.
fn said(line: &str) -> [Value; 3] {
    let directory = || {
        let text = SAMPLE.replacen("# technical_beds = \"left_out\"", line, 1);
        assert!(line.is_empty() || text.contains(line), "the sample shows the key");
        support::directory(&text)
    };
    let of = |kept: &Kept| kept.events[0]["envelope"]["extensions"][TECHNICAL_BEDS].clone();
    let patient = |bed: &str| {
        let message = format!(
            "MSH|^~\\&|A|SU|C|D|20260106120000||ADT^A01|1|P|2.5||||||UNICODE UTF-8\r\
             EVN|A01|20260106110000||||20260106110000\rPID|1||1001^^^SU^MR\rPV1|1|I|MAVA^7^{bed}{}V1\r",
            "|".repeat(16)
        );
        let (_, kept) = support::process(&mut support::pipeline(directory()), Format::Hl7v2, message.as_bytes());
        of(&kept)
    };
    let row = "enhet;giltig_fran;faststallda;disponibla;stangda;skal\nMAVA;2026-01-06T08:00;24;20;4;personal";
    let source = SourceRecord { feed: "capacity", ..support::source(Format::Delimited, row.as_bytes()) };
    let mut kept = Kept::default();
    support::pipeline(directory()).process(&source, support::ORIGIN, &mut kept);
    [patient("1"), patient("2"), of(&kept)]
}

#[test]
fn the_region_s_word_on_technical_beds_is_on_its_capacity_and_on_patients_who_are_left_out() {
    assert_eq!(said("technical_beds = \"left_out\""), [json!("utanfor"), Value::Null, json!("utanfor")]);
    assert_eq!(said("technical_beds = \"counted\""), [Value::Null, Value::Null, json!("ingar")]);
    assert_eq!(said(""), [Value::Null, Value::Null, Value::Null]);
}

/// What a row of these beds says of a ward of this description: decided, staffed and closed beds, and the rules that it breaks.
fn stated(line: &str, ward: &str, beds: &str) -> ([Value; 4], Vec<String>) {
    let text = SAMPLE.replacen("# technical_beds = \"left_out\"", line, 1) + "\n[[unit]]\ncode = \"IVA\"\n" + ward;
    let row = format!("enhet;giltig_fran;faststallda;disponibla;stangda;skal\nIVA;2026-01-06T08:00;{beds}");
    let source = SourceRecord { feed: "capacity", ..support::source(Format::Delimited, row.as_bytes()) };
    let mut kept = Kept::default();
    support::pipeline(support::directory(&text)).process(&source, support::ORIGIN, &mut kept);
    let event = &kept.events[0];
    let rules = event["envelope"]["quality"].as_array().expect("a list").iter();
    let rules = rules.map(|finding| finding["rule"].as_str().expect("a code").to_owned()).collect();
    (["faststallda", "disponibla", "stangda", "stangda_reason"].map(|field| event[field].clone()), rules)
}

#[test]
fn what_a_ward_of_technical_beds_alone_states_is_no_bed_where_they_are_left_out() {
    const WARD: &str = "bed_kind = \"teknisk\"\n";
    const BEDS: &str = "8;6;2;personal";
    let used = || ([json!(8), json!(6), json!(2), json!("PERSONAL")], Vec::<String>::new());
    let unused = || ([Value::Null, Value::Null, Value::Null, Value::Null], vec!["technical-beds-stated".to_owned()]);
    let left_out = "technical_beds = \"left_out\"";
    assert_eq!(stated(left_out, WARD, BEDS), unused());
    let corridor = format!("{WARD}  [[unit.bed]]\n  bed = \"K*\"\n  kind = \"teknisk\"\n");
    assert_eq!(stated(left_out, &corridor, BEDS), unused());
    assert_eq!(stated(left_out, WARD, ";;3;personal"), unused(), "closed ones are technical, too");
    // None is none.
    assert_eq!(stated(left_out, WARD, "0;0;0;"), ([json!(0), json!(0), json!(0), Value::Null], Vec::new()));
    for line in ["technical_beds = \"counted\"", ""] {
        assert_eq!(stated(line, WARD, BEDS), used(), "{line}");
    }
    // Of a ward with other beds, too, nobody knows which it states.
    let mixed = format!("{WARD}  [[unit.bed]]\n  bed = \"1\"\n  kind = \"disponibel\"\n");
    assert_eq!(stated(left_out, &mixed, BEDS), used());
    assert_eq!(stated(left_out, "bed_kind = \"disponibel\"\n", BEDS), used());
}
