//! As much of a message as the connector reads: its header, to answer it, and its patient, to route it.

use std::borrow::Cow;

use hl7::charset::{self, Charset};
use hl7::{Error, Message};
use schemas::Timestamp;

use crate::route::Router;

/// A message's header and the character set that gives its bytes back, which the answer is written in.
pub(crate) struct Header<'a> {
    /// The text; where the bytes are not UTF-8, each byte as a character.
    pub text: Cow<'a, str>,
    pub charset: Charset,
}

/// The header of a message, as far as it is to be echoed: what the sender's own id is in bytes must come back as those.
pub(crate) fn header(message: &[u8]) -> Header<'_> {
    match std::str::from_utf8(message) {
        Ok(text) => Header { text: Cow::Borrowed(text), charset: Charset::Utf8 },
        Err(_) => Header { text: Cow::Owned(charset::latin1(message)), charset: Charset::Latin1 },
    }
}

/// A message whose header, at least, was read.
pub(crate) struct Read<'a> {
    /// The whole message, or its header only.
    pub message: Message<'a>,
    /// Why it is its header only: the processor will park it.
    pub flaw: Option<Error>,
}

/// Reads a message; an error when not even its header can be read.
pub(crate) fn read(text: &str) -> Result<Read<'_>, Error> {
    match Message::parse(text) {
        Ok(message) => Ok(Read { message, flaw: None }),
        Err(error) => Message::parse_header(text).map(|message| Read { message, flaw: Some(error) }).map_err(|_| error),
    }
}

impl Read<'_> {
    /// The partition of a message's record.
    pub(crate) fn partition(read: Option<&Self>, router: &Router, payload: &[u8], received: Timestamp) -> i32 {
        match read {
            Some(read) if read.flaw.is_none() => router.of_message(&read.message, payload, received),
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
        let text = hl7::decode_text(message).text;
        assert_eq!(read(&text).map(|read| read.message.control_id().to_owned()), Ok("7".to_owned()));
        assert_eq!(header(message).charset, Charset::Latin1);
    }

    #[test]
    fn what_the_processor_will_park_is_flawed() {
        let flaw = |text: &str| read(text).map(|read| read.flaw);
        assert_eq!(flaw("MSH|^~\\&|A\rPID|1\r"), Ok(None));
        assert_eq!(flaw("MSH|^~\\&|A\rMSH|^~\\&|B\r"), Ok(Some(Error::SecondHeader { segment: 2 })));
        assert_eq!(flaw("PID|1\r"), Err(Error::HeaderMissing));
        assert_eq!(flaw("MSH|abc|A\r"), Err(Error::SeparatorsUnusable));
    }
}
