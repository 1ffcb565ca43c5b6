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
