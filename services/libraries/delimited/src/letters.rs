//! How the bytes of a table are letters.

use std::borrow::Cow;

/// The byte order mark of UTF-8.
pub const MARK: &[u8] = b"\xEF\xBB\xBF";

/// An encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// UTF-8.
    Utf8,
    /// ISO-8859-1.
    Latin1,
}

impl Letters {
    /// UTF-8 where the bytes are that, else ISO-8859-1.
    pub fn of(bytes: &[u8]) -> Self {
        if str::from_utf8(bytes).is_ok() { Self::Utf8 } else { Self::Latin1 }
    }

    /// The text of a cell, without the blanks around it; a line end in it becomes a blank, as a payload has two lines.
    pub fn cell(self, bytes: &[u8]) -> Cow<'_, str> {
        let text = match self {
            Self::Latin1 if !bytes.is_ascii() => Cow::Owned(latin1(bytes)),
            Self::Latin1 | Self::Utf8 => String::from_utf8_lossy(bytes),
        };
        match text {
            text if text.trim().contains(['\r', '\n']) => {
                Cow::Owned(text.trim().replace("\r\n", " ").replace(['\r', '\n'], " "))
            }
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        }
    }
}

/// A text, without the byte order mark of UTF-8: UTF-8 where all of it is that, else ISO-8859-1, which never fails.
pub fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(latin1(bytes)),
    }
}

/// ISO-8859-1, which has a letter for every byte.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_utf_8_or_iso_8859_1() {
        assert_eq!(decoded("\u{FEFF}Ögon".as_bytes()), "Ögon");
        assert_eq!(decoded(b"\xD6gon"), "Ögon");
        assert_eq!(decoded(b"\xC3\xB6 \xF6"), "Ã¶ ö", "one byte that is not UTF-8 says it of all");
    }

    #[test]
    fn a_cell_is_one_line_without_blanks_around_it() {
        assert_eq!(Letters::Utf8.cell(" två\r\nrader\r ".as_bytes()), "två rader");
        assert_eq!(Letters::of(b"\xE5\t").cell(b"\xE5\t"), "å");
        assert_eq!(Letters::Latin1.cell(b"a\n\nb"), "a  b");
    }
}
