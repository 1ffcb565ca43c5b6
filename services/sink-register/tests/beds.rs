//! Morning counts: cell by cell those of an independent program, in any order, and a parcel that can be killed and
//! corrected.

use std::collections::BTreeMap;

use schemas::{BedKind, PatientClass};
use sink_register::beds::{Beds, Settings};

use crate::care::{Event, HOUR, Move, at, beds, feed, moved, oracle, same_cells, texts};
use crate::kill::kill_at;
use crate::world::{DAY, Desk, database, entries, entry, repeatable};

const RUN: [&str; 9] = ["run", "--region", "14", "--period", "2026-03", "--extract", "beds", "--out", "parcels"];

fn figures(events: &[Event], hide_below: Option<u32>) -> BTreeMap<String, String> {
    let settings = Settings { region: "14".parse().unwrap(), month: "2026-03".parse().unwrap(), hide_below };
    let mut figures = Beds::new(settings);
    for event in events {
        match event {
            Event::Move(event) => event.with(|record| figures.encounter(record)),
            Event::Beds(event) => event.with(|record| figures.capacity(record)),
            Event::Codes(_) => unreachable!("codes say nothing of beds"),
        }
    }
    texts(figures.finish())
}

/// A small generator of numbers, the same on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % bound
    }
}

const UNITS: [(&str, &str, bool); 6] = [
    ("MED", "501010", false),
    ("KIR", "501010", false),
    ("NY", "501010", false),
    ("PSY", "501010", true),
    ("ORT", "501020", false),
    ("LAV", "501020", false),
];

/// Weeks of a region with two hospitals: full hours, so that movements meet 06:00 exactly, and a day of silence.
fn weeks(seed: u64) -> Vec<Event> {
    let mut dice = Dice(seed);
    let begin = at("2026-02-10T00:00:00Z");
    let silence = at("2026-03-11T05:00:00Z") - 2 * DAY..=at("2026-03-11T05:00:00Z");
    let mut events = Vec::new();
    for n in 0..260 {
        let (person, episode) = (format!("p{n}"), format!("E{n}"));
        let here = |unit: i64| UNITS[usize::try_from(unit).unwrap()];
        let dressed = |event: Move, unit: (&'static str, &'static str, bool), dice: &mut Dice| Move {
            unit: Some(unit.0),
            hospital: unit.1,
            psychiatric: unit.2,
            responsible: [None, Some(unit.0), Some("KIR")][usize::try_from(dice.below(3)).unwrap()],
            bed_kind: match (unit.0, dice.below(4)) {
                ("KIR", 0) => BedKind::EjDisponibel,
                ("KIR", _) => BedKind::Disponibel,
                _ => BedKind::Unknown,
            },
            ..event
        };
        let mut time = begin + dice.below(48 * 24) * HOUR;
        let mut episode_events = Vec::new();
        let mut last = here(dice.below(6));
        episode_events.push(dressed(moved("A01", time, &person, &episode), last, &mut dice));
        for _ in 0..dice.below(4) {
            time += (1 + dice.below(60)) * HOUR;
            let next = here(dice.below(6));
            if next.0 != last.0 {
                episode_events.push(dressed(moved("A02", time, &person, &episode), next, &mut dice));
                last = next;
            }
        }
        time += (1 + dice.below(72)) * HOUR;
        match dice.below(10) {
            0 => {}
            1 => {
                // A discharge that did not happen, and the one that did.
                let out = dressed(moved("A03", time, &person, &episode), last, &mut dice);
                episode_events.push(out.clone());
                episode_events.push(Move { trigger: "A13", ..out.clone() });
                episode_events.push(Move { at: time + 30 * HOUR, ..out });
            }
            2 => {
                episode_events.push(moved("A21", time, &person, &episode));
                episode_events.push(dressed(moved("A03", time + 50 * HOUR, &person, &episode), last, &mut dice));
            }
            _ => episode_events.push(dressed(moved("A03", time, &person, &episode), last, &mut dice)),
        }
        let end = at("2026-04-05T00:00:00Z");
        if episode_events.iter().all(|event| !silence.contains(&event.at) && event.at < end) {
            events.extend(episode_events.into_iter().map(Event::Move));
        }
    }
    let reception = Move { class: PatientClass::Emergency, ..moved("A04", begin, "p900", "E900").to("MOT") };
    events.push(Event::Move(reception));
    events
}

