//! Starts the real servers, stops them hard, and starts them again.

use std::{net::TcpStream, process::Command};

use local_stack::{Kafka, Postgres};

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
