//! Cuts a file of any size into sections that begin with a message, so that a file need not fit in memory.
//!
//! In: the bytes of a file, in pieces of any size. Out: sections, in order, each with the offset at which reading can
//! go on after it. A section begins at an MSH segment (or with what stands before the first) and ends before the next
//! MSH or batch envelope (FHS, BHS, BTS, FTS). What a section holds, one message or a message and something unreadable
//! behind it, is said by [`crate::batch`], as everywhere else.
//!
//! Memory is bounded: of a section over the limit the documents are left out, and only the head is kept of one that is too
//! long all the same.

use crate::lines;
use crate::mllp::{END, HEAD_BYTES, START};
use crate::shorten::Shortener;

/// So many bytes say whether a line begins a message.
const NAME_BYTES: usize = 4;

/// One section of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its bytes up to the next section, or the head of one that is too long.
    pub bytes: Vec<u8>,
    /// Its size in the file.
    pub size: u64,
    /// Offset after it: a reader that starts there finds the next section.
    pub next: u64,
    /// Whether only the head was kept.
    pub is_too_long: bool,
    /// Bytes of documents that were left out because it is longer than the limit.
    pub left_out: usize,
}

/// Cuts a stream of bytes into sections.
#[derive(Debug)]
pub struct Cutter {
    section_bytes_max: usize,
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte in the file, as seen from what has not been searched.
    base: u64,
    /// Everything before it was looked at.
    searched: usize,
    /// Whether a line begins there.
    line_begins: bool,
    section: Option<Open>,
    ended: bool,
}

/// The section that has begun.
#[derive(Debug)]
struct Open {
    start: usize,
    shortener: Option<Shortener>,
    is_too_long: bool,
    /// Bytes of it that are no longer in the buffer.
    dropped: u64,
}

