//! A large value that did not change and that the database's log does not hold (PostgreSQL's TOAST).

/// What stands for it; Debezium's own word, where nothing else is configured.
pub const UNAVAILABLE: &str = "__debezium_unavailable_value";

/// The same of a column of bytes: base 64 of the word.
pub const UNAVAILABLE_BYTES: &str = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==";

/// Whether a value, as it stands in JSON, is not told: as a text, as bytes, or in a list.
pub fn is_unavailable(json: &str) -> bool {
    let unquoted = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(json);
    is_unavailable_text(unquoted) || is_unavailable_list(json)
}

/// Whether a text, or the base 64 of bytes, is not told.
pub fn is_unavailable_text(text: &str) -> bool {
    text == UNAVAILABLE || text == UNAVAILABLE_BYTES
}

/// Whether a value, as it stands in JSON, is a list that is not told.
pub fn is_unavailable_list(json: &str) -> bool {
    json.starts_with('[') && json.contains(UNAVAILABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_sent_is_known_in_every_type() {
        assert_eq!(data_encoding::BASE64.encode(UNAVAILABLE.as_bytes()), UNAVAILABLE_BYTES);
        for value in [format!("\"{UNAVAILABLE}\""), format!("\"{UNAVAILABLE_BYTES}\""), format!("[\"{UNAVAILABLE}\"]")]
        {
            assert!(is_unavailable(&value), "{value}");
        }
        assert!(!is_unavailable("\"x\"") && !is_unavailable("7") && !is_unavailable("[]"));
    }
}
