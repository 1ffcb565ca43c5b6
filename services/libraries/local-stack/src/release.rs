//! Server binaries of PostgreSQL: the system's own, and those of the other releases, fetched once into the cache folder.
//!
//! The latter are made for tests of Java programs: `initdb` and `postgres` with every library they need, in an archive in a jar.

use std::env;
use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::Error;
use crate::maven::{cache_folder, libraries, put};
use crate::process::run;

/// Major release, and which one of it. A newer one has another folder in the cache.
const RELEASES: [(u32, &str); 4] = [(15, "15.19.0"), (16, "16.15.0"), (17, "17.11.0"), (18, "18.6.0")];
const MEGABYTES: u32 = 15;
/// Oldest release that the store supports (`security_invoker` views, `MERGE`).
const VERSION_MIN: u32 = 15;

/// The newest server binaries of Debian's layout, else those on the search path.
pub(crate) fn installed() -> Option<PathBuf> {
    let mut versions: Vec<u32> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|version| *version >= VERSION_MIN)
        .collect();
    versions.sort_unstable();
    let debian = versions.iter().rev().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    let path = env::var_os("PATH").unwrap_or_default();
    debian
        .chain(env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// The supported major releases of PostgreSQL that the system's own server is not.
#[must_use]
pub fn other_releases() -> Vec<u32> {
    let own = installed().and_then(|folder| major(&folder));
    RELEASES.iter().map(|(major, _)| *major).filter(|major| Some(*major) != own).collect()
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major(binaries: &Path) -> Option<u32> {
    let output = Command::new(binaries.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_once("(PostgreSQL) ")?.1.split(['.', ' ', '\n']).next()?.parse().ok()
}

/// The folder with the server binaries of this major release.
pub(crate) fn binaries(major: u32) -> Result<PathBuf, Error> {
    let (_, version) = RELEASES
        .iter()
        .find(|(known, _)| *known == major)
        .ok_or(Error::Missing { program: "this release of PostgreSQL", remedy: "name one of other_releases()" })?;
    let name = format!("postgresql-{version}");
    let folder = cache_folder().join(&name);
    if !folder.is_dir() {
        let system = if ARCH == "aarch64" { "linux-arm64v8" } else { "linux-amd64" };
        let artifact = format!("embedded-postgres-binaries-{system}");
        let jars = libraries(&name, &[["io.zonky.test.postgres", &artifact, version]], MEGABYTES)?;
        unpack(&jars, &folder)?;
    }
    // A relative path would be none for a server that is started in its own folder.
    fs::canonicalize(&folder).map(|folder| folder.join("bin")).map_err(|source| Error::File { path: folder, source })
}

/// Every user may read what is unpacked: root starts servers as another one.
fn unpack(jars: &Path, folder: &Path) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { path, source }
    };
    let cache = folder.parent().unwrap_or_else(|| Path::new("."));
    let work = TempDir::with_prefix_in("unpack-", cache).map_err(failed(cache))?;
    let inside = |ending: &'static str, within: &Path| -> Result<PathBuf, Error> {
        let mut entries = fs::read_dir(within).map_err(failed(within))?.filter_map(|entry| Some(entry.ok()?.path()));
        let found = entries.find(|path| path.extension().is_some_and(|found| found == ending));
        found.ok_or(Error::Missing { program: "an archive of PostgreSQL", remedy: "empty the cache folder" })
    };
    let jar = fs::canonicalize(inside("jar", jars)?).map_err(failed(jars))?;
    run("jar (of the Java development kit)", Command::new("jar").arg("xf").arg(jar).current_dir(work.path()))?;
    let unpacked = work.path().join("unpacked");
    fs::create_dir(&unpacked).map_err(failed(&unpacked))?;
    let archive = inside("txz", work.path())?;
    let mut tar = Command::new("tar");
    run("tar (with xz)", tar.arg("xJf").arg(archive).args(["--no-same-owner", "-C"]).arg(&unpacked))?;
    put(&unpacked, folder)
}
