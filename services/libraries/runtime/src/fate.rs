//! What becomes of a source record: exactly one of four fates, counted, and the counts survive a crash.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Most rules that are told apart, and the longest code of one: the text form stays within what Kafka takes as an offset's
/// metadata, 4096 bytes.
const RULES_MAX: usize = 48;
const RULE_LENGTH_MAX: usize = 48;

/// What became of one source record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It became so many events.
    Mapped(u32),
    /// It is known and has nothing to say.
    Ignored,
    /// It breaks this rule; its coordinates were parked.
    Refused(&'static str),
    /// It cannot be read, by this rule; its coordinates were parked.
    Parked(&'static str),
}

/// How many records met each fate. The sum of the fates is the count of records consumed, always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FateCounts {
    /// Records that became events.
    pub mapped: u64,
    /// Records with nothing to say.
    pub ignored: u64,
    /// Records that broke a rule.
    pub refused: u64,
    /// Records that could not be read.
    pub parked: u64,
    /// Events that mapped records became.
    pub events: u64,
    /// Records that were gone from the topic before they were read: no fate, and not consumed.
    pub gone: u64,
    /// Records whose fates the group forgot with its offsets: consumed once, by these counts no longer.
    pub forgotten: u64,
    /// Refused and parked records by rule. Those that were counted before rules were, or beyond the bound, are in none.
    pub rules: BTreeMap<Box<str>, u64>,
}

impl FateCounts {
    /// Counts one record.
    pub fn add(&mut self, fate: Fate) {
        match fate {
            Fate::Mapped(events) => {
                self.mapped += 1;
                self.events += u64::from(events);
            }
            Fate::Ignored => self.ignored += 1,
            Fate::Refused(rule) => {
                self.refused += 1;
                self.broke(rule, 1);
            }
            Fate::Parked(rule) => {
                self.parked += 1;
                self.broke(rule, 1);
            }
        }
    }

    fn broke(&mut self, rule: &str, records: u64) {
        if let Some(count) = self.rules.get_mut(rule) {
            *count += records;
        } else if self.rules.len() < RULES_MAX && is_code(rule) {
            self.rules.insert(rule.into(), records);
        }
    }

    /// Refused and parked records of which no rule is known.
    pub fn ruleless(&self) -> u64 {
        (self.refused + self.parked).saturating_sub(self.rules.values().sum())
    }

    /// Takes these counts in, too.
    pub fn merge(&mut self, other: &Self) {
        let Self { mapped, ignored, refused, parked, events, gone, forgotten, rules } = other;
        self.mapped += mapped;
        self.ignored += ignored;
        self.refused += refused;
        self.parked += parked;
        self.events += events;
        self.gone += gone;
        self.forgotten += forgotten;
        for (rule, records) in rules {
            self.broke(rule, *records);
        }
    }

    /// Records consumed: the sum of the four fates.
    pub fn consumed(&self) -> u64 {
        self.mapped + self.ignored + self.refused + self.parked
    }

    /// Records that a position has passed: those consumed, and those of which nothing is known any more.
    pub fn passed(&self) -> u64 {
        self.consumed() + self.gone + self.forgotten
    }
}

/// A rule's code that does not break up the text form.
fn is_code(rule: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !rule.is_empty() && rule.len() <= RULE_LENGTH_MAX && rule.bytes().all(is_part)
}

/// The text kept as metadata of the committed offset, so that counts and offset move in one step. Records without a fate, and
/// rules, stand last, and only where there are any.
impl fmt::Display for FateCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mapped, ignored, refused, parked, events, gone, forgotten, rules } = self;
        write!(f, "fates/1 mapped={mapped} ignored={ignored} refused={refused} parked={parked} events={events}")?;
        for (name, count) in [("gone", gone), ("forgotten", forgotten)] {
            if *count > 0 {
                write!(f, " {name}={count}")?;
            }
        }
        for (number, (rule, records)) in rules.iter().enumerate() {
            write!(f, "{}{rule}:{records}", if number == 0 { " rules=" } else { "," })?;
        }
        Ok(())
    }
}

/// The text is not one that [`FateCounts`] writes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("offset metadata is not fate counts; another program has committed for this consumer group")]
pub struct Unreadable;

