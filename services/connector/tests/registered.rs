//! A small schema registry over real HTTP, with the paths by which Confluent's and Apicurio's are asked for a schema.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What the registry holds: by path the answer's body.
type Held = Arc<Mutex<Shared>>;

#[derive(Default)]
struct Shared {
    answers: BTreeMap<String, String>,
    asked: Vec<String>,
}

/// The registry; gone when dropped.
pub(crate) struct Registered {
    address: SocketAddr,
    held: Held,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Registered {
    pub(crate) fn start() -> Self {
        Self::at("127.0.0.1:0".parse().expect("an address"))
    }

    /// At an address where one was before.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).expect("a port");
        listener.set_nonblocking(true).expect("set");
        let address = listener.local_addr().expect("an address");
        let held = Held::default();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let router = Router::new().fallback(answer).with_state(Arc::clone(&held));
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            // Ends with the runtime.
            let _ = axum::serve(listener, router).await;
        });
        Self { address, held, runtime: Some(runtime) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds an Avro schema with this id, for Confluent's interface.
    pub(crate) fn hold(&self, id: u32, schema: &str) {
        self.hold_as(&format!("/schemas/ids/{id}"), &json!({ "schema": schema }).to_string());
    }

    /// Answers a path so.
    pub(crate) fn hold_as(&self, path: &str, body: &str) {
        self.held.lock().expect("not poisoned").answers.insert(path.to_owned(), body.to_owned());
    }

    /// How often this path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.held.lock().expect("not poisoned").asked.iter().filter(|asked| *asked == path).count()
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(std::time::Duration::from_secs(5));
        }
    }
}

async fn answer(State(held): State<Held>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let mut held = held.lock().expect("not poisoned");
    let body = held.answers.get(&path).cloned();
    held.asked.push(path);
    match body {
        Some(body) => body.into_response(),
        None => (StatusCode::NOT_FOUND, json!({ "error_code": 40403, "message": "Schema not found" }).to_string())
            .into_response(),
    }
}
