#![doc = include_str!("../README.md")]

use std::borrow::Cow;

/// What begins a formula.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// Where one spreadsheet or another begins a new cell.
const SEPARATORS: [char; 5] = [';', ',', '\t', '\r', '\n'];
/// What is dropped before a cell is looked at: quotes, blanks, and marks without width.
const DROPPED: [char; 8] = ['"', ' ', '\u{a0}', '\u{feff}', '\u{200b}', '\u{200e}', '\u{200f}', '\u{2060}'];

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// LF.
    Unix,
    /// CR LF.
    Windows,
}

/// Lines of CSV while they are made.
#[derive(Clone, Debug)]
pub struct Sheet {
    text: String,
    separator: char,
    end: End,
    guards: bool,
    columns: Option<usize>,
    formulas: u64,
}

impl Sheet {
    /// An empty one for people: what a spreadsheet would run is made text.
    pub const fn for_people(end: End) -> Self {
        Self { text: String::new(), separator: ';', end, guards: true, columns: None, formulas: 0 }
    }

    /// An empty one in a layout that its recipient has fixed: what a spreadsheet would run is counted and left.
    pub const fn for_machines(end: End) -> Self {
        Self { text: String::new(), separator: ';', end, guards: false, columns: None, formulas: 0 }
    }

    /// The same with another mark between cells than the semicolon.
    #[must_use]
    pub const fn separated_by(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// A line more.
    ///
    /// # Panics
    /// When it has another number of cells than the first.
    pub fn line<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let mut columns = 0;
        for cell in cells {
            if columns > 0 {
                self.text.push(self.separator);
            }
            self.cell(cell.as_ref());
            columns += 1;
        }
        assert_eq!(columns, *self.columns.get_or_insert(columns), "every line of a sheet has its first line's columns");
        self.text.push_str(match self.end {
            End::Unix => "\n",
            End::Windows => "\r\n",
        });
    }

    fn cell(&mut self, cell: &str) {
        self.formulas += u64::from(is_run(cell));
        let cell = if self.guards { as_text(cell) } else { Cow::Borrowed(cell) };
        if cell.contains([self.separator, '"', '\r', '\n']) {
            self.text.push('"');
            self.text.push_str(&cell.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(&cell);
        }
    }

    /// Cells that a spreadsheet would have run.
    pub const fn formulas(&self) -> u64 {
        self.formulas
    }

    /// The lines.
    pub fn finish(self) -> String {
        self.text
    }
}

/// One line for people, ended by CR LF.
pub fn line(cells: &[&str]) -> String {
    let mut sheet = Sheet::for_people(End::Windows);
    sheet.line(cells);
    sheet.finish()
}

/// The text as no spreadsheet runs it: borrowed when none would.
pub fn as_text(text: &str) -> Cow<'_, str> {
    if !is_run(text) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 1);
    let mut done = 0;
    for at in signs(text) {
        safe.push_str(&text[done..at]);
        safe.push('\'');
        done = at;
    }
    safe.push_str(&text[done..]);
    Cow::Owned(safe)
}

/// Whether a spreadsheet would run a cell of this text, or a part of it. Copies nothing.
pub fn is_run(text: &str) -> bool {
    signs(text).next().is_some()
}

/// Where the text, or what a spreadsheet may take for a cell of its own in it, begins like a formula.
fn signs(text: &str) -> impl Iterator<Item = usize> {
    let is_number = is_number(text);
    let dropped_first = text.starts_with(['\t', '\r', '\n']).then_some(0);
    let mut end = 0;
    let parts = text.split_inclusive(SEPARATORS).filter_map(move |part| {
        end += part.len();
        let cell = part.trim_start_matches(DROPPED);
        // A number too, where it is a part: "-5,x" is none to whom the comma is a decimal mark.
        cell.starts_with(SIGNS).then_some(end - cell.len())
    });
    dropped_first.into_iter().chain(parts).filter(move |_| !is_number)
}

