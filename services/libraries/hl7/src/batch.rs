//! Files of messages: batch envelopes, blank lines between messages, or frames written to disk.
//!
//! Every byte that is not a blank belongs to one message or to an envelope (FHS, BHS, BTS, FTS): what cannot be read is
//! given out as a message too, so that it is counted and parked rather than lost. A message begins at a line that begins
//! with MSH, whatever ends the line before. What ends its segments is for the message to say (`lines`): where that is CR,
//! line feeds belong to the field that they stand in, and so do the framing's bytes where they frame nothing.

use crate::lines::{self, Told};
use crate::mllp::{END, START};

/// The messages of a file, in order, as they stand in it.
pub fn messages(file: &[u8]) -> Messages<'_> {
    Messages { file, at: 0, beginning: 0 }
}

/// Iterator over the messages of a file.
#[derive(Debug, Clone)]
pub struct Messages<'a> {
    file: &'a [u8],
    at: usize,
    /// Where the next header or envelope begins, once it is behind `at`.
    beginning: usize,
}

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            self.at += lines::blanks(&self.file[self.at..]);
            let rest = &self.file[self.at..];
            if rest.is_empty() {
                return None;
            }
            if lines::is_envelope(rest) {
                self.at += lines::next_end(rest).unwrap_or(rest.len());
                continue;
            }
            if self.beginning <= self.at {
                self.beginning = self.at + next_beginning(rest);
            }
            let extent = &rest[..self.beginning - self.at];
            let end = end_of_piece(extent, rest);
            self.at += end;
            return Some(trim_end(&extent[..end]));
        }
    }
}

/// Where the next header or envelope begins a line; the bytes begin with a line that is looked past.
fn next_beginning(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(end) = lines::next_end(&bytes[at..]) {
        at += end + 1;
        at += lines::blanks(&bytes[at..]);
        if lines::is_header(&bytes[at..]) || lines::is_envelope(&bytes[at..]) {
            return at;
        }
    }
    bytes.len()
}

/// Where the first message, or what is none, ends: at the end of its frame, or before something else after a blank line.
/// `file` goes on behind the extent.
fn end_of_piece(extent: &[u8], file: &[u8]) -> usize {
    let header = lines::is_header(extent).then(|| Header::of(extent));
    let separator = header.as_ref().map(|header| header.separator);
    let mut at = 0;
    loop {
        let Some(found) = memchr::memchr3(b'\r', b'\n', END, &extent[at..]) else {
            return extent.len();
        };
        let line_end = at + found;
        if extent[line_end] == END {
            if ends_frame(&file[line_end + 1..], separator) {
                return line_end;
            }
            at = line_end + 1;
            continue;
        }
        at = line_end + blanks(&extent[line_end..]);
        let next = &extent[at..];
        let is_open = header.as_ref().is_some_and(|header| header.is_open_at(line_end, extent[line_end], at));
        let goes_on = is_open
            || next.first().is_none_or(|byte| *byte == END)
            || is_named(next, separator)
            || blank_lines(&extent[line_end..at]) == 0;
        if !goes_on {
            return line_end;
        }
    }
}

/// What a header says about the lines below it.
struct Header {
    separator: u8,
    /// What ends its segments, and where it stands last.
    end: u8,
    end_last: Option<usize>,
}

impl Header {
    fn of(extent: &[u8]) -> Header {
        let end = lines::line_end(extent);
        let separator = extent.get(3).copied().unwrap_or(b'|');
        Header { separator, end, end_last: memchr::memrchr(end, extent) }
    }

    /// Whether the segment before this line end goes on: to its own end, which is still to come.
    fn is_open_at(&self, line_end: usize, byte: u8, next: usize) -> bool {
        byte != self.end && self.end_last.is_some_and(|last| last >= next && last > line_end)
    }
}

/// How many bytes at the beginning are blanks, and not the end of a frame.
fn blanks(bytes: &[u8]) -> usize {
    let is_blank = |byte: &u8| *byte == b' ' || (byte.is_ascii_control() && *byte != END);
    bytes.iter().position(|byte| !is_blank(byte)).unwrap_or(bytes.len())
}

/// Line ends but the first; the LF of a CRLF makes none of its own.
fn blank_lines(bytes: &[u8]) -> usize {
    let ends = bytes.iter().filter(|byte| matches!(**byte, b'\r' | b'\n')).count();
    let pairs = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    (ends - pairs).saturating_sub(1)
}

/// Whether an end byte ends a frame, by what follows: CR, or nothing but blanks before the next header or the file's end. A
/// segment that goes on behind CR is of the same message.
fn ends_frame(after: &[u8], separator: Option<u8>) -> bool {
    // More blanks than these are the end of anything.
    let near = &after[..after.len().min(4 * lines::BLANKS_MAX)];
    let next = &near[lines::blanks(near)..];
    let goes_on = separator.is_some_and(|separator| lines::is_segment(next, separator)) && !is_beginning(next);
    match after.first() {
        Some(b'\r') => !goes_on,
        Some(&START) if lines::begins_block(&after[1..]) == Told::Yes => true,
        Some(_) | None => next.is_empty() || is_beginning(next),
    }
}

fn is_beginning(line: &[u8]) -> bool {
    lines::is_header(line) || lines::is_envelope(line)
}

/// Whether a line begins with a segment's name and the separator, or is a name alone.
fn is_named(line: &[u8], separator: Option<u8>) -> bool {
    let separator = separator.or_else(|| line.get(3).copied().filter(u8::is_ascii_punctuation));
    let ends = line.get(3).is_none_or(u8::is_ascii_control);
    match (line.get(..3), separator) {
        (Some(&[first, second, third]), _) if ends => lines::is_segment(&[first, second, third, b'|'], b'|'),
        (Some(_), Some(separator)) => lines::is_segment(line, separator),
        _ => false,
    }
}

/// Takes off the blanks, control characters and frame bytes at the end.
fn trim_end(piece: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| byte.is_ascii_control() || *byte == b' ';
    let end = piece.iter().rposition(|byte| !is_blank(byte)).map_or(0, |last| last + 1);
    &piece[..end]
}
