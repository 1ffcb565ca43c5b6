//! A payload of a header line and a row: which cell is which column.

use delimited::line::Cells;
use delimited::name::folded;
use delimited::separator;

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
        self.separator = separator::of_header(line);
        let mut cells = Cells::default();
        let unquoted = cells.cut(line, self.separator);
        let names: Vec<String> = cells.iter(&unquoted).map(folded).collect();
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

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Where a wanted column stands in the row.
    pub(super) fn place(&self, column: usize) -> Option<usize> {
        self.places.at(column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
