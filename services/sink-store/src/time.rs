//! Points in time on their way to and from PostgreSQL.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use schemas::Timestamp;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// Microseconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH: i64 = 946_684_800_000_000;
const HOUR: i64 = 3_600_000_000;
/// Start of the years 1 and 10000: what both PostgreSQL and a calendar can hold.
const EARLIEST: i64 = -62_135_596_800_000_000;
const LATEST: i64 = 253_402_300_800_000_000;

/// A `timestamptz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Time(
    /// Microseconds since 1970; `i64::MAX` is `infinity`.
    pub i64,
);

impl Time {
    /// Later than every other time.
    pub(crate) const INFINITY: Self = Self(i64::MAX);

    /// Whether the store can hold it.
    pub(crate) fn is_storable(time: Timestamp) -> bool {
        (EARLIEST..LATEST).contains(&time.0)
    }

    /// PostgreSQL's own number for it.
    pub(crate) fn raw(self) -> i64 {
        if self == Self::INFINITY { i64::MAX } else { self.0.saturating_sub(EPOCH) }
    }

    /// The first full hour that is not before it.
    pub(crate) fn hour_from(self) -> Self {
        Self(self.0.div_euclid(HOUR).saturating_add(i64::from(self.0.rem_euclid(HOUR) > 0)).saturating_mul(HOUR))
    }
}

impl From<Timestamp> for Time {
    fn from(time: Timestamp) -> Self {
        Self(time.0)
    }
}

impl ToSql for Time {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_i64(self.raw());
        Ok(IsNull::No)
    }
    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Time {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let raw = i64::from_be_bytes(raw.try_into()?);
        Ok(if raw == i64::MAX { Self::INFINITY } else { Self(raw.saturating_add(EPOCH)) })
    }
    accepts!(TIMESTAMPTZ);
}

#[cfg(test)]
mod tests {
    use super::{HOUR, Time};

    #[test]
    fn a_full_hour_is_its_own_and_anything_later_belongs_to_the_next() {
        assert_eq!(Time(HOUR).hour_from(), Time(HOUR));
        assert_eq!(Time(HOUR + 1).hour_from(), Time(2 * HOUR));
        assert_eq!(Time(-1).hour_from(), Time(0));
        assert_eq!(Time(-HOUR - 1).hour_from(), Time(-HOUR));
    }
}
