//! What a request meets at a listener before any route.
//!
//! 1. Its client's bucket ([`super::rate`]), unless the path is exempt: 429. Only health is exempt for a request with
//!    credentials, which cost something to look at.
//! 2. The announced length of its body: 413. One that announces none is cut at the same length.
//! 3. Where it comes from, when it changes something ([`super::same_site`]): 403.
//!
//! A route that has not begun its answer in time is given up: 503. Each refusal is counted with its reason.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::HttpBody;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use governor::Quota;
use governor::clock::MonotonicClock;

use super::rate::{Proxies, Rate};
use super::{HEALTH, READY, same_site};
use crate::config;
use crate::metrics::Counter;

/// The reasons for refusing a request, in the order of [`Refusal::number`].
pub(super) const REASONS: [&str; 4] = ["rate", "body", "foreign", "slow"];

/// How long a peer may keep us waiting, and we a peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// For the head of a request, and again for its body.
    pub header: Duration,
    /// Between requests, and for taking what we write.
    pub idle: Duration,
    /// Until an answer begins.
    pub answer: Duration,
}

/// What one listener asks of requests.
#[derive(Debug)]
pub(super) struct Terms {
    pub times: Times,
    /// The longest body, in bytes.
    pub body_max: usize,
    rate: Rate,
    /// Beginnings of paths that take no token, unless the request has credentials.
    unlimited: &'static [&'static str],
    proxies: Option<Proxies>,
    origins: Box<[Box<str>]>,
    refused: [Counter; REASONS.len()],
}

/// Why a request is not answered by its route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its client has asked too often; how long until it may again.
    Rate(Duration),
    /// Its body is too long.
    Body,
    /// Another site's page has sent it.
    Foreign,
    /// The answer did not begin in time.
    Slow,
}

impl Refusal {
    const fn number(self) -> usize {
        match self {
            Self::Rate(_) => 0,
            Self::Body => 1,
            Self::Foreign => 2,
            Self::Slow => 3,
        }
    }

    fn response(self) -> Response {
        let (status, text) = match self {
            Self::Rate(_) => (StatusCode::TOO_MANY_REQUESTS, "too many requests from your address; see Retry-After\n"),
            Self::Body => (StatusCode::PAYLOAD_TOO_LARGE, "the request's body is longer than is taken here\n"),
            Self::Foreign => {
                (StatusCode::FORBIDDEN, "sent by a page of another site; open our page and send it there\n")
            }
            Self::Slow => (StatusCode::SERVICE_UNAVAILABLE, "the answer takes too long; try again\n"),
        };
        let mut response = (status, text).into_response();
        let after = match self {
            // Whole seconds, and none too few.
            Self::Rate(wait) => Some(wait.as_secs() + 1),
            Self::Slow => Some(10),
            Self::Body | Self::Foreign => None,
        };
        if let Some(seconds) = after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl Terms {
    pub(super) fn new(http: &config::Http, refused: impl Fn(&'static str) -> Counter) -> Self {
        let (per_second, burst) = http.rate();
        let header = http.client_header.as_ref().and_then(|name| HeaderName::try_from(name.as_ref()).ok());
        let addresses = http.proxies.iter().map(IpAddr::to_canonical).collect();
        Self {
            times: Times { header: http.header.0, idle: http.idle.0, answer: http.answer().0 },
            body_max: usize::try_from(http.body_max().as_bytes()).unwrap_or(usize::MAX),
            rate: Rate::new(Quota::per_second(per_second).allow_burst(burst), MonotonicClock),
            unlimited: http.unlimited,
            proxies: header.map(|header| Proxies { addresses, header }),
            origins: http.origins.clone().into(),
            refused: REASONS.map(refused),
        }
    }

    /// Why a request is refused, if it is.
    pub(super) fn judge(
        &self,
        peer: IpAddr,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: &impl HttpBody,
    ) -> Option<Refusal> {
        // What a request claims of whom it is for is verified, which is work that anybody could ask for.
        let is_plain = !headers.contains_key(header::AUTHORIZATION);
        // Whoever has a cookie may be known, and what they are denied is entered in an access log.
        let is_unknown = is_plain && !headers.contains_key(header::COOKIE);
        let is_light = self.unlimited.iter().any(|begin| path.starts_with(begin));
        let is_exempt = path == HEALTH || (is_unknown && path == READY) || (is_plain && is_light);
        if !is_exempt {
            let client = self.proxies.as_ref().map_or(peer, |proxies| proxies.client(peer, headers));
            if let Err(wait) = self.rate.take(client) {
                return Some(Refusal::Rate(wait));
            }
        }
        if body.size_hint().lower() > self.body_max as u64 {
            return Some(Refusal::Body);
        }
        same_site::is_foreign(method, headers, &self.origins).then_some(Refusal::Foreign)
    }

    /// Counts a refusal and answers it.
    pub(super) fn refuse(&self, refusal: Refusal) -> Response {
        self.refused[refusal.number()].inc();
        refusal.response()
    }
}
