//! The Bundle in which one version of one resource travels: connector writes it, processor reads it.
//!
//! It is of type `collection`. The first entry is what it is about, a resource or a `DELETE` of one; the others are what that
//! one refers to, each with its `Type/id` as `fullUrl`. A resource without a Bundle around it travels alone.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{List, Text, said};
use crate::reference::type_and_id;

/// What is read of a Bundle.
pub struct Bundle<'a> {
    /// What it is about.
    pub focus: Focus<'a>,
    /// What goes with it.
    pub context: Vec<Entry<'a>>,
}

/// What a Bundle is about.
pub enum Focus<'a> {
    /// A version of a resource.
    Resource(Entry<'a>),
    /// The resource with this address, which ends in type and id, is no longer there.
    Deleted(Text<'a>),
}

/// A resource in a Bundle.
pub struct Entry<'a> {
    /// By which others in the Bundle may refer to it.
    pub full_url: Option<Text<'a>>,
    /// As it is written.
    pub resource: &'a RawValue,
}

/// A Bundle of a resource and what goes with it, each with its `Type/id`, as they were written. A `Type/id` has letters,
/// digits, `/`, `-` and `.` only.
pub fn collection<'r>(resources: impl Iterator<Item = (&'r str, &'r str)>) -> String {
    let mut text = String::from(r#"{"resourceType":"Bundle","type":"collection","entry":["#);
    for (number, (reference, resource)) in resources.enumerate() {
        if number > 0 {
            text.push(',');
        }
        text.push_str(r#"{"fullUrl":""#);
        text.push_str(reference);
        text.push_str(r#"","resource":"#);
        text.push_str(resource);
        text.push('}');
    }
    text.push_str("]}");
    text
}

/// A Bundle that says that the resource with this `Type/id` was deleted.
pub fn deletion(reference: &str) -> String {
    format!(
        r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"fullUrl":"{reference}","request":{{"method":"DELETE","url":"{reference}"}}}}]}}"#
    )
}

/// Reads a Bundle, or a resource without one; nothing for what is neither.
pub fn read(text: &str) -> Option<Bundle<'_>> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    let outer: Outer<'_> = serde_json::from_str(raw.get()).ok()?;
    if &*outer.kind != "Bundle" {
        let alone = Entry { full_url: None, resource: raw };
        return Some(Bundle { focus: Focus::Resource(alone), context: Vec::new() });
    }
    let entries: Vec<Written<'_>> = match outer.entry {
        Some(entries) => serde_json::from_str::<List<Written<'_>>>(entries.get()).ok()?.into_inner(),
        None => Vec::new(),
    };
    let mut entries = entries.into_iter();
    let first = entries.next()?;
    let focus = match first.resource {
        Some(resource) => Focus::Resource(Entry { full_url: first.full_url, resource }),
        None => Focus::Deleted(first.request?.deleted()?),
    };
    let context = entries.filter_map(|entry| Some(Entry { full_url: entry.full_url, resource: entry.resource? }));
    Some(Bundle { focus, context: context.collect() })
}

#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(borrow, rename = "resourceType")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    entry: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow, rename = "fullUrl")]
    full_url: Option<Text<'a>>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow)]
    request: Option<Request<'a>>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    method: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
}

impl<'a> Request<'a> {
    fn deleted(self) -> Option<Text<'a>> {
        let is_deletion = said(&self.method) == Some("DELETE");
        self.url.filter(|url| is_deletion && type_and_id(url).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, focus: &str, context: &[(&str, &str)]) {
        let bundle = read(text).expect("a bundle");
        let shown = |entry: &Entry<'_>| format!("{:?} {}", said(&entry.full_url), entry.resource.get());
        let found = match &bundle.focus {
            Focus::Resource(entry) => shown(entry),
            Focus::Deleted(address) => format!("DELETE {}", &**address),
        };
        assert_eq!(found, focus);
        let context: Vec<String> = context.iter().map(|(url, text)| format!("{:?} {text}", Some(url))).collect();
        assert_eq!(bundle.context.iter().map(shown).collect::<Vec<_>>(), context);
    }

    #[test]
    fn what_is_written_is_read() {
        let encounter = r#"{"resourceType":"Encounter" ,"id":"1"}"#;
        let patient = r#"{"resourceType":"Patient","id":"2"}"#;
        let text = collection([("Encounter/1", encounter), ("Patient/2", patient)].into_iter());
        check(&text, &format!("Some(\"Encounter/1\") {encounter}"), &[("Patient/2", patient)]);
        check(&deletion("Encounter/1"), "DELETE Encounter/1", &[]);
        check(encounter, &format!("None {encounter}"), &[]);
    }

    #[test]
    fn what_is_about_nothing_is_no_bundle() {
        for text in [
            "",
            "7",
            r#"{"id":"1"}"#,
            r#"{"resourceType":"Bundle"}"#,
            r#"{"resourceType":"Bundle","entry":[]}"#,
            r#"{"resourceType":"Bundle","entry":[{"fullUrl":"Patient/1"}]}"#,
            r#"{"resourceType":"Bundle","entry":[{"request":{"method":"PUT","url":"Patient/1"}}]}"#,
            r#"{"resourceType":"Bundle","entry":[{"request":{"method":"DELETE","url":"Patient"}}]}"#,
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
