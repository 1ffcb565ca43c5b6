//! The JSON API, `/api/v1`: the same board as the pages, for programs. Described by `/openapi.json`.
//!
//! What an address does not understand it refuses ([`query`]). Absence is `null`, never zero. Where figures are left out of a sum, `coverage` says how many and why.

mod query;

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use board::age::Freshness;
use board::attention::{Rule, causes};
use board::definitions;
use board::format;
use board::instant::{instant_or_null, rfc3339};
use board::language::Language;
use board::shown::Shown;
use board::status::{Kind, Status};
use board::ward::Ward;
use board::{Scope, Sums, total_at};
use figures::report::address::encode;
use figures::report::{self, Address, Page, Place, Window};
use futures_util::{StreamExt as _, stream as streams};
use schemas::{CareType, ClosedReason, Timestamp};
use serde::Serialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use topics::Region;

use crate::gzip::{self, Part};
use crate::http::{AGAIN_AFTER, Params, tagged};
use crate::hub::Hub;
use crate::openapi::OPENAPI;
use crate::page::Picture;
use crate::routes::Routes;
use crate::stream::{HEARTBEAT, event_stream};
use crate::{csv, dataset};

pub(crate) fn routes() -> Routes {
    let mut routes = Routes::default()
        .route("/openapi.json", get(openapi))
        .route("/api/v1/regions", get(regions))
        .route("/api/v1/hospitals", get(hospitals))
        .route("/api/v1/units", get(units))
        .route("/api/v1/regions/{region}/units/{unit}", get(unit))
        .route("/api/v1/totals", get(totals))
        .route("/api/v1/snapshot", get(snapshot))
        .route("/api/v1/attention", get(attention))
        .route("/api/v1/definitions", get(terms))
        .route("/api/v1/datasets", get(datasets))
        .route("/api/v1/datasets/{dataset}/{table}", get(whole))
        .route("/api/v1/stream", get(applied));
    for kind in Page::ALL {
        let path = format!("/api/v1/{}", kind.api());
        routes = routes.route(&path, get(move |State(hub), pairs, headers| published(hub, kind, pairs, headers)));
    }
    routes.router = routes.router.route_layer(middleware::from_fn(query::understood));
    routes
}

#[derive(Serialize)]
struct Figures {
    coverage: Coverage,
    disponibla: Option<u32>,
    faststallda: Option<u32>,
    stangda: Option<u32>,
    belagda: Option<u32>,
    lediga: Option<u32>,
    overbelaggningar: Option<u32>,
    utlokaliserade: Shown,
    technical_left_out: Option<u32>,
    belagda_per_100: Option<f64>,
    overbelaggningar_per_100: Option<f64>,
    utlokaliserade_per_100: Option<f64>,
    statuses: serde_json::Value,
    #[serde(serialize_with = "instant_or_null")]
    heard: Option<Timestamp>,
    #[serde(serialize_with = "instant_or_null")]
    changed: Option<Timestamp>,
    #[serde(serialize_with = "instant_or_null")]
    newest: Option<Timestamp>,
}

#[derive(Serialize)]
struct Coverage {
    units: u32,
    counted: u32,
    stale: u32,
    no_capacity: u32,
    belagda_outside: u32,
    without_beds: u32,
    belagda_without_beds: u32,
}

