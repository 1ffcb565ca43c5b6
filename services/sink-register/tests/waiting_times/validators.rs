//! Validators that are not ours.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::python::PYTHON;

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/waiting_times").join(name)
}

/// How many reports a Bundle has, or why it is not valid FHIR R4.
pub fn fhir(bundle: &[u8]) -> Result<u64, String> {
    validate(Command::new(&*PYTHON).arg(here("validate_fhir.py")), bundle)
}

/// How many rows a document has, or why it is not valid by a schema of `src/waiting_times`.
pub fn xml(schema: &str, document: &[u8]) -> Result<u64, String> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/waiting_times").join(schema);
    validate(Command::new(&*PYTHON).arg(here("validate_xml.py")).arg(schema), document)
}

fn validate(command: &mut Command, document: &[u8]) -> Result<u64, String> {
    let command = command.env("PYTHONUTF8", "1").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the validator starts");
    child.stdin.take().unwrap().write_all(document).unwrap();
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(std::str::from_utf8(&output.stdout).unwrap().trim().parse().unwrap())
}
