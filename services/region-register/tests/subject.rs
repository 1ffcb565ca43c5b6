//! What persons say of the use of their data: numbers in, records under pseudonym out, on a real Kafka.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use identity::test_identity;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};
use schemas::{Decoder, Objection, Verb};

use super::{Desk, Held, KAFKA, PROTECTED, everything, visit};

impl Desk {
    /// Runs `subject` with these arguments and this on standard input; what it printed, and what it logged.
    fn subject(&self, arguments: &str, input: &str, code: i32) -> (String, String) {
        let arguments: Vec<&str> = std::iter::once("subject").chain(arguments.split(' ')).collect();
        let mut command = self.command(&arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let [printed, logged] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
        assert_eq!(status.code(), Some(code), "{arguments:?}: {printed}{logged}");
        (printed, logged)
    }

    /// The records of the region's topic of objections: key, and what it says.
    fn objections(&self) -> Vec<(String, Vec<u8>)> {
        let topic = topics::name::objections(self.region);
        let consumer: BaseConsumer =
            ClientConfig::new().set("bootstrap.servers", KAFKA.bootstrap()).set("group.id", "test").create().unwrap();
        let mut partitions = TopicPartitionList::new();
        let mut wanted = 0;
        for partition in 0..2 {
            partitions.add_partition_offset(&topic, partition, Offset::Beginning).unwrap();
            wanted += consumer.fetch_watermarks(&topic, partition, Duration::from_secs(30)).unwrap().1;
        }
        consumer.assign(&partitions).unwrap();
        let (mut found, begun) = (Vec::new(), Instant::now());
        while (found.len() as i64) < wanted {
            assert!(begun.elapsed() < Duration::from_secs(60), "{} of {wanted}", found.len());
            let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
            let message = message.unwrap();
            let key = String::from_utf8(message.key().unwrap().to_vec()).unwrap();
            found.push((key, message.payload().unwrap().to_vec()));
        }
        found
    }

    /// The latest of each key, in a line: verb, scope, times that it held, and which of them have ended.
    fn holding(&self) -> Vec<String> {
        let records = self.objections();
        let mut latest: BTreeMap<&str, Objection<'_>> = BTreeMap::new();
        for (key, bytes) in &records {
            let objection: Objection<'_> = Decoder::development().decode(bytes).unwrap();
            assert_eq!((objection.key().as_str(), objection.region), (key.as_str(), self.region.code()));
            let held = latest.entry(key).or_insert_with(|| objection.clone());
            if held.stated_at <= objection.stated_at {
                *held = objection;
            }
        }
        let line = |objection: &Objection<'_>| {
            let ends: String = objection.held.iter().map(|held| if held.until.is_some() { '|' } else { '>' }).collect();
            format!("{} {} {ends}", objection.verb.name(), objection.scope)
        };
        let mut lines: Vec<String> = latest.values().map(line).collect();
        lines.sort();
        lines
    }
}

