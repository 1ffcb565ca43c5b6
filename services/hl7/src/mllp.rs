//! MLLP framing: `0x0B message 0x1C 0x0D` over a byte stream.
//!
//! Real senders forget the end block, write LF or CRLF after it, put several messages in one write and one message in
//! several. [`Frames`] takes bytes as they come and gives whole frames; its buffer never grows past the size limit plus
//! one read.

use crate::message::MESSAGE_BYTES_MAX;

/// Start of a frame.
pub const START: u8 = 0x0B;
/// End of a frame.
pub const END: u8 = 0x1C;

/// Appends `message` as one frame.
pub fn encode(message: &[u8], out: &mut Vec<u8>) {
    out.reserve(message.len() + 3);
    out.push(START);
    out.extend_from_slice(message);
    out.extend_from_slice(&[END, b'\r']);
}

/// What came out of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A message: the bytes between start and end.
    Message {
        /// The bytes, neither decoded nor trimmed.
        bytes: &'a [u8],
        /// False when the next frame began before this one was ended.
        ended: bool,
    },
    /// A message longer than the limit. It was passed over without being kept; only its beginning is here, to answer its sender.
    TooLong {
        /// The first bytes, up to [`HEAD_BYTES`].
        head: &'a [u8],
        /// Its whole length.
        bytes: usize,
    },
}

/// As much as is kept of a message that is too long: enough for its header.
pub const HEAD_BYTES: usize = 1_024;

/// What an idle connection may keep for its next read, after a large message too.
const IDLE_BYTES: usize = 64 << 10;

/// Incremental decoder of one connection's stream.
#[derive(Debug)]
pub struct Frames {
    buffer: Vec<u8>,
    /// Everything before it is consumed.
    start: usize,
    /// Everything between `start` and it was searched for an end block.
    scanned: usize,
    inside: Inside,
    bytes_max: usize,
    junk_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Between frames.
    Nothing,
    /// In a frame whose content begins at `start`.
    Frame,
    /// In a frame that is too long; the head is kept at `start`, the rest, so far this many bytes, is passed over.
    Excess { bytes: usize },
}

impl Default for Frames {
    fn default() -> Frames {
        Frames::new(MESSAGE_BYTES_MAX)
    }
}

impl Frames {
    /// A decoder that passes over messages longer than `bytes_max`.
    pub fn new(bytes_max: usize) -> Frames {
        Frames { buffer: Vec::new(), start: 0, scanned: 0, inside: Inside::Nothing, bytes_max, junk_bytes: 0 }
    }

    /// Takes bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.tail().extend_from_slice(bytes);
    }

    /// The buffer to append a read to, without a copy in between. Append only; drain [`Frames::next`] after each read.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        if self.buffer.is_empty() && self.buffer.capacity() > IDLE_BYTES {
            self.buffer.shrink_to(IDLE_BYTES);
        }
        &mut self.buffer
    }

    /// The next whole frame, or `None` until more bytes come.
    #[allow(clippy::should_implement_trait, reason = "it lends from the buffer, which an iterator cannot")]
    pub fn next(&mut self) -> Option<Frame<'_>> {
        loop {
            match self.inside {
                Inside::Nothing => self.enter()?,
                Inside::Frame => {
                    let found = memchr::memchr2(START, END, &self.buffer[self.scanned..]);
                    let end = found.map_or(self.buffer.len(), |at| self.scanned + at);
                    if end - self.start > self.bytes_max {
                        self.pass_over(end);
                        continue;
                    }
                    self.scanned = end;
                    found?;
                    let content = self.start..end;
                    let ended = self.leave(end);
                    return Some(Frame::Message { bytes: &self.buffer[content], ended });
                }
                Inside::Excess { bytes } => {
                    let found = memchr::memchr2(START, END, &self.buffer[self.scanned..]);
                    let Some(at) = found else {
                        let bytes = bytes + self.buffer.len() - self.scanned;
                        self.inside = Inside::Excess { bytes };
                        self.buffer.truncate(self.scanned);
                        return None;
                    };
                    let head = self.start..self.scanned;
                    self.leave(self.scanned + at);
                    return Some(Frame::TooLong { head: &self.buffer[head], bytes: bytes + at });
                }
            }
        }
    }

    /// Bytes of a frame that has begun and not ended. At the end of the stream they are a message cut short, which must
    /// not be acknowledged.
    pub fn unfinished(&self) -> &[u8] {
        match self.inside {
            Inside::Nothing => &[],
            Inside::Frame | Inside::Excess { .. } => &self.buffer[self.start..],
        }
    }

    /// Bytes outside any frame so far, line ends and NUL not counted.
    pub const fn junk_bytes(&self) -> u64 {
        self.junk_bytes
    }

    /// Passes over what stands between frames, up to and including the next start.
    fn enter(&mut self) -> Option<()> {
        let rest = &self.buffer[self.start..];
        let start = memchr::memchr(START, rest);
        let between = &rest[..start.unwrap_or(rest.len())];
        self.junk_bytes += between.iter().filter(|&&byte| !matches!(byte, b'\r' | b'\n' | 0 | END)).count() as u64;
        self.start += between.len() + usize::from(start.is_some());
        self.scanned = self.start;
        self.inside = if start.is_some() { Inside::Frame } else { Inside::Nothing };
        start.map(|_| ())
    }

    /// Consumes a frame that ends before `end`; says whether an end block stood there.
    fn leave(&mut self, end: usize) -> bool {
        let ended = self.buffer[end] == END;
        self.start = end + 1;
        self.scanned = self.start;
        // A start block ends the frame before it and begins the next one.
        self.inside = if ended { Inside::Nothing } else { Inside::Frame };
        ended
    }

    /// Keeps the head of a frame that is too long and forgets what is known of the rest, which ends before `end`.
    fn pass_over(&mut self, end: usize) {
        let bytes = end - self.start;
        let head = HEAD_BYTES.min(self.bytes_max);
        self.buffer.drain(self.start + head..end);
        self.scanned = self.start + head;
        self.inside = Inside::Excess { bytes };
    }
}
