//! Delivery: a parcel goes to where its recipient takes it from, once.
//!
//! A [`Target`] has to say what stands there already, to put a parcel there whole or not at all, and to leave a
//! receipt. Everything else (check, ledger, retry, no second delivery) is here, the same for all of them.
//!
//! A delivery is over when the ledger has `received`, or the target has the receipt. Only then is a parcel that the
//! recipient has taken away told from one that never came, and not sent again.

mod into_folder;
mod over_sftp;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::config::Config;
use crate::disclosure;
use crate::error::Error;
use crate::ledger::{self, Action};
use crate::session::Session;
use parcel::{self, Checked, Manifest, Trusted};
use runtime::failpoint::stop;

/// A full disk, or a share or server that is away for a moment; what lasts longer needs somebody.
const TRIES_MAX: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Where a recipient takes parcels from.
#[derive(Clone, Debug)]
enum Target {
    /// A folder, also one that is mounted.
    Folder(PathBuf),
    /// A folder of a server.
    Sftp(Box<sftp::Server>),
    /// A folder of ours, from which the recipient fetches (see [`crate::serve`]).
    Offer(PathBuf),
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was put there.
    Delivered,
    /// It was there, or had been.
    AlreadyThere,
    /// The recipient may fetch it. The ledger has `delivered` when it begins to, and `received` when it has said so.
    Offered,
}

/// What a delivery leaves beside the parcel.
#[derive(Debug, Serialize)]
struct Receipt<'a> {
    parcel: &'a str,
    manifest_sha256: &'a str,
}

impl Receipt<'_> {
    /// Its name, for a parcel of this name.
    fn name(parcel: &str) -> String {
        format!("{parcel}.receipt.json")
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("texts are JSON");
        bytes.push(b'\n');
        bytes
    }
}

/// Delivers a parcel to its recipient and enters it.
///
/// # Errors
/// When the parcel does not verify, the recipient has no delivery, the access log cannot have it, or the target refuses; the
/// ledger has the last as `failed`.
pub async fn deliver(session: &mut Session, config: &Config, folder: &Path) -> Result<(Outcome, Manifest), Error> {
    let trusted = config.trusted()?;
    let checked = parcel::check(folder, &trusted, None)?;
    let Checked { manifest, manifest_sha256, .. } = &checked;
    let target = target(config, manifest)?;
    session.lock(&manifest.series()).await?;
    ledger::enter_made(session, folder, manifest, manifest_sha256).await?;
    if ledger::is_received(session, manifest).await? {
        return Ok((Outcome::AlreadyThere, checked.manifest));
    }
    if !matches!(target, Target::Offer(_)) {
        disclosure::enter_delivery(config, &checked).await?;
    }
    match put(&target, folder, &checked, &trusted).await {
        // What is offered has not left.
        Ok(_) if matches!(target, Target::Offer(_)) => Ok((Outcome::Offered, checked.manifest)),
        Ok(outcome) => {
            stop("receipt-written");
            let actions = [Action::Delivered, Action::Received];
            ledger::enter(session, manifest, manifest_sha256, &actions, &target.to_string()).await?;
            Ok((outcome, checked.manifest))
        }
        Err(error) => {
            let note = runtime::exit::chain(&error);
            // The delivery's own failure is the one to mend, and the one to return.
            if let Err(other) = ledger::enter(session, manifest, manifest_sha256, &[Action::Failed], &note).await {
                tracing::error!("{}", runtime::exit::chain(&other));
            }
            Err(error)
        }
    }
}

fn target(config: &Config, manifest: &Manifest) -> Result<Target, Error> {
    let missing = || Error::TargetMissing(manifest.recipient.clone());
    let recipient = config.recipient(&manifest.recipient).ok_or_else(missing)?;
    match (&recipient.folder, &recipient.sftp) {
        (Some(folder), _) if recipient.fetches() => Ok(Target::Offer(folder.clone())),
        (Some(folder), _) => Ok(Target::Folder(folder.clone())),
        (None, Some(server)) => Ok(Target::Sftp(Box::new(server.clone()))),
        (None, None) => Err(missing()),
    }
}

async fn put(target: &Target, folder: &Path, checked: &Checked, trusted: &Trusted) -> Result<Outcome, Error> {
    let mut tried = 0;
    loop {
        tried += 1;
        let result = match target {
            Target::Folder(place) | Target::Offer(place) => into_folder::put(place, folder, checked, trusted),
            Target::Sftp(server) => over_sftp::put(server, folder, checked).await,
        };
        match result {
            Err(error) if tried < TRIES_MAX && may_pass(&error) => {
                tracing::warn!("{}; trying again", runtime::exit::chain(&error));
                tokio::time::sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}

/// Only a file system and a network change their mind by themselves.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Parcel(parcel::Error::File { .. }) => true,
        Error::Server { source, .. } => !source.needs_operator(),
        _ => false,
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(place) => write!(f, "folder {}", place.display()),
            Self::Offer(place) => write!(f, "HTTP from {}", place.display()),
            Self::Sftp(server) => write!(f, "SFTP {}@{}{}", server.user, server.place(), server.folder),
        }
    }
}
