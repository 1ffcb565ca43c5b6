//! The schemas that a region's registry holds for its Debezium topics: which one a message names, and what it says.
//!
//! Confluent's converter writes a zero byte and the schema's id as four bytes before the datum, Apicurio's the same, or the
//! id as eight bytes, or (in Kafka Connect, unless told otherwise) the id in a header and the datum alone. No id is 0: four
//! zero bytes behind the first are the upper half of an id of eight.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::message::BorrowedMessage;
use runtime::config::Fault;
use runtime::header;
use schemas::registry::{Connection, Settings};
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
    connection: Connection,
    /// None for a schema that is no Avro, or none that is understood.
    known: HashMap<Id, Option<Arc<avro::Schema>>>,
}

/// Why a schema is not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Nobody answers there, or not now.
    #[error("the schema registry does not answer at {url}")]
    Away { url: String, source: Box<ureq::Error> },
    /// It is not the registry that was meant, or wants to know us better.
    #[error("the schema registry at {url}: {refusal}")]
    Untrusted { url: String, refusal: Box<tls::Refusal> },
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
    /// The registry that the settings name; nothing is asked yet.
    pub(super) fn new(settings: &Settings, ids: Option<RegistryIds>) -> Result<Self, Fault> {
        let connection = Connection::new(settings, ANSWER_MAX).map_err(|fault| fault.under("registry"))?;
        Ok(Self { url: settings.url.trim_end_matches('/').to_owned(), ids, connection, known: HashMap::new() })
    }

    /// The schema with this id, asked for once; nothing for one that is no Avro, or none that is understood.
    pub(super) async fn schema(&mut self, id: Id) -> Result<Option<Arc<avro::Schema>>, Error> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let url = self.url_of(id)?;
        let (connection, is_own) = (self.connection.clone(), self.ids.is_some());
        // A panic has been logged with its place.
        let asked = tokio::task::spawn_blocking(move || ask(&connection, url, is_own)).await;
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
fn ask(connection: &Connection, url: String, is_own: bool) -> Result<Option<String>, Error> {
    let mut answer = match connection.authorised(connection.agent.get(&url)).call() {
        Ok(answer) => answer,
        Err(source) => {
            return Err(match tls::Refusal::of_question(&source) {
                Some(refusal) => Error::Untrusted { url, refusal: Box::new(refusal) },
                None => Error::Away { url, source: Box::new(source) },
            });
        }
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
    use local_stack::{Answering, Authority, Certificate};
    use runtime::config::{Check, Secret};
    use schemas::registry::Login;

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
        let of = |url: &str, ids, id| Registry::new(&Settings::at(url), ids).expect("in plain text").url_of(id).ok();
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

    async fn asked(settings: &Settings) -> Result<(), Error> {
        settings.check().expect("the settings can be used");
        let mut registry = Registry::new(settings, None).expect("a client");
        // Of our own development registry, which has it.
        registry.schema(Id::Framed(101)).await.map(drop)
    }

    fn over(authority: &Authority, certificate: &Certificate, is_strict: bool) -> schemas::registry::Server {
        let client_ca = is_strict.then(|| authority.ca());
        let (certificate, key) = (certificate.certificate.clone(), certificate.key.clone());
        let listener = tls::Listener { certificate, key, client_ca, client_optional: false };
        schemas::registry::server::spawn_over("127.0.0.1:0", Some(&listener)).expect("the registry starts")
    }

    #[tokio::test]
    async fn only_the_registry_that_was_meant_is_asked() {
        let (authority, others) = (Authority::new().expect("an authority"), Authority::new().expect("an authority"));
        let shown = authority.issue(&["127.0.0.1"]).expect("issued");
        let trusting = tls::Client::trusting(authority.ca());
        let settings = |url: &str, tls: &tls::Client| Settings { tls: Some(tls.clone()), ..Settings::at(url) };
        let good = over(&authority, &shown, false);
        asked(&settings(&good.url(), &trusting)).await.expect("answered");
        let refused = async |settings: Settings, expected: &str| {
            let error = asked(&settings).await.expect_err(expected);
            assert!(matches!(error, Error::Untrusted { .. }) && error.to_string().contains(expected), "{error}");
        };
        refused(settings(&good.url(), &tls::Client::trusting(others.ca())), "no authority in the file `ca`").await;
        refused(settings(&good.url().replace("127.0.0.1", "localhost"), &trusting), "and not for localhost").await;
        let expired = over(&authority, &authority.issue_expired(&["127.0.0.1"]).expect("issued"), false);
        refused(settings(&expired.url(), &trusting), "its certificate has expired").await;
        let strict = over(&authority, &shown, true);
        refused(settings(&strict.url(), &trusting), "it demands a client certificate").await;
        let own = authority.issue(&["connector"]).expect("issued");
        asked(&settings(&strict.url(), &trusting.showing(&own.certificate, &own.key))).await.expect("answered");
    }

    #[tokio::test]
    async fn user_and_password_go_with_the_question() {
        let authority = Authority::new().expect("an authority");
        let shown = authority.issue(&["127.0.0.1"]).expect("issued");
        let listener =
            tls::Listener { certificate: shown.certificate, key: shown.key, client_ca: None, client_optional: false };
        // A variable that every process has, in place of a password.
        let login = Login { user: "vardstrom".to_owned(), password: Secret::in_env("PATH") };
        let expected = tls::basic(&login.user, &std::env::var("PATH").expect("a path")).expect("a header");
        let expected = format!("authorization: {}", expected.to_str().expect("a text"));
        let server = Answering::start(Some(listener.config().expect("usable")), move |asked| {
            match asked.head.lines().any(|line| line == expected) {
                true => (200, r#"{"schema":"\"string\""}"#.to_owned()),
                false => (401, "{}".to_owned()),
            }
        });
        let server = server.expect("it starts");
        let tls = Some(tls::Client::trusting(authority.ca()));
        let without = Settings { tls, ..Settings::at(server.url()) };
        let error = asked(&without).await.expect_err("nobody is let in without").to_string();
        assert!(error.contains("refuses with 401") && error.contains("may we read it"), "{error}");
        let with = Settings { login: Some(login), ..without };
        asked(&with).await.expect("answered");
    }
}
