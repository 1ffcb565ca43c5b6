//! A broker that is away, stuck, or comes back.

use std::io::Write;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use local_stack::{Kafka, free_port};
use tokio::net::TcpListener;

use super::stack::{LONG, Sender, Setup, code, framed, message};

/// The broker that is harmed, by one test at a time.
static KAFKA: LazyLock<Mutex<Kafka>> = LazyLock::new(|| Mutex::new(Kafka::start_own().expect("Kafka starts")));

fn kafka() -> MutexGuard<'static, Kafka> {
    let mut kafka = KAFKA.lock().unwrap_or_else(PoisonError::into_inner);
    // A test that failed may have left it stopped.
    kafka.resume().expect("resumed");
    kafka
}

#[test]
fn a_connector_without_a_broker_waits_says_so_and_stops_when_asked() {
    let mut setup = Setup::mllp("10");
    setup.bootstrap = format!("127.0.0.1:{}", free_port().expect("a port"));
    let mut connector = setup.start_unready();
    connector.wait("a word about it", |connector| connector.get("/readyz").contains("Kafka does not answer"));
    assert!(
        connector.get("/readyz").starts_with("HTTP/1.1 503") && connector.get("/healthz").starts_with("HTTP/1.1 200")
    );
    assert!(!connector.log().contains("listening for MLLP"), "nothing is accepted that cannot be delivered");
    assert_eq!(connector.stop(), 0, "{}", connector.log());
}

