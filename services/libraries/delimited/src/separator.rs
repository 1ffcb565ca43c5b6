//! What separates a table's cells: one rule for every reader.
//!
//! A line `sep=X` before the header decides, as spreadsheets mean it. Else the first of `;`, tab and `,` that cuts the
//! header into two or more cells outside quotation marks does; with one that cuts through a quotation, or leaves something
//! behind the end of one, the header is not cut.
//!
//! Refused: taking what cuts the header into most cells. Our own payloads have `;`, and a name such as `Code (system, date,
//! side)` would outvote it; worse, the decimal commas of Swedish rows can make up the cells that such a header then asks
//! for, and the row is misread without a word. The other way round, a `;` in an unquoted name of a table with commas leaves
//! its rows with too few cells, which is told.

use crate::line::Cells;

/// The separator of payloads, and of a header of one cell: what Swedish spreadsheets write.
pub const USUAL: u8 = b';';

/// In the order in which they are tried.
const TRIED: [u8; 3] = [USUAL, b'\t', b','];

/// What separates the cells of a header line and of the rows under it.
pub fn of_header(header: &str) -> u8 {
    let mut cells = Cells::default();
    first(|separator| {
        cells.cut(header, separator);
        if cells.are_clean() { cells.count() } else { 0 }
    })
}

/// The first that cuts the header into two or more cells, as `count` counts them.
pub(crate) fn first(mut count: impl FnMut(u8) -> usize) -> u8 {
    TRIED.into_iter().find(|separator| count(*separator) > 1).unwrap_or(USUAL)
}

/// What a line `sep=X` says; `None` for any other line. `Some(None)`: it names nothing that can separate, and the header
/// decides.
pub fn told(line: &[u8]) -> Option<Option<u8>> {
    let (word, rest) = line.trim_ascii_start().split_at_checked(4)?;
    let can_separate = |byte: &u8| *byte == b'\t' || (byte.is_ascii_punctuation() && *byte != b'"');
    word.eq_ignore_ascii_case(b"sep=").then(|| rest.first().copied().filter(can_separate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_cuts_the_header_separates() {
        for (header, expected) in [
            ("a;b,c", b';'),
            ("a\tb,c", b'\t'),
            ("a,b", b','),
            ("a;b", b';'),
            ("Enhet;Diagnos (kod, text, datum)", b';'),
            ("a,b;c,d", b';'),
            ("\"a;x\",\"b\"", b','),
            ("\"a\tx\",\"b;y\"", b','),
            ("\"a\" ,b", b','),
            ("a,x\";\"y,b", b','),
            ("a,\"b;c\",d", b','),
            ("a\t\"b;c\"\td", b'\t'),
            ("5\";b", b';'),
            ("5\";b,c", b';'),
            ("alone", b';'),
            ("\"a;b", b';'),
            ("", b';'),
        ] {
            assert_eq!(char::from(of_header(header)), char::from(expected), "{header:?}");
        }
    }

    #[test]
    fn a_line_of_its_own_tells_it() {
        for (line, expected) in [
            ("sep=;", Some(Some(b';'))),
            (" SEP=,,,", Some(Some(b','))),
            ("sep=\t", Some(Some(b'\t'))),
            ("Sep=|", Some(Some(b'|'))),
            ("sep=", Some(None)),
            ("sep=x", Some(None)),
            ("sep=\"", Some(None)),
            ("se", None),
            ("separator;b", None),
        ] {
            assert_eq!(told(line.as_bytes()), expected, "{line:?}");
        }
    }
}
