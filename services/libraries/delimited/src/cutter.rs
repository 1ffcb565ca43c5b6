//! Cuts a delimited file of any size into rows, so that a file need not fit in memory.
//!
//! In: the bytes of a file, in pieces of any size. Out: rows in order, the header first, each with its line as an editor
//! shows it and the offset at which reading can go on after it. Lines end with LF, CRLF or CR. A cell that begins with a
//! quotation mark may hold delimiters, line ends and doubled quotation marks; a quotation mark elsewhere is a letter.
//! Bytes are cut and not decoded: delimiters and line ends are the same bytes in UTF-8 and in ISO-8859-1.
//!
//! Memory is bounded: a row that outgrows the limit is a [`Flaw`], and nothing behind it is read. A row is looked at
//! again from its start when more bytes have come; that keeps the reader without state inside a row, and what it finds
//! does not depend on how the bytes were split.

use crate::letters::MARK;
use crate::line::is_whole;
use crate::separator;

/// Why no more rows can be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A quotation mark opens and never closes.
    QuoteOpen,
    /// A row is longer than the limit.
    RowOversized,
}

/// What is wrong with a file, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    /// What.
    pub fault: Fault,
    /// The line, as an editor shows it.
    pub line: u64,
}

/// The unquoted cells of one row, not trimmed. Keeps its buffers from row to row.
#[derive(Debug, Default)]
pub struct Cells {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Cells {
    /// How many.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// Each in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    /// Whether nothing is in any of them.
    pub fn are_blank(&self) -> bool {
        self.text.trim_ascii().is_empty()
    }

    /// How many columns a header has: separators at its end are no further ones.
    pub fn columns(&self) -> usize {
        (1..).zip(self.iter()).filter(|(_, cell)| !cell.trim_ascii().is_empty()).last().map_or(0, |(count, _)| count)
    }

    /// Whether a row says something beyond so many columns: a separator at its end is no further cell.
    pub fn go_beyond(&self, columns: usize) -> bool {
        self.iter().skip(columns).any(|cell| !cell.trim_ascii().is_empty())
    }

    fn end(&mut self) {
        self.ends.push(self.text.len());
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

/// Where a row begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Offset in the file.
    pub offset: u64,
    /// Line as an editor shows it, the first being 1.
    pub line: u64,
}

/// One row.
#[derive(Debug)]
pub struct Row<'a> {
    /// Its cells.
    pub cells: &'a Cells,
    /// Its bytes in the file, without the line end.
    pub bytes: &'a [u8],
    /// Line of its first byte.
    pub line: u64,
    /// What comes after it: a cutter that starts there finds the next row.
    pub next: Place,
    /// Whether it has a line end; only the file's last row may have none.
    pub ended: bool,
    /// Whether its file begins with the byte order mark of UTF-8.
    pub marked: bool,
}

/// Cuts a stream of bytes into rows. Lines without anything in them are passed over and counted.
pub struct Cutter {
    row_bytes_max: usize,
    /// Known once the header has been seen.
    delimiter: Option<u8>,
    /// What a line before the header says that it is.
    told: Option<u8>,
    marked: bool,
    buffer: Vec<u8>,
    /// Start of the row being looked at, in the buffer.
    at: usize,
    /// The same in the file.
    place: Place,
    cells: Cells,
    ended: bool,
}

impl Cutter {
    /// A cutter for a file from its first byte; its first row is the header, which also says the delimiter.
    pub fn file(row_bytes_max: usize) -> Self {
        Self::new(None, Place { offset: 0, line: 1 }, row_bytes_max)
    }

    /// A cutter for the rows from `place` on.
    pub fn rows(delimiter: u8, place: Place, row_bytes_max: usize) -> Self {
        Self::new(Some(delimiter), place, row_bytes_max)
    }

