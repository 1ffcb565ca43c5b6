//! The login of a service: opened, put around its routes, and kept.

use std::sync::Arc;
use std::time::Duration;

use access_log::AccessLog;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use runtime::config::Fault;
use runtime::exit;
use runtime::health::Health;
use runtime::http::cookie::is_loopback;
use runtime::metrics::Registry;
use runtime::shutdown::Shutdown;

use crate::answer::Notice;
use crate::asked::Site;
use crate::config::Settings;
use crate::conversation::{self, ANSWER, LOGGED_OUT};
use crate::log::Log;
use crate::metrics::Metrics;
use crate::provider::Provider;
use crate::standing::{Standing, answering};
use crate::wall::{ALIVE, Wall, guard, is_page};

/// The components of `/readyz`.
const COMPONENT: &str = "login";
const LOG_COMPONENT: &str = "access-log";
/// How often sessions are looked through.
const TURN: Duration = Duration::from_secs(2);

/// The login of a service.
#[derive(Clone)]
pub enum Login {
    /// There is none; the reason, where the configuration says one.
    None(Option<Arc<str>>),
    /// A provider's.
    Wall(Arc<Wall>),
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
    /// The access log does not take the entry that says which policies decide.
    #[error("enter into the access log which policies decide, see [access_log]")]
    Log(#[from] access_log::Error),
}

impl Login {
    /// Reads secrets and policies; asks nobody yet, so that a service starts while its provider is away.
    /// With a log every read of what is not published, every denial and the policies themselves are entries of it, durable
    /// before anything is answered; of the policies that is waited for here.
    pub fn open(
        settings: Option<&Settings>,
        log: Option<Arc<AccessLog>>,
        site: Site,
        registry: &Registry,
    ) -> Result<Self, OpenError> {
        let Some(settings) = settings else { return Ok(Self::None(None)) };
        let Some(provider) = &settings.provider else {
            return Ok(Self::None(settings.none.as_deref().map(Arc::from)));
        };
        let policies = settings.read_policies()?;
        tracing::info!(version = &**policies.version(), "policies of version {} decide", policies.version());
        let provider = Provider::new(provider, ANSWER, LOGGED_OUT).map_err(|fault| fault.under("provider"))?;
        let metrics = Metrics::register(registry, COMPONENT)?;
        if log.is_none() {
            let reason = settings.unlogged.as_deref().unwrap_or("no log is configured");
            tracing::warn!("reads and denials are in no access log: {reason}");
        }
        let roles = settings.roles_version();
        let log = log.map(|log| Log::open(log, site.service, policies.version(), &roles)).transpose()?;
        Ok(Self::Wall(Arc::new(Wall::new(settings, site, policies, provider, log, metrics))))
    }

    /// The components of the service's health that it reports.
    pub fn components(&self) -> &'static [&'static str] {
        match self {
            Self::None(_) => &[],
            Self::Wall(wall) if wall.log.is_some() => &[COMPONENT, LOG_COMPONENT],
            Self::Wall(_) => &[COMPONENT],
        }
    }

    /// The routes behind the login, and the login's own.
    pub fn around(&self, routes: Router) -> Router {
        match self {
            Self::None(reason) => routes.layer(middleware::from_fn_with_state(reason.clone(), open)),
            Self::Wall(wall) => {
                let behind = routes.layer(middleware::from_fn_with_state(wall.clone(), guard));
                conversation::routes(wall.clone()).merge(behind)
            }
        }
    }

    /// Asks the provider for what it is and for what has become of sessions, until shutdown.
    pub async fn keep(self, health: Health, shutdown: Shutdown) {
        let Self::Wall(wall) = self else { return };
        let mut told = None;
        loop {
            if let Some(log) = &wall.log {
                log.catch_up().await;
                match log.trouble() {
                    None => health.set_ready(LOG_COMPONENT, true, "entries are written"),
                    Some(reason) => health.set_ready(LOG_COMPONENT, false, reason),
                }
            }
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
                if let Some(log) = &wall.log {
                    log.catch_up().await;
                }
                return;
            }
        }
    }
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
    answering(Standing::NoLogin(reason), next.run(request)).await
}
