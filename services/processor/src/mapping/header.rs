//! A payload of a header line and a row: which cell is which column.

use std::borrow::Cow;
use std::ops::Range;

/// Columns that are looked at in a header, a bound against rubbish.
const COLUMNS_MAX: usize = 1024;

/// The header last seen, so that rows of one file find their columns by one comparison of bytes.
#[derive(Debug, Default)]
pub(super) struct Header {
    line: String,
    separator: u8,
    count: usize,
    /// Place in the row of each column that the program wants.
    places: Vec<Option<usize>>,
}

impl Header {
    /// Makes this the header at hand. `wanted` are folded column names, each with its other spellings.
    pub(super) fn bind(&mut self, line: &str, wanted: &[Vec<String>]) {
        if self.line == line {
            return;
        }
        self.separator = separator_of(line);
        let mut cells = Cells::default();
        let unquoted = cells.cut(line, self.separator);
        let names: Vec<String> = cells.ranges.iter().map(|range| folded(&unquoted[range.clone()])).collect();
        self.count = names.len();
        self.places = wanted
            .iter()
            .map(|spellings| spellings.iter().find_map(|spelling| names.iter().position(|name| name == spelling)))
            .collect();
        line.clone_into(&mut self.line);
    }

    pub(super) fn separator(&self) -> u8 {
        self.separator
    }

    /// Columns in the header.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Where a wanted column stands in the row.
    pub(super) fn place(&self, column: usize) -> Option<usize> {
        self.places.get(column).copied().flatten()
    }
}

/// The cells of a line, as ranges of a text; keeps its buffer from row to row.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) ranges: Vec<Range<usize>>,
}

impl Cells {
    /// Cuts a line. The ranges are of the text that is returned: the line itself unless a cell is quoted.
    pub(super) fn cut<'t>(&mut self, line: &'t str, separator: u8) -> Cow<'t, str> {
        self.ranges.clear();
        if line.as_bytes().contains(&b'"') {
            return Cow::Owned(self.cut_quoted(line, separator));
        }
        let mut start = 0;
        for (at, byte) in line.bytes().enumerate() {
            if byte == separator {
                self.push(line, start..at);
                start = at + 1;
                if self.ranges.len() >= COLUMNS_MAX {
                    break;
                }
            }
        }
        self.push(line, start..line.len());
        Cow::Borrowed(line)
    }

    fn cut_quoted(&mut self, line: &str, separator: u8) -> String {
        let mut text = String::with_capacity(line.len());
        let mut start = 0;
        let mut quoted = false;
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '"' if quoted && letters.peek() == Some(&'"') => {
                    letters.next();
                    text.push('"');
                }
                '"' => quoted = !quoted,
                letter if !quoted && letter == char::from(separator) && self.ranges.len() < COLUMNS_MAX => {
                    let end = text.len();
                    self.push(&text, start..end);
                    start = end;
                }
                letter => text.push(letter),
            }
        }
        self.push(&text, start..text.len());
        text
    }

    /// Adds a cell without the blanks around it.
    fn push(&mut self, text: &str, range: Range<usize>) {
        let cell = &text[range.clone()];
        let start = range.start + (cell.len() - cell.trim_start().len());
        let end = start + cell.trim().len();
        self.ranges.push(start..end.max(start));
    }
}

/// What cuts the header into most cells; `;` wins a tie, being what Swedish spreadsheets write.
pub(super) fn separator_of(header: &str) -> u8 {
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    [b',', b'\t', b';'].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b';')
}

/// Lower case, å ä ö as a a o, and only letters and digits: how column names are compared.
pub(super) fn folded(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|letter| match letter {
            'å' | 'ä' => Some('a'),
            'ö' => Some('o'),
            letter => letter.is_ascii_alphanumeric().then_some(letter),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[&str]) {
        let mut cells = Cells::default();
        let text = cells.cut(line, b';');
        let found: Vec<&str> = cells.ranges.iter().map(|range| &text[range.clone()]).collect();
        assert_eq!(found, expected, "{line}");
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
    fn columns_are_found_by_any_spelling() {
        let wanted =
            [vec!["kon".to_owned()], vec!["saknas".to_owned()], vec!["annat".to_owned(), "fodelsear".to_owned()]];
        let mut header = Header::default();
        header.bind("Födelseår,Kön", &wanted);
        assert_eq!((header.separator(), header.count()), (b',', 2));
        assert_eq!([0, 1, 2].map(|column| header.place(column)), [Some(1), None, Some(0)]);
    }
}
