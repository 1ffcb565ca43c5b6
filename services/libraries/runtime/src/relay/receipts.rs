use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{NoCustomPartitioner, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;

use super::Error;
use crate::broker::{Link, Watch, watched};
use crate::policy::{self, Action};

/// Which record of which slot an output belongs to, in the one word that librdkafka carries along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) slot: usize,
    pub(super) sequence: u64,
}

/// Slots are numbered in the upper bits; 2^48 records per assignment last 89 years at 100,000 a second.
const SEQUENCE_BITS: u32 = 48;
pub(super) const SLOTS_MAX: usize = 1 << (usize::BITS - SEQUENCE_BITS);

impl Receipt {
    pub(super) fn to_word(self) -> usize {
        (self.slot << SEQUENCE_BITS) | self.sequence as usize
    }

    fn from_word(word: usize) -> Self {
        Self { slot: word >> SEQUENCE_BITS, sequence: (word & ((1 << SEQUENCE_BITS) - 1)) as u64 }
    }
}

/// What librdkafka's producer reports. It is polled by the loop's own thread, so the lock is never contended.
pub(super) struct Receipts {
    watch: Watch,
    inbox: Mutex<Inbox>,
}

#[derive(Default)]
struct Inbox {
    acknowledged: Vec<Receipt>,
    failure: Option<Error>,
    /// The first failure that names its own cause, which may come after one that only says that all is over.
    cause: Option<Error>,
}

impl Receipts {
    pub(super) fn new(link: Link) -> Self {
        Self { watch: Watch::new(link), inbox: Mutex::new(Inbox::default()) }
    }

    /// Swaps what was acknowledged since the last call into `receipts`, which must be empty.
    pub(super) fn take(&self, receipts: &mut Vec<Receipt>) -> Result<(), Error> {
        let mut inbox = self.inbox();
        std::mem::swap(&mut inbox.acknowledged, receipts);
        inbox.failure.take().map_or(Ok(()), Err)
    }

    /// How many outputs were acknowledged since the last [`Self::take`].
    pub(super) fn count(&self) -> usize {
        self.inbox().acknowledged.len()
    }

    /// Why the producer gave up, once it is known.
    pub(super) fn cause(&self) -> Option<Error> {
        self.inbox().cause.take()
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

watched!(Receipts);

impl ProducerContext<NoCustomPartitioner> for Receipts {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, word: usize) {
        match result {
            Ok(_) => self.inbox().acknowledged.push(Receipt::from_word(word)),
            Err((error, message)) => {
                let code = policy::code(error);
                let (topic, partition) = (message.topic().to_owned(), message.partition());
                let mut inbox = self.inbox();
                if !policy::is_consequence(code) {
                    inbox.cause.get_or_insert_with(|| failure(topic.clone(), partition, code));
                }
                inbox.failure.get_or_insert_with(|| failure(topic, partition, code));
            }
        }
    }
}

/// An output that Kafka did not take ends the process, always: going on would leave a hole.
pub(super) fn failure(topic: String, partition: i32, code: RDKafkaErrorCode) -> Error {
    let remedy = match policy::on_delivery(code) {
        Action::Stop { remedy } => remedy,
        Action::Retry => "start again",
    };
    Error::Delivery { topic, partition, code, remedy }
}

#[cfg(test)]
mod tests {
    use super::{Receipt, SEQUENCE_BITS, SLOTS_MAX};

    #[test]
    fn a_receipt_fits_one_word() {
        for slot in [0, 1, SLOTS_MAX - 1] {
            for sequence in [0, 1, (1 << SEQUENCE_BITS) - 1] {
                let receipt = Receipt { slot, sequence };
                assert_eq!(Receipt::from_word(receipt.to_word()), receipt);
            }
        }
    }
}
