//! What becomes of a source record: exactly one of four fates, counted, and the counts survive a crash.

use std::fmt;
use std::str::FromStr;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
            Fate::Refused(_) => self.refused += 1,
            Fate::Parked(_) => self.parked += 1,
        }
    }

    /// Takes these counts in, too.
    pub fn merge(&mut self, other: &Self) {
        let Self { mapped, ignored, refused, parked, events, gone, forgotten } = other;
        self.mapped += mapped;
        self.ignored += ignored;
        self.refused += refused;
        self.parked += parked;
        self.events += events;
        self.gone += gone;
        self.forgotten += forgotten;
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

/// The text kept as metadata of the committed offset, so that counts and offset move in one step. Records without a fate
/// stand last, and only where there are any.
impl fmt::Display for FateCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mapped, ignored, refused, parked, events, gone, forgotten } = self;
        write!(f, "fates/1 mapped={mapped} ignored={ignored} refused={refused} parked={parked} events={events}")?;
        for (name, count) in [("gone", gone), ("forgotten", forgotten)] {
            if *count > 0 {
                write!(f, " {name}={count}")?;
            }
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
        if fields.next().is_some() {
            return Err(Unreadable);
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, FateCounts, Unreadable};

    #[test]
    fn every_fate_is_consumed_once_and_the_text_form_is_exact() {
        let mut counts = FateCounts::default();
        for fate in [Fate::Mapped(3), Fate::Mapped(0), Fate::Ignored, Fate::Refused("a"), Fate::Parked("b")] {
            counts.add(fate);
        }
        assert_eq!(counts.consumed(), 5);
        assert_eq!(counts.to_string(), "fates/1 mapped=2 ignored=1 refused=1 parked=1 events=3");
        assert_eq!(counts.to_string().parse(), Ok(counts));
        counts.merge(&FateCounts { gone: 6, forgotten: 20, ..FateCounts::default() });
        assert_eq!((counts.consumed(), counts.passed()), (5, 31));
        let text = "fates/1 mapped=2 ignored=1 refused=1 parked=1 events=3 gone=6 forgotten=20";
        assert_eq!((counts.to_string().as_str(), text.parse()), (text, Ok(counts)));
        counts.gone = 0;
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
        ] {
            assert_eq!(text.parse::<FateCounts>(), Err(Unreadable), "{text}");
        }
    }
}
