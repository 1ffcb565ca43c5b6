//! What a sender sees, and what is recorded of it.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::stack::{Connector, Recorded, Sender, Setup, code, framed, message, message_with};

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
    // Asks for both acknowledgements, and gets both before the next message's.
    sender.send(&message_with("both", 4, "|||AL|AL"));
    assert_eq!((code(&sender.answer()), code(&sender.answer())), ("CA both".to_owned(), "AA both".to_owned()));
    // An answer to an answer of ours is not answered: it would be for ever.
    sender.send(b"MSH|^~\\&|SIM|HOSPITAL|VS|REGION|20260105004015||ACK^A01^ACK|reply|P|2.5\rMSA|AR|x\r");
    // Asks for an answer only to failures: the next answer is the next message's.
    sender.send(&message_with("5", 1, "|||ER|NE"));
    assert_eq!(sender.exchange(&message("6", 1)), "AA 6");

    let records = setup.records("adt", 8);
    assert_eq!(records.len(), 8);
    assert!(records.iter().all(|record| !record.has_key && record.recorded_at.is_none()));
    let of = |id: &str| records.iter().find(|record| record.message_id == id).expect("recorded");
    assert_eq!(of("1").payload, message("1", 1), "its ends included");
    assert!(
        of("1").position.starts_with(&format!("mllp {} ", connector.mllp().port())) && of("1").position.ends_with("/1")
    );
    // One person's messages are in one partition, in order.
    let of_one: Vec<_> = records.iter().filter(|record| record.partition == of("1").partition).collect();
    let order: Vec<_> =
        ["1", "3", "5", "6"].map(|id| of_one.iter().position(|r| r.message_id == id).expect("there")).to_vec();
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(connector.metric("vardstrom_connector_mllp_answers_total{answer=\"AA\"}"), 5.0);
    assert_eq!(connector.metric("vardstrom_connector_mllp_answers_total{answer=\"CA\"}"), 2.0);
    assert_eq!(connector.metric("vardstrom_connector_mllp_answers_total{answer=\"none\"}"), 2.0);
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
    assert_eq!(payload("l\u{f6}"), latin1);
    assert_eq!(payload("x"), undeclared);
}

#[test]
fn what_cannot_be_read_is_recorded_and_answered() {
    let setup = Setup::mllp("05");
    let connector = setup.start();
    let mut sender = connector.connect();
    assert_eq!(sender.exchange(b"no message at all"), "AR");
    assert_eq!(sender.exchange(b""), "AR");
    assert_eq!(sender.exchange(b"PID|1||lost\r"), "AR");
    assert_eq!(sender.exchange(b"\xFF\xFE\x00M\x00S\x00H"), "AR");
    assert_eq!(sender.exchange(&message("1", 1)), "AA 1");
    let records = setup.records("adt", 5);
    assert!(records.iter().any(|record| record.payload == b"no message at all" && record.message_id.is_empty()));
    assert_eq!(connector.metric("vardstrom_connector_oddities_total{kind=\"unreadable\"}"), 4.0);
    drop(connector);

    let setup = setup.and("unreadable = \"accept\"");
    let connector = setup.start();
    assert_eq!(connector.connect().exchange(b"still no message"), "AA");
    setup.records("adt", 6);
}

