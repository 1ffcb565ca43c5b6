use std::collections::VecDeque;

use crate::fate::{Fate, FateCounts};

/// The records of one partition that wait for acknowledgement, and the counts of those that do not any more.
///
/// Pure: offsets and acknowledgements in, the next offset to commit and the counts below it out.
#[derive(Debug)]
pub(super) struct Slot {
    pending: VecDeque<Pending>,
    /// Sequence number of the front of `pending`.
    first: u64,
    /// Outputs sent and not acknowledged.
    unacknowledged: u64,
    next: i64,
    counts: FateCounts,
    /// Where the commit that was last sent, and the one that last succeeded, stood; both move on by `next`.
    committed: i64,
    confirmed: i64,
    start: i64,
}

#[derive(Debug)]
struct Pending {
    offset: i64,
    timestamp_ms: Option<i64>,
    outputs: u32,
    fate: Fate,
}

/// What a slot settled in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) counts: FateCounts,
    /// When the oldest of the settled records was written.
    pub(super) timestamp_ms: Option<i64>,
}

impl Slot {
    /// A partition read from `next` on, with the counts of what came before.
    pub(super) fn new(next: i64, counts: FateCounts) -> Self {
        Self {
            pending: VecDeque::new(),
            first: 0,
            unacknowledged: 0,
            next,
            counts,
            committed: next,
            confirmed: next,
            start: next,
        }
    }

    /// Notes a record with so many outputs; the number given back goes with each of them.
    pub(super) fn push(&mut self, offset: i64, timestamp_ms: Option<i64>, fate: Fate, outputs: u32) -> u64 {
        let sequence = self.first + self.pending.len() as u64;
        self.pending.push_back(Pending { offset, timestamp_ms, outputs, fate });
        self.unacknowledged += u64::from(outputs);
        sequence
    }

    /// One output of this record is acknowledged.
    pub(super) fn acknowledge(&mut self, sequence: u64) {
        let index = usize::try_from(sequence - self.first).expect("the ring is far shorter than the address space");
        self.pending[index].outputs -= 1;
        self.unacknowledged -= 1;
    }

    /// Takes every record from the front whose outputs are all acknowledged.
    pub(super) fn settle(&mut self) -> Settled {
        let mut settled = Settled::default();
        while let Some(record) = self.pending.pop_front_if(|record| record.outputs == 0) {
            self.first += 1;
            self.next = record.offset + 1;
            self.counts.add(record.fate);
            settled.counts.add(record.fate);
            settled.timestamp_ms = settled.timestamp_ms.or(record.timestamp_ms);
        }
        settled
    }

    /// Offset of the oldest record that is not settled.
    pub(super) fn next(&self) -> i64 {
        self.next
    }

    /// The lowest offset that has not been noted.
    pub(super) fn end(&self) -> i64 {
        self.pending.back().map_or(self.next, |record| record.offset + 1)
    }

    /// The fates of every record below [`Slot::next`].
    pub(super) fn counts(&self) -> &FateCounts {
        &self.counts
    }

    /// Whether anything was settled here at all.
    pub(super) fn has_settled(&self) -> bool {
        self.next > self.start
    }

    /// Whether there is anything to commit.
    pub(super) fn is_ahead(&self) -> bool {
        self.next > self.committed
    }

    /// Whether there is anything that no commit is known to have reached.
    pub(super) fn is_unconfirmed(&self) -> bool {
        self.next > self.confirmed
    }

    /// A commit of what was settled is on its way.
    pub(super) fn mark_committed(&mut self) {
        self.committed = self.next;
    }

    /// What was settled is committed.
    pub(super) fn mark_confirmed(&mut self) {
        self.committed = self.next;
        self.confirmed = self.next;
    }

    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn unacknowledged(&self) -> u64 {
        self.unacknowledged
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, Slot};
    use crate::fate::FateCounts;

    #[test]
    fn only_an_unbroken_run_from_the_oldest_record_is_committed() {
        let mut slot = Slot::new(10, FateCounts { ignored: 4, ..FateCounts::default() });
        let first = slot.push(10, Some(1), Fate::Mapped(2), 2);
        let second = slot.push(12, Some(2), Fate::Ignored, 0);
        let third = slot.push(13, Some(3), Fate::Refused("rule"), 1);
        let check = |slot: &mut Slot, next: i64, consumed: u64, sample: Option<i64>| {
            let settled = slot.settle();
            assert_eq!((slot.next(), slot.counts().consumed(), settled.timestamp_ms), (next, consumed, sample));
        };
        check(&mut slot, 10, 4, None);
        assert_eq!(slot.end(), 14);
        slot.acknowledge(third);
        slot.acknowledge(first);
        check(&mut slot, 10, 4, None);
        assert!(!slot.is_ahead());
        slot.acknowledge(first);
        check(&mut slot, 14, 7, Some(1));
        assert_eq!((slot.pending(), slot.unacknowledged()), (0, 0));
        assert!(slot.is_ahead() && second < third);
        slot.mark_committed();
        assert!(!slot.is_ahead());
        let fourth = slot.push(14, None, Fate::Mapped(1), 1);
        slot.acknowledge(fourth);
        check(&mut slot, 15, 8, None);
    }
}
