//! The one layer before everything that a service answers: who asks, may they, and until when.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use access::{Channel, Decision, Policies, Question};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use futures_util::{StreamExt, future};
use tls::ClientCertificate;
use tokio::sync::Semaphore;
use topics::Region;

use crate::answer::{Notice, sealed};
use crate::asked::{Asked, Decided, Site};
use crate::config::Settings;
use crate::cookie::{Jar, Progress, own};
use crate::metrics::{Metrics, Refusal};
use crate::person::Person;
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
    /// A token that holds, of a program that has no role here.
    NoRole,
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
pub(crate) fn away(is_page: bool) -> Response {
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

/// Lets a request through, or answers it in its route's place.
pub(crate) async fn guard(State(wall): State<Arc<Wall>>, request: Request, next: Next) -> Response {
    if request.uri().path() == ALIVE {
        return next.run(request).await;
    }
    let known = match wall.who(request.headers(), request.extensions().get().cloned()).await {
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
    let response = answering(standing, next.run(request)).await;
    // A stream would outlive what it was allowed by: it is asked for at each of its messages, at least every heartbeat.
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("text/event-stream") {
        return response;
    }
    let (parts, body) = response.into_parts();
    let held = body.into_data_stream().take_while(move |_| future::ready(wall.holds(&known.hold)));
    Response::from_parts(parts, Body::from_stream(held))
}
