//! The README's table of reserve numbers that change class at the upgrade: what it says of now is what the crate does, what it
//! says of before is what the rules of then do, written out here.

use identity::{Claim, Date, NoSubject, Options, Reserve, Subject, System};

const README: &str = include_str!("../README.md");

/// What the table calls the classes.
const RESERVE: &str = "reserve";
const SOURCE: &str = "source";
const NOBODY: &str = "nobody";

/// Whether the rules of then took a text for a number of the numbering.
fn before(system: System, text: &str) -> bool {
    let text = text.replace('-', "");
    let (date, tail) = text.split_at(text.len() - 4);
    let fits = |classes: [&str; 4]| {
        tail.chars().zip(classes).all(|(character, class)| match class {
            "A" => character.is_ascii_uppercase(),
            "9" => character.is_ascii_digit(),
            "*" => character.is_ascii_alphanumeric(),
            some => some.contains(character),
        })
    };
    let number = |at: usize| date[at..at + 2].parse::<u16>().unwrap();
    let is_date = |year: u16, at: usize| Date::new(year, number(at) as u8, number(at + 2) as u8).is_some();
    let is_long = || date.len() == 8 && (18..21).contains(&number(0)) && is_date(number(0) * 100 + number(2), 4);
    match system {
        // The check digit was not looked at.
        System::NationalReserve => {
            let century = if number(0) % 3 == 1 { 1900 } else { 2000 };
            number(0) >= 22
                && !number(0).is_multiple_of(3)
                && is_date(century + number(2), 4)
                && fits(["A", "A", "9", "9"])
        }
        System::Reserve(Reserve::Stockholm) => text.starts_with("99") && (18..=20).contains(&number(2)),
        System::Reserve(Reserve::Varmland) => is_long() && fits(["A", "FUXPL", "9", "*"]),
        System::Reserve(Reserve::Orebro) => is_long() && fits(["A", "A", "9", "*"]),
        System::Reserve(Reserve::Skane) => is_date(1900 + number(0), 2) && fits(["A", "A", "9", "*"]),
        System::Reserve(Reserve::SormlandOlder) => is_long() && fits(["A", "9", "9", "9"]),
        other => panic!("the table says nothing of {other:?}"),
    }
}

/// The class of a number that is said to be of this system, or of none.
fn now(system: &str, text: &str, reserves: &[Reserve]) -> &'static str {
    let options = Options { reserves, ..Options::at(Date::new(2026, 1, 5).unwrap()) };
    match Subject::read(Claim { system, kind: "", source: "SOURCE", value: text }, &options) {
        Ok(subject) if subject.is_local() => SOURCE,
        Ok(_) => RESERVE,
        Err(NoSubject::Invalid | NoSubject::Placeholder) => NOBODY,
        Err(NoSubject::Absent) => panic!("{text} is a number"),
    }
}

#[test]
fn the_table_of_what_changes_at_the_upgrade_is_true() {
    let rows: Vec<Vec<&str>> = README
        .lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.len() == 9 && cells[3].starts_with('`'))
        .collect();
    assert_eq!(rows.len(), 10);
    for cells in rows {
        let text = cells[3].trim_matches('`');
        let (system, region) = match cells[1] {
            "national" => (System::NationalReserve, ""),
            "Stockholm" => (System::Reserve(Reserve::Stockholm), "01"),
            "Värmland" => (System::Reserve(Reserve::Varmland), "17"),
            "Örebro" => (System::Reserve(Reserve::Orebro), "18"),
            "Skåne" => (System::Reserve(Reserve::Skane), "12"),
            "Sörmland, older" => (System::Reserve(Reserve::SormlandOlder), "04"),
            other => panic!("no numbering {other}"),
        };
        // An interim number came first then, where nobody said whose it is.
        let is_interim = identity::Interim::parse(text, Date::new(2026, 1, 5).unwrap()).is_ok();
        let was = before(system, text);
        let said_before = if was { RESERVE } else { NOBODY };
        let unsaid_before = if was && !is_interim { RESERVE } else { SOURCE };
        assert_eq!(cells[4..6], [said_before, now(system.oid(), text, &[])], "{text}, said");
        assert_eq!(cells[6..8], [unsaid_before, now("", text, Reserve::of_region(region))], "{text}, unsaid");
    }
}
