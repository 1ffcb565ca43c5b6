//! A real Chromium against a running dashboard; the checks themselves are in `browser-tests`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::fixture;
use crate::site::{Setup, Site};

/// The folder of the checks with their packages fetched; fetched once per lock file.
static CHECKS: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser-tests");
    let done = Command::new("sh").arg("prepare.sh").current_dir(&folder).status().expect("sh runs");
    assert!(done.success(), "browser-tests/prepare.sh failed; it says above what is missing");
    folder
});

/// Runs one check against a server.
pub fn check(name: &str, url: &str, more: &[(&str, &str)]) {
    let folder = &*CHECKS;
    let output = Command::new("node")
        .arg("run.mjs")
        .arg(name)
        .arg(url)
        .envs(more.iter().copied())
        .current_dir(folder)
        .output()
        .expect("node runs");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    assert!(output.status.success(), "browser check {name} failed:\n{said}");
}

fn country() -> Site {
    println!("seed {}", fixture::SEED);
    Site::start(Setup::of(fixture::country(), fixture::now()))
}

#[test]
fn screenshots() {
    check("screenshots", &country().url(), &[]);
}
