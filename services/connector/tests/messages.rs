//! What a sender sees, and what is recorded of it.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::stack::{Connector, Sender, Setup, code, framed, message, message_with};

#[test]
fn a_message_is_recorded_as_it_came_and_then_acknowledged() {
    let setup = Setup::mllp("01");
    let mut connector = setup.start();
    let mut sender = connector.connect();
    for (id, person, more, expected) in
        [("1", 1, "", "AA 1"), ("2", 2, "|||AL|NE", "CA 2"), ("3", 1, "|||NE|AL", "AA 3"), ("4", 3, "", "AA 4")]
    {
        assert_eq!(sender.exchange(&message_with(id, person, more)), expected);
    }
    // Asks for an answer only to failures: the next answer is the next message's.
    sender.send(&message_with("5", 1, "|||ER|NE"));
    assert_eq!(sender.exchange(&message("6", 1)), "AA 6");

    let records = setup.records("adt", 6);
    assert_eq!(records.len(), 6);
    assert!(records.iter().all(|record| !record.has_key && record.recorded_at.is_none()));
    let of = |id: &str| records.iter().find(|record| record.message_id == id).expect("recorded");
    assert_eq!(of("1").payload, message("1", 1).trim_ascii_end());
    assert!(
        of("1").position.starts_with(&format!("mllp {} ", connector.mllp().port())) && of("1").position.ends_with("/1")
    );
    // One person's messages are in one partition, in order.
    let of_one: Vec<_> = records.iter().filter(|record| record.partition == of("1").partition).collect();
    let order: Vec<_> =
        ["1", "3", "5", "6"].map(|id| of_one.iter().position(|r| r.message_id == id).expect("there")).to_vec();
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(connector.metric("vardstrom_connector_mllp_answers_total{answer=\"AA\"}"), 4.0);
    assert_eq!(connector.metric("vardstrom_connector_mllp_answers_total{answer=\"CA\"}"), 1.0);
    assert_eq!(connector.metric("vardstrom_connector_mllp_answers_total{answer=\"none\"}"), 1.0);
    drop(sender);
    assert_eq!(connector.stop(), 0, "{}", connector.log());
}

#[test]
fn split_and_merged_writes_are_the_same_messages() {
    let setup = Setup::mllp("03");
    let connector = setup.start();
    let mut sender = connector.connect();
    for byte in framed(&message("slow", 1)) {
        sender.stream.write_all(&[byte]).expect("read");
    }
    assert_eq!(code(&sender.answer()), "AA slow");
    let many: Vec<u8> = (0..500).flat_map(|id| framed(&message(&id.to_string(), id % 7))).collect();
    for part in many.chunks(10_007) {
        sender.stream.write_all(part).expect("read");
    }
    for id in 0..500 {
        assert_eq!(code(&sender.answer()), format!("AA {id}"));
    }
    // Without its end block, ended by the next start; and LF instead of CR after the end block.
    sender.stream.write_all(&framed(&message("a", 1))[..message("a", 1).len() + 1]).expect("read");
    sender.stream.write_all(b"\x0B").expect("read");
    sender.stream.write_all(&message("b", 1)).expect("read");
    sender.stream.write_all(b"\x1C\n").expect("read");
    assert_eq!((code(&sender.answer()), code(&sender.answer())), ("AA a".to_owned(), "AA b".to_owned()));
    // Bytes between frames are passed over.
    sender.stream.write_all(b"between\r\n").expect("read");
    assert_eq!(sender.exchange(&message("c", 1)), "AA c");
    assert_eq!(connector.metric("vardstrom_connector_mllp_junk_bytes_total"), 7.0);
    assert_eq!(setup.records("adt", 504).len(), 504);
}

