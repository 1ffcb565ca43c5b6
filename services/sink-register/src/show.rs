//! Parcels, plans and the ledger, for people. No value of a statement is ever here: names, counts, hashes and positions.

use std::fmt::Write as _;

use spreadsheet::{End, Sheet};

use crate::extract;
use crate::ledger::Line;
use crate::make::Plan;
use parcel::{Decision, explain};

/// What a run would do, to be read.
#[must_use]
pub(crate) fn plan_text(plan: &Plan, name: impl Fn(u32) -> String) -> String {
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
    if let Some(withheld) = plan.extract.findings.get(extract::WITHHELD) {
        let _ = writeln!(
            text,
            "rows of {withheld} events of persons with protected identity are left out: no ground names them"
        );
    }
    for left_out in &plan.extract.left_out {
        let _ = writeln!(text, "left out, for they object: {left_out}");
    }
    if let Some(refusal) = &plan.other_key {
        let _ = writeln!(text, "a run would be refused: {refusal}");
    }
    for file in &plan.extract.files {
        let kind = if file.personal { "a row per person, to be encrypted" } else { "figures" };
        let _ = writeln!(text, "  {:<24} {:>9} rows  {kind}", file.name, file.rows);
    }
    text
}

/// The ledger as a table.
#[must_use]
pub(crate) fn ledger_text(lines: &[Line]) -> String {
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
pub(crate) fn ledger_csv(lines: &[Line]) -> String {
    let mut sheet = Sheet::for_people(End::Unix);
    sheet.line([
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
    ]);
    for line in lines {
        sheet.line([
            line.entry.to_string().as_str(),
            &line.at,
            &line.action,
            &line.extract,
            &line.definition,
            &line.period,
            &line.version.to_string(),
            &line.replaces.map(|version| version.to_string()).unwrap_or_default(),
            line.reason.as_deref().unwrap_or_default(),
            &line.recipient,
            &line.legal_ground,
            &line.rows.to_string(),
            &line.manifest_sha256,
            line.note.as_deref().unwrap_or_default(),
        ]);
    }
    sheet.finish()
}
