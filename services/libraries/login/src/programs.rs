//! Bearer tokens alone, for a service that has no pages: which program asks. What it may have is the service's own affair.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Extensions;
use runtime::config::Fault;
use runtime::exit;
use runtime::health::Health;
use runtime::shutdown::Shutdown;
use tls::ClientCertificate;

use crate::config;
use crate::issuer::{Error, Issuer, Taken};

/// How often the provider is asked what it is, and whether it is there.
const DISCOVER: Duration = Duration::from_secs(30);
/// The same while it does not answer.
const DISCOVER_AGAIN: Duration = Duration::from_secs(2);

/// The programs that a provider knows.
#[derive(Clone)]
pub struct Programs(Arc<Issuer>);

/// No program is known by what was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// It does not hold, and why not. Our own words, in ASCII.
    Wrong(&'static str),
    /// Who would know does not answer.
    Away,
}

impl Programs {
    /// The component of the service's health that it reports.
    pub const COMPONENT: &'static str = "login";

    /// Asks nobody yet, so that a service starts while its provider is away.
    pub fn open(settings: &config::Programs) -> Result<Self, Fault> {
        let taken = Taken { audience: settings.audience.clone(), bound: settings.bound };
        let issuer = Issuer::new(&settings.issuer, settings.tls.as_ref(), settings.clock_skew.0, Some(taken))?;
        Ok(Self(Arc::new(issuer)))
    }

    /// The client id (`azp`) of the program that this token was given to, where the token holds and who opened the connection
    /// may show it. `connection`: the extensions of the request.
    pub async fn who(&self, token: &str, connection: &Extensions) -> Result<Box<str>, Stranger> {
        let (issuer, token) = (self.0.clone(), token.to_owned());
        let shown = connection.get::<ClientCertificate>().cloned();
        // It may ask for the keys of the provider.
        let verified = tokio::task::spawn_blocking(move || issuer.bearer(&token, shown.as_ref())).await;
        let claims = match verified {
            Ok(Ok(claims)) => claims,
            Ok(Err(Error::Refused(why))) => return Err(Stranger::Wrong(why)),
            Ok(Err(Error::Away { .. } | Error::Unclear(_))) => return Err(Stranger::Away),
            Err(_) => return Err(Stranger::Wrong("the token cannot be read")),
        };
        let program = claims.authorized_party().map(|program| program.as_str());
        program.filter(|id| !id.is_empty()).map(Box::from).ok_or(Stranger::Wrong("the token names no program (azp)"))
    }

    /// Asks the provider for what it is and its keys, until shutdown.
    pub async fn keep(self, health: Health, shutdown: Shutdown) {
        let mut told = None;
        loop {
            let issuer = self.0.clone();
            let away = match tokio::task::spawn_blocking(move || issuer.discover()).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(exit::chain(&error)),
                Err(_) => Some("asking the provider of logins panicked".to_owned()),
            };
            match &away {
                None => health.set_ready(Self::COMPONENT, true, "the provider answers"),
                Some(reason) => {
                    health.set_ready(Self::COMPONENT, false, reason.clone());
                    if told.as_ref() != Some(reason) {
                        tracing::warn!("tokens with other keys than those that are known are not taken: {reason}");
                    }
                }
            }
            if told.is_some() && away.is_none() {
                tracing::info!("the provider of logins answers again");
            }
            let pause = if away.is_none() { DISCOVER } else { DISCOVER_AGAIN };
            told = away;
            if shutdown.within(pause).await {
                return;
            }
        }
    }
}