fn capacities() -> Vec<Event> {
    // 06:00 of 15 March is 05:00Z: a change at that very moment holds.
    let (from, six) = (at("2026-01-01T00:00:00Z"), at("2026-03-15T05:00:00Z"));
    let ort = |from, disponibla| crate::care::Beds { hospital: "501020", ..beds("ORT", from, disponibla) };
    vec![
        beds("MED", from, 14),
        beds("MED", six, 9),
        crate::care::Beds { recorded: from + DAY, ..beds("KIR", from, 12) },
        // Recorded later of the same moment: this one holds.
        crate::care::Beds { recorded: from + 2 * DAY, ..beds("KIR", from, 11) },
        crate::care::Beds { to: Some(at("2026-03-20T05:00:00Z")), ..beds("PSY", from, 10) },
        ort(from, 8),
        crate::care::Beds { disponibla: None, ..ort(at("2026-03-25T00:00:00Z"), 6) },
        crate::care::Beds { faststallda: None, ..beds("TYST", from, 4) },
    ]
    .into_iter()
    .map(Event::Beds)
    .collect()
}

#[test]
fn every_cell_is_that_of_an_independent_program() {
    for seed in [1, 2026, 77] {
        let mut events = weeks(seed);
        events.extend(capacities());
        // Exactly at 06:00 of the day on which clocks change, and a merge of persons, which moves nobody.
        let change = at("2026-03-29T04:00:00Z");
        events.push(Event::Move(moved("A01", change - DAY, "s1", "S1").to("MED")));
        events.push(Event::Move(moved("A02", change, "s1", "S1").to("KIR")));
        events.push(Event::Move(Move { prior_subject: Some("s1".into()), ..moved("A40", change, "s2", "S1") }));
        if let Some(Event::Move(merge)) = events.last_mut() {
            merge.episode = None;
        }
        let ours = figures(&events, None);
        let theirs = oracle("beds.py", &events, "2026-03");
        for (name, text) in &theirs {
            same_cells(&ours[name], text);
        }
        let wards = &ours["beds_by_ward.csv"];
        assert!(wards.lines().count() > 31 * 6, "seed {seed}: {wards}");
        for said in ["not-heard", "no-capacity", "TYST", ";psykiatri;"] {
            assert!(wards.contains(said), "seed {seed}: nothing says {said}");
        }
        assert!(!wards.contains("MOT"), "a reception has no beds");
        events.reverse();
        events.rotate_left(31);
        let again: Vec<Event> = events.iter().chain(&events[..40]).cloned().collect();
        assert_eq!(figures(&again, None), ours, "seed {seed}: any order, any repeats");
    }
}

/// So many patients of a ward from Monday on, the first ones in beds of these kinds.
fn ward_of(unit: &'static str, patients: usize, kinds: &[BedKind]) -> Vec<Event> {
    let arrival = at("2026-03-02T01:00:00Z");
    let patient = |n: usize| {
        let bed_kind = kinds.get(n).copied().unwrap_or(BedKind::Unknown);
        Event::Move(Move { bed_kind, ..moved("A01", arrival, &format!("{unit}{n}"), &format!("{unit}E{n}")).to(unit) })
    };
    (0..patients).map(patient).collect()
}

