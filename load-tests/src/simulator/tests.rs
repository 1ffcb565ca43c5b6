//! The country is repeatable, plausible, nobody's, and true.

use std::collections::{BTreeMap, BTreeSet};

use hl7::{Message, decode_text};
use processor::directory::Directory;
use processor::dry_run::{self, Language};
use processor::mapping::Program;
use schemas::Timestamp;
use topics::Region;

use super::{Kind, OpenStay, Plan, Rubbish, Sent, Simulator, run};

/// 2026-01-05T08:00:00Z.
const START: i64 = 1_767_600_000_000_000;
const SECOND: i64 = 1_000_000;

fn plan(seed: u64, regions: &[&str]) -> Plan {
    let regions = regions.iter().map(|code| code.parse().expect("a lanskod")).collect();
    Plan { seed, start_micros: START, regions }
}

fn all(seed: u64) -> Plan {
    Plan { seed, start_micros: START, regions: Region::all().collect() }
}

fn count(sent: &[Sent], is: impl Fn(&Kind) -> bool) -> usize {
    sent.iter().filter(|sent| is(&sent.kind)).count()
}

#[test]
fn the_same_seed_sends_the_same_bytes() {
    let (one, _) = run(&plan(7, &["09", "14"]), 3_000, SECOND);
    let (again, _) = run(&plan(7, &["09", "14"]), 3_000, SECOND);
    let (other, _) = run(&plan(8, &["09", "14"]), 3_000, SECOND);
    assert_eq!(one.len(), 3_000);
    assert!(one == again);
    assert!(one != other);
}

#[test]
fn a_run_has_everything_that_a_platform_must_bear() {
    let (sent, simulator) = run(&all(1), 20_000, SECOND);
    assert_eq!(sent.len(), 20_000);
    let rubbish = count(&sent, |kind| matches!(kind, Kind::Rubbish(_)));
    assert!((120..280).contains(&rubbish), "about one in a hundred: {rubbish}");
    let kinds: BTreeSet<Kind> = sent.iter().map(|sent| sent.kind).collect();
    let triggers = kinds.iter().filter(|kind| matches!(kind, Kind::Adt(_))).count();
    assert!(triggers >= 27, "{kinds:?}");
    for rubbish in [Rubbish::Headless, Rubbish::WrongCharset, Rubbish::EpisodeMissing, Rubbish::Broken] {
        assert!(kinds.contains(&Kind::Rubbish(rubbish)));
    }
    assert!(count(&sent, |kind| *kind == Kind::Resend) > 20);
    let beds: usize = Region::all().flat_map(|region| simulator.wards(region)).map(|ward| ward.bed_count).sum();
    let stays = simulator.open_stays().len();
    assert!(stays * 10 > beds * 8 && stays < beds * 11 / 10, "{stays} patients in {beds} beds");
}

#[test]
fn the_beds_are_full_before_anything_is_live() {
    let mut simulator = Simulator::new(&all(3));
    let backlog = simulator.backlog(START, usize::MAX);
    let beds: usize = Region::all().flat_map(|region| simulator.wards(region)).map(|ward| ward.bed_count).sum();
    assert!(simulator.open_stays().len() * 100 > beds * 80, "{} messages", backlog.len());
    let few = Simulator::new(&all(3)).backlog(START, 1_000).len();
    assert!((500..=1_000).contains(&few), "{few}");
}

#[test]
fn every_good_message_is_read_in_its_character_set() {
    let (sent, _) = run(&all(2), 6_000, SECOND);
    let mut sets = BTreeMap::new();
    for sent in sent.iter().filter(|sent| !matches!(sent.kind, Kind::Rubbish(_))) {
        let decoded = decode_text(&sent.content);
        assert_eq!(decoded.doubt, None, "the text is in its character set");
        let text = decoded.text;
        let message = Message::parse(&text).expect("the message is one");
        assert_eq!(message.stray_line_count(), 0);
        assert_eq!(message.kind(), "ADT");
        if let Kind::Adt(trigger) = sent.kind {
            assert_eq!(message.trigger(), trigger);
        }
        *sets.entry(message.get("MSH", 18).raw().to_owned()).or_insert(0) += 1;
    }
    assert_eq!(sets.len(), 3, "{sets:?}");
}

