//! Which partition a person's messages go to: a keyed hash, so that a topic's layout says nothing about a person.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::key::Key;
use crate::pseudonym::keyed;
use crate::subject::Subject;

/// The connector's secret for choosing partitions; not the pseudonym key.
pub struct PartitionKey(Hmac<Sha256>);

impl PartitionKey {
    /// Keys the hash.
    pub fn new(key: &Key) -> PartitionKey {
        let mut mac = keyed(key);
        mac.update(b"se-partition|v1|");
        PartitionKey(mac)
    }

    /// The partition, below `count`, of a subject: the same for every notation of one identifier.
    ///
    /// # Panics
    /// If `count` is not positive: a topic has at least one partition.
    pub fn partition(&self, subject: &Subject<'_>, count: i32) -> i32 {
        let (system, value) = subject.parts();
        self.choose(&[system.as_bytes(), b"\0", value], count)
    }

    /// The partition, below `count`, of something that names no person, such as a bed.
    ///
    /// # Panics
    /// If `count` is not positive: a topic has at least one partition.
    pub fn partition_of_text(&self, text: &str, count: i32) -> i32 {
        self.choose(&[text.as_bytes()], count)
    }

    fn choose(&self, parts: &[&[u8]], count: i32) -> i32 {
        assert!(count > 0, "a topic has at least one partition");
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        let code = mac.finalize().into_bytes();
        let mut first = [0_u8; 8];
        first.copy_from_slice(&code[..8]);
        (u64::from_be_bytes(first) % count as u64) as i32
    }
}
