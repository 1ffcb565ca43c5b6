//! One message: an index of its segments, fields found when they are asked for.

use crate::cuts;
use crate::delimiters::Delimiters;
use crate::error::Error;
use crate::field::Address;
use crate::limits::{MESSAGE_BYTES_MAX, SEGMENTS_MAX};
use crate::lines::{self, header_start};
use crate::value::Value;

/// Segments that an ordinary message has; the index is allocated once for that many.
const SEGMENTS_USUAL: usize = 12;

/// Fields that an ordinary message has; as above.
const FIELDS_USUAL: usize = 160;

/// A message, borrowed from its text. Reading is tolerant: line ends may be CR, LF or CRLF, anything before MSH and any
/// control characters after the last segment are passed over, unknown segments are kept, absent fields are empty. In a
/// message that uses CR nothing else ends a segment: a line feed, or a byte of the framing, inside a field belongs to it.
///
/// All fields are found in one pass over the text.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    text: &'a str,
    delimiters: Delimiters,
    /// Those of them that occur after the header; the others are 0, and nobody looks for them in each value.
    occurring: Delimiters,
    lines: Vec<Line<'a>>,
    /// Where the fields of all segments end, each counted from its segment's beginning; the last one's end is the line's.
    cuts: Vec<u32>,
    stray_line_count: usize,
    /// Whether a segment has control characters or tabs.
    has_controls: bool,
}

/// A segment as it stands in the index.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    name: [u8; 3],
    raw: &'a str,
    /// Its cuts, among those of the message.
    first_cut: usize,
    end_cut: usize,
}

