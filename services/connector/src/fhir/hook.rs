//! The address that a server's Subscription (channel `rest-hook`) calls: what changed is asked for at once.
//!
//! A notification says only that there is something; nothing of it is kept. Whether it arrives or not, the interval goes
//! on, for notifications are sent at most once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use http_body_util::{BodyExt, Limited};
use runtime::config::{Fault, Http, SecretValue, Size};
use runtime::http;
use runtime::metrics::Counter;
use runtime::shutdown::Shutdown;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use crate::config::Fhir;

/// A notification with the resource in it is read so far, and nothing is done with it.
const BODY_MAX: usize = 1 << 20;

/// The label of this listener.
const LISTENER: &str = "fhir-hook";

/// How long its body may take.
const BODY_WAIT_MAX: Duration = Duration::from_secs(5);

/// Who may be woken, by name.
#[derive(Clone, Default)]
pub(crate) struct Bells(HashMap<String, Bell>);

/// One server's way to wake its reader.
#[derive(Clone)]
struct Bell {
    /// SHA-256 of the secret.
    secret: [u8; 32],
    wake: Arc<Notify>,
    notified: Counter,
}

impl Bells {
    /// One more, with its secret. Several notifications before the next look are one.
    pub(crate) fn add(&mut self, name: &str, secret: &str, wake: Arc<Notify>, notified: Counter) {
        self.0.insert(name.to_owned(), Bell { secret: Sha256::digest(secret).into(), wake, notified });
    }
}

/// Why notifications cannot be received.
#[derive(Debug, thiserror::Error)]
#[error("listen for FHIR notifications on {listen}, see `fhir_hook`")]
pub(crate) struct Error {
    pub listen: SocketAddr,
    pub source: http::Unbound,
}

/// A server may send a whole resource with its notification, and a thousand of them while it loads an archive.
const BODY_USUAL: Size = Size::mib(16);
const PER_SECOND: u32 = 1000;
const BURST: u32 = 10_000;

/// The hook's port, with what is usual there.
fn usual(hook: &Http) -> Http {
    let mut hook = hook.clone();
    hook.body_max.get_or_insert(BODY_USUAL);
    hook.usually(PER_SECOND, BURST);
    hook
}

/// Takes the port; what it gives receives notifications until shutdown.
pub(crate) async fn listen(
    hook: &Http,
    bells: Bells,
    metrics: &http::Metrics,
    shutdown: Shutdown,
) -> Result<impl Future<Output = ()> + Send + use<>, Error> {
    let failed = |source| Error { listen: hook.listen, source };
    let listener = http::Listener::bind(&usual(hook), metrics, LISTENER).await.map_err(failed)?;
    let (address, encrypted) = (listener.address(), hook.tls.is_some());
    // With a payload, a server adds the resource's type and id, and may use PUT.
    let router = Router::new()
        .route("/fhir/notify/{name}", post(notified).put(notified))
        .route("/fhir/notify/{name}/{*resource}", post(notified_of).put(notified_of))
        .with_state(bells);
    tracing::info!(%address, encrypted, "listening for FHIR notifications on {address}");
    Ok(listener.run(router, shutdown))
}

async fn notified(State(bells): State<Bells>, Path(name): Path<String>, headers: HeaderMap, body: Body) -> StatusCode {
    ring(&bells, &name, &headers, body).await
}

async fn notified_of(
    State(bells): State<Bells>,
    Path((name, _)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> StatusCode {
    ring(&bells, &name, &headers, body).await
}

async fn ring(bells: &Bells, name: &str, headers: &HeaderMap, body: Body) -> StatusCode {
    let shown = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
    let shown: [u8; 32] = Sha256::digest(shown.strip_prefix(b"Bearer ").unwrap_or_default()).into();
    // A name that does not exist is answered as a wrong secret is, so that names cannot be tried.
    let Some(bell) = bells.0.get(name).filter(|bell| equal(&bell.secret, &shown)) else {
        return StatusCode::UNAUTHORIZED;
    };
    // Read to its end, or the server takes the answer for a failure; not kept, so a notification costs no memory.
    let mut body = Limited::new(body, BODY_MAX);
    let to_its_end = async { while let Some(Ok(_)) = body.frame().await {} };
    // A body that is too long or too slow has said by its coming what it has to say.
    let _ = tokio::time::timeout(BODY_WAIT_MAX, to_its_end).await;
    bell.notified.inc();
    bell.wake.notify_one();
    StatusCode::OK
}

/// Compares in a time that does not depend on where they differ.
fn equal(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.iter().zip(other).fold(0, |differing, (one, other)| differing | (one ^ other)) == 0
}

/// The secret, from the environment.
pub(crate) fn secret(source: &Fhir) -> Result<Option<SecretValue>, Fault> {
    source.hook.as_ref().map(|secret| secret.value().map_err(|fault| fault.under("hook"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_equal_as_a_whole_or_not() {
        let digest = |text: &str| -> [u8; 32] { Sha256::digest(text).into() };
        assert!(equal(&digest("a"), &digest("a")));
        assert!(!equal(&digest("a"), &digest("b")) && !equal(&digest(""), &digest("a")));
        let mut last = digest("a");
        last[31] ^= 1;
        assert!(!equal(&last, &digest("a")));
    }
}
