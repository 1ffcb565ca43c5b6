//! What is said of the rules by which the processor refuses and parks: a copy of its table, which a test of the processor compares.

use board::language::Language;

const RULES: &str = include_str!("rules.tsv");

/// What a rule finds, and what helps; nothing of a rule that a mapping package has brought.
pub(super) fn known(code: &str, language: Language) -> Option<(&'static str, &'static str)> {
    RULES.lines().find_map(|line| {
        let mut cells = line.split('\t');
        let [rule, meaning_sv, meaning_en, remedy_sv, remedy_en] =
            std::array::from_fn(|_| cells.next().unwrap_or_default());
        (rule == code).then(|| (language.say(meaning_sv, meaning_en), language.say(remedy_sv, remedy_en)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_copy_has_words_in_both_languages() {
        for line in RULES.lines() {
            let code = line.split('\t').next().unwrap_or_default();
            for language in [Language::Sv, Language::En] {
                let (meaning, remedy) = known(code, language).expect("a rule");
                assert!(meaning.len() > 8 && remedy.len() > 8, "{code}");
            }
        }
        assert_eq!(known("no-such-rule", Language::Sv), None);
        assert!(known("episode-missing", Language::Sv).is_some());
    }
}