#[test]
fn overbelaggningar_are_one_figure_and_missing_is_never_zero() {
    let from = at("2026-01-01T00:00:00Z");
    let mut events = Vec::new();
    for (unit, patients, kinds, disponibla) in [
        ("KNOWN", 10, &[BedKind::Disponibel][..], Some(9)),
        ("FAR", 99, &[BedKind::Disponibel; 14], Some(15)),
        ("FREE", 10, &[BedKind::EjDisponibel; 2], Some(13)),
        ("NONE", 4, &[BedKind::Disponibel], None),
        ("FLAG", 4, &[BedKind::EjDisponibel], None),
        ("ZERO", 3, &[BedKind::EjDisponibel], Some(0)),
    ] {
        events.extend(disponibla.map(|disponibla| Event::Beds(beds(unit, from, disponibla))));
        events.extend(ward_of(unit, patients, kinds));
    }
    let files = figures(&events, None);
    let day = |unit: &str| {
        let line = |line: &&str| line.starts_with("2026-03-02;") && line.contains(&format!(";{unit};{unit};"));
        let found = files["beds_by_ward.csv"].lines().find(line).unwrap();
        found.split(';').skip(7).collect::<Vec<_>>().join(";")
    };
    assert_eq!(day("KNOWN"), "9;10;1;0;");
    assert_eq!(day("FAR"), "15;99;84;0;");
    assert_eq!(day("FREE"), "13;10;2;0;");
    assert_eq!(day("NONE"), ";4;;0;no-capacity,overbelaggning-unknown");
    assert_eq!(day("FLAG"), ";4;1;0;no-capacity");
    assert_eq!(day("ZERO"), "0;3;3;0;");
    // A sum is of the wards' own figures: free beds of one do not make up for another. Those without beds are outside.
    let hospital = files["beds_by_hospital.csv"].lines().find(|line| line.starts_with("2026-03-02;")).unwrap();
    assert!(hospital.ends_with(";6;4;45;37;122;90;0;wards-missing"), "{hospital}");
    let theirs = oracle("beds.py", &events, "2026-03");
    for (name, text) in &theirs {
        same_cells(&files[name], text);
    }
}

#[test]
fn what_the_timeline_found_stands_per_ward_of_the_month_and_sums_to_the_regions() {
    let mut events = ward_of("MED", 2, &[]);
    events.extend(ward_of("KIR", 1, &[]));
    events.push(Event::Beds(beds("MED", at("2026-01-01T00:00:00Z"), 9)));
    let unmatched =
        |when: &str, person: &str, episode: &str, unit| Event::Move(moved("A13", at(when), person, episode).to(unit));
    events.push(unmatched("2026-03-03T10:00:00Z", "MED0", "MEDE0", "MED"));
    events.push(unmatched("2026-03-31T21:59:00Z", "MED1", "MEDE1", "MED"));
    events.push(unmatched("2026-03-04T10:00:00Z", "KIR0", "KIRE0", "KIR"));
    // Of the month before, and one that names no place.
    events.push(unmatched("2026-02-20T10:00:00Z", "MED0", "MEDE0", "MED"));
    events.push(Event::Move(moved("A13", at("2026-03-05T10:00:00Z"), "MED0", "MEDE0")));
    let files = figures(&events, None);
    let found: Vec<&str> = files["quality.csv"].lines().filter(|line| line.contains(";cancellation-")).collect();
    assert_eq!(
        found,
        [
            "14;2026-03;;;cancellation-unmatched;4",
            "14;2026-03;501010;KIR;cancellation-unmatched;1",
            "14;2026-03;501010;MED;cancellation-unmatched;2",
        ]
    );
}

