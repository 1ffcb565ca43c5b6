//! The data types of R4 that resources share, no more of each than is read.
//!
//! Display texts, narratives, names, addresses and notes have no field here: what is not declared is skipped unread.

pub(crate) use ::fhir::json::{List, Text, said};
pub(crate) use ::fhir::reference::Target;
use ::fhir::reference::unescaped;
use serde::Deserialize;

/// When the server wrote this version, and the labels it put on it.
#[derive(Deserialize, Default)]
pub(crate) struct Meta<'a> {
    #[serde(borrow, rename = "lastUpdated")]
    pub last_updated: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub security: List<Coding<'a>>,
}

/// Labels that HL7 Sweden's base profiles put on a person with protected identity.
const PROTECTION_LABELS: [&str; 2] = ["sekretessmarkering", "skyddadFolkbokforing"];

impl Meta<'_> {
    /// Whether a label says protected identity.
    pub(crate) fn is_protected(&self) -> bool {
        let marks = |coding: &Coding<'_>| {
            said(&coding.code)
                .is_some_and(|code| PROTECTION_LABELS.iter().any(|label| label.eq_ignore_ascii_case(code)))
        };
        self.security.iter().any(marks)
    }
}

/// A code and whose it is.
#[derive(Deserialize)]
pub(crate) struct Coding<'a> {
    #[serde(borrow)]
    pub system: Option<Text<'a>>,
    #[serde(borrow)]
    pub code: Option<Text<'a>>,
}

/// One meaning in several codes.
#[derive(Deserialize, Default)]
pub(crate) struct Concept<'a> {
    #[serde(borrow, default)]
    pub coding: List<Coding<'a>>,
}

impl Concept<'_> {
    pub(crate) fn code(&self) -> Option<&str> {
        self.coding.iter().find_map(|coding| said(&coding.code))
    }

    /// Whether one of the codes is this one, whoever's it is.
    pub(crate) fn has(&self, wanted: &str) -> bool {
        self.coding.iter().any(|coding| said(&coding.code).is_some_and(|code| code.eq_ignore_ascii_case(wanted)))
    }
}

/// A number or name that somebody has given something.
#[derive(Deserialize)]
pub(crate) struct Identifier<'a> {
    #[serde(borrow, rename = "use")]
    pub purpose: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub kind: Option<Concept<'a>>,
    #[serde(borrow)]
    pub system: Option<Text<'a>>,
    #[serde(borrow)]
    pub value: Option<Text<'a>>,
}

impl Identifier<'_> {
    /// Whether it is no longer used.
    pub(crate) fn is_old(&self) -> bool {
        said(&self.purpose) == Some("old")
    }

    /// Who has given it: an OID without its `urn:oid:`, as HL7 v2 writes it, or an address.
    pub(crate) fn assigner(&self) -> &str {
        said(&self.system).map_or("", without_urn)
    }
}

/// An OID without the `urn:oid:` before it.
pub(crate) fn without_urn(system: &str) -> &str {
    system.strip_prefix("urn:oid:").unwrap_or(system)
}

/// Another resource, by address or by identifier.
#[derive(Deserialize)]
pub(crate) struct Reference<'a> {
    #[serde(borrow)]
    pub reference: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    pub kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub identifier: Option<Identifier<'a>>,
}

impl Reference<'_> {
    pub(crate) fn target(&self) -> Option<Target<'_>> {
        said(&self.reference).map(Target::of)
    }

    /// The id that the address ends in, else the word that stands there; a query is no id.
    pub(crate) fn id(&self) -> Option<&str> {
        match self.target()? {
            Target::Resource(_, id) | Target::Urn(id) | Target::Word(id) => Some(id),
            Target::Contained | Target::Identified(..) | Target::Unknown => None,
        }
    }

    /// The identifier that the address asks for.
    pub(crate) fn asked(&self) -> Option<Identifier<'static>> {
        let Some(Target::Identified(_, text)) = self.target() else { return None };
        let text = unescaped(text);
        let (system, value) = match text.split_once('|') {
            Some((system, value)) => (Some(system.to_owned()), value),
            None => (None, &*text),
        };
        let value = Some(Text::made(value.to_owned())).filter(|value| !value.is_empty());
        Some(Identifier { purpose: None, kind: None, system: system.map(Text::made), value })
    }

    /// Whether its address means nothing without the resource that it names beside it.
    pub(crate) fn needs_record(&self) -> bool {
        let named = matches!(self.target(), None | Some(Target::Resource(..) | Target::Word(_)));
        let asked_by_id = said(&self.reference).is_some_and(|text| text.contains('?'));
        !named || asked_by_id
    }

    /// Whether it names a resource of this type.
    pub(crate) fn is_to(&self, kind: &str) -> bool {
        let named =
            matches!(self.target(), Some(Target::Resource(found, _) | Target::Identified(found, _)) if found == kind);
        named || said(&self.kind) == Some(kind)
    }
}

/// From when to when.
#[derive(Deserialize, Default)]
pub(crate) struct Period<'a> {
    #[serde(borrow)]
    pub start: Option<Text<'a>>,
    #[serde(borrow)]
    pub end: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conditional_reference_asks_for_an_identifier() {
        let asked = |text: &str| {
            let text = format!("{{\"reference\":\"{text}\"}}");
            let reference: Reference<'_> = serde_json::from_str(&text).expect("JSON");
            assert!(reference.needs_record() && reference.id().is_none());
            let identifier = reference.asked().expect("an identifier");
            (said(&identifier.system).map(str::to_owned), said(&identifier.value).map(str::to_owned))
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(asked("Location?identifier=http://a|b%20c"), (text("http://a"), text("b c")));
        assert_eq!(asked("Location?identifier=http%3A%2F%2Fa%7Cb"), (text("http://a"), text("b")));
        assert_eq!(asked("Location?identifier=|b%C3%A5%"), (None, text("bå%")));
        assert_eq!(asked("Location?identifier=b"), (None, text("b")));
    }
}