#[test]
fn rubbish_is_what_it_says() {
    let (sent, _) = run(&all(4), 20_000, SECOND);
    for sent in sent {
        let Kind::Rubbish(kind) = sent.kind else { continue };
        let decoded = decode_text(&sent.content);
        assert_eq!(Message::parse(&decoded.text).is_ok(), kind != Rubbish::Headless, "{kind:?}");
        assert_eq!(decoded.doubt.is_some(), kind == Rubbish::WrongCharset, "{kind:?}");
    }
}

/// Every personal number in every byte that is sent has a serial of the test identities.
#[test]
fn nobody_is_in_it() {
    let (sent, simulator) = run(&all(5), 8_000, SECOND);
    let mut numbers = 0;
    let mut check = |text: &str| {
        for word in text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '+') {
            if identity::guard(word, &[]).is_none() {
                continue;
            }
            let digits: String = word.split('-').take(2).collect();
            let tail = digits.len().min(if word.as_bytes().get(6) == Some(&b'-') { 10 } else { 12 }) - 4;
            assert!(["238", "239"].contains(&&digits[tail..tail + 3]), "a number that is no test identity");
            numbers += 1;
        }
    };
    for sent in &sent {
        check(&String::from_utf8_lossy(&sent.content));
    }
    for region in Region::all() {
        check(&simulator.mapping_file(region));
        check(&simulator.capacity_file(region));
    }
    assert!(numbers > 5_000, "{numbers}");
}

#[test]
fn the_unit_directory_is_understood_and_knows_every_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::new(&all(6));
    for region in Region::all() {
        let path = folder.path().join("mapping.toml");
        std::fs::write(&path, simulator.mapping_file(region)).expect("the file is written");
        let (directory, warnings) = Directory::load(&path, region.code()).expect("the file is understood");
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(directory.unit_count(), simulator.wards(region).len());
    }
}

#[test]
fn the_capacity_file_adds_up_and_grows() {
    let mut simulator = Simulator::new(&plan(1, &["03"]));
    let region: Region = "03".parse().expect("a lanskod");
    let before = simulator.capacity_file(region).lines().count();
    simulator.change_capacity(region, START);
    let file = simulator.capacity_file(region);
    assert_eq!(file.lines().count(), before + 1);
    assert!(file.contains(";2026-01-05T09:00:00;"));
    assert_eq!(file.lines().next(), Some("enhet;giltig_fran;faststallda;disponibla;stangda;skal"));
    for row in file.lines().skip(1) {
        let cells: Vec<&str> = row.split(';').collect();
        let number = |at: usize| cells[at].parse::<u32>().expect("a number");
        assert_eq!(number(2), number(3) + number(4), "{row}");
        assert_eq!(cells[5].is_empty(), number(4) == 0, "{row}");
    }
}

/// The census line that a stay has in a dry run, without its start. Visit numbers that hold a person's number are
/// replaced there, so they are left out here.
fn line(stay: &OpenStay) -> Option<String> {
    let text = |text: &Option<String>| text.as_ref().map_or("null".to_owned(), |text| format!("\"{text}\""));
    identity::guard(&stay.visit, &[]).is_none().then(|| {
        format!(
            "{{\"episode\":\"{}\",\"unit\":\"{}\",\"room\":{},\"bed\":{},",
            stay.visit,
            stay.unit,
            text(&stay.room),
            text(&stay.bed)
        )
    })
}

