//! What stands where a number would: the number, or one of the words that say why there is none.

use serde::{Serialize, Serializer};

use crate::format;
use crate::language::Language;

/// A number or the reason for its absence; never a blank, and never a zero that means something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The number.
    Number(i64),
    /// Nothing was received.
    Missing,
    /// Not known yet: the region's data are being read.
    Loading,
    /// Something was received that does not say.
    Unreadable,
    /// The figure has no meaning here, such as a share of nothing.
    NotApplicable,
    /// Hidden because few persons are behind it.
    FewerThan(u32),
    /// Hidden because it would tell another hidden figure.
    Withheld,
}

impl Shown {
    /// A number if there is one, else the word for nothing received.
    pub fn or_missing(number: Option<impl Into<i64>>) -> Self {
        number.map_or(Self::Missing, |number| Self::Number(number.into()))
    }

    /// On screen.
    pub fn text(self, language: Language) -> String {
        let w = language.words();
        match self {
            Self::Number(number) => format::number(language, number),
            Self::Missing => w.missing.into(),
            Self::Loading => w.loading.into(),
            Self::Unreadable => w.unreadable.into(),
            Self::NotApplicable => w.not_applicable.into(),
            Self::Withheld => w.withheld.into(),
            Self::FewerThan(limit) => format!("{}{}{limit}", w.fewer_than, format::NBSP),
        }
    }

    /// `number` or `word`, for the class attribute.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            _ => "word",
        }
    }

    /// The number, if it is one.
    pub const fn number(self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// In the API a number is a number, and every word is `null`: the API's `reason` fields say which.
impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.number().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_is_a_word_and_never_zero() {
        for (shown, sv, en) in [
            (Shown::Number(0), "0", "0"),
            (Shown::Number(1234), "1\u{a0}234", "1,234"),
            (Shown::Missing, "saknas", "missing"),
            (Shown::Loading, "läser in", "loading"),
            (Shown::Unreadable, "okänt", "unknown"),
            (Shown::NotApplicable, "ej tillämpligt", "not applicable"),
            (Shown::Withheld, "döljs", "withheld"),
            (Shown::FewerThan(5), "färre än\u{a0}5", "fewer than\u{a0}5"),
        ] {
            assert_eq!((shown.text(Language::Sv).as_str(), shown.text(Language::En).as_str()), (sv, en));
        }
    }
}
