//! The schemas that a region's registry holds for its Debezium topics: which one a message names, and what it says.
//!
//! Confluent's converter writes a zero byte and the schema's id as four bytes before the datum, Apicurio's the same, or the
//! id as eight bytes, or (in Kafka Connect, unless told otherwise) the id in a header and the datum alone. No id is 0: four
//! zero bytes behind the first are the upper half of an id of eight.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::message::BorrowedMessage;
use runtime::header;
use serde::Deserialize;

use super::avro;
use crate::config::RegistryIds;

/// How long one question may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// The longest schema that is read; one of 2,000 columns takes about half of it.
const SCHEMA_BYTES_MAX: u64 = 1 << 20;
/// Schemas that are kept; one more, and all are asked for again.
const KEPT_MAX: usize = 1_000;

/// A message's key or its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
}

/// How a registry names a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Id {
    /// As the bytes before a datum say it.
    Framed(u32),
    /// Apicurio's id of a version, as a header says it.
    Global(u64),
    /// Apicurio's id of a content, as a header says it.
    Content(u64),
}

/// A datum, and the schema that it was written by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Framed<'a> {
    pub id: Id,
    pub datum: &'a [u8],
}

/// What names the schema of a message's part; nothing where nothing does.
pub(super) fn framed<'a>(part: Part, message: &BorrowedMessage<'_>, bytes: &'a [u8]) -> Option<Framed<'a>> {
    let names = match part {
        Part::Key => ["apicurio.key.globalId", "apicurio.key.contentId"],
        Part::Value => ["apicurio.value.globalId", "apicurio.value.contentId"],
    };
    let named = names.into_iter().find_map(|name| of_header(part, name, header::first(message, name)?));
    // A datum may begin with a zero byte, too.
    named.map(|id| Framed { id, datum: bytes }).or_else(|| framed_by_bytes(bytes))
}

fn of_header(part: Part, name: &str, value: &[u8]) -> Option<Id> {
    let part = match part {
        Part::Key => "key",
        Part::Value => "value",
    };
    let kind = name.strip_prefix("apicurio.")?.strip_prefix(part)?;
    let id = u64::from_be_bytes(value.try_into().ok()?);
    match kind {
        ".globalId" => Some(Id::Global(id)),
        ".contentId" => Some(Id::Content(id)),
        _ => None,
    }
}

/// What the bytes before a datum name.
pub(super) fn framed_by_bytes(bytes: &[u8]) -> Option<Framed<'_>> {
    let (id, datum) = bytes.strip_prefix(&[0])?.split_first_chunk()?;
    match u32::from_be_bytes(*id) {
        0 => {
            let (id, datum) = datum.split_first_chunk()?;
            Some(Framed { id: Id::Framed(u32::from_be_bytes(*id)), datum })
        }
        id => Some(Framed { id: Id::Framed(id), datum }),
    }
}

/// A registry, and what it has said.
pub(super) struct Registry {
    url: String,
    /// Which ids stand before a datum; none where the registry is asked by Confluent's interface.
    ids: Option<RegistryIds>,
    agent: ureq::Agent,
    /// None for a schema that is no Avro, or none that is understood.
    known: HashMap<Id, Option<Arc<avro::Schema>>>,
}

/// Why a schema is not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Nobody answers there, or not now.
    #[error("the schema registry does not answer at {url}")]
    Away { url: String, source: Box<ureq::Error> },
    /// It is overloaded, or ill.
    #[error("the schema registry answers {status} at {url}")]
    Failing { url: String, status: u16 },
    /// It has no such schema.
    #[error(
        "the schema registry has no such schema at {url}: `registry` must be the one that the converter writes to, with its \
         whole path, and `registry_ids` its `use-id`; a schema that was deleted has to be registered anew"
    )]
    Unknown { url: String },
    #[error("the schema registry refuses with {status} at {url}: is this its address, and may we read it?")]
    Refused { url: String, status: u16 },
    /// What it says is no registry's answer.
    #[error("what answers at {url} is no schema registry's answer: is this its address?")]
    NotUnderstood { url: String },
    /// Ids in headers are Apicurio's.
    #[error(
        "the message has Apicurio's id in a header, which Confluent's interface does not know: give `registry` Apicurio's own \
         address, for example \"http://127.0.0.1:8080/apis/registry/v3\""
    )]
    Header,
}

#[derive(Deserialize)]
struct Answer {
    schema: String,
    #[serde(rename = "schemaType")]
    kind: Option<String>,
}