/// Digits with at most one decimal mark between them, perhaps below zero.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that means no good: cuts at each of these, believes no quotes, drops what is dropped, and runs what it finds.
    fn runs(line: &str) -> bool {
        let cell = |cell: &str| {
            let cell = cell.trim_matches(DROPPED);
            cell.starts_with(SIGNS) && !is_number(cell)
        };
        let line = line.trim_end_matches(['\r', '\n']);
        SEPARATORS.iter().any(|separator| line.split(*separator).any(cell)) || line.split(SEPARATORS).any(cell)
    }

    #[test]
    fn a_cell_with_the_mark_between_cells_is_quoted_whichever_it_is() {
        let mut sheet = Sheet::for_people(End::Unix).separated_by(',');
        sheet.line(["a,b", "c;d", "=1+2", "-3.5"]);
        assert_eq!(sheet.finish(), "\"a,b\",c;d,'=1+2,-3.5\n");
    }

    #[test]
    fn what_begins_like_a_formula_becomes_text() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+46 10", "'+46 10"),
            ("-cmd", "'-cmd"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1+1", "'＝1+1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠x", "'＠x"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\tMed 41", "'\tMed 41"),
            (" =1", " '=1"),
            ("\u{feff}=1", "\u{feff}'=1"),
            ("\"=1", "\"'=1"),
            ("Med 41;=1", "Med 41;'=1"),
            ("Med 41,\"=1", "Med 41,\"'=1"),
            ("Med\n@x", "Med\n'@x"),
            ("-5+cmd|' /C calc'!A0", "'-5+cmd|' /C calc'!A0"),
            ("-", "'-"),
            ("-1,5,6", "'-1,5,6"),
            ("Kök, -5", "Kök, '-5"),
            ("-5,a", "'-5,a"),
        ] {
            assert_eq!(as_text(text), expected);
            assert!(!runs(&as_text(text)), "{expected}");
        }
    }

    #[test]
    fn numbers_and_plain_words_stay_as_they_are() {
        for text in ["", "0", "-5", "-12.5", "-12,5", "12,5", "Med 41", "2026-02-01", "A-B", "x=1", "'=1", "färre än 5"]
        {
            assert!(matches!(as_text(text), Cow::Borrowed(_)), "{text}");
        }
        for no_number in ["-", "--5", "-5-", "-.5", "-5.", "-1e5", "-inf", "-1.2.3", "-５"] {
            assert!(matches!(as_text(no_number), Cow::Owned(_)), "{no_number}");
        }
    }

    #[test]
    fn no_line_is_run_however_it_is_cut() {
        // Every text of up to five of these.
        const LETTERS: [&str; 8] = ["=", "-", "5", ";", ",", "\"", " ", "a"];
        for length in 1..=5_u32 {
            for number in 0..LETTERS.len().pow(length) {
                let at = |place| LETTERS[number / LETTERS.len().pow(place) % LETTERS.len()];
                let text: String = (0..length).map(at).collect();
                let line = line(&[&text]);
                assert!(!runs(&line), "{text:?} is written as {line:?}");
            }
        }
    }

    #[test]
    fn cells_are_quoted_where_needed_and_counted_where_they_may_not_be_touched() {
        assert_eq!(line(&["a;b", "say \"x\"", "Med 41", "-5"]), "\"a;b\";\"say \"\"x\"\"\";Med 41;-5\r\n");
        let mut fixed = Sheet::for_machines(End::Unix);
        fixed.line(["id", "=1"]);
        fixed.line(["-5", "@x"]);
        assert_eq!((fixed.formulas(), fixed.finish().as_str()), (2, "id;=1\n-5;@x\n"));
        let mut guarded = Sheet::for_people(End::Unix);
        guarded.line(["=1"]);
        assert_eq!((guarded.formulas(), guarded.finish().as_str()), (1, "'=1\n"));
    }

    #[test]
    #[should_panic(expected = "columns")]
    fn a_line_of_another_width_is_a_mistake() {
        let mut sheet = Sheet::for_people(End::Unix);
        sheet.line(["a", "b"]);
        sheet.line(["a"]);
    }
}
