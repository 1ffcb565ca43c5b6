//! The one layer before everything that a service answers: who asks, may they, and until when.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use access::{Action, Channel, Dataset, Decision, Part, Policies, Question, Role};
use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::Utc;
use futures_util::{StreamExt, future};
use runtime::config::Fault;
use runtime::exit;
use runtime::health::Health;
use runtime::http::cookie::is_loopback;
use runtime::metrics::Registry;
use runtime::shutdown::Shutdown;
use tokio::sync::Semaphore;
use topics::Region;

use crate::answer::{Notice, sealed};
use crate::config::Settings;
use crate::cookie::{Jar, Progress, own};
use crate::metrics::{Metrics, Refusal};
use crate::person::Person;
use crate::provider::{Error, Provider, Vouching, vouched};
use crate::secret::{self, Key};
use crate::session::{Lease, Session, State as Held, Table, Tokens};

/// The component of `/readyz`.
const COMPONENT: &str = "login";
/// What answers everybody: whether the process lives.
const ALIVE: &str = "/healthz";
const LOGIN: &str = "/inloggning";
const ANSWER: &str = "/inloggning/svar";
const LOGOUT: &str = "/utloggning";
const LOGGED_OUT: &str = "/utloggad";

/// How often sessions are looked through.
const TURN: Duration = Duration::from_secs(2);
/// How often the provider is asked what it is, and whether it is there.
const DISCOVER: Duration = Duration::from_secs(30);
/// Sessions that are renewed in one turn; the rest in the next, those that end first before others.
const RENEWED_MAX: usize = 500;
/// A session of which the provider's answer says nothing is asked for again after so many seconds.
const UNCLEAR_AGAIN: i64 = 30;
/// Logins for which the provider is asked at a time; each waits on a thread.
const EXCHANGES_MAX: usize = 32;

tokio::task_local! {
    static STANDING: Standing;
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// How.
    pub action: Action,
    /// What.
    pub part: Part,
}

/// What a service's addresses are.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// What a request asks for; `None` for an address that the service does not know, which nobody is let in to.
    pub asks: fn(&Parts) -> Option<Asked>,
    /// The page that somebody of this region begins with.
    pub home: fn(Region) -> String,
}

/// How whoever reads a page stands, for the page to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody logs in here: for this machine alone, or for the reason that the configuration says.
    NoLogin(Option<Arc<str>>),
    /// In this role.
    In(Role, Option<Region>),
}

/// How whoever is being answered stands; `None` outside of [`Login::around`].
pub fn standing() -> Option<Standing> {
    STANDING.try_with(Clone::clone).ok()
}

/// What was decided of a request; everything that an entry of an access log says of it.
#[derive(Clone, Debug)]
pub struct Decided {
    /// Who asked.
    pub person: Arc<Person>,
    /// Known by what.
    pub channel: Channel,
    /// For what; `None`: for an address that the service does not know.
    pub asked: Option<Asked>,
    /// The answer of the policies, which ones, and of which version.
    pub decision: Decision,
}

/// The login of a service.
#[derive(Clone)]
pub enum Login {
    /// There is none; the reason, where the configuration says one.
    None(Option<Arc<str>>),
    /// A provider's.
    Wall(Arc<Wall>),
}

/// Sessions, policies and provider of one service.
pub struct Wall {
    settings: Settings,
    site: Site,
    policies: Policies,
    provider: Provider,
    table: Table,
    jar: Jar,
    key: Key,
    metrics: Metrics,
    /// Places of [`EXCHANGES_MAX`].
    exchanges: Arc<Semaphore>,
    /// When the provider last said what it is; `None` when it did not answer since.
    discovered: Mutex<Option<Instant>>,
    answers: AtomicBool,
}