#[test]
fn a_connector_whose_schema_is_not_registered_waits_says_so_and_goes_on() {
    let setup = Setup::mllp("10");
    let address = format!("127.0.0.1:{}", free_port().expect("a port"));
    let text = std::fs::read_to_string(setup.config()).expect("the configuration");
    let registry = text.lines().find(|line| line.starts_with("url = \"http://")).expect("the registry's line");
    let late = setup.path("late.toml");
    std::fs::write(&late, text.replace(registry, &format!("url = \"http://{address}\""))).expect("written");
    let mut command = setup.command("run");
    command.arg("--config").arg(&late);
    let mut connector = setup.start_by(command);
    let (empty, overloaded) = (
        (StatusCode::NOT_FOUND, r#"{"error_code":40401,"message":"no such subject"}"#),
        (StatusCode::SERVICE_UNAVAILABLE, r#"{"error_code":50301,"message":"electing"}"#),
    );
    let remedy = format!("register it with `topics apply --registry http://{address}`");
    for (answer, reason) in [(overloaded, "code 50301"), (empty, remedy.as_str())] {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("tokio");
        let listener = runtime.block_on(TcpListener::bind(&address)).expect("listens");
        let router = Router::new().fallback(async move |_question: Bytes| answer);
        runtime.spawn(async { axum::serve(listener, router).await });
        connector.wait(reason, |connector| connector.get("/readyz").contains(reason));
    }
    assert!(connector.get("/readyz").starts_with("HTTP/1.1 503"));
    assert!(!connector.log().contains("listening for MLLP"), "nothing is accepted that cannot be delivered");
    let _registry = schemas::registry::server::spawn(&*address).expect("the registry");
    let mut connector = setup.open(connector);
    assert_eq!(connector.connect().exchange(&message("late", 1)), "AA late");
    assert_eq!(connector.stop(), 0, "{}", connector.log());
}

#[test]
fn nothing_is_acknowledged_while_the_broker_is_stuck_and_nothing_is_lost() {
    let mut kafka = kafka();
    let setup = Setup::on(kafka.bootstrap(), "21").limits("stall = \"500ms\"\nacknowledge = \"60s\"");
    let mut connector = setup.start();
    let mut sender = connector.connect();
    assert_eq!(sender.exchange(&message("before", 1)), "AA before");
    let said = connector.log().matches("Kafka is away").count();
    kafka.pause().expect("paused");
    sender.send(&message("during", 1));
    assert!(!sender.answers_within(Duration::from_secs(2)), "no answer before Kafka has it");
    connector.wait("not to be ready", |connector| connector.get("/readyz").starts_with("HTTP/1.1 503"));
    assert_eq!(connector.metric("vardstrom_connector_broker_available"), 0.0);
    // Sent while nothing is read: it waits in the socket.
    sender.send(&message("later", 1));
    let mut other = Sender::to(connector.mllp());
    other.send(&message("other", 2));
    assert!(!other.answers_within(Duration::from_millis(500)));
    assert_eq!(connector.log().matches("Kafka is away").count(), said + 1, "said once:\n{}", connector.log());
    kafka.resume().expect("resumed");
    assert_eq!((code(&sender.answer()), code(&sender.answer())), ("AA during".to_owned(), "AA later".to_owned()));
    assert_eq!(code(&other.answer()), "AA other");
    connector.wait("to be ready", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    let mut ids: Vec<_> = setup.records("adt", 4).into_iter().map(|record| record.message_id).collect();
    ids.sort();
    assert_eq!(ids, ["before", "during", "later", "other"]);
}

#[test]
fn a_broker_killed_and_restarted_loses_nothing() {
    let mut kafka = kafka();
    let setup = Setup::on(kafka.bootstrap(), "22").limits("acknowledge = \"60s\"");
    let connector = setup.start();
    let address = connector.mllp();
    let sending = thread::spawn(move || {
        let mut sender = Sender::to(address);
        (0..3000).map(|id| sender.exchange(&message(&id.to_string(), id % 20))).collect::<Vec<_>>()
    });
    thread::sleep(Duration::from_millis(300));
    kafka.stop_hard().expect("killed");
    thread::sleep(Duration::from_secs(1));
    kafka.start_again().expect("started again");
    let answers = sending.join().expect("every message is answered");
    assert!(answers.iter().enumerate().all(|(id, answer)| *answer == format!("AA {id}")));
    let mut ids: Vec<u64> =
        setup.records("adt", 3000).iter().map(|r| r.message_id.parse().expect("a number")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3000);
}

#[test]
fn a_message_that_waits_too_long_is_answered_ae_and_may_be_sent_again() {
    let mut kafka = kafka();
    let setup = Setup::on(kafka.bootstrap(), "23").limits("acknowledge = \"1500ms\"\nstall = \"500ms\"");
    let connector = setup.start();
    let mut sender = connector.connect();
    // On a busy machine even a broker that is well may be slow.
    let until_accepted = |sender: &mut Sender, id: &str| {
        let accepted = (0..40).any(|_| sender.exchange(&message(id, 1)) == format!("AA {id}"));
        assert!(accepted, "{id} is never accepted");
    };
    until_accepted(&mut sender, "1");
    kafka.pause().expect("paused");
    assert_eq!(sender.exchange(&message("2", 1)), "AE 2");
    kafka.resume().expect("resumed");
    until_accepted(&mut sender, "2");
    assert!(setup.records("adt", 2).iter().any(|record| record.message_id == "2"));
}

#[test]
fn memory_is_bounded_with_a_stuck_broker_and_many_eager_senders() {
    const SENDERS: u64 = 100;
    const EACH: u64 = 40;
    const LIMIT: u64 = 100 << 20;
    let mut kafka = kafka();
    let setup =
        Setup::on(kafka.bootstrap(), "24").limits("connections = 100\nconnections_per_address = 100\nin_flight = \"16 MiB\"\nstall = \"300s\"\nacknowledge = \"300s\"");
    let mut connector = setup.start();
    let address = connector.mllp();
    kafka.pause().expect("paused");
    // 400 MB in messages of 100 kB, against a budget of 16 MiB. `stall` is long, so that only the budget holds them.
    let threads: Vec<_> = (0..SENDERS)
        .map(|connection| {
            thread::spawn(move || {
                let mut sender = Sender::to(address);
                sender.stream.set_read_timeout(Some(2 * LONG)).expect("set");
                let mut stream = sender.stream.try_clone().expect("cloned");
                let writing = thread::spawn(move || {
                    for id in 0..EACH {
                        let mut long = message(&format!("{connection}-{id}"), connection);
                        long.extend_from_slice(b"NTE|1||");
                        long.extend(std::iter::repeat_n(b'x', 100_000));
                        stream.write_all(&framed(&long)).expect("read in the end");
                    }
                });
                for id in 0..EACH {
                    assert_eq!(code(&sender.answer()), format!("AA {connection}-{id}"));
                }
                writing.join().expect("written");
            })
        })
        .collect();
    connector.wait("the budget to be used up", |connector| {
        connector.metric("vardstrom_connector_in_flight_bytes") > (15 << 20) as f64
    });
    let mut memory_max = 0;
    for _ in 0..20 {
        memory_max = memory_max.max(connector.memory());
        thread::sleep(Duration::from_millis(100));
    }
    kafka.resume().expect("resumed");
    for thread in threads {
        memory_max = memory_max.max(connector.memory());
        thread.join().expect("every message is answered in the end");
    }
    println!("memory {} MiB at most", memory_max >> 20);
    assert!(memory_max < LIMIT, "{memory_max} bytes resident");
    assert_eq!(setup.records("adt", (SENDERS * EACH) as usize).len() as u64, SENDERS * EACH);
}
