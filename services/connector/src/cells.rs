//! Cells of delimited files: how they are told apart, compared and written. Shared by every feed that has them, so that
//! one row has one spelling whatever program saved the file.

/// How the names of delimited files end.
pub const ENDINGS: &[&str] = &["csv", "txt", "tsv"];

/// The separator that cuts the header into most cells, as `count` counts them; `;` wins a tie, being what Swedish
/// spreadsheets write.
pub fn delimiter_of(count: impl Fn(u8) -> usize) -> u8 {
    [b',', b'\t', b';'].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b';')
}

/// Lower case without accents, spaces and signs: how column names are compared.
pub fn folded(cell: &str) -> String {
    cell.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|c| match c {
            'å' | 'ä' => Some('a'),
            'ö' => Some('o'),
            c if c.is_ascii_alphanumeric() => Some(c),
            _ => None,
        })
        .collect()
}

/// ISO-8859-1, which has a letter for every byte.
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Cells joined with `;`, quoted only where they must be.
pub fn joined<S: AsRef<str>>(cells: &[S]) -> String {
    let mut out = String::new();
    for (at, cell) in cells.iter().enumerate() {
        let cell = cell.as_ref();
        if at > 0 {
            out.push(';');
        }
        if cell.contains([';', '"']) {
            out.push('"');
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(cell);
        }
    }
    out
}
