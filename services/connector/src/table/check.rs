//! The first reading of a file: is it whole, which letters does it have, and which content is it?
//!
//! In: its bytes, in pieces of any size, and what the feed's files must have. Out: a hash of the content, and either the
//! file's [`Shape`] or its first [`Flaw`]. Memory is bounded by the longest row.

use data_encoding::HEXLOWER;
use delimited::cutter::Cutter;
use delimited::cutter::Place;
use delimited::cutter::Row;
use delimited::cutter::line_breaks;
use delimited::letters::Letters;
use delimited::name::folded;
use delimited::payload::joined;
use runtime::config::Size;
use schemas::FileFault;
use sha2::{Digest, Sha256};

use super::flaw::Flaw;
use super::shape::Shape;
use crate::config::{Encoding, Limits, Table};

/// Hex digits of the content's hash that name it: 64 bits, so that two files of a feed do not meet by accident.
const CONTENT_DIGITS: usize = 16;

/// What the files of a feed must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// How their bytes are letters.
    pub encoding: Encoding,
    /// Columns that the header must have, in any spelling.
    pub columns: Vec<String>,
    /// The column that chooses partitions; the header must have it too, or the order of rows would be lost silently.
    pub key: Option<String>,
    /// The longest payload.
    pub row_max: Size,
}

impl Demand {
    /// What the configuration says.
    pub fn of(source: &Table, limits: &Limits) -> Self {
        Self {
            encoding: source.encoding,
            columns: source.columns.clone(),
            key: source.key.clone(),
            row_max: limits.message,
        }
    }

    /// The longest row, in bytes.
    pub fn row_bytes_max(&self) -> usize {
        usize::try_from(self.row_max.as_bytes()).unwrap_or(usize::MAX)
    }

    /// Whether the header is one of this feed's, and where its key is.
    fn header(&self, names: &[String], line: u64) -> Result<Option<usize>, Flaw> {
        let folded_names: Vec<String> = names.iter().map(|name| folded(name)).collect();
        let place = |column: &String| folded_names.iter().position(|name| *name == folded(column));
        let missing = self.columns.iter().filter(|column| place(column).is_none()).count();
        if names.len() < 2 || (missing > 0 && missing == self.columns.len()) {
            return Err(Flaw { fault: FileFault::Headless, line });
        }
        let key = self.key.as_ref().map(place);
        if missing > 0 || key == Some(None) {
            return Err(Flaw { fault: FileFault::ColumnMissing, line });
        }
        Ok(key.flatten())
    }
}

/// What a first reading found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Names the content: the same bytes have the same name.
    pub content: String,
    /// The shape of a whole file, or what is wrong with it.
    pub verdict: Result<Shape, Flaw>,
}

/// Reads a file for the first time.
pub struct Checker<'a> {
    demand: &'a Demand,
    hasher: Sha256,
    cutter: Cutter,
    seen: Seen,
    flaw: Option<Flaw>,
}

impl<'a> Checker<'a> {
    /// Nothing read yet.
    pub fn new(demand: &'a Demand) -> Self {
        let cutter = Cutter::file(demand.row_bytes_max());
        Self { demand, hasher: Sha256::new(), cutter, seen: Seen::default(), flaw: None }
    }

    /// Adds bytes. After a flaw they are only hashed: the record that stands for the file names the whole content.
    pub fn push(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        if self.flaw.is_none() {
            self.cutter.push(bytes);
            self.flaw = self.rows().err();
        }
    }

    /// Says that no more bytes follow.
    pub fn end(mut self) -> Checked {
        self.cutter.end();
        let flaw = match self.flaw {
            Some(flaw) => Err(flaw),
            None => self.rows(),
        };
        let verdict = flaw.and_then(|()| self.seen.end(self.demand, self.cutter.delimiter()));
        let content = HEXLOWER.encode(&self.hasher.finalize());
        Checked { content: content[..CONTENT_DIGITS].to_owned(), verdict }
    }

    fn rows(&mut self) -> Result<(), Flaw> {
        loop {
            match self.cutter.cut()? {
                Some(row) => self.seen.row(self.demand, &row)?,
                None => return Ok(()),
            }
        }
    }
}

