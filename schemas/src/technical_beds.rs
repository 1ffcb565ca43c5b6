//! Whether a region counts technical beds: intensive care, delivery, recovery. Regions differ, so their events say it.

use crate::Envelope;

/// The extension that says it: on every capacity statement of a region that has decided, and on an encounter event in a technical
/// bed that the region leaves out.
pub const TECHNICAL_BEDS: &str = "tekniska_platser";

/// What a region does with technical beds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TechnicalBeds {
    /// They are among the decided and staffed beds, and patients in them are occupied beds.
    Counted,
    /// They are not, and neither are the patients in them.
    LeftOut,
}

impl TechnicalBeds {
    /// The extension's text.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counted => "ingar",
            Self::LeftOut => "utanfor",
        }
    }

    /// What an event says; nothing where its region has not decided.
    #[must_use]
    pub fn said_by(envelope: &Envelope<'_>) -> Option<Self> {
        let said = envelope.extensions.get(TECHNICAL_BEDS)?;
        [Self::Counted, Self::LeftOut].into_iter().find(|known| known.word() == *said)
    }
}
