//! As much of a message as the connector reads: its header, to answer it, and its patient, to route it.

use std::borrow::Cow;

use hl7::Message;
use hl7::charset::Charset;
use schemas::Timestamp;

use crate::route::Router;

/// A message's text and the character set its sender uses, which the answer is written in.
pub struct Text<'a> {
    /// The text; of bytes that are not what MSH-18 says, each byte as a character, so that the header can be read.
    pub text: Cow<'a, str>,
    /// For the answer.
    pub charset: Charset,
}

/// Decodes a message, with tolerance: what the processor will refuse must still be answered.
pub fn text(message: &[u8]) -> Text<'_> {
    let by_byte = || message.iter().map(|byte| char::from(*byte)).collect::<String>();
    match hl7::decode_text(message) {
        Ok(Cow::Borrowed(text)) => Text { text: Cow::Borrowed(text), charset: Charset::Utf8 },
        Ok(Cow::Owned(text)) => Text { text: Cow::Owned(text), charset: Charset::Latin1 },
        Err(_) => Text { text: Cow::Owned(by_byte()), charset: Charset::Latin1 },
    }
}

/// A message whose header, at least, was read.
pub struct Read<'a> {
    /// The whole message, or its header only.
    pub message: Message<'a>,
    /// Whether it is the whole message.
    pub whole: bool,
}

/// Reads a message; `None` when not even its header can be read.
pub fn read(text: &str) -> Option<Read<'_>> {
    match Message::parse(text) {
        Ok(message) => Some(Read { message, whole: true }),
        Err(_) => Message::parse_header(text).ok().map(|message| Read { message, whole: false }),
    }
}

impl Read<'_> {
    /// The partition of a message's record.
    pub fn partition(read: Option<&Self>, router: &Router, payload: &[u8], received: Timestamp) -> i32 {
        match read {
            Some(read) if read.whole => router.of_message(&read.message, payload, received),
            Some(_) | None => router.of_content(payload),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_contradict_their_character_set_still_have_a_header() {
        let message = b"MSH|^~\\&|A|B|C|D|20260105||ADT^A01|7|P|2.5||||||UNICODE UTF-8\rPID|||1||\xC5ngstr\xF6m\r";
        let text = text(message);
        assert_eq!(text.charset, Charset::Latin1);
        assert_eq!(read(&text.text).map(|read| read.message.control_id().to_owned()).as_deref(), Some("7"));
    }
}
