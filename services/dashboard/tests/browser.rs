//! A real Chromium against a running dashboard; the checks themselves are in `browser-tests`.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use schemas::{BedKind, CorrectionKind, Timestamp};

use crate::fixture::{self, MINUTE, Movement, Ward};
use crate::published;
use crate::site::{Setup, Site};

/// The folder of the checks with their packages fetched; fetched once per lock file.
static CHECKS: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser-tests");
    let done = Command::new("sh").arg("prepare.sh").current_dir(&folder).status().expect("sh runs");
    assert!(done.success(), "browser-tests/prepare.sh failed; it says above what is missing");
    folder
});

/// Runs one check against a server; `act` does what the check asks for while it runs.
pub(crate) fn check(name: &str, url: &str, environment: &[(&str, &str)], mut act: impl FnMut(&str)) {
    let mut child = Command::new("node")
        .args(["run.mjs", name, url])
        .envs(environment.iter().copied())
        .current_dir(&*CHECKS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut answers = child.stdin.take().expect("stdin is piped");
    for line in BufReader::new(child.stdout.take().expect("stdout is piped")).lines() {
        let line = line.expect("node writes text");
        println!("{line}");
        if let Some(wish) = line.strip_prefix("ask: ") {
            act(wish);
            answers.write_all(b"done\n").expect("the check reads its answer");
        }
    }
    let status = child.wait().expect("node ends");
    assert!(status.success(), "browser check {name} failed; it says above why");
}

fn country() -> Site {
    println!("seed {}", fixture::SEED);
    Site::start(Setup::of(fixture::country(), fixture::now()))
}

/// Where pictures and prints of this run lie, for people to look at.
fn pictures() -> String {
    format!("{}/dashboard-pictures", env!("CARGO_TARGET_TMPDIR"))
}

fn nothing(wish: &str) {
    panic!("this check asks for nothing, but it asked to {wish}");
}

#[test]
fn every_page_is_accessible_and_silent_in_both_themes_languages_and_widths() {
    check("pages", &country().url(), &[], nothing);
}

#[test]
fn pages_of_published_figures_are_accessible_in_both_themes_languages_and_widths() {
    check("pages", &published::site().url(), &[("PUBLISHED", "1")], nothing);
}

#[test]
fn pages_of_published_figures_work_without_script_and_by_keyboard() {
    check("published", &published::site().url(), &[], nothing);
}

#[test]
fn labels_of_charts_neither_lie_on_each_other_nor_are_cut() {
    check("labels", &published::site().url(), &[], nothing);
}

/// Pictures for people to look at; where they lie is printed.
#[test]
fn pictures_are_taken_of_published_figures() {
    check("screenshots", &published::site().url(), &[("PUBLISHED", "1"), ("WHOLE", "1")], nothing);
}

#[test]
fn pages_work_without_script() {
    check("noscript", &country().url(), &[], nothing);
}

#[test]
fn wall_print_and_keys_keep_their_promises() {
    check("modes", &country().url(), &[("PICTURES", &pictures())], nothing);
}

#[test]
fn ten_tasks_of_a_coordinator_take_three_clicks_at_most() {
    check("tasks", &country().url(), &[], nothing);
}

/// The number-th patient more in one of four wards.
pub(crate) fn admit(site: &Site, number: u64) {
    let unit = ["KIR11", "ORT12", "GER13", "INF14"][usize::try_from(number).unwrap() % 4];
    Movement {
        region: "14",
        source_system: "SE2321000131-ADT14",
        trigger: "A01",
        episode: format!("focus{number}"),
        at: Timestamp(fixture::now().0 - 30 * MINUTE + i64::try_from(number).unwrap() * 1000),
        ingested: fixture::now(),
        unit,
        bed: "9",
        ward: Ward {
            name: unit,
            hospital_code: "501010",
            hospital_name: "Östra sjukhuset",
            mvo: "101",
            care_type: schemas::CareType::Somatic,
        },
        responsible: None,
        bed_kind: BedKind::Disponibel,
        correction: CorrectionKind::New,
        occurred_given: true,
        person: None,
        facility: None,
    }
    .with(9_000_000 + number, |event| site.hub.live().encounter_recalled(event));
    site.hub.turn();
}

#[test]
fn focus_survives_a_thousand_updates() {
    let site = country();
    check("focus", &site.url(), &[], |_| {
        for number in 0..1000_u64 {
            admit(&site, number);
            // The browser takes every message, not only the last: a reader is told the newest version only.
            std::thread::sleep(std::time::Duration::from_millis(8));
        }
    });
}

#[test]
fn a_stream_whose_first_answer_never_came_is_asked_for_again() {
    let site = country();
    check("first", &site.url(), &[], |_| admit(&site, 0));
}

/// Pictures for people to look at; where they lie is printed.
#[test]
fn pictures_are_taken_of_every_page() {
    check("screenshots", &country().url(), &[], nothing);
}
