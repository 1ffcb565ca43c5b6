//! A region's waiting-time file to the figures of its month, through every service; killed, repeated and corrected.

use std::{collections::BTreeMap, fs, io::Read, path::Path, process::Command};

use identity::test_identity;
use load_tests::{
    canary::Canaries,
    check_register::{self, Report, Run},
    simulated,
    stack::{Keys, Service},
};

const PERIOD: &str = "2026-02";
/// So many that no hospital has few of a step, which would be withheld.
const ROWS: u64 = 6_000;

/// A month's file in the pilots' layout. Made-up ids; no person is in it.
fn file(seed: u64) -> String {
    let mut state = seed;
    let mut roll = |sides: u64| {
        // SplitMix64: a seed replays a file on every machine.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    };
    let header = "beslut_datum;start_datum;medicinskt_maldatum;matperiod;kva_kod;mvo_kod;aktivitetskod;aktivitet_kva;aktivitet_icd;\
        vardgaranti;avvikelsekod;regionkod;hsaid_region;hsaid_vardgivare;hsaid_vardenhet;hsaid_enhet;sjukhuskod;sjukhusnamn;\
        yrkeskategori;bokningssatt;vardkontakttyp;kon;fodelsear;lkf;hsaid_listning;remittenttyp;remittent_hsaid;remiss_id;\
        remiss_datum;ankomst_datum;vardkontakt_id;fas;typ_akutverksamhet;status;vantetid_dagar";
    let mut text = format!("{header}\n");
    let hospitals =
        [("501010", "Sahlgrenska universitetssjukhuset"), ("502010", "\"Östra; sjukhuset\""), ("520010", "NÄL")];
    for number in 0..ROWS {
        let start: jiff::civil::Date = "2026-02-01".parse().expect("a date");
        let start = start.saturating_add(jiff::Span::new().days(i64::try_from(roll(28)).expect("small")));
        let days = |date: jiff::civil::Date, count: i64| date.saturating_sub(jiff::Span::new().days(count));
        let decided = days(start, i64::try_from(roll(250)).expect("small") - 4);
        let referral = days(decided, i64::try_from(roll(80)).expect("small") - 10);
        let (code, name) = hospitals[usize::try_from(roll(3)).expect("small")];
        let waiting = roll(5) == 0;
        let started = if waiting { String::new() } else { format!("{start}T{:02}:30:00", 7 + roll(10)) };
        let referral = if roll(10) == 0 { String::new() } else { format!("{referral}T23:15:00") };
        text.push_str(&format!(
            "{decided}T{:02}:45:00;{started};;{};CJE20;511;51101;CJE20;H25.9;{};{};51;SE2321000131-E1;SE2321000131-E2;\
             SE0000000000-OPT{code};SE0000000000-OPT1;{code};{name};XS915;{};{};{};{};1480;SE2321000131-E5;1;SE2321000131-E6;R-{number};\
             {referral};;OPT-å{number};{};0;{};\n",
            roll(24),
            if roll(20) == 0 { "2026-01-31T00:00:00" } else { "2026-02-28T00:00:00" },
            if roll(4) == 0 { "NEJ" } else { "JA" },
            ["", "", "", "1", "2", "3"][usize::try_from(roll(6)).expect("small")],
            1 + roll(5),
            ["0", "81", "91"][usize::try_from(roll(3)).expect("small")],
            1 + roll(2),
            1930 + roll(60),
            ["1", "1", "2", "2", "2", "3", "5", ""][usize::try_from(roll(8)).expect("small")],
            if waiting { "VANTANDE" } else { "GENOMFORD" },
        ));
    }
    text
}

fn check(files: &[&Path], out: &Path, keys: &Keys, kills: &[Service]) -> Report {
    check_extract(files, out, keys, kills, ("waiting-times", PERIOD))
}

fn check_extract(
    files: &[&Path],
    out: &Path,
    keys: &Keys,
    kills: &[Service],
    (extract, period): (&str, &str),
) -> Report {
    let region = "14".parse().expect("a lanskod");
    let run = Run {
        files: files.iter().map(|file| file.to_path_buf()).collect(),
        region,
        period: period.to_owned(),
        extract: extract.to_owned(),
        out: out.to_owned(),
        package: None,
        kills: kills.to_vec(),
        options: simulated::one_region(region, keys.clone()),
    };
    let report = check_register::run(run, &mut |text| println!("{text}")).expect("the run finishes");
    println!("{}", serde_json::to_string(&report).expect("a report is JSON"));
    assert_eq!(report.lost, 0);
    report
}

/// The figures: everything of an extract that is nobody's row and says nothing of how it was made.
fn figures(out: &Path) -> BTreeMap<String, String> {
    ["waits_by_step.csv", "waits_by_dimension.csv", "quality.csv"]
        .into_iter()
        .map(|name| {
            (name.to_owned(), fs::read_to_string(out.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
        })
        .collect()
}

#[test]
fn a_file_becomes_the_figures_that_somebody_else_computes_whatever_is_killed_or_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("february.csv"), file(11)).expect("written");
    let keys = Keys::random().expect("random bytes");

    let calm = check(&[&at("february.csv")], &at("calm"), &keys, &[]);
    assert_eq!((calm.source_records, calm.mapped, calm.events_stored), (ROWS, ROWS, ROWS), "{calm:?}");
    let expected = |rules: &str| {
        let answer = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/waiting_times.py"))
            .arg(at("february.csv"))
            .args([PERIOD, rules])
            .output()
            .expect("python3 runs");
        assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        String::from_utf8(answer.stdout).expect("text")
    };
    let lines = |text: &str| text.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>();
    let figures_calm = figures(&at("calm"));
    assert_eq!(lines(&figures_calm["waits_by_step.csv"]), expected("steps"));
    assert_eq!(expected("steps").lines().count(), 12, "three hospitals, two steps, waiting and completed");
    // The pilots' figures are an extract of its own, of the same file.
    let pilots = ("waiting-times-pilots", PERIOD);
    check_extract(&[&at("february.csv")], &at("pilots"), &keys, &[], pilots);
    let found = fs::read_to_string(at("pilots").join("kpi_total.csv")).expect("the pilots' file");
    assert_eq!(lines(&found), expected("pilots"));
    assert_eq!(expected("pilots").lines().count(), 3);

    let kills = [Service::Connector, Service::Processor, Service::SinkStore];
    let twice = check(&[&at("february.csv"), &at("february.csv")], &at("twice"), &keys, &kills);
    assert_eq!(twice.events_stored, ROWS, "{twice:?}");
    assert!(twice.duplicates >= ROWS, "the second file is all duplicates: {twice:?}");
    for (name, text) in figures(&at("twice")) {
        let differing = text.lines().zip(figures_calm[&name].lines()).find(|(one, other)| one != other);
        assert!(text == figures_calm[&name], "{name} differs: {differing:?}");
    }
}

#[test]
fn a_file_that_is_cut_off_is_parked_as_a_whole_and_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let text = file(12);
    fs::write(at("cut.csv"), &text[..text.len() - 40]).expect("written");
    let report = check(&[&at("cut.csv")], &at("out"), &Keys::random().expect("random bytes"), &[]);
    assert_eq!((report.source_records, report.mapped, report.parked), (1, 0, 1), "{report:?}");
    let why = report.rejected.keys().next().expect("one reason");
    assert!(why.starts_with(&format!("file-truncated at line {}", ROWS + 1)), "{why}");
}