impl FromStr for FateCounts {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let mut counts = Self::default();
        let mut fields = text.strip_prefix("fates/1 ").ok_or(Unreadable)?.split(' ').peekable();
        for (name, target, is_optional) in [
            ("mapped", &mut counts.mapped, false),
            ("ignored", &mut counts.ignored, false),
            ("refused", &mut counts.refused, false),
            ("parked", &mut counts.parked, false),
            ("events", &mut counts.events, false),
            ("gone", &mut counts.gone, true),
            ("forgotten", &mut counts.forgotten, true),
        ] {
            let value = fields.next_if(|field| field.split_once('=').is_some_and(|(found, _)| found == name));
            match value.and_then(|field| field.split_once('=')) {
                Some((_, value)) => *target = value.parse().map_err(|_| Unreadable)?,
                None if is_optional => {}
                None => return Err(Unreadable),
            }
        }
        for broken in fields.next_if(|field| field.starts_with("rules=")).iter().flat_map(|field| field[6..].split(','))
        {
            let (rule, records) = broken.split_once(':').ok_or(Unreadable)?;
            let records = records.parse().map_err(|_| Unreadable)?;
            if !is_code(rule) || counts.rules.insert(rule.into(), records).is_some() {
                return Err(Unreadable);
            }
        }
        if fields.next().is_some() {
            return Err(Unreadable);
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, FateCounts, RULE_LENGTH_MAX, RULES_MAX, Unreadable};

    #[test]
    fn every_fate_is_consumed_once_and_the_text_form_is_exact() {
        let mut counts = FateCounts::default();
        for fate in [Fate::Mapped(3), Fate::Mapped(0), Fate::Ignored, Fate::Refused("a"), Fate::Parked("b")] {
            counts.add(fate);
        }
        assert_eq!(counts.consumed(), 5);
        assert_eq!(counts.to_string(), "fates/1 mapped=2 ignored=1 refused=1 parked=1 events=3 rules=a:1,b:1");
        assert_eq!(counts.to_string().parse(), Ok(counts.clone()));
        counts.merge(&FateCounts { gone: 6, forgotten: 20, ..FateCounts::default() });
        assert_eq!((counts.consumed(), counts.passed()), (5, 31));
        let text = "fates/1 mapped=2 ignored=1 refused=1 parked=1 events=3 gone=6 forgotten=20 rules=a:1,b:1";
        assert_eq!((counts.to_string().as_str(), text.parse()), (text, Ok(counts.clone())));
        counts.gone = 0;
        assert_eq!(counts.to_string().parse(), Ok(counts));
    }

    #[test]
    fn rules_are_bounded_and_what_is_beyond_has_none() {
        // Counts of a release that knew no rules.
        let mut counts: FateCounts = "fates/1 mapped=0 ignored=0 refused=7 parked=1 events=0".parse().unwrap();
        assert_eq!(counts.ruleless(), 8);
        let codes: Vec<&'static str> =
            (0..100).map(|number| &*format!("{number:0>width$}", width = RULE_LENGTH_MAX).leak()).collect();
        for code in codes.iter().chain([&"a code", &"", &"a:1"]) {
            counts.add(Fate::Refused(code));
        }
        counts.rules.values_mut().for_each(|records| *records = u64::MAX >> 8);
        counts.mapped = u64::MAX;
        assert_eq!(counts.rules.len(), RULES_MAX);
        assert!(counts.to_string().len() <= 4096, "{}", counts.to_string().len());
        assert_eq!(counts.to_string().parse(), Ok(counts));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "fates/1",
            "fates/2 mapped=2 ignored=1 refused=1 parked=1 events=3",
            "fates/1 mapped=2 ignored=1 refused=1 parked=1",
            "fates/1 mapped=2 ignored=1 refused=1 parked=1 events=3 x=1",
            "fates/1 mapped=2 ignored=1 refused=1 parked=1 events=3 forgotten=1 gone=1",
            "fates/1 mapped=-2 ignored=1 refused=1 parked=1 events=3",
            "fates/1 ignored=1 mapped=2 refused=1 parked=1 events=3",
            "fates/1 mapped=2 ignored=1 refused=1 parked=1 events=3 rules=",
            "fates/1 mapped=2 ignored=1 refused=1 parked=1 events=3 rules=a:1,a:1",
            "fates/1 mapped=2 ignored=1 refused=1 parked=1 events=3 rules=a:1 gone=1",
        ] {
            assert_eq!(text.parse::<FateCounts>(), Err(Unreadable), "{text}");
        }
    }
}