impl<'a> Message<'a> {
    /// Reads one message.
    pub fn parse(text: &'a str) -> Result<Message<'a>, Error> {
        // Letters beyond ASCII are longer as text than they were as bytes.
        if text.len() > MESSAGE_BYTES_MAX && text.chars().count() > MESSAGE_BYTES_MAX {
            return Err(Error::TooLong { bytes: text.len() });
        }
        let (start, delimiters) = header(text)?;
        let body = &text[start..];
        let end = lines::line_end(body.as_bytes());
        let mut message = Message::empty(text, delimiters);
        message.index(trim_end(body, |last| last.is_ascii_control()), end)?;
        Ok(message)
    }

    /// Reads only MSH, of a text that [`Message::parse`] may refuse: enough to answer its sender.
    pub fn parse_header(text: &'a str) -> Result<Message<'a>, Error> {
        let (start, delimiters) = header(text)?;
        let body = &text[start..];
        let end = lines::line_end(body.as_bytes());
        let line = memchr::memchr(end, body.as_bytes()).map_or(body, |at| &body[..at]);
        let mut message = Message::empty(text, delimiters);
        message.index(trim_end(line, |last| last.is_ascii_control()), end)?;
        Ok(message)
    }

    fn empty(text: &'a str, delimiters: Delimiters) -> Message<'a> {
        let lines = Vec::with_capacity(SEGMENTS_USUAL);
        Message {
            text,
            delimiters,
            occurring: delimiters,
            lines,
            cuts: Vec::with_capacity(FIELDS_USUAL),
            stray_line_count: 0,
            has_controls: false,
        }
    }

    /// Takes in the segments of a text that begins with a header.
    fn index(&mut self, body: &'a str, end: u8) -> Result<(), Error> {
        let mut subject_count = 0;
        let mut rest = Some(body);
        while let Some(text) = rest {
            let (line, after) = match memchr::memchr(end, text.as_bytes()) {
                Some(at) => (&text[..at], Some(&text[at + 1..])),
                None => (text, None),
            };
            rest = after;
            let Some((name, raw)) = named(line, self.delimiters.field) else {
                let is_blank = line.bytes().all(|byte| byte.is_ascii_control() || byte == b' ');
                self.stray_line_count += usize::from(!is_blank);
                continue;
            };
            if name == *b"MSH" && !self.lines.is_empty() {
                return Err(Error::SecondHeader { segment: self.lines.len() + 1 });
            }
            subject_count += usize::from(matches!(&name, b"PID" | b"MRG" | b"NPU"));
            if subject_count > SEGMENTS_MAX {
                return Err(Error::SegmentsTooMany);
            }
            let first_cut = self.cuts.len();
            self.has_controls |= cuts::mark(raw.as_bytes(), self.delimiters.field, &mut self.cuts);
            self.lines.push(Line { name, raw, first_cut, end_cut: self.cuts.len() });
        }
        let header_length = self.lines.first().map_or(0, |header| header.raw.len());
        self.occurring = self.delimiters.occurring(body.as_bytes().get(header_length..).unwrap_or_default());
        Ok(())
    }

    /// The whole text the message was read from.
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// The separators of MSH-1 and MSH-2.
    pub const fn delimiters(&self) -> &Delimiters {
        &self.delimiters
    }

    /// All segments in order, MSH first.
    pub fn segments(&self) -> Segments<'_, 'a> {
        self.all_of(&self.lines)
    }

    fn all_of<'m>(&'m self, lines: &'m [Line<'a>]) -> Segments<'m, 'a> {
        Segments { message: self, lines: lines.iter() }
    }

    /// Lines that are no segment: a broken line end inside a field, or junk. They are passed over, but not unseen.
    pub const fn stray_line_count(&self) -> usize {
        self.stray_line_count
    }

    /// Whether a control character stands inside a segment: a line feed or one of the framing's bytes that a sender left
    /// in a field. A tab is none.
    pub fn has_control_characters(&self) -> bool {
        let is_one = |byte: u8| byte != b'\t' && byte.is_ascii_control();
        self.has_controls && self.lines.iter().any(|line| line.raw.bytes().any(is_one))
    }

    /// The first segment of this name.
    #[inline]
    pub fn segment(&self, name: &str) -> Option<Segment<'_, 'a>> {
        self.first_of(&self.lines, name)
    }

    #[inline]
    fn first_of<'m>(&'m self, lines: &'m [Line<'a>], name: &str) -> Option<Segment<'m, 'a>> {
        // Three bytes are compared in one look, texts by a call.
        let name: [u8; 3] = name.as_bytes().try_into().ok()?;
        for line in lines {
            if line.name == name {
                return Some(self.segment_of(line));
            }
        }
        None
    }

    #[inline]
    fn segment_of<'m>(&'m self, line: &Line<'a>) -> Segment<'m, 'a> {
        let delimiters = if line.name == *b"MSH" { self.delimiters } else { self.occurring };
        let is_header = matches!(&line.name, b"MSH" | b"FHS" | b"BHS") && line.raw.len() > 3;
        Segment { line: line.raw, cuts: &self.cuts[line.first_cut..line.end_cut], delimiters, is_header }
    }

    /// Every segment of this name.
    pub fn all<'m>(&'m self, name: &'m str) -> impl Iterator<Item = Segment<'m, 'a>> + 'm {
        self.segments().filter(move |segment| segment.name() == name)
    }

    /// A field of the first segment of this name; empty when either was not sent.
    #[inline]
    pub fn get(&self, segment: &str, number: usize) -> Value<'a> {
        self.segment(segment).map_or(Value::new("", self.delimiters), |segment| segment.field(number))
    }

    /// A field of the header, which is the first segment.
    #[inline]
    fn header(&self, number: usize) -> Value<'a> {
        self.lines.first().map_or(Value::new("", self.delimiters), |line| self.segment_of(line).field(number))
    }

    /// As [`Message::get`], by a name of [`crate::field`].
    #[inline]
    pub fn at(&self, address: Address) -> Value<'a> {
        self.get(address.segment, address.number)
    }

    /// The message type, MSH-9.1: `ADT`.
    pub fn kind(&self) -> &'a str {
        self.header(9).component(1).given().unwrap_or("")
    }

    /// The trigger, MSH-9.2: `A01`. Where it is missing EVN-1 says it; where both speak, MSH-9 is right.
    pub fn trigger(&self) -> &'a str {
        let declared = self.header(9).component(2).given();
        declared.or_else(|| self.get("EVN", 1).component(1).given()).unwrap_or("")
    }

    /// The control id, MSH-10.
    pub fn control_id(&self) -> &'a str {
        self.header(10).given().unwrap_or("")
    }

    /// The HL7 version, MSH-12.1: `2.3`.
    pub fn version(&self) -> &'a str {
        self.header(12).component(1).given().unwrap_or("")
    }

    /// The patients of the message. A swap (A17) has two; a message without PID (A20) is one group of all its segments.
    pub fn groups(&self) -> Groups<'_, 'a> {
        let first = self.lines.iter().position(Line::is_patient);
        Groups { message: self, body: Some(&self.lines[first.unwrap_or(0)..]) }
    }
}

impl Line<'_> {
    fn is_patient(&self) -> bool {
        self.name == *b"PID"
    }
}

/// Iterator over segments.
#[derive(Debug, Clone)]
pub struct Segments<'m, 'a> {
    message: &'m Message<'a>,
    lines: std::slice::Iter<'m, Line<'a>>,
}

impl<'m, 'a> Iterator for Segments<'m, 'a> {
    type Item = Segment<'m, 'a>;

    fn next(&mut self) -> Option<Segment<'m, 'a>> {
        self.lines.next().map(|line| self.message.segment_of(line))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.lines.size_hint()
    }
}

impl DoubleEndedIterator for Segments<'_, '_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.lines.next_back().map(|line| self.message.segment_of(line))
    }
}

impl ExactSizeIterator for Segments<'_, '_> {}

/// Iterator over the patients of a message.
#[derive(Debug, Clone)]
pub struct Groups<'m, 'a> {
    message: &'m Message<'a>,
    body: Option<&'m [Line<'a>]>,
}

