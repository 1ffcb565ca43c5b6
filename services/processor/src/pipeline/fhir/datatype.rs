//! The data types of R4 that resources share, no more of each than is read.
//!
//! Display texts, narratives, names, addresses and notes have no field here: what is not declared is skipped unread.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

/// Most elements of any list that is read; a resource with more is not read at all.
pub(crate) const LIST_MAX: usize = 1_000;

/// A JSON string, borrowed where it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Text<'_> {
    /// A text that was not written so.
    pub(crate) fn made(text: String) -> Text<'static> {
        Text(Cow::Owned(text))
    }
}

/// The text that a field holds, without blanks around it; an empty one says nothing.
pub(crate) fn said<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref().map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// A list of at most [`LIST_MAX`] elements; `null` is an empty one.
pub(crate) struct List<T>(Vec<T>);

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List(Vec::new())
    }
}

impl<T> List<T> {
    pub(crate) fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
            type Value = List<T>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list")
            }
            fn visit_unit<E>(self) -> Result<List<T>, E> {
                Ok(List::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<List<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = elements.next_element()? {
                    if list.len() >= LIST_MAX {
                        return Err(de::Error::custom("too many elements"));
                    }
                    list.push(element);
                }
                Ok(List(list))
            }
        }
        deserializer.deserialize_any(Elements(PhantomData))
    }
}

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
    /// The first code.
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

/// What the address of a reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target<'t> {
    /// `Patient/1`, in any notation.
    Resource(&'t str, &'t str),
    /// `urn:uuid:1`: whatever has this address in its Bundle, or this id in its file.
    Uuid(&'t str),
    /// `#1`: held by the resource that refers to it.
    Contained,
    /// `Location?identifier=system|value`: the one that has this identifier, as it is written there.
    Identified(&'t str, &'t str),
    /// A word that is no address.
    Word(&'t str),
    /// An address that nothing can be looked up by.
    Unknown,
}

impl<'t> Target<'t> {
    fn of(reference: &'t str) -> Target<'t> {
        if let Some((before, query)) = reference.split_once('?') {
            let kind = before.rsplit('/').next().unwrap_or(before);
            let parameter = |name: &str| {
                query
                    .split('&')
                    .find_map(|part| part.split_once('=').filter(|(found, _)| *found == name))
                    .map(|(_, v)| v)
            };
            return match (parameter("_id"), parameter("identifier")) {
                (Some(id), _) if !id.is_empty() => Target::Resource(kind, id),
                (_, Some(identifier)) if !identifier.is_empty() => Target::Identified(kind, identifier),
                _ => Target::Unknown,
            };
        }
        if let Some(id) = reference.strip_prefix("urn:uuid:").or_else(|| reference.strip_prefix("urn:oid:")) {
            return Target::Uuid(id);
        }
        match type_and_id(reference) {
            Some((kind, id)) => Target::Resource(kind, id),
            None if reference.starts_with('#') => Target::Contained,
            None if reference.contains(['/', ':']) => Target::Unknown,
            None => Target::Word(reference),
        }
    }
}

impl Reference<'_> {
    /// What its address is.
    pub(crate) fn target(&self) -> Option<Target<'_>> {
        said(&self.reference).map(Target::of)
    }

    /// The id that the address ends in, else the word that stands there; a query is no id.
    pub(crate) fn id(&self) -> Option<&str> {
        match self.target()? {
            Target::Resource(_, id) | Target::Uuid(id) | Target::Word(id) => Some(id),
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

/// A text of a query without its escapes; one that is broken stays as it is.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.as_bytes();
    while let Some((first, rest)) = left.split_first() {
        let escape = rest.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                left = &rest[2..];
            }
            None => {
                bytes.push(*first);
                left = rest;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The type and id in `Patient/1`, `http://server/fhir/Patient/1` and `Patient/1/_history/2`.
pub(crate) fn type_and_id(reference: &str) -> Option<(&str, &str)> {
    if reference.contains('?') {
        return None;
    }
    let current = reference.split_once("/_history/").map_or(reference, |(current, _)| current);
    let (before, id) = current.rsplit_once('/')?;
    let kind = before.rsplit_once('/').map_or(before, |(_, kind)| kind);
    let named = !id.is_empty() && kind.starts_with(|letter: char| letter.is_ascii_uppercase());
    named.then_some((kind, id))
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
    fn addresses_end_in_type_and_id() {
        for (reference, expected) in [
            ("Patient/1", Some(("Patient", "1"))),
            ("http://server/fhir/Patient/1", Some(("Patient", "1"))),
            ("Patient/1/_history/2", Some(("Patient", "1"))),
            ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", None),
            ("Patient/", None),
            ("/1", None),
            ("#contained", None),
            ("Location?identifier=http://a/Ward/1|2", None),
            ("", None),
        ] {
            assert_eq!(type_and_id(reference), expected, "{reference}");
        }
    }

    #[test]
    fn every_notation_of_a_reference_is_told_apart() {
        for (reference, expected) in [
            ("http://server/fhir/Location/1/_history/2", Target::Resource("Location", "1")),
            ("Location?_id=7", Target::Resource("Location", "7")),
            ("urn:uuid:0c3151bd", Target::Uuid("0c3151bd")),
            ("#bed", Target::Contained),
            ("Location?identifier=http://a/B|7", Target::Identified("Location", "http://a/B|7")),
            ("http://s/fhir/Location?name=x&identifier=7", Target::Identified("Location", "7")),
            ("Location?name=ward", Target::Unknown),
            ("http://server/x", Target::Unknown),
            ("MAVA", Target::Word("MAVA")),
        ] {
            assert_eq!(Target::of(reference), expected, "{reference}");
        }
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

    #[test]
    fn lists_are_bounded_and_null_is_none() {
        let list = |count: usize| serde_json::from_str::<List<u8>>(&format!("[{}]", vec!["1"; count].join(",")));
        assert_eq!(list(LIST_MAX).map(|list| list.len()).ok(), Some(LIST_MAX));
        assert!(list(LIST_MAX + 1).is_err());
        assert_eq!(serde_json::from_str::<List<u8>>("null").map(|list| list.len()).ok(), Some(0));
        assert!(serde_json::from_str::<List<u8>>("{}").is_err());
    }
}
