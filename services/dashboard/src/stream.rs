//! Streams of changes to pages: server-sent events that htmx swaps in.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use board::Scope;
use board::language::Language;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::address::{self, Query};
use crate::assets;
use crate::gzip::{self, Part};
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
    let gzip = gzip::is_taken(headers);
    event_stream(gzip, told(Client { receiver, version, greeted: false, gzip, _place: permit }))
}

struct Client {
    receiver: watch::Receiver<Edition>,
    version: u64,
    greeted: bool,
    gzip: bool,
    _place: OwnedSemaphorePermit,
}

/// The page's script names the build: a wall reloads itself when it changes.
static GREETING: LazyLock<Part> =
    LazyLock::new(|| Part::of(format!("event: version\ndata: {}\n\n", assets::PAGE_JS).into()));

/// What a client is told, now and as it changes. Nothing of it is copied for the client.
fn told(client: Client) -> impl Stream<Item = Bytes> {
    let turns = stream::unfold(client, |mut client| async move {
        loop {
            let edition = client.receiver.borrow_and_update().clone();
            let news = edition.since(client.version);
            client.version = edition.version;
            let mut parts = Vec::new();
            if !client.greeted {
                parts.push(GREETING.bytes(client.gzip));
            }
            if !client.greeted || news.is_some() {
                parts.push(edition.pulse.bytes(client.gzip));
            }
            client.greeted = true;
            parts.extend(news.map(|news| news.bytes(client.gzip)));
            if !parts.is_empty() {
                return Some((parts, client));
            }
            match tokio::time::timeout(HEARTBEAT, client.receiver.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => {
                    let pulse = client.receiver.borrow().pulse.bytes(client.gzip);
                    return Some((vec![pulse], client));
                }
            }
        }
    });
    turns.flat_map(stream::iter)
}

/// An answer that never ends and that no proxy may hold back, of parts that are compressed or not.
pub(crate) fn event_stream(gzip: bool, parts: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let head = stream::iter(gzip.then_some(gzip::HEAD));
    let mut response = (
        [
            (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store, no-transform"),
            (header::HeaderName::from_static("x-accel-buffering"), "no"),
        ],
        Body::from_stream(head.chain(parts).map(Ok::<_, Infallible>)),
    )
        .into_response();
    if gzip {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
