//! What one MLLP frame holds: a message, or a batch of them.

/// The content of one frame.
pub enum Content<'a> {
    /// One message, or something unreadable: the frame as it is.
    One(&'a [u8]),
    /// Several messages without an envelope: a sender that forgot its end blocks.
    Several(Vec<&'a [u8]>),
    /// FHS or BHS, messages, BTS or FTS.
    Batch {
        /// The first envelope segment, without its end.
        envelope: &'a [u8],
        /// The messages.
        messages: Vec<&'a [u8]>,
    },
}

/// Looks into a frame. Line ends around the content belong to the framing.
pub fn content(frame: &[u8]) -> Content<'_> {
    let trimmed = frame.trim_ascii();
    if [b"FHS", b"BHS"].iter().any(|name| is_segment(trimmed, *name)) {
        let end = trimmed.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(trimmed.len());
        return Content::Batch { envelope: &trimmed[..end], messages: hl7::batch::messages(trimmed).collect() };
    }
    let second_header = trimmed
        .windows(5)
        .any(|window| matches!(window[0], b'\r' | b'\n') && is_segment(&window[1..], b"MSH") && window.len() == 5);
    if second_header && is_segment(trimmed, b"MSH") {
        return Content::Several(hl7::batch::messages(trimmed).collect());
    }
    Content::One(trimmed)
}

fn is_segment(line: &[u8], name: &[u8]) -> bool {
    line.starts_with(name) && line.get(name.len()).is_some_and(u8::is_ascii_punctuation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(frame: &[u8]) -> (&'static str, usize) {
        match content(frame) {
            Content::One(_) => ("one", 1),
            Content::Several(messages) => ("several", messages.len()),
            Content::Batch { messages, .. } => ("batch", messages.len()),
        }
    }

    #[test]
    fn a_frame_is_one_message_unless_headers_say_otherwise() {
        let check = |frame: &[u8], expected| assert_eq!(shape(frame), expected, "{}", String::from_utf8_lossy(frame));
        check(b"MSH|^~\\&|A\rPID|1\r", ("one", 1));
        check(b"MSH|^~\\&|A\r\n\r\nNTE|1|a\r\n\r\nfree text\r", ("one", 1));
        check(b"MSH|^~\\&|A\rPID|1\rMSH|^~\\&|B\r", ("several", 2));
        check(b"BHS|^~\\&|A\rMSH|^~\\&|A\rMSH|^~\\&|B\rBTS|2\r", ("batch", 2));
        check(b"\r\nFHS|^~\\&|A\r\nBHS|^~\\&\r\nMSH|^~\\&|A\r\nBTS|1\r\nFTS|1\r\n", ("batch", 1));
        check(b"rubbish\rMSH|not first", ("one", 1));
        check(b"", ("one", 1));
        check(b"MSH", ("one", 1));
    }
}
