//! A small FHIR R4 server over real HTTP: resources with versions, searched by `_lastUpdated`, page by page.

use std::collections::{BTreeMap, VecDeque};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::tls::Identity;

/// 2026-01-05T08:00:00Z, in milliseconds: when the server's time begins.
pub(crate) const EPOCH: i64 = 1_767_600_000_000;

/// The server; gone when dropped.
pub(crate) struct FhirServer {
    shared: Arc<Mutex<Store>>,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    runtime: Option<tokio::runtime::Runtime>,
}

/// What the server holds, and how it behaves.
pub(crate) struct Store {
    resources: BTreeMap<(String, String), Value>,
    /// What was done to each type, the first thing first, as entries of a history.
    history: BTreeMap<String, Vec<Value>>,
    /// Whether every page of a history is the first one.
    pub repeats_history: bool,
    /// Whether histories are shown.
    pub shows_history: bool,
    address: SocketAddr,
    /// A token that must be shown.
    pub token: Option<&'static str>,
    /// What `_include` is answered with.
    pub include: Include,
    /// Whether `_sort` is heeded.
    pub sorts: bool,
    /// Whether a page says where the next one is.
    pub gives_next: bool,
    /// Whether a page says how many resources were found.
    pub says_total: bool,
    /// Resources of one page, whatever `_count` asks for.
    pub count_max: usize,
    /// What is answered to a path below the base, without its query: `Patient/p1`, `Patient`, `Encounter/_history`.
    pub broken: BTreeMap<String, u16>,
    /// Statuses and headers of the next answers, before anything is looked up.
    pub failures: VecDeque<(u16, Option<&'static str>)>,
    /// The host that `next` links name, when it is not the server's own.
    pub next_host: Option<String>,
    /// How long a search takes.
    pub delay: Duration,
    /// What was asked, and when.
    pub requests: Vec<(Instant, String)>,
}

/// What a server does about `_include`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Include {
    Brings,
    Ignores,
    Refuses,
}

