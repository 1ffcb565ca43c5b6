//! Every rule of the processor in one table: code, what it does to a record, severity, meaning and remedy in
//! Swedish and English. `processor rules` lists it, `processor explain CODE` prints one entry, and the codes are the
//! closed set of label values of the metrics. A rule that is not in this table cannot be raised.

use schemas::Severity;
use sealing::Refusal;
pub use timeline::Text;

/// What a rule does to the record that it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The record cannot be read: its coordinates go to the parked topic.
    Parks,
    /// The record is read and breaks a rule: its coordinates go to the parked topic.
    Refuses,
    /// The record is known and has nothing to say.
    Ignores,
    /// The record is used, and this is noted in `quality` of its events.
    Notes,
}

impl Effect {
    /// The effect as the command line prints it.
    pub fn name(self) -> &'static str {
        match self {
            Effect::Parks => "parks",
            Effect::Refuses => "refuses",
            Effect::Ignores => "ignores",
            Effect::Notes => "notes",
        }
    }
}

/// What the table says of one rule.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The rule.
    pub rule: Rule,
    /// The code that records, metrics and people use.
    pub code: &'static str,
    /// What it does to the record.
    pub effect: Effect,
    /// How much it matters.
    pub severity: Severity,
    /// What was found.
    pub meaning: Text,
    /// What to do about it.
    pub remedy: Text,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident $code:literal $effect:ident $severity:ident {
        meaning $meaning_sv:literal, $meaning_en:literal;
        remedy $remedy_sv:literal, $remedy_en:literal;
    })+) => {
        /// A rule; its meaning and remedy are in [`TABLE`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $meaning_en] $rule,)+
        }

        /// All rules, in the order of [`Rule`]'s variants.
        pub const TABLE: &[Entry] = &[$(Entry {
            rule: Rule::$rule,
            code: $code,
            effect: Effect::$effect,
            severity: Severity::$severity,
            meaning: Text { sv: $meaning_sv, en: $meaning_en },
            remedy: Text { sv: $remedy_sv, en: $remedy_en },
        },)+];
    };
}

#[macro_use]
mod fhir;
mod package;
mod table;

pub use package::PackageRule;
pub use table::{Rule, TABLE};

impl Rule {
    /// How many rules there are.
    pub const COUNT: usize = TABLE.len();

    /// What the table says of this rule.
    pub fn entry(self) -> &'static Entry {
        // The macro writes enum and table from one list, so the discriminant is the index.
        &TABLE[self as usize]
    }

    /// The code that records, metrics and people use.
    pub fn code(self) -> &'static str {
        self.entry().code
    }

    /// The rule that a record breaks which is not opened.
    pub fn of_refusal(refusal: Refusal) -> Rule {
        match refusal {
            Refusal::Plain => Rule::SealMissing,
            Refusal::KeyUnknown => Rule::SealKeyUnknown,
            Refusal::KeyWrong => Rule::SealKeyWrong,
            Refusal::Broken => Rule::SealBroken,
        }
    }

    /// The rule with this code.
    pub fn of_code(code: &str) -> Option<Rule> {
        TABLE.iter().find(|entry| entry.code == code).map(|entry| entry.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_indexed_by_rule() {
        for (index, entry) in TABLE.iter().enumerate() {
            assert_eq!(entry.rule as usize, index);
            assert_eq!(Rule::of_code(entry.code), Some(entry.rule), "{} is not unique", entry.code);
        }
    }

    /// Nothing behind the processor may link it, so the dashboard's page of operations has a copy of what is said of the rules by
    /// which records are parked. UPDATE_RULES=1 writes it.
    #[test]
    fn the_page_of_operations_says_the_same() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../libraries/figures/src/report/operations/rules.tsv");
        let rejecting = TABLE.iter().filter(|entry| matches!(entry.effect, Effect::Parks | Effect::Refuses));
        let line = |entry: &Entry| {
            let Entry { code, meaning, remedy, .. } = entry;
            [*code, meaning.sv, meaning.en, remedy.sv, remedy.en].join("\t") + "\n"
        };
        let lines: String = rejecting.map(line).collect();
        if std::env::var_os("UPDATE_RULES").is_some() {
            std::fs::write(path, &lines).expect("the copy is written");
        }
        assert_eq!(std::fs::read_to_string(path).expect("the copy"), lines);
    }

    #[test]
    fn codes_are_kebab_case_and_texts_are_there() {
        for entry in TABLE {
            assert!(entry.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", entry.code);
            for text in [entry.meaning.sv, entry.meaning.en, entry.remedy.sv, entry.remedy.en] {
                assert!(text.len() > 8, "{} has an empty text", entry.code);
            }
        }
    }
}
