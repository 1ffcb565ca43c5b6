//! Files of messages: batch envelopes, blank lines between messages, or frames written to disk.
//!
//! Every byte that is not a blank belongs to one message or to an envelope (FHS, BHS, BTS, FTS): what cannot be read is
//! given out as a message too, so that it is counted and parked rather than lost.

/// The messages of a file, in order, as they stand in it.
pub fn messages(file: &[u8]) -> Messages<'_> {
    Messages { file, at: 0 }
}

/// Iterator over the messages of a file.
#[derive(Debug, Clone)]
pub struct Messages<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let mut begin = None;
        let mut end = self.at;
        let mut line_ends = 0;
        while self.at < self.file.len() {
            let line_start = self.at;
            let line_end = memchr::memchr3(b'\r', b'\n', 0x1C, &self.file[line_start..])
                .map_or(self.file.len(), |length| line_start + length);
            let line = trim(&self.file[line_start..line_end]);
            let after = (line_end + 1).min(self.file.len());
            if line.is_empty() {
                self.at = after;
                line_ends += usize::from(!self.crlf_at(line_end));
                continue;
            }
            match (role(line), begin) {
                (Role::Envelope, None) => self.at = after,
                (Role::Envelope | Role::Header, Some(_)) => break,
                (Role::Stray, Some(_)) if line_ends > 0 => break,
                (_, None) => {
                    begin = Some(line_start);
                    end = line_end;
                    self.at = after;
                }
                (Role::Segment | Role::Stray, Some(_)) => {
                    end = line_end;
                    self.at = after;
                }
            }
            // The LF of a CRLF, which is still to come, does not make a blank line.
            line_ends = 0;
        }
        begin.map(|begin| trim(&self.file[begin..end]))
    }
}

impl Messages<'_> {
    /// Is this the LF of a CRLF? It ends the line that the CR ended, and no other.
    fn crlf_at(&self, at: usize) -> bool {
        self.file.get(at) == Some(&b'\n') && at > 0 && self.file[at - 1] == b'\r'
    }
}

enum Role {
    Header,
    Envelope,
    Segment,
    Stray,
}

fn role(line: &[u8]) -> Role {
    let separated = line.get(3).is_none_or(|byte| byte.is_ascii_punctuation());
    let name = line.get(..3).unwrap_or(&[]);
    let named = name.len() == 3
        && name[0].is_ascii_uppercase()
        && name[1..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    match name {
        b"MSH" if separated => Role::Header,
        b"FHS" | b"BHS" | b"BTS" | b"FTS" if separated => Role::Envelope,
        _ if separated && named => Role::Segment,
        _ => Role::Stray,
    }
}

/// Takes off what stands around a line: blanks, the start block of a frame, a byte-order mark.
fn trim(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
    let is_blank = |byte: &u8| byte.is_ascii_control() || *byte == b' ';
    let start = line.iter().position(|byte| !is_blank(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &line[start..end]
}