/// Why a service cannot begin to ask for logins.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting or a file that it names.
    #[error("use the table [login]")]
    Settings(#[from] Fault),
    /// The metrics are registered twice.
    #[error("register metrics of login")]
    Metrics(#[from] runtime::metrics::Error),
}

impl Login {
    /// Reads secrets and policies; asks nobody yet, so that a service starts while its provider is away.
    pub fn open(settings: Option<&Settings>, site: Site, registry: &Registry) -> Result<Self, OpenError> {
        let Some(settings) = settings else { return Ok(Self::None(None)) };
        let Some(provider) = &settings.provider else {
            return Ok(Self::None(settings.none.as_deref().map(Arc::from)));
        };
        let policies = settings.read_policies()?;
        tracing::info!(version = &**policies.version(), "policies of version {} decide", policies.version());
        Ok(Self::Wall(Arc::new(Wall {
            site,
            policies,
            provider: Provider::new(provider, ANSWER, LOGGED_OUT).map_err(|fault| fault.under("provider"))?,
            table: Table::new(settings.session),
            jar: Jar::new(provider.is_encrypted()),
            key: Key::random(),
            metrics: Metrics::register(registry, COMPONENT)?,
            exchanges: Arc::new(Semaphore::new(EXCHANGES_MAX)),
            discovered: Mutex::default(),
            answers: AtomicBool::new(false),
            settings: settings.clone(),
        })))
    }

    /// The components of the service's health that it reports.
    pub fn components(&self) -> &'static [&'static str] {
        match self {
            Self::None(_) => &[],
            Self::Wall(_) => &[COMPONENT],
        }
    }

    /// The routes behind the login, and the login's own.
    pub fn around(&self, routes: Router) -> Router {
        match self {
            Self::None(reason) => routes.layer(middleware::from_fn_with_state(reason.clone(), open)),
            Self::Wall(wall) => Router::new()
                .route(LOGIN, get(login))
                .route(ANSWER, get(answer))
                .route(LOGOUT, post(logout))
                .route(LOGGED_OUT, get(logged_out))
                .with_state(wall.clone())
                .merge(routes.layer(middleware::from_fn_with_state(wall.clone(), guard))),
        }
    }

    /// Asks the provider for what it is and for what has become of sessions, until shutdown.
    pub async fn keep(self, health: Health, shutdown: Shutdown) {
        let Self::Wall(wall) = self else { return };
        let mut told = None;
        loop {
            let turning = wall.clone();
            let turned = tokio::task::spawn_blocking(move || turning.turn()).await;
            let away = match turned {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(exit::chain(&error)),
                Err(_) => Some("looking through the sessions panicked".to_owned()),
            };
            match &away {
                None => health.set_ready(COMPONENT, true, "the provider answers"),
                Some(reason) => {
                    health.set_ready(COMPONENT, false, reason.clone());
                    if told.as_ref() != Some(reason) {
                        tracing::warn!("nobody can log in, and sessions end: {reason}");
                    }
                }
            }
            if told.is_some() && away.is_none() {
                tracing::info!("the provider of logins answers again");
            }
            told = away;
            if shutdown.within(TURN).await {
                return;
            }
        }
    }
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
    /// A token that holds, of a program that has no role here.
    NoRole,
    /// Who would know is away.
    Away,
}

fn now() -> i64 {
    Utc::now().timestamp()
}

