//! Where an output came from, and the one comparison that makes replays and zombie writers harmless.
//!
//! Every common and parked record carries the header [`HEADER`]: `topic/partition/offset/ordinal` of the source record
//! it was made from. A consumer keeps, per topic it reads and per origin topic and partition, the highest
//! `(offset, ordinal)` it has applied, and ignores what is not above it.

use std::collections::HashMap;
use std::fmt;

/// Name of the header that holds the origin.
pub const HEADER: &str = "origin";

/// Name of the header that holds a common event's id, 36 characters.
pub const EVENT_ID_HEADER: &str = "event_id";

/// The place of a source record, and which of its outputs this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The source topic.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Where in the partition, and which output.
    pub position: Position,
}

/// Order within an origin partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Offset of the source record.
    pub offset: i64,
    /// 0 for the record's first output, then 1, 2, …
    pub ordinal: u32,
}

/// The header is not `topic/partition/offset/ordinal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("header `{HEADER}` is not topic/partition/offset/ordinal; the record was not written by a processor")]
pub struct Malformed;

impl<'a> Origin<'a> {
    /// Reads the header's value; nothing is copied.
    pub fn parse(value: &'a [u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(value).map_err(|_| Malformed)?;
        let (rest, ordinal) = text.rsplit_once('/').ok_or(Malformed)?;
        let (rest, offset) = rest.rsplit_once('/').ok_or(Malformed)?;
        let (topic, partition) = rest.rsplit_once('/').ok_or(Malformed)?;
        if topic.is_empty() || topic.contains('/') {
            return Err(Malformed);
        }
        let position = Position { offset: number(offset)?, ordinal: number(ordinal)? };
        Ok(Self { topic, partition: number(partition)?, position })
    }
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.topic, self.partition, self.position.offset, self.position.ordinal)
    }
}

/// Plain decimal digits only, so that one origin has one spelling.
fn number<N: std::str::FromStr>(digits: &str) -> Result<N, Malformed> {
    let canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if !canonical {
        return Err(Malformed);
    }
    digits.parse().map_err(|_| Malformed)
}

/// Writes the origins of one source partition's outputs without allocating per record.
#[derive(Debug)]
pub struct Writer {
    text: Vec<u8>,
    prefix: usize,
}

impl Writer {
    /// For records of this partition.
    pub fn new(topic: &str, partition: i32) -> Self {
        let text = format!("{topic}/{partition}/").into_bytes();
        Self { prefix: text.len(), text }
    }

    /// The header's value for one output.
    pub fn write(&mut self, position: Position) -> &[u8] {
        self.text.truncate(self.prefix);
        push_decimal(&mut self.text, position.offset.unsigned_abs());
        self.text.push(b'/');
        push_decimal(&mut self.text, u64::from(position.ordinal));
        &self.text
    }
}

fn push_decimal(text: &mut Vec<u8>, mut number: u64) {
    // u64::MAX has 20 digits.
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[start..]);
}

/// The highest position applied, per topic read and per origin partition: the one-compare rule.
#[derive(Clone, Debug, Default)]
pub struct Watermarks {
    // Outer index: the caller's number of the topic it reads. Inner vector index: the origin partition.
    topics: Vec<HashMap<Box<str>, Vec<Option<Position>>>>,
}

impl Watermarks {
    /// Nothing applied yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether this output is new; if so it counts as applied. `topic` numbers the topic it was read from.
    pub fn admit(&mut self, topic: usize, origin: &Origin<'_>) -> bool {
        let mark = self.mark(topic, origin.topic, origin.partition);
        if mark.is_some_and(|highest| origin.position <= highest) {
            return false;
        }
        *mark = Some(origin.position);
        true
    }

    /// The highest position applied.
    pub fn get(&self, topic: usize, origin_topic: &str, origin_partition: i32) -> Option<Position> {
        let partition = usize::try_from(origin_partition).ok()?;
        *self.topics.get(topic)?.get(origin_topic)?.get(partition)?
    }

