//! The privacy line: known identities go in, in every field; none comes out behind the processor, and none lies readable on a
//! broker's disk. A processor that was built to leak is caught by the same search, and so are source records that are not sealed and
//! an identity in any other class of place.

mod planted;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Instant,
};

use identity::test_identity;
use load_tests::{
    canary::{Canaries, Leak},
    check_demo::{self, Run},
    message::Message,
    search::search_everything,
    simulated,
    stack::{Keys, Servers},
};
use topics::Region;

const IDENTITIES: u64 = 1_000;

/// A message with its patient's identity in every place that a record system has ever put one.
fn message(region: Region, index: u64) -> Message {
    let twelve = test_identity::number(index).as_str().to_owned();
    let ten = twelve[2..].to_owned();
    let hyphen = format!("{}-{}", &twelve[..8], &twelve[8..]);
    let short = format!("{}-{}", &ten[..6], &ten[6..]);
    let wide = ten.chars().filter_map(|digit| char::from_u32(u32::from(digit) - 0x30 + 0xff10)).collect::<String>();
    let strange = [
        format!("{} {}", &ten[..6], &ten[6..]),
        format!("{}:{}", &twelve[..8], &twelve[8..]),
        format!("{}\u{2013}{}", &ten[..6], &ten[6..]),
        format!("{}\u{200b}{}", &ten[..6], &ten[6..]),
        wide,
        format!("00{twelve}"),
        format!("V{twelve}"),
        format!("{}-{}-{}-{}", &twelve[..4], &twelve[4..6], &twelve[6..8], &twelve[8..]),
    ];
    // Every other time in a notation that no register has.
    let odd = |choice: u64, plain: &str| match (index % 11 == choice, index / 11 % 2) {
        (true, 0) => plain.to_owned(),
        (true, _) => strange[(index / 22) as usize % strange.len()].clone(),
        (false, _) => format!("X{index}"),
    };
    // Who is admitted lies in a ward of that name, and is counted there in the mornings.
    let (class, ward) = match index % 11 {
        0 => ("I".to_owned(), odd(0, &twelve)),
        _ => (odd(2, &short), odd(3, &twelve)),
    };
    let trigger = ["A01", "A04", "A02", "A03", "A08", "A05", "A28", "A31", "A40", "A13", "A20"][index as usize % 11];
    let written = [&twelve, &hyphen, &ten, &short][index as usize % 4];
    let segments = [
        format!(
            "MSH|^~\\&|{hyphen}|{short}|VS|VS|20260105{:06}||ADT^{trigger}|{}|P|2.5|||AL|NE||UNICODE UTF-8",
            index % 60,
            odd(1, &twelve)
        ),
        format!("EVN|{trigger}|20260105120000|||{twelve}^Åström^Örjan|"),
        format!(
            "PID|1|{twelve}|{written}^^^1.2.752.129.2.1.3.1^PI~{ten}|{hyphen}|Ärlig^{twelve}||{}|M|||Gatan {short}^^Ort||{ten}|||||{twelve}|{hyphen}",
            &twelve[..8]
        ),
        format!("PD1|||{hyphen}|{twelve}"),
        format!("NK1|1|Anhörig^{twelve}|{hyphen}"),
        format!("MRG|{written}^^^1.2.752.129.2.1.3.1^PI"),
        format!(
            "PV1|1|{class}|{ward}^{}^{}||{}|{}^1^1|{ten}^Läkare|||{}||||{}|||||{}|||||||||||||||||{}",
            odd(4, &ten),
            odd(5, &hyphen),
            odd(6, &twelve),
            odd(7, &short),
            odd(8, &twelve),
            odd(9, &ten),
            odd(10, &twelve),
            odd(0, &hyphen)
        ),
        format!("NPU|{}^{ten}^{hyphen}|{}", odd(3, &twelve), odd(4, &short)),
        format!("ZBE|{twelve}|20260105120000||INSERT|N|{trigger}"),
        format!("OBX|1|TX|{twelve}^{hyphen}||Fri text om {twelve}, även {short} och {ten}."),
        format!("ZXX|{twelve}|{hyphen}|{ten}"),
    ];
    let mut content = segments.join("\r").into_bytes();
    content.push(b'\r');
    if index % 50 == 49 {
        // Unreadable, with the identity inside.
        content.drain(..20);
    }
    Message { region, content }
}

