//! A package's own example rows: what they must become.

use std::collections::BTreeMap;

use delimited::payload::joined;
use hl7::time::Stockholm;
use identity::{PseudonymError, Pseudonymiser};

use super::program::{Program, Reading, Whole};
use crate::findings::Findings;
use crate::stop::Stop;
use crate::verbatim::Guard;

/// A row and what it must become.
#[derive(Debug, Clone)]
pub(super) struct Example {
    pub(super) name: String,
    pub(super) line: usize,
    /// Column to cell; columns that are left out are empty.
    pub(super) row: BTreeMap<String, String>,
    /// Common field to value as `explain` and rules write it; fields that are left out are not looked at.
    pub(super) expect: BTreeMap<String, String>,
    /// All codes of the row, in order; `None`: they are not looked at.
    pub(super) codes: Option<Vec<String>>,
    pub(super) findings: Vec<String>,
    /// Code of the rule that refuses it.
    pub(super) refused: Option<String>,
}

/// What came of one example.
#[derive(Debug)]
pub struct Tried {
    /// The example's name.
    pub name: String,
    /// Its line in the package.
    pub line: usize,
    /// What differs from what the package expects; none: it holds.
    pub differences: Vec<String>,
}

/// Runs every example of a package. Nothing that is keyed here is shown or kept.
///
/// # Errors
/// Never with the key that is built in here.
pub fn try_examples(program: &mut Program) -> Result<Vec<Tried>, PseudonymError> {
    let examples = program.examples.clone();
    let pseudonymiser = &crate::made_up::pseudonymiser()?;
    let tried = examples
        .iter()
        .map(|example| Tried {
            name: example.name.clone(),
            line: example.line,
            differences: differences(program, example, pseudonymiser),
        })
        .collect();
    Ok(tried)
}

fn differences(program: &mut Program, example: &Example, pseudonymiser: &Pseudonymiser) -> Vec<String> {
    let payload = payload(program, example);
    let mut findings = Findings::default();
    let target = program.target;
    let mut unquoted = String::new();
    let guard = Guard::of_unit(pseudonymiser);
    let (stockholm, findings) = (&mut Stockholm::new(), &mut findings);
    let mut reading = Reading { stockholm, guard: &guard, findings, received_at: None };
    let read = program.read(&payload, &mut unquoted, Whole::Yes, &mut reading);
    let slots = match (read, &example.refused) {
        (Err(Stop::Park(rejection)), Some(expected)) if rejection.code() == expected => return Vec::new(),
        (Err(Stop::Park(rejection)), _) => {
            let column = rejection.field.unwrap_or("the row");
            return vec![format!("refused by {} at {column}: {}", rejection.code(), rejection.remedy())];
        }
        (Err(Stop::Ignore(rule)), _) => return vec![format!("ignored by {}", rule.code())],
        (Ok(_), Some(expected)) => return vec![format!("not refused; {expected} should refuse it")],
        (Ok(slots), None) => slots,
    };
    let mut differences = Vec::new();
    for (field, expected) in &example.expect {
        let slot = slots.named(target, field);
        let found = slot.written();
        // Packages of before dates were dates name the moment at which the day begins.
        let began = slot.time().filter(|_| slot.is_date()).map(crate::verbatim::rfc3339);
        if found != *expected && began.as_ref() != Some(expected) {
            differences.push(format!("{field} is {found:?}, expected {expected:?}"));
        }
    }
    if let Some(expected) = &example.codes {
        let found: Vec<String> = slots.codes.iter().map(super::slot::CodeSlot::written).collect();
        if found != *expected {
            differences.push(format!("codes are {found:?}, expected {expected:?}"));
        }
    }
    let found: Vec<&str> = findings.list().iter().map(|finding| finding.rule).collect();
    if found != example.findings {
        differences.push(format!("findings are {found:?}, expected {:?}", example.findings));
    }
    differences
}

/// All columns of the package as a header, and the example's cells.
fn payload(program: &Program, example: &Example) -> String {
    let header: Vec<&str> = program.columns().collect();
    let row: Vec<&str> = header.iter().map(|name| example.row.get(*name).map_or("", String::as_str)).collect();
    format!("{}\n{}", joined(&header), joined(&row))
}
