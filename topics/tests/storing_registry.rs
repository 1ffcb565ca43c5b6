//! A registry that keeps what it is told, for as long as a test runs; the development registry can be told nothing.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};

/// Ends when it is dropped.
pub(crate) struct StoringRegistry {
    address: SocketAddr,
    kept: Kept,
    _runtime: Runtime,
}

type Kept = Arc<Mutex<Content>>;
type Answer = (StatusCode, Json<Value>);

#[derive(Default)]
struct Content {
    /// Every schema; its id is its place.
    schemas: Vec<Value>,
    /// Of each subject the ids of its versions.
    subjects: BTreeMap<String, Vec<usize>>,
    compatibility: BTreeMap<String, String>,
    /// How many times something was changed.
    writes: u32,
    /// Subjects whose new versions are refused, and how.
    refusals: BTreeMap<String, (u16, u32)>,
}

impl StoringRegistry {
    pub(crate) fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("tokio");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("listens");
        let (address, kept) = (listener.local_addr().expect("an address"), Kept::default());
        let router = Router::new()
            .route("/subjects/{subject}", post(look_up))
            .route("/subjects/{subject}/versions", get(versions).post(register))
            .route("/config/{subject}", get(compatibility).put(set_compatibility))
            .with_state(Arc::clone(&kept));
        runtime.spawn(async { axum::serve(listener, router).await });
        Self { address, kept, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn writes(&self) -> u32 {
        held(&self.kept).writes
    }

    /// Refuses new versions of a subject with this status and code from now on.
    pub(crate) fn refuse(&self, subject: &str, status: u16, code: u32) {
        held(&self.kept).refusals.insert(subject.to_owned(), (status, code));
    }
}

fn held(kept: &Kept) -> MutexGuard<'_, Content> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

fn schema(question: &Value) -> Value {
    serde_json::from_str(question["schema"].as_str().expect("a schema")).expect("JSON")
}

fn no(status: u16, code: u32) -> Answer {
    (StatusCode::from_u16(status).expect("a status"), Json(json!({ "error_code": code, "message": "no" })))
}

fn yes(answer: Value) -> Answer {
    (StatusCode::OK, Json(answer))
}

async fn look_up(State(kept): State<Kept>, Path(subject): Path<String>, Json(question): Json<Value>) -> Answer {
    let (content, asked) = (held(&kept), schema(&question));
    let Some(ids) = content.subjects.get(&subject) else { return no(404, 40401) };
    match (1..).zip(ids).find(|(_, id)| content.schemas[**id] == asked) {
        Some((version, id)) => yes(json!({ "subject": subject, "id": id, "version": version, "schema": "" })),
        None => no(404, 40403),
    }
}

async fn versions(State(kept): State<Kept>, Path(subject): Path<String>) -> Answer {
    match held(&kept).subjects.get(&subject) {
        Some(ids) => yes(json!((1..=ids.len()).collect::<Vec<_>>())),
        None => no(404, 40401),
    }
}

async fn register(State(kept): State<Kept>, Path(subject): Path<String>, Json(question): Json<Value>) -> Answer {
    let (mut content, asked) = (held(&kept), schema(&question));
    if let Some((status, code)) = content.refusals.get(&subject) {
        return no(*status, *code);
    }
    content.writes += 1;
    let known = content.schemas.iter().position(|schema| *schema == asked);
    let id = known.unwrap_or_else(|| {
        content.schemas.push(asked);
        content.schemas.len() - 1
    });
    let ids = content.subjects.entry(subject).or_default();
    if !ids.contains(&id) {
        ids.push(id);
    }
    yes(json!({ "id": id }))
}

async fn compatibility(State(kept): State<Kept>, Path(subject): Path<String>) -> Answer {
    match held(&kept).compatibility.get(&subject) {
        Some(level) => yes(json!({ "compatibilityLevel": level })),
        None => no(404, 40408),
    }
}

async fn set_compatibility(State(kept): State<Kept>, Path(subject): Path<String>, Json(to): Json<Value>) -> Answer {
    let mut content = held(&kept);
    content.writes += 1;
    let level = to["compatibility"].as_str().expect("a level").to_owned();
    content.compatibility.insert(subject, level);
    yes(to)
}
