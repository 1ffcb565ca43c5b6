//! The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02), which is what OpenSSH speaks: a length, a kind, a
//! number that the answer repeats, and fields.
//!
//! Names are bytes: a server may hold names in ISO-8859-1, and handles are bytes that mean something to the server
//! only.

use crate::metadata::Metadata;

/// The version that we speak.
pub(crate) const VERSION: u32 = 3;
/// The longest answer that is accepted: OpenSSH's own bound.
pub(crate) const PACKET_BYTES_MAX: usize = 256 << 10;

pub(crate) const INIT: u8 = 1;
pub(crate) const OPEN: u8 = 3;
pub(crate) const CLOSE: u8 = 4;
pub(crate) const READ: u8 = 5;
pub(crate) const WRITE: u8 = 6;
pub(crate) const OPENDIR: u8 = 11;
pub(crate) const READDIR: u8 = 12;
pub(crate) const REMOVE: u8 = 13;
pub(crate) const MKDIR: u8 = 14;
pub(crate) const RMDIR: u8 = 15;
pub(crate) const STAT: u8 = 17;
pub(crate) const RENAME: u8 = 18;
pub(crate) const EXTENDED: u8 = 200;

const ANSWER_VERSION: u8 = 2;
const ANSWER_STATUS: u8 = 101;
const ANSWER_HANDLE: u8 = 102;
const ANSWER_DATA: u8 = 103;
const ANSWER_NAME: u8 = 104;
const ANSWER_ATTRIBUTES: u8 = 105;

/// The status of what was carried out.
pub(crate) const STATUS_OK: u32 = 0;
/// The status after the last byte or name.
pub(crate) const STATUS_END: u32 = 1;

/// `open` for reading.
pub(crate) const OPEN_READ: u32 = 1;
/// `open` for writing, made, and emptied if it was there.
pub(crate) const OPEN_NEW: u32 = 2 | 8 | 16;

const HAS_SIZE: u32 = 1;
const HAS_OWNER: u32 = 2;
const HAS_PERMISSIONS: u32 = 4;
const HAS_TIMES: u32 = 8;
const HAS_EXTENDED: u32 = 1 << 31;

/// A request that is being written.
pub(crate) struct Request(Vec<u8>);

impl Request {
    /// A request of this kind. `INIT` has the version in the place of a number.
    pub(crate) fn new(kind: u8, number: u32) -> Self {
        let mut bytes = vec![0, 0, 0, 0, kind];
        bytes.extend(number.to_be_bytes());
        Self(bytes)
    }

    pub(crate) fn number(mut self, number: u32) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(crate) fn long(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(crate) fn text(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.0.extend((bytes.len() as u32).to_be_bytes());
        self.0.extend(bytes);
        self
    }

    /// No attributes: the server's own defaults.
    pub(crate) fn no_attributes(self) -> Self {
        self.number(0)
    }

    /// With its length in front.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let length = (self.0.len() - 4) as u32;
        self.0[..4].copy_from_slice(&length.to_be_bytes());
        self.0
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The version that it speaks, and its extensions by name.
    Version {
        version: u32,
        extensions: Vec<Vec<u8>>,
    },
    /// Done, or why not.
    Status(u32),
    /// An open file or folder.
    Handle(Vec<u8>),
    /// Bytes of a file.
    Data(Vec<u8>),
    Names(Vec<(Vec<u8>, Metadata)>),
    Attributes(Metadata),
}

/// Reads a packet without its length: the request's number and the answer. `None`: not an answer that we know.
pub(crate) fn answer(packet: &[u8]) -> Option<(u32, Answer)> {
    let mut fields = Fields(packet);
    let kind = fields.byte()?;
    if kind == ANSWER_VERSION {
        let version = fields.number()?;
        let mut extensions = Vec::new();
        while !fields.0.is_empty() {
            extensions.push(fields.text()?.to_vec());
            fields.text()?;
        }
        return Some((0, Answer::Version { version, extensions }));
    }
    let number = fields.number()?;
    let answer = match kind {
        // A text for people follows, which we do not show: it may name a file.
        ANSWER_STATUS => Answer::Status(fields.number()?),
        ANSWER_HANDLE => Answer::Handle(fields.text()?.to_vec()),
        ANSWER_DATA => Answer::Data(fields.text()?.to_vec()),
        ANSWER_NAME => {
            let count = fields.number()?;
            let mut names = Vec::new();
            for _ in 0..count {
                let name = fields.text()?.to_vec();
                // The line that `ls -l` would print.
                fields.text()?;
                names.push((name, fields.attributes()?));
            }
            Answer::Names(names)
        }
        ANSWER_ATTRIBUTES => Answer::Attributes(fields.attributes()?),
        _ => return None,
    };
    Some((number, answer))
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    fn long(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_be_bytes)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let bytes = self.number()?;
        self.take(bytes as usize)
    }

    fn attributes(&mut self) -> Option<Metadata> {
        let has = self.number()?;
        let mut found = Metadata { size: None, modified: None, kind: None };
        if has & HAS_SIZE != 0 {
            found.size = Some(self.long()?);
        }
        if has & HAS_OWNER != 0 {
            self.long()?;
        }
        if has & HAS_PERMISSIONS != 0 {
            found.kind = Some(self.number()? & 0o170_000);
        }
        if has & HAS_TIMES != 0 {
            self.number()?;
            found.modified = Some(self.number()?);
        }
        if has & HAS_EXTENDED != 0 {
            for _ in 0..self.number()? {
                self.text()?;
                self.text()?;
            }
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_its_length_in_front() {
        let bytes = Request::new(OPEN, 7).text("/a").number(OPEN_READ).no_attributes().finish();
        assert_eq!(bytes, [0, 0, 0, 19, 3, 0, 0, 0, 7, 0, 0, 0, 2, b'/', b'a', 0, 0, 0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn names_are_read_whatever_their_letters_and_attributes() {
        let mut packet = vec![ANSWER_NAME, 0, 0, 0, 9, 0, 0, 0, 2];
        packet.extend([0, 0, 0, 3, b'k', 0xF6, b'.', 0, 0, 0, 1, b'-']);
        packet.extend([0x80, 0, 0, 0x0F, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0x81, 0xA4]);
        packet.extend([0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 1, b'x', 0, 0, 0, 0]);
        packet.extend([0, 0, 0, 1, b'b', 0, 0, 0, 0, 0, 0, 0, 0]);
        let file = Metadata { size: Some(5), modified: Some(4), kind: Some(0o100_000) };
        let unknown = Metadata { size: None, modified: None, kind: None };
        let names = vec![(vec![b'k', 0xF6, b'.'], file), (b"b".to_vec(), unknown)];
        assert_eq!(answer(&packet), Some((9, Answer::Names(names))));
        for end in 0..packet.len() {
            assert_eq!(answer(&packet[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn a_status_and_a_version_are_read() {
        assert_eq!(answer(&[101, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0]), Some((1, Answer::Status(2))));
        let version = [2, 0, 0, 0, 3, 0, 0, 0, 1, b'a', 0, 0, 0, 1, b'1'];
        assert_eq!(answer(&version), Some((0, Answer::Version { version: 3, extensions: vec![b"a".to_vec()] })));
        assert_eq!(answer(&[250, 0, 0, 0, 1]), None);
    }
}
