//! A validator that is not ours.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::python::PYTHON;

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/waiting_times").join(name)
}

/// How many rows a document has, or why it is not valid by a schema of `src/forms/waiting_times`.
pub(super) fn xml(schema: &str, document: &[u8]) -> Result<u64, String> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/forms/waiting_times").join(schema);
    let mut command = Command::new(&*PYTHON);
    command.arg(here("validate_xml.py")).arg(schema).env("PYTHONUTF8", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the validator starts");
    child.stdin.take().unwrap().write_all(document).unwrap();
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(std::str::from_utf8(&output.stdout).unwrap().trim().parse().unwrap())
}
