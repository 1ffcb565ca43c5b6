//! A schema registry with the paths of Apicurio's that its converter registers by, and that schemas are read by. It stores in
//! memory: Apicurio's own needs a newer Java than the rest.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};

/// Schemas, each under its place, counted from 1.
type Schemas = Arc<Mutex<Vec<String>>>;

/// The registry; gone when dropped.
pub(super) struct Registry {
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Registry {
    /// Starts it, empty.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("set");
        let address = listener.local_addr().expect("an address");
        let router = Router::new()
            .route("/apis/registry/v2/groups/{group}/artifacts", post(register))
            .route("/apis/registry/v2/ids/globalIds/{id}", get(schema))
            .with_state(Schemas::default());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            // Ends with the runtime.
            let _ = axum::serve(listener, router).await;
        });
        Self { address, _runtime: runtime }
    }

    /// The base address of its own interface.
    pub(super) fn url(&self) -> String {
        format!("http://{}/apis/registry/v2", self.address)
    }
}

async fn register(State(schemas): State<Schemas>, schema: String) -> Json<Value> {
    let mut schemas = schemas.lock().expect("not poisoned");
    let at = schemas.iter().position(|known| *known == schema).unwrap_or_else(|| {
        schemas.push(schema);
        schemas.len() - 1
    });
    let id = at + 1;
    Json(
        json!({ "id": format!("artifact-{id}"), "groupId": "default", "version": "1", "type": "AVRO", "state": "ENABLED",
        "globalId": id, "contentId": id }),
    )
}

async fn schema(State(schemas): State<Schemas>, Path(id): Path<usize>) -> Result<String, StatusCode> {
    let schemas = schemas.lock().expect("not poisoned");
    id.checked_sub(1).and_then(|at| schemas.get(at).cloned()).ok_or(StatusCode::NOT_FOUND)
}