fn figures(picture: &Picture, wards: &[&Ward]) -> Figures {
    let sums = Sums::over(wards.iter().copied());
    let total = &sums.total;
    let counted = |value: u32| (total.units_counted > 0).then_some(value);
    let outlying_shown = picture.hidden.sum_shown(wards.iter().copied());
    let per_100 = |value: u32| format::ratio_tenths(value.into(), total.disponibla.into(), 100).map(tenths);
    let statuses: serde_json::Map<String, serde_json::Value> =
        Kind::ALL.iter().zip(sums.statuses).map(|(kind, count)| (kind.code().to_owned(), count.into())).collect();
    Figures {
        coverage: Coverage {
            units: total.units,
            counted: total.units_counted,
            stale: sums.stale,
            no_capacity: sums.no_capacity,
            belagda_outside: sums.outside,
            without_beds: sums.without_beds,
            belagda_without_beds: sums.without_a_bed,
        },
        disponibla: counted(total.disponibla),
        faststallda: (sums.faststallda_said > 0).then_some(total.faststallda),
        stangda: (sums.stangda_said > 0).then_some(total.stangda),
        belagda: counted(total.belagda),
        lediga: counted(total.lediga),
        overbelaggningar: counted(total.overbelaggningar),
        utlokaliserade: match (outlying_shown, counted(total.utlokaliserade)) {
            (true, Some(value)) => Shown::Number(value.into()),
            (true, None) => Shown::Missing,
            (false, _) => Shown::FewerThan(picture.hidden.limit(None)),
        },
        technical_left_out: sums.technical_left_out(),
        belagda_per_100: per_100(total.belagda),
        overbelaggningar_per_100: per_100(total.overbelaggningar),
        utlokaliserade_per_100: outlying_shown.then(|| per_100(total.utlokaliserade)).flatten(),
        statuses: statuses.into(),
        heard: sums.heard,
        changed: sums.changed,
        newest: sums.newest,
    }
}

/// When the newest event on wards that are part of sums was received.
fn newest<'a>(wards: impl IntoIterator<Item = &'a Ward>) -> Option<Timestamp> {
    wards.into_iter().filter(|ward| ward.is_in_sums()).filter_map(|ward| ward.changed).max()
}

fn tenths(value: i64) -> f64 {
    value as f64 / 10.0
}

#[derive(Serialize)]
struct Unit<'a> {
    region: &'a str,
    unit: &'a str,
    name: &'a str,
    hospital_code: Option<&'a str>,
    hospital_name: Option<&'a str>,
    mvo: Option<&'a str>,
    care_type: CareType,
    telephone: Option<&'a str>,
    status: Status,
    freshness: Freshness,
    #[serde(serialize_with = "instant_or_null")]
    heard: Option<Timestamp>,
    #[serde(serialize_with = "instant_or_null")]
    changed: Option<Timestamp>,
    #[serde(serialize_with = "instant_or_null")]
    corrected: Option<Timestamp>,
    counted: bool,
    disponibla: Option<u32>,
    faststallda: Option<u32>,
    stangda: Option<u32>,
    stangda_reason: Option<ClosedReason>,
    #[serde(serialize_with = "instant_or_null")]
    capacity_valid_from: Option<Timestamp>,
    belagda: Option<u32>,
    on_leave: Option<u32>,
    technical_left_out: Option<u32>,
    lediga: Option<u32>,
    overbelaggningar: Option<u32>,
    utlokaliserade: Shown,
    belagda_per_100: Option<f64>,
}

fn describe<'a>(picture: &Picture, ward: &'a Ward) -> Unit<'a> {
    let occupancy = &ward.occupancy;
    let known = ward.freshness != Freshness::Lost;
    fn given(text: &str) -> Option<&str> {
        (!text.is_empty()).then_some(text)
    }
    Unit {
        region: &ward.region,
        unit: &ward.code,
        name: &ward.name,
        hospital_code: given(&ward.hospital_code),
        hospital_name: given(&ward.hospital_name),
        mvo: ward.mvo.as_deref(),
        care_type: ward.care_type,
        telephone: ward.telephone.as_deref(),
        status: ward.status,
        freshness: ward.freshness,
        heard: ward.heard,
        changed: ward.changed,
        corrected: ward.corrected,
        counted: ward.is_in_sums(),
        disponibla: occupancy.disponibla.filter(|_| known),
        faststallda: occupancy.faststallda.filter(|_| known),
        stangda: occupancy.stangda.filter(|_| known),
        stangda_reason: ward.closed_reason().filter(|_| known),
        capacity_valid_from: ward.capacity.map(|capacity| capacity.valid_from),
        belagda: known.then_some(occupancy.belagda),
        on_leave: known.then_some(occupancy.on_leave),
        technical_left_out: known.then_some(occupancy.left_out),
        lediga: ward.lediga().filter(|_| known),
        overbelaggningar: occupancy.overbelaggningar_known().filter(|_| known),
        utlokaliserade: if known { picture.hidden.ward(ward) } else { Shown::Missing },
        belagda_per_100: occupancy
            .disponibla
            .filter(|_| known)
            .and_then(|beds| format::ratio_tenths(occupancy.belagda.into(), beds.into(), 100))
            .map(tenths),
    }
}

