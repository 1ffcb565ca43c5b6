//! One message: an index of its segments, fields found when they are asked for.

use crate::delimiters::Delimiters;
use crate::error::Error;
use crate::field::Address;
use crate::lines;
use crate::value::{self, Value};

/// Longest text read as one message. ADT messages are a few kilobytes; a megabyte leaves room for anything sane.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Most segments of one message that name a patient or a bed (PID, MRG, NPU): each may become an event. All other segments
/// are bounded by the message's bytes only: a discharge may carry thousands of lines of text.
pub const SEGMENTS_MAX: usize = 1_000;

/// Segments that an ordinary message has; the index is allocated once for that many.
const SEGMENTS_USUAL: usize = 12;

/// MSH-0 to MSH-18, the character set.
const HEADER_FIELDS: usize = 19;

/// A message, borrowed from its text. Reading is tolerant: line ends may be CR, LF or CRLF, anything before MSH and any
/// control characters after the last segment are passed over, unknown segments are kept, absent fields are empty. In a
/// message that uses CR nothing else ends a segment: a line feed, or a byte of the framing, inside a field belongs to it.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    text: &'a str,
    delimiters: Delimiters,
    segments: Vec<Segment<'a>>,
    /// The fields of MSH: every reader asks for several of them.
    header: [&'a str; HEADER_FIELDS],
    stray_line_count: usize,
}

impl<'a> Message<'a> {
    /// Reads one message.
    pub fn parse(text: &'a str) -> Result<Message<'a>, Error> {
        // Letters beyond ASCII are longer as text than they were as bytes.
        if text.len() > MESSAGE_BYTES_MAX && text.chars().count() > MESSAGE_BYTES_MAX {
            return Err(Error::TooLong { bytes: text.len() });
        }
        let (start, delimiters) = header(text)?;
        let mut segments = Vec::with_capacity(SEGMENTS_USUAL);
        let (mut stray_line_count, mut subject_count) = (0, 0);
        for line in segment_lines(&text[start..]) {
            match named(line, delimiters.field) {
                Some(line) if line.starts_with("MSH") && !segments.is_empty() => {
                    return Err(Error::SecondHeader { segment: segments.len() + 1 });
                }
                Some(line) => {
                    subject_count += usize::from(matches!(&line[..3], "PID" | "MRG" | "NPU"));
                    if subject_count > SEGMENTS_MAX {
                        return Err(Error::SegmentsTooMany);
                    }
                    segments.push(Segment { line, delimiters });
                }
                None if line.bytes().all(|byte| byte.is_ascii_control() || byte == b' ') => {}
                None => stray_line_count += 1,
            }
        }
        let header = header_fields(&segments);
        Ok(Message { text, delimiters, segments, header, stray_line_count })
    }

    /// Reads only MSH, of a text that [`Message::parse`] may refuse: enough to answer its sender.
    pub fn parse_header(text: &'a str) -> Result<Message<'a>, Error> {
        let (start, delimiters) = header(text)?;
        let line = segment_lines(&text[start..]).next().unwrap_or("");
        let segments = vec![Segment { line, delimiters }];
        let header = header_fields(&segments);
        Ok(Message { text, delimiters, segments, header, stray_line_count: 0 })
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
    pub fn segments(&self) -> &[Segment<'a>] {
        &self.segments
    }

    /// Lines that are no segment: a broken line end inside a field, or junk. They are passed over, but not unseen.
    pub const fn stray_line_count(&self) -> usize {
        self.stray_line_count
    }

    /// Whether a control character stands inside a segment: a line feed or one of the framing's bytes that a sender left
    /// in a field. A tab is none.
    pub fn has_control_characters(&self) -> bool {
        let is_control = |byte: u8| (byte < b' ' && byte != b'\t') || byte == 0x7F;
        // Without an early end, which would keep the compiler from looking at many bytes at once.
        self.segments.iter().any(|segment| segment.line.bytes().fold(false, |found, byte| found | is_control(byte)))
    }

    /// The first segment of this name.
    pub fn segment(&self, name: &str) -> Option<Segment<'a>> {
        find(&self.segments, name)
    }

    /// Every segment of this name.
    pub fn all<'m>(&'m self, name: &'m str) -> impl Iterator<Item = Segment<'a>> + 'm {
        self.segments.iter().copied().filter(move |segment| segment.name() == name)
    }

    /// A field of the first segment of this name; empty when either was not sent.
    pub fn get(&self, segment: &str, number: usize) -> Value<'a> {
        if let ("MSH", Some(raw)) = (segment, self.header.get(number)) {
            return Value::new(raw, self.delimiters);
        }
        field(&self.segments, segment, number, self.delimiters)
    }

