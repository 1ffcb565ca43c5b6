//! What one MLLP frame holds: a message, or a batch of them.

/// The content of one frame.
pub(super) enum Content<'a> {
    /// One message, or something unreadable: the frame as it is.
    One(&'a [u8]),
    /// Several messages without an envelope: a sender that forgot its end blocks.
    Several(Vec<&'a [u8]>),
    /// FHS or BHS, messages, BTS or FTS.
    Batches(Vec<Batch<'a>>),
}

/// One batch of a frame.
pub(super) struct Batch<'a> {
    /// Its BHS segment without its end, or FHS where a file has none.
    pub envelope: &'a [u8],
    pub messages: Vec<&'a [u8]>,
}

pub(super) fn content(frame: &[u8]) -> Content<'_> {
    let trimmed = frame.trim_ascii_start();
    if [b"FHS", b"BHS"].iter().any(|name| is_segment(trimmed, *name)) {
        return Content::Batches(batches(trimmed));
    }
    // In a message that uses CR a line feed before MSH is text of a field.
    let end = hl7::line_end(trimmed);
    let mut lines = trimmed.split(|byte| *byte == end).map(<[u8]>::trim_ascii_start);
    let begins = lines.next().is_some_and(|line| is_segment(line, b"MSH"));
    if begins && lines.any(|line| is_segment(line, b"MSH")) {
        return Content::Several(hl7::batch::messages(trimmed).collect());
    }
    Content::One(frame)
}

/// Each BHS begins a batch; what stands before the first belongs to the file.
fn batches(frame: &[u8]) -> Vec<Batch<'_>> {
    let begins = |at: &usize| *at == 0 || matches!(frame[at - 1], b'\r' | b'\n');
    let headers: Vec<usize> = (0..frame.len()).filter(|at| is_segment(&frame[*at..], b"BHS") && begins(at)).collect();
    let mut starts = vec![0];
    starts.extend(headers.iter().filter(|at| **at > 0));
    let ends = starts.iter().skip(1).copied().chain([frame.len()]);
    let parts = starts.iter().zip(ends).map(|(start, end)| &frame[*start..end]);
    let batches = parts.map(|part| {
        let end = part.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(part.len());
        Batch { envelope: &part[..end], messages: hl7::batch::messages(part).collect() }
    });
    // A file's own header, with nothing before its first batch, is no batch.
    batches
        .filter(|batch| headers.is_empty() || is_segment(batch.envelope, b"BHS") || !batch.messages.is_empty())
        .collect()
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
            Content::Batches(batches) => ("batch", batches.iter().map(|batch| batch.messages.len()).sum()),
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
        check(b"MSH|^~\\&|A\rNTE|1||a\nMSH|b\rPV1|1\r", ("one", 1));
        check(b"rubbish\rMSH|not first", ("one", 1));
        check(b"", ("one", 1));
        check(b"MSH", ("one", 1));
    }

    #[test]
    fn a_batch_is_known_by_its_own_header() {
        let envelopes = |frame: &[u8]| match content(frame) {
            Content::Batches(batches) => batches
                .iter()
                .map(|batch| (String::from_utf8_lossy(batch.envelope).into_owned(), batch.messages.len()))
                .collect::<Vec<_>>(),
            Content::One(_) | Content::Several(_) => Vec::new(),
        };
        let (one, two) = (("BHS|^~\\&|1".to_owned(), 1), ("BHS|^~\\&|2".to_owned(), 2));
        let first = "FHS|^~\\&|F\rBHS|^~\\&|1\rMSH|^~\\&|A\rBTS|1\r";
        assert_eq!(envelopes(format!("{first}FTS|1\r").as_bytes()), std::slice::from_ref(&one));
        let both = format!("{first}BHS|^~\\&|2\r\nMSH|^~\\&|B\r\nMSH|^~\\&|C\rBTS|2\rFTS|2\r");
        assert_eq!(envelopes(both.as_bytes()), [one, two]);
        assert_eq!(envelopes(b"FHS|^~\\&|F\rMSH|^~\\&|A\rFTS|1\r"), [("FHS|^~\\&|F".to_owned(), 1)]);
        assert_eq!(envelopes(b"BHS|^~\\&|E\rBTS|0\r"), [("BHS|^~\\&|E".to_owned(), 0)]);
    }
}
