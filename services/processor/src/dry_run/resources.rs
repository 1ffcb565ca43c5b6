//! FHIR resources tried without Kafka: one JSON line per resource of a Bundle, or of a file with one resource per line.
//!
//! Each becomes the record that the connector would send: the resource, and beside it those of the same file that it
//! refers to. They may stand anywhere in the file, so it is held in memory, and its size is bounded.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, Read, Write};

use schemas::{Format, Origin, SourceRecord};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{At, Error, Language, SOURCE_SYSTEM, Summary, Taker, print};
use crate::pipeline::Pipeline;

/// Longest file that is read.
pub(super) const FILE_BYTES_MAX: u64 = 256 << 20;

const CONTEXT_MAX: usize = 500;

pub(super) struct Resources<'a> {
    pub(super) region: &'a str,
    pub(super) received_at: schemas::Timestamp,
    pub(super) language: Language,
}

enum Item<'a> {
    Resource { full_url: Option<String>, kind: String, id: Option<String>, numbers: Vec<String>, raw: &'a RawValue },
    Deleted { raw: &'a RawValue },
    Unreadable(&'a str),
}

#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(rename = "resourceType")]
    kind: String,
    id: Option<String>,
    #[serde(default)]
    meta: Meta,
    #[serde(borrow)]
    identifier: Option<&'a RawValue>,
    #[serde(borrow, default)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize, Default)]
struct Meta {
    #[serde(rename = "versionId")]
    version: Option<String>,
    #[serde(rename = "lastUpdated")]
    last_updated: Option<String>,
}

/// What is read of an identifier.
#[derive(Deserialize)]
struct Number {
    value: Option<String>,
}

/// Where the resources of a file are, by every name that another may call them.
#[derive(Default)]
struct Places<'i> {
    /// By fullUrl and by `Type/id`.
    addresses: HashMap<String, usize>,
    /// By id alone, of whatever type: `urn:uuid:<id>` does not say it.
    ids: HashMap<&'i str, Vec<usize>>,
    /// By the value of an identifier.
    numbers: HashMap<&'i str, Vec<usize>>,
}

/// Resources of one id or one number that are sent along: the pipeline chooses.
const SAME_MAX: usize = 8;

impl<'i> Places<'i> {
    fn of(items: &'i [Item<'_>]) -> Places<'i> {
        let mut places = Places::default();
        for (at, item) in items.iter().enumerate() {
            let Item::Resource { full_url, kind, id, numbers, .. } = item else { continue };
            places.addresses.extend(full_url.clone().map(|url| (url, at)));
            if let Some(id) = id {
                places.addresses.insert(format!("{kind}/{id}"), at);
                places.ids.entry(id).or_default().push(at);
            }
            for number in numbers {
                places.numbers.entry(number).or_default().push(at);
            }
        }
        places
    }

    fn find(&self, named: &Named<'_>) -> Vec<usize> {
        let address = match named {
            Named::Address(address) => *address,
            Named::Number(number) => return self.several(&self.numbers, number),
        };
        if let Some(at) = self.addresses.get(address) {
            return vec![*at];
        }
        if let Some((_, query)) = address.split_once('?') {
            let value = query.rsplit(['=', '|']).next().unwrap_or(query);
            let value = value.rsplit("%7C").next().unwrap_or(value);
            return [self.several(&self.numbers, value), self.several(&self.ids, value)].concat();
        }
        if let Some(id) = address.strip_prefix("urn:uuid:").or_else(|| address.strip_prefix("urn:oid:")) {
            return self.several(&self.ids, id);
        }
        let current = address.split("/_history/").next().unwrap_or(address);
        self.addresses.get(relative(current)).copied().into_iter().collect()
    }

    fn several(&self, places: &HashMap<&str, Vec<usize>>, name: &str) -> Vec<usize> {
        places.get(name).into_iter().flatten().copied().take(SAME_MAX).collect()
    }
}

/// How one resource names another.
enum Named<'v> {
    Address(&'v str),
    /// By an identifier only.
    Number(&'v str),
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(rename = "fullUrl")]
    full_url: Option<String>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
}

/// Whether a file holds FHIR: whatever its format, JSON begins with a brace.
pub(super) fn is_json(input: &mut impl BufRead) -> std::io::Result<bool> {
    let start = input.fill_buf()?;
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    Ok(start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{'))
}

impl Resources<'_> {
    pub(super) fn run<R: Read, W: Write>(
        &self,
        pipeline: &mut Pipeline,
        input: R,
        taker: &mut Taker,
        output: &mut W,
    ) -> Result<Summary, Error> {
        let mut text = String::new();
        let length = input.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(Error::Read)?;
        if length as u64 > FILE_BYTES_MAX {
            return Err(Error::TooLong);
        }
        let items = items(text.strip_prefix('\u{feff}').unwrap_or(&text));
        let places = Places::of(&items);
        let mut summary = Summary::default();
        for (at, item) in items.iter().enumerate() {
            taker.events.clear();
            let (payload, message_id) = match item {
                Item::Resource { raw, .. } => (record(&items, &places, at), message_id(raw)),
                Item::Deleted { raw } => (collection([format!("{{\"request\":{raw}}}")]), String::new()),
                Item::Unreadable(line) => ((*line).to_owned(), String::new()),
            };
            let source = SourceRecord {
                region: self.region,
                source_system: SOURCE_SYSTEM,
                feed: "fhir",
                format: Format::Fhir,
                message_id: &message_id,
                received_at: self.received_at,
                recorded_at: None,
                source_position: "",
                payload: payload.as_bytes(),
                seal: None,
            };
            let offset = i64::try_from(summary.messages()).unwrap_or(i64::MAX);
            let origin = Origin { topic: "dry-run", partition: 0, offset, ordinal: 0 };
            let outcome = pipeline.process(&source, origin, taker);
            summary.add(&outcome, pipeline.found());
            if taker.census.is_none() {
                print(taker, outcome, None, At::Message(summary.messages()), self.language, output)?;
            }
        }
        Ok(summary)
    }
}

/// A Bundle's entries, or a resource per line.
fn items(text: &str) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    if let Ok(raw) = serde_json::from_str::<&RawValue>(text) {
        add(raw, &mut items);
        return items;
    }
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match serde_json::from_str::<&RawValue>(line) {
            Ok(raw) => add(raw, &mut items),
            Err(_) => items.push(Item::Unreadable(line)),
        }
    }
    items
}

