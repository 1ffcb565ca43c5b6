//! One capacity file's bytes to rows, without reading what the rows mean.
//!
//! In: the bytes of a delimited file as spreadsheets write them. Out: one payload per row, always UTF-8, always `;`,
//! column names in their one spelling, so that the same row gives the same bytes whatever program saved the file.
//! A row is never judged here: one with missing cells is passed on as it is and the processor says what is wrong
//! with it. Only a file without a header row has no rows; it becomes [`Table::Headless`].
//!
//! Rows are cut at line ends before quotes are looked at, so a forgotten quote spoils its own row and no other.

use std::borrow::Cow;

use delimited::letters::decoded;
use delimited::line::Cells;
use delimited::name::folded;
use delimited::payload::joined;
use delimited::separator;

/// A row of a capacity file, ready to be a payload.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Line in the file, the first being 1.
    pub line: u64,
    /// The unit's cell; empty when the row has none. Rows of one unit stay in order.
    pub unit: String,
    /// Header line, LF, the row.
    pub payload: Vec<u8>,
}

/// What a capacity file holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Table {
    /// A header and its rows.
    Rows(Vec<Row>),
    /// No header row was recognised: the whole file is one record that the processor parks.
    Headless(Row),
    /// Nothing but blank lines.
    Empty,
}

/// Longest part of a first line that is passed on when it is no header.
const HEADLESS_BYTES_MAX: usize = 1024;

/// A column this feed knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Unit,
    ValidFrom,
    Faststallda,
    Disponibla,
    Stangda,
    Reason,
}

impl Column {
    /// The one spelling used in payloads.
    fn name(self) -> &'static str {
        match self {
            Self::Unit => "enhet",
            Self::ValidFrom => "giltig_fran",
            Self::Faststallda => "faststallda",
            Self::Disponibla => "disponibla",
            Self::Stangda => "stangda",
            Self::Reason => "skal",
        }
    }

    /// Recognises the spellings met in the field: any case, with or without å ä ö, spaces, `_`, `-` or full stops.
    fn of_header(cell: &str) -> Option<Self> {
        Some(match folded(cell).as_str() {
            "enhet" | "enheter" | "enhetskod" | "enhetsid" | "enhethsaid" | "hsaid" | "vardenhet" | "avdelning"
            | "unit" => Self::Unit,
            "giltigfran" | "giltigfranochmed" | "giltigfom" | "giltig" | "gallerfran" | "fran" | "fom"
            | "validfrom" => Self::ValidFrom,
            "faststallda" | "faststalldavardplatser" | "faststalldaplatser" | "antalfaststallda" => Self::Faststallda,
            "disponibla" | "disponiblavardplatser" | "disponiblaplatser" | "antaldisponibla" => Self::Disponibla,
            "stangda" | "stangdavardplatser" | "stangdaplatser" | "antalstangda" => Self::Stangda,
            "skal" | "orsak" | "anledning" | "skaltillstangning" | "stangningsorsak" | "stangdaskal" | "reason" => {
                Self::Reason
            }
            _ => return None,
        })
    }
}

/// Reads a file. The same bytes always give the same rows.
pub fn read(file: &[u8]) -> Table {
    let text = text(file);
    // Spreadsheets may write their separator on a line of its own before the header.
    let (mut lines, mut told) = (lines(&text), None);
    let (header_line, header) = loop {
        let Some((number, line)) = lines.next() else { return Table::Empty };
        match separator::told(line.as_bytes()) {
            Some(separator) => told = told.or(separator),
            None => break (number, line),
        }
    };
    let separator = told.unwrap_or_else(|| separator::of_header(header));
    let mut cut = Cells::default();
    let mut cells = |line: &str| -> Vec<String> {
        let text = cut.cut(line, separator);
        cut.iter(&text).map(str::to_owned).collect()
    };
    let columns = cells(header);
    let known: Vec<Option<Column>> = columns.iter().map(|cell| Column::of_header(cell)).collect();
    let unit_at = known.iter().position(|column| *column == Some(Column::Unit));
    let known_count = known.iter().flatten().count();
    let (Some(unit_at), true) = (unit_at, known_count >= 2) else {
        return Table::Headless(Row {
            line: header_line,
            unit: String::new(),
            payload: prefix(header, HEADLESS_BYTES_MAX).as_bytes().to_vec(),
        });
    };

    let names: Vec<&str> =
        columns.iter().zip(&known).map(|(cell, column)| column.map_or(cell.as_str(), |column| column.name())).collect();
    let header = joined(&names);
    let rows = lines
        .map(|(line, text)| {
            let mut cells = cells(text);
            // A separator at the end of a line is no further cell.
            while cells.len() > columns.len() && cells.last().is_some_and(String::is_empty) {
                cells.pop();
            }
            Row {
                line,
                unit: cells.get(unit_at).cloned().unwrap_or_default(),
                payload: format!("{header}\n{}", joined(&cells)).into_bytes(),
            }
        })
        .collect();
    Table::Rows(rows)
}

