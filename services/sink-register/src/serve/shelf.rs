//! The parcels that lie in recipients' folders. Each is checked to its last byte once, before anything of it is sent; a
//! parcel that lies there is never changed.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use postgresql::Address;

use super::answer::Refusal;
use super::recipients::Served;
use crate::error::Error;
use crate::ledger::{self, Action};
use crate::session::Session;
use parcel::{self, Checked, Manifest, Trusted};
use topics::Region;

/// Entries of a recipient's folder that are looked at; more are a mistake.
const ENTRIES_MAX: usize = 10_000;

pub(super) struct Shelf {
    trusted: Trusted,
    /// By place. Bounded by what the folders hold.
    checked: Mutex<HashMap<PathBuf, Arc<Checked>>>,
    /// Places of parcels that the ledger has as delivered. Held while the ledger is written: one at a time.
    delivered: tokio::sync::Mutex<HashSet<PathBuf>>,
}

impl Shelf {
    pub(super) fn new(trusted: Trusted) -> Self {
        Self { trusted, checked: Mutex::default(), delivered: tokio::sync::Mutex::default() }
    }

    /// A recipient's parcels, in order of name. Signatures are checked, data files are not looked at.
    pub(super) async fn list(&self, recipient: &Served) -> Result<Vec<Manifest>, Refusal> {
        let (recipient, trusted) = (recipient.clone(), self.trusted.clone());
        let listed = tokio::task::spawn_blocking(move || list(&recipient, &trusted)).await;
        // A panic has been logged with its place.
        listed.map_err(|_| Refusal::Unavailable)?.map_err(|error| Refusal::failed(&error))
    }

    /// The regions that the parcels are of, each once. A folder that cannot be listed has been logged, and is told to its recipient.
    pub(super) async fn regions(&self, recipients: impl Iterator<Item = &Served>) -> Vec<Region> {
        let mut regions = Vec::new();
        for recipient in recipients {
            let manifests = self.list(recipient).await.unwrap_or_default();
            regions.extend(manifests.iter().map(|manifest| manifest.region));
        }
        regions.sort_unstable();
        regions.dedup();
        regions
    }

    /// A recipient's parcel; [`Refusal::Absent`] for a name that is none of its own.
    pub(super) async fn parcel(&self, recipient: &Served, name: &str) -> Result<Arc<Checked>, Refusal> {
        if name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            return Err(Refusal::Absent);
        }
        let place = recipient.folder.join(name);
        if !place.is_dir() {
            return Err(Refusal::Absent);
        }
        if let Some(known) = self.checked.lock().unwrap_or_else(PoisonError::into_inner).get(&place) {
            return Ok(Arc::clone(known));
        }
        let (at, trusted) = (place.clone(), self.trusted.clone());
        let checked = tokio::task::spawn_blocking(move || parcel::check(&at, &trusted, None)).await;
        match checked.map_err(|_| Refusal::Unavailable)? {
            Ok(checked) if checked.manifest.recipient == recipient.name => {
                let checked = Arc::new(checked);
                let mut known = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
                known.insert(place, Arc::clone(&checked));
                Ok(checked)
            }
            Ok(_) | Err(parcel::Error::NotAParcel(_)) => Err(Refusal::Absent),
            Err(error) => Err(Refusal::failed(&error.into())),
        }
    }

    /// The ledger has the parcel as delivered; only then may its bytes leave.
    pub(super) async fn enter_delivered(
        &self,
        database: &Address,
        recipient: &Served,
        checked: &Checked,
    ) -> Result<(), Refusal> {
        let place = recipient.folder.join(checked.manifest.name());
        let mut delivered = self.delivered.lock().await;
        if delivered.contains(&place) {
            return Ok(());
        }
        enter(database, checked, &[Action::Delivered], "HTTP, fetched by the recipient").await?;
        delivered.insert(place);
        Ok(())
    }
}

/// Enters what has happened to a parcel, on a connection of its own: it happens a few times in the life of a parcel.
pub(super) async fn enter(
    database: &Address,
    checked: &Checked,
    actions: &[Action],
    note: &str,
) -> Result<(), Refusal> {
    let entered = async {
        let mut session = Session::connect(database).await?;
        ledger::enter(&mut session, &checked.manifest, &checked.manifest_sha256, actions, note).await
    };
    entered.await.map_err(|error| Refusal::failed(&error))
}

fn list(recipient: &Served, trusted: &Trusted) -> Result<Vec<Manifest>, Error> {
    let folder: &Path = &recipient.folder;
    let failed = |source| Error::File { attempt: "look into", path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // Nothing has been delivered yet.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(source)),
    };
    let mut found = Vec::new();
    for entry in entries.take(ENTRIES_MAX) {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('.') || !path.is_dir() {
            continue;
        }
        match Manifest::read_trusted(&path, trusted) {
            Ok((manifest, _)) if manifest.recipient == recipient.name && manifest.name() == name => {
                found.push(manifest)
            }
            Ok(_) | Err(parcel::Error::NotAParcel(_)) => {}
            Err(error) => tracing::error!("{}", runtime::exit::chain(&error)),
        }
    }
    found.sort_by_key(Manifest::name);
    Ok(found)
}