/// What the rows have told so far.
#[derive(Debug, Default)]
struct Seen {
    head: Option<Head>,
    rows: u64,
    /// A row with too few cells: uneven if another follows, cut off if none does.
    short: Option<u64>,
    /// Some row was not UTF-8.
    not_utf8: bool,
    /// Some row was UTF-8 and would have been other letters in ISO-8859-1.
    beyond_ascii: bool,
    /// The first row that would be too long if the file turned out to be ISO-8859-1.
    long_in_latin1: Option<u64>,
}

/// The header as it was met.
#[derive(Debug)]
struct Head {
    cells: Vec<Vec<u8>>,
    written: Written,
    line: u64,
    start: Place,
}

impl Head {
    fn names(&self, letters: Letters) -> Vec<String> {
        self.cells.iter().map(|cell| letters.cell(cell).into_owned()).collect()
    }
}

impl Seen {
    fn row(&mut self, demand: &Demand, row: &Row<'_>) -> Result<(), Flaw> {
        self.text(demand.encoding, row)?;
        let Some(head) = &self.head else {
            return self.header(demand, row);
        };
        let (columns, count) = (head.cells.len(), row.cells.count());
        // A row without anything in it is what spreadsheets write of a blank line. With too few cells it is none: it may
        // be the start of a row that was cut off.
        if count >= columns && row.cells.are_blank() {
            return Ok(());
        }
        if let Some(line) = self.short {
            return Err(Flaw { fault: FileFault::RowUneven, line });
        }
        if row.cells.go_beyond(columns) {
            return Err(Flaw { fault: FileFault::RowUneven, line: row.line });
        }
        if count < columns {
            self.short = Some(row.line);
        }
        let written = Written::of(row.cells.iter().take(columns));
        let bytes = head.written.bytes + 1 + written.bytes;
        if bytes > demand.row_bytes_max() {
            return Err(Flaw { fault: FileFault::RowOversized, line: row.line });
        }
        if bytes + head.written.beyond_ascii + written.beyond_ascii > demand.row_bytes_max() {
            self.long_in_latin1.get_or_insert(row.line);
        }
        self.rows += 1;
        Ok(())
    }

    fn header(&mut self, demand: &Demand, row: &Row<'_>) -> Result<(), Flaw> {
        let cells: Vec<Vec<u8>> = row.cells.iter().take(row.cells.columns()).map(<[u8]>::to_vec).collect();
        let written = Written::of(cells.iter().map(Vec::as_slice));
        let head = Head { cells, written, line: row.line, start: row.next };
        // The encoding may yet turn out otherwise; the end looks again.
        demand.header(&head.names(self.letters(demand.encoding)), head.line)?;
        self.head = Some(head);
        Ok(())
    }

    /// Whether these bytes can be letters.
    fn text(&mut self, encoding: Encoding, row: &Row<'_>) -> Result<(), Flaw> {
        let line_at = |at: usize| row.line + line_breaks(&row.bytes[..at]);
        if let Some(at) = row.bytes.iter().position(|byte| *byte == 0) {
            return Err(Flaw { fault: FileFault::NotText, line: line_at(at) });
        }
        // The mark says UTF-8 whatever is configured: no other program writes it.
        let surely_utf8 = row.marked || encoding == Encoding::Utf8;
        if encoding == Encoding::Latin1 && !row.marked {
            self.not_utf8 = true;
            return Ok(());
        }
        let Err(error) = str::from_utf8(row.bytes) else {
            self.beyond_ascii |= !row.bytes.is_ascii();
            return Ok(());
        };
        self.beyond_ascii |= !row.bytes[..error.valid_up_to()].is_ascii();
        // A letter that the end of the file cuts in two, in a file whose other letters are UTF-8.
        let cut_off = !row.ended && error.error_len().is_none() && !self.not_utf8;
        if cut_off && (surely_utf8 || self.beyond_ascii) {
            return Err(Flaw { fault: FileFault::Truncated, line: row.line });
        }
        if surely_utf8 {
            return Err(Flaw { fault: FileFault::NotText, line: line_at(error.valid_up_to()) });
        }
        self.not_utf8 = true;
        Ok(())
    }

    fn letters(&self, encoding: Encoding) -> Letters {
        match encoding {
            Encoding::Utf8 => Letters::Utf8,
            Encoding::Detect | Encoding::Latin1 if self.not_utf8 => Letters::Latin1,
            Encoding::Detect | Encoding::Latin1 => Letters::Utf8,
        }
    }

