//! A place in PostgreSQL's write-ahead log.

use std::fmt;
use std::str::FromStr;

/// Log sequence number; orders as the log does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lsn(pub u64);

/// Not of the form `16/B374D848`.
#[derive(Debug, thiserror::Error)]
#[error("not a log sequence number")]
pub struct Unreadable;

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

impl FromStr for Lsn {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let (high, low) = text.split_once('/').ok_or(Unreadable)?;
        let part = |digits| u32::from_str_radix(digits, 16).map(u64::from).map_err(|_| Unreadable);
        Ok(Self(part(high)? << 32 | part(low)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_lsn_is_written_as_postgresql_writes_it() {
        for text in ["0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"] {
            assert_eq!(text.parse::<Lsn>().expect("an LSN").to_string(), text);
        }
        for text in ["", "16", "16/", "G/1", "100000000/0"] {
            assert!(text.parse::<Lsn>().is_err(), "{text}");
        }
    }
}
