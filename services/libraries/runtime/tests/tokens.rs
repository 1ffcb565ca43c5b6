//! Kafka with tokens: who gets one is let in, who gets none or a bad one waits and says why, and a token is renewed in time.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use local_stack::{Authority, Issuer, Kafka, Manner};
use runtime::broker;
use runtime::config::{self, Check, Period};
use runtime::health::Health;
use runtime::producer::{Producer, Record, Settings};
use runtime::shutdown::Shutdown;
use runtime::tail::{self, Start, Tail};
use tokio::sync::Mutex as Turn;

use super::encrypted::read;
use super::support::{PATIENCE, create_topic_with};

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new().expect("an authority"));
static ISSUER: LazyLock<Issuer> = LazyLock::new(|| {
    let shown = AUTHORITY.issue(&["127.0.0.1"]).expect("a certificate");
    let listener =
        tls::Listener { certificate: shown.certificate, key: shown.key, client_ca: None, client_optional: false };
    Issuer::start(Some(listener.config().expect("usable"))).expect("the issuer starts")
});
static KAFKA: LazyLock<Kafka> = LazyLock::new(|| Kafka::start_trusting(&AUTHORITY, &ISSUER).expect("Kafka starts"));
/// There is one issuer, and each test changes its manners.
static TURN: Turn<()> = Turn::const_new(());

/// A client with this secret, whose endpoint is known by this authority.
fn client(secret: &str, authority: &Authority) -> config::Kafka {
    let ca = AUTHORITY.ca();
    let file = ca.parent().unwrap().join(format!("secret-{}", secret.len()));
    std::fs::write(&file, secret).unwrap();
    let sasl = format!(
        "sasl = {{ mechanism = \"OAUTHBEARER\", token_endpoint = \"{}\", client_id = \"{}\", scope = \"kafka\", \
         client_secret = {{ file = {file:?} }}, tls = {{ ca = {:?} }} }}",
        ISSUER.url(),
        Issuer::CLIENT,
        authority.ca()
    );
    let kafka = read(&KAFKA.encrypted().expect("encrypted ports").tokens, &format!("tls = {{ ca = {ca:?} }}\n{sasl}"));
    kafka.check().expect("the settings can be used");
    kafka
}

fn producer(kafka: &config::Kafka) -> (Producer, Health) {
    let health = Health::new(&[broker::COMPONENT]);
    let settings = Settings { delivery_wait_max: Period::seconds(60), ..Settings::default() };
    (Producer::start(kafka, settings, health.clone()).unwrap(), health)
}

fn record<'r>(topic: &'r str, payload: &'r [u8]) -> Record<'r> {
    Record { topic, partition: 0, key: None, payload, headers: &[] }
}

/// Reads a topic until it is stopped; what was read, in order.
fn reading(kafka: config::Kafka, topic: &'static str, shutdown: Shutdown) -> Arc<Mutex<Vec<String>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&seen);
    std::thread::spawn(move || {
        let health = Health::new(&[broker::COMPONENT]);
        let starts = [Start::at_beginning(topic)];
        let mut tail =
            Tail::assign(&kafka, tail::Settings::default(), &starts, health, shutdown.clone()).expect("read");
        while !shutdown.requested() {
            for record in tail.poll_batch(100, Duration::from_millis(50)).expect("no error") {
                into.lock().unwrap().push(String::from_utf8_lossy(record.payload()).into_owned());
            }
        }
    });
    seen
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_meanwhile_is_renewed_and_nothing_is_lost() {
    const RENEWALS: usize = 4;
    let _turn = TURN.lock().await;
    create_topic_with(KAFKA.bootstrap(), "renewed", 1, &[]);
    // The brokers end a connection with its token.
    ISSUER.behave(|manner| manner.life_s = 5);
    let (kafka, before, shutdown) = (client(Issuer::SECRET, &AUTHORITY), ISSUER.count(), Shutdown::manual());
    let seen = reading(kafka.clone(), "renewed", shutdown.clone());
    let (producer, health) = producer(&kafka);
    let mut sent = Vec::new();
    let since = Instant::now();
    // Each of the two has had its first, and several after it.
    while ISSUER.count() < before + 2 * (1 + RENEWALS) {
        assert!(since.elapsed() < PATIENCE, "{} tokens; {:?}", ISSUER.count(), health.report());
        let text = sent.len().to_string();
        producer.send(record("renewed", text.as_bytes())).await.unwrap_or_else(|error| panic!("{text}: {error}"));
        sent.push(text);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    until("everything is read", || seen.lock().unwrap().len() >= sent.len()).await;
    assert_eq!(*seen.lock().unwrap(), sent);
    assert!(health.is_ready(), "{:?}", health.report());
    shutdown.request();
    ISSUER.behave(|manner| manner.life_s = 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gets_no_token_or_a_bad_one_says_why_and_waits_until_it_is_mended() {
    let _turn = TURN.lock().await;
    create_topic_with(KAFKA.bootstrap(), "waiting", 1, &[]);
    // A reader is told by its own client, a writer by another.
    let says = async |kafka: &config::Kafka, expected: &str| {
        let (producer, health) = producer(kafka);
        until(expected, || health.report()[0].2.contains(expected)).await;
        assert!(!health.is_ready());
        let said = health.report()[0].2.clone();
        assert!(!said.contains(Issuer::SECRET) && !said.contains("names the secret") && !said.contains('\n'), "{said}");
        let (reader, shutdown) = (Health::new(&[broker::COMPONENT]), Shutdown::manual());
        let waiting = std::thread::spawn({
            let (kafka, health, shutdown) = (kafka.clone(), reader.clone(), shutdown.clone());
            move || {
                let starts = [Start::at_beginning("waiting")];
                Tail::assign(&kafka, tail::Settings::default(), &starts, health, shutdown).map(drop)
            }
        });
        until(expected, || reader.report()[0].2.contains(expected)).await;
        shutdown.request();
        let ended = tokio::task::spawn_blocking(|| waiting.join().expect("it ends")).await.expect("it ends");
        assert!(matches!(ended, Err(tail::Error::Kafka(broker::Error::Stopped))), "{ended:?}");
        (producer, health)
    };
    says(&client("fel", &AUTHORITY), "gives client vardstrom no token (invalid_client); check client_id").await;
    let others = Authority::new().expect("an authority");
    says(&client(Issuer::SECRET, &others), "its certificate comes from no authority in the file `ca`").await;

    let good = client(Issuer::SECRET, &AUTHORITY);
    type Spoil = fn(&mut Manner);
    let cases: [(Spoil, &str); 3] = [
        (|manner| manner.failing = Some(503), "answers 503; is this its address?"),
        (|manner| manner.life_s = -60, "gives a token that has expired; set the clocks"),
        // The brokers say no, as long as the token lives.
        (
            |manner| (manner.life_s, manner.audience) = (15, "another".to_owned()),
            "does not let client vardstrom of https",
        ),
    ];
    for (spoil, expected) in cases {
        ISSUER.behave(spoil);
        let (producer, health) = says(&good, expected).await;
        ISSUER.behave(|manner| *manner = Manner { life_s: 300, audience: "kafka".to_owned(), failing: None });
        producer.send(record("waiting", expected.as_bytes())).await.expect("it goes on by itself");
        until("it is ready", || health.is_ready()).await;
    }
}
