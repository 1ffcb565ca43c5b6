//! The status word of a ward.

use schemas::{ClosedReason, Timestamp};
use serde::Serialize;
use timeline::Occupancy;

use crate::age::Freshness;
use crate::live::NotReceiving;
use crate::words::Words;

/// From this many staffed free beds on a ward has `Lediga`, below it `Få lediga`.
pub const FREE_FROM: u32 = 3;

/// The words, worst need first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "word")]
pub enum Status {
    /// More patients than disponibla vårdplatser hold.
    Overbelagd {
        /// How many more: the överbeläggningar of [`timeline::occupancy`], as in every other place.
        by: u32,
    },
    /// No staffed bed free.
    Full,
    /// One or two free.
    FaLediga {
        /// How many.
        free: u32,
    },
    /// Three or more free.
    Lediga {
        /// How many.
        free: u32,
    },
    /// The unit has said that it receives nobody.
    TarInteEmot {
        /// Why.
        reason: ClosedReason,
        /// Until when, if said.
        #[serde(serialize_with = "crate::instant::instant_or_null")]
        until: Option<Timestamp>,
    },
    /// No usable data.
    Okant,
    /// A unit without vårdplatser, as an emergency department: no word of the others has a meaning there.
    UtanPlatser,
}

/// The words without their figures, for counts and filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// See [`Status::Overbelagd`].
    Overbelagd,
    /// See [`Status::Full`].
    Full,
    /// See [`Status::FaLediga`].
    FaLediga,
    /// See [`Status::Lediga`].
    Lediga,
    /// See [`Status::TarInteEmot`].
    TarInteEmot,
    /// See [`Status::Okant`].
    Okant,
    /// See [`Status::UtanPlatser`].
    UtanPlatser,
}

impl Kind {
    /// All, worst need first.
    pub const ALL: [Self; 7] =
        [Self::Overbelagd, Self::Full, Self::FaLediga, Self::Lediga, Self::TarInteEmot, Self::Okant, Self::UtanPlatser];

    /// The name in class attributes, addresses and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Overbelagd => "overbelagd",
            Self::Full => "full",
            Self::FaLediga => "fa-lediga",
            Self::Lediga => "lediga",
            Self::TarInteEmot => "tar-inte-emot",
            Self::Okant => "okant",
            Self::UtanPlatser => "ej-tillampligt",
        }
    }

    /// The word on screen.
    pub const fn word(self, words: &Words) -> &'static str {
        match self {
            Self::Overbelagd => words.over,
            Self::Full => words.full,
            Self::FaLediga => words.few,
            Self::Lediga => words.free,
            Self::TarInteEmot => words.not_receiving,
            Self::Okant => words.unknown_status,
            Self::UtanPlatser => words.not_applicable,
        }
    }

    /// The shape, drawn in an SVG of 16 by 16; colour only repeats what it says.
    pub const fn shape(self) -> &'static str {
        match self {
            Self::Lediga => "<circle class=\"stroke\" cx=\"8\" cy=\"8\" r=\"6\"/>",
            Self::FaLediga => {
                "<circle class=\"stroke\" cx=\"8\" cy=\"8\" r=\"6\"/><path class=\"fill\" d=\"M8 2a6 6 0 0 0 0 12z\"/>"
            }
            Self::Full => "<rect class=\"fill\" x=\"2\" y=\"2\" width=\"12\" height=\"12\" rx=\"1.5\"/>",
            Self::Overbelagd => {
                "<rect class=\"fill\" x=\"1\" y=\"1\" width=\"14\" height=\"14\" rx=\"1.5\"/><path class=\"cut\" d=\"M8 4v8M4 8h8\"/>"
            }
            Self::TarInteEmot => {
                "<circle class=\"stroke\" cx=\"8\" cy=\"8\" r=\"6\"/><path class=\"stroke\" d=\"M4 8h8\"/>"
            }
            Self::Okant => "<circle class=\"stroke dashed\" cx=\"8\" cy=\"8\" r=\"6\"/>",
            Self::UtanPlatser => "<path class=\"stroke\" d=\"M3 8h10\"/>",
        }
    }
}

