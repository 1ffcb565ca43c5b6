//! One value as JSON: from PostgreSQL's text to a JSON number, truth value or string, by the type of its column.
//!
//! A number keeps every digit it has. Times are ISO 8601 text, an instant in UTC with `Z`. Bytes are base64. What JSON
//! cannot say as a number (NaN, infinity) and every other type is the text that PostgreSQL writes.

use ::debezium::object::string;
use ::debezium::unavailable::UNAVAILABLE;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use replication::pgoutput::Cell;

const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const OID: u32 = 26;
const FLOAT4: u32 = 700;
const FLOAT8: u32 = 701;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const NUMERIC: u32 = 1700;

/// Appends a value of a column of this type.
pub(super) fn write(out: &mut Vec<u8>, kind: u32, cell: &Cell) {
    let bytes = match cell {
        Cell::Null => return out.extend_from_slice(b"null"),
        Cell::Unchanged => return string(out, UNAVAILABLE),
        Cell::Text(bytes) => bytes,
    };
    // The connection's character set is UTF-8, so nothing is replaced here.
    let text = String::from_utf8_lossy(bytes);
    match kind {
        BOOL => out.extend_from_slice(if text == "t" { b"true" } else { b"false" }),
        INT2 | INT4 | INT8 | OID | FLOAT4 | FLOAT8 | NUMERIC if is_number(&text) => out.extend_from_slice(bytes),
        TIMESTAMP | TIMESTAMPTZ => string(out, &iso(&text)),
        BYTEA => match text.strip_prefix("\\x").map(|hex| HEXLOWER_PERMISSIVE.decode(hex.as_bytes())) {
            Some(Ok(decoded)) => string(out, &BASE64.encode(&decoded)),
            _ => string(out, &text),
        },
        _ => string(out, &text),
    }
}

/// PostgreSQL's numbers are JSON's, except for words such as NaN.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

/// `2026-01-05 08:00:00+00` as `2026-01-05T08:00:00Z`; what has no such form (infinity, before our era) stays as it is.
fn iso(text: &str) -> String {
    let written = text.replacen(' ', "T", 1);
    if text.ends_with("BC") || !text.starts_with(|letter: char| letter.is_ascii_digit()) {
        return text.to_owned();
    }
    match written.strip_suffix("+00") {
        Some(instant) => format!("{instant}Z"),
        None => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_form() {
        let cases = [
            (BOOL, "t", "true"),
            (INT8, "-9223372036854775808", "-9223372036854775808"),
            (NUMERIC, "12345678901234567890.1234500", "12345678901234567890.1234500"),
            (NUMERIC, "NaN", "\"NaN\""),
            (FLOAT8, "1e-05", "1e-05"),
            (FLOAT8, "-Infinity", "\"-Infinity\""),
            (TIMESTAMP, "2026-01-05 08:00:00.25", "\"2026-01-05T08:00:00.25\""),
            (TIMESTAMPTZ, "2026-01-05 08:00:00+00", "\"2026-01-05T08:00:00Z\""),
            (TIMESTAMPTZ, "infinity", "\"infinity\""),
            (TIMESTAMP, "0044-03-15 00:00:00 BC", "\"0044-03-15 00:00:00 BC\""),
            (1082, "2026-01-05", "\"2026-01-05\""),
            (BYTEA, "\\x00ff", "\"AP8=\""),
            (25, "\u{e5}\"\n", "\"\u{e5}\\\"\\n\""),
            (3802, "{\"a\": 1}", "\"{\\\"a\\\": 1}\""),
        ];
        for (kind, text, expected) in cases {
            let mut out = Vec::new();
            write(&mut out, kind, &Cell::Text(text.to_owned().into()));
            assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
        }
    }
}
