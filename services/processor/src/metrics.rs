//! What the processor counts beside the relay: which rules applied, and how long a record takes.

use runtime::metrics::{By, Counter, Histogram, Label};

use crate::pipeline::Outcome;
use crate::rules::{Effect, Rule, TABLE};

runtime::metrics! {
    /// The processor's own metrics; fates, lag and queues are the relay's.
    pub struct Metrics {
        /// Records that went to the parked topic, refused or unreadable, by rule. `processor explain RULE` says what to do.
        pub rejected: By<Rejecting, Counter> = "rejected_total",
        /// Records with nothing to say, by rule.
        pub ignored: By<Ignoring, Counter> = "ignored_total",
        /// Quality findings on records that were used, by rule.
        pub findings: By<Noting, Counter> = "findings_total",
        /// Time that one record takes from decoding to encoding; one record in 64 is timed.
        pub step_time: Histogram = "step_seconds",
    }
}

impl Metrics {
    /// Counts one record.
    pub fn count(&self, outcome: &Outcome, found: &[Rule]) {
        match outcome {
            Outcome::Mapped(_) => {
                for rule in found {
                    self.findings.of(Noting(*rule)).inc();
                }
            }
            Outcome::Ignored(rule) => self.ignored.of(Ignoring(*rule)).inc(),
            Outcome::Rejected(rejection) => self.rejected.of(Rejecting(rejection.rule)).inc(),
        }
    }
}

/// How many rules have one of these effects.
const fn count(effects: &[Effect]) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < TABLE.len() {
        count += has(effects, TABLE[at].effect) as usize;
        at += 1;
    }
    count
}

const fn has(effects: &[Effect], effect: Effect) -> bool {
    let mut at = 0;
    while at < effects.len() {
        if effects[at] as u8 == effect as u8 {
            return true;
        }
        at += 1;
    }
    false
}

/// The rules with one of these effects, in the table's order.
const fn rules<const N: usize>(effects: &[Effect]) -> [Rule; N] {
    let mut rules = [TABLE[0].rule; N];
    let (mut at, mut to) = (0, 0);
    while at < TABLE.len() {
        if has(effects, TABLE[at].effect) {
            rules[to] = TABLE[at].rule;
            to += 1;
        }
        at += 1;
    }
    rules
}

macro_rules! rule_label {
    ($(#[$doc:meta])* $name:ident($($effect:ident),+)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub Rule);

        impl $name {
            const EFFECTS: &'static [Effect] = &[$(Effect::$effect),+];
            const COUNT: usize = count(Self::EFFECTS);
            const VALUES: [$name; Self::COUNT] = {
                let rules: [Rule; Self::COUNT] = rules(Self::EFFECTS);
                let mut values = [$name(rules[0]); Self::COUNT];
                let mut at = 0;
                while at < Self::COUNT {
                    values[at] = $name(rules[at]);
                    at += 1;
                }
                values
            };
        }

        impl Label for $name {
            const NAME: &'static str = "rule";
            const ALL: &'static [Self] = &Self::VALUES;

            fn index(self) -> usize {
                // The table sorts rules by nothing but their place in it, and a subset keeps that order.
                Self::VALUES.binary_search_by_key(&(self.0 as usize), |value| value.0 as usize).unwrap_or_default()
            }

            fn value(self) -> &'static str {
                self.0.code()
            }
        }
    };
}

rule_label! {
    /// A rule that sends a record to the parked topic.
    Rejecting(Parks, Refuses)
}

rule_label! {
    /// A rule by which a record has nothing to say.
    Ignoring(Ignores)
}

rule_label! {
    /// A rule that leaves a finding.
    Noting(Notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<L: Label>(effects: &[Effect]) {
        for (index, label) in L::ALL.iter().enumerate() {
            assert_eq!(label.index(), index);
            let rule = Rule::of_code(label.value()).expect("a code of the table");
            assert!(effects.contains(&rule.entry().effect), "{}", label.value());
        }
    }

    #[test]
    fn every_rule_is_a_value_of_exactly_one_label() {
        check::<Rejecting>(&[Effect::Parks, Effect::Refuses]);
        check::<Ignoring>(&[Effect::Ignores]);
        check::<Noting>(&[Effect::Notes]);
        assert_eq!(Rejecting::ALL.len() + Ignoring::ALL.len() + Noting::ALL.len(), TABLE.len());
    }

    #[test]
    fn all_metrics_are_there_from_the_start() {
        let registry = runtime::metrics::Registry::new();
        let metrics = Metrics::register(&registry, "processor").expect("names are free");
        metrics.count(&Outcome::Mapped(1), &[Rule::UnitUnknown, Rule::UnitUnknown]);
        let text = runtime::metrics::text(&registry).expect("metrics as text");
        assert!(text.contains("vardstrom_processor_findings_total{rule=\"unit-unknown\"} 2"), "{text}");
        assert!(text.contains("vardstrom_processor_rejected_total{rule=\"episode-missing\"} 0"), "{text}");
    }
}
