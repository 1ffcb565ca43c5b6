//! The routes: pages, their streams, CSV, the API, and what browsers load beside them.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use board::Scope;
use board::language::Language;
use figures::report::{self, Address, Page, Place, Report};
use runtime::http::cookie;

use crate::address::{self, Query, View};
use crate::http::{AGAIN_AFTER, Params, tagged};
use crate::hub::{Hub, Topic};
use crate::page::{self, Frame, Picture, Sight, Subject, Theme};
use crate::routes::Routes;
use crate::sign::Sign;
use crate::{api, assets, csv, dataset, gzip, openapi, stream};

const THEME_COOKIE: &str = "tema";
const YEAR: &str = "public, max-age=31536000, immutable";

/// All routes of the dashboard.
pub fn router(hub: Arc<Hub>) -> Router {
    routes().router.fallback(nowhere).layer(middleware::from_fn(finish)).with_state(hub)
}

/// The patterns of them, as `/{language}/region/{region}`: whoever tries every address holds its list against this one.
pub fn patterns() -> Vec<String> {
    routes().patterns
}

fn routes() -> Routes {
    let mut pages = Routes::default();
    for kind in Page::ALL {
        let page = format!("/{{language}}/{}", kind.segment());
        pages = pages.route(
            &page,
            get(move |hub, Path(language): Path<String>, pairs, headers| {
                published(hub, language, kind, Some(Place::Country), pairs, headers)
            }),
        );
        if kind.has_regions() {
            pages = pages.route(
                &format!("{page}/region/{{region}}"),
                get(move |hub, Path((language, region)): Path<(String, String)>, pairs, headers| {
                    published(hub, language, kind, region.parse().ok().map(Place::Region), pairs, headers)
                }),
            );
        }
        if kind == Page::Waiting {
            pages = pages.route(
                &format!("{page}/region/{{region}}/sjukhus/{{hospital}}"),
                get(move |hub, Path((language, region, code)): Path<(String, String, String)>, pairs, headers| {
                    let place = region.parse().ok().map(|region| Place::Hospital(region, code.into()));
                    published(hub, language, kind, place, pairs, headers)
                }),
            );
        }
    }
    Routes::default()
        .route("/", get(front))
        .route("/{language}", get(country))
        .route("/{language}/region/{region}", get(region))
        .route("/{language}/region/{region}/sjukhus/{hospital}", get(hospital))
        .route("/{language}/region/{region}/avdelning/{ward}", get(ward))
        .route("/{language}/uppmarksamma", get(attention))
        .route("/{language}/definitioner", get(definitions))
        .route("/{language}/api", get(described))
        .route("/strom/{language}", get(stream::country))
        .route("/strom/{language}/region/{region}", get(stream::region))
        .route("/strom/{language}/region/{region}/sjukhus/{hospital}", get(stream::hospital))
        .route("/strom/{language}/region/{region}/avdelning/{ward}", get(stream::ward))
        .route("/strom/{language}/uppmarksamma", get(stream::attention))
        .route("/installning", post(setting))
        .route("/tillgang/{name}", get(asset))
        .merge(pages)
        .merge(api::routes())
}

/// Compression of whole answers for clients that take it, and what an answer depends on. The listener gives every answer its
/// other headers ([`runtime::http::headers`]).
async fn finish(request: Request, next: Next) -> Response {
    let gzip = gzip::is_taken(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::VARY).or_insert(HeaderValue::from_static("Accept-Encoding, Cookie, Accept-Language"));
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let whole = !kind.starts_with("text/event-stream")
        && (kind.starts_with("text/") || kind.starts_with("application/json") || kind.starts_with("image/svg"));
    if gzip && whole { compress(response).await } else { response }
}

/// Answers larger than this are not compressed: none of ours are.
const WHOLE_MAX: usize = 16 << 20;

async fn compress(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, WHOLE_MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if bytes.len() < 1024 {
        return Response::from_parts(parts, Body::from(bytes));
    }
    match gzip::whole(&bytes) {
        Ok(compressed) => {
            parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(compressed))
        }
        Err(_) => Response::from_parts(parts, Body::from(bytes)),
    }
}

async fn front(headers: HeaderMap) -> Redirect {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = wanted.split(',').find_map(|language| Language::of_code(language.trim().get(..2)?));
    Redirect::to(&format!("/{}", first.unwrap_or(Language::Sv).code()))
}

