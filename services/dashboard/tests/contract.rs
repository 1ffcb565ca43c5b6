//! The API against its own description, as a program from elsewhere sees it: Schemathesis asks what the description allows, and
//! what it does not, and holds every answer to it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::published;

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The program, in an environment that is kept in the cache folder.
static SCHEMATHESIS: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/schemathesis");
    let (program, complete) = (folder.join("bin/schemathesis"), folder.join("complete"));
    // The mark holds what was installed, so that a new requirement makes a new environment.
    if std::fs::read_to_string(&complete).ok().as_deref() != Some(REQUIREMENTS) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/requirements.txt");
        let python = folder.join("bin/python");
        run(Command::new(python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements));
        std::fs::write(complete, REQUIREMENTS).expect("the cache folder can be written");
    }
    program
});

fn run(command: &mut Command) {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_thousand_questions_are_answered_as_the_description_says() {
    let site = published::site();
    let url = site.url();
    let output = Command::new(&*SCHEMATHESIS)
        .args(["run", &format!("{url}/openapi.json"), "--seed", "20261122", "--max-examples", "100", "--no-color"])
        .args(["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--suppress-health-check", "all"])
        // It does not end.
        .args(["--exclude-path", "/api/v1/stream"])
        // That `hospital` goes with `region`, and that `at` lies within the memory, is refused with 400; a description cannot say it.
        .args(["--exclude-checks", "positive_data_acceptance"])
        .current_dir(std::env::temp_dir())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}");
    let cases =
        said.lines().find_map(|line| line.trim().split_once(" generated")?.0.replace(',', "").parse::<u32>().ok());
    assert!(cases.is_some_and(|cases| cases >= 1000), "{cases:?} questions: {said}");
}