impl Status {
    /// The word for a ward. One with överbeläggningar is `Överbelagd` by so many, also when staffed beds are free: somebody
    /// lies in a bed that is none. A ward whose source is lost, or of which neither the staffed beds nor an överbeläggning
    /// is known, is `Okänt`; a stale one keeps its last word, which the page marks as such.
    pub(crate) fn of(occupancy: &Occupancy, freshness: Freshness, not_receiving: Option<NotReceiving>) -> Self {
        if freshness == Freshness::Lost {
            return Self::Okant;
        }
        if let Some(closed) = not_receiving {
            return Self::TarInteEmot { reason: closed.reason, until: closed.until };
        }
        if let Some(by @ 1..) = occupancy.overbelaggningar_known() {
            return Self::Overbelagd { by };
        }
        let Some(disponibla) = occupancy.disponibla else { return Self::Okant };
        match disponibla.saturating_sub(occupancy.belagda) {
            0 => Self::Full,
            free @ 1..FREE_FROM => Self::FaLediga { free },
            free => Self::Lediga { free },
        }
    }

    /// The word without its figure.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Overbelagd { .. } => Kind::Overbelagd,
            Self::Full => Kind::Full,
            Self::FaLediga { .. } => Kind::FaLediga,
            Self::Lediga { .. } => Kind::Lediga,
            Self::TarInteEmot { .. } => Kind::TarInteEmot,
            Self::Okant => Kind::Okant,
            Self::UtanPlatser => Kind::UtanPlatser,
        }
    }

    /// Greatest need first: most överbelagd, then full, then fewest free.
    pub fn need(self) -> (Kind, i64) {
        let figure = match self {
            Self::Overbelagd { by } => -i64::from(by),
            Self::FaLediga { free } | Self::Lediga { free } => i64::from(free),
            Self::Full | Self::TarInteEmot { .. } | Self::Okant | Self::UtanPlatser => 0,
        };
        (self.kind(), figure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occupancy(belagda: u32, disponibla: Option<u32>) -> Occupancy {
        let overbelaggningar = disponibla.map_or(0, |disponibla| belagda.saturating_sub(disponibla));
        Occupancy { belagda, disponibla, overbelaggningar, ..Occupancy::default() }
    }

    #[test]
    fn patients_in_beds_that_are_none_make_a_ward_overbelagd_whatever_is_free() {
        for disponibla in [Some(24), Some(6), None] {
            let counted = Occupancy { overbelaggningar: 2, ..occupancy(6, disponibla) };
            assert_eq!(Status::of(&counted, Freshness::Fresh, None), Status::Overbelagd { by: 2 });
        }
    }

    #[test]
    fn words_follow_the_staffed_free_beds() {
        for (belagda, disponibla, expected) in [
            (20, Some(24), Status::Lediga { free: 4 }),
            (21, Some(24), Status::Lediga { free: 3 }),
            (22, Some(24), Status::FaLediga { free: 2 }),
            (23, Some(24), Status::FaLediga { free: 1 }),
            (24, Some(24), Status::Full),
            (26, Some(24), Status::Overbelagd { by: 2 }),
            (0, Some(0), Status::Full),
            (1, Some(0), Status::Overbelagd { by: 1 }),
            (5, None, Status::Okant),
        ] {
            assert_eq!(Status::of(&occupancy(belagda, disponibla), Freshness::Fresh, None), expected);
            assert_eq!(Status::of(&occupancy(belagda, disponibla), Freshness::Stale, None), expected);
            assert_eq!(Status::of(&occupancy(belagda, disponibla), Freshness::Lost, None), Status::Okant);
        }
    }

    #[test]
    fn a_ward_that_receives_nobody_says_so_whatever_is_free() {
        let closed = NotReceiving { from: Timestamp(0), until: None, reason: ClosedReason::Hygien };
        let status = Status::of(&occupancy(1, Some(9)), Freshness::Fresh, Some(closed));
        assert_eq!(status.kind(), Kind::TarInteEmot);
    }

    #[test]
    fn need_puts_the_most_crowded_first() {
        let mut all = [
            Status::Okant,
            Status::Lediga { free: 9 },
            Status::Full,
            Status::Overbelagd { by: 1 },
            Status::FaLediga { free: 2 },
            Status::Overbelagd { by: 4 },
            Status::FaLediga { free: 1 },
        ];
        all.sort_by_key(|status| status.need());
        assert_eq!(all[0], Status::Overbelagd { by: 4 });
        assert_eq!(all[1], Status::Overbelagd { by: 1 });
        assert_eq!(all[2], Status::Full);
        assert_eq!(all[3], Status::FaLediga { free: 1 });
        assert_eq!(all[6], Status::Okant);
    }
}
