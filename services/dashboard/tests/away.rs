//! A store that is away is told on every page that reads it, within 15 s, and taken back; the board goes on.

use std::process::Command;
use std::time::{Duration, Instant};

use local_stack::{Kafka, Postgres};
use serde_json::Value;

use crate::browser::check;
use crate::published;
use crate::stand::{Stand, database, eventually};

/// What is promised.
const TOLD_WITHIN: Duration = Duration::from_secs(15);
const REGION: &str = "06";
const BOARD: &str = "/sv/region/06";

fn answer(stand: &Stand, path: &str) -> Value {
    serde_json::from_str(&stand.get(path).1).unwrap()
}

/// Sends a signal to PostgreSQL with every process of its own.
fn signal(postgres: &Postgres, signal: &str) {
    let server = postgres.process_id().expect("it runs");
    let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap();
    let all: Vec<&str> = children.split_whitespace().collect();
    assert!(!all.is_empty(), "PostgreSQL has processes of its own");
    let done = Command::new("kill").arg(format!("-{signal}")).arg(server.to_string()).args(all).status().unwrap();
    assert!(done.success());
}

fn check_away(stand: &mut Stand, belagda: i64) {
    let pages = [
        (BOARD, "Tavlan följer händelserna som vanligt."),
        ("/sv/region/06/avdelning/AVD1", "Tavlan följer händelserna som vanligt."),
        ("/sv/region/06?vy=vagg", "Tavlan följer händelserna som vanligt."),
        ("/sv/uppmarksamma", "Tavlan följer händelserna som vanligt."),
        ("/sv/vantetider", "Vad som har publicerats därefter är inte känt."),
        ("/sv/drift", "vad du gör"),
    ];
    let begun = Instant::now();
    let is_told = |stand: &Stand| {
        let told = |(path, then): (&str, &str)| {
            let page = stand.get(path).1;
            page.contains("Lagret svarar inte sedan ") && page.contains(then)
        };
        pages.into_iter().all(told)
            && stand.get("/readyz").1.contains("it has not answered since")
            && stand.get("/en/om").1.contains("The store has not answered since ")
            && ["/api/v1/totals", "/api/v1/waiting-times"]
                .iter()
                .all(|path| !answer(stand, path)["store_away"].is_null())
    };
    while !is_told(stand) {
        assert!(begun.elapsed() < TOLD_WITHIN, "{}", stand.get(BOARD).1);
        std::thread::sleep(Duration::from_millis(100));
    }
    // The board follows its topics, and is ready: no other process would know more.
    let (status, ready) = stand.get("/readyz");
    assert_eq!(status, 200, "{ready}");
    stand.admit();
    stand.wait_for(belagda);
    assert!(answer(stand, "/api/v1/totals?region=06")["stopped"].is_null());
}

fn check_back(stand: &Stand) {
    let is_back = || {
        let silent = |path: &str| !stand.get(path).1.contains("Lagret svarar inte sedan");
        ([BOARD, "/sv/vantetider", "/sv/drift"].into_iter().all(silent)
            && answer(stand, "/api/v1/totals")["store_away"].is_null()
            && stand.get("/readyz").1.contains("it answers"))
        .then_some(())
    };
    eventually("it is taken back", is_back);
}

#[test]
fn a_store_that_is_frozen_or_gone_is_told_within_15_s_and_the_board_goes_on() {
    let kafka = Kafka::start_own().expect("Kafka starts");
    let mut postgres = Postgres::start_own(&[]).expect("PostgreSQL starts");
    let mut stand = Stand::on(kafka.bootstrap(), &[REGION]);
    stand.database = database(&postgres, &[REGION.to_owned()]);
    stand.declare(4);
    stand.admit();
    let _running = stand.dashboard();
    stand.ready();
    stand.wait_for(1);
    assert!(
        !stand.get(BOARD).1.contains("Lagret svarar inte") && answer(&stand, "/api/v1/totals")["store_away"].is_null()
    );

    signal(&postgres, "STOP");
    check_away(&mut stand, 2);
    signal(&postgres, "CONT");
    check_back(&stand);

    postgres.stop_hard().unwrap();
    check_away(&mut stand, 3);
    postgres.start_again().unwrap();
    check_back(&stand);
}

/// In a real browser, with pictures for people to look at; where they lie is printed.
#[test]
fn a_store_that_is_away_is_seen_on_open_pages_and_in_print() {
    let site = published::site();
    check("away", &site.url(), &[], |wish| match wish {
        "away" => site.hub.store_answered(Instant::now().checked_sub(Duration::from_secs(20)).unwrap()),
        "back" => site.hub.store_answered(Instant::now() + Duration::from_secs(3600)),
        other => panic!("the check asked to {other}"),
    });
}
