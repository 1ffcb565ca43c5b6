//! Recipients fetch their parcels over HTTP and confirm them.
//!
//! `deliver` puts a parcel into the folder of a recipient with a token; from then on, and not before, that recipient may
//! fetch it here. The ledger has `delivered` before the first byte of a parcel leaves, and without it nothing leaves; it has
//! `received` when the recipient has sent the manifest's digest back, for which it must have fetched the manifest. Each once.
//!
//! A token is one of ours, or one that the provider of `[login]` has given to the recipient's program. Which recipient is asked
//! about is decided by nothing but that: no policy could say more, as somebody else's parcel is one that does not exist.
//!
//! | request, all with `Authorization: Bearer <token>` | answer |
//! |---|---|
//! | `GET /v1/parcels` | the recipient's parcels |
//! | `GET /v1/parcels/{parcel}` | its files with length and SHA-256, as they are sent |
//! | `GET /v1/parcels/{parcel}/{file}` | the bytes, or a part of them (`Range: bytes=...`) |
//! | `POST /v1/parcels/{parcel}/receipt` | `{"parcel": ..., "manifest_sha256": ...}` is compared and entered |
//!
//! Where there is an access log, it has each file before its bytes leave, and each refusal of a stranger, of a parcel and of a file
//! before it is told.
//!
//! Another's parcel is answered as one that does not exist. Paths hold names of parcels and of their files only.

mod answer;
mod confirm;
mod metrics;
mod range;
mod recipients;
mod shelf;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use login::{Programs, Stranger};
use postgresql::Address;
use runtime::config::Period;
use runtime::health::Health;
use runtime::http;
use runtime::metrics::Registry;
use runtime::shutdown::Shutdown;
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::disclosure::{self, Fetched, Refused};
use crate::error::Error;
use crate::session::Session;
use answer::Refusal;
use confirm::Confirmation;
use metrics::{Answered, Metrics};
use parcel::Checked;
use recipients::{Recipients, Served};
use shelf::Shelf;

/// Files that are sent at the same time; a request beyond is asked to come again.
const SENDING_MAX: usize = 64;
/// A parcel is read as a whole and compared before the first byte of it leaves; one of gigabytes takes minutes.
const CHECK_WAIT_MAX: Period = Period::seconds(600);
/// A receipt is two short texts.
const RECEIPT_BYTES_MAX: usize = 4096;

struct Serving {
    recipients: Recipients,
    /// Who knows the programs of recipients.
    programs: Option<Programs>,
    shelf: Shelf,
    fetched: Fetched,
    database: Address,
    sending: Arc<Semaphore>,
    metrics: Metrics,
}

/// Serves until shutdown.
///
/// # Errors
/// When the configuration serves nobody, the database does not answer, or the port is taken.
pub(crate) async fn run(config: Config, shutdown: Shutdown) -> Result<(), Error> {
    let mut listen = config.serve.clone().ok_or(Error::ServeMissing)?;
    listen.answer.get_or_insert(CHECK_WAIT_MAX);
    let recipients = Recipients::of(&config)?;
    let programs = config.login.as_ref().map(Programs::open).transpose();
    let programs = programs.map_err(|source| Error::Secret { what: "the table [login]", source })?;
    let database = config.address()?;
    let shelf = Shelf::new(config.trusted()?);
    // A ledger that cannot be written is told now, not to the first recipient.
    Session::connect(&database).await?.check(&shelf.regions(recipients.all()).await).await?;
    disclosure::warn_without(&config);
    let fetched = Fetched::open(&config)?;
    let registry = Registry::new();
    let metrics = Metrics::register(&registry, "register")?;
    let sending = Arc::new(Semaphore::new(SENDING_MAX));
    let health = Health::new(if programs.is_some() { &[Programs::COMPONENT] } else { &[] });
    let keeping = programs.clone().map(|programs| tokio::spawn(programs.keep(health.clone(), shutdown.clone())));
    let serving = Arc::new(Serving { recipients, programs, shelf, fetched, database, sending, metrics });
    let server = http::serve(&listen, registry, health, routes(serving), shutdown.clone()).await?;
    shutdown.wait().await;
    server.stopped().await;
    if let Some(keeping) = keeping {
        keeping.abort();
    }
    Ok(())
}

fn routes(serving: Arc<Serving>) -> Router {
    Router::new()
        .route("/v1/parcels", get(list))
        .route("/v1/parcels/{parcel}", get(files))
        .route("/v1/parcels/{parcel}/{file}", get(file).head(no_file))
        .route("/v1/parcels/{parcel}/receipt", post(receipt))
        .layer(DefaultBodyLimit::max(RECEIPT_BYTES_MAX))
        .with_state(serving)
}

