//! Parcels, plans and the ledger, for people. No value of a statement is ever here: names, counts, hashes and positions.

use std::fmt::Write as _;
use std::path::Path;

use crate::ledger::Line;
use crate::make::Plan;
use crate::parcel::{Explanation, Manifest};
use crate::version::Decision;

/// What making a parcel came to: where it is, and its files.
#[must_use]
pub fn made_text(is_new: bool, place: &Path, manifest: &Manifest) -> String {
    let mut text = format!("{} {}\n", if is_new { "made" } else { "unchanged" }, place.display());
    for file in &manifest.files {
        let suffix = if file.encrypted { ".age" } else { "" };
        let _ = writeln!(text, "  {}{suffix}: {} rows", file.name, file.rows);
    }
    text
}

/// A manifest, to be read.
#[must_use]
pub fn manifest_text(manifest: &Manifest, manifest_sha256: &str) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<16} {value}");
    };
    line("parcel", &manifest.name());
    line("extract", &format!("{}, definition version {}", manifest.extract, manifest.definition));
    line("region", &format!("{} {}", manifest.region, manifest.region.name()));
    line("period", &manifest.period.to_string());
    let replaces = manifest.replaces.map(|version| format!(", replaces {version}")).unwrap_or_default();
    let reason = manifest.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    line("version", &format!("{}{replaces}{reason}", manifest.version));
    line("recipient", &manifest.recipient);
    line("legal ground", &manifest.legal_ground);
    line("statements until", &manifest.statements_until);
    for flag in &manifest.flags {
        line("flag", &flag.text);
    }
    line("manifest", &format!("sha256 {manifest_sha256}"));
    text.push_str("\nfiles\n");
    for file in &manifest.files {
        let kind = match (file.personal, file.encrypted) {
            (true, true) => "a row per person, encrypted",
            (true, false) => "a row per person",
            (false, _) => "figures",
        };
        let _ = writeln!(text, "  {:<24} {:>9} rows {:>11} bytes  {kind}", file.name, file.rows, file.bytes);
        let _ = writeln!(text, "  {:<24} sha256 {}", "", file.sha256);
    }
    text.push_str("\ncontrol totals\n");
    for (name, number) in &manifest.totals {
        let _ = writeln!(text, "  {name:<32} {number:>9}");
    }
    if !manifest.findings.is_empty() {
        text.push_str("\nstatements per quality rule\n");
        for (rule, count) in &manifest.findings {
            let _ = writeln!(text, "  {rule:<32} {count:>9}");
        }
    }
    if let Some(explained) = &manifest.explained {
        let _ = writeln!(text, "\ndiffers from version {}", manifest.replaces.unwrap_or_default());
        explain(&mut text, explained);
    }
    text.push_str("\nmade from\n");
    for at in &manifest.origin.0 {
        let place = format!("{} partition {}", at.topic, at.partition);
        let _ = writeln!(text, "  {place:<48} up to offset {}, event {}", at.offset, at.ordinal);
    }
    text
}

/// What a run would do, to be read.
#[must_use]
pub fn plan_text(plan: &Plan, name: impl Fn(u32) -> String) -> String {
    let mut text = String::new();
    let survey = &plan.extract.survey;
    let latest = plan.extract.totals.get("statements").copied().unwrap_or_default();
    let _ = writeln!(
        text,
        "{} statements in the store, of which {latest} are the latest of their contact",
        survey.statements
    );
    for version in &plan.lacking {
        let _ = writeln!(text, "{} is not in the ledger; a run enters it", name(*version));
    }
    match (&plan.decision, plan.latest) {
        (Some(Decision::First), _) => {
            let _ = writeln!(text, "a run would make {}, the first of the period", name(1));
        }
        (Some(Decision::Unchanged), latest) => {
            let _ = writeln!(text, "a run would make nothing: {} says the same", name(latest.unwrap_or(1)));
        }
        (Some(Decision::Next { version, replaces, explained }), _) => {
            let _ = writeln!(text, "a run would make {}, which replaces version {replaces}", name(*version));
            explain(&mut text, explained);
        }
        (None, latest) => {
            let latest = name(latest.unwrap_or(1));
            let _ =
                writeln!(text, "{latest} is in the ledger; give --out the folder that holds it to see what differs");
        }
    }
    for file in &plan.extract.files {
        let kind = if file.personal { "a row per person, to be encrypted" } else { "figures" };
        let _ = writeln!(text, "  {:<24} {:>9} rows  {kind}", file.name, file.rows);
    }
    text
}

fn explain(text: &mut String, explained: &Explanation) {
    let number = |number: Option<i64>| number.map_or_else(|| "absent".to_owned(), |number| number.to_string());
    for change in &explained.totals {
        let _ = writeln!(text, "  {:<32} {:>9} -> {}", change.total, number(change.before), number(change.after));
    }
    if explained.totals.is_empty() {
        text.push_str("  no control total differs\n");
    }
    let _ = writeln!(text, "  content differs in: {}", explained.files.join(", "));
}

/// The ledger as a table.
#[must_use]
pub fn ledger_text(lines: &[Line]) -> String {
    if lines.is_empty() {
        return "nothing was made or delivered\n".to_owned();
    }
    let mut text = String::new();
    for line in lines {
        let replaces = line.replaces.map(|version| format!(", replaces {version}")).unwrap_or_default();
        let reason = line.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let Line { at, action, extract, period, version, recipient, rows, .. } = line;
        let _ = writeln!(
            text,
            "{at} {action:<9} {extract} {period} version {version}{replaces}{reason} for {recipient}, {rows} rows"
        );
        let _ = writeln!(text, "  ground: {} (definition {})", line.legal_ground, line.definition);
        let _ = writeln!(text, "  manifest {}", line.manifest_sha256);
        if let Some(note) = &line.note {
            let _ = writeln!(text, "  {note}");
        }
    }
    text
}

/// The ledger as CSV with a header, `;` between cells.
#[must_use]
pub fn ledger_csv(lines: &[Line]) -> String {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').has_headers(false).from_writer(Vec::new());
    let header = [
        "entry",
        "at",
        "action",
        "extract",
        "definition",
        "period",
        "version",
        "replaces",
        "reason",
        "recipient",
        "legal_ground",
        "rows",
        "manifest_sha256",
        "note",
    ];
    writer.write_record(header).expect("memory does not fail");
    for line in lines {
        writer.serialize(line).expect("a line is texts and numbers");
    }
    let bytes = writer.into_inner().expect("memory does not fail");
    String::from_utf8(bytes).expect("texts are UTF-8")
}