impl Registry {
    /// The registry at `url`; nothing is asked yet.
    pub(super) fn new(url: &str, ids: Option<RegistryIds>) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER_MAX))
            .http_status_as_error(false)
            // The registry is a neighbour: a proxy for the outer world must not be asked for it.
            .proxy(None)
            .build()
            .new_agent();
        Self { url: url.trim_end_matches('/').to_owned(), ids, agent, known: HashMap::new() }
    }

    /// The schema with this id, asked for once; nothing for one that is no Avro, or none that is understood.
    pub(super) async fn schema(&mut self, id: Id) -> Result<Option<Arc<avro::Schema>>, Error> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let url = self.url_of(id)?;
        let (agent, is_own) = (self.agent.clone(), self.ids.is_some());
        // A panic has been logged with its place.
        let asked = tokio::task::spawn_blocking(move || ask(&agent, url, is_own)).await;
        let text = asked.unwrap_or_else(|_| Err(Error::NotUnderstood { url: self.url.clone() }))?;
        let schema = text.and_then(|text| avro::Schema::parse(&text)).map(Arc::new);
        if self.known.len() >= KEPT_MAX {
            self.known.clear();
        }
        self.known.insert(id, schema.clone());
        Ok(schema)
    }

    fn url_of(&self, id: Id) -> Result<String, Error> {
        let (kind, id) = match (self.ids, id) {
            (None, Id::Framed(id)) => return Ok(format!("{}/schemas/ids/{id}", self.url)),
            (None, _) => return Err(Error::Header),
            (Some(RegistryIds::Global), Id::Framed(id)) => ("globalIds", u64::from(id)),
            (Some(RegistryIds::Content), Id::Framed(id)) => ("contentIds", u64::from(id)),
            (Some(_), Id::Global(id)) => ("globalIds", id),
            (Some(_), Id::Content(id)) => ("contentIds", id),
        };
        Ok(format!("{}/ids/{kind}/{id}", self.url))
    }
}

/// A schema's text; nothing for one that is no Avro. Apicurio's own interface answers with the text alone.
fn ask(agent: &ureq::Agent, url: String, is_own: bool) -> Result<Option<String>, Error> {
    let mut answer = match agent.get(&url).call() {
        Ok(answer) => answer,
        Err(source) => return Err(Error::Away { url, source: Box::new(source) }),
    };
    match answer.status().as_u16() {
        200 => {}
        404 => return Err(Error::Unknown { url }),
        status @ (429 | 500..) => return Err(Error::Failing { url, status }),
        status => return Err(Error::Refused { url, status }),
    }
    let text = match answer.body_mut().with_config().limit(SCHEMA_BYTES_MAX).read_to_string() {
        Ok(text) => text,
        Err(ureq::Error::Io(source)) => return Err(Error::Away { url, source: Box::new(ureq::Error::Io(source)) }),
        Err(_) => return Err(Error::NotUnderstood { url }),
    };
    if is_own {
        return Ok(Some(text));
    }
    let Ok(answer) = serde_json::from_str::<Answer>(&text) else { return Err(Error::NotUnderstood { url }) };
    Ok(answer.kind.is_none_or(|kind| kind == "AVRO").then_some(answer.schema))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_where_the_converters_write_them() {
        let check = |bytes: &[u8], expected: Option<(u32, &[u8])>| {
            let expected = expected.map(|(id, datum)| Framed { id: Id::Framed(id), datum });
            assert_eq!(framed_by_bytes(bytes), expected, "{bytes:?}");
        };
        check(&[0, 0, 0, 0, 18, 2], Some((18, &[2])));
        check(&[0, 1, 2, 3, 4], Some((0x0102_0304, &[])));
        check(&[0, 0, 0, 0, 0, 0, 0, 0, 25, 8], Some((25, &[8])));
        for other in [&b"{\"id\":1}"[..], b"", &[0], &[0, 0, 0, 1], &[0, 0, 0, 0, 0, 0, 0, 7]] {
            check(other, None);
        }
        let of = |name: &str, value: &[u8]| of_header(Part::Value, name, value);
        let id = 15_u64.to_be_bytes();
        assert_eq!(of("apicurio.value.globalId", &id), Some(Id::Global(15)));
        assert_eq!(of("apicurio.value.contentId", &id), Some(Id::Content(15)));
        assert_eq!(of_header(Part::Key, "apicurio.key.contentId", &id), Some(Id::Content(15)));
        assert_eq!(of("apicurio.key.globalId", &id), None);
        assert_eq!(of("apicurio.value.encoding", b"BINARY"), None);
        assert_eq!(of("apicurio.value.globalId", b"15"), None);
    }

    #[test]
    fn a_registry_is_asked_by_the_interface_that_its_address_is_of() {
        let of = |url: &str, ids, id| Registry::new(url, ids).url_of(id).ok();
        let (confluent, own) = ("http://r:1/apis/ccompat/v7/", "http://r:1/apis/registry/v3");
        let asked = |path: &str| Some(path.to_owned());
        assert_eq!(of(confluent, None, Id::Framed(7)), asked("http://r:1/apis/ccompat/v7/schemas/ids/7"));
        assert_eq!(of(confluent, None, Id::Global(7)), None);
        let (global, content) = (Some(RegistryIds::Global), Some(RegistryIds::Content));
        assert_eq!(of(own, global, Id::Framed(7)), asked("http://r:1/apis/registry/v3/ids/globalIds/7"));
        assert_eq!(of(own, content, Id::Framed(7)), asked("http://r:1/apis/registry/v3/ids/contentIds/7"));
        // A header says itself what its id is.
        assert_eq!(of(own, global, Id::Content(7)), asked("http://r:1/apis/registry/v3/ids/contentIds/7"));
        assert_eq!(of(own, content, Id::Global(7)), asked("http://r:1/apis/registry/v3/ids/globalIds/7"));
    }
}
