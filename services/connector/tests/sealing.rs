//! Source records that are sealed before they reach Kafka.

use std::process::Output;

use sealing::{Keys, Opener};

use super::stack::{KAFKA, Sender, Setup, message, records};

const VARIABLE: &str = "VARDSTROM_SEALING_KEY";
const KEY: &str = "4f1c0e6f3a9d44c7b0f2a1958e7d3c2410fe5a6b7c8d9e0f1a2b3c4d5e6f7081";
/// A feed that no other test of these regions sends to.
const FEED: &str = "ward-capacity";
const LISTENER: &str = "[[region.mllp]]\nlisten = \"127.0.0.1:0\"\nfeed = \"ward-capacity\"\n";
/// A token that nobody has.
const AWAY: &str = "sealing = { keys = [{ id = \"s1\", token = { module = \"/nowhere/module.so\", name = \"region\", label = \"s1\", pin = { env = \"VARDSTROM_SEALING_KEY\" } } }] }\n";

fn sealed(region: &'static str, more: &str) -> Setup {
    let line = format!("sealing = {{ keys = [{{ id = \"s1\", key = {{ env = \"{VARIABLE}\" }} }}]{more} }}\n");
    let mut setup = Setup::mllp(region).sources(&format!("{line}{LISTENER}"));
    setup.secret = Some((VARIABLE, KEY.to_owned()));
    setup
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[test]
fn a_record_is_sealed_in_kafka_and_opens_as_it_came() {
    let setup = sealed("12", "");
    let mut connector = setup.start();
    let mut sender = connector.connect();
    for id in ["4711-1", "4711-2", "4711-3"] {
        assert_eq!(sender.exchange(&message(id, 1)), format!("AA {id}"));
    }
    let keys = Keys::one("12", "s1", KEY).expect("a key");
    let found = records(KAFKA.bootstrap(), "12", FEED, 3, &mut Opener::new(keys, true));
    let number = identity::test_identity::number(1);
    for record in &found {
        assert_eq!(record.payload, message(&record.message_id, 1));
        assert!(record.position.starts_with(&format!("mllp {} ", connector.mllp().port())));
        for text in [number.as_str(), &record.message_id, "mllp ", "MSH|"] {
            assert!(contains(&record.payload, text.as_bytes()) || text == "mllp ", "the search finds {text}");
            assert!(!contains(&record.raw, text.as_bytes()), "{text} is readable in Kafka");
        }
    }
    assert!(!connector.log().contains("travel readable"), "{}", connector.log());
    drop(sender);
    assert_eq!(connector.stop(), 0, "{}", connector.log());
}

#[test]
fn while_the_key_is_away_nothing_is_written_and_nothing_acknowledged() {
    // Another region of the same connector has no key, and goes on.
    let _topics = Setup::mllp("14");
    let other = format!("[[region]]\ncode = \"14\"\nsource_system = \"SE2321000131-TEST\"\n{LISTENER}");
    let mut setup = Setup::mllp("13").sources(&format!("{AWAY}{LISTENER}{other}"));
    setup.secret = Some((VARIABLE, "471100".to_owned()));
    let mut connector = setup.start();
    connector.wait("both ports", |connector| connector.mllp_ports().len() == 2);
    let mut sender = connector.connect();
    assert_eq!(sender.exchange(&message("1", 1)), "AE 1");
    connector.wait_log("seal-key-away: the sealing key s1 is in a token that does not answer");
    assert_eq!(sender.exchange(&message("2", 1)), "AE 2");
    assert_eq!(connector.log().matches("seal-key-away").count(), 1, "said once: {}", connector.log());
    connector.wait("it to be unready", |connector| connector.get("/readyz").contains("seal-key-away"));
    let mut going = Sender::to(connector.mllp_ports()[1]);
    assert_eq!(going.exchange(&message("3", 1)), "AA 3");
    let ready = connector.get("/readyz");
    let waits = "region.13.source.ward-capacity: seal-key-away";
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains(waits), "a feed that goes on hides none: {ready}");
    assert_eq!(sender.exchange(&message("2", 1)), "AE 2");
    assert_eq!(connector.log().matches("seal-key-away").count(), 1, "still said once: {}", connector.log());
    assert_eq!(setup.records(FEED, 0).len(), 0, "nothing is in Kafka, sealed or not");
}

#[test]
fn without_a_key_records_travel_readable_and_that_is_said_once() {
    let setup = Setup::mllp("14");
    let connector = setup.start();
    connector.wait_log("source payloads travel readable: [region.sealing] is not there for 14");
    assert_eq!(connector.log().matches("travel readable").count(), 1);
}

#[test]
fn check_says_whether_the_key_opens() {
    let check = |setup: &Setup| -> (Option<i32>, String) {
        let mut command = setup.command("check");
        let Output { status, stdout, stderr } = command.arg("--config").arg(setup.config()).output().expect("it runs");
        (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
    };
    let (code, said) = check(&sealed("12", ""));
    assert!(code == Some(0) && said.contains("sealing key s1 (fingerprint "), "{said}");
    assert!(said.contains("): seals and opens\n") && !said.contains(&KEY[..8]), "{said}");
    let (code, said) = check(&Setup::mllp("12"));
    assert!(code == Some(0) && said.contains("no [region.sealing]: payloads travel readable"), "{said}");
    let mut away = Setup::mllp("12").sources(&format!("{AWAY}{LISTENER}"));
    away.secret = Some((VARIABLE, "471100".to_owned()));
    let (code, said) = check(&away);
    assert!(code == Some(1) && said.contains("does not open: seal-key-away: "), "{said}");
    let (code, said) = check(&sealed("12", ", required = true"));
    assert!(code == Some(2) && said.contains("region.0.sealing.required: is for the processor"), "{said}");
    let mut without = sealed("12", "");
    without.secret = None;
    let (code, said) = check(&without);
    assert!(code == Some(2) && said.contains("VARDSTROM_SEALING_KEY is not set"), "{said}");
}