#[test]
fn letters_of_another_character_set_stay_the_bytes_they_are() {
    let setup = Setup::mllp("04");
    let connector = setup.start();
    let mut sender = connector.connect();
    let mut latin1 = message_with("l\u{f6}", 1, "||||||8859/1");
    latin1 = String::from_utf8(latin1)
        .expect("text")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).expect("Latin-1"))
        .collect();
    sender.send(&latin1);
    let answer = sender.answer();
    assert!(answer.contains("MSA|AA|l\u{fffd}"), "the id comes back in the sender's own bytes: {answer:?}");
    let undeclared: Vec<u8> = message("x", 2).iter().copied().chain(*b"NTE|1||\xE5\xE4\xF6\r").collect();
    assert_eq!(sender.exchange(&undeclared), "AA x");
    let records = setup.records("adt", 2);
    let payload = |id: &str| records.iter().find(|r| r.message_id == id).expect("recorded").payload.clone();
    assert_eq!(payload("l\u{f6}"), latin1.trim_ascii_end());
    assert_eq!(payload("x"), undeclared.trim_ascii_end());
}

#[test]
fn what_cannot_be_read_is_recorded_and_answered() {
    let setup = Setup::mllp("05");
    let connector = setup.start();
    let mut sender = connector.connect();
    assert_eq!(sender.exchange(b"no message at all"), "AA");
    assert_eq!(sender.exchange(b""), "AA");
    assert_eq!(sender.exchange(b"PID|1||lost\r"), "AA");
    assert_eq!(sender.exchange(b"\xFF\xFE\x00M\x00S\x00H"), "AA");
    assert_eq!(sender.exchange(&message("1", 1)), "AA 1");
    let records = setup.records("adt", 5);
    assert!(records.iter().any(|record| record.payload == b"no message at all" && record.message_id.is_empty()));
    assert_eq!(connector.metric("vardstrom_connector_oddities_total{kind=\"unreadable\"}"), 4.0);
    drop(connector);

    let setup = setup.and("unreadable = \"reject\"");
    let connector = setup.start();
    assert_eq!(connector.connect().exchange(b"still no message"), "AR");
    setup.records("adt", 6);
}

#[test]
fn an_oversized_message_is_rejected_and_its_coordinates_recorded() {
    let setup = Setup::mllp("06").limits("message = \"8 KiB\"");
    let connector = setup.start();
    let mut sender = connector.connect();
    let mut long = message("long", 1);
    long.extend_from_slice(b"OBX|1||");
    long.extend(std::iter::repeat_n(b'x', 3_000_000));
    long.push(b'\r');
    assert_eq!(sender.exchange(&long), "AR long");
    assert_eq!(sender.exchange(&message("short", 1)), "AA short");
    let records = setup.records("adt", 2);
    let left_out = records.iter().find(|record| record.message_id == "long").expect("recorded");
    let text = String::from_utf8(left_out.payload.clone()).expect("text");
    assert_eq!(text, format!("vardstrom: a message of {} bytes was left out, the limit is 8192 bytes", long.len()));
    assert_eq!(connector.metric("vardstrom_connector_oddities_total{kind=\"oversized\"}"), 1.0);
}

#[test]
fn a_batch_is_answered_by_a_batch() {
    let setup = Setup::mllp("07");
    let batch = |first: &str, second: &str| {
        let (first, second) = (message(first, 1), message(second, 2));
        [b"FHS|^~\\&|SIM\rBHS|^~\\&|SIM|H|VS|R|20260105||||B7\r", first.as_slice(), &second, b"BTS|2\rFTS|1\r"].concat()
    };
    let connector = setup.start();
    let mut sender = connector.connect();
    sender.send(&batch("1", "2"));
    let answer = sender.answer();
    let lines: Vec<&str> = answer.split('\r').collect();
    assert!(lines[0].starts_with("BHS|^~\\&|VS|R|SIM|H|") || lines[0].starts_with("BHS|"), "{answer}");
    let codes: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("MSA|")).collect();
    assert_eq!((codes, lines.contains(&"BTS|2")), (vec!["AA|1", "AA|2"], true), "{answer}");
    // Two messages in one frame without envelope are two messages.
    sender.send(&[message("3", 1), message("4", 2)].concat());
    assert_eq!((code(&sender.answer()), code(&sender.answer())), ("AA 3".to_owned(), "AA 4".to_owned()));
    assert_eq!(setup.records("adt", 4).len(), 4);
    drop(connector);

    let setup = setup.and("batch = \"each\"");
    let connector = setup.start();
    let mut sender = connector.connect();
    sender.send(&batch("5", "6"));
    assert_eq!((code(&sender.answer()), code(&sender.answer())), ("AA 5".to_owned(), "AA 6".to_owned()));
}

