//! The payload of a row: a line of column names, LF, a line of cells, both with `;`.

/// The header line and the row of a payload; `None` unless there is one of each. Line ends and a byte order mark around
/// them are no part of them.
pub fn lines(payload: &str) -> Option<(&str, &str)> {
    let text = payload.trim_start_matches(['\r', '\n', '\u{feff}']);
    let end = memchr::memchr2(b'\r', b'\n', text.as_bytes())?;
    let row = text[end..].trim_matches(['\r', '\n']);
    let is_one = memchr::memchr2(b'\r', b'\n', row.as_bytes()).is_none();
    (end > 0 && !row.is_empty() && is_one).then(|| (&text[..end], row))
}

/// Cells joined with `;`, quoted only where they must be. A cell has no line ends.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_two_lines() {
        for payload in ["a;b\n1;2", "a;b\r\n1;2\r\n", "\u{feff}a;b\r1;2", "\n\na;b\n\n1;2\n\n"] {
            assert_eq!(lines(payload), Some(("a;b", "1;2")), "{payload:?}");
        }
        for payload in ["", "\n\n", "a;b", "a;b\n", "a;b\n1;2\n3;4"] {
            assert_eq!(lines(payload), None, "{payload:?}");
        }
    }

    #[test]
    fn cells_are_quoted_only_where_they_must_be() {
        assert_eq!(joined(&["a", "b;c", "say \"no\"", "d, e", ""]), "a;\"b;c\";\"say \"\"no\"\"\";d, e;");
    }
}
