//! The conversation with the provider: a browser is led there, comes back, and leaves.

use std::collections::HashMap;
use std::sync::Arc;

use access::Channel;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use runtime::exit;

use crate::answer::{Notice, sealed};
use crate::entry::Entries;
use crate::metrics::Refusal;
use crate::provider::{Error, Vouching, vouched};
use crate::secret;
use crate::session::{Lease, Tokens};
use crate::wall::{LOGIN, Wall, away, no_role, now};

/// Where the provider sends a browser back to.
pub(crate) const ANSWER: &str = "/inloggning/svar";
const LOGOUT: &str = "/utloggning";
/// Where it leads to after a logout.
pub(crate) const LOGGED_OUT: &str = "/utloggad";

/// The login's own addresses, which everybody reaches.
pub(crate) fn routes(wall: Arc<Wall>) -> Router {
    Router::new()
        .route(LOGIN, get(login))
        .route(ANSWER, get(answer))
        .route(LOGOUT, post(logout))
        .route(LOGGED_OUT, get(logged_out))
        .with_state(wall)
}

type Pairs = Query<HashMap<String, String>>;

async fn login(State(wall): State<Arc<Wall>>, pairs: Pairs) -> Response {
    wall.begin(pairs.get("till").map_or("/", String::as_str))
}

/// The browser comes back from the provider.
async fn answer(State(wall): State<Arc<Wall>>, pairs: Pairs, headers: HeaderMap) -> Response {
    let mut response = arrived(&wall, &pairs, &headers).await;
    response.headers_mut().append(header::SET_COOKIE, wall.jar.forget_progress());
    response
}

async fn arrived(wall: &Arc<Wall>, pairs: &Pairs, headers: &HeaderMap) -> Response {
    let failed = |status, code, sv, en| {
        let link = Some((LOGIN, "Logga in igen"));
        Notice { status, code, title: "Inloggningen blev inte klar", sv, en, link }.page()
    };
    let begun = wall.jar.progress(headers).and_then(|progress| {
        let text = progress.text();
        // Only this process could make the state of this browser's cookie.
        let state = wall.key.derive("state", &text);
        let same = pairs.get("state").is_some_and(|found| secret::digest(found) == secret::digest(&state));
        same.then_some((progress, text))
    });
    let Some((progress, text)) = begun else {
        let sv = "Svaret hör inte till en inloggning som har börjat här.";
        return failed(StatusCode::BAD_REQUEST, "login-unknown", sv, "the answer is to no login that began here");
    };
    let refused = async |why| wall.enter_stranger(|entries| entries.log_in_refused(why, Timestamp::now())).await;
    let Some(code) = pairs.get("code").cloned() else {
        let Ok(()) = refused("the provider did not let them in").await else { return wall.unlogged(true) };
        let sv = "Inloggningstjänsten släppte inte in dig.";
        return failed(StatusCode::FORBIDDEN, "login-refused", sv, "the provider of logins did not let you in");
    };
    let (nonce, verifier) = (wall.key.derive("nonce", &text), wall.key.derive("verifier", &text));
    // Anybody can come here again and again with an answer of their own making.
    let Ok(place) = wall.exchanges.clone().try_acquire_owned() else { return away(true) };
    let (asking, asked_nonce) = (wall.clone(), nonce.clone());
    let asked = now();
    let exchanged = tokio::task::spawn_blocking(move || {
        let exchanged = asking.provider.exchange(code, verifier, &asked_nonce);
        drop(place);
        exchanged
    })
    .await;
    let vouching = match exchanged {
        Ok(Ok(vouching)) => vouching,
        Ok(Err(error @ (Error::Away { .. } | Error::Unclear(_)))) => {
            tracing::warn!("a login failed: {}", exit::chain(&error));
            return away(true);
        }
        Ok(Err(error)) => {
            let Ok(()) = refused("the provider's answer does not hold").await else { return wall.unlogged(true) };
            tracing::warn!("a login failed: {}", exit::chain(&error));
            let sv = "Inloggningstjänstens svar gick inte att använda.";
            return failed(StatusCode::FORBIDDEN, "login-refused", sv, "what the provider answered does not hold");
        }
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let Vouching { claims: Some(claims), id_token, refresh, seconds } = vouching else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let vouched = vouched(&claims);
    let person = match vouched.person(Channel::Session, &wall.settings) {
        Ok(person) => person,
        Err(error) => {
            wall.metrics.refused.of(Refusal::Denied).inc();
            let who = vouched.identity(Channel::Session);
            let entry = |entries: &Entries| entries.log_in_without_role(&who, Timestamp::now());
            let Ok(()) = wall.enter(entry).await else { return wall.unlogged(true) };
            tracing::info!("somebody logged in and has no role: {error}");
            return no_role().page();
        }
    };
    // A browser has one session; an id from before the login is never kept.
    if let Some(old) = wall.jar.session(headers) {
        wall.table.close(old);
    }
    let tokens = Tokens { id: id_token.unwrap_or_default(), refresh, nonce };
    let id = wall.table.open(person, tokens, Lease::of(asked, seconds), now());
    let cookie = [(header::SET_COOKIE, wall.jar.set_session(&id))];
    sealed((cookie, Redirect::to(&progress.back)).into_response())
}

/// Ends the session here, and leads to where it is ended at the provider. A browser that was sent here by another site
/// brings no cookie.
async fn logout(State(wall): State<Arc<Wall>>, headers: HeaderMap) -> Response {
    let closed = wall.jar.session(&headers).and_then(|id| wall.table.close(id));
    let there = closed.and_then(|session| {
        let id = session.tokens().id.clone();
        wall.provider.logout_address(&id)
    });
    let mut response = there.as_deref().map_or_else(farewell, onward);
    response.headers_mut().append(header::SET_COOKIE, wall.jar.forget_session());
    response
}

/// Leads to where the provider ends its session.
fn onward(there: &str) -> Response {
    let mut response = Notice {
        status: StatusCode::OK,
        code: "logged-out",
        title: "Du är utloggad här",
        sv: "Du loggas nu ut även hos inloggningstjänsten.",
        en: "You are logged out here, and are led to the provider's logout.",
        link: Some((there, "Logga ut hos inloggningstjänsten")),
    }
    .page();
    // A form's answer must not redirect to another site, by the pages' own content policy; a page may lead on.
    if let Ok(refresh) = HeaderValue::from_str(&format!("0;url={there}")) {
        response.headers_mut().insert("refresh", refresh);
    }
    response
}

/// What the provider leads back to. Any site can lead a browser here, so nothing ends by it.
async fn logged_out() -> Response {
    farewell()
}

fn farewell() -> Response {
    Notice {
        status: StatusCode::OK,
        code: "logged-out",
        title: "Du är utloggad",
        sv: "Stäng webbläsaren om andra använder datorn.",
        en: "You are logged out.",
        link: Some((LOGIN, "Logga in igen")),
    }
    .page()
}
