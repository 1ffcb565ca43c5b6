//! Our folder for files that have come and are not yet sent. It holds what the files hold, which may be identities:
//! only our user can look into it.
//!
//! A file on its way has a name that says which one it is, in which version, and since which start of the machine: what
//! was not made durable before a power failure is not gone on with.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::memory::name_hash;
use crate::position::Version;
use crate::watch::ends_in;

const PART: &str = ".part";
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

pub(super) struct Spool {
    folder: PathBuf,
    boot: String,
}

impl Spool {
    /// The folder, made if it is not there, closed to others if it is.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
        if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
        }
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Ok(Self { folder: folder.to_owned(), boot: boot.chars().take(8).collect() })
    }

    /// Where a file is while it is fetched.
    pub(super) fn part(&self, name: &[u8], version: Version) -> PathBuf {
        let Version { size, modified } = version;
        self.folder.join(format!(".{}-{size}-{modified}-{}{PART}", name_hash(name), self.boot))
    }

    /// Whether a file has come and is not yet sent.
    pub(super) fn holds_a_file(&self) -> io::Result<bool> {
        for entry in fs::read_dir(&self.folder)? {
            if ends_in(&entry?.path(), delimited::ENDINGS) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes files on their way that are none of these.
    pub(super) fn keep_parts(&self, wanted: &[PathBuf]) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().as_bytes();
            if name.starts_with(b".") && name.ends_with(PART.as_bytes()) && !wanted.contains(&path) {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// A part, made if it is not there, and how many bytes have come.
    pub(super) fn open_part(&self, part: &Path, version: Version) -> io::Result<(File, u64)> {
        let file = OpenOptions::new().append(true).create(true).mode(FILE_MODE).open(part)?;
        let mut size = file.metadata()?.len();
        if size > version.size {
            file.set_len(0)?;
            size = 0;
        }
        Ok((file, size))
    }

    /// Gives a part the time of change that it has at the server, makes it durable, and gives it its name.
    pub(super) fn finish(&self, file: &File, part: &Path, name: &[u8], version: Version) -> io::Result<()> {
        let since = Duration::from_micros(u64::try_from(version.modified).unwrap_or(0));
        file.set_modified(UNIX_EPOCH + since)?;
        file.sync_all()?;
        fs::rename(part, self.folder.join(OsStr::from_bytes(name)))?;
        File::open(&self.folder)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_goes_on_and_becomes_a_file_that_only_we_can_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("spool");
        fs::create_dir(&path).expect("made");
        fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("set");
        let spool = Spool::open(&path).expect("opened");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, FOLDER_MODE);
        let version = Version { size: 4, modified: 1_800_000_000_000_000 };
        let part = spool.part(b"a.csv", version);
        let (mut file, size) = spool.open_part(&part, version).expect("made");
        assert_eq!(size, 0);
        io::Write::write_all(&mut file, b"12").expect("written");
        assert!(spool.open_part(&part, version).is_ok_and(|(_, size)| size == 2));
        let (other, _) = (spool.part(b"b.csv", version), spool.open_part(&spool.part(b"b.csv", version), version));
        spool.keep_parts(std::slice::from_ref(&part)).expect("removed");
        assert!(part.exists() && !other.exists() && !spool.holds_a_file().expect("looked"));
        io::Write::write_all(&mut file, b"34").expect("written");
        spool.finish(&file, &part, b"a.csv", version).expect("renamed");
        let metadata = fs::metadata(path.join("a.csv")).expect("there");
        assert_eq!((Version::of(&metadata), metadata.permissions().mode() & 0o777), (version, FILE_MODE));
        assert!(spool.holds_a_file().expect("looked") && !part.exists());
    }
}
