//! The commands that list and explain rules.

use std::io::{self, Write};

use schemas::Severity;

use super::{Failure, print};
use crate::dry_run::Language;
use crate::rules::{Entry, Rule, TABLE, Text};

pub(super) fn list(language: Language) -> Result<(), Failure> {
    print(|output| lines(output, language))
}

fn lines(output: &mut dyn Write, language: Language) -> io::Result<()> {
    let of_messages = TABLE.iter().map(|entry| (entry.code, entry.effect.name(), entry.severity, &entry.meaning));
    for (code, effect, severity, meaning) in of_messages {
        writeln!(output, "{code:<26} {effect:<8} {:<8} {}", self::severity(severity), language.of(meaning))?;
    }
    for entry in timeline::FindingRule::ALL.iter().map(|rule| rule.entry()) {
        let severity = severity(entry.severity);
        writeln!(output, "{:<26} timeline {severity:<8} {}", entry.code, language.of(&entry.meaning))?;
    }
    Ok(())
}

pub(super) fn explain(code: &str) -> Result<(), Failure> {
    let of_timeline = timeline::FindingRule::ALL.iter().map(|rule| rule.entry()).find(|entry| entry.code == code);
    if let Some(entry) = of_timeline {
        return told(entry.code, "found among a visit's events", entry.severity, &entry.meaning, &entry.remedy);
    }
    let Some(rule) = Rule::of_code(code) else {
        let near = nearest(code).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return Err(Failure::Usage(format!("there is no rule {code:?}{near} `processor rules` lists all")));
    };
    let entry = rule.entry();
    told(entry.code, entry.effect.name(), entry.severity, &entry.meaning, &entry.remedy)
}

fn told(code: &str, effect: &str, severity: Severity, meaning: &Text, remedy: &Text) -> Result<(), Failure> {
    print(|output| {
        writeln!(output, "{code}: {effect}, {}", self::severity(severity))?;
        writeln!(output)?;
        writeln!(output, "{}\n  Åtgärd: {}", meaning.sv, remedy.sv)?;
        writeln!(output)?;
        writeln!(output, "{}\n  Remedy: {}", meaning.en, remedy.en)
    })
}

/// The rule that shares most pairs of letters with what was typed, if it shares half of them.
fn nearest(code: &str) -> Option<&'static str> {
    let pairs = || code.as_bytes().windows(2);
    let shared = |entry: &&Entry| {
        let pairs_in_rule = entry.code.as_bytes().windows(2);
        let in_typed = pairs_in_rule.clone().filter(|pair| pairs().any(|typed| typed == *pair)).count();
        // A longer rule holds more pairs by chance.
        (2 * in_typed).saturating_sub(pairs_in_rule.count())
    };
    TABLE.iter().max_by_key(shared).filter(|entry| shared(entry) > 0).map(|entry| entry.code)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