    fn end(self, demand: &Demand, delimiter: u8) -> Result<Shape, Flaw> {
        let letters = self.letters(demand.encoding);
        let Some(head) = self.head else {
            return Err(Flaw { fault: FileFault::Headless, line: 1 });
        };
        if let Some(line) = self.short {
            return Err(Flaw { fault: FileFault::Truncated, line });
        }
        if let (Letters::Latin1, Some(line)) = (letters, self.long_in_latin1) {
            return Err(Flaw { fault: FileFault::RowOversized, line });
        }
        let names = head.names(letters);
        Ok(Shape {
            letters,
            delimiter,
            columns: names.len(),
            key: demand.header(&names, head.line)?,
            header: joined(&names),
            start: head.start,
            rows: self.rows,
        })
    }
}

/// How long cells are in a payload, before it is known which letters they are.
#[derive(Debug, Clone, Copy)]
struct Written {
    /// In UTF-8, or if all is ASCII.
    bytes: usize,
    /// How many more when they are ISO-8859-1, whose upper half has two bytes each in UTF-8.
    beyond_ascii: usize,
}

impl Written {
    fn of<'c>(cells: impl Iterator<Item = &'c [u8]>) -> Self {
        let mut written = Self { bytes: 0, beyond_ascii: 0 };
        for (at, cell) in cells.enumerate() {
            let cell = cell.trim_ascii();
            let quotes = cell.iter().filter(|byte| **byte == b'"').count();
            let quoted = quotes > 0 || cell.contains(&b';');
            written.bytes += usize::from(at > 0) + cell.len() + if quoted { quotes + 2 } else { 0 };
            written.beyond_ascii += cell.iter().filter(|byte| !byte.is_ascii()).count();
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROW_BYTES_MAX: u64 = 64;

    fn demand() -> Demand {
        Demand { encoding: Encoding::Detect, columns: Vec::new(), key: None, row_max: Size::bytes(ROW_BYTES_MAX) }
    }

    fn checked(file: &[u8], chunk: usize, demand: &Demand) -> Checked {
        let mut checker = Checker::new(demand);
        file.chunks(chunk).for_each(|bytes| checker.push(bytes));
        checker.end()
    }

    /// The rows of a whole file as `line key|payload`, by a second reading as the sender does it.
    fn rows(file: &[u8], demand: &Demand) -> Vec<String> {
        let shape = checked(file, file.len().max(1), demand).verdict.expect("a whole file");
        let mut cutter = Cutter::rows(shape.delimiter, shape.start, demand.row_bytes_max());
        cutter.push(&file[usize::try_from(shape.start.offset).expect("small")..]);
        cutter.end();
        let mut rows = Vec::new();
        while let Some(row) = cutter.cut().expect("whole") {
            let Some(payload) = shape.payload(row.cells) else { continue };
            assert!(payload.len() as u64 <= ROW_BYTES_MAX, "{payload}");
            rows.push(format!("{} {}|{payload}", row.line, shape.key(row.cells).unwrap_or_default()));
        }
        assert_eq!(rows.len() as u64, shape.rows);
        rows
    }

    /// What is wrong with a file: the same for every size of read.
    fn check(file: &[u8], demand: &Demand, fault: FileFault, line: u64) {
        for chunk in [1, 2, 3, 7, file.len().max(1)] {
            let verdict = checked(file, chunk, demand).verdict;
            assert_eq!(verdict, Err(Flaw { fault, line }), "{:?} read by {chunk}", String::from_utf8_lossy(file));
        }
    }

    fn latin1_of(text: &str) -> Vec<u8> {
        text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("Latin-1")).collect()
    }

    #[test]
    fn one_row_has_one_spelling_whatever_the_file() {
        let semicolon = "Enhet; Mätperiod ;Anm\r\nÖgon;2026-01-31;\"två\r\nrader\"\r\n";
        let expected = ["2 |Enhet;Mätperiod;Anm\nÖgon;2026-01-31;två rader"];
        let comma = semicolon.replace(';', ",");
        let tab = semicolon.replace(';', "\t");
        for text in [
            semicolon.to_owned(),
            comma.clone(),
            tab,
            semicolon.replace("\r\n", "\n"),
            semicolon.replace("\r\n", "\r"),
            semicolon.trim_end().to_owned(),
            semicolon.replace("Ögon", "\"Ögon\""),
            semicolon.replace("Ögon", " Ögon\t"),
            semicolon.replace("Anm\r\n", "Anm;;\r\n"),
            format!("{}\n;;\n\n", semicolon.replace("Anm\r\n", "Anm;;\r\n")),
        ] {
            assert_eq!(rows(text.as_bytes(), &demand()), expected, "{text}");
            assert_eq!(rows(&latin1_of(&text), &demand()), expected, "{text} in ISO-8859-1");
            let latin1 = Demand { encoding: Encoding::Latin1, ..demand() };
            assert_eq!(rows(&latin1_of(&text), &latin1), expected, "{text} as ISO-8859-1");
            let utf8 = Demand { encoding: Encoding::Utf8, ..demand() };
            assert_eq!(rows(text.as_bytes(), &utf8), expected, "{text} as UTF-8");
            let marked = format!("\u{FEFF}{text}");
            assert_eq!(rows(marked.as_bytes(), &latin1), expected, "{text} with a mark");
        }
        let told = format!("sep=,\r\n\r\n{comma}");
        assert_eq!(rows(told.as_bytes(), &demand()), [expected[0].replacen('2', "4", 1)]);
    }

    #[test]
    fn cells_are_quoted_only_where_they_must_be() {
        assert_eq!(
            rows(b"a,\"b;c\",d\n\"x\",\"y;z\",\"say \"\"no\"\"\"\n", &demand()),
            ["2 |a;\"b;c\";d\nx;\"y;z\";\"say \"\"no\"\"\""]
        );
    }

    #[test]
    fn a_header_alone_is_a_whole_file() {
        assert_eq!(rows(b"a;b\n", &demand()), [""; 0]);
        assert_eq!(rows(b"a;b", &demand()), [""; 0]);
    }

    #[test]
    fn the_key_column_is_found_in_any_spelling() {
        let keyed = Demand { key: Some("Vårdkontaktens ID".into()), ..demand() };
        let expected = ["2 7|vardkontaktens_id;b\n7;1", "3 |vardkontaktens_id;b\n;2"];
        assert_eq!(rows(b"vardkontaktens_id;b\n 7 ;1\n ;2\n", &keyed), expected);
        check(b"id;b\n7;1\n", &keyed, FileFault::ColumnMissing, 1);
    }

    #[test]
    fn a_cut_file_is_told_from_an_uneven_one() {
        check(b"a;b;c\n1;2;3\n4;5\n", &demand(), FileFault::Truncated, 3);
        check(b"a;b;c\n1;2;3\n4;5", &demand(), FileFault::Truncated, 3);
        check(b"a;b;c\n1;2;3\n4\n\n;;;\n", &demand(), FileFault::Truncated, 3);
        check(b"a;b;c\n1;2;3\n;\n", &demand(), FileFault::Truncated, 3);
        check(b"a;b;c\n\n4;5\n1;2;3\n", &demand(), FileFault::RowUneven, 3);
        check(b"a;b;c\n1;2;3;4\n1;2;3\n", &demand(), FileFault::RowUneven, 2);
        check(b"a;b;c\n1;2;3\n1;2;3;4", &demand(), FileFault::RowUneven, 3);
        check(b"a;b\n\"x\ny\";1\n1;2;3", &demand(), FileFault::RowUneven, 4);
        check(b"a;b\n1;2\n3;\"x\n4;5\n", &demand(), FileFault::QuoteOpen, 3);
    }

    #[test]
    fn a_header_that_is_cut_at_another_sign_than_its_rows_is_told() {
        check(b"a,b;c,d\n1,2,3\n", &demand(), FileFault::Truncated, 2);
        check(b"a,b;c,d\n1,2,3\n4,5,6\n", &demand(), FileFault::RowUneven, 2);
        check(b"sep=;\na,b\n1,2\n", &demand(), FileFault::Headless, 2);
    }

    #[test]
    fn a_letter_cut_in_two_is_a_cut_file() {
        check("a;b\nå;ä\nå;ö".as_bytes().strip_suffix(b"\xB6").expect("half"), &demand(), FileFault::Truncated, 3);
        let utf8 = Demand { encoding: Encoding::Utf8, ..demand() };
        check(b"a;b\n1;\xC3", &utf8, FileFault::Truncated, 2);
        // Nothing else says UTF-8: it is a whole file whose last letter is an å in ISO-8859-1.
        assert_eq!(rows(b"a;b\n1;\xE5", &demand()), ["2 |a;b\n1;å"]);
    }

    #[test]
    fn a_file_without_header_row_is_headless() {
        for file in [&b""[..], b"\r\n \n;;\n", b"\xEF\xBB\xBF", b"alone\n1;2\n", b"alone;;\n1;2\n"] {
            check(file, &demand(), FileFault::Headless, 1);
        }
        let columns = Demand { columns: vec!["Mätperiod".into(), "Enhet".into()], ..demand() };
        check(b"\n\xD6gon;2026\n", &columns, FileFault::Headless, 2);
        check("mätperiod;annat\nx;y\n".as_bytes(), &columns, FileFault::ColumnMissing, 1);
        assert_eq!(rows(&latin1_of("MÄTPERIOD;enhet\nx;y\n"), &columns), ["2 |MÄTPERIOD;enhet\nx;y"]);
    }

    #[test]
    fn what_is_no_text_is_told_by_its_line() {
        let utf8 = Demand { encoding: Encoding::Utf8, ..demand() };
        check(b"a;b\n1;2\n3;\xE5\n4;5\n", &utf8, FileFault::NotText, 3);
        check(b"a;b\n1;\"2\n3\xE5\"\n4;5\n", &utf8, FileFault::NotText, 3);
        check(b"\xEF\xBB\xBFa;b\n1;\xE5\n4;5\n", &demand(), FileFault::NotText, 2);
        check(b"a;b\n1;\0\n", &demand(), FileFault::NotText, 2);
        let utf16: Vec<u8> =
            [b"\xFF\xFE".to_vec(), "a;b\n1;2\n".encode_utf16().flat_map(u16::to_le_bytes).collect()].concat();
        check(&utf16, &demand(), FileFault::NotText, 1);
    }

    #[test]
    fn a_row_that_is_too_long_as_a_payload_is_told() {
        let longest = "x".repeat(usize::try_from(ROW_BYTES_MAX).expect("small") - "a;b\n1;".len());
        assert_eq!(rows(format!("a;b\n1;{longest}\n").as_bytes(), &demand()).len(), 1);
        check(format!("a;b\n\n1;{longest}x\n1;2\n").as_bytes(), &demand(), FileFault::RowOversized, 3);
        // In UTF-8 it has one byte more.
        let latin1 = [b"a;b\n1;", &longest.as_bytes()[1..], b"\xE5\n"].concat();
        check(&latin1, &demand(), FileFault::RowOversized, 2);
        check(format!("a;b\n1;{}\n", longest.repeat(9)).as_bytes(), &demand(), FileFault::RowOversized, 2);
    }

    #[test]
    fn content_has_one_name_also_behind_a_flaw() {
        let name = |file: &[u8]| checked(file, 3, &demand()).content;
        assert_eq!(name(b"a;b\n1;2\n"), "403bea5152c251c5");
        assert_ne!(name(b"a;b\n1\n1;2\n"), name(b"a;b\n1\n1;3\n"));
    }

    fn parts() -> impl Strategy<Value = Vec<u8>> {
        let part = prop::sample::select(vec![
            &b"a"[..],
            b"bc",
            b"\xC3\xA5",
            b"\xE5",
            b";",
            b",",
            b"\t",
            b"\"",
            b"\n",
            b"\r",
            b"\r\n",
            b" ",
            b"\0",
            b"1;2\n",
        ]);
        prop::collection::vec(part, 0..60).prop_map(|parts| [b"a;b\n".to_vec(), parts.concat()].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// However a file is read, it is found the same, and what is found whole has its rows.
        #[test]
        fn what_is_found_does_not_depend_on_how_the_file_is_read(file in parts(), chunk in 1..20_usize) {
            let whole = checked(&file, file.len(), &demand());
            prop_assert_eq!(&checked(&file, chunk, &demand()), &whole);
            if whole.verdict.is_ok() {
                rows(&file, &demand());
            }
        }
    }
}
