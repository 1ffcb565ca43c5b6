//! The digest of a source record's content, blind to how its lines happen to be ended.

use sha2::{Digest, Sha256 as Hasher};

use crate::Sha256;

/// SHA-256 over the payload with CRLF and LF read as CR and all line ends at the very end dropped.
///
/// HL7 v2 ends segments with CR, and files that pass an editor come back with LF or CRLF: the message is the same.
/// Nothing is copied; an already normal payload is hashed in one piece.
pub fn content_hash(payload: &[u8]) -> Sha256 {
    let end = payload.iter().rposition(|b| !matches!(b, b'\r' | b'\n')).map_or(0, |last| last + 1);
    let mut rest = &payload[..end];
    let mut hasher = Hasher::new();
    while let Some(line_feed) = memchr::memchr(b'\n', rest) {
        let line = &rest[..line_feed];
        hasher.update(line);
        if line.last() != Some(&b'\r') {
            hasher.update(b"\r");
        }
        rest = &rest[line_feed + 1..];
    }
    hasher.update(rest);
    Sha256(hasher.finalize().into())
}
