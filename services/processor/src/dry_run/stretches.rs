//! A file or a pipe cut into stretches of whole messages, so that memory is bounded by the longest message and not by the
//! file. What the stretch holds is for `hl7::batch` to say.

use std::io::{self, Read};

/// Bytes read at a time.
const READ_BYTES: usize = 256 * 1024;

/// A stretch without any further header is given out when it is this long: the decoder refuses it as too long.
const STRETCH_BYTES_MAX: usize = 4 * hl7::MESSAGE_BYTES_MAX;

/// Cuts a reader before lines that begin with `MSH`.
pub struct Stretches<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that were given out by the last call.
    given: usize,
    ended: bool,
}

impl<R: Read> Stretches<R> {
    /// Nothing is read yet.
    pub fn new(reader: R) -> Self {
        Stretches { reader, buffer: Vec::new(), given: 0, ended: false }
    }

    /// The next stretch: it ends where a header line begins, or with the input.
    pub fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.buffer.drain(..self.given);
        self.given = 0;
        loop {
            if let Some(end) = last_header(&self.buffer) {
                self.given = end;
                break;
            }
            if self.ended || self.buffer.len() > STRETCH_BYTES_MAX {
                self.given = self.buffer.len();
                break;
            }
            self.fill()?;
        }
        Ok((self.given > 0).then(|| &self.buffer[..self.given]))
    }

    fn fill(&mut self) -> io::Result<()> {
        let start = self.buffer.len();
        self.buffer.resize(start + READ_BYTES, 0);
        let read = loop {
            match self.reader.read(&mut self.buffer[start..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer.truncate(start + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        Ok(())
    }
}

/// Where the last header line begins, unless that is at the very start: all before it are whole messages.
fn last_header(buffer: &[u8]) -> Option<usize> {
    let mut end = buffer.len();
    while let Some(at) = buffer[..end].windows(4).rposition(is_header) {
        let begins_line = at > 0 && matches!(buffer[at - 1], b'\r' | b'\n' | 0x0B);
        if begins_line {
            return Some(at);
        }
        end = at + 3;
    }
    None
}

fn is_header(window: &[u8]) -> bool {
    window.starts_with(b"MSH") && window[3].is_ascii_punctuation()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives out one byte at a time: every cut is tried.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn messages<R: Read>(reader: R) -> Vec<Vec<u8>> {
        let mut stretches = Stretches::new(reader);
        let mut found = Vec::new();
        while let Some(stretch) = stretches.next().expect("reading from memory") {
            found.extend(hl7::batch::messages(stretch).map(<[u8]>::to_vec));
        }
        found
    }

    #[test]
    fn stretches_hold_the_same_messages_as_the_whole() {
        for file in [
            &b""[..],
            b"\r\n\r\n",
            b"junk",
            b"MSH|^~\\&|1\rPID|1\r\n\nMSH|^~\\&|2\r\rMSH|^~\\&|3",
            b"FHS|x\rBHS|y\rMSH|^~\\&|1\rBTS|1\rFTS|1\r",
            b"\x0bMSH|^~\\&|1\rPID|1\r\x1c\r\x0bMSH|^~\\&|2\r\x1c\r",
            b"MSH|^~\\&|1\nOBX|MSH|not a header\nMSH|^~\\&|2\n",
        ] {
            let whole: Vec<Vec<u8>> = hl7::batch::messages(file).map(<[u8]>::to_vec).collect();
            assert_eq!(messages(file), whole);
            assert_eq!(messages(Drip(file)), whole);
        }
    }

    #[test]
    fn memory_is_bounded_without_any_header() {
        let mut stretches = Stretches::new(io::repeat(b'x').take(3 * STRETCH_BYTES_MAX as u64));
        let mut longest = 0;
        while let Some(stretch) = stretches.next().expect("reading from memory") {
            longest = longest.max(stretch.len());
        }
        assert!(longest <= STRETCH_BYTES_MAX + READ_BYTES, "{longest}");
    }
}
