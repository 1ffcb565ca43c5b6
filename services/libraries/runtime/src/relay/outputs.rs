use std::ops::Range;

/// What a record becomes, in order. One buffer is used again for every record.
#[derive(Debug, Default)]
pub struct Outputs {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    output: usize,
    event_id: Option<Range<usize>>,
    key: Option<Range<usize>>,
    payload: Range<usize>,
}

/// One output of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output<'a> {
    /// Which of the route's output topics it goes to.
    pub output: usize,
    /// 0 for the record's first output, then 1, 2, …
    pub ordinal: u32,
    /// The event's id as text; parked records have none.
    pub event_id: Option<&'a [u8]>,
    /// The Kafka key.
    pub key: Option<&'a [u8]>,
    /// The value.
    pub payload: &'a [u8],
}

impl Outputs {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an output, whose value `write` appends to the buffer it is given. When `write` fails nothing is added.
    pub fn push<E>(
        &mut self,
        output: usize,
        key: Option<&[u8]>,
        event_id: Option<&str>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.bytes.len();
        let mut append = |bytes: &[u8]| {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(bytes);
            start..self.bytes.len()
        };
        let (key, event_id) = (key.map(&mut append), event_id.map(|id| append(id.as_bytes())));
        let payload_start = self.bytes.len();
        if let Err(error) = write(&mut self.bytes) {
            self.bytes.truncate(start);
            return Err(error);
        }
        self.entries.push(Entry { output, event_id, key, payload: payload_start..self.bytes.len() });
        Ok(())
    }

    /// How many there are, which is the ordinal of the next one.
    pub fn count(&self) -> u32 {
        u32::try_from(self.entries.len()).expect("a record has fewer than four billion outputs")
    }

    /// The outputs in order.
    pub fn iter(&self) -> impl Iterator<Item = Output<'_>> {
        (0..).zip(&self.entries).map(|(ordinal, entry)| Output {
            output: entry.output,
            ordinal,
            event_id: entry.event_id.clone().map(|range| &self.bytes[range]),
            key: entry.key.clone().map(|range| &self.bytes[range]),
            payload: &self.bytes[entry.payload.clone()],
        })
    }

    /// Forgets all outputs and keeps the memory, unless one record has made it unusually large.
    pub fn clear(&mut self) {
        /// More than the records of a busy day need, little beside the memory bound of a service.
        const KEPT_MAX: usize = 1 << 20;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_MAX);
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Output, Outputs};

    #[test]
    fn outputs_keep_their_order_and_a_failed_one_leaves_no_trace() {
        let mut outputs = Outputs::new();
        let one = |bytes: &mut Vec<u8>| {
            bytes.extend_from_slice(b"one");
            Ok::<(), ()>(())
        };
        outputs.push(2, Some(b"key"), Some("id"), one).unwrap();
        let failed = outputs.push(0, Some(b"lost"), None, |bytes| {
            bytes.extend_from_slice(b"half");
            Err("cannot be written")
        });
        assert_eq!(failed, Err("cannot be written"));
        outputs.push(1, None, None, |_| Ok::<_, ()>(())).unwrap();
        let expected = [
            Output { output: 2, ordinal: 0, event_id: Some(b"id"), key: Some(b"key"), payload: b"one" },
            Output { output: 1, ordinal: 1, event_id: None, key: None, payload: b"" },
        ];
        assert!(outputs.iter().eq(expected));
        assert_eq!(outputs.count(), 2);
        outputs.clear();
        assert_eq!(outputs.iter().count(), 0);
    }
}