#[test]
fn small_numbers_cannot_be_had_back_from_sums() {
    let mut events = vec![Event::Beds(beds("A", at("2026-01-01T00:00:00Z"), 9))];
    events.push(Event::Beds(beds("B", at("2026-01-01T00:00:00Z"), 9)));
    for n in 0..12 {
        let (person, episode) = (format!("p{n}"), format!("E{n}"));
        let unit = if n < 8 { "A" } else { "B" };
        let responsible = (n == 0 || n >= 8).then_some("C");
        let arrival = at("2026-02-28T12:00:00Z");
        events.push(Event::Move(Move { responsible, ..moved("A01", arrival, &person, &episode).to(unit) }));
    }
    let open = figures(&events, None);
    let first = |files: &BTreeMap<String, String>, name: &str| files[name].lines().nth(1).unwrap().to_owned();
    assert_eq!(first(&open, "beds_by_ward.csv"), "2026-03-01;501010;Sahlgrenska;somatik;A;A;11;9;8;0;1;");
    assert_eq!(first(&open, "beds_by_hospital.csv"), "2026-03-01;501010;Sahlgrenska;somatik;2;2;22;18;12;0;5;");
    // One of A is few; B alone beside the sum would tell it, so both are hidden and the sum is not.
    let hidden = figures(&events, Some(4));
    assert_eq!(first(&hidden, "beds_by_ward.csv"), "2026-03-01;501010;Sahlgrenska;somatik;A;A;11;9;8;0;;small-number");
    assert!(hidden["beds_by_ward.csv"].contains("2026-03-01;501010;Sahlgrenska;somatik;B;B;11;9;4;0;;small-number\n"));
    assert_eq!(first(&hidden, "beds_by_hospital.csv"), first(&open, "beds_by_hospital.csv"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_becomes_a_parcel_that_is_killed_repeated_and_corrected() {
    let database = database(&["14"]).await;
    let arrival = at("2026-02-20T12:00:00Z");
    let events = [
        Event::Beds(beds("MED", at("2024-01-01T00:00:00Z"), 3)),
        Event::Move(moved("A01", arrival, "r14.v1.a", "E1").to("MED")),
        Event::Move(moved("A01", at("2026-03-02T12:00:00Z"), "r14.v1.b", "E2").to("MED")),
        // Lies there since long before, and something is heard of the stay in the month.
        Event::Move(moved("A01", at("2024-06-01T12:00:00Z"), "r14.v1.c", "E3").to("MED")),
        Event::Move(moved("A08", at("2026-03-02T12:00:00Z"), "r14.v1.c", "E3").to("MED")),
    ];
    feed(&database, &events, 0).await;
    let calm = Desk::new(&database);
    let v1 = "parcels/beds_14_2026-03_v1";
    for point in ["files-written", "renamed"] {
        let desk = Desk::new(&database);
        crate::world::connect(&database.superuser)
            .await
            .batch_execute("DELETE FROM register.ledger; DELETE FROM register.published")
            .await
            .unwrap();
        kill_at(&desk, point, &RUN);
        desk.done(&RUN);
        if point == "files-written" {
            crate::world::connect(&database.superuser)
                .await
                .batch_execute("DELETE FROM register.ledger; DELETE FROM register.published")
                .await
                .unwrap();
            calm.done(&RUN);
        }
        assert_eq!(repeatable(&desk.path(v1)), repeatable(&calm.path(v1)), "{point}");
        assert_eq!(entries(&desk), [entry("made", 1)], "{point}");
        desk.done(&["verify", v1]);
    }
    let files = repeatable(&calm.path(v1));
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let third = "2026-03-03;501010;Sahlgrenska;somatik;MED;MED;5;3;3;0;0;\n";
    assert!(text("beds_by_ward.csv").contains(third), "{}", text("beds_by_ward.csv"));
    for (name, bytes) in &files {
        let content = String::from_utf8_lossy(bytes);
        assert!(!content.contains("r14.v1.") && !content.contains("E1;"), "{name} speaks of a person");
    }
    assert!(calm.done(&RUN).starts_with("unchanged"));

    // It turns out that one left on the day before.
    feed(&database, &[Event::Move(moved("A03", at("2026-03-02T20:00:00Z"), "r14.v1.a", "E1").to("MED"))], 10).await;
    assert!(calm.done(&RUN).contains("_v2\n"));
    let corrected = std::fs::read_to_string(calm.path("parcels/beds_14_2026-03_v2/beds_by_ward.csv")).unwrap();
    assert!(corrected.contains("2026-03-03;501010;Sahlgrenska;somatik;MED;MED;5;3;2;0;0;\n"), "{corrected}");
    let again = RUN.map(|argument| if argument == "parcels" { "again" } else { argument });
    calm.done(&[&again[..], &["--as-of", v1]].concat());
    assert_eq!(
        repeatable(&calm.path("again/beds_14_2026-03_v1")),
        files,
        "as it stood, from the positions of both topics"
    );
}
