//! The half of a permit's key that is destroyed with the permit.
//!
//! A permit's key is derived from the seed and a share: 32 random bytes in a file of the permit's own. When the share is gone,
//! the seed alone makes that key no more, so the seed can stay while permits end.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use linkage::{NoRandom, PermitId};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use crate::appended::sync_folder_of;
use crate::error::Error;

const BYTES: usize = 32;

pub(crate) type Share = Zeroizing<[u8; BYTES]>;

/// The shares' folder.
#[derive(Debug)]
pub(crate) struct Shares(PathBuf);

impl Shares {
    pub(crate) fn open(folder: PathBuf) -> Result<Self, Error> {
        fs::create_dir_all(&folder).map_err(Error::file("make the folder", &folder))?;
        sync_folder_of(&folder)?;
        Ok(Self(folder))
    }

    /// The share of a permit; made now when the permit was never evaluated.
    pub(crate) fn of(&self, permit: &PermitId, was_evaluated: bool) -> Result<Share, Error> {
        let path = self.path(permit);
        match fs::read(&path).map(Zeroizing::new) {
            Ok(text) => {
                let mut share = Share::default();
                let is_read = text.len() == 2 * BYTES && HEXLOWER.decode_mut(&text, &mut share[..]).is_ok();
                if is_read { Ok(share) } else { Err(Error::NotAShare(path)) }
            }
            Err(error) if error.kind() == ErrorKind::NotFound && was_evaluated => Err(Error::ShareGone(permit.clone())),
            Err(error) if error.kind() == ErrorKind::NotFound => make(&path),
            Err(error) => Err(Error::file("read", &path)(error)),
        }
    }

    /// Destroys the share of a permit. What is gone already stays gone.
    pub(crate) fn destroy(&self, permit: &PermitId) -> Result<(), Error> {
        let path = self.path(permit);
        match OpenOptions::new().write(true).open(&path) {
            Ok(mut file) => {
                let wiped = file.write_all(&[b'0'; 2 * BYTES]).and_then(|()| file.sync_all());
                wiped.and_then(|()| fs::remove_file(&path)).map_err(Error::file("destroy", &path))?;
                sync_folder_of(&path)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::file("destroy", &path)(error)),
        }
    }

    /// A permit's name has letters, digits and hyphens only.
    fn path(&self, permit: &PermitId) -> PathBuf {
        self.0.join(permit.as_str())
    }
}

/// Whole in its place, or not there.
fn make(path: &Path) -> Result<Share, Error> {
    let mut share = Share::default();
    SystemRandom::new().fill(&mut share[..]).map_err(|_| NoRandom)?;
    let beside = path.with_extension("new");
    let mut file = {
        use std::os::unix::fs::OpenOptionsExt as _;
        let options = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside);
        options.map_err(Error::file("make", &beside))?
    };
    let digits = Zeroizing::new(HEXLOWER.encode(&share[..]));
    let written = file.write_all(digits.as_bytes()).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&beside, path)).map_err(Error::file("write", path))?;
    sync_folder_of(path)?;
    Ok(share)
}
