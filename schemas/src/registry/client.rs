//! Asks a Confluent-compatible registry, blocking, with every wait bounded.
//!
//! Services ask at start and when a new schema id turns up, never per record.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ::settings::{Check, Fault};
use data_encoding::BASE64;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;
use ureq::http::HeaderValue;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig, TlsProvider};
use ureq::typestate::WithBody;
use zeroize::Zeroizing;

use super::{Settings, subject};
use crate::Kind;

/// How often one question is asked before the answer is an error.
const ATTEMPTS: u32 = 5;
/// First pause between two attempts; each next is twice as long, together at most 3 s.
const PAUSE_FIRST: Duration = Duration::from_millis(200);
/// How long one attempt may take, so that one question is answered within 28 s, whatever happens.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);
/// The longest answer that is read; our largest schema takes 15 kB.
const ANSWER_LIMIT: u64 = 1024 * 1024;

/// How long the answer holds that there is no such schema: it takes seconds to get, and a stranger may write many records.
const MISSING_HOLDS: Duration = Duration::from_secs(60);
/// How many such answers are remembered.
const MISSING_MAX: usize = 1000;
/// The interface's code for it.
const NO_SUCH_SCHEMA: u32 = 40403;

const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// A connection to a registry; cheap to clone.
#[derive(Clone)]
pub struct Client {
    url: String,
    agent: ureq::Agent,
    authorisation: Option<HeaderValue>,
    registers: bool,
    /// It has known a schema that was asked for, so it has read what it keeps.
    answered: Arc<AtomicBool>,
    /// Ids that the registry did not know, and when.
    missing: Arc<Mutex<HashMap<u32, Instant>>>,
}

/// Why a question to the registry has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answered, or the answer broke off, in every attempt.
    #[error("asking the schema registry at {url} failed {ATTEMPTS} times; is it running and reachable?")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What the last attempt met.
        source: Box<ureq::Error>,
    },
    /// It is not the registry that was meant, or does not take us for one of its clients, in every attempt.
    #[error("schema registry at {url}: {refusal}")]
    Untrusted {
        /// What was asked.
        url: String,
        /// What in the handshake was wrong.
        refusal: Box<tls::Refusal>,
    },
    /// The registry said no.
    #[error("schema registry at {url} answered {status}, code {code}: {message}")]
    Refused {
        /// What was asked.
        url: String,
        /// HTTP status.
        status: u16,
        /// The registry's own code.
        code: u32,
        /// The registry's own words.
        message: String,
    },
    /// The answer is not what the interface promises.
    #[error("schema registry at {url} gave an answer that is not the registry interface's JSON; is this its address?")]
    NotUnderstood {
        /// What was asked.
        url: String,
        /// Where the answer departs.
        source: Box<ureq::Error>,
    },
    /// The registry lacks the schema that is written.
    #[error(
        "schema registry at {url} has no version {version} of {} under subject {subject}; \
         register it with `topics apply --registry {url}`",
        kind.name()
    )]
    NotRegistered {
        /// The registry.
        url: String,
        /// Where it was looked for.
        subject: String,
        /// The kind of record.
        kind: Kind,
        /// The current version of its schema.
        version: u32,
    },
    /// The registry does not know a schema, nor anything else.
    #[error(
        "schema registry at {url} holds nothing: it is still reading what it keeps, or new; \
         register schemas with `topics apply --registry {url}`"
    )]
    Empty {
        /// The registry.
        url: String,
    },
}

impl Error {
    /// Whether the same question may have another answer later: the registry is away or overloaded, or somebody has yet to
    /// register the schema. Of what was asked it then says nothing.
    pub fn passes(&self) -> bool {
        match self {
            Error::Unreachable { .. } | Error::Untrusted { .. } | Error::NotRegistered { .. } | Error::Empty { .. } => {
                true
            }
            Error::Refused { status, .. } => *status >= 500 || *status == 429,
            Error::NotUnderstood { .. } => false,
        }
    }
}

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

#[derive(Deserialize)]
struct Refusal {
    error_code: u32,
    message: String,
}

