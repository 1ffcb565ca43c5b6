//! Killed with SIGKILL at named points and at random ones, and started again: the same parcel, entered once.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::world::{Desk, Feeder, RUN, V1, content, database, entries, entry, month, repeatable};

/// Runs until the named point and kills there.
pub(crate) fn kill_at(desk: &Desk, point: &str, arguments: &[&str]) {
    let mut command = desk.command(arguments);
    let mut child = command.env(runtime::failpoint::STOP, point).stderr(Stdio::piped()).spawn().unwrap();
    let errors = BufReader::new(child.stderr.take().unwrap());
    let reached = errors.lines().map_while(Result::ok).any(|line| line.contains(&format!("stopped at {point}")));
    assert!(reached, "{point} was never reached");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What is in the folder: nothing, or the parcel as a whole, and what was left half done.
fn state(desk: &Desk) -> (bool, usize) {
    let Ok(entries) = std::fs::read_dir(desk.path("parcels")) else { return (false, 0) };
    let names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    (desk.path(V1).exists(), names.iter().filter(|name| name.ends_with(".partial")).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_at_any_step_leaves_nothing_or_a_parcel_and_the_next_one_completes_it() {
    let calm = {
        let database = database(&["14"]).await;
        Feeder::new(&database, "14").await.feed(&month(60)).await;
        let desk = Desk::new(&database);
        desk.run(&[]);
        repeatable(&desk.path(V1))
    };
    for point in ["folder-begun", "files-written", "manifest-written", "renamed", "entered"] {
        let database = database(&["14"]).await;
        Feeder::new(&database, "14").await.feed(&month(60)).await;
        let desk = Desk::new(&database);
        kill_at(&desk, point, &RUN);
        let whole = matches!(point, "renamed" | "entered");
        assert_eq!(state(&desk), (whole, usize::from(!whole)), "{point}");
        let entered = if point == "entered" { vec![entry("made", 1)] } else { vec![] };
        assert_eq!(entries(&desk), entered, "{point}");
        let before = whole.then(|| content(&desk.path(V1)));
        let said = desk.run(&[]);
        assert!(said.starts_with(if whole { "unchanged" } else { "made" }), "{point}: {said}");
        assert_eq!(state(&desk), (true, 0), "{point}");
        assert_eq!(repeatable(&desk.path(V1)), calm, "{point}");
        assert!(before.is_none_or(|before| before == content(&desk.path(V1))), "{point}");
        assert_eq!(entries(&desk), [entry("made", 1)], "{point}");
        desk.done(&["verify", V1, "--identity", "identity.txt"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_come_between_a_kill_and_the_next_run_make_the_next_version() {
    let database = database(&["14"]).await;
    let mut feeder = Feeder::new(&database, "14").await;
    feeder.feed(&month(10)).await;
    let desk = Desk::new(&database);
    kill_at(&desk, "renamed", &RUN);
    feeder.feed(&month(12)).await;
    assert!(desk.run(&[]).contains("_v2\n"));
    assert_eq!(entries(&desk), [entry("made", 1), entry("made", 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_random_moments_change_nothing() {
    let database = database(&["14"]).await;
    Feeder::new(&database, "14").await.feed(&month(3_000)).await;
    let desk = Desk::new(&database);
    let started = Instant::now();
    let elsewhere = RUN.map(|argument| if argument == "parcels" { "calm" } else { argument });
    desk.done(&["plan", "--region", "14", "--period", "2026-02", "--extract", "waiting-times"]);
    let usual = started.elapsed();
    // A seed that is printed would say less than the fractions themselves: they are spread over the whole run.
    for fraction in [0.1, 0.35, 0.5, 0.62, 0.74, 0.82, 0.9, 0.97] {
        let mut child = desk.command(&RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs_f64(usual.as_secs_f64() * fraction));
        child.kill().unwrap();
        child.wait().unwrap();
        if desk.path(V1).exists() {
            desk.done(&["verify", V1, "--identity", "identity.txt"]);
        }
    }
    desk.run(&[]);
    assert_eq!(state(&desk), (true, 0));
    assert_eq!(entries(&desk), [entry("made", 1)]);
    desk.done(&[&elsewhere[..], &["--as-of", V1]].concat());
    assert_eq!(repeatable(&desk.path("calm/waiting-times_14_2026-02_v1")), repeatable(&desk.path(V1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_killed_at_any_step_arrives_once() {
    let database = database(&["14"]).await;
    Feeder::new(&database, "14").await.feed(&month(10)).await;
    for point in ["copying", "copied", "receipt-written"] {
        let desk = Desk::new(&database);
        crate::world::connect(&database.superuser).await.batch_execute("DELETE FROM register.ledger").await.unwrap();
        desk.run(&[]);
        kill_at(&desk, point, &["deliver", V1]);
        desk.done(&["deliver", V1]);
        let delivered = desk.path("delivery/waiting-times_14_2026-02_v1");
        assert_eq!(content(&delivered), content(&desk.path(V1)), "{point}");
        let names = std::fs::read_dir(desk.path("delivery")).unwrap().count();
        assert_eq!(names, 2, "{point}: parcel and receipt, nothing half done");
        assert_eq!(entries(&desk), [entry("made", 1), entry("delivered", 1), entry("received", 1)], "{point}");
    }
}
