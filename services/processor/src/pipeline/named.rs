//! Whom a record names, gathered where pseudonyms are made.

use std::cell::RefCell;

use identity::{Kept, Subject, Token};

/// Whom a record names.
#[derive(Default)]
pub(crate) struct Named(RefCell<Vec<(Token, Kept)>>);

impl Named {
    pub(super) fn note(&self, token: Token, person: &Subject<'_>) {
        let mut named = self.0.borrow_mut();
        if named.iter().all(|(known, _)| *known != token) {
            named.push((token, person.kept()));
        }
    }

    pub(super) fn take(&self) -> Vec<(Token, Kept)> {
        self.0.take()
    }
}