impl Client {
    /// A client of the registry at `url`, for example `http://127.0.0.1:8081`. Connects when first asked.
    pub fn new(url: impl Into<String>) -> Self {
        Self::over(url.into(), TlsConfig::default())
    }

    /// A client of the registry that the settings name. Connects when first asked.
    pub fn connect(settings: &Settings) -> Result<Self, Fault> {
        let encryption = match &settings.tls {
            None => TlsConfig::default(),
            Some(tls) => encryption(tls).map_err(|fault| fault.under("tls"))?,
        };
        let client = Self::over(settings.url.clone(), encryption).registering(settings.register);
        let Some(login) = &settings.login else { return Ok(client) };
        let password = login.password.value().map_err(|fault| fault.under("login.password"))?;
        let pair = Zeroizing::new(format!("{}:{}", login.user, password.expose()));
        let encoded = Zeroizing::new(BASE64.encode(pair.as_bytes()));
        let mut header = HeaderValue::from_str(&format!("Basic {}", encoded.as_str()))
            .map_err(|_| Fault::new("login", "cannot be a header of HTTP"))?;
        header.set_sensitive(true);
        Ok(Self { authorisation: Some(header), ..client })
    }

    fn over(url: String, encryption: TlsConfig) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(ATTEMPT_LIMIT))
            .http_status_as_error(false)
            // The registry is a neighbour: a proxy for the outer world must not be asked for it.
            .proxy(None)
            .tls_config(encryption)
            .build()
            .new_agent();
        Self {
            url: url.trim_end_matches('/').to_owned(),
            agent,
            authorisation: None,
            registers: false,
            answered: Arc::default(),
            missing: Arc::default(),
        }
    }

    /// Whether [`Self::id_of`] registers what is not there, as a trial without `topics apply` may want.
    pub fn registering(self, registers: bool) -> Self {
        Self { registers, ..self }
    }

    /// Id of the current schema of `kind` for the values of `topic`, looked up.
    pub fn id_of(&self, topic: &str, kind: Kind) -> Result<u32, Error> {
        let subject = subject(topic);
        match self.look_up(&subject, kind.avsc())? {
            Some(registered) => {
                self.answered.store(true, Ordering::Relaxed);
                Ok(registered.id)
            }
            None if self.registers => self.register(&subject, kind.avsc()),
            None => {
                let version = kind.versions().len() as u32;
                Err(Error::NotRegistered { url: self.url.clone(), subject, kind, version })
            }
        }
    }

    /// Text of the schema with this id; refused with status 404 when there is none.
    ///
    /// A registry never forgets an id, but one that has just started may not have read it yet (Karapace answers 404 then):
    /// until it has known anything that we asked it is asked as often as one that is away, and always it is believed only when it
    /// knows anything at all. Later the first answer holds: a stranger's record must not cost everybody seconds.
    pub fn schema(&self, id: u32) -> Result<String, Error> {
        let url = format!("{}/schemas/ids/{id}", self.url);
        let asked = self.missing.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
        if asked.is_some_and(|asked| asked.elapsed() < MISSING_HOLDS) {
            let message = "not known less than a minute ago".to_owned();
            return Err(Error::Refused { url, status: 404, code: NO_SUCH_SCHEMA, message });
        }
        let answered = self.answered.load(Ordering::Relaxed);
        let is_early = |status| is_passing(status) || (status == 404 && !answered);
        let answer = self.ask::<Schema>(&url, is_early, || self.prepared(self.agent.get(&url)).call());
        if let Err(Error::Refused { status: 404, .. }) = answer {
            if self.get::<Vec<IgnoredAny>>("/subjects")?.is_empty() {
                return Err(Error::Empty { url: self.url.clone() });
            }
            let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
            if missing.len() == MISSING_MAX {
                missing.clear();
            }
            missing.insert(id, Instant::now());
        }
        self.answered.fetch_or(answer.is_ok(), Ordering::Relaxed);
        answer.map(|answer| answer.schema)
    }

    pub(super) fn get<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, Error> {
        let url = format!("{}{path}", self.url);
        self.ask(&url, is_passing, || self.prepared(self.agent.get(&url)).call())
    }

    pub(super) fn post<T: for<'de> Deserialize<'de>>(&self, path: &str, body: &Value) -> Result<T, Error> {
        self.send(path, body, |url| self.agent.post(url))
    }

    pub(super) fn put<T: for<'de> Deserialize<'de>>(&self, path: &str, body: &Value) -> Result<T, Error> {
        self.send(path, body, |url| self.agent.put(url))
    }

    fn send<T: for<'de> Deserialize<'de>>(
        &self,
        path: &str,
        body: &Value,
        request: impl Fn(&str) -> ureq::RequestBuilder<WithBody>,
    ) -> Result<T, Error> {
        let url = format!("{}{path}", self.url);
        self.ask(&url, is_passing, || self.prepared(request(&url)).content_type(CONTENT_TYPE).send(body.to_string()))
    }

    fn prepared<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        let request = request.header("accept", CONTENT_TYPE);
        match &self.authorisation {
            None => request,
            Some(authorisation) => request.header("authorization", authorisation.clone()),
        }
    }

    /// Repeats a question while the registry is away or overloaded; whatever we ask may be asked twice safely.
    fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        url: &str,
        is_passing: impl Fn(u16) -> bool,
        attempt: impl Fn() -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<T, Error> {
        let mut pause = PAUSE_FIRST;
        for last in (0..ATTEMPTS).map(|n| n + 1 == ATTEMPTS) {
            match attempt() {
                Ok(answer) if !last && is_passing(answer.status().as_u16()) => {}
                Ok(answer) => return read(url, answer),
                Err(source) if last => {
                    let url = url.to_owned();
                    return Err(match refusal(&source) {
                        Some(refusal) => Error::Untrusted { url, refusal: Box::new(refusal) },
                        None => Error::Unreachable { url, source: Box::new(source) },
                    });
                }
                Err(_) => {}
            }
            thread::sleep(pause);
            pause *= 2;
        }
        unreachable!("the last attempt always returns")
    }
}

