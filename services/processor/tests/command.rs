//! The command line, run as a process: exit codes, and what is printed where.

use std::io::Write;
use std::process::{Command, Output, Stdio};

const PROCESSOR: &str = env!("CARGO_BIN_EXE_processor");
const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

fn run(arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(PROCESSOR)
        .args(arguments)
        .current_dir(FOLDER)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the processor starts");
    let mut input = child.stdin.take().expect("a pipe");
    let bytes = stdin.to_vec();
    let writer = std::thread::spawn(move || {
        // A command that does not read its input closes the pipe.
        let _ = input.write_all(&bytes);
    });
    let output = child.wait_with_output().expect("the processor ends");
    writer.join().expect("the writer ends");
    output
}

#[track_caller]
fn check(arguments: &[&str], stdin: &[u8], code: i32, stdout: &str, stderr: &str) {
    let output = run(arguments, stdin);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {err}");
    assert!(out.contains(stdout), "{arguments:?} printed {out}");
    assert!(err.contains(stderr), "{arguments:?} said {err}");
}

const DRY_RUN: [&str; 3] = ["dry-run", "--region", "14"];

fn dry_run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    DRY_RUN.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn a_file_of_messages_is_tried() {
    check(
        &dry_run(&["--mapping", "mapping.sample.toml", "examples/swap.hl7"]),
        b"",
        0,
        "\"event_type\":\"encounter.swapped\"",
        "2 messages: 2 mapped to 3 events",
    );
}

#[test]
fn standard_input_is_read_and_remedies_are_given_in_both_languages() {
    let file = std::fs::read(format!("{FOLDER}/examples/rejected.hl7")).expect("the example");
    check(&dry_run(&["-"]), &file, 0, "\"remedy\":\"make the sender fill in PV1-19", "episode-missing");
    check(
        &dry_run(&["--language", "sv", "-"]),
        &file,
        0,
        "\"remedy\":\"Låt sändaren fylla i PV1-19",
        "episode-missing",
    );
}

