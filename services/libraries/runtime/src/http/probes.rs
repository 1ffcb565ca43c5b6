//! Before `/readyz` and `/metrics` of a service that has no login: who may read them shows it by its certificate
//! ([`crate::config::Probes`]).
//!
//! `/healthz` tells that the process lives and nothing else, and answers everybody who gets as far.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tls::ClientCertificate;

use crate::config::Readers;
use crate::metrics::Counter;

/// The routes, for these readers alone.
pub(super) fn before(routes: Router, readers: Readers, refused: Counter) -> Router {
    match readers {
        Readers::Everybody => routes,
        Readers::Named(names) => routes.layer(middleware::from_fn_with_state((names, refused), admit)),
    }
}

async fn admit(State((names, refused)): State<(Arc<[Box<str>]>, Counter)>, request: Request, next: Next) -> Response {
    let shown = request.extensions().get::<ClientCertificate>();
    if shown.is_some_and(|shown| names.iter().any(|name| shown.is_for(name))) {
        return next.run(request).await;
    }
    refused.inc();
    (StatusCode::FORBIDDEN, "this is answered to the certificates that the configuration names\n").into_response()
}
