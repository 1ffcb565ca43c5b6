//! Kafka over TLS: who is let in, and what is said of who is not.

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use local_stack::{Authority, Encrypted, Kafka};
use runtime::broker;
use runtime::config::{self, Period};
use runtime::health::Health;
use runtime::producer::{Error, Producer, Record, Settings};
use runtime::shutdown::Shutdown;
use runtime::tail::{self, Start, Tail};
use serde::Deserialize;

use super::support::{PATIENCE, create_topic_with, wait_for};

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new().expect("an authority"));
static KAFKA: LazyLock<Kafka> = LazyLock::new(|| Kafka::start_encrypted(&AUTHORITY).expect("Kafka starts"));

fn ports() -> &'static Encrypted {
    KAFKA.encrypted().expect("it has encrypted ports")
}

#[derive(Deserialize)]
struct File {
    kafka: config::Kafka,
}

/// The table `[kafka]` with these lines, as a service reads it.
pub(crate) fn read(bootstrap: &str, lines: &str) -> config::Kafka {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, format!("[kafka]\nbootstrap = \"{bootstrap}\"\n{lines}\n")).unwrap();
    config::read::<File>(&path).unwrap().kafka
}

fn tls(ca: &Path) -> String {
    format!("tls = {{ ca = {ca:?} }}")
}

/// A user's lines; its password lies in a file that outlives the test.
fn user(ca: &Path, mechanism: &str, password: &str) -> String {
    let file = ca.parent().unwrap().join(format!("password-of-{mechanism}-{}", password.len()));
    std::fs::write(&file, format!("{password}\n")).unwrap();
    let user = ports().user;
    let sasl = format!("sasl = {{ mechanism = \"{mechanism}\", user = \"{user}\", password = {{ file = {file:?} }} }}");
    format!("{}\n{sasl}", tls(ca))
}

fn showing_a_certificate() -> String {
    let own = AUTHORITY.issue(&["connector"]).unwrap();
    let (ca, certificate, key) = (AUTHORITY.ca(), own.certificate, own.key);
    format!("tls = {{ ca = {ca:?}, certificate = {certificate:?}, key = {key:?} }}")
}

fn producer(kafka: &config::Kafka) -> (Producer, Health) {
    let health = Health::new(&[broker::COMPONENT]);
    let settings = Settings { delivery_wait_max: Period::seconds(8), ..Settings::default() };
    (Producer::start(kafka, settings, health.clone()).unwrap(), health)
}

#[tokio::test(flavor = "multi_thread")]
async fn users_and_certificates_are_let_in_write_and_read() {
    create_topic_with(KAFKA.bootstrap(), "encrypted", 1, &[]);
    let ca = AUTHORITY.ca();
    let mut clients: Vec<config::Kafka> = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
        .map(|mechanism| read(&ports().users, &user(&ca, mechanism, ports().password)))
        .into();
    clients.push(read(&ports().certificates, &showing_a_certificate()));
    for (n, client) in clients.iter().enumerate() {
        config::Check::check(client).expect("the settings can be used");
        let (producer, health) = producer(client);
        let record = Record { topic: "encrypted", partition: 0, key: None, payload: b"god morgon", headers: &[] };
        producer.send(record).await.unwrap_or_else(|error| panic!("client {n}: {error} {:?}", health.report()));
        let read = client.clone();
        let count = tokio::task::spawn_blocking(move || {
            let starts = [Start::at_beginning("encrypted")];
            let health = Health::new(&[broker::COMPONENT]);
            let mut tail = Tail::assign(&read, tail::Settings::default(), &starts, health, Shutdown::manual())
                .expect("it is read");
            let mut count = 0;
            wait_for("the records", || {
                count += tail.poll_batch(10, Duration::from_millis(100)).expect("no error").len();
                (count > n).then_some(())
            });
            count
        });
        assert_eq!(count.await.unwrap(), n + 1);
    }
}

/// Nothing ends: what is wrong is mended at the brokers or by an operator, and is told where readiness is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_waits_and_says_why() {
    let others = Authority::new().unwrap();
    let ca = AUTHORITY.ca();
    let check = async |client: config::Kafka, expected: &str| {
        let (producer, health) = producer(&client);
        let since = Instant::now();
        while !health.report()[0].2.contains(expected) {
            assert!(since.elapsed() < PATIENCE, "never said: {expected}; {:?}", health.report());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(!health.is_ready());
        let record = Record { topic: "encrypted", partition: 0, key: None, payload: b"x", headers: &[] };
        assert_eq!(producer.send(record).await, Err(Error::TimedOut), "{expected}");
        assert!(health.report()[0].2.contains(expected), "it stays told: {:?}", health.report());
        let shutdown = Shutdown::manual();
        let (stop, client) = (shutdown.clone(), client.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let starts = [Start::at_beginning("encrypted")];
            let health = Health::new(&[broker::COMPONENT]);
            Tail::assign(&client, tail::Settings::default(), &starts, health, shutdown).map(drop)
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!reading.is_finished(), "a reader waits, too");
        stop.request();
        let ended = reading.await.unwrap();
        assert!(matches!(ended, Err(tail::Error::Kafka(broker::Error::Stopped))), "{ended:?}");
    };
    let users = &ports().users;
    let good = user(&ca, "SCRAM-SHA-512", ports().password);
    check(read(users, &user(&others.ca(), "SCRAM-SHA-512", ports().password)), "no authority in the file `ca`").await;
    check(read(&users.replace("127.0.0.1", "localhost"), &good), "and not for localhost").await;
    check(read(&ports().expired, &tls(&ca)), "its certificate has expired").await;
    check(read(&ports().certificates, &tls(&ca)), "demands a client certificate").await;
    check(read(users, &user(&ca, "SCRAM-SHA-512", "fel")), "does not let user vardstrom in").await;
    check(read(KAFKA.bootstrap(), &tls(&ca)), "does not speak TLS on this port").await;
}