impl Wall {
    async fn who(self: &Arc<Self>, headers: &HeaderMap) -> Result<Known, Unknown> {
        let now = now();
        if let Some(authorisation) = headers.get(header::AUTHORIZATION) {
            let text = authorisation.to_str().unwrap_or_default();
            let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let Some((_, token)) = token else { return Err(Unknown::Wrong("only bearer tokens are taken")) };
            let (wall, token) = (self.clone(), token.trim().to_owned());
            // It may ask for the keys of the provider.
            let verified = tokio::task::spawn_blocking(move || wall.bearer(&token)).await;
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

    fn bearer(&self, token: &str) -> Result<Known, Unknown> {
        let claims = self.provider.bearer(token).map_err(|error| match error {
            Error::Away { .. } | Error::Unclear(_) => Unknown::Away,
            Error::Refused(why) => Unknown::Wrong(why),
        })?;
        let until = claims.expiration().timestamp();
        let person = vouched(&claims).person(&self.settings).map_err(|_| Unknown::NoRole)?;
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

    /// One turn of [`Login::keep`]: the provider, then the sessions that are to be renewed.
    fn turn(&self) -> Result<(), Error> {
        let turned = self.discover().and_then(|()| self.renew());
        if turned.is_err() {
            *self.discovered() = None;
        }
        self.answers.store(turned.is_ok(), Ordering::Relaxed);
        self.metrics.sessions.set(i64::try_from(self.table.len()).unwrap_or(i64::MAX));
        turned
    }

    fn discovered(&self) -> MutexGuard<'_, Option<Instant>> {
        self.discovered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn discover(&self) -> Result<(), Error> {
        if self.discovered().is_none_or(|at| at.elapsed() >= DISCOVER) {
            self.provider.discover()?;
            *self.discovered() = Some(Instant::now());
        }
        Ok(())
    }

    /// A session of which the provider's answer says nothing waits, and delays no other.
    fn renew(&self) -> Result<(), Error> {
        let (mut unclear, mut last) = (0_usize, "");
        for session in self.table.due(now()).iter().take(RENEWED_MAX) {
            let (refresh, nonce) = {
                let tokens = session.tokens();
                (tokens.refresh.clone(), tokens.nonce.clone())
            };
            let asked = now();
            match refresh.map(|refresh| self.provider.renew(&refresh, &nonce)) {
                Some(Ok(vouching)) => self.renewed(session, vouching, asked),
                Some(Err(error @ Error::Away { .. })) => return Err(error),
                Some(Err(Error::Unclear(how))) => {
                    session.put_off(asked + UNCLEAR_AGAIN);
                    (unclear, last) = (unclear + 1, how);
                }
                // The provider has ended it, or never said how it goes on.
                Some(Err(Error::Refused(_))) | None => session.end(),
            }
        }
        if unclear > 0 {
            tracing::warn!("the provider of logins answered unclearly, {last}: {unclear} sessions are not renewed yet");
        }
        Ok(())
    }

    fn renewed(&self, session: &Session, vouching: Vouching, asked: i64) {
        let person = match &vouching.claims {
            None => None,
            Some(claims) => match vouched(claims).person(&self.settings) {
                Ok(person) if person.subject == session.person().subject => Some(person),
                _ => return session.end(),
            },
        };
        {
            let mut tokens = session.tokens();
            if let Some(id) = vouching.id_token {
                tokens.id = id;
            }
            if vouching.refresh.is_some() {
                tokens.refresh = vouching.refresh;
            }
        }
        session.renewed(person, Lease::of(asked, vouching.seconds));
    }

    /// Sends a browser to the provider; it comes back to `back`.
    fn begin(&self, back: &str) -> Response {
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

    fn refuse(&self, unknown: &Unknown, request: &Request) -> Response {
        let is_page = is_page(request);
        // Who shows nothing is not sent to a provider that does not answer.
        let leads_nowhere = matches!(unknown, Unknown::Nobody) && !self.answers.load(Ordering::Relaxed);
        if matches!(unknown, Unknown::Away) || leads_nowhere {
            self.metrics.refused.of(Refusal::Away).inc();
            return away(is_page);
        }
        if matches!(unknown, Unknown::NoRole) {
            self.metrics.refused.of(Refusal::Denied).inc();
            tracing::info!("a program showed a token that holds, and has no role");
            return no_role().of(is_page);
        }
        self.metrics.refused.of(Refusal::Unknown).inc();
        let wrong = match unknown {
            Unknown::Wrong(why) => Some(*why),
            _ => None,
        };
        if is_page && wrong.is_none() {
            return self.begin(request.uri().path_and_query().map_or("/", |address| address.as_str()));
        }
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

    fn deny(&self, decided: &Decided, is_page: bool) -> Response {
        self.metrics.refused.of(Refusal::Denied).inc();
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
fn is_page(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    *request.method() == Method::GET && accepts.contains("text/html")
}

fn no_role() -> Notice<'static> {
    Notice {
        status: StatusCode::FORBIDDEN,
        code: "no-role",
        title: "Ingen roll",
        sv: "Du är inloggad, men uppdraget som du valde ger ingen roll här.",
        en: "you are known, and your commission or program gives you no role here",
        link: Some((LOGIN, "Logga in igen")),
    }
}

fn away(is_page: bool) -> Response {
    let notice = Notice {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: "login-away",
        title: "Inloggningen svarar inte",
        sv: "Inloggningstjänsten svarar inte, och ingen släpps in utan den. Försök igen om en stund.",
        en: "the provider of logins does not answer, and nobody is let in without it; try again",
        link: Some(("/", "Försök igen")),
    };
    let mut response = notice.of(is_page);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    response
}

/// Without a login everybody is answered, and pages say so. Where no reason for that is configured, whoever asks by another
/// name than this machine's own is not: a browser sends another site's name, and a proxy that of its clients.
async fn open(State(reason): State<Option<Arc<str>>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if reason.is_none() && request.uri().path() != ALIVE && !is_loopback(host) {
        return Notice {
            status: StatusCode::FORBIDDEN,
            code: "other-name",
            title: "Bara för den här datorn",
            sv: "Utan [login] i konfigurationen visas sidan bara på datorns egen adress, till exempel 127.0.0.1.",
            en: "without [login] in the configuration only this machine's own address is answered, such as 127.0.0.1",
            link: None,
        }
        .of(is_page(&request));
    }
    STANDING.scope(Standing::NoLogin(reason), next.run(request)).await
}

async fn guard(State(wall): State<Arc<Wall>>, request: Request, next: Next) -> Response {
    if request.uri().path() == ALIVE {
        return next.run(request).await;
    }
    let known = match wall.who(request.headers()).await {
        Ok(known) => known,
        Err(unknown) => return wall.refuse(&unknown, &request),
    };
    let is_page = is_page(&request);
    let (parts, body) = request.into_parts();
    let decided = wall.decide(&known, (wall.site.asks)(&parts));
    if !decided.decision.allowed {
        return wall.deny(&decided, is_page);
    }
    let principal = &decided.person.principal;
    if let (true, "/", Some(region)) = (is_page, parts.uri.path(), principal.region) {
        return sealed(Redirect::to(&(wall.site.home)(region)).into_response());
    }
    let standing = Standing::In(principal.role, principal.region);
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(decided);
    let response = STANDING.scope(standing, next.run(request)).await;
    // A stream would outlive what it was allowed by: it is asked for at each of its messages, at least every heartbeat.
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("text/event-stream") {
        return response;
    }
    let (parts, body) = response.into_parts();
    let held = body.into_data_stream().take_while(move |_| future::ready(wall.holds(&known.hold)));
    Response::from_parts(parts, Body::from_stream(held))
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
    let Some(code) = pairs.get("code").cloned() else {
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
            tracing::warn!("a login failed: {}", exit::chain(&error));
            let sv = "Inloggningstjänstens svar gick inte att använda.";
            return failed(StatusCode::FORBIDDEN, "login-refused", sv, "what the provider answered does not hold");
        }
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let Vouching { claims: Some(claims), id_token, refresh, seconds } = vouching else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let person = match vouched(&claims).person(&wall.settings) {
        Ok(person) => person,
        Err(error) => {
            wall.metrics.refused.of(Refusal::Denied).inc();
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

impl Site {
    /// Health and metrics, which every service has.
    pub fn probes(path: &str) -> Option<Asked> {
        let part = Part { dataset: Dataset::Probes, region: None };
        matches!(path, "/readyz" | "/metrics").then_some(Asked { action: Action::Inspect, part })
    }
}
