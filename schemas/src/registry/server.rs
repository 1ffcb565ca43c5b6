//! A registry for development, tests and the demo: the Confluent REST paths over the schemas that are compiled in.
//!
//! It keeps nothing and changes nothing. What it does not know it cannot be taught: a schema is published by adding it
//! to this crate. In production any Confluent-compatible registry takes its place.

use std::{
    future::Future,
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
    thread,
    time::Duration,
};

use apache_avro::{Schema, schema_compatibility::SchemaCompatibility};
use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig, server::TlsStream};

use super::{development_id, subject};
use crate::{Compatibility, Kind, region_code, topic};

/// How long a handshake may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);

/// A registry that runs until it is dropped; for tests and the demo.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Starts a registry on its own thread; port 0 takes a free one.
pub fn spawn(listen: impl ToSocketAddrs) -> io::Result<Server> {
    spawn_over(listen, None)
}

/// The same, encrypted when a certificate is named.
pub fn spawn_over(listen: impl ToSocketAddrs, tls: Option<&tls::Listener>) -> io::Result<Server> {
    let encryption = tls.map(tls::Listener::config).transpose().map_err(io::Error::other)?;
    let scheme = if encryption.is_some() { "https" } else { "http" };
    let listener = std::net::TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = thread::Builder::new().name("registry".to_owned()).spawn(move || {
        runtime.block_on(async {
            let Ok(listener) = TcpListener::from_std(listener) else { return };
            // Whoever holds the handle ends us by dropping it; there is nobody to tell how it went.
            let _ = serve_over(listener, encryption, async {
                let _ = stopped.await;
            })
            .await;
        });
    })?;
    Ok(Server { address, scheme, stop: Some(stop), thread: Some(thread) })
}

/// Answers on `listener` until `until` is done.
pub async fn serve(listener: TcpListener, until: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    serve_over(listener, None, until).await
}

/// The same, encrypted when there is something to encrypt with.
pub async fn serve_over(
    listener: TcpListener,
    encryption: Option<Arc<ServerConfig>>,
    until: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let mut ended = tokio::task::JoinSet::new();
    ended.spawn(async {
        match encryption {
            None => axum::serve(listener, router()).await,
            Some(encryption) => {
                let acceptor = TlsAcceptor::from(encryption);
                axum::serve(Encrypted { listener, acceptor }, router()).await
            }
        }
    });
    tokio::select! {
        Some(result) = ended.join_next() => result.unwrap_or(Ok(())),
        () = until => Ok(()),
    }
}

/// Shakes hands one connection after the other, which is enough for a registry that services ask at start.
struct Encrypted {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Encrypted {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_MAX, self.acceptor.accept(stream)).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

impl Server {
    /// Where to reach it, for example `http://127.0.0.1:45123`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was printed there.
            let _ = thread.join();
        }
    }
}

/// The paths of the Confluent registry interface that clients use.
pub fn router() -> Router {
    Router::new()
        .route("/", get(async || answer(json!({}))))
        .route("/healthz", get(async || "ok\n"))
        .route("/schemas/types", get(async || answer(json!(["AVRO"]))))
        .route("/schemas/ids/{id}", get(schema_of_id))
        .route("/schemas/ids/{id}/schema", get(schema_text_of_id))
        .route("/schemas/ids/{id}/versions", get(versions_of_id))
        .route("/schemas/ids/{id}/subjects", get(subjects_of_id))
        .route("/subjects", get(async || answer(subjects())))
        .route("/subjects/{subject}", post(look_up))
        .route("/subjects/{subject}/versions", get(versions_of_subject).post(register))
        .route("/subjects/{subject}/versions/{version}", get(version_of_subject))
        .route("/subjects/{subject}/versions/{version}/schema", get(schema_of_version))
        .route("/compatibility/subjects/{subject}/versions", post(compatibility_with_all))
        .route("/compatibility/subjects/{subject}/versions/{version}", post(compatibility_with_one))
        .route("/config", get(async || answer(json!({ "compatibilityLevel": Compatibility::FullTransitive.as_str() }))))
        .route("/config/{subject}", get(config_of_subject))
        .route("/mode", get(async || answer(json!({ "mode": "READONLY" }))))
        .route("/mode/{subject}", get(async || answer(json!({ "mode": "READONLY" }))))
        .fallback(async || Refusal::NoPath)
        .method_not_allowed_fallback(async || Refusal::ReadOnly)
}