/// A cost table with the patient's identity where it belongs and in every place where it does not.
fn costs(count: u64) -> String {
    let mut text =
        "kontakt_id;patient_id;ar;korning;vardform;in_datum;ut_datum;sjukhuskod;sjukhusnamn;klinik;inskrivningssatt;\
        drg;drg_vikt;totalkostnad;kost_operation;kost_lab;kon;lkf\n"
            .to_owned();
    for index in 0..count {
        let identity = test_identity::number(index % (count / 2));
        let hyphenated = identity.hyphenated();
        let planted = |nth: u64, other: &str| if index % 7 == nth { hyphenated.clone() } else { other.to_owned() };
        text.push_str(&format!(
            "{};{hyphenated};2025;{};S;2025-03-01T08:00;2025-03-05;{};{};{};{};H14N;1,873;{}00,50;{}00;0,50;{};1480\n",
            planted(0, &format!("K{index}")),
            planted(1, "2025-1"),
            planted(2, "501010"),
            planted(3, "Sahlgrenska"),
            planted(4, "311"),
            planted(5, "3"),
            index + 10,
            index + 10,
            planted(6, "2"),
        ));
    }
    text
}

#[test]
fn an_extract_of_costs_follows_persons_over_contacts_and_holds_no_identity() {
    const COUNT: u64 = 200;
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("kpp.csv"), costs(COUNT)).expect("written");
    let keys = Keys::random().expect("random bytes");
    let report = check_extract(&[&at("kpp.csv")], &at("out"), &keys, &[], ("kpp", "2025"));
    assert_eq!((report.mapped, report.events_stored), (COUNT, COUNT), "{report:?}");

    let identity = fs::read_to_string(at("out").join("recipient-identity.txt")).expect("the recipient's key");
    let identity: age::x25519::Identity = identity.trim().parse().expect("an age key");
    let open = |name: &str| {
        let sealed = fs::read(at("out").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let decryptor = age::Decryptor::new_buffered(&sealed[..]).expect("an age file");
        let mut text = String::new();
        let mut reader =
            decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).expect("the recipient opens it");
        reader.read_to_string(&mut text).expect("UTF-8");
        text
    };
    let (contacts, persons) = (open("kpp_contacts.csv.age"), open("cost_by_person.csv.age"));
    assert_eq!((contacts.lines().count() as u64, persons.lines().count() as u64), (COUNT + 1, COUNT / 2 + 1));
    assert!(
        persons.lines().all(|line| line.contains(";contacts;") || line.contains(";2;")),
        "two contacts each: {persons}"
    );

    let identities: Vec<String> = (0..COUNT).map(|index| test_identity::number(index).as_str().to_owned()).collect();
    let canaries = Canaries::new(identities.iter().map(String::as_str));
    assert!(!canaries.scan("the source", costs(COUNT).as_bytes()).is_empty(), "the search finds what was planted");
    let mut leaks = canaries.scan("kpp_contacts.csv", contacts.as_bytes());
    leaks.extend(canaries.scan("cost_by_person.csv", persons.as_bytes()));
    for entry in fs::read_dir(at("out")).expect("listed") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            leaks.extend(canaries.scan(&path.display().to_string(), &fs::read(&path).expect("readable")));
        }
    }
    assert!(leaks.is_empty(), "{leaks:?}");
    let other = age::x25519::Identity::generate();
    let sealed = fs::read(at("out").join("kpp_contacts.csv.age")).expect("readable");
    let decryptor = age::Decryptor::new_buffered(&sealed[..]).expect("an age file");
    assert!(decryptor.decrypt(std::iter::once(&other as &dyn age::Identity)).is_err(), "only the recipient opens it");
}
