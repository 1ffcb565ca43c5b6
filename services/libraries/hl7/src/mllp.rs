//! MLLP framing: `0x0B message 0x1C 0x0D` over a byte stream.
//!
//! Real senders forget the end block, write LF or CRLF after it, or nothing; put several messages in one write and one message
//! in several; and leave bytes of the framing inside a field (a soft line break of a word processor is 0x0B). [`Frames`]
//! takes bytes as they come and gives whole frames; its buffer never grows past the size limit plus one read.
//!
//! Inside a frame a start byte begins a message only before a header, and an end byte ends one only before CR, or before the
//! next message. Whether an end byte that is the last one received ends a message cannot be told from bytes alone:
//! [`Frames::doubt`] says so, and whoever has a clock waits a moment and calls [`Frames::settle`].

use crate::limits::MESSAGE_BYTES_MAX;
use crate::lines::{self, Told};
use crate::shorten::Shortener;

pub use crate::lines::{END, START};

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
        /// Bytes of documents that were left out because the message is longer than the limit.
        left_out: usize,
    },
    /// A message longer than the limit, also without its documents. It was passed over without being kept; only its beginning
    /// is here, to answer its sender.
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

/// Where the end byte stands that may or may not end a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Where a segment would begin: it is hardly anything but the end.
    Segment,
    /// Inside a field, or behind a last segment that was not ended.
    Field,
}

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
    /// Nothing will come that decides about an end byte.
    settled: bool,
}

#[derive(Debug)]
enum Inside {
    Nothing,
    /// In a frame whose content begins at `start`.
    Frame,
    /// In a frame over the limit, whose documents are left out.
    Shortened(Shortener),
    /// In a frame that is too long; the head is kept at `start`, the rest, so far this many bytes, is passed over.
    Excess {
        bytes: usize,
    },
}

/// What stands at `scanned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Boundary {
    /// The end of what has come.
    None,
    /// A byte of the framing, and more bytes must say what it does.
    Undecided,
    /// The start of the next frame.
    Start,
    /// The end of this one.
    End,
}

impl Default for Frames {
    fn default() -> Frames {
        Frames::new(MESSAGE_BYTES_MAX)
    }
}

impl Frames {
    /// A decoder that shortens messages longer than `bytes_max`, and passes over those that are longer all the same.
    pub fn new(bytes_max: usize) -> Frames {
        let inside = Inside::Nothing;
        Frames { buffer: Vec::new(), start: 0, scanned: 0, inside, bytes_max, junk_bytes: 0, settled: false }
    }

