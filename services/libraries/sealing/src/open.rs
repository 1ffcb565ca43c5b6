//! Opens what was sealed, at the place that it was sealed for.

use std::collections::HashMap;
use std::sync::Arc;

use schemas::{Seal, SourceRecord};

use crate::bound::{self, Place};
use crate::cipher::{Cipher, counted};
use crate::fault::{Refusal, Unopened};
use crate::key::{Keys, NoKey, is_id};

/// Data keys that are kept ready: of so many sources and hours records may come in any order before a key is unwrapped twice.
pub const DATA_KEYS_MAX: usize = 128;

/// Opens the records of one region. Keep one per thread: it uses its buffers again.
pub struct Opener {
    keys: Arc<Keys>,
    is_required: bool,
    /// By the wrapped key.
    ready: HashMap<Box<[u8]>, Ready>,
    /// Counts what was opened, to know which data key was used last.
    clock: u64,
    /// Used again, so that a record costs no allocation once these have grown.
    text: Vec<u8>,
    bound: Vec<u8>,
}

struct Ready {
    cipher: Cipher,
    key_id: String,
    used: u64,
}

impl Opener {
    /// With these keys; `is_required`: plain records are refused.
    pub fn new(keys: impl Into<Arc<Keys>>, is_required: bool) -> Self {
        Self { keys: keys.into(), is_required, ready: HashMap::new(), clock: 0, text: Vec::new(), bound: Vec::new() }
    }

    /// Of a region that has no keys: plain records are as they are, and no sealed one opens.
    pub fn of_plain() -> Self {
        Self::new(Keys::none(), false)
    }

    /// Whether plain records are refused.
    pub fn is_required(&self) -> bool {
        self.is_required
    }

    /// The keys, for whoever wants to know whether they open.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The record as its source sent it. `record` is what stands at `place`; where that is, Kafka says and not the record.
    ///
    /// # Errors
    /// When it is not to be used, or not now; see [`Unopened`].
    pub fn open<'o>(&'o mut self, record: &SourceRecord<'o>, place: Place<'_>) -> Result<SourceRecord<'o>, Unopened> {
        let Some(seal) = record.seal else {
            return if self.is_required { Err(Refusal::Plain.into()) } else { Ok(record.clone()) };
        };
        self.clock += 1;
        self.make_ready(&seal)?;
        let ready = self.ready.get_mut(seal.data_key).expect("it was made ready");
        ready.used = self.clock;

        bound::record(record, place, seal.key_id, &mut self.bound);
        self.text.clear();
        self.text.extend_from_slice(record.payload);
        let counter = u64::try_from(seal.counter).map_err(|_| Refusal::Broken)?;
        let opened = ready.cipher.open(counted(counter), &self.bound, &mut self.text);
        let opened: &'o [u8] = opened.map_err(|_| Refusal::Broken)?;
        let (message_id, opened) = text(opened).ok_or(Refusal::Broken)?;
        let (source_position, payload) = text(opened).ok_or(Refusal::Broken)?;
        Ok(SourceRecord { message_id, source_position, payload, seal: None, ..record.clone() })
    }

    fn make_ready(&mut self, seal: &Seal<'_>) -> Result<(), Unopened> {
        if self.ready.get(seal.data_key).is_some_and(|ready| ready.key_id == seal.key_id) {
            return Ok(());
        }
        let key = self.keys.find(seal.key_id).ok_or(Refusal::KeyUnknown)?;
        let data_key = key.unwrap(seal.data_key).map_err(|error| match error {
            NoKey::Wrong => Refusal::KeyWrong.into(),
            NoKey::Away(away) => Unopened::Away(away),
        })?;
        if self.ready.len() >= DATA_KEYS_MAX {
            let oldest = self.ready.iter().min_by_key(|(_, ready)| ready.used).map(|(wrapped, _)| wrapped.clone());
            if let Some(wrapped) = oldest {
                self.ready.remove(&wrapped);
            }
        }
        let ready = Ready { cipher: Cipher::new(&data_key), key_id: key.id.clone(), used: 0 };
        self.ready.insert(seal.data_key.into(), ready);
        Ok(())
    }
}

/// A text that stands after its length, and what follows it.
fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((str::from_utf8(text).ok()?, rest))
}

/// The id of the key that a sealed record names, as it may be printed.
pub fn key_id<'r>(record: &SourceRecord<'r>) -> Option<&'r str> {
    record.seal.map(|seal| if is_id(seal.key_id) { seal.key_id } else { "(not an id)" })
}