fn add<'a>(raw: &'a RawValue, items: &mut Vec<Item<'a>>) {
    let Ok(outer) = serde_json::from_str::<Outer<'a>>(raw.get()) else {
        items.push(Item::Unreadable(raw.get()));
        return;
    };
    if outer.kind != "Bundle" {
        items.push(resource(None, raw));
        return;
    }
    for entry in outer.entry {
        match (entry.resource, entry.request) {
            (Some(raw), _) => items.push(resource(entry.full_url, raw)),
            (None, Some(raw)) => items.push(Item::Deleted { raw }),
            (None, None) => {}
        }
    }
}

fn resource(full_url: Option<String>, raw: &RawValue) -> Item<'_> {
    let outer: Option<Outer<'_>> = serde_json::from_str(raw.get()).ok();
    let Some(outer) = outer else {
        return Item::Resource { full_url, kind: String::new(), id: None, numbers: Vec::new(), raw };
    };
    let identifiers: Option<Vec<Number>> = outer.identifier.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let numbers = identifiers.into_iter().flatten().filter_map(|number| number.value).collect();
    Item::Resource { full_url, kind: outer.kind, id: outer.id, numbers, raw }
}

/// `Encounter/1@2`.
fn message_id(raw: &RawValue) -> String {
    let Ok(outer) = serde_json::from_str::<Outer<'_>>(raw.get()) else { return String::new() };
    let Some(id) = outer.id else { return outer.kind };
    match outer.meta.version.or(outer.meta.last_updated) {
        Some(version) => format!("{}/{id}@{version}", outer.kind),
        None => format!("{}/{id}", outer.kind),
    }
}

/// The resource and those that it refers to; of Locations and Encounters also what they are part of.
fn record(items: &[Item<'_>], places: &Places<'_>, at: usize) -> String {
    let mut taken = HashSet::from([at]);
    let mut order = vec![at];
    let mut next = 0;
    while let Some(from) = order.get(next).copied() {
        next += 1;
        let Item::Resource { raw, kind, .. } = &items[from] else { continue };
        if from != at && !matches!(kind.as_str(), "Location" | "Encounter") {
            continue;
        }
        let Ok(value) = serde_json::from_str::<Value>(raw.get()) else { continue };
        let mut references = Vec::new();
        match value.get("partOf").filter(|_| from != at) {
            Some(part_of) => collect_of(part_of, &mut references),
            None if from != at => {}
            None => collect(&value, &mut references),
        }
        for found in references.iter().flat_map(|reference| places.find(reference)) {
            if order.len() <= CONTEXT_MAX && taken.insert(found) {
                order.push(found);
            }
        }
    }
    collection(order.into_iter().filter_map(|at| match &items[at] {
        Item::Resource { full_url, kind, id, raw, .. } => {
            let address = id.as_ref().map(|id| format!("{kind}/{id}"));
            let name = full_url.as_ref().or(address.as_ref()).map(|name| Value::from(name.as_str()));
            Some(match name {
                Some(name) => format!("{{\"fullUrl\":{name},\"resource\":{raw}}}"),
                None => format!("{{\"resource\":{raw}}}"),
            })
        }
        Item::Deleted { .. } | Item::Unreadable(_) => None,
    }))
}

/// `Patient/1` of `http://server/fhir/Patient/1`.
fn relative(reference: &str) -> &str {
    let mut slashes = reference.rmatch_indices('/').map(|(at, _)| at);
    let start = slashes.nth(1).map_or(0, |at| at + 1);
    &reference[start..]
}

/// What a value and all within it refer to.
fn collect<'v>(value: &'v Value, references: &mut Vec<Named<'v>>) {
    match value {
        Value::Object(fields) => {
            collect_of(value, references);
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a value refers to if it is a reference: by its address, else by its identifier, which only references have one of.
fn collect_of<'v>(value: &'v Value, references: &mut Vec<Named<'v>>) {
    if let Some(address) = value.get("reference").and_then(Value::as_str) {
        references.push(Named::Address(address));
    }
    if let Some(number) = value.pointer("/identifier/value").and_then(Value::as_str) {
        references.push(Named::Number(number));
    }
}

fn collection(entries: impl IntoIterator<Item = String>) -> String {
    let entries: Vec<String> = entries.into_iter().collect();
    format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{}]}}", entries.join(","))
}
