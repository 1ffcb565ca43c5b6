//! Delivery: a parcel goes to where its recipient takes it from, once.
//!
//! A folder is the one way there is. Another one (SFTP, an HTTP API) is another [`Target`]: it has to say what stands
//! there already, to put a parcel there whole or not at all, and to leave a receipt. Everything else (check, ledger,
//! retry, no second delivery) is here and stays.
//!
//! A delivery is over when the ledger has `received`, or the target has the receipt. Only then is a parcel that the
//! recipient has taken away told from one that never came, and not sent again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::config::Config;
use crate::error::Error;
use crate::failpoint::reach;
use crate::ledger::{self, Action};
use crate::parcel::{self, Checked, Manifest, Staged, Trusted};
use crate::session::Session;

/// A full disk or a share that is away for a moment; what lasts longer needs somebody.
const TRIES_MAX: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Where a recipient takes parcels from.
#[derive(Clone, Debug)]
enum Target {
    /// A folder, also one that is mounted.
    Folder(PathBuf),
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was put there.
    Delivered,
    /// It was there, or had been.
    AlreadyThere,
}

/// What a delivery leaves beside the parcel.
#[derive(Debug, Serialize)]
struct Receipt<'a> {
    parcel: &'a str,
    manifest_sha256: &'a str,
}

impl Receipt<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("texts are JSON");
        bytes.push(b'\n');
        bytes
    }
}

/// Delivers a parcel to its recipient and enters it.
///
/// # Errors
/// When the parcel does not verify, the recipient has no delivery, or the target refuses; the ledger has the last as
/// `failed`.
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
    match put(&target, folder, &checked, &trusted).await {
        Ok(outcome) => {
            reach("receipt-written");
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
    let recipient = config.recipient(&manifest.recipient);
    let folder = recipient.and_then(|recipient| recipient.folder.clone());
    folder.map(Target::Folder).ok_or_else(|| Error::TargetMissing(manifest.recipient.clone()))
}

async fn put(target: &Target, folder: &Path, checked: &Checked, trusted: &Trusted) -> Result<Outcome, Error> {
    let mut tried = 0;
    loop {
        tried += 1;
        let Target::Folder(place) = target;
        match put_into_folder(place, folder, checked, trusted) {
            // Only the file system changes its mind by itself.
            Err(Error::Parcel(error @ parcel::Error::File { .. })) if tried < TRIES_MAX => {
                tracing::warn!("{}; trying again", runtime::exit::chain(&error));
                tokio::time::sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}

fn put_into_folder(place: &Path, folder: &Path, checked: &Checked, trusted: &Trusted) -> Result<Outcome, Error> {
    let name = checked.manifest.name();
    let receipt_path = place.join(format!("{name}.receipt.json"));
    let receipt = Receipt { parcel: &name, manifest_sha256: &checked.manifest_sha256 }.bytes();
    if fs::read(&receipt_path).is_ok_and(|found| found == receipt) {
        return Ok(Outcome::AlreadyThere);
    }
    let there = place.join(&name);
    let outcome = if there.exists() { Outcome::AlreadyThere } else { Outcome::Delivered };
    if outcome == Outcome::Delivered {
        copy(place, folder, &name)?;
    }
    // Read back, so that the receipt speaks of what the recipient will find.
    let found = parcel::check(&there, trusted, None)?;
    if found.manifest_sha256 != checked.manifest_sha256 {
        return Err(Error::TargetOccupied { place: there });
    }
    reach("copied");
    parcel::replace(&receipt_path, &receipt)?;
    Ok(outcome)
}

fn copy(place: &Path, folder: &Path, name: &str) -> Result<(), Error> {
    let staged = Staged::begin(place, name)?;
    let failed = |source| Error::File { attempt: "look into", path: folder.to_owned(), source };
    // The check has found exactly the files of the manifest, so their number is bounded by it.
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        staged.copy(&file, &path)?;
    }
    reach("copying");
    staged.finish()?;
    Ok(())
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Folder(place) = self;
        write!(f, "folder {}", place.display())
    }
}