    /// As [`Message::get`], by a name of [`crate::field`].
    pub fn at(&self, address: Address) -> Value<'a> {
        self.get(address.segment, address.number)
    }

    /// The message type, MSH-9.1: `ADT`.
    pub fn kind(&self) -> &'a str {
        self.get("MSH", 9).component(1).given().unwrap_or("")
    }

    /// The trigger, MSH-9.2: `A01`. Where it is missing EVN-1 says it; where both speak, MSH-9 is right.
    pub fn trigger(&self) -> &'a str {
        let declared = self.get("MSH", 9).component(2).given();
        declared.or_else(|| self.get("EVN", 1).component(1).given()).unwrap_or("")
    }

    /// The control id, MSH-10.
    pub fn control_id(&self) -> &'a str {
        self.get("MSH", 10).given().unwrap_or("")
    }

    /// The HL7 version, MSH-12.1: `2.3`.
    pub fn version(&self) -> &'a str {
        self.get("MSH", 12).component(1).given().unwrap_or("")
    }

    /// The patients of the message. A swap (A17) has two; a message without PID (A20) is one group of all its segments.
    pub fn groups(&self) -> Groups<'_, 'a> {
        let first = self.segments.iter().position(|segment| segment.name() == "PID");
        let body = &self.segments[first.unwrap_or(0)..];
        Groups { body: Some(body), delimiters: self.delimiters }
    }
}

/// Iterator over the patients of a message.
#[derive(Debug, Clone)]
pub struct Groups<'m, 'a> {
    body: Option<&'m [Segment<'a>]>,
    delimiters: Delimiters,
}

impl<'m, 'a> Iterator for Groups<'m, 'a> {
    type Item = Group<'m, 'a>;

    fn next(&mut self) -> Option<Group<'m, 'a>> {
        let body = self.body?;
        let rest = body.get(1..).unwrap_or(&[]);
        let end = rest.iter().position(|segment| segment.name() == "PID").map(|at| at + 1);
        let (segments, after) = match end {
            Some(end) => (&body[..end], Some(&body[end..])),
            None => (body, None),
        };
        self.body = after;
        Some(Group { segments, delimiters: self.delimiters })
    }
}

/// One patient's segments: PID and what follows it up to the next PID.
#[derive(Debug, Clone, Copy)]
pub struct Group<'m, 'a> {
    segments: &'m [Segment<'a>],
    delimiters: Delimiters,
}

impl<'m, 'a> Group<'m, 'a> {
    /// The segments in order.
    pub const fn segments(&self) -> &'m [Segment<'a>] {
        self.segments
    }

    /// The group's first segment of this name.
    pub fn segment(&self, name: &str) -> Option<Segment<'a>> {
        find(self.segments, name)
    }

    /// A field of the group's first segment of this name; empty when either was not sent.
    pub fn get(&self, segment: &str, number: usize) -> Value<'a> {
        field(self.segments, segment, number, self.delimiters)
    }

    /// As [`Group::get`], by a name of [`crate::field`].
    pub fn at(&self, address: Address) -> Value<'a> {
        self.get(address.segment, address.number)
    }
}

/// One segment: its line, fields found when asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    line: &'a str,
    delimiters: Delimiters,
}

