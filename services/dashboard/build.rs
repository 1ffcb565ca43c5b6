//! Fetches what the pages load in a browser (`npm ci`, pinned by `web/package-lock.json`) and lays it out under
//! `OUT_DIR/assets`, each file with a hash of its content in its name, ready to be embedded.
//!
//! Nothing that is fetched lies in the source tree, and there is no bundler: files are copied or joined as they are.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// (constant that names the file in templates, source, stem, extension)
const ASSETS: [(&str, Source, &str, &str); 4] = [
    // In one file: htmx starts itself right after its own script and must not start without its extension.
    ("HTMX", Source::Npm(&["htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-sse.min.js"]), "htmx", "js"),
    ("PAGE_JS", Source::Own("page.js"), "page", "js"),
    ("PAGE_CSS", Source::Own("page.css"), "page", "css"),
    ("ICON", Source::Own("icon.svg"), "icon", "svg"),
];

enum Source {
    /// Files one after the other.
    Npm(&'static [&'static str]),
    Own(&'static str),
}

fn main() {
    if let Err(message) = lay_out() {
        // A panic would bury the one line that helps under a backtrace.
        println!("cargo::error={message}");
    }
}

/// The commit that is built, for the page about the dashboard: what `--version` of every program says, where that was told;
/// empty where git does not know it.
fn commit() -> String {
    println!("cargo::rerun-if-env-changed=VARDSTROM_COMMIT");
    if let Some(commit) = env::var("VARDSTROM_COMMIT").ok().filter(|commit| !commit.is_empty()) {
        return commit;
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_default()
}

fn lay_out() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    let web = PathBuf::from("web");
    println!("cargo::rerun-if-changed=web");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=DASHBOARD_COMMIT={}", commit());

    let packages = fetch(&web, &out)?;
    let assets = out.join("assets");
    let _ = fs::remove_dir_all(&assets);
    fs::create_dir_all(&assets).map_err(|error| format!("cannot create {}: {error}", assets.display()))?;

    let mut names = String::new();
    for (constant, source, stem, extension) in ASSETS {
        let paths = match source {
            Source::Npm(paths) => paths.iter().map(|path| packages.join(path)).collect(),
            Source::Own(path) => vec![web.join(path)],
        };
        let mut parts = Vec::new();
        for path in paths {
            parts.push(fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?);
        }
        let content = parts.join(&b'\n');
        let name = format!("{stem}.{}.{extension}", short_hash(&content));
        fs::write(assets.join(&name), &content).map_err(|error| format!("cannot write {name}: {error}"))?;
        writeln!(names, "/// Served as `/tillgang/{name}`.\npub(crate) const {constant}: &str = \"{name}\";")
            .expect("writing to a String does not fail");
    }
    fs::write(out.join("asset_names.rs"), names).map_err(|error| format!("cannot write asset_names.rs: {error}"))
}

/// Runs `npm ci` unless the same lock file was installed before, and returns the folder of packages.
fn fetch(web: &Path, out: &Path) -> Result<PathBuf, String> {
    let home = out.join("npm");
    let packages = home.join("node_modules");
    let lock = fs::read(web.join("package-lock.json"))
        .map_err(|error| format!("cannot read web/package-lock.json: {error}"))?;
    let installed = home.join("installed-lock-hash");
    let hash = short_hash(&lock);
    if fs::read_to_string(&installed).is_ok_and(|found| found == hash) && packages.exists() {
        return Ok(packages);
    }
    fs::create_dir_all(&home).map_err(|error| format!("cannot create {}: {error}", home.display()))?;
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        fs::copy(web.join(name), home.join(name)).map_err(|error| format!("cannot copy web/{name}: {error}"))?;
    }
    let output = Command::new("npm")
        .args([
            "ci",
            "--ignore-scripts",
            "--omit=dev",
            "--no-audit",
            "--no-fund",
            "--prefer-offline",
            "--loglevel=error",
        ])
        .current_dir(&home)
        .output();
    match output {
        Ok(done) if done.status.success() => {}
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr);
            let line = said.lines().find(|line| line.contains("error")).unwrap_or("no reason given").trim();
            return Err(format!("npm ci could not fetch the pages' scripts (web/package-lock.json): {line}"));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err("npm is missing: install Node.js 18 or newer, the dashboard's pages need htmx from npm".into());
        }
        Err(error) => return Err(format!("cannot run npm ci: {error}")),
    }
    fs::write(&installed, hash).map_err(|error| format!("cannot write {}: {error}", installed.display()))?;
    Ok(packages)
}

fn short_hash(content: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(content)[..8])
}