    /// Takes bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.tail().extend_from_slice(bytes);
    }

    /// The buffer to append a read to, without a copy in between. Append only; drain [`Frames::next`] after each read.
    pub fn tail(&mut self) -> &mut Vec<u8> {
        self.settled = false;
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
            if let Inside::Nothing = self.inside {
                self.enter()?;
            }
            let from = self.scanned;
            let boundary = self.boundary();
            let is_whole = matches!(boundary, Boundary::Start | Boundary::End);
            if let Inside::Excess { bytes } = &mut self.inside {
                *bytes += self.scanned - from;
                let bytes = *bytes;
                self.buffer.drain(from..self.scanned);
                self.scanned = from;
                if !is_whole {
                    return None;
                }
                let head = self.start..self.scanned;
                self.leave(boundary);
                return Some(Frame::TooLong { head: &self.buffer[head], bytes });
            }
            if !self.fits(is_whole) {
                continue;
            }
            if !is_whole {
                return None;
            }
            let left_out = match &self.inside {
                Inside::Shortened(shortener) => {
                    self.scanned = shortener.mark(&mut self.buffer, self.scanned);
                    shortener.left_out()
                }
                _ => 0,
            };
            let content = self.start..self.scanned;
            self.leave(boundary);
            // A start byte before the one that counts: nothing was begun.
            if boundary == Boundary::Start && lines::blanks(&self.buffer[content.clone()]) == content.len() {
                continue;
            }
            return Some(Frame::Message { bytes: &self.buffer[content], ended: boundary == Boundary::End, left_out });
        }
    }

    /// Whether the frame may end with the bytes that have come: with an end byte that only what follows can explain. A sender
    /// that sends nothing after it waits for its answer.
    pub fn doubt(&self) -> Option<Doubt> {
        let is_end = self.buffer.get(self.scanned) == Some(&END) && !matches!(self.inside, Inside::Nothing);
        let begins_segment = matches!(self.buffer[..self.scanned].last(), None | Some(b'\r' | b'\n'));
        is_end.then_some(if begins_segment { Doubt::Segment } else { Doubt::Field })
    }

    /// Says that nothing has come for so long that an end byte in doubt is an end. [`Frames::next`] gives the frame.
    pub fn settle(&mut self) {
        self.settled = true;
    }

    /// Bytes of a frame that has begun and not ended. At the end of the stream they are a message cut short, which must
    /// not be acknowledged.
    pub fn unfinished(&self) -> &[u8] {
        match self.inside {
            Inside::Nothing => &[],
            Inside::Frame | Inside::Shortened(_) | Inside::Excess { .. } => &self.buffer[self.start..],
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

    /// Goes on to the next byte that ends the frame, or may.
    fn boundary(&mut self) -> Boundary {
        loop {
            let Some(found) = memchr::memchr2(START, END, &self.buffer[self.scanned..]) else {
                self.scanned = self.buffer.len();
                return Boundary::None;
            };
            self.scanned += found;
            let after = &self.buffer[self.scanned + 1..];
            let is_start = self.buffer[self.scanned] == START;
            match if is_start { lines::begins_block(after) } else { ends_block(after) } {
                Told::Yes => return if is_start { Boundary::Start } else { Boundary::End },
                Told::Undecided if self.settled && !is_start => return Boundary::End,
                Told::Undecided => return Boundary::Undecided,
                Told::No => self.scanned += 1,
            }
        }
    }

    /// Whether what has come of the frame, up to `scanned`, is within the limit, with or without its documents; if not it is
    /// passed over from now on.
    fn fits(&mut self, is_whole: bool) -> bool {
        let bytes = self.scanned - self.start;
        if let Inside::Frame = self.inside {
            if bytes <= self.bytes_max {
                return true;
            }
            match Shortener::new(&self.buffer[self.start..self.start + self.bytes_max]) {
                Some(shortener) => self.inside = Inside::Shortened(shortener),
                None => return self.pass_over(0),
            }
        }
        let Inside::Shortened(shortener) = &mut self.inside else { return true };
        self.scanned = shortener.shorten(&mut self.buffer, self.start, self.scanned, is_whole);
        let (kept, left_out) = (shortener.kept(), shortener.left_out());
        kept <= self.bytes_max || self.pass_over(left_out)
    }

    /// Consumes a frame that ends at `scanned`.
    fn leave(&mut self, boundary: Boundary) {
        self.start = self.scanned + 1;
        self.scanned = self.start;
        // A start block ends the frame before it and begins the next one.
        self.inside = if boundary == Boundary::Start { Inside::Frame } else { Inside::Nothing };
    }

    /// Keeps the head of a frame that is too long and forgets what is known of the rest, up to `scanned`. It does not fit.
    fn pass_over(&mut self, left_out: usize) -> bool {
        let bytes = self.scanned - self.start + left_out;
        let head = self.start + HEAD_BYTES.min(self.bytes_max);
        self.buffer.drain(head..self.scanned);
        self.scanned = head;
        self.inside = Inside::Excess { bytes };
        false
    }
}

/// Whether an end byte ends a frame, by what follows it: CR, or the start of the next frame after a few blanks at most.
fn ends_block(after: &[u8]) -> Told {
    let ends = after.iter().take_while(|byte| **byte == END).count();
    match after.get(ends) {
        _ if ends > lines::BLANKS_MAX => return Told::No,
        Some(b'\r') => return Told::Yes,
        Some(_) | None => {}
    }
    let blanks = after.iter().take_while(|byte| matches!(**byte, b'\n' | b' ' | 0 | END)).count();
    match after.get(blanks) {
        _ if blanks > lines::BLANKS_MAX => Told::No,
        None => Told::Undecided,
        Some(&START) => lines::begins_block(&after[blanks + 1..]),
        Some(_) => Told::No,
    }
}