#[test]
fn what_persons_say_is_written_once_under_pseudonym_and_kept_with_its_times() {
    let desk = Desk::new("24");
    let path = desk.path("region-register.toml");
    let folder = desk.path("access");
    fs::create_dir(&folder).unwrap();
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{config}[access_log]\nfolder = {folder:?}\nkey = {{ env = \"SEED\" }}\n")).unwrap();
    let [one, other] = [3, 4].map(test_identity::number);
    let list = format!("{}\n{}\n{}\nnobody\n", one.as_str(), one.hyphenated(), other.ten_digits());

    let dry = desk.subject("oppose --register rikshoft --dry-run", &list, 1);
    assert_eq!(dry.0, "3 lines name 2 persons, 1 lines name nobody\nwould be entered: 2; already so: 0\n");
    assert_eq!(desk.objections(), []);
    let (told, logged) = desk.subject("oppose --register rikshoft", &list, 1);
    assert_eq!(told, "3 lines name 2 persons, 1 lines name nobody\nentered: 2; already so: 0\n");
    assert!(logged.contains("these lines name nobody, and the others are done: 4"), "{logged}");
    fs::write(desk.path("list.txt"), one.hyphenated()).unwrap();
    let again = desk.subject("oppose --register rikshoft list.txt", "", 0).0;
    assert_eq!(again, "1 lines name 1 persons, 0 lines name nobody\nentered: 0; already so: 1\n");
    assert_eq!(desk.holding(), ["oppose rikshoft >", "oppose rikshoft >"]);

    for (arguments, entered) in [
        ("opt-out --purpose research", 1),
        ("opt-out --purpose research", 0),
        ("opt-out --purpose research --withdraw", 1),
        ("opt-out --purpose research --withdraw", 0),
        ("opt-out --purpose research", 1),
        ("oppose --register rikshoft --withdraw", 1),
        ("erase --ground PDL-8:4 --case IVO-1", 1),
        ("erase --ground PDL-8:4 --case IVO-1", 0),
    ] {
        let told = desk.subject(arguments, one.as_str(), 0).0;
        assert!(told.ends_with(&format!("entered: {entered}; already so: {}\n", 1 - entered)), "{arguments}: {told}");
    }
    let after = desk.subject("oppose --register swedeheart", one.as_str(), 0).0;
    assert!(after.ends_with("1 are erased: nothing else is kept of them\n"), "{after}");
    assert_eq!(desk.holding(), ["erase  ", "oppose rikshoft >", "oppose rikshoft |", "opt-out research |>"]);

    // Each is an entry about the person, and nothing anywhere is a number.
    let mut entries = Vec::new();
    access_log::show(
        &folder.join("subject"),
        &access_log::Filter::default(),
        |line| -> Result<(), access_log::Error> {
            assert!(line.person.as_ref().is_some_and(|person| person.starts_with("r24.v1.")));
            entries.push(format!("{} {}", line.action, line.resource));
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(
        entries[2..],
        [
            "opt-out research",
            "withdraw opt-out research",
            "opt-out research",
            "withdraw oppose rikshoft",
            "erase (case IVO-1)"
        ]
        .map(|entry| format!("object {entry}"))
    );
    let topic: Vec<Vec<u8>> =
        desk.objections().into_iter().map(|(key, bytes)| [key.into_bytes(), bytes].concat()).collect();
    for bytes in everything(&folder).into_values().chain(topic) {
        for form in [one.as_str(), one.ten_digits(), &one.hyphenated(), other.ten_digits()] {
            assert!(!bytes.windows(form.len()).any(|window| window == form.as_bytes()));
        }
    }
}

#[test]
fn a_person_with_two_numbers_withdraws_by_either() {
    let desk = Desk::new("25");
    let [one, other] = [5, 6].map(test_identity::number);
    desk.subject("opt-out --purpose all", one.as_str(), 0);
    let told = desk.subject("opt-out --purpose all --withdraw", other.as_str(), 0).0;
    assert!(told.ends_with("entered: 0; already so: 1\n"), "{told}");
    desk.message(Held::Protection, "A08", &[one.as_str(), other.as_str()], "");
    let told = desk.subject("opt-out --purpose all", other.as_str(), 0).0;
    assert!(told.ends_with("entered: 0; already so: 1\n"), "{told}");
    desk.subject("opt-out --purpose all --withdraw", other.as_str(), 0);
    assert_eq!(desk.holding(), ["opt-out all |"]);
}

#[test]
fn what_is_known_of_one_person_is_told_by_pseudonym_and_the_asking_is_entered() {
    let desk = Desk::new("07");
    let path = desk.path("region-register.toml");
    let folder = desk.path("access");
    fs::create_dir(&folder).unwrap();
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{config}[access_log]\nfolder = {folder:?}\nkey = {{ env = \"SEED\" }}\n")).unwrap();
    let [one, other, stranger] = [8, 9, 10].map(test_identity::number);
    desk.message(Held::Protection, "A08", &[one.as_str(), other.as_str()], PROTECTED);
    desk.message(Held::Events, "A01", &[one.as_str()], &visit("V1"));
    desk.message(Held::Events, "A01", &[stranger.as_str()], &visit("V2"));
    desk.subject("oppose --register rikshoft", other.as_str(), 0);
    desk.subject("oppose --register swedeheart", stranger.as_str(), 0);
    let told = desk.subject("show", one.as_str(), 0).0;
    assert_eq!(told.matches("\n  r07.v1.").count(), 2, "{told}");
    for part in [
        "identity protected: yes\n",
        "\n  oppose rikshoft: since 20",
        "\n  encounter: 1\n",
        "object oppose rikshoft by",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(told.contains(" read subject show by region-register") && !told.contains("swedeheart"), "{told}");
    for form in [one.as_str(), one.ten_digits(), other.ten_digits()] {
        assert!(!told.contains(form), "{told}");
    }
    let of_stranger = desk.subject("show", &stranger.hyphenated(), 0).0;
    assert!(of_stranger.contains("identity protected: no\n") && !of_stranger.contains("rikshoft"), "{of_stranger}");
    let two = format!("{}\n{}", one.as_str(), stranger.as_str());
    assert!(desk.subject("show", &two, 2).1.contains("give the number of one person; these name 2"));
}

#[test]
fn what_is_asked_wrongly_is_refused_and_no_number_is_repeated() {
    let desk = Desk::new("05");
    let number = test_identity::number(7);
    for (arguments, expected) in [
        (format!("oppose --register rikshoft {}", number.hyphenated()), "an argument reads as a person's number"),
        (format!("oppose --register {}", number.as_str()), "lower case letters"),
        (format!("erase --ground PDL-8:4 --case {}", number.hyphenated()), "reads as a personal number"),
    ] {
        let (printed, logged) = desk.subject(&arguments, "", 2);
        assert!(logged.contains(expected), "{arguments}: {logged}");
        assert!(!printed.contains(number.ten_digits()) && !logged.contains(&number.hyphenated()[2..]), "{logged}");
        assert!(!logged.contains(number.ten_digits()), "{logged}");
    }
    desk.subject("oppose --register rikshoft nowhere.txt", "", 1);
    let help = desk.subject("erase --help", "", 0).0;
    assert!(help.contains("for good") && desk.subject("--help", "", 0).0.contains("duty to report"), "{help}");
    assert_eq!(Verb::OptOut.name(), "opt-out");
}
