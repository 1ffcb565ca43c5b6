//! What is known of quality rules: what they find, what helps and who can do it. A rule that is not here is shown by
//! its code: the region's own packages may have others.

use board::language::Language;
use timeline::FindingRule;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Unit,
    /// Whoever runs the source system.
    Source,
    Integration,
}

impl Owner {
    pub(crate) const fn word(self, language: Language) -> &'static str {
        match self {
            Self::Unit => language.say("den registrerande enheten", "the unit that registers"),
            Self::Source => language.say("källsystemets förvaltning", "the source system's maintainers"),
            Self::Integration => language.say("regionens integrationsansvariga", "the region's integration engineers"),
        }
    }
}

/// A rule, in Swedish and English: its code, what it finds, what helps, and who can do it.
type Rule = (&'static str, [&'static str; 2], [&'static str; 2], Owner);

const RULES: [Rule; 25] = [
    (
        "completed_without_times",
        ["genomförd utan beslut eller start", "completed without decision or start"],
        ["Fyll i beslut_datum och start_datum.", "Fill in beslut_datum and start_datum."],
        Owner::Unit,
    ),
    (
        "completed_negative",
        ["start före beslut", "start before decision"],
        ["Kontrollera båda datumen; kontakten räknas inte.", "Check both dates; the contact is in no figure."],
        Owner::Unit,
    ),
    (
        "completed_implausible",
        ["genomförd efter mer än fyrtio år", "completed after more than forty years"],
        [
            "Rätta årtalet, och lämna start_datum tomt när det inte finns; kontakten räknas inte.",
            "Correct the year, and leave start_datum empty when there is none; the contact is in no figure.",
        ],
        Owner::Source,
    ),
    (
        "waiting_implausible",
        ["väntande sedan mer än fyrtio år", "waiting for more than forty years"],
        ["Rätta beslut_datum; kontakten räknas inte.", "Correct beslut_datum; the contact is in no figure."],
        Owner::Source,
    ),
    (
        "waiting_without_decision",
        ["väntande utan beslut", "waiting without decision"],
        ["Fyll i beslut_datum.", "Fill in beslut_datum."],
        Owner::Unit,
    ),
    (
        "waiting_negative",
        ["väntande från en dag efter perioden", "waiting from a day after the period"],
        ["Kontrollera beslut_datum och matperiod.", "Check beslut_datum and matperiod."],
        Owner::Source,
    ),
    (
        "status_unknown",
        ["varken genomförd eller väntande", "neither completed nor waiting"],
        ["Sätt status till GENOMFORD eller VANTANDE.", "Set status to GENOMFORD or VANTANDE."],
        Owner::Source,
    ),
    (
        "phase_unknown",
        ["kontakt utan fas", "contact without a phase"],
        ["Fyll i fas: 1 första besök, 2 åtgärd, annars 3–5.", "Fill in fas: 1 first visit, 2 treatment, else 3–5."],
        Owner::Source,
    ),
    (
        "without_total",
        ["kontakt utan kostnad", "contact without a cost"],
        ["Fyll i totalkostnad.", "Fill in totalkostnad."],
        Owner::Source,
    ),
    (
        "without_subject",
        ["kontakt utan person", "contact without a person"],
        ["Fyll i patient_id.", "Fill in patient_id."],
        Owner::Source,
    ),
    (
        "sum_differs",
        ["delarna är inte totalen", "the parts are not the total"],
        ["Kör om kalkylen så att delarna går ihop.", "Run the calculation again so that the parts add up."],
        Owner::Source,
    ),
    (
        "cost-sum-differs",
        ["delarna är inte totalen", "the parts are not the total"],
        ["Kör om kalkylen så att delarna går ihop.", "Run the calculation again so that the parts add up."],
        Owner::Source,
    ),
    (
        "cost-dates-reversed",
        ["in efter ut", "in after out"],
        ["Kontrollera in_datum och ut_datum.", "Check in_datum and ut_datum."],
        Owner::Unit,
    ),
    (
        "cost-drg-missing",
        ["sluten vård utan DRG", "inpatient care without a DRG"],
        ["Gruppera kontakten i NordDRG.", "Group the contact in NordDRG."],
        Owner::Source,
    ),
    (
        "cost-hospital-missing",
        ["sjukhuskod saknas", "hospital code missing"],
        ["Fyll i sjukhuskod, eller 00000 utanför sjukhus.", "Fill in sjukhuskod, or 00000 outside hospitals."],
        Owner::Source,
    ),
    (
        "wait-decision-missing",
        ["beslut saknas", "decision missing"],
        [
            "Fyll i beslut_datum: utan det räknas kontakten inte.",
            "Fill in beslut_datum: without it the contact is in no figure.",
        ],
        Owner::Unit,
    ),
    (
        "wait-start-missing",
        ["genomförd utan start", "completed without start"],
        ["Fyll i start_datum, eller skicka som VANTANDE.", "Fill in start_datum, or send it as VANTANDE."],
        Owner::Unit,
    ),
    (
        "wait-start-present",
        ["väntande med start", "waiting with a start"],
        ["Skicka som GENOMFORD när den är genomförd.", "Send it as GENOMFORD once it has taken place."],
        Owner::Source,
    ),
    (
        "wait-negative",
        ["start före beslut", "start before decision"],
        ["Kontrollera båda datumen; kontakten räknas inte.", "Check both dates; the contact is in no figure."],
        Owner::Unit,
    ),
    (
        "wait-guarantee-missing",
        ["vårdgaranti uppges inte", "guarantee not given"],
        [
            "Fyll i vardgaranti med JA eller NEJ: annars räknas kontakten inte i nämnaren.",
            "Fill in vardgaranti with JA or NEJ: without it the contact is in no denominator.",
        ],
        Owner::Unit,
    ),
    (
        "wait-hospital-missing",
        ["sjukhuskod saknas", "hospital code missing"],
        ["Fyll i sjukhuskod, eller 00000 utanför sjukhus.", "Fill in sjukhuskod, or 00000 outside hospitals."],
        Owner::Source,
    ),
    ("wait-phase-unknown", ["okänd fas", "unknown phase"], ["Fas är 1 till 5.", "The phase is 1 to 5."], Owner::Source),
    (
        "wait-booking-unknown",
        ["okänt bokningssätt", "unknown way of booking"],
        ["Bokningssätt är 1 till 5.", "The way of booking is 1 to 5."],
        Owner::Source,
    ),
    (
        "wait-contact-type-unknown",
        ["okänd vårdkontakttyp", "unknown kind of contact"],
        ["Vårdkontakttyp är 0 till 8, 81, 82, 83 eller 91.", "The kind of contact is 0 to 8, 81, 82, 83 or 91."],
        Owner::Source,
    ),
    (
        "code-unknown",
        ["en kod finns inte i kodverket", "a code is not in its code list"],
        [
            "Rätta koden i källan, eller lägg till den i regionens paket.",
            "Correct the code at the source, or add it to the region's package.",
        ],
        Owner::Integration,
    ),
];

/// What a rule finds, what helps and who can do it; nothing of an unknown one.
pub(crate) fn known(code: &str, language: Language) -> Option<(&'static str, &'static str, Owner)> {
    let index = usize::from(language == Language::En);
    if let Some((_, finds, helps, owner)) = RULES.iter().find(|(known, ..)| *known == code) {
        return Some((finds[index], helps[index], *owner));
    }
    // The rules of the timeline say themselves what they mean and what helps; what they meet is what the source sends.
    let entry = FindingRule::ALL.iter().map(|rule| rule.entry()).find(|entry| entry.code == code)?;
    let (meaning, remedy) = (entry.meaning, entry.remedy);
    Some((language.say(meaning.sv, meaning.en), language.say(remedy.sv, remedy.en), Owner::Source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_stands_once() {
        let mut codes: Vec<&str> = RULES.iter().map(|(code, ..)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), RULES.len());
        assert_eq!(known("no-such-rule", Language::Sv), None);
        for rule in FindingRule::ALL {
            assert!(!codes.contains(&rule.code()), "{} would be counted as two", rule.code());
            assert_eq!(known(rule.code(), Language::Sv).map(|(finds, ..)| finds), Some(rule.entry().meaning.sv));
        }
    }
}