#[test]
fn an_oversized_message_keeps_its_place_or_is_rejected() {
    let setup = Setup::mllp("06").limits("message = \"8 KiB\"");
    let connector = setup.start();
    let mut sender = connector.connect();
    let with_document = |id: &str, before: &str, document: &str, after: &str| {
        let segments = format!("{before}{document}{}{after}", "x".repeat(3_000_000));
        [message(id, 1), segments.into_bytes(), b"\rZBE|1\r".to_vec()].concat()
    };
    let documented = with_document("documented", "", "OBX|1|ED|", "");
    assert_eq!(sender.exchange(&documented), "AA documented");
    let texts = [message("texts", 1), "NTE|1||text\r".repeat(10_000).into_bytes()].concat();
    assert_eq!(sender.exchange(&texts), "AA texts");
    let long = with_document("long", "", "DG1|1|", "");
    assert_eq!(sender.exchange(&long), "AR long");
    assert_eq!(sender.exchange(&message("short", 1)), "AA short");
    let records = setup.records("adt", 4);
    let payload = |id: &str| {
        let record = records.iter().find(|record| record.message_id == id).expect("recorded");
        String::from_utf8(record.payload.clone()).expect("text")
    };
    let kept = |id: &str, after: &str, left_out: usize| {
        let message = String::from_utf8(message(id, 1)).expect("text");
        format!("{message}{after}NTE|||vardstrom: shortened, {left_out} bytes of documents were left out\r")
    };
    assert_eq!(payload("documented"), kept("documented", "ZBE|1\r", 3_000_010));
    assert_eq!(payload("texts"), kept("texts", "", 120_000));
    let text = format!("vardstrom: a message of {} bytes was left out, the limit is 8192 bytes", long.len());
    assert_eq!(payload("long"), text);
    let partition = |id: &str| records.iter().find(|record| record.message_id == id).map(|record| record.partition);
    assert_eq!(partition("documented"), partition("short"), "its patient is known");
    assert_eq!(connector.metric("vardstrom_connector_oddities_total{kind=\"oversized\"}"), 1.0);
    assert_eq!(connector.metric("vardstrom_connector_oddities_total{kind=\"shortened\"}"), 2.0);
}

/// What a test recorded, where the FHIR tests send one message of their own, `1`, to the same region.
fn recorded(setup: &Setup, count: usize) -> Vec<Recorded> {
    setup.records("adt", count).into_iter().filter(|record| record.message_id != "1").collect()
}

#[test]
fn bytes_of_the_framing_in_a_field_cut_nothing() {
    let setup = Setup::mllp("21");
    let connector = setup.start();
    let mut sender = connector.connect();
    let mut sent = Vec::new();
    for inside in ["\u{b}", "\u{1c}", "\n", "\n\n", "\0", "\u{1c}\u{b}", "\u{b}MSHK", "\u{1c}\n"] {
        let id = format!("f{}", sent.len());
        let text = String::from_utf8(message(&id, 1)).expect("text");
        let text = format!("{text}NTE|1||Doe{inside}K|x\rNTE|2||{inside}x\r");
        assert_eq!(sender.exchange(text.as_bytes()), format!("AA {id}"), "{inside:?}");
        sent.push(text.into_bytes());
    }
    // However slowly it comes.
    let text = [message("slow", 1), b"NTE|1||Doe\x1CK\x0BL\r".to_vec()].concat();
    for byte in framed(&text) {
        sender.stream.write_all(&[byte]).expect("read");
    }
    assert_eq!(code(&sender.answer()), "AA slow");
    sent.push(text);
    let records = recorded(&setup, sent.len());
    assert_eq!(records.len(), sent.len());
    for payload in sent {
        assert!(records.iter().any(|record| record.payload == payload));
    }
    assert_eq!(connector.metric("vardstrom_connector_mllp_junk_bytes_total"), 0.0);
}

#[test]
fn a_sender_that_writes_nothing_behind_its_end_byte_is_answered() {
    let setup = Setup::mllp("22");
    let connector = setup.start();
    let mut sender = connector.connect();
    for (id, end) in [("e1", "\u{1c}"), ("e2", "\u{1c}\n"), ("e3", "NTE|1||no line end\u{1c}"), ("e4", "\u{1c}\u{1c}")]
    {
        sender.stream.write_all(&[b"\x0B", message(id, 1).as_slice(), end.as_bytes()].concat()).expect("read");
        assert_eq!(code(&sender.answer()), format!("AA {id}"));
    }
    sender.stream.write_all(&[b"\x0B", message("e5", 1).as_slice(), b"\x1C"].concat()).expect("read");
    sender.stream.shutdown(std::net::Shutdown::Write).expect("half closed");
    assert_eq!(code(&sender.answer()), "AA e5");
    assert_eq!(recorded(&setup, 5).len(), 5);
}

