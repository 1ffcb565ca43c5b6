//! A package in words: where each common field comes from.

use std::fmt::Write as _;

use super::field::FieldKind;
use super::program::{From, Meaning, Program};
use crate::code_lists::System;

fn amounts(program: &Program) -> String {
    match program.decimal {
        Some(',') => "decimals after a comma, a full stop between thousands".to_owned(),
        Some(_) => "decimals after a full stop, a comma between thousands".to_owned(),
        None => "142.500 and 142,500 are not read (amount-ambiguous) unless package.decimal says what the sign is"
            .to_owned(),
    }
}

/// Field by field, for people.
pub fn explain(program: &Program) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{words}");
    };
    line(format!(
        "{} {}: rows of feed {} become {} events",
        program.name,
        program.version,
        program.feed,
        program.target.name()
    ));
    line(program.description.clone());
    line(String::new());
    line(format!("{:<20} {:<24} {:<22} how", "common field", "column", "kind"));
    for (place, field) in program.target.fields().iter().enumerate() {
        let Some(step) = program.steps.iter().find(|step| step.place == place) else {
            line(format!("{:<20} {:<24}", field.name, "(not filled)"));
            continue;
        };
        let from = match &step.from {
            From::Column(column) => program.columns[*column].name.to_owned(),
            From::Columns(columns) => {
                columns.iter().map(|column| program.columns[*column].name).collect::<Vec<_>>().join(", ")
            }
            From::Value(value) => format!("always {value:?}"),
        };
        let mut how = Vec::new();
        if step.required {
            how.push("required: a row without it is refused".to_owned());
        }
        if let Some(default) = &step.default {
            how.push(format!("empty means {default:?}"));
        }
        let codes: Vec<String> = step
            .codes
            .iter()
            .map(|(code, meaning)| match meaning {
                Meaning::Symbol(symbol) => format!("{code} = {symbol}"),
                Meaning::Flag(flag) => format!("{code} = {}", if *flag { "yes" } else { "no" }),
                Meaning::Text(text) => format!("{code} = {text}"),
                Meaning::Nothing => format!("{code} = nothing"),
            })
            .collect();
        if !codes.is_empty() {
            how.push(codes.join(", "));
        }
        if step.strict && !step.required {
            how.push("a text that cannot be read refuses the row".to_owned());
        }
        if let Some(clock) = step.clock {
            how.push(format!("hours and minutes in {}", program.columns[clock].name));
        }
        if step.kind == FieldKind::Money {
            how.push(amounts(program));
        }
        if !step.formats.is_empty() {
            how.push(format!("written as {}", step.formats.join(" or ")));
        }
        line(
            format!("{:<20} {:<24} {:<22} {}", field.name, from, step.kind.words(), how.join("; "))
                .trim_end()
                .to_owned(),
        );
    }
    for (name, column) in &program.extensions {
        line(format!("{:<20} {:<24} extension", name, program.columns[*column].name));
    }
    for (name, column) in &program.components {
        line(format!("{:<20} {:<24} component, kronor", name, program.columns[*column].name));
    }
    if !program.codes.is_empty() {
        line(String::new());
        line(format!("{:<20} {:<24} {:<22} how", "codes, as", "column", "system"));
        for entry in &program.codes {
            line(entry.words(&program.columns));
        }
    }
    let systems: Vec<System> = System::ALL.into_iter().filter(|system| program.reads_system(*system)).collect();
    if !systems.is_empty() {
        line(String::new());
        line("code lists".to_owned());
        for system in systems {
            line(program.lists.words(system));
        }
    }
    if !program.rules.is_empty() {
        line(String::new());
        line("rules".to_owned());
        for rule in &program.rules {
            let effect = match rule.said.severity {
                schemas::Severity::Error => "refuses",
                schemas::Severity::Warning => "warns",
                schemas::Severity::Info => "notes",
            };
            line(format!("{:<28} {effect:<8} {}", rule.said.code, rule.words(program.target)));
            line(format!("{:<28} {:<8} remedy: {}", "", "", rule.said.remedy));
        }
    }
    text
}
