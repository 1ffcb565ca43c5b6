//! From text to a message, or the rule that says why it is none.

use hl7::{Error, Message, shorten};

use crate::findings::Findings;
use crate::rules::Rule;
use crate::stop::Stop;

pub(crate) fn read<'a>(text: &'a str, findings: &mut Findings) -> Result<Message<'a>, Stop> {
    let message = Message::parse(text).map_err(|error| match error {
        // The connector kept only its coordinates.
        Error::HeaderMissing if shorten::is_left_out(text) => Stop::park(Rule::MessageTooLong),
        error => Stop::park(rule_of(error)),
    })?;
    if message.stray_line_count() > 0 {
        findings.add(Rule::LineStray, "MSH");
    }
    if message.has_control_characters() {
        findings.add(Rule::ControlCharacter, "MSH");
    }
    if message.segments().next_back().is_some_and(|last| shorten::is_marked(last.raw())) {
        findings.add(Rule::MessageShortened, "MSH");
    }
    Ok(message)
}

/// Notes what is odd about the header; only of messages that become events, so that other traffic is not counted.
pub(crate) fn inspect_header(message: &Message<'_>, findings: &mut Findings) {
    if message.control_id().is_empty() {
        findings.add(Rule::MessageIdMissing, "MSH-10");
    }
    if !is_supported(message.version()) {
        findings.add(Rule::VersionUnsupported, "MSH-12");
    }
}

/// 2.3 to 2.8 with any minor version.
fn is_supported(version: &str) -> bool {
    matches!(version.as_bytes(), [b'2', b'.', b'3'..=b'8'] | [b'2', b'.', b'3'..=b'8', b'.', ..])
}

fn rule_of(error: Error) -> Rule {
    match error {
        Error::HeaderMissing => Rule::HeaderMissing,
        Error::SeparatorsMissing => Rule::SeparatorsMissing,
        Error::SeparatorsUnusable => Rule::SeparatorsUnusable,
        Error::SecondHeader { .. } => Rule::SecondHeader,
        Error::SegmentsTooMany => Rule::SegmentsTooMany,
        Error::TooLong { .. } => Rule::MessageTooLong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_2_3_to_2_8_are_supported() {
        for version in ["2.3", "2.3.1", "2.5.1", "2.8"] {
            assert!(is_supported(version), "{version}");
        }
        for version in ["", "2", "2.2", "2.9", "3.0", "2.31"] {
            assert!(!is_supported(version), "{version}");
        }
    }

    #[test]
    fn our_rules_carry_the_codes_of_the_decoder() {
        for error in Error::ALL {
            assert_eq!(rule_of(error).code(), error.code());
        }
    }
}