/// Encryption of questions over HTTP to a neighbour: its own authority alone is trusted, whatever the machine trusts.
/// The fault names the key that is wrong.
pub fn encryption(tls: &tls::Client) -> Result<TlsConfig, Fault> {
    // Certificate and key are there together and fit.
    tls.check()?;
    let certificates = |key, path: &Path| -> Result<Vec<_>, Fault> {
        let read = tls::certificates(key, path).map_err(|error| error.fault())?;
        Ok(read.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect())
    };
    let client = match tls.certificate.as_deref().zip(tls.key.as_deref()) {
        None => None,
        Some((certificate, key)) => {
            let failed = |what: &dyn std::error::Error| Fault::new("key", format!("read {}: {what}", key.display()));
            let pem = Zeroizing::new(fs::read(key).map_err(|error| failed(&error))?);
            let key = PrivateKey::from_pem(&pem).map_err(|error| failed(&error))?;
            Some(ClientCert::new_with_certs(&certificates("certificate", certificate)?, key))
        }
    };
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(tls::provider())
        .root_certs(RootCerts::new_with_certs(&certificates("ca", &tls.ca)?))
        .client_cert(client)
        .build())
}

/// What in a failed handshake was wrong, if it was the handshake that failed.
fn refusal(error: &ureq::Error) -> Option<tls::Refusal> {
    match error {
        ureq::Error::Io(error) => tls::Refusal::of(error),
        ureq::Error::Rustls(error) => tls::Refusal::of(error),
        error => tls::Refusal::of(error),
    }
}

/// Whether the same question may have another answer soon.
fn is_passing(status: u16) -> bool {
    status == 429 || status >= 500
}

fn read<T: for<'de> Deserialize<'de>>(url: &str, mut answer: ureq::http::Response<ureq::Body>) -> Result<T, Error> {
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(ANSWER_LIMIT);
    let not_understood = |source| Error::NotUnderstood { url: url.to_owned(), source: Box::new(source) };
    if status == 200 {
        return body.read_json().map_err(not_understood);
    }
    let refusal: Refusal = body.read_json().map_err(not_understood)?;
    Err(Error::Refused { url: url.to_owned(), status, code: refusal.error_code, message: refusal.message })
}
