//! The sessions of this process. They end with it, and their users log in again.
//!
//! A request finds its session by one look into a map and changes nothing but a clock, so 2,000 readers do not wait for each
//! other. A session stays what it is; what the provider says anew is put into it by the one task that asks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use arc_swap::ArcSwap;

use crate::config::Sessions;
use crate::person::Person;
use crate::secret;

/// What the provider gave us for a session; never printed.
pub(crate) struct Tokens {
    /// For logging out there.
    pub(crate) id: String,
    pub(crate) refresh: Option<String>,
    pub(crate) nonce: String,
}

/// How long what the provider said holds, in seconds of Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) until: i64,
    /// From when on it is asked again.
    pub(crate) renew: i64,
}

impl Lease {
    /// Asked again a minute before the end, of a shorter one at its half.
    pub(crate) fn of(now: i64, seconds: i64) -> Self {
        let seconds = seconds.max(0);
        Self { until: now + seconds, renew: now + seconds - 60.min(seconds / 2) }
    }
}

/// Somebody who has logged in.
pub(crate) struct Session {
    key: [u8; 32],
    person: ArcSwap<Person>,
    /// Counts up when the person's role changes: what was decided for the role before must end.
    changes: AtomicU64,
    began: i64,
    used: AtomicI64,
    until: AtomicI64,
    renew: AtomicI64,
    ended: AtomicBool,
    tokens: Mutex<Tokens>,
}

/// What is to be done with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It holds.
    Holds,
    /// The provider has not answered for so long that nobody vouches for it any more; it may again.
    Unvouched,
    /// Logged out, idle for too long, or too old.
    Over,
}

impl Session {
    pub(crate) fn person(&self) -> Arc<Person> {
        self.person.load_full()
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    pub(crate) fn touch(&self, now: i64) {
        self.used.fetch_max(now, Ordering::Relaxed);
    }

    pub(crate) fn state(&self, bounds: &Sessions, now: i64) -> State {
        let past = |since: i64, period: runtime::config::Period| {
            now.saturating_sub(since) >= i64::try_from(period.0.as_secs()).unwrap_or(i64::MAX)
        };
        if self.ended.load(Ordering::Acquire)
            || past(self.began, bounds.absolute)
            || past(self.used.load(Ordering::Relaxed), bounds.idle)
        {
            State::Over
        } else if now >= self.until.load(Ordering::Acquire) {
            State::Unvouched
        } else {
            State::Holds
        }
    }

    /// Its tokens. Held while the provider is asked, which only the one task of refreshing does.
    pub(crate) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The provider has spoken again.
    pub(crate) fn renewed(&self, person: Option<Person>, lease: Lease) {
        if let Some(person) = person {
            let old = self.person.swap(Arc::new(person));
            if old.principal != self.person.load().principal {
                self.changes.fetch_add(1, Ordering::AcqRel);
            }
        }
        self.renew.store(lease.renew, Ordering::Release);
        self.until.store(lease.until, Ordering::Release);
    }

    /// It is not due before this second; how long it holds stays as it is.
    pub(crate) fn put_off(&self, renew: i64) {
        self.renew.store(renew, Ordering::Release);
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }
}

/// All sessions.
pub(crate) struct Table {
    bounds: Sessions,
    sessions: RwLock<HashMap<[u8; 32], Arc<Session>>>,
}

impl Table {
    pub(crate) fn new(bounds: Sessions) -> Self {
        Self { bounds, sessions: RwLock::default() }
    }

    /// Opens a session and gives the id that its browser keeps.
    pub(crate) fn open(&self, person: Person, tokens: Tokens, lease: Lease, now: i64) -> String {
        let id = secret::random();
        let key = secret::digest(&id);
        let session = Session {
            key,
            person: ArcSwap::from_pointee(person),
            changes: AtomicU64::new(0),
            began: now,
            used: AtomicI64::new(now),
            until: AtomicI64::new(lease.until),
            renew: AtomicI64::new(lease.renew),
            ended: AtomicBool::new(false),
            tokens: Mutex::new(tokens),
        };
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= self.bounds.count {
            let idle = sessions.values().min_by_key(|session| session.used.load(Ordering::Relaxed));
            if let Some(idle) = idle.map(|session| session.key) {
                sessions.remove(&idle).inspect(|session| session.end());
            }
        }
        sessions.insert(key, Arc::new(session));
        id
    }

    /// The session of an id, and how it stands.
    pub(crate) fn find(&self, id: &str, now: i64) -> Option<(Arc<Session>, State)> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get(&secret::digest(id))?.clone();
        drop(sessions);
        let state = session.state(&self.bounds, now);
        Some((session, state))
    }

    /// Ends the session of an id and gives it back.
    pub(crate) fn close(&self, id: &str) -> Option<Arc<Session>> {
        let session = self.sessions.write().unwrap_or_else(PoisonError::into_inner).remove(&secret::digest(id))?;
        session.end();
        Some(session)
    }

