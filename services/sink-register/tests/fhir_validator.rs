//! HAPI FHIR, which knows nothing of this project: fetched once by Maven into the cache folder, run by Java.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

const POM: &str = include_str!("fhir_validator/pom.xml");

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fhir_validator").join(name)
}

/// The folder of its jars.
static LIBRARIES: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/fhir-validator");
    let (libraries, complete) = (folder.join("libraries"), folder.join("complete"));
    // The mark holds what was fetched, so that another version is fetched anew.
    if fs::read_to_string(&complete).ok().as_deref() != Some(POM) {
        let mut fetch = Command::new("mvn");
        fetch.args(["-q", "-B", "-f"]).arg(here("pom.xml"));
        fetch.args(["dependency:copy-dependencies", "-DincludeScope=runtime"]);
        let output = fetch.arg(format!("-DoutputDirectory={}", libraries.display())).output().expect("Maven starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "HAPI FHIR (about 145 MB) could not be fetched by Maven: {said}");
        fs::write(complete, POM).expect("the cache folder can be written");
    }
    libraries
});

/// Why each document is not valid FHIR R4; one run of the validator, which takes seconds to start.
pub fn validate(documents: &[impl AsRef<[u8]>]) -> Vec<Result<(), String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<PathBuf> = (0..documents.len()).map(|number| folder.path().join(format!("{number}.json"))).collect();
    for (file, document) in files.iter().zip(documents) {
        fs::write(file, document).expect("written");
    }
    let mut java = Command::new("java");
    java.args(["-Xmx1g", "-cp", &format!("{}/*", LIBRARIES.display())]).arg(here("ValidateFhir.java")).args(files);
    let output = java.stderr(Stdio::piped()).output().expect("Java starts");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let lines = said.lines().filter(|line| !line.is_empty());
    let results: Vec<_> = lines.map(|line| if line == "valid" { Ok(()) } else { Err(line.to_owned()) }).collect();
    assert_eq!(results.len(), documents.len(), "{said}");
    results
}
