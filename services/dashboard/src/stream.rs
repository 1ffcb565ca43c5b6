//! Streams of changes to pages: server-sent events that htmx swaps in.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use board::Scope;
use board::language::Language;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::address::{self, Query};
use crate::assets;
use crate::http::Params;
use crate::hub::{Edition, Hub, Topic};
use crate::page::Subject;

/// A stream that has nothing to tell says so at this interval, so that a dead connection is noticed: a page that hears nothing for
/// 12 s says that its figures are not updated.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(5);

pub(crate) async fn country(
    State(hub): State<Arc<Hub>>,
    Path(language): Path<String>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    board(&hub, &language, Scope::Country, &pairs, &headers)
}

pub(crate) async fn region(
    State(hub): State<Arc<Hub>>,
    Path((language, region)): Path<(String, String)>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    board(&hub, &language, Scope::Region(region.into()), &pairs, &headers)
}

pub(crate) async fn hospital(
    State(hub): State<Arc<Hub>>,
    Path((language, region, hospital)): Path<(String, String, String)>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    board(&hub, &language, Scope::Hospital(region.into(), address::hospital_code(&hospital)), &pairs, &headers)
}

pub(crate) async fn ward(
    State(hub): State<Arc<Hub>>,
    Path((language, region, ward)): Path<(String, String, String)>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    board(&hub, &language, Scope::Ward(region.into(), ward.into()), &pairs, &headers)
}

pub(crate) async fn attention(
    State(hub): State<Arc<Hub>>,
    Path(language): Path<String>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    let Some(language) = Language::of_code(&language) else { return StatusCode::NOT_FOUND.into_response() };
    answer(&hub, &Topic::attention(language, &pairs), &pairs, &headers)
}

fn board(hub: &Hub, language: &str, scope: Scope, pairs: &Params, headers: &HeaderMap) -> Response {
    let Some(language) = Language::of_code(language) else { return StatusCode::NOT_FOUND.into_response() };
    let query = Query::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    answer(hub, &Topic { subject: Subject::Board(scope), query, language }, pairs, headers)
}

fn answer(hub: &Hub, topic: &Topic, pairs: &Params, headers: &HeaderMap) -> Response {
    let Some(permit) = hub.admit() else {
        hub.metrics.clients_refused.inc();
        let words = "all places for live pages are taken; the page itself works, reload it for new figures\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")], words).into_response();
    };
    let receiver = match hub.read(topic) {
        Ok(receiver) => receiver,
        Err(error) => {
            return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], error.to_string()).into_response();
        }
    };
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .or_else(|| pairs.get("sedan").map(String::as_str))
        .unwrap_or_default();
    let version = receiver.borrow().version_of(last);
    event_stream(client(Client { receiver, version, greeted: false, _place: permit }))
}

struct Client {
    receiver: watch::Receiver<Edition>,
    version: u64,
    greeted: bool,
    _place: OwnedSemaphorePermit,
}

fn client(client: Client) -> Body {
    Body::from_stream(stream::unfold(client, |mut client| async move {
        loop {
            let edition = client.receiver.borrow_and_update().clone();
            let mut bytes = Vec::new();
            if !client.greeted {
                client.greeted = true;
                // The page's script names the build: a wall reloads itself when it changes.
                bytes.extend_from_slice(format!("event: version\ndata: {}\n\n", assets::PAGE_JS).as_bytes());
                bytes.extend_from_slice(edition.pulse.as_bytes());
            }
            bytes.extend_from_slice(&edition.since(client.version));
            client.version = edition.version;
            if !bytes.is_empty() {
                return Some((Ok::<_, Infallible>(Bytes::from(bytes)), client));
            }
            match tokio::time::timeout(HEARTBEAT, client.receiver.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => {
                    let pulse = Bytes::copy_from_slice(client.receiver.borrow().pulse.as_bytes());
                    return Some((Ok(pulse), client));
                }
            }
        }
    }))
}

/// An answer that never ends and that no proxy may hold back.
pub(crate) fn event_stream(body: Body) -> Response {
    (
        [
            (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store, no-transform"),
            (header::HeaderName::from_static("x-accel-buffering"), "no"),
        ],
        body,
    )
        .into_response()
}