    fn new(delimiter: Option<u8>, place: Place, row_bytes_max: usize) -> Self {
        Self {
            row_bytes_max,
            delimiter,
            told: None,
            marked: false,
            buffer: Vec::new(),
            at: 0,
            place,
            cells: Cells::default(),
            ended: false,
        }
    }

    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that no more bytes follow.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// What cuts rows into cells; `;` before the header has been seen.
    pub fn delimiter(&self) -> u8 {
        self.delimiter.unwrap_or(separator::USUAL)
    }

    /// The next row, or `None` when more bytes are needed (after [`Cutter::end`]: when there are no more).
    pub fn cut(&mut self) -> Result<Option<Row<'_>>, Flaw> {
        let (bytes, line, ended) = loop {
            let Some(delimiter) = self.known_delimiter()? else { return Ok(None) };
            let rest = &self.buffer[self.at..];
            if rest.is_empty() {
                return Ok(None);
            }
            match scan(rest, delimiter, self.ended, &mut self.cells) {
                Scan::Row { end, .. } if end > self.row_bytes_max => return Err(self.oversized()),
                Scan::Open { .. } if rest.len() > self.row_bytes_max => return Err(self.oversized()),
                Scan::More => return if self.outgrown() { Err(self.oversized()) } else { Ok(None) },
                Scan::Open { breaks } => {
                    return Err(Flaw { fault: Fault::QuoteOpen, line: self.place.line + breaks });
                }
                Scan::Row { end, next, breaks, .. } => {
                    let (start, line) = (self.at, self.place.line);
                    self.pass(next, breaks);
                    if self.cells.count() > 1 || !self.cells.are_blank() {
                        break (start..start + end, line, next > end);
                    }
                }
            }
        };
        Ok(Some(Row {
            cells: &self.cells,
            bytes: &self.buffer[bytes],
            line,
            next: self.place,
            ended,
            marked: self.marked,
        }))
    }

    /// Passes over what may stand before a header, and finds the delimiter in it. `None`: more bytes are needed.
    fn known_delimiter(&mut self) -> Result<Option<u8>, Flaw> {
        while self.delimiter.is_none() {
            let rest = &self.buffer[self.at..];
            if self.place.offset == 0 && !self.ended && rest.len() < MARK.len() && MARK.starts_with(rest) {
                return Ok(None);
            }
            if self.place.offset == 0 && rest.starts_with(MARK) {
                self.marked = true;
                self.pass(MARK.len(), 0);
                continue;
            }
            match passed_over(rest, self.ended) {
                Before::Header if rest.is_empty() => return Ok(None),
                Before::Header => self.delimiter = self.found_delimiter(),
                Before::More => {}
                Before::Line { told, next } if next <= self.row_bytes_max + 2 => {
                    self.told = self.told.or(told);
                    self.pass(next, 1);
                    continue;
                }
                Before::Line { .. } => return Err(self.oversized()),
            }
            if self.delimiter.is_none() {
                // Blanks without end are no header either.
                return if self.outgrown() { Err(self.oversized()) } else { Ok(None) };
            }
        }
        Ok(self.delimiter)
    }

    /// What a line before the header says, else what the header does. One that leaves a quotation mark open to the limit is
    /// not the one. `None`: more bytes are needed.
    fn found_delimiter(&mut self) -> Option<u8> {
        if self.told.is_some() {
            return self.told;
        }
        let (outgrown, rest) = (self.outgrown(), &self.buffer[self.at..]);
        let mut needs_more = false;
        let found = separator::first(|delimiter| match scan(rest, delimiter, self.ended, &mut self.cells) {
            Scan::Row { end, is_clean: true, .. } if end <= self.row_bytes_max => self.cells.count(),
            Scan::More if !outgrown => {
                needs_more = true;
                0
            }
            Scan::Row { .. } | Scan::More | Scan::Open { .. } => 0,
        });
        (!needs_more).then_some(found)
    }

    /// Whether what is held is surely longer than a row may be, whatever comes: a line end has two bytes at most.
    fn outgrown(&self) -> bool {
        self.buffer.len() - self.at > self.row_bytes_max + 2
    }

    fn oversized(&self) -> Flaw {
        Flaw { fault: Fault::RowOversized, line: self.place.line }
    }