/// What the processor and the timeline make of all messages is what the simulator holds for true.
#[track_caller]
fn check_truth(seed: u64, code: &str, messages: usize, step_micros: i64) {
    let (sent, simulator) = run(&plan(seed, &[code]), messages, step_micros);
    let file: Vec<u8> = sent.into_iter().flat_map(|sent| [sent.content, b"\n\n".to_vec()].concat()).collect();
    let options = dry_run::Options {
        region: code.to_owned(),
        directory: Directory::default(),
        program: None,
        code_lists: None,
        format: None,
        census: true,
        stays: false,
        language: Language::En,
        received_at: Timestamp(START + step_micros * messages as i64),
    };
    let mut output = Vec::new();
    dry_run::run(options, file.as_slice(), &mut output).expect("the file is read");
    let output = String::from_utf8(output).expect("lines are text");
    let found: BTreeSet<String> = output
        .lines()
        .filter(|line| !line.starts_with("{\"episode\":\"guarded") && !line.starts_with("{\"episode\":\"X"))
        .map(|line| line[..line.find("\"since\"").expect("a census line")].to_owned())
        .collect();
    let truth: BTreeSet<String> = simulator.open_stays().iter().filter_map(line).collect();
    assert!(truth.len() > 50);
    let missing: Vec<_> = truth.difference(&found).collect();
    let extra: Vec<_> = found.difference(&truth).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing {missing:?}, extra {extra:?}");
}

#[test]
fn the_census_of_its_messages_is_its_truth() {
    check_truth(1, "09", 3_000, SECOND);
    check_truth(2, "23", 6_000, 20 * SECOND);
    check_truth(3, "10", 4_000, 300 * SECOND);
}

/// Of the whole country, in hundredths of the beds that are open: who lies in a bed, in the corridor, and on another
/// ward than the responsible one.
fn state(simulator: &Simulator) -> [f64; 3] {
    let open: usize =
        simulator.areas.iter().flat_map(|area| &area.wards).map(super::country::Ward::open_bed_count).sum();
    let patients = || simulator.areas.iter().flat_map(|area| area.patients.iter().map(move |patient| (area, patient)));
    let corridor = |(area, patient): &(&super::Area, &super::country::Patient)| {
        let ward = &area.wards[patient.place.0];
        patient.place.1.is_some_and(|bed| bed >= ward.bed_count)
    };
    let outlying = |(_, patient): &(&super::Area, &super::country::Patient)| patient.responsible != patient.place.0;
    [patients().count(), patients().filter(corridor).count(), patients().filter(outlying).count()]
        .map(|count| count as f64 * 100.0 / open as f64)
}

/// The country as the demo drives it, so many seconds long, and what it is like at each full minute.
fn driven(plan: &Plan, rate: f64, seconds: u64) -> Vec<[f64; 3]> {
    let mut simulator = Simulator::new(plan);
    simulator.backlog(START, usize::MAX);
    let mut states = vec![state(&simulator)];
    let (mut sent, mut regions) = (0, plan.regions.iter().cycle());
    for second in 1..=seconds {
        let at = START + i64::try_from(second).expect("it fits") * SECOND;
        while (sent as f64) < second as f64 * rate {
            simulator.next(at);
            sent += 1;
        }
        if second % 45 == 0 {
            simulator.change_capacity(*regions.next().expect("a region"), at);
        }
        if second % 60 == 0 {
            states.push(state(&simulator));
        }
    }
    states
}

#[track_caller]
fn check_steady(plan: &Plan, rate: f64, seconds: u64, within: [f64; 3]) {
    let states = driven(plan, rate, seconds);
    for (at, what) in ["in beds", "in the corridor", "outlying"].into_iter().enumerate() {
        let values = || states.iter().map(|state| state[at]);
        let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
        assert!(
            high - low <= within[at],
            "{what} at {rate} a second: from {low:.1} to {high:.1}, first {:.1}",
            states[0][at]
        );
    }
}

#[test]
fn the_country_stays_as_it_is_for_an_hour_at_any_rate_and_for_a_day() {
    for (seed, rate) in [(1, 2.0), (1, 20.0), (2, 20.0), (3, 60.0)] {
        check_steady(&all(seed), rate, 3_600, [3.0; 3]);
    }
    // Three regions have fewer beds, and a patient more is more of them.
    check_steady(&plan(1, &["05", "12", "24"]), 3.0, 24 * 3_600, [3.0, 4.0, 3.0]);
}

