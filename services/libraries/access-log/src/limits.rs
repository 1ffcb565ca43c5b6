//! What bounds a writer.

use std::time::Duration;

/// Entries that wait for the disk at the same time; one more is refused at once.
pub(crate) const QUEUE_MAX: usize = 4096;
/// Entries that are made durable together, at most.
pub(crate) const BATCH_MAX: usize = 1024;

/// What bounds a log's writer.
#[derive(Clone, Debug)]
pub struct Limits {
    /// A checkpoint is signed at the latest after so many entries.
    pub checkpoint_entries: u64,
    /// And after so much time, where there are any.
    pub checkpoint_after: Duration,
    /// A segment is ended when it has so many bytes; at most 1 GiB.
    pub segment_bytes: u64,
    /// How long an answer of the disk is waited for.
    pub wait: Duration,
}

impl Default for Limits {
    /// 1,000 entries, a minute, 16 MiB, five seconds.
    fn default() -> Self {
        Self {
            checkpoint_entries: 1000,
            checkpoint_after: Duration::from_secs(60),
            segment_bytes: 16 << 20,
            wait: Duration::from_secs(5),
        }
    }
}