    fn pass(&mut self, bytes: usize, lines: u64) {
        self.at += bytes;
        self.place.offset += bytes as u64;
        self.place.line += lines;
    }
}

/// What stands before the header.
enum Before {
    /// Nothing more.
    Header,
    /// A line to pass over, and the delimiter that it tells.
    Line { told: Option<u8>, next: usize },
    /// That cannot be told yet.
    More,
}

/// Passes over blank lines, and the line `sep=;` that spreadsheets write.
fn passed_over(rest: &[u8], ended: bool) -> Before {
    let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return if ended { Before::Header } else { Before::More };
    };
    let line = &rest[..end];
    let told = separator::told(line);
    if told.is_none() && line.trim_ascii().iter().any(|byte| !matches!(byte, b' ' | b'\t' | b';' | b',')) {
        return Before::Header;
    }
    let told = told.flatten();
    line_end(&rest[end..], ended).map_or(Before::More, |length| Before::Line { told, next: end + length })
}

/// What a look at a row found.
enum Scan {
    /// A row of `end` bytes; the next begins at `next`. `breaks` lines end in it and with it. It is clean where each
    /// of its cells is whole.
    Row { end: usize, next: usize, breaks: u64, is_clean: bool },
    /// The row's end has not come yet.
    More,
    /// The file ends inside a quotation that began after so many line ends.
    Open { breaks: u64 },
}

/// Looks at the row that `bytes` begin with.
fn scan(bytes: &[u8], delimiter: u8, ended: bool, cells: &mut Cells) -> Scan {
    cells.clear();
    let (mut at, mut breaks, mut is_clean) = (0, 0, true);
    loop {
        let is_quoted = bytes.get(at) == Some(&b'"');
        if is_quoted {
            let opened = breaks;
            at += 1;
            loop {
                let Some(length) = bytes[at..].iter().position(|byte| *byte == b'"') else {
                    return if ended { Scan::Open { breaks: opened } } else { Scan::More };
                };
                let inside = &bytes[at..at + length];
                cells.text.extend_from_slice(inside);
                breaks += line_breaks(inside);
                at += length + 1;
                match bytes.get(at) {
                    Some(b'"') => cells.text.push(b'"'),
                    None if !ended => return Scan::More,
                    Some(_) | None => break,
                }
                at += 1;
            }
        }
        // What stands behind a closing quotation mark belongs to the cell too.
        let stop = |byte: &u8| *byte == delimiter || matches!(byte, b'\r' | b'\n');
        let Some(length) = bytes[at..].iter().position(stop) else {
            if !ended {
                return Scan::More;
            }
            cells.text.extend_from_slice(&bytes[at..]);
            cells.end();
            is_clean &= is_whole(is_quoted, &bytes[at..]);
            return Scan::Row { end: bytes.len(), next: bytes.len(), breaks, is_clean };
        };
        cells.text.extend_from_slice(&bytes[at..at + length]);
        cells.end();
        is_clean &= is_whole(is_quoted, &bytes[at..at + length]);
        at += length;
        if bytes[at] == delimiter {
            at += 1;
            continue;
        }
        return match line_end(&bytes[at..], ended) {
            Some(length) => Scan::Row { end: at, next: at + length, breaks: breaks + 1, is_clean },
            None => Scan::More,
        };
    }
}

/// Length of the line end that `bytes` begin with; `None` while an LF may still follow a CR.
fn line_end(bytes: &[u8], ended: bool) -> Option<usize> {
    match bytes {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r'] if !ended => None,
        _ => Some(1),
    }
}

