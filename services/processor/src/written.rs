//! What is known to be written of whose identity is protected, so that it is not written again for every message of a source that
//! names its patients by two numbers.
//!
//! A table of fixed size holds sums of 128 bits: each has one place, and what is newly said takes it from what stood there. So a
//! link may be written twice. It is never missed: a sum holds for one input partition, whose records are settled in order, so that
//! none is settled before the one whose output it leaves out; it is kept when the record is decided, and forgotten whenever the
//! group gives partitions out or takes them back, as it does before anything is read again that was not settled. A delivery that
//! fails ends the process, and the table with it.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use identity::Token;
use schemas::Protection;

/// Sums that are kept, 16 bytes each: more persons than a region's sources tell of between two compactions of the topic.
const SUMS_MAX: usize = 1 << 18;

/// Sums of what was written, by place; zero where nothing stands.
pub(crate) struct Written {
    sums: Box<[u128]>,
    /// Two, so that a sum has as many bits as two links that differ will never share.
    states: [RandomState; 2],
    /// What is being summed, in one piece: many small ones cost more than all their bytes.
    key: Vec<u8>,
}

/// What is known of one input partition.
pub(crate) struct Known<'w> {
    written: &'w mut Written,
    route: usize,
    partition: i32,
}

impl Default for Written {
    fn default() -> Self {
        Written::holding(SUMS_MAX)
    }
}

impl Written {
    /// Of so many sums, at least one.
    pub(crate) fn holding(sums: usize) -> Self {
        Self { sums: vec![0; sums.max(1)].into(), states: [RandomState::new(), RandomState::new()], key: Vec::new() }
    }

    /// What is known of a route's partition.
    pub(crate) fn of(&mut self, route: usize, partition: i32) -> Known<'_> {
        Known { written: self, route, partition }
    }

    pub(crate) fn forget(&mut self) {
        self.sums.fill(0);
    }

    fn sum(&self) -> u128 {
        let [high, low] = self.states.each_ref().map(|state| u128::from(state.hash_one(&self.key)));
        (high << 64 | low).max(1)
    }
}

impl Known<'_> {
    /// The sum of what its record is known by in Kafka ([`Protection::key`]).
    pub(crate) fn sum(&mut self, said: &Protection<'_>) -> u128 {
        /// A byte that no text has.
        const END: u8 = 0xFF;
        let key = &mut self.written.key;
        let visit = said.episode_id.map(|visit| [said.source_system, visit]);
        key.clear();
        key.extend_from_slice(&self.route.to_le_bytes());
        key.extend_from_slice(&self.partition.to_le_bytes());
        key.push(u8::from(visit.is_some()));
        let persons = said.subject_token.into_iter().chain(said.same_as.iter().copied());
        for text in persons.chain(visit.into_iter().flatten()) {
            key.extend_from_slice(text.as_bytes());
            key.push(END);
        }
        self.written.sum()
    }

    /// The input partition, which is the outputs', too.
    pub(crate) fn partition(&self) -> i32 {
        self.partition
    }

    /// The sum of a person's links to the pseudonyms of earlier keys, by the current one.
    pub(crate) fn sum_of(&mut self, token: &Token) -> u128 {
        self.written.key.clear();
        self.written.key.extend_from_slice(&self.route.to_le_bytes());
        self.written.key.extend_from_slice(&self.partition.to_le_bytes());
        self.written.key.push(2);
        self.written.key.extend_from_slice(token.as_bytes());
        self.written.sum()
    }

    /// Whether it is written, or on its way.
    pub(crate) fn has(&self, sum: u128) -> bool {
        self.written.sums[self.place(sum)] == sum
    }

    pub(crate) fn keep(&mut self, sum: u128) {
        self.written.sums[self.place(sum)] = sum;
    }

    fn place(&self, sum: u128) -> usize {
        let places = self.written.sums.len() as u128;
        usize::try_from(sum % places).expect("less than a length")
    }
}
