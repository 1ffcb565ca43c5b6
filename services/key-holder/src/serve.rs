//! Regions ask over HTTP: signed statements and batches in, sealed answers out.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/statements`, a signed statement | 204 when it is entered |
//! | `POST /v1/batches`, a signed batch | 200 and the answer, sealed to the hub |
//!
//! Who asks is known by the signature of what is asked, not by the connection: so the same bytes can also come by hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use permit::BATCH_BYTES_MAX;
use runtime::config::Size;
use runtime::health::Health;
use runtime::http;
use runtime::metrics::{By, Counter, Registry};
use runtime::shutdown::Shutdown;

use crate::config::Config;
use crate::error::Error;
use crate::holder::{Holder, Refusal};

/// How often permits are looked at whose end has come.
const EXPIRE_PAUSE: Duration = Duration::from_secs(30);

runtime::labels! {
    /// How a request was answered.
    enum Answered("answer") {
        /// As it was asked.
        Done = "done",
        /// 400: no statement or batch that counts.
        Malformed = "malformed",
        /// 403: the permit, the region's approval or the statement.
        Refused = "refused",
        /// 403: the budget.
        Exhausted = "exhausted",
        /// 503: something of ours.
        Failed = "failed",
    }
}

runtime::metrics! {
    /// What is counted.
    struct Metrics {
        /// Requests, by answer.
        answers: By<Answered, Counter> = "answers_total",
        /// Points that were evaluated.
        points: Counter = "points_total",
        /// Batches with which a region had more than twice a usual day's points evaluated.
        alarms: Counter = "alarms_total",
    }
}

struct Serving {
    holder: Mutex<Holder>,
    metrics: Metrics,
}

/// Serves until shutdown.
///
/// # Errors
/// When the folder cannot be gone on from, or the port is taken.
pub(crate) async fn run(config: Config, shutdown: Shutdown) -> Result<(), Error> {
    let mut listen = config.http.clone();
    listen.body_max.get_or_insert(Size::bytes(BATCH_BYTES_MAX as u64));
    let registry = Registry::new();
    let metrics = Metrics::register(&registry, "key_holder")?;
    let holder = Mutex::new(Holder::open(&config, Timestamp::now())?);
    let serving = Arc::new(Serving { holder, metrics });
    let routes = Router::new()
        .route("/v1/statements", post(enter))
        .route("/v1/batches", post(evaluate))
        .layer(DefaultBodyLimit::max(BATCH_BYTES_MAX))
        .with_state(Arc::clone(&serving));
    let server = http::serve(&listen, registry, Health::new(&[]), routes, shutdown.clone()).await?;
    while !shutdown.within(EXPIRE_PAUSE).await {
        let expired = with(&serving, |holder| holder.expire(Timestamp::now()).map_err(Refusal::from)).await;
        if let Err(error) = expired {
            tracing::error!(code = "permit-not-expired", "{}", runtime::exit::chain(&error));
        }
    }
    server.stopped().await;
    Ok(())
}

async fn enter(State(serving): State<Arc<Serving>>, body: Bytes) -> Response {
    let entered = with(&serving, move |holder| {
        let note = std::str::from_utf8(&body).ok().and_then(access_log::Note::parse);
        let note = note.ok_or(permit::NotEntered::Statement(permit::NotAStatement::Shape))?;
        holder.enter(&note, Timestamp::now())
    });
    match entered.await {
        Ok(_) => answer(&serving, Answered::Done, StatusCode::NO_CONTENT.into_response()),
        Err(refusal) => refused(&serving, &refusal),
    }
}

async fn evaluate(State(serving): State<Arc<Serving>>, body: Bytes) -> Response {
    match with(&serving, move |holder| holder.evaluate(&body, Timestamp::now())).await {
        Ok(evaluated) => {
            serving.metrics.points.inc_by(evaluated.points);
            if evaluated.is_alarm {
                serving.metrics.alarms.inc();
            }
            answer(&serving, Answered::Done, evaluated.sealed.into_response())
        }
        Err(refusal) => refused(&serving, &refusal),
    }
}

/// One request at a time: a batch takes seconds of one core, and there is one ledger.
async fn with<T: Send + 'static>(
    serving: &Arc<Serving>,
    task: impl FnOnce(&mut Holder) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let serving = Arc::clone(serving);
    let done = tokio::task::spawn_blocking(move || {
        // What it writes is whole or refused, so a panic of another request has left nothing half done.
        task(&mut serving.holder.lock().unwrap_or_else(PoisonError::into_inner))
    });
    done.await.expect("a task that is not aborted ends")
}

fn refused(serving: &Serving, refusal: &Refusal) -> Response {
    let (answered, status) = match refusal {
        Refusal::Malformed(_) => (Answered::Malformed, StatusCode::BAD_REQUEST),
        Refusal::NotEntered(permit::NotEntered::Statement(_)) => (Answered::Malformed, StatusCode::BAD_REQUEST),
        Refusal::Refused(_) | Refusal::NotEntered(_) => (Answered::Refused, StatusCode::FORBIDDEN),
        Refusal::Exhausted { .. } => (Answered::Exhausted, StatusCode::FORBIDDEN),
        Refusal::Failed(_) => (Answered::Failed, StatusCode::SERVICE_UNAVAILABLE),
    };
    let said = runtime::exit::chain(refusal);
    if let Refusal::Failed(_) = refusal {
        tracing::error!("{said}");
        return answer(serving, answered, (status, "not now; try again, or tell the key holder\n").into_response());
    }
    tracing::warn!(code = "permit-refused", "a request was refused: {said}");
    answer(serving, answered, (status, format!("{said}\n")).into_response())
}

fn answer(serving: &Serving, answered: Answered, response: Response) -> Response {
    serving.metrics.answers.of(answered).inc();
    response
}