impl<'a> Segment<'a> {
    /// The three-letter name.
    pub fn name(&self) -> &'a str {
        &self.line[..3]
    }

    /// The line without its end.
    pub const fn raw(&self) -> &'a str {
        self.line
    }

    /// Field `number` as HL7 counts: MSH-1 is the separator itself, PID-1 the first field after the name.
    pub fn field(&self, number: usize) -> Value<'a> {
        let raw = match (self.is_header(), number) {
            (_, 0) => "",
            (true, 1) => &self.line[3..4],
            (true, number) => value::piece(self.line, self.delimiters.field, number),
            (false, number) => value::piece(self.line, self.delimiters.field, number + 1),
        };
        Value::new(raw, self.delimiters)
    }

    /// The fields below `N` in one pass, for a segment of which many are read. Index is the field number; index 0 is the name.
    pub fn fields<const N: usize>(&self) -> [Value<'a>; N] {
        let mut found = [Value::new("", self.delimiters); N];
        let shift = usize::from(self.is_header());
        for (at, raw) in value::split(self.line, self.delimiters.field).enumerate() {
            let number = if at == 0 { 0 } else { at + shift };
            match found.get_mut(number) {
                Some(slot) => *slot = Value::new(raw, self.delimiters),
                None => break,
            }
        }
        if shift == 1 && N > 1 {
            found[1] = Value::new(&self.line[3..4], self.delimiters);
        }
        found
    }

    /// Number of the last field that was sent.
    pub fn field_count(&self) -> usize {
        value::split(self.line, self.delimiters.field).count() - 1 + usize::from(self.is_header())
    }

    fn is_header(&self) -> bool {
        self.line.len() > 3 && matches!(self.name(), "MSH" | "FHS" | "BHS")
    }
}

fn header_fields<'a>(segments: &[Segment<'a>]) -> [&'a str; HEADER_FIELDS] {
    let Some(header) = segments.first() else { return [""; HEADER_FIELDS] };
    let mut fields = header.fields::<HEADER_FIELDS>().map(|value| value.raw());
    // As of every segment, there is no field 0.
    fields[0] = "";
    fields
}

fn find<'a>(segments: &[Segment<'a>], name: &str) -> Option<Segment<'a>> {
    segments.iter().copied().find(|segment| segment.name() == name)
}

fn field<'a>(segments: &[Segment<'a>], name: &str, number: usize, delimiters: Delimiters) -> Value<'a> {
    find(segments, name).map_or(Value::new("", delimiters), |segment| segment.field(number))
}

/// Where MSH begins, and its separators.
fn header(text: &str) -> Result<(usize, Delimiters), Error> {
    let bytes = text.as_bytes();
    let start = header_start(bytes).ok_or(Error::HeaderMissing)?;
    let end = memchr::memchr2(b'\r', b'\n', &bytes[start..]).map_or(bytes.len(), |end| start + end);
    Ok((start, Delimiters::of_header(&bytes[start..end])?))
}

/// The first `MSH` that no letter or digit stands before and that no letter, digit or blank follows.
pub(crate) fn header_start(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, b"MSH").find(|&at| {
        let inside_word = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
        !inside_word
            && bytes.get(at + 3).is_none_or(|byte| !byte.is_ascii_alphanumeric() && !byte.is_ascii_whitespace())
    })
}

/// The line, blanks before it taken off, if it begins with a segment name and a separator or nothing else.
fn named(line: &str, separator: u8) -> Option<&str> {
    // Nearly every line begins with its name.
    let line = if line.as_bytes()[0].is_ascii_uppercase() { line } else { &line[lines::blanks(line.as_bytes())..] };
    let line = if line.ends_with(['\r', '\n']) { line.trim_end_matches(['\r', '\n']) } else { line };
    let bytes = line.as_bytes();
    let name = bytes.get(..3)?;
    let named = name[0].is_ascii_uppercase()
        && name[1..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && bytes.get(3).is_none_or(|&byte| byte == separator || byte.is_ascii_control());
    named.then_some(line)
}

/// The non-empty lines of a text that begins with a header, cut at what ends its segments.
fn segment_lines(text: &str) -> impl Iterator<Item = &str> {
    let end = lines::line_end(text.as_bytes());
    let mut rest = Some(text.trim_end_matches(|last: char| last.is_ascii_control()));
    std::iter::from_fn(move || {
        loop {
            let line = match memchr::memchr(end, rest?.as_bytes()) {
                Some(end) => {
                    let (line, after) = rest?.split_at(end);
                    rest = Some(&after[1..]);
                    line
                }
                None => rest.take()?,
            };
            if !line.is_empty() {
                return Some(line);
            }
        }
    })
}
