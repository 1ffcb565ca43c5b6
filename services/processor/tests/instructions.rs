//! What one record costs in instructions: a figure that needs no quiet machine, so that a step that makes the pipeline dearer is seen
//! when it is made.
//!
//! This program runs itself under callgrind with the messages of `examples/`, once through all of them and once several times: the
//! difference is what the pipeline costs, without what is made once. Counted is what this program's own functions execute, and so
//! what the compiler makes of the code, whatever processor runs it. Left out is what differs by machine: the C library (memory, and
//! copies that are chosen by processor), `memchr`, which chooses likewise, and the digests, which a processor has instructions for
//! and valgrind's has not.
//!
//! The figure is of this build, that of all tests of the workspace, which is not a release's but moves with it. It is compared where the
//! build is the baseline's: the compiler, and the settings of the environment that change what it makes. The features of dependencies
//! cannot be seen here: a build of this crate alone has others, and is not what the baseline is of.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, mem};

use processor::{directory::Directory, throughput};

/// Set in the process that is counted: how often it goes through the messages.
const ROUNDS: &str = "VARDSTROM_COUNTED_ROUNDS";

/// Rounds beside the first one.
const ROUNDS_COUNTED: u64 = 10;

/// How far a record's cost may be from the baseline, in percent.
const TOLERANCE: f64 = 3.0;

/// The baseline, from the crate's folder: the build it was made of, and instructions per record.
const BASELINE: &str = "tests/instructions.baseline";

/// Crates whose functions are left out.
const LEFT_OUT: [&str; 3] = ["memchr::", "sha1::", "sha2::"];

#[test]
#[allow(clippy::print_stdout)] // It says what it counted, and when it compares nothing.
fn a_record_costs_no_more_instructions_than_it_did() {
    if let Ok(rounds) = env::var(ROUNDS) {
        return go_through(rounds.parse().expect("a number"));
    }
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux", debug_assertions))) {
        println!("not counted: the baseline is of Linux on x86-64, built for tests");
        return;
    }
    let counted = counted(1 + ROUNDS_COUNTED) - counted(1);
    let per_record = counted as f64 / (ROUNDS_COUNTED * messages().len() as u64) as f64;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(BASELINE);
    let build = build();
    if env::var_os("UPDATE_BASELINE").is_some() {
        fs::write(&path, format!("{build}\n{per_record:.0}\n")).expect("written");
    }
    let text = fs::read_to_string(&path).expect("the baseline");
    let (build_then, baseline) = text.trim_end().split_once('\n').expect("two lines");
    let baseline: f64 = baseline.parse().expect("a number");
    let change = (per_record / baseline - 1.0) * 100.0;
    println!("{per_record:.0} instructions per record, {change:+.2} % of the baseline's {baseline:.0}");
    if build_then != build {
        println!("not compared: the baseline is of {build_then}, and this is {build}");
        return;
    }
    assert!(
        change.abs() <= TOLERANCE,
        "a record costs {per_record:.0} instructions, {change:+.1} % of the baseline's {baseline:.0}.\n\
         If that is not meant: callgrind_annotate {} says where they go; a build of this crate alone has other features.\n\
         If it is, or if it is less: UPDATE_BASELINE=1 cargo test --workspace --test main -- instructions, and commit \
         services/processor/{BASELINE} with the reason.",
        profile().display()
    );
}

/// The messages of all examples.
fn messages() -> Vec<Vec<u8>> {
    let mut files: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "hl7"))
        .collect();
    files.sort();
    let messages = files.iter().flat_map(|path| {
        let bytes = fs::read(path).expect("a file");
        hl7::batch::messages(&bytes).map(<[u8]>::to_vec).collect::<Vec<_>>()
    });
    messages.collect()
}

fn go_through(rounds: u32) {
    let region = "14".parse().expect("a region");
    let messages = messages();
    let records = throughput::source_records(region, messages.iter().map(Vec::as_slice));
    let measured = throughput::measure(region, Directory::default(), &records, rounds);
    assert!(measured.is_ok_and(|measured| measured.records == u64::from(rounds) * records.len() as u64));
}

/// Instructions of a process that goes so often through the messages.
fn counted(rounds: u64) -> u64 {
    let program = env::current_exe().expect("this program");
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", profile().display())).arg(&program);
    valgrind.args(["--exact", "instructions::a_record_costs_no_more_instructions_than_it_did", "--test-threads=1"]);
    let output = valgrind.env(ROUNDS, rounds.to_string()).output();
    let output = output.unwrap_or_else(|error| panic!("valgrind: {error}; install it, as `make test` does on Debian"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let total = own(&fs::read_to_string(profile()).expect("the profile"), &program);
    assert!(total > 0, "{} holds no function of {}", profile().display(), program.display());
    total
}

/// Instructions of a program's own functions, without those that are left out, in a profile of callgrind's.
fn own(profile: &str, program: &Path) -> u64 {
    let (mut objects, mut functions) = (HashMap::new(), HashMap::new());
    let (mut is_ours, mut is_counted, mut follows_call, mut total) = (false, false, false, 0);
    for line in profile.lines() {
        match line.split_once('=') {
            Some(("ob", object)) => is_ours = Path::new(named(&mut objects, object)) == program,
            Some(("fn", function)) => {
                let name = named(&mut functions, function);
                is_counted = is_ours && !LEFT_OUT.iter().any(|left_out| name.contains(left_out));
            }
            Some(("cob", object)) => _ = named(&mut objects, object),
            Some(("cfn", function)) => _ = named(&mut functions, function),
            Some(("calls", _)) => follows_call = true,
            // A place and what it cost; right after a call what the called function cost, which its own lines say.
            None if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) => {
                let cost = line.split_once(' ').map_or(0, |(_, cost)| cost.parse().expect("a number"));
                total += if mem::take(&mut follows_call) || !is_counted { 0 } else { cost };
            }
            _ => {}
        }
    }
    total
}

/// A name in a profile: `(7) name` where it stands first, then `(7)`.
fn named<'n>(names: &mut HashMap<&'n str, &'n str>, text: &'n str) -> &'n str {
    let (number, name) = text.split_once(' ').map_or((text, None), |(number, name)| (number, Some(name)));
    if let Some(name) = name {
        names.insert(number, name);
    }
    names[number]
}

/// Where callgrind writes.
fn profile() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("instructions.callgrind")
}

/// The compiler, and what else in the environment changes what it makes.
fn build() -> String {
    let output = Command::new("rustc").arg("--version").output().expect("rustc");
    let compiler = String::from_utf8(output.stdout).expect("text").trim().to_owned();
    let settings = [("CARGO_INCREMENTAL", option_env!("CARGO_INCREMENTAL")), ("RUSTFLAGS", option_env!("RUSTFLAGS"))];
    settings.iter().fold(compiler, |build, (name, set)| match set {
        Some(set) => format!("{build} {name}={set}"),
        None => build,
    })
}
