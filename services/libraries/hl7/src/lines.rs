//! Where segments end, and where a message begins, in bytes.
//!
//! HL7 ends segments with CR. Files that passed an editor come with CRLF or LF, and senders leave line feeds inside fields,
//! so the message itself decides: where a CR stands before a segment, CR alone ends segments.

/// Start of a frame (MLLP).
pub const START: u8 = 0x0B;
/// End of a frame (MLLP).
pub const END: u8 = 0x1C;

/// The byte order mark of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// More blanks than these before a header are no padding but something else.
pub(crate) const BLANKS_MAX: usize = 16;

/// What bytes say about what stands at their beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Yes,
    No,
    /// They end too early to say.
    Undecided,
}

/// The byte that ends the segments of a message that begins with its header.
///
/// CR, if a segment begins after one. LF, if none does and a segment begins after an LF. Else CR, if there is one.
pub fn line_end(message: &[u8]) -> u8 {
    let separator = message.get(3).copied().unwrap_or(b'|');
    let mut line_feeds_end = false;
    for at in memchr::memchr2_iter(b'\r', b'\n', message) {
        let after = &message[at + 1..];
        if is_segment(&after[blanks(after)..], separator) {
            if message[at] == b'\r' {
                return b'\r';
            }
            line_feeds_end = true;
        }
    }
    if line_feeds_end || memchr::memchr(b'\r', message).is_none() { b'\n' } else { b'\r' }
}

/// Where the next byte stands that may end a line: a line end, or a byte of the framing.
pub(crate) fn next_end(bytes: &[u8]) -> Option<usize> {
    let line = memchr::memchr2(b'\r', b'\n', bytes);
    memchr::memchr2(START, END, &bytes[..line.unwrap_or(bytes.len())]).or(line)
}

/// The header segment of a message that begins with it, without its end.
pub(crate) fn first(message: &[u8]) -> &[u8] {
    let end = memchr::memchr(line_end(message), message).unwrap_or(message.len());
    &message[..end]
}

/// How many bytes at the beginning are blanks, control characters or a byte order mark: what senders put around segments.
pub(crate) fn blanks(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b' ' || byte.is_ascii_control() {
            at += 1;
        } else if bytes[at..].starts_with(BYTE_ORDER_MARK) {
            at += BYTE_ORDER_MARK.len();
        } else {
            break;
        }
    }
    at
}

/// Whether a segment's name and the separator stand here.
pub(crate) fn is_segment(bytes: &[u8], separator: u8) -> bool {
    let [first, second, third, after, ..] = *bytes else { return false };
    let follows = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    first.is_ascii_uppercase() && follows(second) && follows(third) && after == separator
}

/// Whether this line begins a message.
pub(crate) fn is_header(line: &[u8]) -> bool {
    named(line, &[b"MSH"])
}

/// Whether this line is of a batch's or a file's envelope.
pub(crate) fn is_envelope(line: &[u8]) -> bool {
    named(line, &[b"FHS", b"BHS", b"BTS", b"FTS"])
}

/// One of these names with a separator after it, or the line's end.
fn named(line: &[u8], names: &[&[u8; 3]]) -> bool {
    let ends = |byte: &u8| byte.is_ascii_punctuation() || byte.is_ascii_control();
    names.iter().any(|name| line.starts_with(*name)) && line.get(3).is_none_or(ends)
}

/// The first `MSH` that no letter or digit stands before and that no letter, digit or blank follows.
pub(crate) fn header_start(bytes: &[u8]) -> Option<usize> {
    let begins = |at: usize| {
        let inside_word = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
        !inside_word
            && bytes.get(at + 3).is_none_or(|byte| !byte.is_ascii_alphanumeric() && !byte.is_ascii_whitespace())
    };
    // Nearly every message begins with its header, and making a searcher costs more than reading a header.
    if bytes.starts_with(b"MSH") && begins(0) {
        return Some(0);
    }
    memchr::memmem::find_iter(bytes, b"MSH").find(|&at| begins(at))
}

/// Whether a block begins here: a header of a message, a batch or a file, after a few blanks at most.
pub(crate) fn begins_block(bytes: &[u8]) -> Told {
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        match rest.first() {
            _ if at > BLANKS_MAX => return Told::No,
            None => return Told::Undecided,
            Some(b' ' | b'\t' | b'\r' | b'\n' | 0) => at += 1,
            Some(_) if rest.starts_with(BYTE_ORDER_MARK) => at += BYTE_ORDER_MARK.len(),
            Some(_) if BYTE_ORDER_MARK.starts_with(rest) => return Told::Undecided,
            Some(_) => break,
        }
    }
    let rest = &bytes[at..];
    let begun = |name: &[u8]| name.starts_with(&rest[..rest.len().min(name.len())]);
    match rest.get(3) {
        _ if ![b"MSH", b"FHS", b"BHS"].iter().any(|name| begun(*name)) => Told::No,
        None => Told::Undecided,
        Some(byte) if byte.is_ascii_punctuation() => Told::Yes,
        Some(_) => Told::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &str, want: u8) {
        assert_eq!(line_end(message.as_bytes()), want, "{message:?}");
    }

    #[test]
    fn the_message_says_what_ends_its_segments() {
        check("MSH|^~\\&|A\rPID|1\r", b'\r');
        check("MSH|^~\\&|A\r\nPID|1\r\n", b'\r');
        check("MSH|^~\\&|A\nPID|1\n", b'\n');
        check("MSH|^~\\&|A\nPID|1\n\r", b'\n');
        check("MSH|^~\\&|A\rPID|1||a\nb\rPV1|1\r", b'\r');
        check("MSH|^~\\&|A\nPID|1||a\rb\nPV1|1\n", b'\n');
        check("MSH|^~\\&|A\n\rPID|1", b'\r');
        check("MSH|^~\\&|A\rrubbish", b'\r');
        check("MSH|^~\\&|A", b'\n');
    }

    #[test]
    fn a_block_begins_with_a_header() {
        let check = |bytes: &[u8], want| assert_eq!(begins_block(bytes), want, "{}", bytes.escape_ascii());
        for whole in [&b"MSH|^~"[..], b"\xEF\xBB\xBFMSH|", b" \0\r\nBHS|", b"FHS^"] {
            check(whole, Told::Yes);
            let decided = whole.iter().rposition(u8::is_ascii_uppercase).expect("a name") + 1;
            for length in 0..=decided {
                check(&whole[..length], Told::Undecided);
            }
        }
        for other in [&b"Doe"[..], b"MSHA", b"M|", b"BTS|1", b"\xEF\xBB?", b"\x0BMSH|", b"                  MSH|"] {
            check(other, Told::No);
        }
    }
}