impl Serving {
    /// The recipient that a request comes from. Whoever is none is entered before it is told.
    async fn recipient(&self, asked: &Parts) -> Result<&Served, Refusal> {
        let value = asked.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.strip_prefix("Bearer "));
        if let Some(recipient) = token.and_then(|token| self.recipients.with(token)) {
            return Ok(recipient);
        }
        let Some((token, programs)) = token.zip(self.programs.as_ref()) else {
            return Err(self.refused(Refused::Stranger, Refusal::Unknown(None)).await);
        };
        match programs.who(token, &asked.extensions).await {
            Ok(program) => match self.recipients.of_program(&program) {
                Some(recipient) => Ok(recipient),
                None => Err(self.refused(Refused::Program(&program), Refusal::NoRecipient).await),
            },
            Err(Stranger::Wrong(why)) => Err(self.refused(Refused::Stranger, Refusal::Unknown(Some(why))).await),
            // Nothing is decided of it; that the provider is away is in the log.
            Err(Stranger::Away) => Err(Refusal::Unavailable),
        }
    }

    /// Enters who is let in to nothing; gives what it is told.
    async fn refused(&self, who: Refused<'_>, refusal: Refusal) -> Refusal {
        match self.fetched.enter_refusal(who, "of nobody").await {
            Ok(()) => refusal,
            Err(error) => Refusal::failed(&error),
        }
    }

    /// A recipient's parcel. Who asks for another is entered before it is told.
    async fn parcel(&self, recipient: &Served, name: &str) -> Result<Arc<Checked>, Refusal> {
        match self.shelf.parcel(recipient, name).await {
            Err(Refusal::Absent) => Err(self.absent(recipient, name).await),
            found => found,
        }
    }

    /// Enters that a recipient asks for what it does not have; gives what it is told.
    async fn absent(&self, recipient: &Served, name: &str) -> Refusal {
        match self.fetched.enter_refusal(Refused::Recipient(&recipient.name), name).await {
            Ok(()) => Refusal::Absent,
            Err(error) => Refusal::failed(&error),
        }
    }

    /// Counts an answer and gives it.
    fn answer(&self, made: Result<(Answered, Response), Refusal>) -> Response {
        let (answered, response) = made.unwrap_or_else(|refusal| (refusal.answered(), refusal.response()));
        self.metrics.answers.of(answered).inc();
        response
    }
}

async fn list(State(serving): State<Arc<Serving>>, asked: Parts) -> Response {
    let made = async {
        let recipient = serving.recipient(&asked).await?;
        Ok((Answered::Done, answer::list(&serving.shelf.list(recipient).await?)))
    };
    serving.answer(made.await)
}

async fn files(State(serving): State<Arc<Serving>>, Path(parcel): Path<String>, asked: Parts) -> Response {
    let made = async {
        let recipient = serving.recipient(&asked).await?;
        Ok((Answered::Done, answer::files(&*serving.parcel(recipient, &parcel).await?)))
    };
    serving.answer(made.await)
}

async fn file(
    State(serving): State<Arc<Serving>>,
    Path((parcel, file)): Path<(String, String)>,
    asked: Parts,
) -> Response {
    let made = async {
        let recipient = serving.recipient(&asked).await?;
        let checked = serving.parcel(recipient, &parcel).await?;
        let Some((_, bytes)) = checked.files.get(&file) else {
            return Err(serving.absent(recipient, &format!("{parcel}/{file}")).await);
        };
        let range = asked.headers.get(header::RANGE).map(|value| value.to_str().unwrap_or_default());
        let part = range::part(range, *bytes).map_err(|range::Unsatisfiable| Refusal::Range(*bytes))?;
        let place = Arc::clone(&serving.sending).try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let path = recipient.folder.join(&parcel).join(&file);
        let response = answer::file(&path, part, *bytes, place).await?;
        // Before the first byte leaves.
        let entered = serving.fetched.enter(&recipient.name, &checked, &file).await;
        entered.map_err(|error| Refusal::failed(&error))?;
        serving.shelf.enter_delivered(&serving.database, recipient, &checked).await?;
        Ok((if part.whole { Answered::Done } else { Answered::Part }, response))
    };
    serving.answer(made.await)
}

/// A file is fetched or not: an entry says that it is about to leave, and with `HEAD` nothing would.
async fn no_file() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response()
}

async fn receipt(
    State(serving): State<Arc<Serving>>,
    Path(parcel): Path<String>,
    asked: Parts,
    body: axum::body::Bytes,
) -> Response {
    let made = async {
        let recipient = serving.recipient(&asked).await?;
        let checked = serving.parcel(recipient, &parcel).await?;
        let confirmation: Confirmation = serde_json::from_slice(&body).map_err(|_| Refusal::Malformed)?;
        confirmation.compare(&checked)?;
        confirm::enter(&serving.database, recipient, &checked).await?;
        Ok((Answered::Done, answer::receipt(&confirmation)))
    };
    serving.answer(made.await)
}
