//! Each rule of the waiting-time figures by example, the promise over all orders, and two readings that are not ours: a
//! second calculation in Python, and validators of FHIR and XML.

mod attack;
mod completed;
mod dimensions;
mod fates;
mod oracle;
mod order;
mod random;
mod reports;
mod rows;
mod speed;
mod standards;
mod steps;
mod validators;
mod waiting;

use std::collections::BTreeMap;

use schemas::{Correction, CorrectionKind, Envelope, Origin, Sex, Timestamp, Wait, WaitStatus};
use sink_register::waiting_times::{PilotFigures, Settings, WaitingTimes};
use sink_register::{File, Output};

use crate::world::pseudonyms;

/// Västra Götaland in February 2026.
fn settings() -> Settings {
    Settings {
        region: "14".parse().unwrap(),
        period: "2026-02".parse().unwrap(),
        definition_version: "2026.1".to_owned(),
        // The rules are shown by few contacts; what is withheld has a test of its own.
        hide_below: 1,
        earlier: BTreeMap::new(),
    }
}

/// A Swedish wall-clock time.
fn at(text: &str) -> Timestamp {
    let local: jiff::civil::DateTime = text.parse().unwrap();
    Timestamp(local.in_tz("Europe/Stockholm").unwrap().timestamp().as_microsecond())
}

/// A completed contact with every field, 34 days after the decision, within the guarantee.
fn statement(contact_id: &str) -> Wait<'_> {
    Wait {
        envelope: envelope(),
        contact_id,
        referral_id: Some("R-4711"),
        status: WaitStatus::Completed,
        period: Some("2026-02"),
        phase: Some("2"),
        guarantee: Some(true),
        deviation: None,
        decided_is_date: false,
        decided_at: Some(at("2026-01-06 08:00")),
        started_is_date: false,
        started_at: Some(at("2026-02-09 08:00")),
        medical_target_is_date: true,
        medical_target_at: Some(at("2026-04-06 00:00")),
        referral_is_date: false,
        referral_at: Some(at("2025-12-10 11:00")),
        arrived_is_date: false,
        arrived_at: Some(at("2025-12-12 11:00")),
        mvo: Some("511"),
        activity: Some("51101"),
        activity_kva: Some("CJE20"),
        activity_icd: Some("H259"),
        kva: Some("CJE20"),
        booking: Some("2"),
        contact_type: Some("0"),
        profession: Some("XS915"),
        emergency_kind: Some("0"),
        referrer_kind: Some("1"),
        referrer_hsa_id: Some("SE0000000000-OPT101"),
        region_code: Some("51"),
        region_hsa_id: Some("SE2321000131-E000000000001"),
        provider_hsa_id: Some("SE2321000131-E000000000002"),
        care_unit_hsa_id: Some("SE2321000131-E000000000003"),
        unit_hsa_id: Some("SE2321000131-E000000000004"),
        hospital_code: Some("501010"),
        hospital_name: Some("Sahlgrenska"),
        sex: Sex::Female,
        birth_year: Some(1948),
        lkf: Some("1480"),
        listing_hsa_id: Some("SE2321000131-E000000000005"),
        stated_wait_days: Some(34),
        verbatim: BTreeMap::new(),
    }
}

fn envelope() -> Envelope<'static> {
    Envelope {
        event_id: "932c6e48-9f24-58d3-b700-f13f4ccccad2",
        event_type: "wait.completed",
        schema_version: 1,
        region: "14",
        source_system: "SE2321000131-E000000000001",
        source_message_id: "waiting-times@3b1f0c2a9d7e4455",
        origin: Origin { topic: "region.14.source.waiting-times", partition: 1, offset: 17, ordinal: 0 },
        occurred_at: Timestamp(0),
        occurred_text: "",
        recorded_at: None,
        recorded_text: None,
        ingested_at: Timestamp(0),
        correction: Correction { kind: CorrectionKind::New, target_event_id: None },
        subject_token: None,
        subject_aliases: Vec::new(),
        key_id: None,
        protected_identity: false,
        quality: Vec::new(),
        extensions: BTreeMap::new(),
    }
}

/// A completed contact whose wait is this long; it starts on 9 February.
fn completed(contact_id: &str, wait_days: i64) -> Wait<'_> {
    Wait { decided_at: Some(earlier(at("2026-02-09 08:00"), wait_days)), ..statement(contact_id) }
}

/// A contact that has been waited for this long on 28 February.
fn waiting(contact_id: &str, wait_days: i64) -> Wait<'_> {
    Wait {
        status: WaitStatus::Waiting,
        decided_at: Some(earlier(at("2026-02-28 08:00"), wait_days)),
        started_at: None,
        ..statement(contact_id)
    }
}

/// The same wall-clock time so many days before.
fn earlier(moment: Timestamp, days: i64) -> Timestamp {
    let zoned = jiff::Timestamp::from_microsecond(moment.0).unwrap().in_tz("Europe/Stockholm").unwrap();
    let earlier = zoned.checked_sub(jiff::Span::new().days(days)).unwrap();
    Timestamp(earlier.timestamp().as_microsecond())
}

/// The pilots' figures.
fn extract<'a>(statements: impl IntoIterator<Item = &'a Wait<'a>>) -> Output {
    extract_of(settings(), statements)
}

fn extract_of<'a>(settings: Settings, statements: impl IntoIterator<Item = &'a Wait<'a>>) -> Output {
    let mut extract = PilotFigures::new(settings);
    for wait in statements {
        extract.add(wait);
    }
    extract.finish()
}

/// The figures by step, and the rows.
fn waiting_times<'a>(statements: impl IntoIterator<Item = &'a Wait<'a>>) -> Output {
    waiting_times_of(settings(), statements)
}

fn waiting_times_of<'a>(settings: Settings, statements: impl IntoIterator<Item = &'a Wait<'a>>) -> Output {
    let mut extract = WaitingTimes::new(settings, &pseudonyms("skr", "waiting-times"));
    for wait in statements {
        extract.add(wait);
    }
    extract.finish()
}

fn file<'a>(output: &'a Output, name: &str) -> &'a File {
    output.files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no file {name}"))
}

fn text<'a>(output: &'a Output, name: &str) -> &'a str {
    std::str::from_utf8(&file(output, name).bytes).unwrap()
}

/// The lines of a table, each as its cells by column.
fn table(output: &Output, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(&*file(output, name).bytes);
    let columns = reader.headers().unwrap().clone();
    let lines = reader.records().map(|record| {
        let record = record.unwrap();
        columns.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect()
    });
    lines.collect()
}

/// Statements in, cells of the one line of `name` of the pilots' figures that has all of `keys` out.
fn check(statements: &[Wait<'_>], name: &str, keys: &[(&str, &str)], cells: &[(&str, &str)]) {
    check_line(&extract(statements), name, keys, cells);
}

fn check_line(output: &Output, name: &str, keys: &[(&str, &str)], cells: &[(&str, &str)]) {
    let lines: Vec<_> = table(output, name)
        .into_iter()
        .filter(|line| keys.iter().all(|(column, value)| line[*column] == *value))
        .collect();
    assert_eq!(lines.len(), 1, "{keys:?} in\n{}", text(output, name));
    let found: Vec<_> = cells.iter().map(|(column, _)| (*column, lines[0][*column].as_str())).collect();
    assert_eq!(found, cells, "{keys:?} in\n{}", text(output, name));
}
