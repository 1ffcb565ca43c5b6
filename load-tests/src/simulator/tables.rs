//! What a region's offices leave as files: waits of each month, costs of a year, and the codes of hip fractures, whose stays are told
//! as messages. Plausible enough to be looked at; nobody's.

use std::fmt::Write as _;

use identity::Sex;
use jiff::{
    ToSpan,
    civil::{Date, DateTime},
};

use super::country::{Area, Hospital};
use super::person::Person;
use super::random::Random;
use super::write::Writer;
use super::{HOUR, MINUTE, Sent, act};

/// Contacts of each month, of both hospitals that report.
const WAITS: usize = 260;
/// Contacts of each year.
const COSTS: usize = 420;
/// Fractures of each month.
const FRACTURES: usize = 56;
/// So often somebody is looked for who is old enough and was not somewhere else, for one who is found.
const TRIES: usize = 6;
/// The figures' own limit is 50 years, by the year of birth.
const AGE_MIN: i16 = 51;
/// Nobody with a fracture stays as long.
const STAY_DAYS_MAX: i64 = 13;
/// Of the hospitals that report, the larger one has so many in a hundred.
const LARGER_PERCENT: u64 = 58;

const WAITS_HEADER: &str = "vardkontakt_id;remiss_id;status;matperiod;fas;vardgaranti;avvikelsekod;beslut_datum;start_datum;\
    remiss_datum;mvo_kod;sjukhuskod;sjukhusnamn;kon;fodelsear\n";
const COSTS_HEADER: &str = "kontakt_id;patient_id;ar;korning;vardform;in_datum;ut_datum;sjukhuskod;sjukhusnamn;mvo;hdia;drg;drg_vikt;\
    totalkostnad;kost_vardavdelning;kost_operation;kost_lakare;kost_lab;kost_lakemedel;kon;fodelsear\n";
const CODES_HEADER: &str = "vardkontakt_id;VARDTILLFALLE;personnummer;KON;FODELSEAR;INDATUM;INTID;UTDATUM;UTTID;SJUKHUS;\
    SJUKHUSNAMN;MVO;PVARD;HDIA;EKOD1;OP;OPD1;SIDA;SLUTRAPPORTERAD\n";

/// Specialities of waits.
const SPECIALITIES: [&str; 5] = ["101", "301", "311", "511", "521"];
/// Main diagnosis, diagnosis group, its weight in thousandths, and what such a contact costs about, in kronor.
const STAYS: [(&str, &str, i64, i64); 4] = [
    ("S72.00", "H14N", 1_873, 142_000),
    ("I50.9", "E47N", 1_020, 68_000),
    ("J18.9", "D40N", 890, 59_000),
    ("K35.8", "F09N", 1_110, 74_000),
];

/// A file of waits. Each month that is further back has waited a little longer.
pub(super) fn waits(area: &Area, month: Date, months_back: i32, random: &mut Random) -> String {
    let mut text = WAITS_HEADER.to_owned();
    let last = month.last_of_month();
    for number in 0..WAITS {
        let hospital = reporting(area, random);
        let waiting = random.percent(55);
        let end = if waiting { last } else { day(month, random.between(0, i64::from(last.day()) - 1)) };
        // Most wait for weeks, few for long.
        let drawn = random.below(1_000) as i64;
        let days = drawn * drawn * (124 + 2 * i64::from(months_back)) / 1_000_000;
        let began = day(end, -days);
        let treatment = random.percent(45);
        let (referral, decided) = if treatment { (day(began, -random.between(10, 60)), began) } else { (began, began) };
        let started = if waiting { String::new() } else { format!("{end}T{:02}:30:00", random.between(8, 15)) };
        let _ = writeln!(
            text,
            "VK{}-{}-{number};R{}-{}-{number};{};{last};{};{};{};{decided};{started};{referral};{};{};{};{};{}",
            area.region,
            month.strftime("%Y%m"),
            area.region,
            month.strftime("%Y%m"),
            if waiting { "VANTANDE" } else { "GENOMFORD" },
            if treatment { 2 } else { 1 },
            if random.percent(92) { "JA" } else { "NEJ" },
            if random.percent(88) { "0" } else { *random.pick(&["1", "1", "2", "3"]) },
            random.pick(&SPECIALITIES),
            hospital.code,
            hospital.name,
            random.between(1, 2),
            random.between(1932, 2018),
        );
    }
    text
}