impl FhirServer {
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    /// With a certificate, to be shown to whoever comes.
    pub(crate) fn start_encrypted(identity: &Identity) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![identity.certificate.clone()], key)
            .expect("a certificate");
        Self::start_with(Some(TlsAcceptor::from(Arc::new(config))))
    }

    fn start_with(acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let store = Store {
            resources: BTreeMap::new(),
            history: BTreeMap::new(),
            repeats_history: false,
            shows_history: true,
            address,
            token: None,
            include: Include::Brings,
            sorts: true,
            gives_next: true,
            says_total: false,
            count_max: usize::MAX,
            broken: BTreeMap::new(),
            failures: VecDeque::new(),
            next_host: None,
            delay: Duration::ZERO,
            requests: Vec::new(),
        };
        let mut server = Self { shared: Arc::new(Mutex::new(store)), address, acceptor, runtime: None };
        server.serve(listener);
        server
    }

    fn serve(&mut self, listener: TcpListener) {
        listener.set_nonblocking(true).expect("set");
        let router = Router::new().fallback(answer).with_state(Arc::clone(&self.shared));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let acceptor = self.acceptor.clone();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            match acceptor {
                None => axum::serve(listener, router).await.expect("served"),
                Some(acceptor) => axum::serve(Encrypted { listener, acceptor }, router).await.expect("served"),
            }
        });
        self.runtime = Some(runtime);
    }

    /// Closes the port and every connection.
    pub(crate) fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }

    /// Opens the same port again.
    pub(crate) fn start_again(&mut self) {
        let start = Instant::now();
        let listener = loop {
            match TcpListener::bind(self.address) {
                Ok(listener) => break listener,
                Err(error) => assert!(start.elapsed() < Duration::from_secs(30), "the port is taken: {error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        self.serve(listener);
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}/r4", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.shared.lock().expect("not poisoned")
    }
}

/// Connections with TLS; those whose handshake fails are dropped.
struct Encrypted {
    listener: tokio::net::TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Encrypted {
    type Io = TlsStream<tokio::net::TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.expect("a connection");
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Store {
    /// A new version of a resource, changed so many milliseconds after the server's time began.
    pub(crate) fn put(&mut self, at: i64, mut resource: Value) -> String {
        let name = |key: &str| resource[key].as_str().expect("a name").to_owned();
        let key = (name("resourceType"), name("id"));
        let version = self.note(&key, "PUT", at);
        resource["meta"] = json!({ "versionId": version.to_string(), "lastUpdated": time(EPOCH + at) });
        let message_id = format!("{}/{}@{version}", key.0, key.1);
        self.resources.insert(key, resource);
        message_id
    }

    /// A resource without a time, and without a version where it has none.
    pub(crate) fn put_timeless(&mut self, resource: Value) -> String {
        let name = |key: &str| resource[key].as_str().expect("a name").to_owned();
        let key = (name("resourceType"), name("id"));
        let reference = format!("{}/{}", key.0, key.1);
        self.resources.insert(key, resource);
        reference
    }

    /// How often a path below the base was asked for, whatever the query.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let path = format!("/r4/{path}");
        self.requests.iter().filter(|(_, asked)| asked.split('?').next() == Some(&path)).count()
    }

    /// A resource is gone, so many milliseconds after the server's time began.
    pub(crate) fn delete(&mut self, at: i64, kind: &str, id: &str) -> String {
        let key = (kind.to_owned(), id.to_owned());
        self.resources.remove(&key).expect("it is there");
        let version = self.note(&key, "DELETE", at);
        format!("{kind}/{id}@{version}")
    }

    /// Writes what was done into the history; gives the version that this is.
    fn note(&mut self, (kind, id): &(String, String), method: &str, at: i64) -> usize {
        let url = format!("{kind}/{id}");
        let history = self.history.entry(kind.clone()).or_default();
        let version = history.iter().filter(|entry| entry["request"]["url"] == url).count() + 1;
        history.push(json!({ "fullUrl": format!("http://{}/r4/{url}", self.address),
            "request": { "method": method, "url": url },
            "response": { "status": "200", "etag": format!("W/\"{version}\""), "lastModified": time(EPOCH + at) } }));
        version
    }

    /// The latest first.
    fn history(&self, kind: &str, query: &str) -> Response {
        if !self.shows_history {
            return outcome(StatusCode::METHOD_NOT_ALLOWED, "not-supported");
        }
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let number = |name: &str| value(name).map_or(0, |text| text.parse().expect("a number"));
        let (since, count, offset) = (value("_since").map_or(i64::MIN, millis), number("_count"), number("_offset"));
        let at = |entry: &Value| millis(entry["response"]["lastModified"].as_str().expect("a time"));
        let mut found: Vec<&Value> = self.history.get(kind).into_iter().flatten().collect();
        found.retain(|entry| at(entry) >= since);
        found.sort_by_key(|entry| std::cmp::Reverse(at(entry)));
        let mut link = Vec::new();
        if found.len() > offset + count {
            let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("_offset=")).collect();
            let url =
                format!("http://{}/r4/{kind}/_history?{}&_offset={}", self.address, kept.join("&"), offset + count);
            link.push(json!({ "relation": "next", "url": url }));
        }
        let skipped = if self.repeats_history { 0 } else { offset };
        let entries: Vec<&Value> = found.into_iter().skip(skipped).take(count).collect();
        written(StatusCode::OK, &json!({ "resourceType": "Bundle", "type": "history", "link": link, "entry": entries }))
    }

    pub(crate) fn get(&self, kind: &str, id: &str) -> Value {
        self.resources[&(kind.to_owned(), id.to_owned())].clone()
    }

    fn search(&self, kind: &str, query: &str) -> Response {
        let mut wanted = Query { since: i64::MIN, count: 10, offset: 0, includes: Vec::new() };
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').expect("a parameter");
            match name {
                "_lastUpdated" => wanted.since = millis(value.strip_prefix("ge").expect("from a time on")),
                "_count" => wanted.count = value.parse().expect("a number"),
                "_offset" => wanted.offset = value.parse().expect("a number"),
                "_include" => wanted.includes.push(value.to_owned()),
                "_sort" => assert_eq!(value, "_lastUpdated"),
                other => panic!("parameter {other}"),
            }
        }
        if !wanted.includes.is_empty() && self.include == Include::Refuses {
            return outcome(StatusCode::BAD_REQUEST, "not-supported");
        }
        let mut found: Vec<&Value> =
            self.resources.iter().filter(|((name, _), _)| name == kind).map(|(_, resource)| resource).collect();
        // What has no time is given whatever is asked for, and first.
        found.retain(|resource| updated(resource).is_none_or(|at| at >= wanted.since));
        if self.sorts {
            found.sort_by_key(|resource| updated(resource));
        }
        let total = found.len();
        wanted.count = wanted.count.min(self.count_max);
        let more = self.gives_next && total > wanted.offset + wanted.count;
        let page: Vec<&Value> = found.into_iter().skip(wanted.offset).take(wanted.count).collect();
        let entry = |resource: &Value, mode: &str| {
            let url = format!("http://{}/r4/{}/{}", self.address, resource["resourceType"], resource["id"]);
            json!({ "fullUrl": url, "resource": resource, "search": { "mode": mode } })
        };
        let mut entries: Vec<Value> = page.iter().map(|resource| entry(resource, "match")).collect();
        if self.include == Include::Brings {
            let mut brought: Vec<&(String, String)> = Vec::new();
            for (resource, include) in
                page.iter().flat_map(|resource| wanted.includes.iter().map(move |i| (resource, i)))
            {
                for reference in referred(resource, include) {
                    let (kind, id) = reference.split_once('/').expect("a reference");
                    let known = self.resources.get_key_value(&(kind.to_owned(), id.to_owned()));
                    if let Some((key, known)) = known
                        && !brought.contains(&key)
                    {
                        brought.push(key);
                        entries.push(entry(known, "include"));
                    }
                }
            }
        }
        let mut link = vec![json!({ "relation": "self", "url": format!("http://{}/r4/{kind}?{query}", self.address) })];
        if more {
            let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("_offset=")).collect();
            let host = self.next_host.clone().unwrap_or_else(|| self.address.to_string());
            let offset = wanted.offset + wanted.count;
            let url = format!("http://{host}/r4/{kind}?{}&_offset={offset}", kept.join("&"));
            link.push(json!({ "relation": "next", "url": url }));
        }
        let mut page = json!({ "resourceType": "Bundle", "type": "searchset", "link": link, "entry": entries });
        if self.says_total {
            page["total"] = total.into();
        }
        written(StatusCode::OK, &page)
    }
}

