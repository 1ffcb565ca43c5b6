//! The commands on one parcel: deliver, show and verify.

use std::path::Path;

use runtime::config::Log;
use runtime::exit::Failure;
use runtime::logs;

use super::{ConfigFile, block_on, load, open, print};
use crate::deliver::{self, Outcome};
use crate::disclosure;
use crate::error::Error;
use parcel::manifest_text;
use parcel::{Identity, Manifest, Trusted};

pub(super) fn deliver(file: &ConfigFile, parcel: &Path) -> Result<(), Failure> {
    let config = load(file)?;
    disclosure::warn_without(&config);
    block_on(async {
        let (outcome, manifest) = deliver::deliver(&mut open(&config).await?, &config, parcel).await?;
        let outcome = match outcome {
            Outcome::Delivered => "delivered",
            Outcome::AlreadyThere => "already delivered",
            Outcome::Offered => "offered",
        };
        print(&format!("{outcome} {} to {}\n", manifest.name(), manifest.recipient));
        Ok(())
    })
}

pub(super) fn show(parcel: &Path) -> Result<(), Failure> {
    logs::init(&Log::default());
    let (manifest, manifest_sha256) = Manifest::read(parcel).map_err(Error::from)?;
    print(&manifest_text(&manifest, &manifest_sha256));
    Ok(())
}

pub(super) fn verify(
    file: &ConfigFile,
    folder: &Path,
    public_key: Option<Trusted>,
    identity: Option<&Path>,
) -> Result<(), Failure> {
    let trusted = match public_key {
        // A recipient has a key and no configuration.
        Some(key) => {
            logs::init(&Log::default());
            key
        }
        None => load(file)?.trusted()?,
    };
    let identity = identity.map(Identity::read).transpose().map_err(Error::from)?;
    let checked = parcel::check(folder, &trusted, identity.as_ref()).map_err(Error::from)?;
    let total = checked.manifest.files.len();
    let mut text = format!("{} is whole and signed\n", checked.manifest.name());
    text.push_str(&format!("  manifest sha256 {}\n", checked.manifest_sha256));
    text.push_str(&format!("  content of {} of {total} files compared with the manifest\n", checked.opened));
    if checked.opened < total {
        text.push_str("  the others are encrypted: give --identity to open them\n");
    }
    print(&text);
    Ok(())
}
