//! Whatever arrives, the pipeline does not panic and the record meets exactly one fate.

use proptest::prelude::*;
use schemas::Format;

use crate::{fhir, support};

fn messages() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut messages = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the examples") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "hl7") {
            let bytes = std::fs::read(path).expect("an example");
            messages.extend(hl7::batch::messages(&bytes).map(<[u8]>::to_vec));
        }
    }
    messages.sort();
    messages
}

/// One change of a message: where (as a share of its length) and what.
#[derive(Debug, Clone)]
enum Change {
    Replace(f64, u8),
    Insert(f64, Vec<u8>),
    Remove(f64, f64),
    Repeat(f64, f64),
    Truncate(f64),
}

fn change() -> impl Strategy<Value = Change> {
    let at = || 0.0..1.0_f64;
    let byte =
        prop_oneof![Just(b'|'), Just(b'^'), Just(b'~'), Just(b'\\'), Just(b'&'), Just(b'\r'), Just(0), any::<u8>()];
    let texts = prop_oneof![
        Just(b"\",\"".to_vec()),
        Just(b"null".to_vec()),
        Just(b"2026-02-30T25:00".to_vec()),
        Just(b"[[[{".to_vec()),
        Just(b"\"\"".to_vec()),
        Just(b"\rPID|1||7\r".to_vec()),
        Just(b"\rPV1|1|I|A^B^C\r".to_vec()),
        Just(b"\rMRG|9\r".to_vec()),
        Just(b"\\X00FF\\".to_vec()),
        Just(b"99999999999999".to_vec()),
        Just(b"20260330023000-1400".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    prop_oneof![
        (at(), byte).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (at(), texts).prop_map(|(at, text)| Change::Insert(at, text)),
        (at(), at()).prop_map(|(from, to)| Change::Remove(from, to)),
        (at(), at()).prop_map(|(from, to)| Change::Repeat(from, to)),
        at().prop_map(Change::Truncate),
    ]
}

fn apply(message: &mut Vec<u8>, change: &Change) {
    let length = message.len();
    let place = |share: f64| ((share * length as f64) as usize).min(length.saturating_sub(1));
    if length == 0 {
        return;
    }
    match change {
        Change::Replace(at, byte) => message[place(*at)] = *byte,
        Change::Insert(at, text) => {
            message.splice(place(*at)..place(*at), text.iter().copied());
        }
        Change::Remove(from, to) => {
            let (from, to) = (place(from.min(*to)), place(from.max(*to)));
            message.drain(from..to.min(from + 40));
        }
        Change::Repeat(from, to) => {
            let (from, to) = (place(from.min(*to)), place(from.max(*to)));
            let piece = message[from..to].to_vec();
            message.splice(to..to, piece);
        }
        Change::Truncate(at) => message.truncate(place(*at)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_message_meets_one_fate(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        static MESSAGES: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new(messages);
        let mut message = MESSAGES[which.index(MESSAGES.len())].clone();
        for change in &changes {
            apply(&mut message, change);
        }
        let mut pipeline = support::pipeline(support::sample_directory());
        // `process` checks that the outputs fit the one outcome.
        let (first, kept) = support::process(&mut pipeline, Format::Hl7v2, &message);
        let (again, same) = support::process(&mut pipeline, Format::Hl7v2, &message);
        prop_assert_eq!(first, again);
        prop_assert_eq!(kept.events, same.events);
        prop_assert_eq!(kept.parked, same.parked);
        prop_assert_eq!(kept.protections, same.protections);
    }

    #[test]
    fn a_changed_row_meets_one_fate(changes in proptest::collection::vec(change(), 1..5)) {
        let mut row = b"enhet;giltig_fran;faststallda;disponibla;stangda;skal\nMAVA;2026-01-06T08:00;24;20;4;personal".to_vec();
        for change in &changes {
            apply(&mut row, change);
        }
        let mut pipeline = support::pipeline(support::sample_directory());
        support::process(&mut pipeline, Format::Delimited, &row);
    }

    #[test]
    fn a_changed_resource_meets_one_fate(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec(change(), 1..4),
    ) {
        static RECORDS: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new(fhir::records);
        let mut record = RECORDS[which.index(RECORDS.len())].clone();
        for change in &changes {
            apply(&mut record, change);
        }
        let mut pipeline = support::pipeline(support::sample_directory());
        let (first, kept) = support::process(&mut pipeline, Format::Fhir, &record);
        let (again, same) = support::process(&mut pipeline, Format::Fhir, &record);
        prop_assert_eq!(first, again);
        prop_assert_eq!(kept.events, same.events);
    }

    #[test]
    fn any_bytes_meet_one_fate(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut pipeline = support::pipeline(Default::default());
        for format in [Format::Hl7v2, Format::Delimited, Format::Fhir, Format::Debezium] {
            support::process(&mut pipeline, format, &bytes);
        }
    }
}
