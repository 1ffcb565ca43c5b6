//! A message that is longer than may be carried, without its documents.
//!
//! What makes a message long is a document: a letter or a picture in OBX, a text in NTE. Where a patient lies stands in other
//! segments. Of a message over the limit the segments of documents are left out, whatever their number, and a line of ours
//! at its end says so; a reader of the message finds it with [`is_marked`]. It works on a stream: memory is bounded by the
//! limit.

use crate::lines;

/// Segments that carry documents, left out whatever their length.
const DOCUMENTS: [&[u8; 3]; 3] = [b"OBX", b"NTE", b"ZDS"];
/// A movement: it says where a patient lies.
const MOVEMENT: &[u8; 3] = b"ZBE";
/// Other segments of a sender's own are left out when they are longer. What a region may read of them is short.
const OWN_SEGMENT_BYTES_MAX: usize = 1_024;
/// More blanks than these before a segment's name are no padding.
const BLANKS_MAX: usize = 64;

/// What the line of ours begins with, after `NTE` and three separators.
const MARK: &str = "vardstrom: shortened, ";

/// Whether this segment is the line of ours, the last of a message that was shortened.
pub fn is_marked(segment: &str) -> bool {
    let Some(rest) = segment.strip_prefix("NTE") else { return false };
    rest.is_char_boundary(3) && rest.get(3..).is_some_and(|text| text.starts_with(MARK))
}

/// What is recorded in place of a message that is left out for its size: coordinates only.
pub fn left_out(bytes: u64, bytes_max: u64) -> String {
    format!("{LEFT_OUT}{bytes} bytes was left out, the limit is {bytes_max} bytes")
}

/// Whether a text stands in place of a message that was left out.
pub fn is_left_out(text: &str) -> bool {
    text.starts_with(LEFT_OUT)
}

const LEFT_OUT: &str = "vardstrom: a message of ";

/// Takes the documents out of one message in a buffer, as it comes.
#[derive(Debug, Clone)]
pub(crate) struct Shortener {
    separator: u8,
    end: u8,
    line: Line,
    /// So many bytes of the message stay, and are not looked at again.
    kept: usize,
    left_out: usize,
}

/// The segment that is being looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// What it is must still be read.
    Begins,
    Stays,
    Goes,
}

impl Shortener {
    /// For a message with this beginning; `None` when it does not begin with a header.
    pub(crate) fn new(head: &[u8]) -> Option<Shortener> {
        let message = &head[lines::blanks(head)..];
        let separator = *message.get(3).filter(|_| lines::is_header(message))?;
        Some(Shortener { separator, end: lines::line_end(message), line: Line::Begins, kept: 0, left_out: 0 })
    }

    /// How many bytes of the message stay for certain.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// How many bytes were left out.
    pub(crate) fn left_out(&self) -> usize {
        self.left_out
    }

    /// Takes out what can be told of the message, which stands in the buffer from `start` to `end`; gives its new end.
    pub(crate) fn shorten(&mut self, buffer: &mut Vec<u8>, start: usize, end: usize, is_whole: bool) -> usize {
        let mut read = start + self.kept;
        let mut write = read;
        while read < end {
            let line_end = memchr::memchr(self.end, &buffer[read..end]).map(|at| read + at + 1);
            if self.line == Line::Begins {
                let line = &buffer[read..line_end.unwrap_or(end)];
                self.line = match self.is_document(line, is_whole || line_end.is_some()) {
                    Some(true) => Line::Goes,
                    Some(false) => Line::Stays,
                    None => break,
                };
            }
            let stop = line_end.unwrap_or(end);
            if self.line == Line::Stays {
                buffer.copy_within(read..stop, write);
                write += stop - read;
            } else {
                self.left_out += stop - read;
            }
            read = stop;
            if line_end.is_some() {
                self.line = Line::Begins;
            }
        }
        self.kept = write - start;
        buffer.drain(write..read);
        end - (read - write)
    }

    /// Writes the line of ours behind the message, which ends at `end`; gives its new end.
    pub(crate) fn mark(&self, buffer: &mut Vec<u8>, end: usize) -> usize {
        let separator = char::from(self.separator);
        let last = char::from(self.end);
        let before = if buffer[..end].last() == Some(&self.end) { String::new() } else { last.to_string() };
        let left_out = self.left_out;
        let line = format!(
            "{before}NTE{separator}{separator}{separator}{MARK}{left_out} bytes of documents were left out{last}"
        );
        drop(buffer.splice(end..end, line.bytes()));
        end + line.len()
    }

    /// Whether a segment is a document; `None` when more of it must be seen.
    fn is_document(&self, line: &[u8], is_whole: bool) -> Option<bool> {
        let blanks = lines::blanks(line);
        if blanks > BLANKS_MAX {
            return Some(false);
        }
        let segment = &line[blanks..];
        if segment.len() < 4 {
            return is_whole.then_some(false);
        }
        if !lines::is_segment(segment, self.separator) {
            return Some(false);
        }
        if DOCUMENTS.iter().any(|name| segment.starts_with(*name)) {
            return Some(true);
        }
        if segment[0] != b'Z' || segment.starts_with(MOVEMENT) {
            return Some(false);
        }
        match segment.len() > OWN_SEGMENT_BYTES_MAX {
            true => Some(true),
            false => is_whole.then_some(false),
        }
    }
}