/// A file of what contacts of a year have cost.
pub(super) fn costs(area: &Area, year: i16, random: &mut Random) -> String {
    let mut text = COSTS_HEADER.to_owned();
    let first = Date::constant(year, 1, 1);
    for number in 0..COSTS {
        let (code, name) = {
            let hospital = reporting(area, random);
            (&hospital.code, &hospital.name)
        };
        let Some(person) = area.bystander(random) else { break };
        let came = day(first, random.between(0, 340));
        let form = *random.pick(&["S", "S", "O", "P"]);
        let (diagnosis, group, weight, usual) =
            if form == "S" { *random.pick(&STAYS) } else { ("I10.9", "", 0, 3_400) };
        let total = usual * random.between(70, 140) / 100;
        let left = if form == "S" { day(came, random.between(1, 9)) } else { came };
        let part = |percent: i64| total * percent / 100;
        let ward = if form == "S" { part(46) } else { 0 };
        let operation = if group == "H14N" || group == "F09N" { part(24) } else { 0 };
        let (laboratory, drugs) = (part(7), part(5));
        let _ = writeln!(
            text,
            "KPP{}-{year}-{number};{};{year};{year}-1;{form};{came};{left};{code};{name};{};{diagnosis};{group};{};{total};{};{};{};{};{};{};{}",
            area.region,
            person.number.hyphenated(),
            random.pick(&["101", "301", "311"]),
            if weight == 0 { String::new() } else { format!("{},{:03}", weight / 1_000, weight % 1_000) },
            ward,
            operation,
            total - ward - operation - laboratory - drugs,
            laboratory,
            drugs,
            sex(&person),
            person.number.birth().year(),
        );
    }
    text
}

/// A file of hip fractures of a month, and the messages of their stays: a few were never operated, or nobody wrote when.
pub(super) fn fractures(
    area: &mut Area,
    month: Date,
    now: i64,
    random: &mut Random,
    writer: &mut Writer,
    into: &mut Vec<(i64, Sent)>,
) -> String {
    let mut text = CODES_HEADER.to_owned();
    let wards: Vec<usize> = (0..area.wards.len()).filter(|at| area.wards[*at].code.ends_with("ORT")).take(2).collect();
    let (first, days) = (micros(month), (now - micros(month)) / (24 * HOUR) - STAY_DAYS_MAX);
    let mut number = 0;
    for _ in 0..TRIES * FRACTURES {
        let larger = random.percent(LARGER_PERCENT) || wards.len() == 1;
        let ward = wards[usize::from(!larger)];
        let came = first + random.between(0, days.min(24) * 24 - 1) * HOUR + random.between(0, 59) * MINUTE;
        let left = came + random.between(5 * 24, (STAY_DAYS_MAX - 1) * 24) * HOUR;
        let Some((patient, free_at)) = act::patient_of(area, (ward, None), came, random) else { break };
        // Figures are of those who are old enough.
        if free_at > came || month.year() - patient.person.number.birth().year().cast_signed() < AGE_MIN {
            area.release(&patient.person, free_at);
            continue;
        }
        let (visit, person) = (patient.visit.clone(), patient.person.clone());
        let moved = came + random.between(1, 4) * HOUR + random.between(0, 59) * MINUTE;
        act::came_through_department(area, patient, [came, moved, left], random, writer, into);
        number += 1;
        // Most are operated within a day.
        let hours = random.between(5, 22) + if random.percent(27) { random.between(4, 40) } else { 0 };
        let operated = (!random.percent(4)).then(|| local(came + hours * HOUR));
        let (operated_on, clock) = match operated {
            Some(at) if random.percent(94) => (at.strftime("%Y-%m-%dT%H:%M").to_string(), true),
            Some(at) => (at.strftime("%Y-%m-%d").to_string(), true),
            None => (String::new(), false),
        };
        let (arrived, gone) = (local(came), local(left));
        let hospital = area.hospital(ward);
        let _ = writeln!(
            text,
            "PAR{}-{}-{number};{visit};{};{};{};{};{};{};{};{};{};311;2;{};W01.09;{};{operated_on};{};JA",
            area.region,
            month.strftime("%Y%m"),
            person.number.hyphenated(),
            sex(&person),
            person.number.birth().year(),
            arrived.date(),
            arrived.strftime("%H:%M"),
            gone.date(),
            gone.strftime("%H:%M"),
            hospital.code,
            hospital.name,
            random.pick(&["S72.00", "S72.10", "S72.20"]),
            if clock { *random.pick(&["NFJ59", "NFB49"]) } else { "" },
            random.pick(&["V", "H"]),
        );
        if number == FRACTURES {
            break;
        }
    }
    text
}

/// One of the two hospitals that report.
fn reporting<'a>(area: &'a Area, random: &mut Random) -> &'a Hospital {
    let larger = random.percent(LARGER_PERCENT) || area.hospitals.len() == 1;
    &area.hospitals[usize::from(!larger)]
}

fn sex(person: &Person) -> u8 {
    if person.number.sex() == Sex::Female { 2 } else { 1 }
}

/// So many days later; none of the dates here is near the calendar's ends.
fn day(date: Date, days: i64) -> Date {
    date.saturating_add(days.days())
}

/// The first day of the month so many months before.
pub(super) fn month(at_micros: i64, back: i32) -> Date {
    local(at_micros).date().first_of_month().saturating_sub(back.months())
}

/// The beginning of a day by Swedish clocks.
fn micros(date: Date) -> i64 {
    swedish_time::instant(date.at(0, 0, 0, 0)).unwrap_or_default()
}

fn local(micros: i64) -> DateTime {
    swedish_time::local(micros)
}
