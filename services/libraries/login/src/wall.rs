//! The one layer before everything that a service answers: who asks, may they, and until when.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use access::{Channel, Decision, Policies, Question};
use access_log::Entry;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use futures_util::{StreamExt, future};
use jiff::Timestamp;
use tls::ClientCertificate;
use tokio::sync::Semaphore;
use topics::Region;

use crate::answer::{Notice, sealed};
use crate::asked::{Asked, Decided, Site};
use crate::config::Settings;
use crate::cookie::{Jar, Progress, own};
use crate::entry::{self, Entries};
use crate::log::{Log, Unwritten};
use crate::metrics::{Metrics, Refusal};
use crate::person::{Identity, Person};
use crate::provider::{Error, Provider, vouched};
use crate::secret::{self, Key};
use crate::session::{Session, State as Held, Table};
use crate::standing::{Standing, answering};

/// What answers everybody: whether the process lives.
pub(crate) const ALIVE: &str = "/healthz";
/// Where a login begins.
pub(crate) const LOGIN: &str = "/inloggning";

/// Logins for which the provider is asked at a time; each waits on a thread.
const EXCHANGES_MAX: usize = 32;

/// Sessions, policies and provider of one service.
pub struct Wall {
    pub(crate) settings: Settings,
    site: Site,
    policies: Policies,
    pub(crate) provider: Provider,
    pub(crate) table: Table,
    pub(crate) jar: Jar,
    pub(crate) key: Key,
    pub(crate) metrics: Metrics,
    /// Where reads and denials are entered; none where the configuration says why.
    pub(crate) log: Option<Arc<Log>>,
    /// Places of [`EXCHANGES_MAX`].
    pub(crate) exchanges: Arc<Semaphore>,
    /// When the provider last said what it is; `None` when it did not answer since.
    pub(crate) discovered: Mutex<Option<Instant>>,
    pub(crate) answers: AtomicBool,
}

/// Who asks, and until when that holds.
struct Known {
    person: Arc<Person>,
    channel: Channel,
    hold: Hold,
}

/// What lets an answer that does not end go on.
enum Hold {
    Session { session: Arc<Session>, changes: u64 },
    Token { until: i64 },
}

/// Nobody is known, and why.
enum Unknown {
    /// Nothing was shown.
    Nobody,
    /// What was shown does not hold.
    Wrong(&'static str),
    /// A token that holds, of somebody who has no role here.
    NoRole(Identity),
    /// Who would know is away.
    Away,
}

/// Now, in seconds of Unix time.
pub(crate) fn now() -> i64 {
    Utc::now().timestamp()
}

impl Wall {
    pub(crate) fn new(
        settings: &Settings,
        site: Site,
        policies: Policies,
        provider: Provider,
        log: Option<Log>,
        metrics: Metrics,
    ) -> Self {
        Self {
            jar: Jar::new(settings.is_encrypted()),
            table: Table::new(settings.session),
            key: Key::random(),
            exchanges: Arc::new(Semaphore::new(EXCHANGES_MAX)),
            discovered: Mutex::default(),
            answers: AtomicBool::new(false),
            settings: settings.clone(),
            site,
            policies,
            provider,
            log: log.map(Arc::new),
            metrics,
        }
    }

    async fn who(self: &Arc<Self>, headers: &HeaderMap, shown: Option<ClientCertificate>) -> Result<Known, Unknown> {
        let now = now();
        if let Some(authorisation) = headers.get(header::AUTHORIZATION) {
            let text = authorisation.to_str().unwrap_or_default();
            let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let Some((_, token)) = token else { return Err(Unknown::Wrong("only bearer tokens are taken")) };
            let (wall, token) = (self.clone(), token.trim().to_owned());
            // It may ask for the keys of the provider.
            let verified = tokio::task::spawn_blocking(move || wall.bearer(&token, shown.as_ref())).await;
            return verified.unwrap_or(Err(Unknown::Wrong("the token cannot be read")));
        }
        let Some(id) = self.jar.session(headers) else { return Err(Unknown::Nobody) };
        let Some((session, state)) = self.table.find(id, now) else { return Err(Unknown::Nobody) };
        match state {
            Held::Over => Err(Unknown::Nobody),
            Held::Unvouched => Err(Unknown::Away),
            Held::Holds => {
                session.touch(now);
                // In this order: a change in between is noticed by what holds the answer.
                let changes = session.changes();
                let person = session.person();
                Ok(Known { person, channel: Channel::Session, hold: Hold::Session { session, changes } })
            }
        }
    }

    fn bearer(&self, token: &str, shown: Option<&ClientCertificate>) -> Result<Known, Unknown> {
        let claims = self.provider.bearer(token, shown).map_err(|error| match error {
            Error::Away { .. } | Error::Unclear(_) => Unknown::Away,
            Error::Refused(why) => Unknown::Wrong(why),
        })?;
        let until = claims.expiration().timestamp();
        let vouched = vouched(&claims);
        let person = vouched.person(Channel::Token, &self.settings);
        let person = person.map_err(|_| Unknown::NoRole(vouched.identity(Channel::Token)))?;
        Ok(Known { person: Arc::new(person), channel: Channel::Token, hold: Hold::Token { until } })
    }

