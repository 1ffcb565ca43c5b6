//! Into a folder, also one that is mounted.

use std::fs;
use std::path::Path;

use super::{Outcome, Receipt};
use crate::error::Error;
use parcel::{self, Checked, Staged, Trusted};
use runtime::failpoint::stop;

pub(super) fn put(place: &Path, folder: &Path, checked: &Checked, trusted: &Trusted) -> Result<Outcome, Error> {
    let name = checked.manifest.name();
    let receipt_path = place.join(Receipt::name(&name));
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
    stop("copied");
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
    stop("copying");
    staged.finish()?;
    Ok(())
}