#[test]
fn what_the_processor_would_park_is_not_accepted() {
    let setup = Setup::mllp("23");
    let connector = setup.start();
    let mut sender = connector.connect();
    let beds = [message("beds", 1), "NPU|A^1^1|U\r".repeat(1_001).into_bytes()].concat();
    sender.send(&beds);
    let answer = sender.answer();
    assert!(answer.contains("MSA|AR|beds|segments-too-many") && answer.contains("ERR|"), "{answer}");
    let unusable = String::from_utf8(message("x", 1)).expect("text").replace("MSH|^~\\&|", "MSH|abc|");
    sender.send(unusable.as_bytes());
    let answer = sender.answer();
    assert!(answer.contains("MSA|AR||separators-unusable"), "{answer}");
    // Cut inside a segment by the next start: half a code is another ward.
    let cut = message("cut", 1);
    sender.stream.write_all(&[b"\x0B", &cut[..cut.len() - 3], &framed(&message("next", 1))].concat()).expect("read");
    assert_eq!((code(&sender.answer()), code(&sender.answer())), ("AE cut".to_owned(), "AA next".to_owned()));
    let records = recorded(&setup, 3);
    assert_eq!(records.len(), 3, "what is cut short is not recorded, what cannot be read is");
    assert_eq!(connector.metric("vardstrom_connector_oddities_total{kind=\"cut-short\"}"), 1.0);
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
    // BHS-12 is the sender's BHS-11.
    assert!(lines[0].starts_with("BHS|^~\\&|VS|R|SIM|H|") && lines[0].ends_with("|B7"), "{answer}");
    assert_eq!(lines[0].split('|').nth(11), Some("B7"), "{answer}");
    let codes: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("MSA|")).collect();
    assert_eq!((codes, lines.contains(&"BTS|2")), (vec!["AA|1", "AA|2"], true), "{answer}");
    // Two messages in one frame without envelope are two messages.
    sender.send(&[message("3", 1), message("4", 2)].concat());
    assert_eq!((code(&sender.answer()), code(&sender.answer())), ("AA 3".to_owned(), "AA 4".to_owned()));
    // Two batches of a file are answered in one frame.
    sender.send(
        &[
            b"FHS|^~\\&|SIM\rBHS|^~\\&|SIM|H|VS|R|20260105||||B8\r",
            message("8", 1).as_slice(),
            b"BTS|1\rBHS|^~\\&|SIM|H|VS|R|20260105||||B9\r",
            &message("9", 1),
            b"no message\rBTS|1\rFTS|2\r",
        ]
        .concat(),
    );
    let answer = sender.answer();
    let batches: Vec<_> =
        answer.split('\r').filter(|line| line.starts_with("BHS|")).filter_map(|line| line.split('|').nth(11)).collect();
    assert_eq!((batches, answer.matches("MSA|AA|").count()), (vec!["B8", "B9"], 2), "{answer}");
    assert_eq!(setup.records("adt", 6).len(), 6);
    drop(connector);

    let setup = setup.and("batch = \"each\"");
    let connector = setup.start();
    let mut sender = connector.connect();
    sender.send(&batch("5", "6"));
    assert_eq!((code(&sender.answer()), code(&sender.answer())), ("AA 5".to_owned(), "AA 6".to_owned()));
}

#[test]
fn a_message_that_is_begun_has_to_end() {
    let setup = Setup::mllp("08").limits("unfinished = \"3s\"");
    let connector = setup.start();
    let mut sender = connector.connect();
    assert_eq!(sender.exchange(&message("1", 1)), "AA 1");
    sender.stream.write_all(b"\x0BMSH|begun and never ended").expect("read");
    assert!(sender.is_closed());
    assert_eq!(connector.metric("vardstrom_connector_mllp_connections_turned_total{reason=\"unfinished\"}"), 1.0);
    assert_eq!(connector.metric("vardstrom_connector_oddities_total{kind=\"cut-short\"}"), 1.0);
    assert_eq!(setup.records("adt", 1).len(), 1, "what was cut short is neither answered nor recorded");
}

#[test]
fn connections_are_many_but_bounded() {
    let setup = Setup::mllp("09").limits("connections = 200\nconnections_per_address = 200");
    let mut connector = setup.start();
    let address = connector.mllp();
    let mut senders: Vec<_> = (0..200).map(|_| Sender::to(address)).collect();
    connector.wait("200 connections", |connector| connector.metric("vardstrom_connector_mllp_connections") == 200.0);
    // One more has the place of who has waited longest and delivered nothing.
    let one_more = Sender::to(address);
    assert!(senders.remove(0).is_closed());
    assert_eq!(connector.metric("vardstrom_connector_mllp_connections_turned_total{reason=\"replaced\"}"), 1.0);
    senders.push(one_more);
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
