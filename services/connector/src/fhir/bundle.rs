//! Bundles as servers write them: the pages that a search is answered with, and what is said of a failure.

use std::borrow::Cow;

use schemas::content_hash;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A page of a search.
#[derive(Deserialize)]
pub(crate) struct Page<'a> {
    #[serde(rename = "resourceType")]
    resource_type: String,
    #[serde(default)]
    link: Vec<Link>,
    #[serde(borrow)]
    total: Option<&'a RawValue>,
    /// What was found, and what goes with it.
    #[serde(default, borrow)]
    pub entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Link {
    relation: String,
    url: String,
}

/// One entry of a page.
#[derive(Deserialize)]
pub(crate) struct Entry<'a> {
    /// The resource as the server wrote it.
    #[serde(borrow)]
    pub resource: Option<&'a RawValue>,
    search: Option<Search>,
    #[serde(borrow)]
    request: Option<Request<'a>>,
    #[serde(borrow)]
    response: Option<Response<'a>>,
}

/// Of a history: what was done.
#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
}

/// Of a history: what came of it.
#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    etag: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "lastModified")]
    last_modified: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Search {
    mode: Option<String>,
}

/// Why an entry is on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Match,
    /// It goes with one that was.
    Include,
    /// It says something of the search.
    Outcome,
}

impl<'a> Page<'a> {
    /// Reads a page; `None` when it is none.
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        let page: Self = serde_json::from_slice(body).ok()?;
        (page.resource_type == "Bundle").then_some(page)
    }

    /// How many there are on all pages; nothing, where the server does not say so.
    pub(crate) fn total(&self) -> Option<u64> {
        self.total?.get().parse().ok()
    }

    /// Stands for what is on the page: of two pages the same only where they hold the same. Nothing for an empty one.
    pub(crate) fn content(&self) -> Option<[u8; 32]> {
        let mut text = String::new();
        for entry in &self.entry {
            let address = entry.request.as_ref().map(|request| &*request.url);
            let words = [entry.resource.map(RawValue::get), address, entry.version(), entry.last_modified()];
            for word in words.into_iter().flatten() {
                text.push_str(word);
                text.push('\n');
            }
        }
        (!self.entry.is_empty()).then(|| content_hash(text.as_bytes()).0)
    }

    /// Where the next page is.
    pub(crate) fn next(&self) -> Option<&str> {
        self.link.iter().find(|link| link.relation == "next").map(|link| link.url.as_str())
    }
}

impl Entry<'_> {
    /// Why it is on the page; nothing, where the server does not say so.
    pub(crate) fn mode(&self) -> Option<Mode> {
        match self.search.as_ref()?.mode.as_deref()? {
            "match" => Some(Mode::Match),
            "include" => Some(Mode::Include),
            "outcome" => Some(Mode::Outcome),
            _ => None,
        }
    }
}

impl Entry<'_> {
    /// Of a history: the address of what was deleted; nothing, where it says something else.
    pub(crate) fn deleted(&self) -> Option<&str> {
        self.request.as_ref().filter(|request| request.method == "DELETE").map(|request| &*request.url)
    }

    /// Of a history: the version, as `W/"3"` writes it.
    pub(crate) fn version(&self) -> Option<&str> {
        let etag = self.response.as_ref()?.etag.as_deref()?;
        etag.trim_start_matches("W/").strip_prefix('"')?.strip_suffix('"')
    }

    /// Of a history: when it was.
    pub(crate) fn last_modified(&self) -> Option<&str> {
        self.response.as_ref()?.last_modified.as_deref().filter(|text| text.len() <= 64)
    }
}

/// Issues that are told of one OperationOutcome.
const ISSUES_MAX: usize = 5;

#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    issue: Vec<Issue>,
}

#[derive(Deserialize)]
struct Issue {
    severity: Option<String>,
    code: Option<String>,
}

/// Severities and codes of an OperationOutcome: the words that FHIR defines, and none of its texts, which may quote a value.
pub(crate) fn issues(body: &[u8]) -> String {
    let Ok(outcome) = serde_json::from_slice::<Outcome>(body) else { return String::new() };
    let word = |text: Option<String>| {
        let known =
            |text: &String| text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        text.filter(known).unwrap_or_else(|| "?".to_owned())
    };
    let issues = outcome.issue.into_iter().take(ISSUES_MAX);
    issues.map(|issue| format!("{} {}", word(issue.severity), word(issue.code))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_stay_as_they_are_written() {
        let body = br#"{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"a"},{"relation":"next","url":"b"}],
            "entry":[{"resource":{"resourceType":"Observation" ,"value":1.50},"search":{"mode":"match"}},{"fullUrl":"x"}]}"#;
        let page = Page::read(body).expect("a page");
        assert_eq!((page.next(), page.total()), (Some("b"), None));
        let entry = &page.entry[0];
        assert_eq!(entry.mode(), Some(Mode::Match));
        let raw = entry.resource.expect("a resource").get();
        assert_eq!(
            ::fhir::bundle::collection([("A/1", raw), ("B/2", "{}")].into_iter()),
            r#"{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"A/1","resource":{"resourceType":"Observation" ,"value":1.50}},{"fullUrl":"B/2","resource":{}}]}"#
        );
        assert!(Page::read(br#"{"resourceType":"OperationOutcome"}"#).is_none());
        assert!(Page::read(b"<html>").is_none());
    }

    #[test]
    fn an_outcome_is_told_without_its_texts() {
        let body = br#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found",
            "diagnostics":"Patient/198001012387 is not known"},{"severity":"19800101-2387","code":"x y"}]}"#;
        assert_eq!(issues(body), "error not-found, ? ?");
        assert_eq!(issues(b"not JSON"), "");
    }
}
