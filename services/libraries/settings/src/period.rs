use std::time::Duration;

use serde::Deserialize;

/// A length of time written with its unit: `"200ms"`, `"5s"`, `"2h"`. A bare number is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Period(#[serde(with = "humantime_serde")] pub Duration);

impl Period {
    /// So many milliseconds.
    pub const fn milliseconds(count: u64) -> Self {
        Self(Duration::from_millis(count))
    }

    /// So many seconds.
    pub const fn seconds(count: u64) -> Self {
        Self(Duration::from_secs(count))
    }
}

impl From<Period> for Duration {
    fn from(period: Period) -> Self {
        period.0
    }
}
