//! The files hold to their standards, by validators that are not ours; and the validators do refuse.

use super::{
    extract, file,
    random::{contact_ids, month},
    statement, text,
    validators::xml,
    waiting, waiting_times,
};
use crate::fhir_validator::validate;
use crate::world::pseudonyms;

#[test]
fn reports_are_fhir_r4() {
    let months = [(1, 0), (2, 3), (3, 40), (4, 1_000)];
    let bundles = months.map(|(seed, count)| {
        let output = extract(&month(seed, &contact_ids(count)));
        let reports = file(&output, "measure_reports.json");
        let bundle: serde_json::Value = serde_json::from_slice(&reports.bytes).expect("JSON");
        let entries = bundle["entry"].as_array().map_or(0, Vec::len) as u64;
        assert_eq!(entries, reports.rows, "seed {seed}");
        assert_eq!(count >= 40, entries == 12, "four hospitals with three reports each, seed {seed}");
        reports.bytes.clone()
    });
    assert_eq!(validate(&bundles), [const { Ok(()) }; 4]);
}

#[test]
fn the_fhir_validator_refuses() {
    let output = extract(&[statement("OPT101-1")]);
    let good = text(&output, "measure_reports.json");
    let broken = [
        (r#""status": "complete""#, r#""status": "done""#),
        (r#""type": "collection""#, r#""type": "heap""#),
        (r#""start": "2026-02-01""#, r#""start": "February""#),
        (r#""count": 1"#, r#""count": "many""#),
        (r#""measure": "#, r#""measures": "#),
        (r#""code": "%""#, r#""code": """#),
        // Of the standard's own code system, and an invariant: a reference or a name of what it refers to.
        (r#""code": "initial-population""#, r#""code": "no-population""#),
        (r#""start": "2026-02-01""#, r#""start": "2026-03-01""#),
    ];
    let bundles = broken.map(|(from, to)| {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        bad
    });
    for (result, (_, to)) in validate(&bundles).into_iter().zip(broken) {
        assert!(result.is_err(), "{to}");
    }
}

#[test]
fn rows_hold_to_their_schema() {
    for (seed, count) in [(1, 0), (2, 3), (3, 2_000)] {
        let ids = contact_ids(count);
        let output = waiting_times(&month(seed, &ids));
        for contract in ["completed", "waiting"] {
            let rows = file(&output, &format!("riv_ta_{contract}.xml"));
            assert_eq!(xml(&format!("riv_ta_{contract}.xsd"), &rows.bytes), Ok(rows.rows), "seed {seed}, {contract}");
            assert_eq!(count >= 2_000, rows.rows > 20, "seed {seed}, {contract}, {}", rows.rows);
        }
    }
}

#[test]
fn the_schema_refuses() {
    let output = waiting_times(&[statement("OPT101-1"), waiting("OPT101-2", 3)]);
    let (completed, waiting) = (text(&output, "riv_ta_completed.xml"), text(&output, "riv_ta_waiting.xml"));
    assert_eq!(xml("riv_ta_completed.xsd", completed.as_bytes()), Ok(1));
    assert_eq!(xml("riv_ta_waiting.xsd", waiting.as_bytes()), Ok(1));
    assert!(xml("riv_ta_waiting.xsd", completed.as_bytes()).is_err(), "another contract");
    let contact = format!("<VardkontaktId>{}", pseudonyms("skr", "waiting-times").number("OPT101-1"));
    for (from, to) in [
        ("<Fas>2</Fas>", "<Fas>6</Fas>"),
        ("<Kon>2</Kon>", ""),
        ("<Lkf>1480</Lkf>", "<Lkf>14800</Lkf>"),
        ("20260209080000", "2026-02-09T08:00:00"),
        ("<Yrkeskategori>XS915", "<Yrkeskategori>XS927"),
        ("<StartAktivitet>20260209080000</StartAktivitet>", ""),
        (&*contact, "<VardkontaktId>"),
    ] {
        let bad = completed.replacen(from, to, 1);
        assert_ne!(bad, completed, "{from}");
        assert!(xml("riv_ta_completed.xsd", bad.as_bytes()).is_err(), "{to}");
    }
}