/// What the registry says no with; code, status and words are the Confluent registry's.
#[derive(Debug)]
enum Refusal {
    NoPath,
    NoSubject(String),
    NoVersion(String),
    NoSchema,
    NotASchema,
    NotAVersion(String),
    NotAnId(String),
    ReadOnly,
}

/// One schema version under a subject.
#[derive(Serialize)]
struct Entry {
    subject: String,
    id: u32,
    version: u32,
    schema: &'static str,
}

#[derive(Deserialize)]
struct Question {
    schema: String,
}

type Answer = Result<Response, Refusal>;

async fn schema_of_id(Path(id): Path<String>) -> Answer {
    let (kind, version) = by_id(&id)?;
    Ok(answer(json!({ "schema": text(kind, version) })))
}

async fn schema_text_of_id(Path(id): Path<String>) -> Answer {
    let (kind, version) = by_id(&id)?;
    Ok(typed(StatusCode::OK, text(kind, version)))
}

async fn versions_of_id(Path(id): Path<String>) -> Answer {
    let (kind, version) = by_id(&id)?;
    Ok(answer(subjects_of(kind).map(|subject| json!({ "subject": subject, "version": version })).collect::<Vec<_>>()))
}

async fn subjects_of_id(Path(id): Path<String>) -> Answer {
    let (kind, _) = by_id(&id)?;
    Ok(answer(subjects_of(kind).collect::<Vec<_>>()))
}

async fn versions_of_subject(Path(subject): Path<String>) -> Answer {
    Ok(answer(version_numbers(kind_of(&subject)?).collect::<Vec<_>>()))
}

async fn version_of_subject(Path((subject, version)): Path<(String, String)>) -> Answer {
    let kind = kind_of(&subject)?;
    let version = version_number(kind, &version)?;
    Ok(answer(entry(subject, kind, version)))
}

async fn schema_of_version(Path((subject, version)): Path<(String, String)>) -> Answer {
    let kind = kind_of(&subject)?;
    Ok(typed(StatusCode::OK, text(kind, version_number(kind, &version)?)))
}

async fn look_up(Path(subject): Path<String>, question: String) -> Answer {
    let kind = kind_of(&subject)?;
    let version = find(kind, &question)?.ok_or(Refusal::NoSchema)?;
    Ok(answer(entry(subject, kind, version)))
}

async fn register(Path(subject): Path<String>, question: String) -> Answer {
    let kind = kind_of(&subject)?;
    let version = find(kind, &question)?.ok_or(Refusal::ReadOnly)?;
    Ok(answer(json!({ "id": development_id(kind, version) })))
}

async fn compatibility_with_all(Path(subject): Path<String>, question: String) -> Answer {
    let kind = kind_of(&subject)?;
    is_compatible(kind, version_numbers(kind), &question)
}

async fn compatibility_with_one(Path((subject, version)): Path<(String, String)>, question: String) -> Answer {
    let kind = kind_of(&subject)?;
    let version = version_number(kind, &version)?;
    is_compatible(kind, [version], &question)
}

async fn config_of_subject(Path(subject): Path<String>) -> Answer {
    Ok(answer(json!({ "compatibilityLevel": kind_of(&subject)?.compatibility().as_str() })))
}

fn is_compatible(kind: Kind, versions: impl IntoIterator<Item = u32>, question: &str) -> Answer {
    let asked = Schema::parse_str(&parse(question)?).map_err(|_| Refusal::NotASchema)?;
    let mut compatible = true;
    for version in versions {
        let known = Schema::parse_str(text(kind, version)).map_err(|_| Refusal::NotASchema)?;
        compatible &= match kind.compatibility() {
            Compatibility::BackwardTransitive => SchemaCompatibility::can_read(&known, &asked).is_ok(),
            Compatibility::FullTransitive => SchemaCompatibility::mutual_read(&known, &asked).is_ok(),
        };
    }
    Ok(answer(json!({ "is_compatible": compatible })))
}

/// The version that says the same, whatever its spacing and order of keys.
fn find(kind: Kind, question: &str) -> Result<Option<u32>, Refusal> {
    let asked: Value = serde_json::from_str(&parse(question)?).map_err(|_| Refusal::NotASchema)?;
    let says_the_same =
        |version: &u32| serde_json::from_str::<Value>(text(kind, *version)).is_ok_and(|known| known == asked);
    Ok(version_numbers(kind).find(says_the_same))
}