impl<'m, 'a> Iterator for Groups<'m, 'a> {
    type Item = Group<'m, 'a>;

    fn next(&mut self) -> Option<Group<'m, 'a>> {
        let body = self.body?;
        let rest = body.get(1..).unwrap_or(&[]);
        let end = rest.iter().position(Line::is_patient).map(|at| at + 1);
        let (lines, after) = match end {
            Some(end) => (&body[..end], Some(&body[end..])),
            None => (body, None),
        };
        self.body = after;
        Some(Group { message: self.message, lines })
    }
}

/// One patient's segments: PID and what follows it up to the next PID.
#[derive(Debug, Clone, Copy)]
pub struct Group<'m, 'a> {
    message: &'m Message<'a>,
    lines: &'m [Line<'a>],
}

impl<'m, 'a> Group<'m, 'a> {
    /// The segments in order.
    pub fn segments(&self) -> Segments<'m, 'a> {
        self.message.all_of(self.lines)
    }

    /// The group's first segment of this name.
    #[inline]
    pub fn segment(&self, name: &str) -> Option<Segment<'m, 'a>> {
        self.message.first_of(self.lines, name)
    }

    /// A field of the group's first segment of this name; empty when either was not sent.
    #[inline]
    pub fn get(&self, segment: &str, number: usize) -> Value<'a> {
        self.segment(segment).map_or(Value::new("", self.message.delimiters), |segment| segment.field(number))
    }

    /// As [`Group::get`], by a name of [`crate::field`].
    #[inline]
    pub fn at(&self, address: Address) -> Value<'a> {
        self.get(address.segment, address.number)
    }
}

/// One segment: its line, and where its fields are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'m, 'a> {
    line: &'a str,
    cuts: &'m [u32],
    delimiters: Delimiters,
    /// Whether its first field is the separator itself.
    is_header: bool,
}

impl<'a> Segment<'_, 'a> {
    /// The three-letter name.
    #[inline]
    pub fn name(&self) -> &'a str {
        &self.line[..3]
    }

    /// The line without its end.
    pub const fn raw(&self) -> &'a str {
        self.line
    }

    /// Field `number` as HL7 counts: MSH-1 is the separator itself, PID-1 the first field after the name.
    #[inline]
    pub fn field(&self, number: usize) -> Value<'a> {
        let raw = match (self.is_header, number) {
            (_, 0) => "",
            (true, 1) => &self.line[3..4],
            (true, number) => self.piece(number - 1),
            (false, number) => self.piece(number),
        };
        Value::new(raw, self.delimiters)
    }

    /// As [`Segment::field`], by a name of [`crate::field`], whose segment this is.
    #[inline]
    pub fn at(&self, address: Address) -> Value<'a> {
        self.field(address.number)
    }

    /// Number of the last field that was sent.
    pub fn field_count(&self) -> usize {
        self.cuts.len() + usize::from(self.is_header)
    }

    /// What stands between the cut of this number, counted from 1, and the next.
    #[inline]
    fn piece(&self, number: usize) -> &'a str {
        let Some(begin) = self.cuts.get(number - 1) else { return "" };
        let end = self.cuts.get(number).map_or(self.line.len(), |end| *end as usize);
        &self.line[*begin as usize + 1..end]
    }
}

/// Where MSH begins, and its separators.
fn header(text: &str) -> Result<(usize, Delimiters), Error> {
    let bytes = text.as_bytes();
    let start = header_start(bytes).ok_or(Error::HeaderMissing)?;
    let end = memchr::memchr2(b'\r', b'\n', &bytes[start..]).map_or(bytes.len(), |end| start + end);
    Ok((start, Delimiters::of_header(&bytes[start..end])?))
}

/// The text without the bytes at its end that are taken off, all of them ASCII.
fn trim_end(text: &str, is_off: impl Fn(u8) -> bool) -> &str {
    let mut end = text.len();
    while end > 0 && is_off(text.as_bytes()[end - 1]) {
        end -= 1;
    }
    &text[..end]
}

/// Name and text of the segment that a line is, blanks before it taken off: it begins with a name and a separator or nothing else.
fn named(line: &str, separator: u8) -> Option<([u8; 3], &str)> {
    // Nearly every line begins with its name.
    let blanks = if line.as_bytes().first()?.is_ascii_uppercase() { 0 } else { lines::blanks(line.as_bytes()) };
    let line = trim_end(&line[blanks..], |last| matches!(last, b'\r' | b'\n'));
    let bytes = line.as_bytes();
    let name = *bytes.first_chunk()?;
    let follows = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let is_one = name[0].is_ascii_uppercase()
        && follows(name[1])
        && follows(name[2])
        && bytes.get(3).is_none_or(|&byte| byte == separator || byte.is_ascii_control());
    is_one.then_some((name, line))
}