async fn country(
    State(hub): State<Arc<Hub>>,
    Path(language): Path<String>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    board(&hub, &language, Scope::Country, &pairs, &headers)
}

async fn region(
    State(hub): State<Arc<Hub>>,
    Path((language, region)): Path<(String, String)>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    board(&hub, &language, Scope::Region(region.into()), &pairs, &headers)
}

async fn hospital(
    State(hub): State<Arc<Hub>>,
    Path((language, region, hospital)): Path<(String, String, String)>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    board(&hub, &language, Scope::Hospital(region.into(), address::hospital_code(&hospital)), &pairs, &headers)
}

async fn ward(
    State(hub): State<Arc<Hub>>,
    Path((language, region, ward)): Path<(String, String, String)>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    board(&hub, &language, Scope::Ward(region.into(), ward.into()), &pairs, &headers)
}

async fn attention(
    State(hub): State<Arc<Hub>>,
    Path(language): Path<String>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    let Some(language) = Language::of_code(&language) else { return nowhere(State(hub), headers).await };
    let topic = Topic::attention(language, &pairs);
    living(&hub, &topic, language.words().attention.to_owned(), &headers)
}

async fn definitions(State(hub): State<Arc<Hub>>, Path(language): Path<String>, headers: HeaderMap) -> Response {
    let Some(language) = Language::of_code(&language) else { return nowhere(State(hub), headers).await };
    let picture = hub.picture();
    let body = page::definitions(language, &picture.board);
    still(&picture, language, &headers, &Subject::Definitions, language.words().definitions, &body)
}

/// What programs can ask for.
async fn described(State(hub): State<Arc<Hub>>, Path(language): Path<String>, headers: HeaderMap) -> Response {
    let Some(language) = Language::of_code(&language) else { return nowhere(State(hub), headers).await };
    still(&hub.picture(), language, &headers, &Subject::Api, openapi::NAME, &openapi::page(language))
}

/// A page that is about no place and does not live.
fn still(
    picture: &Picture,
    language: Language,
    headers: &HeaderMap,
    subject: &Subject,
    name: &str,
    body: &str,
) -> Response {
    let query = &Query::default();
    let frame = Frame { board: &picture.board, language, theme: theme(headers), subject, query, since: None };
    html(frame.around(name.to_owned(), body))
}

