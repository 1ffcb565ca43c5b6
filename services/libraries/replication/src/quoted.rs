//! Names and texts in a statement.

/// A name for SQL.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text for SQL.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_cannot_end_their_quotes() {
        assert_eq!((identifier("a\"b"), literal("a'b")), ("\"a\"\"b\"".to_owned(), "'a''b'".to_owned()));
    }
}
