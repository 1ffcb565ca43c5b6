//! How one resource names another: the one rule for whoever looks for it and whoever reads what was found.

/// FHIR's shape of a logical id, which has nothing in it that JSON or an address would have to escape.
pub fn is_id(id: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    !id.is_empty() && id.len() <= 64 && id.bytes().all(letter)
}

/// The shape of a type's name, whether or not it is one of [`crate::Type`].
pub fn is_type_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// `Patient/1`, `http://server/fhir/Patient/1`, each with `/_history/2` behind it or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'t> {
    /// What stands before the type: the server's base address; none where the address is relative.
    pub base: Option<&'t str>,
    /// The type: it begins with a capital letter.
    pub kind: &'t str,
    /// The id, which need not have the shape that FHIR gives it.
    pub id: &'t str,
    /// The version, where it names one.
    pub version: Option<&'t str>,
}

impl<'t> Address<'t> {
    /// Takes an address apart; nothing for what does not end in a type and an id, and for a query.
    pub fn of(address: &'t str) -> Option<Self> {
        if address.contains('?') {
            return None;
        }
        let (current, version) = match address.split_once("/_history/") {
            Some((current, version)) => (current, Some(version)),
            None => (address, None),
        };
        let (before, id) = current.rsplit_once('/')?;
        let (base, kind) = before.rsplit_once('/').map_or((None, before), |(base, kind)| (Some(base), kind));
        let is_one = !id.is_empty() && kind.starts_with(|letter: char| letter.is_ascii_uppercase());
        let is_last = version.is_none_or(|version| !version.contains('/'));
        (is_one && is_last).then_some(Self { base, kind, id, version })
    }
}

/// The type and id that an address ends in.
pub fn type_and_id(address: &str) -> Option<(&str, &str)> {
    Address::of(address).map(|address| (address.kind, address.id))
}

/// What a reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'t> {
    /// Type and id, in any notation of an [`Address`], or asked for by `_id`.
    Resource(&'t str, &'t str),
    /// `urn:uuid:1` or `urn:oid:1`: whatever has this address in its Bundle, or this id in its file.
    Urn(&'t str),
    /// `#1`: held by the resource that refers to it.
    Contained,
    /// `Location?identifier=system|value`: the one of a type that has this identifier, as it is written there.
    Identified(&'t str, &'t str),
    /// A word that is no address.
    Word(&'t str),
    /// An address that nothing can be looked up by.
    Unknown,
}

impl<'t> Target<'t> {
    /// Reads a reference without blanks around it.
    pub fn of(reference: &'t str) -> Self {
        if let Some((before, query)) = reference.split_once('?') {
            let kind = before.rsplit('/').next().unwrap_or(before);
            let parameter = |name: &str| {
                query
                    .split('&')
                    .find_map(|part| part.split_once('=').filter(|(found, _)| *found == name))
                    .map(|(_, value)| value)
            };
            return match (parameter("_id"), parameter("identifier")) {
                (Some(id), _) if !id.is_empty() => Self::Resource(kind, id),
                (_, Some(identifier)) if !identifier.is_empty() => Self::Identified(kind, identifier),
                _ => Self::Unknown,
            };
        }
        if let Some(id) = reference.strip_prefix("urn:uuid:").or_else(|| reference.strip_prefix("urn:oid:")) {
            return Self::Urn(id);
        }
        match type_and_id(reference) {
            Some((kind, id)) => Self::Resource(kind, id),
            None if reference.starts_with('#') => Self::Contained,
            None if reference.contains(['/', ':']) => Self::Unknown,
            None => Self::Word(reference),
        }
    }
}

/// A text of a query without its escapes; one that is broken stays as it is.
pub fn unescaped(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_in_type_and_id() {
        for (reference, expected) in [
            ("Patient/1", Some((None, None))),
            ("http://server/fhir/Patient/1", Some((Some("http://server/fhir"), None))),
            ("/Patient/1", Some((Some(""), None))),
            ("Patient/1/_history/2", Some((None, Some("2")))),
            ("http://server/Patient/1/_history/2", Some((Some("http://server"), Some("2")))),
            ("Patient/1/_history/2/3", None),
            ("Patient/1/_history", None),
            ("Patient/1/2", None),
            ("patient/1", None),
            ("../x/1", None),
            ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", None),
            ("Patient/", None),
            ("/1", None),
            ("#contained", None),
            ("Location?identifier=http://a/Ward/1|2", None),
            ("", None),
        ] {
            let expected = expected.map(|(base, version)| Address { base, kind: "Patient", id: "1", version });
            assert_eq!(Address::of(reference), expected, "{reference}");
        }
    }

    #[test]
    fn every_notation_of_a_reference_is_told_apart() {
        for (reference, expected) in [
            ("http://server/fhir/Location/1/_history/2", Target::Resource("Location", "1")),
            ("Location?_id=7", Target::Resource("Location", "7")),
            ("urn:uuid:0c3151bd", Target::Urn("0c3151bd")),
            ("#bed", Target::Contained),
            ("Location?identifier=http://a/B|7", Target::Identified("Location", "http://a/B|7")),
            ("http://s/fhir/Location?name=x&identifier=7", Target::Identified("Location", "7")),
            ("Location?name=ward", Target::Unknown),
            ("http://server/x", Target::Unknown),
            ("MAVA", Target::Word("MAVA")),
        ] {
            assert_eq!(Target::of(reference), expected, "{reference}");
        }
    }

    #[test]
    fn ids_and_names_have_a_shape() {
        assert!(is_id("a-1.B") && is_type_name("Patient"));
        for other in ["", "a b", "a/b", "å", "a\"", &"a".repeat(65)] {
            assert!(!is_id(other) && !is_type_name(other), "{other}");
        }
    }

    #[test]
    fn escapes_of_a_query_are_undone() {
        for (text, expected) in [("a%7Cb", "a|b"), ("b%C3%A5%", "bå%"), ("%zz", "%zz"), ("%C3", "%C3")] {
            assert_eq!(unescaped(text), expected);
        }
    }
}
