//! HAPI FHIR, which knows nothing of this project: fetched once by Maven into the cache folder, run by Java.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fhir_validator/ValidateFhir.java");
const VERSION: &str = "8.8.1";

/// The folder of its jars. The definitions of R4 are among them, so that nothing else is fetched.
static LIBRARIES: LazyLock<PathBuf> = LazyLock::new(|| {
    let jar = |name| ["ca.uhn.hapi.fhir", name, VERSION];
    let jars = [
        jar("hapi-fhir-validation"),
        jar("hapi-fhir-validation-resources-r4"),
        jar("hapi-fhir-structures-r4"),
        jar("hapi-fhir-caching-caffeine"),
    ];
    local_stack::libraries(&format!("hapi-fhir-validator-{VERSION}"), &jars, 145).expect("HAPI FHIR")
});

/// Why each document is not valid FHIR R4; one run of the validator, which takes seconds to start.
pub(crate) fn validate(documents: &[impl AsRef<[u8]>]) -> Vec<Result<(), String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<PathBuf> = (0..documents.len()).map(|number| folder.path().join(format!("{number}.json"))).collect();
    for (file, document) in files.iter().zip(documents) {
        fs::write(file, document).expect("written");
    }
    let mut java = Command::new("java");
    java.args(["-Xmx1g", "-cp", &format!("{}/*", LIBRARIES.display())]).arg(PROGRAM).args(files);
    let output = java.stderr(Stdio::piped()).output().expect("Java starts");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let lines = said.lines().filter(|line| !line.is_empty());
    let results: Vec<_> = lines.map(|line| if line == "valid" { Ok(()) } else { Err(line.to_owned()) }).collect();
    assert_eq!(results.len(), documents.len(), "{said}");
    results
}
