//! What follows from an error of a source.

use std::error::Error;

use runtime::exit::chain;

use crate::files::Interrupted;

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// It goes away by itself: try again.
    Wait,
    /// Somebody must do what the text says; it is looked at again now and then.
    Operator,
    /// Go on from the last record that is stored.
    Repeat,
    /// The process is to stop.
    Stop,
}

impl From<Interrupted> for Remedy {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted {
            Interrupted::NotStored => Self::Repeat,
            Interrupted::Stopping => Self::Stop,
        }
    }
}

/// Why a source is not followed right now.
pub(crate) trait Mend: Error + Sized {
    fn remedy(&self) -> Remedy;

    /// What is wrong: told once, whichever record meets it first.
    fn thing(&self) -> String {
        chain(self)
    }
}