impl Cutter {
    /// A cutter for a file, starting at `offset` (0, or where an earlier run stopped).
    pub fn file(offset: u64, section_bytes_max: usize) -> Self {
        Self {
            section_bytes_max: section_bytes_max.max(HEAD_BYTES),
            buffer: Vec::new(),
            base: offset,
            searched: 0,
            line_begins: true,
            section: None,
            ended: false,
        }
    }

    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let keep_from = self.section.as_ref().map_or(self.searched, |section| section.start);
        self.buffer.drain(..keep_from);
        self.base += keep_from as u64;
        self.searched -= keep_from;
        if let Some(section) = &mut self.section {
            section.start -= keep_from;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that no more bytes follow.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The next whole section, or `None` when more bytes are needed (after [`Cutter::end`]: when there are no more).
    pub fn cut(&mut self) -> Option<Section> {
        loop {
            if self.line_begins {
                self.searched += lines::blanks(&self.buffer[self.searched..]);
                let line = &self.buffer[self.searched..];
                if line.len() < NAME_BYTES && !self.ended {
                    self.shed(false);
                    return None;
                }
                let (is_header, is_envelope) = (lines::is_header(line), lines::is_envelope(line));
                if line.is_empty() || (self.section.is_some() && (is_header || is_envelope)) {
                    return self.finish();
                }
                if self.section.is_none() && !is_envelope {
                    let start = self.searched;
                    self.section = Some(Open { start, shortener: None, is_too_long: false, dropped: 0 });
                }
                self.line_begins = false;
            }
            let line = &self.buffer[self.searched..];
            let Some(end) = lines::next_end(line) else {
                self.searched = self.buffer.len();
                if self.ended {
                    return self.finish();
                }
                self.shed(false);
                return None;
            };
            self.searched += end + 1;
            self.line_begins = true;
        }
    }

    /// Ends the current section before what has not been looked at.
    fn finish(&mut self) -> Option<Section> {
        self.shed(true);
        let section = self.section.take()?;
        let body = &self.buffer[section.start..self.searched];
        let without_blanks = trimmed_end(body);
        let size = section.dropped + without_blanks.len() as u64;
        let next = self.base + self.searched as u64;
        // The last line end says that what stands before it is a segment.
        let is_as_it_came = section.shortener.is_none() && !section.is_too_long;
        let mut bytes = if is_as_it_came { body } else { without_blanks }.to_vec();
        let mut left_out = 0;
        if let Some(shortener) = section.shortener.filter(|_| !section.is_too_long) {
            let end = bytes.len();
            shortener.mark(&mut bytes, end);
            left_out = shortener.left_out();
        }
        Some(Section { bytes, size, next, is_too_long: section.is_too_long, left_out })
    }

    /// Leaves out what makes the section longer than the limit.
    fn shed(&mut self, is_whole: bool) {
        let Some(section) = &mut self.section else { return };
        let bytes_max = self.section_bytes_max;
        if section.shortener.is_none() && !section.is_too_long && self.searched - section.start > bytes_max {
            section.shortener = Shortener::new(&self.buffer[section.start..section.start + bytes_max]);
            section.is_too_long = section.shortener.is_none();
        }
        let searched = self.searched;
        if let Some(shortener) = section.shortener.as_mut().filter(|_| !section.is_too_long) {
            self.searched = shortener.shorten(&mut self.buffer, section.start, searched, is_whole);
            section.is_too_long = shortener.kept() > bytes_max;
        }
        let head = section.start + HEAD_BYTES;
        if section.is_too_long && self.searched > head {
            self.buffer.drain(head..self.searched);
            self.searched = head;
        }
        let dropped = (searched - self.searched) as u64;
        section.dropped += dropped;
        self.base += dropped;
    }
}

/// Without line ends and framing at its end.
fn trimmed_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !byte.is_ascii_whitespace() && !matches!(*byte, START | END));
    &bytes[..end.map_or(0, |at| at + 1)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sections(file: &[u8], chunk: usize, limit: usize) -> Vec<Section> {
        let mut cutter = Cutter::file(0, limit);
        let mut out = Vec::new();
        for bytes in file.chunks(chunk) {
            cutter.push(bytes);
            out.extend(std::iter::from_fn(|| cutter.cut()));
        }
        cutter.end();
        out.extend(std::iter::from_fn(|| cutter.cut()));
        out
    }

    fn messages(sections: &[Section]) -> Vec<String> {
        let inside = sections.iter().flat_map(|section| crate::batch::messages(&section.bytes));
        inside.map(|message| String::from_utf8_lossy(message).into_owned()).collect()
    }

    /// The messages of a file: the same for every size of read, after every resumption, and for a reader that has the
    /// whole file before it.
    fn check(file: &[u8], expected: &[&str]) {
        let whole: Vec<_> = crate::batch::messages(file).map(|m| String::from_utf8_lossy(m).into_owned()).collect();
        assert_eq!(whole, expected, "the whole file");
        for chunk in [1, 2, 3, 7, file.len().max(1)] {
            let found = sections(file, chunk, 4096);
            assert_eq!(messages(&found), expected, "reads of {chunk} bytes");
            for (at, section) in found.iter().enumerate() {
                let rest = sections(&file[usize::try_from(section.next).expect("small")..], 5, 4096);
                assert_eq!(messages(&rest), messages(&found[at + 1..]), "resumed after section {at}");
            }
        }
    }

    #[test]
    fn blank_lines_separate_with_every_line_end() {
        let expected = ["MSH|^~\\&|1\rPID|1", "MSH|^~\\&|2\rPID|2"];
        check(b"MSH|^~\\&|1\rPID|1\r\n\nMSH|^~\\&|2\rPID|2\r\n\n", &expected);
        check(b"\n\nMSH|^~\\&|1\rPID|1\n\n\n\nMSH|^~\\&|2\rPID|2", &expected);
        check(b"\xEF\xBB\xBFMSH|^~\\&|1\rPID|1\r\n\r\nMSH|^~\\&|2\rPID|2\r\n", &expected);
        check(b"MSH|^~\\&|1\rPID|1\rMSH|^~\\&|2\rPID|2\r", &expected);
        check(b"MSH|1\nPID|1\n\nMSH|2\n", &["MSH|1\nPID|1", "MSH|2"]);
    }

    #[test]
    fn batch_envelopes_are_skipped() {
        check(
            b"FHS|^~\\&|x\rBHS|^~\\&|x\rMSH|1\rPID|1\rMSH|2\rPID|2\rBTS|2\rFTS|1\r",
            &["MSH|1\rPID|1", "MSH|2\rPID|2"],
        );
        check(b"BHS|x\nMSH|1\nBTS\nFTS\n", &["MSH|1"]);
    }

    #[test]
    fn frames_need_no_end() {
        check(b"\x0BMSH|1\rPID|1\r\x1C\r\x0BMSH|2\r\x1C\r", &["MSH|1\rPID|1", "MSH|2"]);
        check(b"\x0BMSH|1\r\x0BMSH|2\r", &["MSH|1", "MSH|2"]);
    }

    #[test]
    fn what_stands_in_a_field_cuts_nothing() {
        check(
            b"MSH|^~\\&|1\rNTE|1||a\n\nb\x0Bc\x1Cd\rPV1|1\r\nMSH|^~\\&|2\r\x1C\r",
            &["MSH|^~\\&|1\rNTE|1||a\n\nb\x0Bc\x1Cd\rPV1|1", "MSH|^~\\&|2"],
        );
        check(b"MSH|^~\\&|1\rNTE|1||a\n\nb\r", &["MSH|^~\\&|1\rNTE|1||a\n\nb"]);
        check(b"\x0BMSH|^~\\&|1\rPV1|x\x1C\rPV2|1\r\x1C\rrubbish", &["MSH|^~\\&|1\rPV1|x\x1C\rPV2|1", "rubbish"]);
    }

    #[test]
    fn what_is_no_message_is_kept_apart() {
        check(
            b"rubbish\nmore\n\nMSH|1\rPID|1\n\nlost and found\n\nMSH|2\n",
            &["rubbish\nmore", "MSH|1\rPID|1", "lost and found", "MSH|2"],
        );
        check(b"", &[]);
        check(b"\r\n \n\t\n", &[]);
    }

    fn parts() -> impl Strategy<Value = Vec<u8>> {
        let part = prop::sample::select(vec![
            "MSH|^~\\&|1",
            "MSH|",
            "MSH",
            "MSHX",
            "BHS|x",
            "BTS",
            "FTS|1",
            "PID|1",
            "OBX|1",
            "rubbish",
            " ",
            "\r",
            "\n",
            "\r\n",
            "\n\n",
            "\x0B",
            "\x1C",
            "\x1C\r",
            "\t",
        ]);
        prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// However it is read and wherever reading goes on, a file holds the same bytes, in the same order.
        #[test]
        fn every_byte_is_in_one_section(file in parts(), chunk in 1..20_usize) {
            let kept = |bytes: &[u8]| -> Vec<u8> {
                // Envelopes are skipped; what is blank belongs to nobody.
                bytes.split(|b| matches!(*b, b'\r' | b'\n' | START | END))
                    .map(|line| line.trim_ascii())
                    .filter(|line| !lines::is_envelope(line))
                    .flatten()
                    .copied()
                    .collect()
            };
            let whole = sections(&file, file.len().max(1), 4096);
            prop_assert_eq!(kept(&file), whole.iter().flat_map(|s| kept(&s.bytes)).collect::<Vec<_>>());
            let cut = sections(&file, chunk, 4096);
            prop_assert!(cut == whole);
            for (at, section) in cut.iter().enumerate() {
                let rest = sections(&file[usize::try_from(section.next).expect("small")..], chunk, 4096);
                prop_assert_eq!(messages(&rest), messages(&cut[at + 1..]));
            }
        }
    }

    #[test]
    fn a_section_over_the_limit_loses_its_documents() {
        for filler in [
            format!("OBX|1|ED|{}\r", "x".repeat(50_000)),
            "NTE|1||text\r".repeat(9_000),
            "OBX|1\n\rZDS|\r".repeat(9_000),
        ] {
            let file = format!("MSH|big\rPID|1\r{filler}PV1|1|I|AVD5\r\n\nMSH|small\rPV1|1\r");
            for chunk in [1, 100, 4096, file.len()] {
                let (found, buffer_max) = read(&file, chunk);
                assert_eq!(found.len(), 2, "reads of {chunk} bytes");
                let want = format!(
                    "MSH|big\rPID|1\rPV1|1|I|AVD5\rNTE|||vardstrom: shortened, {} bytes of documents were left out\r",
                    filler.len()
                );
                assert_eq!(String::from_utf8_lossy(&found[0].bytes), want, "reads of {chunk} bytes");
                assert_eq!((found[0].is_too_long, found[0].left_out), (false, filler.len()));
                assert_eq!(found[0].next, file.find("MSH|small").expect("there") as u64, "reads of {chunk} bytes");
                assert_eq!(found[1].bytes, b"MSH|small\rPV1|1\r");
                assert!(buffer_max <= 2048 + 2 * HEAD_BYTES + chunk, "{buffer_max} bytes held at reads of {chunk}");
            }
        }
    }

    #[test]
    fn what_is_too_long_without_documents_is_measured_and_forgotten() {
        for begun in ["MSH|big", "rubbish"] {
            for filler in ["x".repeat(50_000), "DG1|1\r".repeat(9_000)] {
                let file = format!("{begun}\r{filler}\n\nMSH|small\n");
                for chunk in [1, 100, 4096, file.len()] {
                    let (found, buffer_max) = read(&file, chunk);
                    assert_eq!(found.len(), 2, "reads of {chunk} bytes");
                    assert!(found[0].is_too_long && found[0].bytes.starts_with(begun.as_bytes()));
                    assert!(found[0].bytes.len() <= HEAD_BYTES && found[0].size > 50_000);
                    assert_eq!(found[0].next, file.find("MSH|small").expect("there") as u64, "reads of {chunk} bytes");
                    assert_eq!(found[1].bytes, b"MSH|small\n");
                    assert!(buffer_max <= 2048 + 2 * HEAD_BYTES + chunk, "{buffer_max} bytes held at reads of {chunk}");
                }
            }
        }
    }

    fn read(file: &str, chunk: usize) -> (Vec<Section>, usize) {
        let mut cutter = Cutter::file(0, 2048);
        let mut found = Vec::new();
        let mut buffer_max = 0;
        for bytes in file.as_bytes().chunks(chunk) {
            cutter.push(bytes);
            found.extend(std::iter::from_fn(|| cutter.cut()));
            buffer_max = buffer_max.max(cutter.buffer.len());
        }
        cutter.end();
        found.extend(std::iter::from_fn(|| cutter.cut()));
        (found, buffer_max)
    }
}
