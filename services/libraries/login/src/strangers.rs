//! What bounds the entries about callers whom nobody knows: anybody can be one, as often as the network carries.
//!
//! The first [`BURST`] have an entry each, and one more every second. Beyond that they wait, for a second at most, and share an
//! entry that counts them. So each is in an entry before it is told anything, and all of them together write a thousand
//! entries and then two a second, whatever they do.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use access_log::Error;
use tokio::sync::oneshot::{self, Receiver, Sender};

/// Entries of their own at once.
const BURST: u32 = 1000;
/// And one more after so long.
const EACH: Duration = Duration::from_secs(1);
/// How long others are gathered into one entry.
const GATHERED: Duration = Duration::from_secs(1);
/// Most that are gathered; connections are bounded by the port, and this bounds those that hang up and come again.
const CROWD_MAX: usize = 10_000;

/// Callers whom nobody knows.
#[derive(Debug, Default)]
pub struct Strangers {
    /// When all of [`BURST`] is there again.
    full: Mutex<Option<Instant>>,
    crowd: Mutex<Vec<Sender<Result<(), Error>>>>,
}

/// Why no entry is known to be written about a stranger: nothing may be told.
#[derive(Debug)]
pub enum NotEntered {
    /// Too many wait for one: it was not tried.
    Crowded,
    /// It was tried.
    Failed(Error),
}

/// How a stranger is entered.
enum Turn {
    /// Alone.
    Alone,
    /// With others. It is told whether their entry is written; the first of them has to see to it, after [`GATHERED`].
    Crowd { told: Receiver<Result<(), Error>>, is_first: bool },
    /// Not at all: too many wait.
    Full,
}

impl Strangers {
    /// Enters a stranger, alone or with others. `write` writes an entry, about this one or about so many of them, and is called at
    /// most once.
    ///
    /// # Errors
    /// When the entry is not known to be written.
    pub async fn enter<W, F>(self: &Arc<Self>, write: W) -> Result<(), NotEntered>
    where
        W: FnOnce(Option<u64>) -> F + Send + 'static,
        F: Future<Output = Result<(), Error>> + Send,
    {
        let (told, is_first) = match self.turn(Instant::now()) {
            Turn::Alone => return write(None).await.map_err(NotEntered::Failed),
            Turn::Crowd { told, is_first } => (told, is_first),
            Turn::Full => return Err(NotEntered::Crowded),
        };
        if is_first {
            // A task of its own: the first of them may hang up.
            let strangers = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(GATHERED).await;
                let crowd = strangers.gathered();
                let written = write(Some(crowd.len() as u64)).await;
                for teller in crowd {
                    // Who has hung up is told nothing.
                    let _ = teller.send(written.clone());
                }
            });
        }
        told.await.unwrap_or(Err(Error::Stopped)).map_err(NotEntered::Failed)
    }

    fn turn(&self, now: Instant) -> Turn {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let then = full.map_or(now, |full| full.max(now)) + EACH;
        if then.saturating_duration_since(now) <= EACH * BURST {
            *full = Some(then);
            return Turn::Alone;
        }
        drop(full);
        let mut crowd = self.crowd.lock().unwrap_or_else(PoisonError::into_inner);
        if crowd.len() >= CROWD_MAX {
            return Turn::Full;
        }
        let (teller, told) = oneshot::channel();
        crowd.push(teller);
        Turn::Crowd { told, is_first: crowd.len() == 1 }
    }

    /// Those who wait; the next is first again.
    fn gathered(&self) -> Vec<Sender<Result<(), Error>>> {
        mem::take(&mut self.crowd.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_an_entry_until_there_are_too_many_and_then_they_share_one() {
        let (strangers, begin) = (Strangers::default(), Instant::now());
        let alone =
            |now: Instant, asked: u32| (0..asked).filter(|_| matches!(strangers.turn(now), Turn::Alone)).count();
        assert_eq!(alone(begin, BURST + 7), BURST as usize);
        assert_eq!(strangers.gathered().len(), 7);
        // A second later one more, after a long silence as many as at first, and never more.
        assert_eq!(alone(begin + EACH, 5), 1);
        assert_eq!(strangers.gathered().len(), 4);
        assert_eq!(alone(begin + EACH * (BURST * 9), BURST + 1), BURST as usize);
        assert_eq!(strangers.gathered().len(), 1);
        let now = begin + EACH * (BURST * 9);
        let mut firsts = 0;
        for _ in 0..CROWD_MAX {
            let Turn::Crowd { is_first, .. } = strangers.turn(now) else { panic!("one that waits") };
            firsts += u32::from(is_first);
        }
        assert!(matches!(strangers.turn(now), Turn::Full));
        assert_eq!((firsts, strangers.gathered().len()), (1, CROWD_MAX));
    }
}