#[test]
fn the_census_is_printed_alone() {
    let file = std::fs::read(format!("{FOLDER}/examples/emergency.hl7")).expect("the example");
    let output = run(&dry_run(&["--census", "-"]), &file);
    let expected =
        "{\"episode\":\"V2001\",\"unit\":\"MAVA\",\"room\":\"4\",\"bed\":\"1\",\"since\":\"2026-01-06T02:00:00Z\"}\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
fn bad_input_is_a_clear_error() {
    check(&dry_run(&["no-such-file.hl7"]), b"", 2, "", "cannot open no-such-file.hl7");
    check(&dry_run(&["examples"]), b"", 2, "", "examples is a folder");
    check(&dry_run(&["-"]), b"", 1, "", "holds no message");
    check(&dry_run(&["-"]), b"\r\n\r\n", 1, "", "holds no message");
    let junk: Vec<u8> = (0..100_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    check(&dry_run(&["-"]), &junk, 1, "\"rule\":\"header-missing\"", "nothing in the file is an HL7 v2 message");
    let table = ["--mapping", "waiting-times", "-"];
    check(&dry_run(&table), b"a;b\n1;2\n", 1, "\"rule\":\"column-missing\"", "no row of the file can be read");
    check(&dry_run(&table), b"a;b\n\"1;2\n", 1, "\"rule\":\"file-quote-open\"", "no row of the file can be read");
    check(&dry_run(&["--mapping", "no.toml", "examples/swap.hl7"]), b"", 2, "", "no.toml");
    check(&["dry-run", "--region", "02", "examples/swap.hl7"], b"", 2, "", "02");
}

#[test]
fn a_mapping_file_is_checked() {
    check(&["mapping", "check", "mapping.sample.toml"], b"", 0, "3 units, 0 warnings", "");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "[[unit]]\ncode = \"A\"\nkind = 1\n").expect("written");
    let path = file.path().to_str().expect("a path");
    check(&["mapping", "check", path], b"", 2, "", &format!("{path}:3: "));
}

#[test]
fn rules_are_listed_and_explained() {
    check(&["rules"], b"", 0, "episode-missing", "");
    check(&["rules", "--language", "sv"], b"", 0, "Placeringen saknar besöksnummer", "");
    check(&["explain", "unit-unknown"], b"", 0, "Åtgärd: Lägg till enheten", "");
    check(&["explain", "episode-mising"], b"", 2, "", "did you mean episode-");
}

#[test]
fn a_configuration_is_checked_with_its_key() {
    let output = Command::new(PROCESSOR)
        .args(["check", "--config", "config.sample.toml"])
        .current_dir(FOLDER)
        .env_remove("VARDSTROM_KEY_14")
        .output()
        .expect("the processor runs");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("VARDSTROM_KEY_14"), "{err}");
    let output = Command::new(PROCESSOR)
        .args(["check", "--config", "config.sample.toml"])
        .current_dir(FOLDER)
        .env("VARDSTROM_KEY_14", "0123456789abcdef".repeat(4))
        .output()
        .expect("the processor runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_is_odd_in_a_unit_directory_is_logged_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (units, config) = (folder.path().join("units.toml"), folder.path().join("processor.toml"));
    std::fs::write(&units, "[responsible_unit]\nfield = \"PV1-10\"\ncodes = { KAR = \"Nowhere\" }\n").expect("written");
    let named = format!("mapping = \"{}\"", units.display());
    let text = include_str!("../config.sample.toml").replace("# mapping = \"units-14.toml\"", &named);
    std::fs::write(&config, text).expect("written");
    let output = Command::new(PROCESSOR)
        .args(["check", "--config"])
        .arg(&config)
        .env("VARDSTROM_KEY_14", "0123456789abcdef".repeat(4))
        .output()
        .expect("the processor runs");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{err}");
    assert_eq!(err.matches("units.toml:1: responsible_unit.codes").count(), 1, "{err}");
}

/// A folder of code lists of a region's own, complete for diagnoses.
fn code_lists() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let list = "[list]\nsystem = \"ICD_10_SE\"\nversion = \"2026\"\nsource = \"test\"\nvalid_from = \"2020-01-01\"\n\
                complete = true\ncodes = \"icd.csv\"\n";
    std::fs::write(folder.path().join("icd.toml"), list).expect("written");
    std::fs::write(folder.path().join("icd.csv"), "code;name;valid_from;valid_to\nS72.00;Collum;;\n").expect("written");
    folder
}

#[test]
fn a_table_is_tried_with_code_lists_of_the_regions_own() {
    let folder = code_lists();
    let path = folder.path().to_str().expect("a path");
    let table = b"vardkontakt_id;UTDATUM;HDIA;DIA1\nA;2026-02-02;S7200;S7201\n";
    check(&dry_run(&["--mapping", "par", "-"]), table, 0, "\"statement_id\":\"A\"", "1 mapped to 1 events");
    let listed = dry_run(&["--mapping", "par", "--code-lists", path, "-"]);
    check(&listed, table, 0, "{\"rule\":\"code-unknown\",\"severity\":\"WARNING\",\"field\":\"DIA1\"", "code-unknown");
    check(
        &dry_run(&["--mapping", "par", "--code-lists", "no-such", "-"]),
        table,
        2,
        "",
        "cannot read code list no-such",
    );
}

#[test]
fn a_configuration_is_checked_with_its_packages_and_code_lists() {
    let folder = code_lists();
    let checked = |code_lists: &str| {
        let text = include_str!("../config.sample.toml")
            .replace(
                "packages = [\"waiting-times\"]",
                "packages = [\"waiting-times\", \"kpp\", \"par\", \"ward-capacity\"]",
            )
            .replace("# code_lists = \"code-lists-14\"", &format!("code_lists = \"{code_lists}\""));
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        Command::new(PROCESSOR)
            .args(["check", "--config"])
            .arg(file.path())
            .env("VARDSTROM_KEY_14", "0123456789abcdef".repeat(4))
            .output()
            .expect("the processor runs")
    };
    let output = checked(folder.path().to_str().expect("a path"));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(folder.path().join("icd.csv"), "kod;namn\n").expect("written");
    let output = checked(folder.path().to_str().expect("a path"));
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("region.0.code_lists") && err.contains("icd.csv:1: the header is"), "{err}");
}
