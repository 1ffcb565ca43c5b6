//! From bytes to text, by MSH-18.

use std::borrow::Cow;

use crate::message::header_start;

/// The bytes are not text in the character set that the message declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// MSH-18 says UTF-8 and the bytes are not.
    #[error("MSH-18 declares UTF-8 but byte {at} is not: send 8859/1 in MSH-18 if that is what the system writes")]
    NotUtf8 {
        /// Position of the first wrong byte.
        at: usize,
    },
    /// MSH-18 names a character set this platform does not read, and bytes beyond ASCII occur.
    #[error("MSH-18 names a character set that is not read here: send UNICODE UTF-8 or 8859/1")]
    Unknown,
}

impl Error {
    /// The rule's code, a closed set that is safe as a metric label and in a parked record.
    pub const fn code(&self) -> &'static str {
        match self {
            Error::NotUtf8 { .. } => "charset-contradicted",
            Error::Unknown => "charset-unknown",
        }
    }
}

/// A character set as MSH-18 declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Nothing declared, or ASCII: UTF-8 if the bytes are, else ISO-8859-1.
    Undeclared,
    /// `UNICODE UTF-8`.
    Utf8,
    /// `8859/1`.
    Latin1,
    /// Any other.
    Unknown,
}

impl Charset {
    /// Reads MSH-18 of a message's bytes.
    pub fn declared(message: &[u8]) -> Charset {
        let Some(start) = header_start(message) else { return Charset::Undeclared };
        let header = &message[start..];
        let end = memchr::memchr2(b'\r', b'\n', header).unwrap_or(header.len());
        let Some(&separator) = header[..end].get(3) else { return Charset::Undeclared };
        let field = header[..end].split(|&byte| byte == separator).nth(17).unwrap_or(&[]);
        // The first repetition is the default set; later ones need escape sequences that ADT does not use.
        let first = field.split(|&byte| byte == b'~').next().unwrap_or(&[]);
        Charset::named(first)
    }

    fn named(name: &[u8]) -> Charset {
        let mut plain = [0_u8; 16];
        let mut length = 0;
        for byte in name.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
            let Some(slot) = plain.get_mut(length) else { return Charset::Unknown };
            *slot = byte.to_ascii_uppercase();
            length += 1;
        }
        match &plain[..length] {
            b"" | b"ASCII" | b"USASCII" | b"ISOIR6" => Charset::Undeclared,
            b"UNICODEUTF8" | b"UTF8" | b"UNICODE" => Charset::Utf8,
            b"88591" | b"ISO88591" | b"LATIN1" | b"ISOIR100" => Charset::Latin1,
            _ => Charset::Unknown,
        }
    }
}

/// The text of a message's bytes. Borrows whenever the bytes are UTF-8, so nearly always; bytes in ISO-8859-1 are copied
/// only when letters beyond ASCII occur.
pub fn decode_text(message: &[u8]) -> Result<Cow<'_, str>, Error> {
    let valid = std::str::from_utf8(message);
    match (valid, Charset::declared(message)) {
        (Ok(text), Charset::Utf8 | Charset::Undeclared) => Ok(Cow::Borrowed(text)),
        (Ok(text), _) if text.is_ascii() => Ok(Cow::Borrowed(text)),
        (Err(wrong), Charset::Utf8) => Err(Error::NotUtf8 { at: wrong.valid_up_to() }),
        (_, Charset::Unknown) => Err(Error::Unknown),
        (_, Charset::Latin1) | (Err(_), Charset::Undeclared) => Ok(Cow::Owned(latin1(message))),
    }
}

/// ISO-8859-1: each byte is the character of that number.
fn latin1(bytes: &[u8]) -> String {
    let beyond_ascii = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let mut text = String::with_capacity(bytes.len() + beyond_ascii);
    text.extend(bytes.iter().map(|&byte| byte as char));
    text
}

/// Text as bytes of a declared character set; what ISO-8859-1 lacks becomes `?`.
pub fn encode_text(text: &str, charset: Charset, out: &mut Vec<u8>) {
    match charset {
        Charset::Latin1 => out.extend(text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?'))),
        Charset::Undeclared | Charset::Utf8 | Charset::Unknown => out.extend_from_slice(text.as_bytes()),
    }
}
