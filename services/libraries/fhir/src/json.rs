//! Texts and lists as they stand in JSON, with the bounds under which they are read.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

/// Most elements of any list that is read; a resource with more is not read at all.
pub const LIST_MAX: usize = 1_000;

/// A JSON string, borrowed where it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Text<'_> {
    /// A text that was not written so.
    pub fn made(text: String) -> Text<'static> {
        Text(Cow::Owned(text))
    }
}

/// The text that a field holds, without blanks around it; an empty one says nothing.
pub fn said<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref().map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// A list of at most [`LIST_MAX`] elements; `null` is an empty one.
pub struct List<T>(Vec<T>);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_bounded_and_null_is_none() {
        let list = |count: usize| serde_json::from_str::<List<u8>>(&format!("[{}]", vec!["1"; count].join(",")));
        assert_eq!(list(LIST_MAX).map(|list| list.len()).ok(), Some(LIST_MAX));
        assert!(list(LIST_MAX + 1).is_err());
        assert_eq!(serde_json::from_str::<List<u8>>("null").map(|list| list.len()).ok(), Some(0));
        assert!(serde_json::from_str::<List<u8>>("{}").is_err());
    }
}
