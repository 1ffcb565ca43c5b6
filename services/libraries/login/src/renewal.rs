//! One task asks the provider what it is, whether it is there, and for what has become of sessions.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use access::Channel;

use crate::provider::{Error, Vouching, vouched};
use crate::session::{Lease, Session};
use crate::wall::{Wall, now};

/// How often the provider is asked what it is, and whether it is there.
const DISCOVER: Duration = Duration::from_secs(30);
/// Sessions that are renewed in one turn; the rest in the next, those that end first before others.
const RENEWED_MAX: usize = 500;
/// A session of which the provider's answer says nothing is asked for again after so many seconds.
const UNCLEAR_AGAIN: i64 = 30;
/// One that was not answered while others may be.
const AWAY_AGAIN: i64 = 5;

impl Wall {
    /// One turn of the task: the provider, then the sessions that are to be renewed.
    pub(crate) fn turn(&self) -> Result<(), Error> {
        let turned = self.discover().and_then(|()| self.renew());
        if turned.is_err() {
            *self.discovered() = None;
        }
        self.answers.store(turned.is_ok(), Ordering::Relaxed);
        self.metrics.sessions.set(i64::try_from(self.table.len()).unwrap_or(i64::MAX));
        turned
    }

    fn discovered(&self) -> MutexGuard<'_, Option<Instant>> {
        self.discovered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn discover(&self) -> Result<(), Error> {
        if self.discovered().is_none_or(|at| at.elapsed() >= DISCOVER) {
            self.provider.discover()?;
            *self.discovered() = Some(Instant::now());
        }
        Ok(())
    }

    /// A session of which the provider's answer says nothing waits, and delays no other.
    fn renew(&self) -> Result<(), Error> {
        let (mut unclear, mut last) = (0_usize, "");
        for session in self.table.due(now()).iter().take(RENEWED_MAX) {
            let (refresh, nonce) = {
                let tokens = session.tokens();
                (tokens.refresh.clone(), tokens.nonce.clone())
            };
            let asked = now();
            match refresh.map(|refresh| self.provider.renew(&refresh, &nonce)) {
                Some(Ok(vouching)) => self.renewed(session, vouching, asked),
                Some(Err(error @ Error::Away { .. })) => {
                    // The next turn begins with another: it may be this one alone that is not answered.
                    session.put_off(asked + AWAY_AGAIN);
                    return Err(error);
                }
                Some(Err(Error::Unclear(how))) => {
                    session.put_off(asked + UNCLEAR_AGAIN);
                    (unclear, last) = (unclear + 1, how);
                }
                // The provider has ended it, or never said how it goes on.
                Some(Err(Error::Refused(_))) | None => session.end(),
            }
        }
        if unclear > 0 {
            tracing::warn!("the provider of logins answered unclearly, {last}: {unclear} sessions are not renewed yet");
        }
        Ok(())
    }

    fn renewed(&self, session: &Session, vouching: Vouching, asked: i64) {
        let person = match &vouching.claims {
            None => None,
            Some(claims) => match vouched(claims).person(Channel::Session, &self.settings) {
                Ok(person) if person.subject == session.person().subject => Some(person),
                _ => return session.end(),
            },
        };
        {
            let mut tokens = session.tokens();
            if let Some(id) = vouching.id_token {
                tokens.id = id;
            }
            if vouching.refresh.is_some() {
                tokens.refresh = vouching.refresh;
            }
        }
        session.renewed(person, Lease::of(asked, vouching.seconds));
    }
}
