//! Cuts a file of any size into sections that begin with a message, so that a file need not fit in memory.
//!
//! In: the bytes of a file, in pieces of any size. Out: sections, in order, each with the offset at which reading can
//! go on after it. A section begins at an MSH segment (or with what stands before the first) and ends before the next
//! MSH or batch envelope (FHS, BHS, BTS, FTS), or at a frame's start or end. What a section holds, one message or a
//! message and something unreadable after a blank line, is said by [`hl7::batch`], as everywhere else.
//!
//! Memory is bounded: of a section over the limit only the head is kept.

/// Start of an MLLP frame.
const VT: u8 = 0x0B;
/// End of an MLLP frame.
const FS: u8 = 0x1C;
/// How much of an oversized message is kept, enough for its MSH segment.
pub const HEAD_BYTES: usize = 1024;

/// How much of a line tells whether it begins a section.
const LINE_KIND_BYTES: usize = 64;

/// One section of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Section {
    /// Its bytes, or the head of an oversized one.
    pub bytes: Vec<u8>,
    /// Its size in the file.
    pub size: u64,
    /// Offset after it: a reader that starts there finds the next section.
    pub next: u64,
}

impl Section {
    /// Whether only the head was kept.
    pub fn oversized(&self) -> bool {
        self.size > self.bytes.len() as u64
    }
}

/// Cuts a stream of bytes into sections.
pub struct Cutter {
    section_bytes_max: usize,
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte in the file.
    base: u64,
    /// Start of the line being looked at, in the buffer.
    line: usize,
    /// How far that line has been searched for its end.
    searched: usize,
    /// Bytes of that line that were dropped.
    line_dropped: u64,
    section: Option<Open>,
    ended: bool,
}

/// The current section: its start in the buffer, and how many of its bytes were dropped before the current line.
#[derive(Clone, Copy)]
struct Open {
    start: usize,
    dropped: u64,
}

enum Line {
    Blank,
    Header,
    Envelope,
    Content,
}

impl Cutter {
    /// A cutter for a file, starting at `offset` (0, or where an earlier run stopped).
    pub fn file(offset: u64, section_bytes_max: usize) -> Self {
        Self {
            section_bytes_max: section_bytes_max.max(HEAD_BYTES),
            buffer: Vec::new(),
            base: offset,
            line: 0,
            searched: 0,
            line_dropped: 0,
            section: None,
            ended: false,
        }
    }

    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.compact();
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that no more bytes follow.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The next whole section, or `None` when more bytes are needed (after [`Cutter::end`]: when there are no more).
    pub fn cut(&mut self) -> Option<Section> {
        loop {
            if self.line >= self.buffer.len() {
                return if self.ended { self.finish() } else { None };
            }
            if self.base + self.line as u64 == 0 && self.buffer[self.line..].starts_with(b"\xEF\xBB\xBF") {
                self.pass_line(3);
                continue;
            }
            let found = self.buffer[self.searched..].iter().position(|b| matches!(*b, b'\r' | b'\n' | VT | FS));
            let end = match found {
                Some(at) => self.searched + at,
                None => {
                    self.searched = self.buffer.len();
                    if !self.ended {
                        self.shed();
                        return None;
                    }
                    self.buffer.len()
                }
            };
            match classify(&self.buffer[self.line..end]) {
                Line::Header | Line::Envelope if self.section.is_some() => return self.finish(),
                Line::Header | Line::Content if self.section.is_none() => {
                    self.section = Some(Open { start: self.line, dropped: 0 });
                }
                Line::Header | Line::Envelope | Line::Content | Line::Blank => {}
            }
            let terminator = self.buffer.get(end).copied();
            self.pass_line(if terminator.is_some() { end + 1 } else { end });
            match terminator {
                Some(VT | FS) => {
                    let section = self.finish();
                    if section.is_some() {
                        return section;
                    }
                }
                Some(_) => self.shed(),
                None => {}
            }
        }
    }

    /// Goes on behind the line that was looked at; what was dropped of it now belongs to its section.
    fn pass_line(&mut self, to: usize) {
        if let Some(section) = &mut self.section {
            section.dropped += self.line_dropped;
        }
        self.line_dropped = 0;
        self.line = to;
        self.searched = to;
    }