    /// Restores a position that was kept elsewhere; never lowers one.
    pub fn restore(&mut self, topic: usize, origin: &Origin<'_>) {
        let mark = self.mark(topic, origin.topic, origin.partition);
        *mark = (*mark).max(Some(origin.position));
    }

    /// Every position applied, with the number of the topic it was read from.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Origin<'_>)> {
        self.topics.iter().enumerate().flat_map(|(index, origins)| {
            origins.iter().flat_map(move |(topic, partitions)| {
                (0_i32..).zip(partitions).filter_map(move |(partition, position)| {
                    position.map(|position| (index, Origin { topic, partition, position }))
                })
            })
        })
    }

    fn mark(&mut self, topic: usize, origin_topic: &str, origin_partition: i32) -> &mut Option<Position> {
        if self.topics.len() <= topic {
            self.topics.resize_with(topic + 1, HashMap::new);
        }
        let origins = &mut self.topics[topic];
        if !origins.contains_key(origin_topic) {
            origins.insert(origin_topic.into(), Vec::new());
        }
        let partitions = origins.get_mut(origin_topic).expect("it was inserted above when missing");
        // `parse` lets no negative partition through; a handmade one is counted with partition 0.
        let partition = usize::try_from(origin_partition).unwrap_or_default();
        if partitions.len() <= partition {
            partitions.resize(partition + 1, None);
        }
        &mut partitions[partition]
    }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Origin, Position, Watermarks, Writer};

    fn origin(topic: &str, partition: i32, offset: i64, ordinal: u32) -> Origin<'_> {
        Origin { topic, partition, position: Position { offset, ordinal } }
    }

    #[test]
    fn the_header_is_written_and_read_alike() {
        let mut writer = Writer::new("region.14.source.adt", 3);
        for (offset, ordinal) in [(0, 0), (1, 12), (i64::MAX, u32::MAX)] {
            let expected = origin("region.14.source.adt", 3, offset, ordinal);
            let text = writer.write(expected.position);
            assert_eq!(text, expected.to_string().as_bytes());
            assert_eq!(Origin::parse(text), Ok(expected));
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in
            ["", "a/1/2", "a/1/2/3/4", "/1/2/3", "a/-1/2/3", "a/01/2/3", "a/1/+2/3", "a/1/2/", "a/1/2/9999999999"]
        {
            assert_eq!(Origin::parse(text.as_bytes()), Err(Malformed), "{text}");
        }
        assert_eq!(Origin::parse(b"\xff/1/2/3"), Err(Malformed));
    }

    #[test]
    fn each_output_is_admitted_once_per_topic_read() {
        let mut marks = Watermarks::new();
        let check = |marks: &mut Watermarks, topic, origin, expected| assert_eq!(marks.admit(topic, &origin), expected);
        check(&mut marks, 0, origin("s", 0, 5, 0), true);
        check(&mut marks, 0, origin("s", 0, 5, 0), false);
        check(&mut marks, 0, origin("s", 0, 5, 1), true);
        check(&mut marks, 0, origin("s", 0, 4, 9), false);
        check(&mut marks, 0, origin("s", 1, 4, 0), true);
        check(&mut marks, 0, origin("t", 0, 4, 0), true);
        check(&mut marks, 2, origin("s", 0, 5, 0), true);
        assert_eq!(marks.get(0, "s", 0), Some(Position { offset: 5, ordinal: 1 }));
        assert_eq!(marks.get(1, "s", 0), None);

        let mut restored = Watermarks::new();
        for (topic, origin) in marks.iter() {
            restored.restore(topic, &origin);
        }
        restored.restore(0, &origin("s", 0, 1, 0));
        check(&mut restored, 0, origin("s", 0, 5, 1), false);
        check(&mut restored, 2, origin("s", 0, 5, 1), true);
    }
}
