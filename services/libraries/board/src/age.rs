//! How fresh a source is: the clock named *heard*. The other clock, *changed*, is text without judgement.

use std::time::Duration;

use schemas::Timestamp;
use serde::{Deserialize, Serialize};

/// What the age of a source's last message says about its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Freshness {
    /// Shown as it is.
    Fresh,
    /// Shown as it is, with the age in bold.
    Ageing,
    /// Shown as `senast` and left out of totals.
    Stale,
    /// Not shown: `saknas sedan`. Left out of totals.
    Lost,
}

/// When a source counts as ageing, stale and lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    #[serde(with = "humantime_serde")]
    pub(crate) warn_after: Duration,
    #[serde(with = "humantime_serde")]
    pub(crate) error_after: Duration,
    #[serde(with = "humantime_serde")]
    pub(crate) lost_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Self { warn_after: minutes(5), error_after: minutes(15), lost_after: minutes(60) }
    }
}

impl Limits {
    /// Whether the limits come in order.
    pub fn in_order(&self) -> bool {
        self.warn_after <= self.error_after && self.error_after <= self.lost_after
    }

    /// Judges a source last heard at `heard`; a source never heard is lost.
    pub(crate) fn freshness(&self, now: Timestamp, heard: Option<Timestamp>) -> Freshness {
        let Some(heard) = heard else { return Freshness::Lost };
        let age = Duration::from_micros(u64::try_from(now.0.saturating_sub(heard.0)).unwrap_or(0));
        if age <= self.warn_after {
            Freshness::Fresh
        } else if age <= self.error_after {
            Freshness::Ageing
        } else if age <= self.lost_after {
            Freshness::Stale
        } else {
            Freshness::Lost
        }
    }
}

impl Freshness {
    /// Whether figures of this age may enter a total.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Fresh | Self::Ageing)
    }

    /// The name in class attributes.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Ageing => "ageing",
            Self::Stale => "stale",
            Self::Lost => "lost",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_inclusive_and_silence_is_lost() {
        let now = Timestamp(10_000_000_000_000);
        for (seconds, expected) in [
            (0, Freshness::Fresh),
            (300, Freshness::Fresh),
            (301, Freshness::Ageing),
            (900, Freshness::Ageing),
            (901, Freshness::Stale),
            (3600, Freshness::Stale),
            (3601, Freshness::Lost),
            (-30, Freshness::Fresh),
        ] {
            let heard = Timestamp(now.0 - seconds * 1_000_000);
            assert_eq!(Limits::default().freshness(now, Some(heard)), expected, "{seconds} s");
        }
        assert_eq!(Limits::default().freshness(now, None), Freshness::Lost);
    }
}
