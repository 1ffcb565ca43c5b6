//! A segment: a file of lines, the first of which says what comes before it, the others being entries.
//!
//! A segment stands alone: with its header's frontier the tree goes on from it when all before it were removed.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::entry::Line;
use crate::field::Region;
use crate::tree::{Frontier, Hash};

/// Ends the name of a segment's file, which begins with the number of its first entry in twenty digits.
const ENDING: &str = ".log";
/// The file of a region's checkpoints.
pub(crate) const CHECKPOINTS: &str = "checkpoints";
/// The file of checkpoints that a witness has countersigned, where somebody put them.
pub(crate) const COUNTERSIGNED: &str = "countersigned";

/// The first line. Canonical JSON, as entries are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// The number of its first entry.
    pub(crate) first: u64,
    /// The roots of the tree's whole subtrees before it.
    pub(crate) frontier: Vec<Hash>,
    /// The leaf hash of the entry before it.
    pub(crate) previous: Hash,
    pub(crate) region: Region,
}

impl Header {
    pub(crate) fn of(region: Region, before: &Frontier, previous: Hash) -> Self {
        Self { first: before.size(), frontier: before.roots().to_vec(), previous, region }
    }

    pub(crate) fn line(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("texts and numbers are JSON");
        bytes.push(b'\n');
        bytes
    }

    /// The tree before it; nothing when it cannot be one.
    pub(crate) fn before(&self) -> Option<Frontier> {
        Frontier::of(self.first, self.frontier.clone())
    }
}

/// A line of a segment, as it stands there.
pub(crate) struct Raw {
    /// Its bytes in the file, without the line's end.
    pub(crate) bytes: Range<usize>,
    /// Its leaf hash, whatever it is.
    pub(crate) leaf: Hash,
    /// The entry; nothing when it is none in its canonical form.
    pub(crate) line: Option<Line>,
}

/// A segment's content.
pub(crate) struct Segment {
    /// Nothing when the first line is no header.
    pub(crate) header: Option<Header>,
    pub(crate) raws: Vec<Raw>,
    /// Bytes behind the last line's end.
    pub(crate) torn: Range<usize>,
}

impl Segment {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut ranges = Vec::new();
        let mut begin = 0;
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            ranges.push(begin..at);
            begin = at + 1;
        }
        let mut ranges = ranges.into_iter();
        let header = ranges.next().and_then(|range| {
            let header: Header = serde_json::from_slice(&bytes[range.clone()]).ok()?;
            (header.line() == bytes[range.start..=range.end]).then_some(header)
        });
        let raw = |range: Range<usize>| {
            let line = &bytes[range.clone()];
            Raw { leaf: Hash::of_leaf(line), line: Line::read(line), bytes: range }
        };
        Self { header, raws: ranges.map(raw).collect(), torn: begin..bytes.len() }
    }
}

/// The name of a segment's file.
pub(crate) fn name(first: u64) -> String {
    format!("{first:020}{ENDING}")
}

/// The first entry's number in the name of a segment's file; nothing when it is none.
pub(crate) fn first(file: &str) -> Option<u64> {
    let digits = file.strip_suffix(ENDING)?;
    let is_one = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then_some(digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Header, Segment, first, name};
    use crate::entry::Line;
    use crate::entry::tests::entry;
    use crate::field::Region;
    use crate::tree::{Frontier, Hash};

    #[test]
    fn a_segment_is_its_header_its_entries_and_what_was_not_finished() {
        let region = Region::new("14").unwrap();
        let header = Header::of(region, &Frontier::default(), Hash::of_nothing());
        let line = Line::of(&entry(region, 0), 0, Hash::of_nothing());
        let mut bytes = header.line();
        bytes.extend(line.bytes());
        bytes.extend(b"\n{\"action\":");
        let segment = Segment::read(&bytes);
        assert_eq!((segment.header, segment.raws.len(), segment.torn.len()), (Some(header), 1, 10));
        assert_eq!((&segment.raws[0].line, segment.raws[0].leaf), (&Some(line.clone()), Hash::of_leaf(&line.bytes())));
        assert!(Segment::read(b"{}\n").header.is_none());
        assert!(Segment::read(b"").header.is_none());
    }

    #[test]
    fn a_file_is_named_by_its_first_entry() {
        assert_eq!((name(12), first(&name(12))), ("00000000000000000012.log".to_owned(), Some(12)));
        assert_eq!([first("checkpoints"), first("12.log"), first("+0000000000000000012.log")], [None; 3]);
    }
}
