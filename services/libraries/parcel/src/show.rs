//! Parcels, for people: names, counts, hashes and positions, never a value of a statement.

use std::fmt::Write as _;
use std::path::Path;

use crate::manifest::{Explanation, Manifest, PseudonymKey};

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
    if let Some(PseudonymKey { key, fingerprint }) = &manifest.pseudonyms {
        line("pseudonyms", &format!("of key {key}, fingerprint {fingerprint}"));
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
    if !manifest.left_out.is_empty() {
        text.push_str("\nleft out, for they object\n");
    }
    for left_out in &manifest.left_out {
        let _ = writeln!(text, "  {left_out}");
    }
    if !manifest.groups.is_empty() {
        text.push_str("\nrows that say the same of what others may know\n");
    }
    for (file, groups) in &manifest.groups {
        let share = |rows: u64| rows as f64 * 100.0 / groups.rows.max(1) as f64;
        let _ = writeln!(
            text,
            "  {file:<24} by {}: the smallest group has {}, {:.1} % are in groups under 5, {:.1} % under 10",
            groups.by.join(", "),
            groups.smallest,
            share(groups.rows_below_5),
            share(groups.rows_below_10)
        );
        if let Some(tells) = &groups.tells {
            let _ = writeln!(
                text,
                "  {:<24} {tells}: at least {} values in a group, {:.1} % in groups of one",
                "",
                groups.least_diverse,
                share(groups.rows_of_one_value)
            );
        }
    }
    let treated = |treatment: &str| treatment != "plain";
    if manifest.treatments.values().flat_map(|treatments| treatments.keys()).any(|treatment| treated(treatment)) {
        text.push_str("\nwhat was done with columns; all others are as the store has them\n");
    }
    for (file, treatments) in &manifest.treatments {
        for (treatment, columns) in treatments.iter().filter(|(treatment, _)| treated(treatment)) {
            let _ = writeln!(text, "  {file:<24} {treatment}: {}", columns.join(", "));
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

/// What differs from the version before, line by line.
pub fn explain(text: &mut String, explained: &Explanation) {
    let number = |number: Option<i64>| number.map_or_else(|| "absent".to_owned(), |number| number.to_string());
    for change in &explained.totals {
        let _ = writeln!(text, "  {:<32} {:>9} -> {}", change.total, number(change.before), number(change.after));
    }
    if explained.totals.is_empty() {
        text.push_str("  no control total differs\n");
    }
    let _ = writeln!(text, "  content differs in: {}", explained.files.join(", "));
}
