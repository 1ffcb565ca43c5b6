//! Clients that know nothing of this project.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use load_tests::{
    account,
    stack::{Service, Stack},
};
use serde_json::Value;

/// A Python environment with Kafka and Avro clients from PyPI, kept in the cache folder.
pub(super) static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache/clients");
    let python = folder.join("bin/python");
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/requirements.txt");
    if !folder.join("complete").exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements));
        std::fs::write(folder.join("complete"), "").expect("the cache folder can be written");
    }
    python
});

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("output is text")
}

/// Reads a common topic by a client from PyPI, through the registry and by the one-compare rule.
pub(crate) fn plain_clients_read_each_event_once(stack: &Stack) {
    for region in stack.regions() {
        let topic = format!("region.{region}.common.encounter");
        let lines = run(Command::new(&*PYTHON)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/read_topic.py"))
            .args(["--bootstrap", stack.bootstrap(), "--registry", &stack.url(Service::Registry), "--topic", &topic]));
        let mut ids: Vec<String> = lines
            .lines()
            .map(|line| {
                let record: Value = serde_json::from_str(line).expect("one JSON value per line");
                record["value"]["envelope"]["event_id"].as_str().expect("an event id").to_owned()
            })
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let sql = format!("select count(*) from events where region = '{region}' and subject = 'encounter'");
        let stored: i64 = account::query(stack, &sql).expect("the store answers")[0].get(0);
        assert_eq!(ids.len() as i64, stored, "{topic}");
    }
}

type Wards = BTreeMap<(String, String), i64>;

/// The bed board's patients, ward by ward, are the store's. Pages are drawn once a second, so it may take a moment.
pub(crate) fn the_board_shows_what_the_store_holds(stack: &Stack) {
    let sql = "select region, unit, count(*) from episode_stay where ended_at is null and admitted and started_at <= now() \
               group by region, unit";
    let rows = account::query(stack, sql).expect("the store answers");
    let stored: Wards = rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect();
    let deadline = Instant::now() + Duration::from_secs(15);
    while on_the_board(stack) != stored && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(on_the_board(stack), stored);
}

fn on_the_board(stack: &Stack) -> Wards {
    let url = format!("{}/api/v1/units", stack.url(Service::Dashboard));
    let text = ureq::get(&url).call().expect("the board answers").into_body().read_to_string().expect("text");
    let board: Value = serde_json::from_str(&text).expect("the API answers JSON");
    let text_of = |unit: &Value, field: &str| unit[field].as_str().expect("a text").to_owned();
    let units = board["units"].as_array().expect("a list of units").iter();
    units
        .map(|unit| ((text_of(unit, "region"), text_of(unit, "unit")), unit["belagda"].as_i64().unwrap_or(0)))
        .filter(|(_, belagda)| *belagda > 0)
        .collect()
}
