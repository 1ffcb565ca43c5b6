//! Seals records, on their way into one topic.

use std::sync::Arc;

use schemas::{Seal, SourceRecord, Timestamp};

use crate::bound::{self, Place};
use crate::cipher::{Cipher, counted, random_key};
use crate::fault::Away;
use crate::key::Keys;

/// Records that one data key seals at most; then there is another. With the longest records, of 1 MiB, AES-GCM's bound on what
/// can be told of the text is 2^-56 then.
pub const RECORDS_MAX: u64 = 1 << 20;

const HOUR_MICROS: i64 = 3_600_000_000;

/// Seals the records of one source into one topic. Its data keys are its own: of this process, of this source, of one hour.
pub struct Sealer {
    keys: Arc<Keys>,
    topic: String,
    current: Option<DataKey>,
    /// Used again, so that a record costs no allocation once these have grown.
    text: Vec<u8>,
    bound: Vec<u8>,
}

struct DataKey {
    cipher: Cipher,
    key_id: String,
    wrapped: Vec<u8>,
    hour: i64,
    /// Records sealed: the next nonce.
    count: u64,
}

impl Sealer {
    /// For records of the region that the keys are of, into this topic.
    pub fn new(keys: Arc<Keys>, topic: String) -> Self {
        Self { keys, topic, current: None, text: Vec::new(), bound: Vec::new() }
    }

    /// The record as it travels: payload, message id and position are sealed, all else is as it was and bound to them.
    ///
    /// # Errors
    /// When a new data key is due and cannot be made.
    pub fn seal<'s>(
        &'s mut self,
        record: &SourceRecord<'s>,
        partition: i32,
        now: Timestamp,
    ) -> Result<SourceRecord<'s>, Away> {
        let hour = now.0.div_euclid(HOUR_MICROS);
        let current = match self.current.take() {
            Some(key) if key.hour == hour && key.count < RECORDS_MAX => key,
            _ => DataKey::new(&self.keys, hour)?,
        };
        let current = self.current.insert(current);
        let counter = current.count;
        // Counted before it is used: whatever happens then, no second record has this nonce.
        current.count += 1;

        self.text.clear();
        self.text.reserve(record.payload.len() + record.message_id.len() + record.source_position.len() + 32);
        for text in [record.message_id, record.source_position] {
            // A text of a record is shorter than Kafka's longest record.
            self.text.extend_from_slice(&(text.len() as u32).to_be_bytes());
            self.text.extend_from_slice(text.as_bytes());
        }
        self.text.extend_from_slice(record.payload);
        let place = Place { topic: &self.topic, partition };
        bound::record(record, place, &current.key_id, &mut self.bound);
        current.cipher.seal(counted(counter), &self.bound, &mut self.text);
        Ok(SourceRecord {
            message_id: "",
            source_position: "",
            payload: &self.text,
            seal: Some(Seal { key_id: &current.key_id, data_key: &current.wrapped, counter: counter as i64 }),
            ..record.clone()
        })
    }
}

impl DataKey {
    fn new(keys: &Keys, hour: i64) -> Result<Self, Away> {
        let key = keys.newest().expect("settings have a key, or there is no sealer");
        let bytes = random_key()?;
        let wrapped = key.wrap(&bytes)?;
        Ok(Self { cipher: Cipher::new(&bytes), key_id: key.id.clone(), wrapped, hour, count: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data key and counter of a record.
    fn seal_of(sealer: &mut Sealer, hour: i64) -> (Vec<u8>, i64) {
        let record = SourceRecord {
            region: "14",
            source_system: "SE2321000131-TEST",
            feed: "adt",
            format: schemas::Format::Hl7v2,
            message_id: "",
            received_at: Timestamp(0),
            recorded_at: None,
            source_position: "",
            payload: b"",
            seal: None,
        };
        let sealed = sealer.seal(&record, 0, Timestamp(hour * HOUR_MICROS)).expect("sealed");
        let seal = sealed.seal.expect("a seal");
        (seal.data_key.to_vec(), seal.counter)
    }

    #[test]
    fn a_data_key_ends_with_its_hour_and_before_its_nonces_do() {
        let keys = Keys::one("14", "s1", &"0123456789abcdef".repeat(4)).expect("a key");
        let mut sealer = Sealer::new(Arc::new(keys), "region.14.source.adt".to_owned());
        let (first, none) = seal_of(&mut sealer, 7);
        assert_eq!(none, 0);
        assert_eq!(seal_of(&mut sealer, 7), (first.clone(), 1));
        let (next_hour, none) = seal_of(&mut sealer, 8);
        assert_eq!(none, 0);
        // Back to an hour that was: the key of then is not used again.
        let (again, none) = seal_of(&mut sealer, 7);
        assert!(none == 0 && again != first && next_hour != first);
        sealer.current.as_mut().expect("a key").count = RECORDS_MAX - 1;
        assert_eq!(seal_of(&mut sealer, 7), (again.clone(), RECORDS_MAX as i64 - 1));
        let (after, none) = seal_of(&mut sealer, 7);
        assert!(none == 0 && after != again);
    }
}
