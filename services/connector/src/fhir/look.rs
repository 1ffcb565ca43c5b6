//! One thing that is asked of a server over and over: what changed of a type, or what of it is gone.
//!
//! Each has its own time and its own trouble, so that one that fails neither holds up the others nor has them asked more
//! often than `poll` says.

use std::mem::{Discriminant, discriminant};
use std::time::{Duration, Instant};

use super::deletions::Deletions;
use super::error::Error;
use super::scan::{Reader, Scan};
use crate::follow::{Mend, Pause, Remedy};

/// From the pause before the first try after something failed to the longest, which is also how often it is looked whether a
/// fault has been mended.
pub(super) fn pause() -> Pause {
    Pause::between(Duration::from_millis(500), Duration::from_secs(30))
}

/// What is asked, when it is asked next, and what is wrong with it.
pub(super) struct Look {
    part: Part,
    due: Due,
    pause: Pause,
    /// What is wrong, if something is.
    pub trouble: Trouble,
}

pub(super) enum Part {
    /// What changed of a type.
    Changed(Scan),
    /// What is gone of a type.
    Gone(Deletions),
}

/// When it is asked next.
#[derive(Clone, Copy)]
enum Due {
    /// At once: there is more of it.
    Now,
    /// With the next poll, or the next call.
    WithPoll,
    /// After a failure, at this time and not before.
    At(Instant),
}

impl Look {
    /// To be asked with the first poll.
    pub(super) fn new(part: Part) -> Self {
        Self { part, due: Due::WithPoll, pause: pause(), trouble: Trouble::default() }
    }

    /// Whether it is its turn; `polls` says whether a poll is.
    pub(super) fn is_due(&self, now: Instant, polls: bool) -> bool {
        match self.due {
            Due::Now => true,
            Due::WithPoll => polls,
            Due::At(at) => at <= now,
        }
    }

    /// When it is its turn next.
    pub(super) fn due_at(&self, now: Instant, poll_at: Instant) -> Instant {
        match self.due {
            Due::Now => now,
            Due::WithPoll => poll_at,
            Due::At(at) => at,
        }
    }

    /// Reads some of it. Whether there is more.
    pub(super) async fn turn(&mut self, reader: &mut Reader<'_>) -> Result<bool, Error> {
        match &mut self.part {
            Part::Changed(scan) => scan.turn(reader).await,
            Part::Gone(deletions) => deletions.turn(reader).await,
        }
    }

    /// It was read. Whether something had been wrong before.
    pub(super) fn read(&mut self, more: bool) -> bool {
        self.due = if more { Due::Now } else { Due::WithPoll };
        self.pause.reset();
        self.trouble.end()
    }

    /// It was not read, or not all of it: it waits alone, longer each time, unless it has come to its end.
    pub(super) fn failed(&mut self, now: Instant, error: &Error) {
        if error.comes_at_the_end() {
            self.due = Due::WithPoll;
            return;
        }
        self.due = Due::At(now + self.pause.take());
    }
}

/// What is wrong with a server or with one of its types.
#[derive(Default)]
pub(super) struct Trouble(Option<Wrong>);

struct Wrong {
    text: String,
    kind: Discriminant<Error>,
    waits: bool,
}

impl Trouble {
    /// Something is wrong. Whether that is news: of what goes away by itself only the first is, else every other kind.
    pub(super) fn begin(&mut self, error: &Error) -> bool {
        let waits = error.remedy() == Remedy::Wait;
        let wrong = Wrong { text: error.thing(), kind: discriminant(error), waits };
        let known = self.0.replace(wrong);
        !known.is_some_and(|known| (known.waits && waits) || known.kind == discriminant(error))
    }

    /// Nothing is wrong. Whether something had been.
    pub(super) fn end(&mut self) -> bool {
        self.0.take().is_some()
    }

    pub(super) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Whether something is that goes away by itself.
    pub(super) fn waits(&self) -> bool {
        self.0.as_ref().is_some_and(|wrong| wrong.waits)
    }

    pub(super) fn fault(&self) -> Option<&str> {
        self.0.as_ref().filter(|wrong| !wrong.waits).map(|wrong| wrong.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_news_once() {
        let failed = || Error::Failed { what: String::new(), status: 500, issues: String::new() };
        let busy = || Error::Busy { what: String::new(), status: 503, retry_after: None };
        let refused = |status| Error::Refused { what: String::new(), status, issues: String::new() };
        let mut trouble = Trouble::default();
        let mut news = |error: Error| trouble.begin(&error);
        assert!(news(failed()) && !news(failed()) && !news(busy()));
        assert!(news(refused(400)) && !news(refused(405)) && news(failed()));
        assert!(trouble.waits() && trouble.fault().is_none());
        assert!(trouble.end() && !trouble.end() && !trouble.is_some());
    }
}