struct Query {
    since: i64,
    count: usize,
    offset: usize,
    includes: Vec<String>,
}

/// What a resource refers to by a search parameter.
fn referred(resource: &Value, include: &str) -> Vec<String> {
    let (_, parameter) = include.split_once(':').expect("a parameter");
    let all = |list: &Value, at: &str| -> Vec<Value> {
        list.as_array().into_iter().flatten().map(|item| item.pointer(at).cloned().unwrap_or_default()).collect()
    };
    let found = match parameter {
        "patient" => {
            let mut found = all(&resource["participant"], "/actor");
            found.push(resource["subject"].clone());
            found.retain(|found| found["reference"].as_str().is_some_and(|text| text.starts_with("Patient/")));
            found
        }
        "location" => all(&resource["location"], "/location"),
        "based-on" => all(&resource["basedOn"], ""),
        "encounter" => vec![resource["encounter"].clone()],
        other => panic!("include {other}"),
    };
    found.iter().filter_map(|found| found["reference"].as_str().map(str::to_owned)).collect()
}

async fn answer(State(shared): State<Arc<Mutex<Store>>>, request: Request) -> Response {
    let path = request.uri().path_and_query().expect("a path").to_string();
    let delay = {
        let mut store = shared.lock().expect("not poisoned");
        store.requests.push((Instant::now(), path.clone()));
        if let Some((status, retry_after)) = store.failures.pop_front() {
            let mut response = outcome(StatusCode::from_u16(status).expect("a status"), "throttled");
            if let Some(value) = retry_after {
                response.headers_mut().insert("retry-after", value.parse().expect("a header"));
            }
            return response;
        }
        if let Some(token) = store.token {
            let shown = request.headers().get("authorization").and_then(|value| value.to_str().ok());
            if shown != Some(&format!("Bearer {token}")) {
                return outcome(StatusCode::UNAUTHORIZED, "login");
            }
        }
        store.delay
    };
    tokio::time::sleep(delay).await;
    let store = shared.lock().expect("not poisoned");
    let Some(rest) = path.strip_prefix("/r4/") else { return outcome(StatusCode::NOT_FOUND, "not-found") };
    if let Some(status) = store.broken.get(rest.split('?').next().unwrap_or_default()) {
        return outcome(StatusCode::from_u16(*status).expect("a status"), "exception");
    }
    match rest.split_once('?') {
        Some((path, query)) => match path.strip_suffix("/_history") {
            Some(kind) => store.history(kind, query),
            None => store.search(path, query),
        },
        None => {
            let (kind, id) = rest.split_once('/').expect("a resource");
            match store.resources.get(&(kind.to_owned(), id.to_owned())) {
                Some(resource) => written(StatusCode::OK, resource),
                None => outcome(StatusCode::NOT_FOUND, "not-found"),
            }
        }
    }
}

/// An outcome whose texts nobody may repeat.
fn outcome(status: StatusCode, code: &str) -> Response {
    written(
        status,
        &json!({ "resourceType": "OperationOutcome", "issue": [
            { "severity": "error", "code": code, "diagnostics": "Testsson is not to be told" }] }),
    )
}

fn written(status: StatusCode, value: &Value) -> Response {
    let body = Body::from(value.to_string());
    Response::builder().status(status).header("content-type", "application/fhir+json").body(body).expect("a response")
}

fn updated(resource: &Value) -> Option<i64> {
    resource["meta"]["lastUpdated"].as_str().map(millis)
}

fn millis(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("a time").as_millisecond()
}

fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).expect("a time").strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