/// UTF-16 by its byte order mark, else UTF-8 or ISO-8859-1.
fn text(file: &[u8]) -> Cow<'_, str> {
    if let Some(rest) = file.strip_prefix(b"\xFF\xFE") {
        return Cow::Owned(utf16(rest, u16::from_le_bytes));
    }
    if let Some(rest) = file.strip_prefix(b"\xFE\xFF") {
        return Cow::Owned(utf16(rest, u16::from_be_bytes));
    }
    decoded(file)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Lines with something in them, by LF, CRLF or CR, numbered as an editor shows them.
fn lines(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let mut rest = text;
    let mut number = 0;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
            let line = &rest[..end];
            rest = match &rest[end..] {
                after if after.starts_with("\r\n") => &after[2..],
                "" => "",
                after => &after[1..],
            };
            number += 1;
            if !line.trim_matches([' ', '\t', ';', ',', '"']).is_empty() {
                return Some((number, line));
            }
        }
        None
    })
}

fn prefix(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Data in, rows out as `line unit|payload`.
    fn check(file: &[u8], expected: &[&str]) {
        let Table::Rows(rows) = read(file) else {
            panic!("the file has a header");
        };
        let rows: Vec<String> = rows
            .iter()
            .map(|row| format!("{} {}|{}", row.line, row.unit, String::from_utf8_lossy(&row.payload)))
            .collect();
        assert_eq!(rows, expected);
    }

    const HEADER: &str = "enhet;giltig_fran;faststallda;disponibla;stangda;skal";

    #[test]
    fn three_delimiters_three_encodings_and_a_byte_order_mark_give_the_same_bytes() {
        let expected = format!("2 51A|{HEADER}\n51A;2026-01-05;20;18;2;hygien på å");
        let semicolon =
            "Enhet;Giltig från;Fastställda;Disponibla;Stängda;Skäl\r\n51A;2026-01-05;20;18;2;hygien på å\r\n";
        let comma = semicolon.replace(';', ",");
        let tab = semicolon.replace(';', "\t");
        let latin1: Vec<u8> = semicolon.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect();
        let mut utf16 = vec![0xFF, 0xFE];
        utf16.extend(tab.encode_utf16().flat_map(u16::to_le_bytes));
        for file in [
            semicolon.as_bytes().to_vec(),
            comma.into_bytes(),
            tab.into_bytes(),
            latin1,
            [b"\xEF\xBB\xBF", semicolon.as_bytes()].concat(),
            utf16,
        ] {
            check(&file, &[&expected]);
        }
    }

    #[test]
    fn header_names_are_met_with_tolerance_and_keep_their_order() {
        check(b"DISPONIBLA V\xC3\x85RDPLATSER;v\xC3\xA5rdenhet;annat\n7;A;x\n", &["2 A|disponibla;enhet;annat\n7;A;x"]);
    }

    #[test]
    fn quotes_are_read_and_a_forgotten_one_spoils_only_its_row() {
        check(
            b"enhet;skal\n\"A;1\";\"sade \"\"nej\"\"\"\n\"B;brist\nC;rum\n",
            &[
                "2 A;1|enhet;skal\n\"A;1\";\"sade \"\"nej\"\"\"",
                "3 B;brist|enhet;skal\n\"B;brist\"",
                "4 C|enhet;skal\nC;rum",
            ],
        );
    }

    #[test]
    fn blank_lines_are_skipped_and_counted_and_short_rows_kept() {
        check(
            b"\nsep=;\nenhet;disponibla\r\n\r\n;;;\r\nA;1;;\rB\n",
            &["6 A|enhet;disponibla\nA;1", "7 B|enhet;disponibla\nB"],
        );
    }

    #[test]
    fn a_file_without_header_is_one_record() {
        let Table::Headless(row) = read(b"51A;2026-01-05;20;18;2;\n51B;2026-01-05;20;18;2;\n") else {
            panic!("no header");
        };
        assert_eq!((row.line, row.payload.as_slice()), (1, b"51A;2026-01-05;20;18;2;".as_slice()));
        assert!(matches!(read(b" \r\n\n"), Table::Empty));
        assert!(matches!(read(b""), Table::Empty));
    }
}
