//! Ten thousand malformed frames: no crash, every one accounted for, no value in a log.

use std::io::Write;
use std::thread;

use super::stack::{Sender, Setup, framed, message};

const FRAMES: u64 = 10_000;
const CONNECTIONS: u64 = 10;
/// A person in every frame, whose number must not be seen in a log.
const PERSON: u64 = 77;

/// SplitMix64: a seed that is printed replays a failure.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("small")
    }
}

fn malformed(random: &mut Random, id: u64) -> Vec<u8> {
    let mut bytes = message(&format!("F{id}"), PERSON);
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(..at)),
            2 if !bytes.is_empty() => bytes[at] = random.next() as u8,
            3 => bytes.insert(at, b"|^~\\&\r\n\0\""[random.below(9)]),
            4 => drop(bytes.splice(at..at, (0..random.below(2000)).map(|_| b'|'))),
            5 => {
                let part = bytes[at..].to_vec();
                bytes.extend_from_slice(&part);
            }
            6 => drop(bytes.splice(at..at, *b"\rMSH|")),
            _ => drop(bytes.splice(at..at, *b"\rBHS|^~\\&|\r")),
        }
    }
    if id.is_multiple_of(4) {
        // Frames within frames, ends without starts.
        let framing: [&[u8]; 4] = [b"\x0B", b"\x1C", b"\x1C\r\x0B", b"\x0B\x0B\x1C\x1C"];
        let at = random.below(bytes.len());
        drop(bytes.splice(at..at, framing[random.below(4)].iter().copied()));
    } else {
        bytes.retain(|byte| !matches!(byte, 0x0B | 0x1C));
    }
    bytes.truncate(20_000);
    bytes
}

#[test]
fn malformed_frames_are_all_accounted_for() {
    let seed = std::env::var("FUZZ_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| u64::from(std::process::id()));
    println!("FUZZ_SEED={seed}");
    let setup = Setup::mllp("20");
    let mut connector = setup.start();
    let address = connector.mllp();
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|connection| {
            thread::spawn(move || {
                let mut random = Random(seed.wrapping_add(connection << 32));
                let mut sender = Sender::to(address);
                let mut stream = sender.stream.try_clone().expect("cloned");
                let writing = thread::spawn(move || {
                    for id in 0..FRAMES / CONNECTIONS {
                        stream.write_all(&framed(&malformed(&mut random, id))).expect("read");
                    }
                    stream.write_all(&framed(&message("last", 1))).expect("read");
                });
                while !sender.answer().contains("MSA|AA|last\r") {}
                writing.join().expect("all was read");
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("every connection lives to its last message");
    }
    let answers = |connector: &super::stack::Connector| -> f64 {
        ["AA", "AE", "AR", "CA", "CE", "CR", "none"]
            .map(|answer| connector.metric(&format!("vardstrom_connector_mllp_answers_total{{answer=\"{answer}\"}}")))
            .iter()
            .sum()
    };
    let received = connector.metric("vardstrom_connector_records_received_total{source=\"mllp\"}");
    // What is cut by the next start inside a segment is answered AE and not recorded.
    let cut_short = connector.metric("vardstrom_connector_oddities_total{kind=\"cut-short\"}");
    connector.wait("the last answers to be counted", |connector| answers(connector) >= received + cut_short);
    assert_eq!(answers(&connector), received + cut_short, "every message has one answer");
    // A batch envelope without messages is a frame without message; everything else is at least one.
    assert!(received >= (FRAMES / 2) as f64, "{received}");
    let records = setup.records("adt", received as usize);
    assert_eq!(records.len() as f64, received, "every message has one record");
    let (number, log) = (identity::test_identity::number(PERSON), connector.log());
    for value in [number.as_str(), number.ten_digits(), "Testsson"] {
        assert!(!log.contains(value), "a value of a message is in the log");
    }
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(connector.stop(), 0);
}