fn parse(question: &str) -> Result<String, Refusal> {
    let question: Question = serde_json::from_str(question).map_err(|_| Refusal::NotASchema)?;
    Ok(question.schema)
}

fn by_id(id: &str) -> Result<(Kind, u32), Refusal> {
    let id: u32 = id.parse().map_err(|_| Refusal::NotAnId(id.to_owned()))?;
    Kind::ALL
        .into_iter()
        .flat_map(|kind| version_numbers(kind).map(move |version| (kind, version)))
        .find(|&(kind, version)| development_id(kind, version) == id)
        .ok_or(Refusal::NoSchema)
}

fn kind_of(subject: &str) -> Result<Kind, Refusal> {
    subject.strip_suffix("-value").and_then(Kind::of_topic).ok_or_else(|| Refusal::NoSubject(subject.to_owned()))
}

fn version_numbers(kind: Kind) -> impl Iterator<Item = u32> {
    1..=kind.versions().len() as u32
}

fn version_number(kind: Kind, version: &str) -> Result<u32, Refusal> {
    let last = kind.versions().len() as u32;
    if matches!(version, "latest" | "-1") {
        return Ok(last);
    }
    let number: u32 = version.parse().map_err(|_| Refusal::NotAVersion(version.to_owned()))?;
    if number == 0 {
        return Err(Refusal::NotAVersion(version.to_owned()));
    }
    if number > last {
        return Err(Refusal::NoVersion(version.to_owned()));
    }
    Ok(number)
}

fn entry(subject: String, kind: Kind, version: u32) -> Entry {
    Entry { subject, id: development_id(kind, version), version, schema: text(kind, version) }
}

fn text(kind: Kind, version: u32) -> &'static str {
    kind.versions()[version as usize - 1]
}

/// Every subject of every region.
pub fn subjects() -> Vec<String> {
    let mut subjects: Vec<_> = Kind::ALL.into_iter().flat_map(subjects_of).collect();
    subjects.sort();
    subjects
}

fn subjects_of(kind: Kind) -> impl Iterator<Item = String> {
    let topics = region_code::ALL.into_iter().flat_map(move |region| topic::of_kind(region, kind));
    topics.map(|topic| subject(&topic))
}

fn answer(body: impl Serialize) -> Response {
    match serde_json::to_string(&body) {
        Ok(text) => typed(StatusCode::OK, text),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn typed(status: StatusCode, body: impl IntoResponse) -> Response {
    let mut response = (status, body).into_response();
    let content_type = HeaderValue::from_static("application/vnd.schemaregistry.v1+json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, message) = self.words();
        typed(status, json!({ "error_code": code, "message": message }).to_string())
    }
}

impl Refusal {
    fn words(self) -> (StatusCode, u32, String) {
        match self {
            Self::NoPath => (StatusCode::NOT_FOUND, 404, "HTTP 404 Not Found".to_owned()),
            Self::NoSubject(subject) => (
                StatusCode::NOT_FOUND,
                40401,
                format!(
                    "Subject '{subject}' not found. Subjects are region.<nn>.source.<feed>-value, \
                     region.<nn>.common.<subject>-value, region.<nn>.parked-value and region.<nn>.protected-value"
                ),
            ),
            Self::NoVersion(version) => (StatusCode::NOT_FOUND, 40402, format!("Version {version} not found.")),
            Self::NoSchema => (StatusCode::NOT_FOUND, 40403, "Schema not found".to_owned()),
            Self::NotASchema => (
                StatusCode::UNPROCESSABLE_ENTITY,
                42201,
                "Invalid schema: expected JSON {\"schema\": \"<Avro schema as text>\"}".to_owned(),
            ),
            Self::NotAVersion(version) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                42202,
                format!(
                    "The specified version '{version}' is not a valid version id. \
                     Allowed values are between [1, 2^31-1] and the string \"latest\""
                ),
            ),
            Self::NotAnId(id) => (StatusCode::NOT_FOUND, 404, format!("HTTP 404 Not Found: '{id}' is not a schema id")),
            Self::ReadOnly => (
                StatusCode::UNPROCESSABLE_ENTITY,
                42205,
                "This development registry is read-only: publish a schema by adding it to the crate `schemas`"
                    .to_owned(),
            ),
        }
    }
}
