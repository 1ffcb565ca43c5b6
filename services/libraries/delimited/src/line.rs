//! Cells of one line of text.

use std::borrow::Cow;
use std::ops::Range;

/// Separators that are looked at in one line, a bound against rubbish: what stands behind them is one cell.
const SEPARATORS_MAX: usize = 1024;

/// The cells of a line, as ranges of a text; keeps its buffer from line to line.
#[derive(Debug, Default)]
pub struct Cells {
    ranges: Vec<Range<usize>>,
    /// A quotation never closes, is cut through, or has something behind its end.
    is_doubtful: bool,
}

impl Cells {
    /// Cuts a line at a separator, which is ASCII. The cells are those of the text that is returned: the line itself, unless
    /// there are quotation marks in it. A quotation that never closes holds the rest of the line.
    pub fn cut<'t>(&mut self, line: &'t str, separator: u8) -> Cow<'t, str> {
        self.ranges.clear();
        self.is_doubtful = false;
        if memchr::memchr(b'"', line.as_bytes()).is_some() {
            return Cow::Owned(self.cut_quoted(line, separator));
        }
        let mut start = 0;
        for at in memchr::memchr_iter(separator, line.as_bytes()).take(SEPARATORS_MAX) {
            self.push(line, start..at);
            start = at + 1;
        }
        self.push(line, start..line.len());
        Cow::Borrowed(line)
    }

    /// How many.
    #[inline]
    pub fn count(&self) -> usize {
        self.ranges.len()
    }

    /// Whether every quotation ends where its cell does: with another separator than the line's own it seldom would.
    pub fn are_clean(&self) -> bool {
        !self.is_doubtful
    }

    /// The cell at a place, the first being 0, without the blanks around it; `text` is what [`Cells::cut`] returned.
    ///
    /// # Panics
    /// If there is no such cell.
    #[inline]
    pub fn cell<'t>(&self, text: &'t str, at: usize) -> &'t str {
        &text[self.ranges[at].clone()]
    }

    /// All of them in order.
    pub fn iter<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        self.ranges.iter().map(move |range| &text[range.clone()])
    }

    fn cut_quoted(&mut self, line: &str, separator: u8) -> String {
        let mut text = String::with_capacity(line.len());
        let mut rest = line;
        loop {
            let start = text.len();
            let quoted = rest.strip_prefix('"');
            if let Some(quoted) = quoted {
                rest = self.unquote(quoted, &mut text);
            }
            // What stands behind a closing quotation mark belongs to the cell too.
            let end = memchr::memchr(separator, rest.as_bytes()).filter(|_| self.ranges.len() < SEPARATORS_MAX);
            let behind = &rest[..end.unwrap_or(rest.len())];
            self.is_doubtful |= !is_whole(quoted.is_some(), behind.as_bytes());
            text.push_str(behind);
            self.push(&text, start..text.len());
            match end {
                Some(at) => rest = &rest[at + 1..],
                None => return text,
            }
        }
    }

    /// Adds what a quotation holds, and gives what stands behind it.
    fn unquote<'l>(&mut self, quoted: &'l str, text: &mut String) -> &'l str {
        let mut rest = quoted;
        while let Some(at) = memchr::memchr(b'"', rest.as_bytes()) {
            text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            match rest.strip_prefix('"') {
                Some(behind) => rest = behind,
                None => return rest,
            }
            text.push('"');
        }
        self.is_doubtful = true;
        text.push_str(rest);
        ""
    }

    /// Adds a cell without the blanks around it.
    fn push(&mut self, text: &str, range: Range<usize>) {
        let cell = &text[range.clone()];
        let bare = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
        if bare(cell.as_bytes().first()) && bare(cell.as_bytes().last()) {
            self.ranges.push(range);
            return;
        }
        let start = range.start + (cell.len() - cell.trim_start().len());
        let end = start + cell.trim().len();
        self.ranges.push(start..end.max(start));
    }
}

/// Whether a cell leaves no quotation half: nothing but blanks stands behind one that it begins with, and without one its marks
/// are letters that come in pairs. An odd one is where the wrong separator cuts through a quotation.
pub(crate) fn is_whole(is_quoted: bool, behind: &[u8]) -> bool {
    if is_quoted { behind.trim_ascii().is_empty() } else { memchr::memchr_iter(b'"', behind).count().is_multiple_of(2) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cutter::Cutter;
    use crate::payload::joined;

    fn cells(line: &str) -> Vec<String> {
        let mut cells = Cells::default();
        let text = cells.cut(line, b';');
        cells.iter(&text).map(str::to_owned).collect()
    }

    fn check(line: &str, expected: &[&str]) {
        assert_eq!(cells(line), expected, "{line}");
    }

    #[test]
    fn cells_are_trimmed_and_unquoted() {
        check("a; b ;;d", &["a", "b", "", "d"]);
        check("", &[""]);
        check(";", &["", ""]);
        check("\"a;b\";\"say \"\"no\"\"\";c", &["a;b", "say \"no\"", "c"]);
        check("\"never ends;b", &["never ends;b"]);
        check("å;ä ;ö", &["å", "ä", "ö"]);
    }

    #[test]
    fn a_quotation_mark_elsewhere_is_a_letter() {
        check("5\";b\"c;\"x\"y", &["5\"", "b\"c", "xy"]);
        check("\"\";\"\"\"\"", &["", "\""]);
    }

    #[test]
    fn the_number_of_cells_is_bounded() {
        for quoted in ["", "\""] {
            let line = format!("{quoted}{quoted}{}", ";".repeat(SEPARATORS_MAX + 9));
            assert_eq!(cells(&line).len(), SEPARATORS_MAX + 1);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What is written as a row is read as that row.
        #[test]
        fn what_is_joined_is_cut(written in prop::collection::vec("([a-zåäö;,\"][a-zåäö;,\" ]{0,4}[a-zåäö;,\"])?", 1..6)) {
            prop_assert_eq!(cells(&joined(&written)), written);
        }

        /// A line is cut as a file that has this line alone.
        #[test]
        fn a_line_is_cut_as_a_file_is(parts in prop::collection::vec(prop::sample::select(vec!["a", "å", ";", "\"", " "]), 1..12)) {
            let line = parts.concat();
            let mut cutter = Cutter::rows(b';', crate::cutter::Place { offset: 0, line: 1 }, 64);
            cutter.push(line.as_bytes());
            cutter.end();
            if let Ok(Some(row)) = cutter.cut() {
                let expected: Vec<_> = row.cells.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
                prop_assert_eq!(cells(&line), expected);
            }
        }
    }
}