#[test]
fn a_silent_connection_is_closed() {
    let setup = Setup::mllp("08").limits("idle = \"3s\"");
    let connector = setup.start();
    let mut sender = connector.connect();
    assert_eq!(sender.exchange(&message("1", 1)), "AA 1");
    sender.stream.write_all(b"\x0BMSH|begun and never ended").expect("read");
    assert!(sender.is_closed());
    assert_eq!(connector.metric("vardstrom_connector_mllp_connections_turned_total{reason=\"idle\"}"), 1.0);
    assert_eq!(connector.metric("vardstrom_connector_oddities_total{kind=\"cut-short\"}"), 1.0);
    assert_eq!(setup.records("adt", 1).len(), 1, "what was cut short is neither answered nor recorded");
}

#[test]
fn connections_are_many_but_bounded() {
    let setup = Setup::mllp("09").limits("connections = 200");
    let mut connector = setup.start();
    let address = connector.mllp();
    let mut senders: Vec<_> = (0..200).map(|_| Sender::to(address)).collect();
    connector.wait("200 connections", |connector| connector.metric("vardstrom_connector_mllp_connections") == 200.0);
    assert!(Sender::to(address).is_closed(), "one too many");
    let threads: Vec<_> = (0..4)
        .map(|_| senders.split_off(senders.len() - 50))
        .map(|senders| {
            thread::spawn(move || {
                for mut sender in senders {
                    for id in 0..10 {
                        assert_eq!(sender.exchange(&message(&id.to_string(), id)), format!("AA {id}"));
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("every connection is served");
    }
    connector
        .wait("the connections to end", |connector| connector.metric("vardstrom_connector_mllp_connections") == 0.0);
    assert_eq!(setup.records("adt", 2000).len(), 2000);
}

/// Sends from four connections until the connector is gone; gives the ids that were acknowledged.
fn acknowledged_until(setup: &Setup, end: impl FnOnce(&mut Connector)) -> (Vec<String>, Connector) {
    let mut connector = setup.start();
    let address = connector.mllp();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.store(0, Ordering::Relaxed);
    let threads: Vec<_> = (0..4)
        .map(|connection| {
            thread::spawn(move || {
                let mut sender = Sender::to(address);
                let mut stream = sender.stream.try_clone().expect("cloned");
                let writing = thread::spawn(move || {
                    // Sends ahead, so that messages are at every stage when the end comes.
                    (0..1_000_000)
                        .all(|id| stream.write_all(&framed(&message(&format!("{connection}-{id}"), id))).is_ok())
                });
                let mut acknowledged = Vec::new();
                while let Some(answer) = sender.try_answer() {
                    acknowledged.push(code(&answer).strip_prefix("AA ").expect("AA").to_owned());
                    COUNT.fetch_add(1, Ordering::Relaxed);
                }
                assert!(!writing.join().expect("written"), "the end came before the messages did");
                acknowledged
            })
        })
        .collect();
    connector.wait("the first thousand answers", |_| COUNT.load(Ordering::Relaxed) > 1000);
    end(&mut connector);
    (threads.into_iter().flat_map(|thread| thread.join().expect("sent")).collect(), connector)
}

#[test]
fn what_was_acknowledged_before_a_kill_or_a_stop_is_recorded() {
    let setup = Setup::mllp("25");
    let (before, _) = acknowledged_until(&setup, Connector::kill);
    let recorded = setup.records("adt", before.len());
    let ids: std::collections::HashSet<_> = recorded.iter().map(|record| &record.message_id).collect();
    assert!(before.iter().all(|id| ids.contains(id)), "acknowledged and not recorded");

    let known = recorded.len();
    let (after, connector) = acknowledged_until(&setup, |connector| assert_eq!(connector.stop(), 0));
    let recorded = setup.records("adt", known + after.len());
    // A stop answers what it has taken: nothing is recorded without an answer.
    assert_eq!(recorded.len() - known, after.len(), "{}", connector.log());
}
