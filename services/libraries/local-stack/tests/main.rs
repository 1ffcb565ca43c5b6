//! Starts the real servers, stops them hard, and starts them again.

use std::{fs, net::TcpStream, process::Command};

use local_stack::{Kafka, Postgres, Process};

fn answers(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

#[test]
fn kafka_comes_back_after_a_hard_stop_and_ends_with_its_owner() {
    let mut kafka = Kafka::start().expect("Kafka starts");
    let address = kafka.bootstrap().to_owned();
    assert!(answers(&address));
    if std::env::var_os("KAFKA_BOOTSTRAP").is_some() {
        return;
    }
    kafka.stop_hard().expect("it was started here");
    assert!(!answers(&address));
    kafka.start_again().expect("Kafka starts again");
    assert!(answers(&address));
    drop(kafka);
    assert!(!answers(&address));
}

/// On a busy machine: two of it for each processor.
#[test]
fn what_is_paused_does_nothing_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let command = ["sh", "-c", "exec yes >/dev/null"].map(str::to_owned);
    let count = 2 * std::thread::available_parallelism().map_or(2, usize::from);
    let start = |at: usize| Process::start(&format!("busy-{at}"), folder.path(), "TERM", &command, &[]);
    let all: Vec<Process> = (0..count).map(|at| start(at).expect("it starts")).collect();
    for process in &all {
        while process.id().is_err() {
            std::thread::yield_now();
        }
    }
    for process in all.iter().cycle().take(50) {
        process.pause().expect("it runs");
        let stat = fs::read_to_string(format!("/proc/{}/stat", process.id().expect("an id"))).expect("it is there");
        assert!(stat.contains(") T "), "{stat}");
        process.signal("CONT").expect("it is there");
    }
}

#[test]
fn postgres_keeps_its_databases_over_an_immediate_stop() {
    let mut postgres = Postgres::start().expect("PostgreSQL starts");
    let url = postgres.fresh_database().expect("a database");
    let query = |sql: &str| {
        Command::new("psql").args(["-X", "-q", "-c", sql, &url]).status().is_ok_and(|status| status.success())
    };
    assert!(query("create table kept (id int)"));
    if std::env::var_os("DATABASE_URL").is_some() {
        return;
    }
    postgres.stop_hard().expect("it was started here");
    assert!(!query("select * from kept"));
    postgres.start_again().expect("PostgreSQL starts again");
    assert!(query("select * from kept"));
}
