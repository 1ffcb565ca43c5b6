//! A Python environment with programs from PyPI that tests compare us with, kept in the cache folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The interpreter.
pub(crate) static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/register-validators");
    let (python, complete) = (folder.join("bin/python"), folder.join("complete"));
    // The mark holds what was installed, so that a new requirement makes a new environment.
    if std::fs::read_to_string(&complete).ok().as_deref() != Some(REQUIREMENTS) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/requirements.txt");
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements));
        std::fs::write(complete, REQUIREMENTS).expect("the cache folder can be written");
    }
    python
});

fn run(command: &mut Command) {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
