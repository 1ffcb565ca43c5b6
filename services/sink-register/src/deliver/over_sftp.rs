//! Into a folder of an SFTP server: the same promises as in a folder of ours.
//!
//! Everything is written into `.<parcel>.partial`, made durable where the server offers that, and renamed, which fails
//! when the name is taken. Then every byte is read back and compared with what the check of our parcel has found, and
//! only then is the receipt written. Whoever is killed before the rename leaves a `.partial` folder, which the next one
//! empties; only one works on a series at a time (see [`crate::session::Session::lock`]).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sftp::{Server, Session};

use super::{Outcome, Receipt};
use crate::error::Error;
use parcel::Checked;
use parcel::digest::Digesting;
use runtime::failpoint::stop;

/// Files that a parcel or the rest of one can have; more of them are not ours.
const FILES_MAX: usize = 1000;

pub(super) async fn put(server: &Server, folder: &Path, checked: &Checked) -> Result<Outcome, Error> {
    let name = checked.manifest.name();
    let receipt = Receipt { parcel: &name, manifest_sha256: &checked.manifest_sha256 }.bytes();
    let receipt_path = server.path(&Receipt::name(&name));
    let there = server.path(&name);
    let session = Session::connect(server).await.map_err(failed(server, &server.folder))?;
    let mut target = Target { server, session };
    if target.holds(&receipt_path, &receipt).await? {
        return Ok(Outcome::AlreadyThere);
    }
    let found = target.session.metadata(&there).await.map_err(failed(server, &there))?;
    let outcome = if found.is_some() { Outcome::AlreadyThere } else { Outcome::Delivered };
    if outcome == Outcome::Delivered {
        target.copy(folder, checked, &name, &there).await?;
    }
    // Read back, so that the receipt speaks of what the recipient will find.
    if !target.has(&there, &checked.files).await? {
        return Err(Error::TargetOccupied { place: PathBuf::from(there) });
    }
    stop("copied");
    let partial = server.path(&format!(".{}.partial", Receipt::name(&name)));
    target.session.write(&partial, receipt.as_slice()).await.map_err(failed(server, &partial))?;
    target.session.replace(&partial, &receipt_path).await.map_err(failed(server, &receipt_path))?;
    Ok(outcome)
}

struct Target<'a> {
    server: &'a Server,
    session: Session,
}

impl Target<'_> {
    /// Whether a file there holds exactly these bytes.
    async fn holds(&mut self, path: &str, bytes: &[u8]) -> Result<bool, Error> {
        let mut found = Vec::new();
        let take = |piece: &[u8]| found.write_all(piece);
        match self.session.read(path, 0, bytes.len() as u64 + 1, take).await {
            Ok(_) => Ok(found == bytes),
            Err(error) if error.is_missing() => Ok(false),
            Err(source) => Err(failed(self.server, path)(source)),
        }
    }

    async fn copy(&mut self, folder: &Path, checked: &Checked, name: &str, there: &str) -> Result<(), Error> {
        let partial = self.server.path(&format!(".{name}.partial"));
        self.clean(&partial).await?;
        self.session.make_folder(&partial).await.map_err(failed(self.server, &partial))?;
        for name in checked.files.keys() {
            let path = folder.join(name);
            let file = File::open(&path).map_err(|source| Error::File { attempt: "open", path, source })?;
            let to = format!("{partial}/{name}");
            self.session.write(&to, file).await.map_err(failed(self.server, &to))?;
        }
        stop("copying");
        self.session.rename(&partial, there).await.map_err(failed(self.server, there))
    }

    /// Removes what a killed delivery has left.
    async fn clean(&mut self, partial: &str) -> Result<(), Error> {
        let left = match self.session.list(partial, FILES_MAX).await {
            Ok(listing) => listing.entries,
            Err(error) if error.is_missing() => return Ok(()),
            Err(source) => return Err(failed(self.server, partial)(source)),
        };
        for entry in left {
            // We have given it only names of letters, digits and signs.
            let path = format!("{partial}/{}", String::from_utf8_lossy(&entry.name));
            self.session.remove_file(&path).await.map_err(failed(self.server, &path))?;
        }
        self.session.remove_folder(partial).await.map_err(failed(self.server, partial))
    }

    /// Whether a folder there has these files and no others: names, and SHA-256 and length of what the server gives
    /// back.
    async fn has(&mut self, there: &str, files: &BTreeMap<String, (String, u64)>) -> Result<bool, Error> {
        let listing = self.session.list(there, FILES_MAX).await.map_err(failed(self.server, there))?;
        if listing.entries.len() != files.len() {
            return Ok(false);
        }
        for entry in listing.entries {
            let name = String::from_utf8_lossy(&entry.name).into_owned();
            let Some(expected) = files.get(&name).filter(|_| entry.metadata.is_file()) else { return Ok(false) };
            let path = format!("{there}/{name}");
            let mut digesting = Digesting::new(io::sink());
            let take = |bytes: &[u8]| digesting.write_all(bytes);
            // One byte more than there should be tells that there is more.
            self.session.read(&path, 0, expected.1 + 1, take).await.map_err(failed(self.server, &path))?;
            let digest = digesting.finish().map_err(sftp::Error::Local).map_err(failed(self.server, &path))?;
            if digest != *expected {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn failed(server: &Server, path: &str) -> impl FnOnce(sftp::Error) -> Error {
    let (place, path) = (server.place(), path.to_owned());
    move |source| Error::Server { place, path, source }
}