    /// Ends the current section before the line being looked at.
    fn finish(&mut self) -> Option<Section> {
        let section = self.section.take()?;
        let body = trimmed_end(&self.buffer[section.start..self.line]);
        let size = section.dropped + body.len() as u64;
        let kept = if section.dropped > 0 || body.len() > self.section_bytes_max {
            &body[..body.len().min(HEAD_BYTES)]
        } else {
            body
        };
        // Bytes dropped from the open line lie behind this point.
        Some(Section { bytes: kept.to_vec(), size, next: self.base + self.line as u64 - self.line_dropped })
    }

    /// Forgets the middle of a section, and of a line, that has outgrown the limit.
    fn shed(&mut self) {
        let start = self.section.map_or(self.line, |section| section.start);
        let limit = self.section_bytes_max + HEAD_BYTES;
        let head = start + HEAD_BYTES;
        if self.searched - start > limit && self.line > head {
            let shed = self.line - head;
            self.buffer.drain(head..self.line);
            if let Some(section) = &mut self.section {
                section.dropped += shed as u64;
            }
            self.base += shed as u64;
            self.line -= shed;
            self.searched -= shed;
        }
        // A line that is still open keeps its first bytes, which say what kind of line it is.
        let head = head.max(self.line + LINE_KIND_BYTES);
        if self.searched - start > limit && self.searched > head {
            let shed = self.searched - head;
            self.buffer.drain(head..self.searched);
            self.line_dropped += shed as u64;
            self.base += shed as u64;
            self.searched -= shed;
        }
    }

    /// Moves what is still needed to the front of the buffer.
    fn compact(&mut self) {
        let keep_from = self.section.map_or(self.line, |section| section.start);
        if keep_from == 0 {
            return;
        }
        self.buffer.drain(..keep_from);
        self.base += keep_from as u64;
        self.line -= keep_from;
        self.searched -= keep_from;
        if let Some(section) = &mut self.section {
            section.start -= keep_from;
        }
    }
}

/// Without line ends and framing at its end.
fn trimmed_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|b| !b.is_ascii_whitespace() && !matches!(*b, VT | FS)).map_or(0, |at| at + 1);
    &bytes[..end]
}

fn classify(line: &[u8]) -> Line {
    match line.trim_ascii() {
        [] => Line::Blank,
        [b'M', b'S', b'H', rest @ ..] if rest.first().is_none_or(u8::is_ascii_punctuation) => Line::Header,
        [b'F' | b'B', b'H' | b'T', b'S', rest @ ..] if rest.first().is_none_or(u8::is_ascii_punctuation) => {
            Line::Envelope
        }
        _ => Line::Content,
    }
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
        let inside = sections.iter().flat_map(|section| hl7::batch::messages(&section.bytes));
        inside.map(|message| String::from_utf8_lossy(message).into_owned()).collect()
    }

    /// The messages of a file: the same for every size of read, after every resumption, and for a reader that has the
    /// whole file before it.
    fn check(file: &[u8], expected: &[&str]) {
        let whole: Vec<_> = hl7::batch::messages(file).map(|m| String::from_utf8_lossy(m).into_owned()).collect();
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
                bytes.split(|b| matches!(*b, b'\r' | b'\n' | VT | FS))
                    .filter(|line| !matches!(classify(line), Line::Envelope | Line::Blank))
                    .flat_map(|line| line.trim_ascii().to_vec())
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
    fn an_oversized_message_is_measured_and_forgotten() {
        for filler in ["x".repeat(50_000), "OBX|1\r".repeat(9_000)] {
            let file = format!("MSH|big\r{filler}\n\nMSH|small\n");
            for chunk in [1, 100, 4096, file.len()] {
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
                assert_eq!(found.len(), 2, "reads of {chunk} bytes");
                assert!(found[0].oversized() && found[0].bytes.starts_with(b"MSH|big\r"));
                assert_eq!(found[0].bytes.len(), HEAD_BYTES);
                assert_eq!(found[0].next, file.find("MSH|small").expect("there") as u64, "reads of {chunk} bytes");
                assert_eq!(found[1].bytes, b"MSH|small");
                assert!(buffer_max <= 2048 + 2 * HEAD_BYTES + chunk, "{buffer_max} bytes held at reads of {chunk}");
            }
        }
    }
}