/// Stays of the messages by the processor and the timeline: unit, from when, until when.
fn understood(sent: &[Sent], code: &str, now: i64) -> Vec<(i64, i64)> {
    let file: Vec<u8> = sent.iter().flat_map(|sent| [&sent.content[..], b"\n\n"].concat()).collect();
    let options = dry_run::Options {
        region: code.to_owned(),
        directory: Directory::default(),
        program: None,
        code_lists: None,
        format: None,
        census: false,
        stays: true,
        language: Language::En,
        received_at: Timestamp(now),
    };
    let mut output = Vec::new();
    dry_run::run(options, file.as_slice(), &mut output).expect("the file is read");
    let micros = |stay: &serde_json::Value, key: &str| {
        stay[key].as_str().map_or(i64::MAX, |at| at.parse::<jiff::Timestamp>().expect("a time").as_microsecond())
    };
    let lines = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let stays = lines.map(|line| serde_json::from_slice::<serde_json::Value>(line).expect("a line of JSON"));
    stays.map(|stay| (micros(&stay, "since"), micros(&stay, "until"))).collect()
}

#[test]
fn the_days_before_were_as_the_present_is() {
    let mut simulator = Simulator::new(&plan(1, &["14"]));
    let mut sent = simulator.backlog(START, usize::MAX);
    let truth = simulator.open_stays();
    let before = simulator.history(START, 9);
    assert!(before.len() > 4 * truth.len() / 2, "{} messages of {} patients", before.len(), truth.len());
    assert_eq!(simulator.open_stays(), truth, "it moves nobody of the present");
    sent.extend(before);
    let stays = understood(&sent, "14", START);
    let hour = 3_600 * SECOND;
    let open: usize = simulator.areas[0].wards.iter().map(super::country::Ward::open_bed_count).sum();
    let counts = (0..9 * 24).map(|hours| {
        let at = START - hours * hour;
        stays.iter().filter(|(since, until)| (*since..*until).contains(&at)).count() as f64 * 100.0 / open as f64
    });
    let counts: Vec<f64> = counts.collect();
    for (hours, share) in counts.iter().enumerate() {
        assert!((share - counts[0]).abs() <= 5.0, "{hours} hours before {share:.1} %, now {:.1} %", counts[0]);
    }
}

/// Every row of a file is read by the shipped package, without a finding.
#[track_caller]
fn check_table(text: &str, package: &str, code: &str) {
    let options = dry_run::Options {
        region: code.to_owned(),
        directory: Directory::default(),
        program: Some(Program::load(std::path::Path::new(package)).expect("a shipped package")),
        code_lists: None,
        format: None,
        census: false,
        stays: false,
        language: Language::En,
        received_at: Timestamp(START),
    };
    let mut output = Vec::new();
    let summary = dry_run::run(options, text.as_bytes(), &mut output).expect("the file is read").to_string();
    let rows = text.lines().count() - 1;
    assert!(rows > 40 && summary.starts_with(&format!("{rows} messages: {rows} mapped")), "{package}: {summary}");
    assert_eq!(summary.lines().count(), 1, "{package}: {summary}");
}

#[test]
fn files_of_its_offices_are_read_by_the_shipped_packages() {
    let mut simulator = Simulator::new(&plan(1, &["09", "14"]));
    simulator.backlog(START, usize::MAX);
    for code in ["14", "09"] {
        let region: Region = code.parse().expect("a lanskod");
        let tables = simulator.tables(region, START).expect("the region is there");
        assert!(tables.codes.iter().all(|(_, text)| text.lines().count() == 57), "as many fractures each month");
        assert_eq!(tables.waits[0].0, "2025-12");
        assert_eq!(tables.costs[0].0, "2025");
        for (files, package) in [(&tables.waits, "waiting-times"), (&tables.costs, "kpp"), (&tables.codes, "par")] {
            for (_, text) in files {
                check_table(text, package, code);
            }
        }
        let stays = understood(&tables.messages, code, START);
        let rows: usize = tables.codes.iter().map(|(_, text)| text.lines().count() - 1).sum();
        assert_eq!(stays.len(), 2 * rows, "each contact has a stay in the department and one on the ward");
        assert!(stays.iter().all(|(_, until)| *until < START), "nobody leaves in the future");
    }
}