    /// The one place where it is decided whether somebody is answered. An address that the service does not know is asked of
    /// no policy, and refused.
    fn decide(&self, known: &Known, asked: Option<Asked>) -> Decided {
        let decision = match asked {
            Some(Asked { action, part }) => self.policies.decide(&Question {
                principal: known.person.principal.clone(),
                action,
                part,
                channel: known.channel,
            }),
            None => Decision { allowed: false, policies: Arc::default(), version: self.policies.version().clone() },
        };
        Decided { person: known.person.clone(), channel: known.channel, asked, decision }
    }

    fn holds(&self, hold: &Hold) -> bool {
        let now = now();
        match hold {
            Hold::Token { until } => now < *until,
            Hold::Session { session, changes } => {
                let holds = session.changes() == *changes && session.state(self.table.bounds(), now) == Held::Holds;
                if holds {
                    session.touch(now);
                }
                holds
            }
        }
    }

    /// Sends a browser to the provider; it comes back to `back`.
    pub(crate) fn begin(&self, back: &str) -> Response {
        let progress = Progress { secret: secret::random(), back: own(back) };
        let text = progress.text();
        let [state, nonce, verifier] = ["state", "nonce", "verifier"].map(|usage| self.key.derive(usage, &text));
        match self.provider.login_address(&state, &nonce, &verifier) {
            Some(address) => {
                let cookie = [(header::SET_COOKIE, self.jar.set_progress(&progress))];
                sealed((cookie, Redirect::to(&address)).into_response())
            }
            None => away(true),
        }
    }

    /// Enters something into the access log, where there is one.
    ///
    /// # Errors
    /// When it is not written: then [`Wall::unlogged`] is the answer, and nothing else.
    pub(crate) async fn enter(&self, entry: impl FnOnce(&Entries) -> Entry) -> Result<(), Unwritten> {
        let Some(log) = &self.log else { return Ok(()) };
        log.enter(entry(&log.entries)).await
    }

    /// The same of somebody whom nobody knows, of whom there may be many.
    ///
    /// # Errors
    /// As [`Wall::enter`].
    pub(crate) async fn enter_stranger(&self, entry: impl FnOnce(&Entries) -> Entry) -> Result<(), Unwritten> {
        let Some(log) = &self.log else { return Ok(()) };
        log.enter_stranger(entry(&log.entries)).await
    }

    /// What has no entry is neither shown nor told.
    pub(crate) fn unlogged(&self, is_page: bool) -> Response {
        self.metrics.refused.of(Refusal::Unlogged).inc();
        unavailable(is_page, UNLOGGED)
    }

    /// Answers somebody who is not known here. A browser that shows nothing is led to the login, which denies it nothing.
    async fn refuse(&self, unknown: Unknown, asked: Option<Asked>, uri: &Uri, is_page: bool) -> Response {
        let wrong = match unknown {
            // Who shows nothing is not sent to a provider that does not answer.
            Unknown::Nobody if self.answers.load(Ordering::Relaxed) => None,
            Unknown::Wrong(why) => Some(why),
            Unknown::Nobody | Unknown::Away => {
                self.metrics.refused.of(Refusal::Away).inc();
                return away(is_page);
            }
            Unknown::NoRole(who) => {
                self.metrics.refused.of(Refusal::Denied).inc();
                let entry = |entries: &Entries| entries.known(&who, asked, uri.path(), Timestamp::now());
                let Ok(()) = self.enter(entry).await else { return self.unlogged(is_page) };
                tracing::info!("a program showed a token that holds, and has no role");
                return no_role().of(is_page);
            }
        };
        self.metrics.refused.of(Refusal::Unknown).inc();
        if is_page && wrong.is_none() {
            return self.begin(uri.path_and_query().map_or("/", |address| address.as_str()));
        }
        let why = wrong.unwrap_or("nothing was shown that holds");
        let entry = |entries: &Entries| entries.stranger(asked, why, Timestamp::now());
        let Ok(()) = self.enter_stranger(entry).await else { return self.unlogged(is_page) };
        let notice = Notice {
            status: StatusCode::UNAUTHORIZED,
            code: "unauthorised",
            title: "Inloggning krävs",
            sv: "Sidan visas bara för den som har loggat in.",
            en: wrong.unwrap_or("log in, or send a bearer token"),
            link: Some((LOGIN, "Logga in")),
        };
        let challenge = match wrong {
            Some(why) => format!("Bearer realm=\"vardstrom\", error=\"invalid_token\", error_description=\"{why}\""),
            None => "Bearer realm=\"vardstrom\"".to_owned(),
        };
        let mut response = notice.of(is_page);
        let challenge = HeaderValue::from_str(&challenge).expect("our own words are ASCII");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        response
    }

