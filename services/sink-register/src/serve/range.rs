//! Which bytes of a file are asked for (RFC 9110, section 14): one range, or all of them.

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The first byte.
    pub(super) start: u64,
    pub(super) length: u64,
    /// Whether no range was asked for.
    pub(super) whole: bool,
}

/// The file has no such bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsatisfiable;

/// What a `Range` header asks for. One that is not understood, or has several ranges, is passed over, as the rule
/// allows: the answer is the whole file.
pub(super) fn part(header: Option<&str>, bytes: u64) -> Result<Part, Unsatisfiable> {
    let whole = Part { start: 0, length: bytes, whole: true };
    let Some((first, last)) = header.and_then(|text| text.strip_prefix("bytes=")?.split_once('-')) else {
        return Ok(whole);
    };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let (start, end) = match (first, last) {
        ("", last) => match number(last) {
            Some(0) => return Err(Unsatisfiable),
            Some(count) => (bytes.saturating_sub(count), bytes),
            None => return Ok(whole),
        },
        (first, "") => match number(first) {
            Some(start) => (start, bytes),
            None => return Ok(whole),
        },
        (first, last) => match (number(first), number(last)) {
            (Some(start), Some(last)) if start <= last => (start, bytes.min(last.saturating_add(1))),
            _ => return Ok(whole),
        },
    };
    if start >= end { Err(Unsatisfiable) } else { Ok(Part { start, length: end - start, whole: false }) }
}

#[cfg(test)]
mod tests {
    use super::{Part, Unsatisfiable, part};

    #[test]
    fn one_range_is_cut_to_the_file_and_others_are_the_whole_file() {
        let check = |header: &str, expected: Option<(u64, u64)>| {
            let found = part(Some(header), 100);
            let expected = match expected {
                Some((0, 100)) if !header.starts_with("bytes=0-") => Ok(Part { start: 0, length: 100, whole: true }),
                Some((start, length)) => Ok(Part { start, length, whole: false }),
                None => Err(Unsatisfiable),
            };
            assert_eq!(found, expected, "{header}");
        };
        assert_eq!(part(None, 100), Ok(Part { start: 0, length: 100, whole: true }));
        check("bytes=0-0", Some((0, 1)));
        check("bytes=0-", Some((0, 100)));
        check("bytes=10-19", Some((10, 10)));
        check("bytes=90-1000", Some((90, 10)));
        check("bytes=99-", Some((99, 1)));
        check("bytes=-7", Some((93, 7)));
        check("bytes=100-", None);
        check("bytes=-0", None);
        check("bytes=18446744073709551615-", None);
        for odd in ["bytes=", "bytes=-", "bytes=5-1", "bytes=1-2,5-6", "bytes=a-b", "bytes=+1-2", "lines=1-2", ""] {
            check(odd, Some((0, 100)));
        }
        assert_eq!(part(Some("bytes=0-"), 0), Err(Unsatisfiable));
    }
}