/// What a run has shown.
struct Searched {
    leaks: BTreeSet<Leak>,
    looked_through: BTreeMap<&'static str, u64>,
}

/// `other` is an identity that no message carries: it is planted where no processor writes.
fn run(processor: Option<PathBuf>, sealed: bool, other: &str) -> Searched {
    let region: Region = "14".parse().expect("a lanskod");
    let messages: Vec<Message> = (0..IDENTITIES).map(|index| message(region, index)).collect();
    let mut options = simulated::one_region(region, Keys::random().expect("random bytes"));
    options.processor = processor;
    options.sealed = sealed;
    options.planted = Some(other.to_owned());
    options.servers = Some(Servers { brokers: 1, kafka_folder: std::env::temp_dir() });
    let identities: Vec<String> =
        (0..IDENTITIES).map(|index| test_identity::number(index).as_str().to_owned()).collect();
    let canaries = Canaries::new(identities.iter().map(String::as_str));
    let run = Run { options, messages, connections: 4, rate: None, faults: Vec::new(), poison: None };
    let mut searched = Searched { leaks: BTreeSet::new(), looked_through: BTreeMap::new() };
    let outcome = check_demo::run(run, &mut |text| println!("{text}"), &mut |stack, _| {
        let planted = planted::plant(stack, other);
        let begin = Instant::now();
        let sheet = search_everything(stack, &canaries);
        println!("searched for {:?}: {:?}", begin.elapsed(), sheet.looked_through());
        searched = Searched { leaks: sheet.leaks().clone(), looked_through: sheet.looked_through().clone() };
        planted.end();
    })
    .expect("the run finishes");
    println!("{}", serde_json::to_string(&outcome.report).expect("a report is JSON"));
    assert!(outcome.report.mapped > 600, "the identities must have gone through, not only been refused");
    searched
}

/// Every class of place, each of which is looked through in both runs.
const PLACES: [&str; 30] = [
    "topic",
    "topic name",
    "key",
    "header",
    "source segment",
    "segment",
    "metadata log",
    "offsets",
    "table",
    "heap",
    "heap, decompressed",
    "TOAST",
    "TOAST, put together",
    "index",
    "WAL",
    "WAL, decompressed",
    "temporary file",
    "database file",
    "statistics",
    "sessions",
    "log",
    "metrics",
    "page",
    "parcel",
    "parcel, opened",
    "file",
    "file name",
    "command line",
    "environment",
    "memory",
];

#[test]
fn no_identity_comes_out_and_a_leaking_build_is_caught_in_every_class_of_place() {
    // The same is planted in both runs: in the first it is nobody who is looked for.
    let stranger = test_identity::number(IDENTITIES).as_str().to_owned();
    let tight = run(None, true, &stranger);
    assert_eq!(tight.leaks, BTreeSet::new());
    let looked_through: BTreeSet<&str> = tight.looked_through.keys().copied().collect();
    assert_eq!(looked_through, BTreeSet::from(PLACES));
    let empty: Vec<&str> =
        tight.looked_through.iter().filter(|(_, bytes)| **bytes == 0).map(|(place, _)| *place).collect();
    assert_eq!(empty, [""; 0], "a place that is empty says nothing");

    let leaking = load_tests::stack::program("leaking-processor").expect("the leaking build is built");
    let known = test_identity::number(0).as_str().to_owned();
    let caught: BTreeSet<String> = run(Some(leaking), false, &known).leaks.into_iter().map(|leak| leak.place).collect();
    let missed: Vec<&str> = PLACES.into_iter().filter(|place| !caught.contains(*place)).collect();
    assert_eq!(missed, [""; 0], "the search must find a leak in every class of place; it found {caught:?}");
}
