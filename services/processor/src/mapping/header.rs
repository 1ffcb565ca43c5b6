//! A payload of a header line and a row: which cell is which column.

use std::borrow::Cow;
use std::ops::Range;

/// Columns that are looked at in a header, a bound against rubbish.
const COLUMNS_MAX: usize = 1024;

/// Where the columns that a program wants stand among names.
#[derive(Debug, Default)]
struct Places {
    /// Place in the row of each wanted column.
    of: Vec<Option<usize>>,
    /// The first wanted column that rows must have and that is not there.
    lacking: Option<usize>,
}

impl Places {
    /// `names` and `wanted` are folded; `wanted` are columns, each with its other spellings.
    fn find(names: &[String], wanted: &[Vec<String>], required: impl Fn(usize) -> bool) -> Places {
        let place = |spelling: &String| names.iter().position(|name| name == spelling);
        let of: Vec<Option<usize>> = wanted.iter().map(|spellings| spellings.iter().find_map(place)).collect();
        let lacking = (0..wanted.len()).find(|column| required(*column) && of[*column].is_none());
        Places { of, lacking }
    }

    fn at(&self, column: usize) -> Option<usize> {
        self.of.get(column).copied().flatten()
    }
}

/// The header last seen, so that rows of one file find their columns by one comparison of bytes.
#[derive(Debug, Default)]
pub(super) struct Header {
    line: String,
    separator: u8,
    count: usize,
    places: Places,
}

/// The names last seen of rows that bring their names with them.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: Vec<String>,
    places: Places,
}

impl Names {
    /// Makes these the names at hand.
    pub(super) fn bind<'n>(
        &mut self,
        names: impl Iterator<Item = &'n str> + Clone,
        wanted: &[Vec<String>],
        required: impl Fn(usize) -> bool,
    ) {
        if !self.names.is_empty() && self.names.iter().map(String::as_str).eq(names.clone()) {
            return;
        }
        let folded: Vec<String> = names.clone().map(folded).collect();
        self.places = Places::find(&folded, wanted, required);
        self.names = names.map(str::to_owned).collect();
    }

    /// The first required column that is not there.
    pub(super) fn lacking(&self) -> Option<usize> {
        self.places.lacking
    }

    /// Where a wanted column stands among the names.
    pub(super) fn place(&self, column: usize) -> Option<usize> {
        self.places.at(column)
    }
}

impl Header {
    /// Makes this the header at hand. `wanted` are folded column names, each with its other spellings.
    pub(super) fn bind(&mut self, line: &str, wanted: &[Vec<String>], required: impl Fn(usize) -> bool) {
        if self.line == line {
            return;
        }
        self.separator = separator_of(line);
        let mut cells = Cells::default();
        let unquoted = cells.cut(line, self.separator);
        let names: Vec<String> = cells.ranges.iter().map(|range| folded(&unquoted[range.clone()])).collect();
        self.count = names.len();
        self.places = Places::find(&names, wanted, required);
        line.clone_into(&mut self.line);
    }

    pub(super) fn separator(&self) -> u8 {
        self.separator
    }

    /// The first required column that is not there.
    pub(super) fn lacking(&self) -> Option<usize> {
        self.places.lacking
    }

    /// Columns in the header.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Where a wanted column stands in the row.
    pub(super) fn place(&self, column: usize) -> Option<usize> {
        self.places.at(column)
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
        if memchr::memchr(b'"', line.as_bytes()).is_some() {
            return Cow::Owned(self.cut_quoted(line, separator));
        }
        let mut start = 0;
        for at in memchr::memchr_iter(separator, line.as_bytes()).take(COLUMNS_MAX) {
            self.push(line, start..at);
            start = at + 1;
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

/// The connector writes `;`, so a header that has one is cut there, whatever else stands in its names.
fn separator_of(header: &str) -> u8 {
    [b';', b'\t', b','].into_iter().find(|separator| header.as_bytes().contains(separator)).unwrap_or(b';')
}

/// Lower case, å ä ö as a a o, and only letters and digits: how column names are compared.
pub(crate) fn folded(text: &str) -> String {
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
        header.bind("Födelseår,Kön", &wanted, |column| column == 1);
        assert_eq!(header.lacking(), Some(1));
        assert_eq!((header.separator(), header.count()), (b',', 2));
        assert_eq!([0, 1, 2].map(|column| header.place(column)), [Some(1), None, Some(0)]);
    }
}