/// A page of published figures, or one of its tables as a file.
async fn published(
    State(hub): State<Arc<Hub>>,
    language: String,
    kind: Page,
    place: Option<Place>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    let Some(language) = Language::of_code(&language) else { return not_found(&hub, Language::Sv, &headers) };
    let Some(place) = place else { return not_found(&hub, language, &headers) };
    let asked = Address::read(kind, place, pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let (library, manner, picture) = (hub.shelf.library(), hub.shelf.manner(), hub.picture());
    let address = asked.settled(&library, picture.board.now);
    let is_file = pairs.get("form").is_some_and(|form| form == "csv");
    if is_file && pairs.get("period").is_some_and(|period| period == report::WHOLE) {
        let table = pairs.get("tabell").cloned().unwrap_or_default();
        return match dataset::whole(hub.clone(), language, asked.clone(), table).await {
            Some(sheet) => {
                hub.metrics.answers.inc();
                let (name, text) = (dataset::file_name(&asked, report::WHOLE, sheet.id), sheet.csv(language));
                tagged(&headers, &text, || csv::file(&name, picture.board.now, text.clone()))
            }
            None => not_found(&hub, language, &headers),
        };
    }
    // What is newest changes, so a page that is open says in its address which period it shows.
    if !is_file && address.period != asked.period {
        return Redirect::temporary(&address.text(language)).into_response();
    }
    let operations = hub.shelf.operations();
    let sight = report::Sight {
        library: &library,
        manner: &manner,
        language,
        address: &address,
        now: picture.board.now,
        operations: &operations,
        board: &picture.board,
    };
    let Some(report) = sight.report() else { return not_found(&hub, language, &headers) };
    hub.metrics.answers.inc();
    if is_file {
        let wanted = pairs.get("tabell").map(String::as_str);
        let found = report.sheets().find(|sheet| wanted.is_none_or(|wanted| wanted == sheet.id));
        return match found {
            Some(sheet) => {
                let period = address.period.map(|period| period.to_string()).unwrap_or_default();
                let (name, text) = (dataset::file_name(&address, &period, sheet.id), sheet.csv(language));
                tagged(&headers, &text, || csv::file(&name, picture.board.now, text.clone()))
            }
            None => not_found(&hub, language, &headers),
        };
    }
    let theme = theme(&headers);
    let markup = page::store_away_report(&picture.board, language) + &report.markup(&sight);
    let sign = Sign::of(language).map(|sign| sign.text).unwrap_or_default();
    let around = [&report.heading, &report.subheading, &address.text(language), &sign, theme.code()].join("\n");
    tagged(&headers, &[around, Report::lasting(&markup, &sight)].concat(), || {
        let subject = &Subject::Report(address.clone());
        let frame = Frame { board: &picture.board, language, theme, subject, query: &Query::default(), since: None };
        html(frame.around_with(report.heading.clone(), &report.subheading, &markup))
    })
}

async fn nowhere(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Response {
    not_found(&hub, Language::Sv, &headers)
}

fn board(hub: &Hub, language: &str, scope: Scope, pairs: &Params, headers: &HeaderMap) -> Response {
    let Some(language) = Language::of_code(language) else { return not_found(hub, Language::Sv, headers) };
    let query = Query::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let picture = hub.picture();
    let topic = Topic { subject: Subject::Board(scope.clone()), query, language };
    let sight = picture.sight(&topic, &scope);
    if !sight.exists() {
        // A ward that has not been read yet may exist.
        let loading = picture.board.is_loading(&scope);
        return if loading { not_yet(hub, &topic, headers) } else { not_found(hub, language, headers) };
    }
    hub.metrics.answers.inc();
    if pairs.get("form").is_some_and(|form| form == "csv") {
        if picture.board.is_loading(&scope) {
            return not_yet(hub, &topic, headers);
        }
        let (detail, lately) = hub.pasts(&topic, &scope, picture.board.now);
        return csv::answer(&Sight { detail: detail.as_ref(), lately: lately.as_ref(), ..sight });
    }
    living(hub, &topic, sight.name(), headers)
}

fn living(hub: &Hub, topic: &Topic, heading: String, headers: &HeaderMap) -> Response {
    let edition = match hub.read(topic) {
        Ok(receiver) => receiver.borrow().clone(),
        Err(error) => {
            return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], error.to_string()).into_response();
        }
    };
    let picture = hub.picture();
    html(frame(&picture, topic, headers, Some(edition.id())).around(heading, &edition.node.markup()))
}

fn frame<'a>(picture: &'a Picture, topic: &'a Topic, headers: &HeaderMap, since: Option<String>) -> Frame<'a> {
    let theme = theme(headers);
    Frame {
        board: &picture.board,
        language: topic.language,
        theme,
        subject: &topic.subject,
        query: &topic.query,
        since,
    }
}

/// Nothing of the address is known yet, and everything of it is being read.
fn not_yet(hub: &Hub, topic: &Topic, headers: &HeaderMap) -> Response {
    let page = html(frame(&hub.picture(), topic, headers, None).loading());
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, AGAIN_AFTER)], page).into_response()
}

fn not_found(hub: &Hub, language: Language, headers: &HeaderMap) -> Response {
    let picture = hub.picture();
    let frame = Frame {
        board: &picture.board,
        language,
        theme: theme(headers),
        subject: &Subject::Board(Scope::Country),
        query: &Query { view: View::Desk, ..Query::default() },
        since: None,
    };
    (StatusCode::NOT_FOUND, html(frame.not_found())).into_response()
}

fn html(page: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

fn theme(headers: &HeaderMap) -> Theme {
    let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    cookies
        .split(';')
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == THEME_COOKIE)
        .map(|(_, value)| Theme::of_code(value))
        .unwrap_or_default()
}

/// Remembers the chosen colours in a cookie and goes back to where the choice was made.
async fn setting(pairs: Params, headers: HeaderMap) -> Response {
    let theme = Theme::of_code(pairs.get("tema").map_or("", String::as_str));
    // Only a page of ours: an address with a host would send the reader elsewhere.
    let back = pairs
        .get("till")
        .filter(|back| back.starts_with('/') && !back.starts_with("//") && !back.contains('\\') && back.is_ascii())
        .map_or("/", String::as_str);
    let cookie = format!("{THEME_COOKIE}={}; Max-Age=31536000{}", theme.code(), cookie::attributes(&headers));
    ([(header::SET_COOKIE, cookie)], Redirect::to(back)).into_response()
}

async fn asset(Path(name): Path<String>) -> Response {
    match assets::get(&name) {
        Some((bytes, kind)) => {
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, YEAR)], Bytes::from(bytes.into_owned()))
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
