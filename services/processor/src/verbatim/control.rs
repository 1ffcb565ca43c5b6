//! Control characters in a text that goes into an event: a line feed of a form, a NUL of another encoding.
//!
//! A code with one is another code than the one without, and a ward of its own on the board. A run of them, with the blanks
//! around it, becomes one blank.

use std::borrow::Cow;

use crate::findings::Findings;
use crate::rules::Rule;

/// The text without control characters; that there were any is noted.
pub(crate) fn without<'a>(text: Cow<'a, str>, path: &'static str, findings: &mut Findings) -> Cow<'a, str> {
    // Nearly every text is done with this look at its bytes.
    let (bytes, mut at) = (text.as_bytes(), 0);
    while at < bytes.len() && matches!(bytes[at], b' '..=b'~') {
        at += 1;
    }
    if at == bytes.len() || !text.chars().any(char::is_control) {
        return text;
    }
    findings.add(Rule::ControlCharacter, path);
    let parts = text.split(char::is_control).map(|part| part.trim_matches(' ')).filter(|part| !part.is_empty());
    Cow::Owned(parts.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let mut findings = Findings::default();
        assert_eq!(without(Cow::Borrowed(text), "PV1-3.1", &mut findings), want);
        assert_eq!(findings.found().len(), usize::from(text != want));
    }

    #[test]
    fn a_run_of_control_characters_is_one_blank() {
        check("AVD 5", "AVD 5");
        check("AVD\u{a0}5Ö", "AVD\u{a0}5Ö");
        check("AVD \r\n 5", "AVD 5");
        check("\u{b}AVD\0\u{1c}\u{85}5\n", "AVD 5");
        check("\n", "");
    }
}
