//! How much of one message is read.

/// Longest text read as one message. ADT messages are a few kilobytes; a megabyte leaves room for anything sane.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Most segments of one message that name a patient or a bed (PID, MRG, NPU): each may become an event. All other segments
/// are bounded by the message's bytes only: a discharge may carry thousands of lines of text.
pub const SEGMENTS_MAX: usize = 1_000;