/// What every answer starts with: of when its figures are, which is the newest event's time and never the clock's; whose data have
/// stopped; completeness. While regions are being read it names them, and `null` in their figures means that.
fn envelope(
    picture: &Picture,
    scope: &Scope,
    newest: Option<Timestamp>,
    (name, content): (&str, serde_json::Value),
) -> Json<serde_json::Value> {
    let board = &picture.board;
    let loading: Vec<&str> = board.loading(scope).collect();
    let stopped = board.stopped.since(scope.region()).map(|since| {
        let regions = board.stopped.regions().filter(|region| scope.region().is_none_or(|wanted| wanted == *region));
        json!({ "since": rfc3339(since), "regions": regions.collect::<Vec<_>>() })
    });
    let silent: Vec<_> = board
        .silent_in(scope)
        .map(|(region, source, since)| json!({ "region": region, "source_system": source, "since": rfc3339(since) }))
        .collect();
    Json(json!({
        "at": newest.map(rfc3339),
        "clock": rfc3339(board.now),
        "stopped": stopped,
        "store_away": board.store_away.map(rfc3339),
        "silent": silent,
        "complete": picture.board.is_complete(scope),
        "loading": loading,
        name: content,
    }))
}

fn value(content: impl Serialize) -> serde_json::Value {
    serde_json::to_value(content).expect("our answers are plain structs of text and numbers")
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn regions(State(hub): State<Arc<Hub>>) -> Json<serde_json::Value> {
    hub.metrics.answers.inc();
    let picture = hub.picture();
    let list: Vec<_> = Region::all()
        .map(|region| {
            let scope = Scope::Region(region.code().into());
            let wards: Vec<&Ward> = picture.board.wards(&scope).collect();
            json!({ "region": region.code(), "name": region.name(), "totals": value(figures(&picture, &wards)) })
        })
        .collect();
    let newest = newest(picture.board.wards(&Scope::Country));
    envelope(&picture, &Scope::Country, newest, ("regions", list.into()))
}

async fn hospitals(State(hub): State<Arc<Hub>>, pairs: Params) -> Json<serde_json::Value> {
    hub.metrics.answers.inc();
    let picture = hub.picture();
    let scope = scope_of(&pairs);
    let list: Vec<_> = picture
        .board
        .hospitals(&scope)
        .iter()
        .map(|hospital| {
            json!({
                "region": hospital.region,
                "hospital_code": (!hospital.code.is_empty()).then_some(hospital.code),
                "name": (!hospital.name.is_empty()).then_some(hospital.name),
                "totals": value(figures(&picture, &hospital.wards)),
            })
        })
        .collect();
    let newest = newest(picture.board.wards(&scope));
    envelope(&picture, &scope, newest, ("hospitals", list.into()))
}

async fn units(State(hub): State<Arc<Hub>>, pairs: Params) -> Json<serde_json::Value> {
    hub.metrics.answers.inc();
    let picture = hub.picture();
    let scope = scope_of(&pairs);
    let wards = chosen(&picture, &scope, &pairs);
    let newest = wards.iter().filter_map(|ward| ward.changed).max();
    // Wards come and go: the next page begins after a ward, not after a number of them.
    let passed = pairs.get("after").and_then(|after| after.split_once('/'));
    let rest = wards.iter().filter(|ward| passed.is_none_or(|passed| (&*ward.region, &*ward.code) > passed));
    let limit = window(&pairs).limit;
    let page: Vec<&&Ward> = rest.clone().take(limit).collect();
    let next = page.last().filter(|_| rest.count() > limit).map(|last| {
        let mut next: Vec<String> = ["region", "hospital", "care_type"]
            .into_iter()
            .filter_map(|name| Some(format!("{name}={}", encode(pairs.get(name)?))))
            .collect();
        next.extend([format!("limit={limit}"), format!("after={}", encode(&format!("{}/{}", last.region, last.code)))]);
        format!("/api/v1/units?{}", next.join("&"))
    });
    let list: Vec<_> = page.iter().map(|ward| value(describe(&picture, ward))).collect();
    let Json(mut answer) = envelope(&picture, &scope, newest, ("units", list.into()));
    answer["total"] = wards.len().into();
    answer["next"] = next.into();
    Json(answer)
}

/// Which rows are asked for; an address that asks for others has been refused.
fn window(pairs: &Params) -> Window {
    let number = |name: &str| pairs.get(name).and_then(|text| text.parse().ok());
    let usual = Window::default();
    Window { after: number("after").unwrap_or(usual.after), limit: number("limit").unwrap_or(usual.limit) }
}

async fn unit(State(hub): State<Arc<Hub>>, Path((region, unit)): Path<(String, String)>) -> Response {
    hub.metrics.answers.inc();
    let picture = hub.picture();
    let wanted = Scope::Ward(region.as_str().into(), unit.as_str().into());
    let Some(ward) = picture.board.ward(&region, &unit) else {
        if picture.board.is_loading(&wanted) {
            return not_yet();
        }
        let hint = "no such unit has been heard from; /api/v1/units lists those that have";
        return (StatusCode::NOT_FOUND, Json(json!({ "error": "unit-unknown", "message": hint }))).into_response();
    };
    let scope = Scope::Ward(ward.region.clone(), ward.code.clone());
    // It is on the board: its region was let go this second, and is read again.
    let Some(detail) = hub.detail(&scope, picture.board.now) else { return not_yet() };
    let steps = |steps: &[(Timestamp, Option<i64>)]| -> serde_json::Value {
        steps.iter().map(|(at, value)| json!({ "from": rfc3339(*at), "value": value })).collect()
    };
    let content = json!({
        "now": value(describe(&picture, ward)),
        "morning": {
            "at": rfc3339(picture.board.morning_at()),
            "belagda": ward.morning.belagda,
            "disponibla": ward.morning.disponibla,
            "overbelaggningar": ward.morning.overbelaggningar_known(),
        },
        "history": { "belagda": steps(&detail.week.belagda), "disponibla": steps(&detail.week.disponibla) },
        "log": value(&detail.log),
    });
    envelope(&picture, &scope, ward.changed, ("unit", content)).into_response()
}

async fn totals(State(hub): State<Arc<Hub>>, pairs: Params) -> Json<serde_json::Value> {
    hub.metrics.answers.inc();
    let picture = hub.picture();
    let scope = scope_of(&pairs);
    let wards = chosen(&picture, &scope, &pairs);
    let newest = newest(wards.iter().copied());
    envelope(&picture, &scope, newest, ("totals", value(figures(&picture, &wards))))
}

/// The same count at another instant, from the same events: by default the last 06:00. It reaches as far back as the
/// memory; older mornings are in the store's `snapshot_0600`.
async fn snapshot(State(hub): State<Arc<Hub>>, pairs: Params) -> Response {
    hub.metrics.answers.inc();
    let picture = hub.picture();
    let now = picture.board.now;
    let at = pairs.get("at").and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let at = at.map_or_else(|| picture.board.morning_at(), |at| Timestamp(at.as_microsecond()));
    let live = hub.live();
    if at > now || at < live.horizon(now) {
        let message = "`at` must lie between the start of the board's memory and now; older mornings are in the store";
        let choices = [rfc3339(live.horizon(now)), rfc3339(now)];
        let content =
            json!({ "error": "at-outside-memory", "message": message, "parameter": "at", "choices": choices });
        return (StatusCode::BAD_REQUEST, Json(content)).into_response();
    }
    let total = total_at(&live, &scope_of(&pairs), care_of(&pairs), at);
    drop(live);
    let counted = |value: u32| (total.units_counted > 0).then_some(value);
    let per_100 = |value: u32| format::ratio_tenths(value.into(), total.disponibla.into(), 100).map(tenths);
    // A region that hides small numbers hides this one at other instants altogether: differences would tell it.
    let outlying = !picture.hidden.hides(scope_of(&pairs).region());
    let content = json!({
        "cut_off": rfc3339(at),
        "coverage": { "units": total.units, "counted": total.units_counted },
        "disponibla": counted(total.disponibla),
        "faststallda": counted(total.faststallda),
        "stangda": counted(total.stangda),
        "belagda": counted(total.belagda),
        "lediga": counted(total.lediga),
        "overbelaggningar": counted(total.overbelaggningar),
        "utlokaliserade": counted(total.utlokaliserade).filter(|_| outlying),
        "technical_left_out": (total.units > 0).then_some(total.left_out),
        "belagda_per_100": per_100(total.belagda),
        "overbelaggningar_per_100": per_100(total.overbelaggningar),
        "utlokaliserade_per_100": per_100(total.utlokaliserade).filter(|_| outlying),
    });
    let scope = scope_of(&pairs);
    // What came after the cut-off may have corrected it, and is not what it is of.
    let newest = newest(picture.board.wards(&scope)).map(|newest| newest.min(at));
    envelope(&picture, &scope, newest, ("snapshot", content)).into_response()
}

async fn attention(State(hub): State<Arc<Hub>>, pairs: Params) -> Json<serde_json::Value> {
    hub.metrics.answers.inc();
    let picture = hub.picture();
    let words = Language::En.words();
    let list: Vec<_> = causes(&picture.board, &scope_of(&pairs))
        .iter()
        .map(|cause| {
            let (hospital, unit) = match &cause.scope {
                Scope::Hospital(_, hospital) => (Some(hospital), None),
                Scope::Ward(_, unit) => (None, Some(unit)),
                Scope::Country | Scope::Region(_) => (None, None),
            };
            json!({
                "rule": cause.rule,
                "region": cause.scope.region(),
                "hospital_code": hospital.filter(|code| !code.is_empty()),
                "unit": unit,
                "source_system": cause.source_system,
                "since": cause.since.map(rfc3339),
                "units": cause.wards,
                "patients_beyond": (cause.rule == Rule::Overbelagd).then_some(cause.patients),
                "findings": cause.rule.is_of_timeline().then_some(cause.findings),
                "counted_again": cause.rule.is_of_timeline().then_some(cause.again),
                "facilities": cause.facilities,
                "who": cause.rule.who(words),
                "ends": cause.rule.ends(words),
            })
        })
        .collect();
    let scope = scope_of(&pairs);
    let newest = picture.board.newest(&scope);
    envelope(&picture, &scope, newest, ("attention", list.into()))
}

/// Whose published figures.
fn place_of(pairs: &Params) -> Place {
    let region = pairs.get("region").and_then(|region| region.parse::<Region>().ok());
    match (region, pairs.get("hospital")) {
        (Some(region), Some(code)) => Place::Hospital(region, code.as_str().into()),
        (Some(region), None) => Place::Region(region),
        (None, _) => Place::Country,
    }
}

/// The tables of a page of published figures.
async fn published(hub: Arc<Hub>, kind: Page, pairs: Params, headers: HeaderMap) -> Response {
    hub.metrics.answers.inc();
    let said = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let address = Address::read(kind, place_of(&pairs), said);
    let table = pairs.get("table").map(String::as_str);
    let answer = dataset::with(&hub, Language::En, &address, |sight| {
        let report = sight.report()?;
        table.is_none_or(|table| report.sheets().any(|sheet| sheet.id == table)).then_some(())?;
        Some(report.json(sight, table, window(&pairs)))
    });
    let Some(mut answer) = answer else { return not_published() };
    answer["store_away"] = hub.picture().board.store_away.map(rfc3339).into();
    let figures = [&answer["parcels"], &answer["tables"]].map(ToString::to_string).concat();
    tagged(&headers, &figures, || Json(answer).into_response())
}

fn not_published() -> Response {
    let hint = "nothing of this place, or no such table, has been published";
    (StatusCode::NOT_FOUND, Json(json!({ "error": "not-published", "message": hint }))).into_response()
}

/// Which tables there are over every period.
async fn datasets(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Response {
    hub.metrics.answers.inc();
    let pages = Page::ALL.into_iter().filter(|page| page.has_datasets());
    let list: Vec<_> =
        pages.map(|page| dataset::with(&hub, Language::En, &Address::of(page), report::dataset::list)).collect();
    let answer = json!({ "datasets": list });
    tagged(&headers, &answer.to_string(), || Json(answer.clone()).into_response())
}

/// A table over every period: page by page as JSON, whole as a file of commas or of columns.
async fn whole(
    State(hub): State<Arc<Hub>>,
    Path((name, table)): Path<(String, String)>,
    pairs: Params,
    headers: HeaderMap,
) -> Response {
    hub.metrics.answers.inc();
    let Some(kind) = Page::ALL.into_iter().find(|page| page.api() == name) else { return not_published() };
    let address = Address::of(kind).at(place_of(&pairs));
    let at = hub.picture().board.now;
    let Some(sheet) = dataset::whole(hub, Language::En, address.clone(), table).await else { return not_published() };
    match pairs.get("format").map(String::as_str) {
        Some("csv") => {
            let text = sheet.machine(Language::En);
            let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")];
            return tagged(&headers, &text, || (kind, text.clone()).into_response());
        }
        Some("parquet") => {
            let file = sheet.parquet(Language::En);
            let name = csv::disposition(&dataset::file_name(&address, report::WHOLE, sheet.id), at, "parquet");
            let kind = [
                (header::CONTENT_TYPE, "application/vnd.apache.parquet".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            return tagged(&headers, &file, || (kind, file.clone()).into_response());
        }
        _ => {}
    }
    let window = window(&pairs);
    let mut answer = sheet.json(Language::En, window);
    answer["next"] = window.next(&sheet, &address.dataset(sheet.id, None), "").into();
    tagged(&headers, &answer.to_string(), || Json(answer.clone()).into_response())
}

async fn terms(State(hub): State<Arc<Hub>>) -> Json<serde_json::Value> {
    hub.metrics.answers.inc();
    let picture = hub.picture();
    let board = &picture.board;
    let content = json!({
        "version": definitions::VERSION,
        "date": definitions::DATE,
        "sv": value(definitions::terms(Language::Sv, board)),
        "en": value(definitions::terms(Language::En, board)),
    });
    envelope(&picture, &Scope::Country, board.newest(&Scope::Country), ("definitions", content))
}

/// What is asked for may exist: its region is being read.
fn not_yet() -> Response {
    let content = json!({ "error": "loading", "message": "the region is being read; ask again in a few seconds" });
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, AGAIN_AFTER)], Json(content)).into_response()
}

fn scope_of(pairs: &Params) -> Scope {
    match (pairs.get("region"), pairs.get("hospital")) {
        (Some(region), Some(hospital)) => Scope::Hospital(region.as_str().into(), hospital.as_str().into()),
        (Some(region), None) => Scope::Region(region.as_str().into()),
        (None, _) => Scope::Country,
    }
}

fn care_of(pairs: &Params) -> Option<CareType> {
    pairs.get("care_type").and_then(|text| query::care_type(text))
}

fn chosen<'a>(picture: &'a Picture, scope: &'a Scope, pairs: &Params) -> Vec<&'a Ward> {
    let care = care_of(pairs);
    picture.board.wards(scope).filter(|ward| care.is_none_or(|care| ward.care_type == care)).collect()
}

static START: Part = Part::of(Bytes::from_static(b": event ids as they take effect\n\n"));
static ALIVE: Part = Part::of(Bytes::from_static(b": alive\n\n"));

/// Ids of events as they take effect on the live state, gathered for a few milliseconds at a time.
async fn applied(State(hub): State<Arc<Hub>>, headers: HeaderMap) -> Response {
    let Some(place) = hub.admit() else {
        hub.metrics.clients_refused.inc();
        let words = "all places for streams are taken; try again later\n";
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")], words).into_response();
    };
    let gzip = gzip::is_taken(&headers);
    let told = streams::unfold((hub.listen_applied(), place), move |(mut receiver, place)| async move {
        let bytes = match tokio::time::timeout(HEARTBEAT, receiver.recv()).await {
            Ok(Ok(part)) => part.bytes(gzip),
            Ok(Err(RecvError::Lagged(count))) => {
                Part::of(format!("event: missed\ndata: {{\"messages\":{count}}}\n\n").into()).bytes(gzip)
            }
            Ok(Err(RecvError::Closed)) => return None,
            Err(_) => ALIVE.bytes(gzip),
        };
        Some((bytes, (receiver, place)))
    });
    event_stream(gzip, streams::iter([START.bytes(gzip)]).chain(told))
}