    /// Forgets what is over, and gives what is to be renewed.
    pub(crate) fn due(&self, now: i64) -> Vec<Arc<Session>> {
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| session.state(&self.bounds, now) != State::Over);
        let due = sessions.values().filter(|session| now >= session.renew.load(Ordering::Acquire));
        let mut due: Vec<_> = due.cloned().collect();
        due.sort_by_key(|session| session.until.load(Ordering::Acquire));
        due
    }

    pub(crate) fn len(&self) -> usize {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(crate) fn bounds(&self) -> &Sessions {
        &self.bounds
    }
}

#[cfg(test)]
mod tests {
    use access::{Principal, Role};
    use access_log::Text;
    use runtime::config::Period;

    use super::*;
    use crate::person::Identity;

    const NOW: i64 = 1_800_000_000;

    fn table(count: usize) -> Table {
        Table::new(Sessions { idle: Period::seconds(100), absolute: Period::seconds(1000), count })
    }

    fn person(role: Role) -> Person {
        let principal = Principal { role, region: None, purpose: "".into(), assurance: 3 };
        let identity = Identity { user: Text::or_withheld("SE-E"), commission: None, care_unit: None };
        Person { subject: "s".into(), identity, principal }
    }

    fn open(table: &Table, now: i64) -> String {
        let tokens = Tokens { id: String::new(), refresh: None, nonce: String::new() };
        table.open(person(Role::Operator), tokens, Lease::of(now, 300), now)
    }

    fn state(table: &Table, id: &str, now: i64) -> Option<State> {
        table.find(id, now).map(|(_, state)| state)
    }

    #[test]
    fn a_session_ends_by_idleness_by_age_and_by_logout() {
        let table = table(10);
        let id = open(&table, NOW);
        assert_eq!(state(&table, &id, NOW + 99), Some(State::Holds));
        assert_eq!(state(&table, &id, NOW + 100), Some(State::Over));
        for at in (0..1000).step_by(50) {
            let (session, _) = table.find(&id, NOW + at).unwrap();
            session.touch(NOW + at);
            session.renewed(None, Lease::of(NOW + at, 300));
        }
        assert_eq!(state(&table, &id, NOW + 999), Some(State::Holds));
        assert_eq!(state(&table, &id, NOW + 1000), Some(State::Over));
        assert!(table.due(NOW + 1000).is_empty());
        assert_eq!((state(&table, &id, NOW), table.len()), (None, 0));
        let id = open(&table, NOW);
        let (session, _) = table.find(&id, NOW).unwrap();
        table.close(&id).unwrap();
        // Who holds it, as a stream does, sees that it is over.
        assert_eq!(session.state(table.bounds(), NOW), State::Over);
        assert!(table.close(&id).is_none() && table.find("", NOW).is_none());
    }

    #[test]
    fn nobody_vouches_for_a_session_that_is_not_renewed() {
        let table = Table::new(Sessions { idle: Period::seconds(900), absolute: Period::seconds(1000), count: 10 });
        let id = open(&table, NOW);
        assert!(table.due(NOW + 239).is_empty());
        let due = table.due(NOW + 240);
        assert_eq!((due.len(), state(&table, &id, NOW + 300)), (1, Some(State::Unvouched)));
        due[0].put_off(NOW + 270);
        assert_eq!((table.due(NOW + 269).len(), table.due(NOW + 270).len()), (0, 1));
        assert_eq!(state(&table, &id, NOW + 300), Some(State::Unvouched));
        due[0].renewed(None, Lease::of(NOW + 310, 300));
        assert_eq!(state(&table, &id, NOW + 310), Some(State::Holds));
        assert_eq!(Lease::of(0, 20), Lease { until: 20, renew: 10 });
        assert_eq!(Lease::of(0, -5), Lease { until: 0, renew: 0 });
    }

    #[test]
    fn one_too_many_ends_the_one_that_was_idle_for_longest() {
        let table = table(2);
        let (first, second) = (open(&table, NOW), open(&table, NOW + 1));
        table.find(&first, NOW + 2).unwrap().0.touch(NOW + 2);
        let third = open(&table, NOW + 3);
        assert_eq!(table.len(), 2);
        assert!(state(&table, &second, NOW + 3).is_none());
        assert_eq!(state(&table, &first, NOW + 3), Some(State::Holds));
        assert_eq!(state(&table, &third, NOW + 3), Some(State::Holds));
    }

    #[test]
    fn a_changed_role_is_noticed_and_the_same_role_is_not() {
        let table = table(2);
        let id = open(&table, NOW);
        let (session, _) = table.find(&id, NOW).unwrap();
        session.renewed(Some(person(Role::Operator)), Lease::of(NOW, 300));
        assert_eq!(session.changes(), 0);
        session.renewed(Some(person(Role::Steward)), Lease::of(NOW, 300));
        assert_eq!((session.changes(), session.person().principal.role), (1, Role::Steward));
    }
}