/// How many lines end in a text.
pub fn line_breaks(text: &[u8]) -> u64 {
    let mut before = 0;
    let mut count = 0;
    for byte in text {
        if *byte == b'\r' || (*byte == b'\n' && before != b'\r') {
            count += 1;
        }
        before = *byte;
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROW_BYTES_MAX: usize = 64;

    /// Rows as `line|cell|cell`, and the flaw that ended them.
    fn told(mut cutter: Cutter, file: &[u8], chunk: usize) -> (Vec<String>, Vec<Place>, Option<Flaw>) {
        let (mut rows, mut places) = (Vec::new(), Vec::new());
        let mut chunks = file.chunks(chunk);
        loop {
            let bytes = chunks.next();
            match bytes {
                Some(bytes) => cutter.push(bytes),
                None => cutter.end(),
            }
            assert!(cutter.buffer.len() <= ROW_BYTES_MAX + 2 + chunk, "{} bytes held", cutter.buffer.len());
            loop {
                match cutter.cut() {
                    Ok(Some(row)) => {
                        let cells: Vec<_> = row.cells.iter().map(String::from_utf8_lossy).collect();
                        rows.push(format!("{}|{}", row.line, cells.join("|")));
                        places.push(row.next);
                    }
                    Ok(None) => break,
                    Err(flaw) => return (rows, places, Some(flaw)),
                }
            }
            if bytes.is_none() {
                return (rows, places, None);
            }
        }
    }

    /// The rows of a file: the same for every size of read, and after every resumption.
    fn check_flawed(file: &[u8], expected: &[&str], flaw: Option<(Fault, u64)>) {
        let flaw = flaw.map(|(fault, line)| Flaw { fault, line });
        for chunk in [1, 2, 3, 7, file.len().max(1)] {
            let (rows, places, found) = told(Cutter::file(ROW_BYTES_MAX), file, chunk);
            assert_eq!(found, flaw, "reads of {chunk} bytes");
            assert_eq!(rows, expected, "reads of {chunk} bytes");
            let mut whole = Cutter::file(ROW_BYTES_MAX);
            whole.push(file);
            whole.end();
            // Only the delimiter is wanted of it.
            let _ = whole.cut();
            for (at, place) in places.iter().enumerate() {
                let rest = &file[usize::try_from(place.offset).expect("small")..];
                let (rows, _, found) = told(Cutter::rows(whole.delimiter(), *place, ROW_BYTES_MAX), rest, chunk);
                assert_eq!(found, flaw, "resumed after row {at}");
                assert_eq!(rows, expected[at + 1..], "resumed after row {at}");
            }
        }
    }

    fn check(file: &[u8], expected: &[&str]) {
        check_flawed(file, expected, None);
    }

    #[test]
    fn every_line_end_ends_a_line_and_blank_lines_count() {
        for end in ["\n", "\r\n", "\r"] {
            let file = ["a;b", "1;2", "", " ", "3;4", ""].join(end);
            check(file.as_bytes(), &["1|a|b", "2|1|2", "5|3|4"]);
        }
        check(b"a;b\n1;2", &["1|a|b", "2|1|2"]);
        check(b"a;b\r\n1;2\r", &["1|a|b", "2|1|2"]);
        check(b"", &[]);
        check(b"\r\n \n\t\n", &[]);
        check(MARK, &[]);
    }

    #[test]
    fn the_header_says_the_delimiter() {
        check(b"a;b,c\n1;2", &["1|a|b,c", "2|1|2"]);
        // Its rows have too few cells then, which is told; commas, being in amounts too, could be as many by chance.
        check(b"a,b;c,d\n1,2,3", &["1|a,b|c,d", "2|1,2,3"]);
        check(b"Ward;Cost (kr, ore)\nA;10,50", &["1|Ward|Cost (kr, ore)", "2|A|10,50"]);
        check(b"\"a\",\"b;c\"\n1,2", &["1|a|b;c", "2|1|2"]);
        check(b"a\tb\n1\t2", &["1|a|b", "2|1|2"]);
        check(b"\"a;x\",\"b\"\n1,2", &["1|a;x|b", "2|1|2"]);
        check(b"a,x\";\"y,b\n1,2,3", &["1|a|x\";\"y|b", "2|1|2|3"]);
        check(b"alone\n1;2", &["1|alone", "2|1|2"]);
    }

    #[test]
    fn what_stands_before_the_header_is_passed_over() {
        check(b"\xEF\xBB\xBFa;b\n1;2", &["1|a|b", "2|1|2"]);
        check(b"\xEF\xBB\xBFsep=;\r\n\r\n;;\r\na;b\r\n", &["4|a|b"]);
        check(b"\n\nSEP=,\na,b;c,d", &["4|a|b;c|d"]);
        check(b"sep=|\na;b|c,d\n1|2", &["2|a;b|c,d", "3|1|2"]);
        check(b"sep=\t\r\na\tb;c", &["2|a|b;c"]);
        check(b"sep=x\na,b", &["2|a|b"]);
    }

    #[test]
    fn quotes_hold_delimiters_line_ends_and_quotes() {
        check(b"\"a;b\";c\n\"say \"\"no\"\"\";2\n", &["1|a;b|c", "2|say \"no\"|2"]);
        check(b"a;b\n\"one\ntwo\r\nthree\rfour\";2\n3;4\n", &["1|a|b", "2|one\ntwo\r\nthree\rfour|2", "6|3|4"]);
        check(b"\"a\r\nx\";b\n1;2\n", &["1|a\r\nx|b", "3|1|2"]);
        check(b"a;b\n5\";\"x\"y\n\"\";\"\"", &["1|a|b", "2|5\"|xy", "3||"]);
    }

    #[test]
    fn a_quotation_that_never_ends_is_told_by_its_line() {
        check_flawed(b"a;b\n1;2\n3;\"x\n4;5", &["1|a|b", "2|1|2"], Some((Fault::QuoteOpen, 3)));
        check_flawed(b"a;b\n\"1\n2\";\"x\n4;5", &["1|a|b"], Some((Fault::QuoteOpen, 3)));
        check_flawed(b"\"a;b\n", &[], Some((Fault::QuoteOpen, 1)));
    }

    #[test]
    fn a_row_over_the_limit_is_told_and_not_held() {
        let long = "x".repeat(ROW_BYTES_MAX);
        let fits = "x".repeat(ROW_BYTES_MAX - 2);
        check(format!("a;b\n1;{fits}\r\n3;4").as_bytes(), &["1|a|b", &format!("2|1|{fits}"), "3|3|4"]);
        for row in [format!("1;{long}\n3;4"), format!("1;{long}"), format!("1;\"{long}\n\";4\n"), format!("1;\"{long}")]
        {
            let file = format!("a;b\n{row}");
            check_flawed(file.as_bytes(), &["1|a|b"], Some((Fault::RowOversized, 2)));
        }
        check_flawed(format!("\n{long};b\n1;2").as_bytes(), &[], Some((Fault::RowOversized, 2)));
        check_flawed(" ".repeat(4 * ROW_BYTES_MAX).as_bytes(), &[], Some((Fault::RowOversized, 1)));
    }

    fn parts() -> impl Strategy<Value = Vec<u8>> {
        let part = prop::sample::select(vec![
            "a", "bc", "å", ";", ",", "\t", "\"", "\"\"", "\n", "\r", "\r\n", " ", "sep=;", "\u{FEFF}", "x;y", "\";\"",
        ]);
        prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// However it is read and wherever reading goes on, a file has the same rows on the same lines.
        #[test]
        fn rows_do_not_depend_on_how_the_file_is_read(file in parts(), chunk in 1..20_usize) {
            let whole = told(Cutter::file(ROW_BYTES_MAX), &file, file.len().max(1));
            let cut = told(Cutter::file(ROW_BYTES_MAX), &file, chunk);
            prop_assert_eq!(&cut, &whole);
            let mut cutter = Cutter::file(ROW_BYTES_MAX);
            cutter.push(&file);
            cutter.end();
            let _ = cutter.cut();
            for (at, place) in whole.1.iter().enumerate() {
                let rest = &file[usize::try_from(place.offset).expect("small")..];
                let resumed = told(Cutter::rows(cutter.delimiter(), *place, ROW_BYTES_MAX), rest, chunk);
                prop_assert_eq!((&resumed.0[..], &resumed.2), (&whole.0[at + 1..], &whole.2));
            }
        }
    }
}
