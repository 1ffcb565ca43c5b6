//! From a payload's bytes to text.
//!
//! Bytes that contradict their declared character set are read all the same, as what they are: a patient must not vanish
//! from the board over a neighbour's name. A finding says so.

use std::borrow::Cow;

use hl7::charset::{Decoded, Doubt};

use crate::findings::Findings;
use crate::rules::Rule;

/// The text of a message; what the declared character set does not explain is noted.
pub(crate) fn of<'a>(payload: &'a [u8], findings: &mut Findings) -> Cow<'a, str> {
    let Decoded { text, doubt } = hl7::decode_text(payload);
    if let Some(doubt) = doubt {
        findings.add(rule_of(doubt), "MSH-18");
    }
    text
}

fn rule_of(doubt: Doubt) -> Rule {
    match doubt {
        Doubt::Contradicted => Rule::CharsetContradicted,
        Doubt::Mixed => Rule::CharsetMixed,
        Doubt::Unknown => Rule::CharsetUnknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_rules_carry_the_codes_of_the_decoder() {
        for doubt in Doubt::ALL {
            assert_eq!(rule_of(doubt).code(), doubt.code());
        }
    }
}
