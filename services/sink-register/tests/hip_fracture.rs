//! Hip fractures: cell by cell those of an independent program, each edge by hand, and a parcel that can be killed
//! and corrected.

use std::collections::BTreeMap;

use schemas::{Laterality, PatientClass};
use sink_register::hip_fracture::{HipFractures, Settings};

use crate::care::{Codes, Event, HOUR, Move, at, codes, feed, moved, oracle, same_cells, texts};
use crate::kill::kill_at;
use crate::world::{DAY, Desk, connect, content, database, entries, entry, pseudonyms, repeatable};

const RUN: [&str; 9] =
    ["run", "--region", "14", "--period", "2026-03", "--extract", "hip-fracture", "--out", "parcels"];

fn figures(events: &[Event], hide_below: u32) -> BTreeMap<String, String> {
    figures_of("2026-03", events, hide_below)
}

fn figures_of(month: &str, events: &[Event], hide_below: u32) -> BTreeMap<String, String> {
    let settings = Settings { region: "14".parse().unwrap(), month: month.parse().unwrap(), hide_below };
    let mut figures = HipFractures::new(settings, pseudonyms("rikshoft", "hip-fracture"));
    for event in events {
        match event {
            Event::Move(event) => event.with(|record| figures.encounter(record)),
            Event::Codes(event) => event.with(|record| figures.clinical(record)),
            Event::Beds(_) => unreachable!("beds say nothing of fractures"),
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

/// Contacts of the largest months that the independent program is asked for, instead of the usual 5,000.
const ROWS: &str = "ORACLE_ROWS";

/// Fractures around March with every kind of gap.
fn months(seed: u64, fractures: usize) -> Vec<Event> {
    let mut dice = Dice(seed);
    let begin = at("2026-02-20T00:00:00Z");
    let mut events = Vec::new();
    for n in 0..fractures {
        let (person, first, second) = (format!("p{n:06}"), format!("E{n}"), format!("F{n}"));
        let hospital = ["501010", "501020", "501030"][usize::try_from(dice.below(8).min(2)).unwrap()];
        let arrival = begin + dice.below(45 * 24 * 60) * 60_000_000;
        let ward = arrival + (1 + dice.below(6)) * HOUR;
        let leaves = ward + (48 + dice.below(400)) * HOUR;
        let side = [Laterality::Left, Laterality::Right][usize::try_from(dice.below(2)).unwrap()];
        let operated = arrival + (dice.below(60) - 4) * HOUR + dice.below(3_600) * 1_000_000;
        let (time, is_date) = match dice.below(9) {
            0 => (None, false),
            1 => (Some(crate::care::midnight(operated)), true),
            _ => (Some(operated), false),
        };
        let mut contact = Codes {
            side,
            hospital,
            // Who turns 50 in the year, and who is 49.
            birth_year: [None, Some(1976), Some(1977), Some(2010)]
                .get(dice.below(24) as usize)
                .copied()
                .unwrap_or(Some(1940)),
            other: ["M844", "M9079", "M8005", "C795"].get(dice.below(32) as usize).copied().unwrap_or(""),
            diagnosis: ["S7200", "S7211", "S7220"][usize::try_from(dice.below(3)).unwrap()],
            episode: (dice.below(2) == 0).then(|| second.clone()),
            procedures: if dice.below(10) > 0 { vec![("NFJ49", time, is_date, side)] } else { Vec::new() },
            ..codes(&format!("C{n:06}"), &person, ward, leaves)
        };
        if dice.below(3) == 0 && !contact.procedures.is_empty() {
            contact.procedures.push(("NFB29", time, is_date, side));
        }
        if dice.below(6) == 0 {
            let later = leaves + dice.below(60 * 24) * HOUR;
            let procedures = vec![("NFB49", Some(later), false, side)];
            let again = codes(&format!("D{n:06}"), &person, later - HOUR, later + 50 * HOUR);
            // Another contact may know what the fracture's own does not.
            let again = Codes { birth_year: contact.birth_year.or((n % 2 == 0).then_some(1950)), ..again };
            events.push(Event::Codes(Codes { hospital, procedures, diagnosis: "T840", side, ..again }));
        }
        events.push(Event::Codes(contact));
        if dice.below(8) == 0 {
            continue;
        }
        let class = PatientClass::Emergency;
        events.push(Event::Move(Move { class, hospital, ..moved("A04", arrival, &person, &first).to("AKUT") }));
        events.push(Event::Move(Move { class, hospital, ..moved("A03", ward, &person, &first).to("AKUT") }));
        events.push(Event::Move(Move { hospital, ..moved("A01", ward + HOUR, &person, &second).to("ORT") }));
        if dice.below(3) > 0 {
            events.push(Event::Move(Move { hospital, ..moved("A02", ward + 40 * HOUR, &person, &second).to("GER") }));
        }
        if dice.below(6) > 0 {
            events.push(Event::Move(Move { hospital, ..moved("A03", leaves, &person, &second) }));
        }
    }
    events
}

#[test]
fn every_cell_is_that_of_an_independent_program() {
    let most = std::env::var(ROWS).map_or(5_000, |rows| rows.parse().expect("ORACLE_ROWS is a number"));
    for (seed, fractures) in [(3, 140), (2026, 140), (91, most)] {
        let mut events = months(seed, fractures);
        let mut cells = 0;
        let ours = figures(&events, 20);
        for (name, text) in &oracle("hip_fracture.py", &events, "2026-03") {
            same_cells(&ours[name], text);
            cells += text.lines().map(|line| line.split(';').count()).sum::<usize>();
        }
        assert!(cells > 200, "{fractures} fractures: only {cells} cells are compared");
        let hospitals = &ours["hip_by_hospital.csv"];
        assert_eq!(hospitals.contains("fewer-than-limit"), fractures == 140, "seed {seed}: {hospitals}");
        let region: Vec<&str> = hospitals.lines().last().unwrap().split(';').collect();
        assert!(region[2..22].iter().all(|cell| *cell != "0"), "seed {seed} leaves a column untried: {region:?}");
        events.reverse();
        events.rotate_left(57);
        assert_eq!(figures(&events, 20), ours, "seed {seed}: any order");
    }
}

/// One person's way through emergency and ward from 8 March 08:00 to 20 March, Swedish time.
fn way(person: &str, episode: &str) -> Vec<Event> {
    let arrival = at("2026-03-08T07:00:00Z");
    vec![
        Event::Move(Move { class: PatientClass::Emergency, ..moved("A04", arrival, person, episode).to("AKUT") }),
        Event::Move(moved("A01", arrival + 3 * HOUR, person, episode).to("ORT")),
        Event::Move(moved("A03", arrival + 12 * DAY, person, episode)),
    ]
}

fn contact(person: &str, procedures: Vec<(&'static str, Option<i64>, bool, Laterality)>) -> Codes {
    let arrival = at("2026-03-08T07:00:00Z");
    Codes { procedures, ..codes("C1", person, arrival + 3 * HOUR, arrival + 12 * DAY) }
}

/// Expects these rows of fractures, from the side on.
fn check(events: &[Event], expected: &[&str]) {
    let files = figures(events, 1);
    let rows = files["hip_fractures.csv"].lines().skip(1);
    let rows: Vec<String> = rows.map(|row| row.splitn(3, ';').nth(2).unwrap().to_owned()).collect();
    assert_eq!(rows, expected);
}

#[test]
fn a_day_without_a_time_is_never_midnight_and_a_corrupt_wait_is_shown() {
    let left = Laterality::Left;
    let one = |time: Option<&str>, is_date| {
        let mut events = way("p", "E");
        events.push(Event::Codes(contact("p", vec![("NFB09", time.map(at), is_date, left)])));
        events
    };
    let row = |operation: &str, hours: &str, reason: &str| {
        format!("vänster;S7200;2026-03-08T08:00:00;{operation};NFB09;{hours};1;2026-03-20T08:00:00;;{reason}")
    };
    check(&one(Some("2026-03-09T07:00:00Z"), false), &[&row("2026-03-09T08:00:00", "24.0", "")]);
    check(&one(Some("2026-03-08T23:00:00Z"), true), &[&row("2026-03-09", "", "operation-time-missing")]);
    check(&one(None, false), &[&row("", "", "operation-time-missing")]);
    check(&one(Some("2026-03-08T06:00:00Z"), false), &[&row("2026-03-08T07:00:00", "", "operation-before-arrival")]);
    let within = |time| figures(&one(Some(time), false), 1)["hip_by_hospital.csv"].lines().nth(1).unwrap().to_owned();
    assert!(within("2026-03-09T07:00:00Z").contains(";24.0;24.0;24.0;1;100.0;"));
    assert!(within("2026-03-09T07:00:01Z").contains(";24.0;24.0;24.0;0;0.0;"), "one second too late is too late");
    assert!(within("2026-03-08T06:00:00Z").contains(";1;1;1;1;0;;;;0;;1;"), "corrupt: in no median and no share");
}

#[test]
fn left_and_right_are_two_fractures_and_neither_is_the_others_reoperation() {
    let (left, right) = (Laterality::Left, Laterality::Right);
    let mut events = way("p", "E");
    events.push(Event::Codes(contact("p", vec![("NFJ59", Some(at("2026-03-08T17:00:00Z")), false, left)])));
    let fall = at("2026-03-25T10:00:00Z");
    events.push(Event::Move(moved("A01", fall, "p", "E2").to("ORT")));
    let second = Codes { side: right, ..codes("C2", "p", fall, fall + 5 * DAY) };
    events.push(Event::Codes(Codes { procedures: vec![("NFJ69", Some(fall + 6 * HOUR), false, right)], ..second }));
    check(
        &events,
        &[
            "höger;S7200;2026-03-25T11:00:00;2026-03-25T17:00:00;NFJ69;6.0;0;;;not-discharged",
            "vänster;S7200;2026-03-08T08:00:00;2026-03-08T18:00:00;NFJ59;10.0;1;2026-03-20T08:00:00;;",
        ],
    );
}

#[test]
fn quartiles_of_few_known_hours_are_not_said_of_however_many_fractures() {
    let mut events = way("p", "E");
    let operated = Some(at("2026-03-08T17:00:00Z"));
    events.push(Event::Codes(contact("p", vec![("NFJ59", operated, false, Laterality::Left)])));
    let fall = at("2026-03-25T10:00:00Z");
    events.push(Event::Move(moved("A01", fall, "p", "E2").to("ORT")));
    events.push(Event::Codes(Codes { side: Laterality::Right, ..codes("C2", "p", fall, fall + 5 * DAY) }));
    let region = |limit| figures(&events, limit)["hip_by_hospital.csv"].lines().last().unwrap().to_owned();
    assert!(region(1).starts_with(";Regionen;2;2;1;1;1;10.0;10.0;10.0;1;100.0;"), "{}", region(1));
    let few = region(2);
    assert!(few.starts_with(";Regionen;2;2;1;1;1;;;;1;;") && few.ends_with(";fewer-than-limit"), "{few}");
}

#[test]
fn an_operation_and_a_reoperation_may_be_in_other_contacts_also_under_a_merged_pseudonym() {
    let left = Laterality::Left;
    let mut events = way("p", "E");
    events.push(Event::Codes(contact("p", Vec::new())));
    let operated = at("2026-03-08T19:00:00Z");
    let elsewhere = Codes { diagnosis: "Z000", ..codes("C2", "reserve", operated, operated + HOUR) };
    events.push(Event::Codes(Codes { procedures: vec![("NFB19", Some(operated), false, left)], ..elsewhere }));
    let again = operated + 40 * DAY;
    let later = Codes { diagnosis: "T840", period: "2026-04", ..codes("C3", "p", again, again + 2 * DAY) };
    events.push(Event::Codes(Codes { procedures: vec![("NFB29", Some(again), false, left)], ..later }));
    let row = |operation: &str, reason: &str| {
        format!("vänster;S7200;2026-03-08T08:00:00;{operation};1;2026-03-20T08:00:00;{reason}")
    };
    // Before the merge nobody knows that the two are one; the later operation is then the first.
    check(&events, &[&row("2026-04-17T21:00:00;NFB29;972.0", ";")]);
    let merge = Move { prior_subject: Some("reserve".into()), episode: None, ..moved("A40", again, "p", "") };
    events.push(Event::Move(merge));
    check(&events, &[&row("2026-03-08T20:00:00;NFB19;12.0", "40;")]);
    let hospitals = &figures(&events, 1)["hip_by_hospital.csv"];
    let cells: Vec<&str> = hospitals.lines().nth(1).unwrap().split(';').collect();
    assert_eq!(cells[12..15], ["1", "0", "1"], "discharged, within 30 days, within 120");
}

#[test]
fn what_is_missing_is_said_and_the_hours_of_summer_time_are_hours() {
    let mut events = vec![Event::Codes(Codes { side: Laterality::Unknown, ..contact("p", Vec::new()) })];
    check(&events, &[";S7200;;;;;;;;arrival-missing,operation-missing"]);
    let nothing = figures(&events, 1);
    assert!(
        nothing["hip_by_hospital.csv"]
            .contains("501010;Sahlgrenska;1;0;0;0;0;;;;0;;0;0;0;1;1;0;0;0;0;0;no-hours-known\n")
    );
    assert!(nothing["quality.csv"].contains("14;2026-03;arrival-missing;1\n"));
    assert!(nothing["hip_pathway.csv"].contains(";arrival;0;1\n"));
    // From 28 March 20:00 to 29 March 20:00 on the clock are 23 hours.
    let arrival = at("2026-03-28T19:00:00Z");
    let operated = at("2026-03-29T18:00:00Z");
    events = vec![Event::Move(moved("A01", arrival, "p", "E").to("ORT"))];
    let procedures = vec![("NFJ89", Some(operated), false, Laterality::Unknown)];
    events.push(Event::Codes(Codes { procedures, ..codes("C1", "p", arrival, arrival + DAY) }));
    check(&events, &["vänster;S7200;2026-03-28T20:00:00;2026-03-29T20:00:00;NFJ89;23.0;0;;;not-discharged"]);
}

#[test]
fn figures_and_rows_are_of_fifty_years_and_over_without_pathological_fractures() {
    let one = |birth_year, other| {
        let procedures = vec![("NFB09", Some(at("2026-03-08T17:00:00Z")), false, Laterality::Left)];
        let mut events = way("p", "E");
        events.push(Event::Codes(Codes { birth_year, other, ..contact("p", procedures) }));
        events
    };
    let check = |birth_year, other, reason: Option<&str>| {
        let files = figures(&one(birth_year, other), 1);
        assert_eq!(
            files["hip_fractures.csv"].lines().count(),
            1 + usize::from(reason.is_none()),
            "{birth_year:?} {other}"
        );
        for name in ["age-unknown", "pathological", "under-50"] {
            let line = format!(";set-aside-{name};{}\n", usize::from(reason == Some(name)));
            assert!(files["quality.csv"].contains(&line), "{birth_year:?} {other}: {}", files["quality.csv"]);
        }
        // The hospital has its line all the same, with what was set aside.
        let cells: Vec<&str> = files["hip_by_hospital.csv"].lines().nth(1).unwrap().split(';').collect();
        assert_eq!((cells[0], cells[2]), ("501010", if reason.is_none() { "1" } else { "0" }));
        assert_eq!(cells[19..22].iter().filter(|cell| **cell == "1").count(), usize::from(reason.is_some()));
        assert!(files["hip_pathway.csv"].contains(&format!(";all;{};0\n", cells[2])));
    };
    check(Some(1976), "", None);
    check(Some(1977), "", Some("under-50"));
    check(None, "", Some("age-unknown"));
    check(Some(1940), "M844", Some("pathological"));
    check(Some(1940), "M9070", Some("pathological"));
    check(Some(1940), "M8095", None);
    check(Some(1940), "C795", None);
    // One reason each, the first that holds.
    check(Some(1990), "M844", Some("pathological"));
    // A later contact of the person knows the year of birth.
    let mut events = one(None, "");
    let later = at("2026-04-20T10:00:00Z");
    let known = Codes { diagnosis: "T840", period: "2026-04", ..codes("C2", "p", later, later + DAY) };
    events.push(Event::Codes(Codes { procedures: vec![("NFB29", Some(later), false, Laterality::Left)], ..known }));
    assert_eq!(figures(&events, 1)["hip_fractures.csv"].lines().count(), 2);
}

#[test]
fn a_contact_of_which_the_last_day_is_known_lasts_until_that_day_ends() {
    let check = |month: &str, day: &str, came: &str, is_linked: bool| {
        let day = at(day);
        let contact = Codes { ended_is_date: true, ..codes("C1", "p", day, day) };
        let events = [Event::Move(moved("A01", at(came), "p", "E").to("ORT")), Event::Codes(contact)];
        let rows = &figures_of(month, &events, 1)["hip_fractures.csv"];
        assert_eq!(!rows.contains("arrival-missing"), is_linked, "{came}: {rows}");
    };
    // 29 March has 23 hours: 23:59 is in it and 00:01 is not.
    check("2026-03", "2026-03-28T23:00:00Z", "2026-03-29T21:59:00Z", true);
    check("2026-03", "2026-03-28T23:00:00Z", "2026-03-29T22:01:00Z", false);
    // 25 October has 25.
    check("2026-10", "2026-10-24T22:00:00Z", "2026-10-25T22:59:00Z", true);
    check("2026-10", "2026-10-24T22:00:00Z", "2026-10-25T23:01:00Z", false);
}

#[test]
fn a_hundred_and_twenty_days_are_days_of_the_calendar() {
    let check = |month: &str, first: &str, second: &str, is_same: bool| {
        let contact = |id, begun| Event::Codes(codes(id, "p", at(begun), at(begun) + DAY));
        let rows = &figures_of(month, &[contact("C1", first), contact("C2", second)], 1)["hip_fractures.csv"];
        assert_eq!(rows.lines().count(), 1 + usize::from(!is_same), "{second}: {rows}");
    };
    // From 8 March 08:00 over the beginning of summer time to 6 July 08:00, and a minute later.
    check("2026-07", "2026-03-08T07:00:00Z", "2026-07-06T06:00:00Z", true);
    check("2026-07", "2026-03-08T07:00:00Z", "2026-07-06T06:01:00Z", false);
    // From 1 October 08:00 over its end to 29 January 08:00.
    check("2027-01", "2026-10-01T06:00:00Z", "2027-01-29T07:00:00Z", true);
    check("2027-01", "2026-10-01T06:00:00Z", "2027-01-29T07:01:00Z", false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_becomes_an_encrypted_parcel_that_is_killed_repeated_and_corrected() {
    let database = database(&["14"]).await;
    let operated = at("2026-03-09T01:00:00Z");
    let mut events = way("r14.v1.person", "E");
    let procedures = |time| vec![("NFB09", Some(time), false, Laterality::Left)];
    events.push(Event::Codes(contact("r14.v1.person", procedures(operated))));
    feed(&database, &events, 0).await;
    let v1 = "parcels/hip-fracture_14_2026-03_v1";
    let (desk, calm) = (Desk::new(&database), Desk::new(&database));
    calm.done(&RUN);
    let forget = "DELETE FROM register.ledger; DELETE FROM register.published";
    connect(&database.superuser).await.batch_execute(forget).await.unwrap();
    kill_at(&desk, "manifest-written", &RUN);
    desk.done(&RUN);
    assert_eq!(repeatable(&desk.path(v1)), repeatable(&calm.path(v1)));
    assert_eq!(entries(&desk), [entry("made", 1)]);
    desk.done(&["verify", v1, "--identity", "identity.txt"]);
    assert!(desk.done(&RUN).starts_with("unchanged"));
    for (name, bytes) in content(&desk.path(v1)) {
        assert!(!String::from_utf8_lossy(&bytes).contains("r14.v1."), "{name} names a person");
    }
    let mut own = contact("r14.v1.person", procedures(operated + 2 * HOUR));
    own.recorded += DAY;
    feed(&database, &[Event::Codes(own)], 10).await;
    assert!(desk.done(&RUN).contains("_v2\n"));
    let again = RUN.map(|argument| if argument == "parcels" { "again" } else { argument });
    desk.done(&[&again[..], &["--as-of", v1]].concat());
    assert_eq!(repeatable(&desk.path("again/hip-fracture_14_2026-03_v1")), repeatable(&desk.path(v1)));
}