    async fn deny(&self, decided: &Decided, path: &str, is_page: bool) -> Response {
        self.metrics.refused.of(Refusal::Denied).inc();
        let entry = |entries: &Entries| entries.decided(decided, path, Timestamp::now());
        let Ok(()) = self.enter(entry).await else { return self.unlogged(is_page) };
        let principal = &decided.person.principal;
        let part = decided.asked.map(|asked| asked.part);
        tracing::info!(
            role = principal.role.name(),
            region = principal.region.map(Region::code),
            action = decided.asked.map(|asked| asked.action.name()),
            dataset = part.map(|part| part.dataset.name()),
            asked_region = part.and_then(|part| part.region).map(Region::code),
            policies = &*decided.decision.version,
            "a request was denied: no policy allows it"
        );
        let home = principal.region.map(self.site.home);
        Notice {
            status: StatusCode::FORBIDDEN,
            code: "denied",
            title: "Ingen behörighet",
            sv: "Ditt uppdrag ger ingen behörighet till det som adressen visar.",
            en: "no policy allows your role, region, purpose and level of assurance what this address shows",
            link: home.as_deref().map(|home| (home, "Till din region")),
        }
        .of(is_page)
    }
}

/// Whether a browser asks for a page, which can be led to a login.
pub(crate) fn is_page(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    *request.method() == Method::GET && accepts.contains("text/html")
}

/// Known, and nobody here.
pub(crate) fn no_role() -> Notice<'static> {
    Notice {
        status: StatusCode::FORBIDDEN,
        code: "no-role",
        title: "Ingen roll",
        sv: "Du är inloggad, men uppdraget som du valde ger ingen roll här.",
        en: "you are known, and your commission or program gives you no role here",
        link: Some((LOGIN, "Logga in igen")),
    }
}

/// Nobody vouches for anybody.
const AWAY: Notice<'static> = Notice {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "login-away",
    title: "Inloggningen svarar inte",
    sv: "Inloggningstjänsten svarar inte, och ingen släpps in utan den. Försök igen om en stund.",
    en: "the provider of logins does not answer, and nobody is let in without it; try again",
    link: Some(("/", "Försök igen")),
};

const UNLOGGED: Notice<'static> = Notice {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "access-log",
    title: "Åtkomstloggen tar inte emot",
    sv: "Åtkomstloggen går inte att skriva, och ingenting visas utan en rad i den. Försök igen om en stund.",
    en: "the access log cannot be written, and nothing is shown without an entry in it; try again",
    link: Some(("/", "Försök igen")),
};

pub(crate) fn away(is_page: bool) -> Response {
    unavailable(is_page, AWAY)
}

fn unavailable(is_page: bool, notice: Notice<'_>) -> Response {
    let mut response = notice.of(is_page);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    response
}

/// Lets a request through, or answers it in its route's place.
pub(crate) async fn guard(State(wall): State<Arc<Wall>>, request: Request, next: Next) -> Response {
    if request.uri().path() == ALIVE {
        return next.run(request).await;
    }
    let is_page = is_page(&request);
    let (parts, body) = request.into_parts();
    let asked = (wall.site.asks)(&parts);
    let known = match wall.who(&parts.headers, parts.extensions.get().cloned()).await {
        Ok(known) => known,
        Err(unknown) => return wall.refuse(unknown, asked, &parts.uri, is_page).await,
    };
    let decided = wall.decide(&known, asked);
    if !decided.decision.allowed {
        return wall.deny(&decided, parts.uri.path(), is_page).await;
    }
    let principal = &decided.person.principal;
    if let (true, "/", Some(region)) = (is_page, parts.uri.path(), principal.region) {
        return sealed(Redirect::to(&(wall.site.home)(region)).into_response());
    }
    let standing = Standing::In(principal.role, principal.region);
    let is_entered = asked.is_some_and(|asked| entry::is_entered(asked.part.dataset.class()));
    let read = is_entered.then(|| (decided.clone(), parts.uri.path().to_owned()));
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(decided);
    let response = answering(standing, next.run(request)).await;
    // An error shows nothing of what was asked for; whatever else does leaves after its entry. Of a stream that is its begin.
    let is_shown = response.status().is_success() || response.status().is_redirection();
    if let (Some((decided, path)), true) = (read, is_shown) {
        let entry = |entries: &Entries| entries.decided(&decided, &path, Timestamp::now());
        let Ok(()) = wall.enter(entry).await else { return wall.unlogged(is_page) };
    }
    // A stream would outlive what it was allowed by: it is asked for at each of its messages, at least every heartbeat.
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("text/event-stream") {
        return response;
    }
    let (parts, body) = response.into_parts();
    let held = body.into_data_stream().take_while(move |_| future::ready(wall.holds(&known.hold)));
    Response::from_parts(parts, Body::from_stream(held))
}
