//! The delivery beside a second program, written from the rules (`oracle/par.py`), cell by cell, on made rows: as many as
//! `VARDSTROM_PAR_ROWS` says.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use identity::test_identity;
use schemas::Format;
use serde_json::{Value, json};

use crate::{Desk, V1};

/// Rows where nobody says another number; a run of 100,000 takes minutes.
const ROWS: usize = 3_000;
/// Records that are given to Kafka at once: a producer's queue holds no more than 100,000.
const BATCH: usize = 10_000;

const COLUMNS: [&str; 29] = [
    "vardkontakt_id",
    "personnummer",
    "KON",
    "FODELSEAR",
    "LKF",
    "INDATUM",
    "INTID",
    "UTDATUM",
    "UTTID",
    "SJUKHUS",
    "KLINIK",
    "MVO",
    "INSATT",
    "UTSATT",
    "PVARD",
    "HDIA",
    "DIA1",
    "DIA2",
    "DIA3",
    "EKOD1",
    "EKOD2",
    "OP",
    "OPD1",
    "OPD2",
    "OPD3",
    "LM",
    "DRG",
    "SLUTRAPPORTERAD",
    "RAPPORTTID",
];

/// SplitMix64: every run has the same rows.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % end
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len() as u64) as usize]
    }

    /// A day from the first over so many, as sources write days.
    fn day(&mut self, first: &str, days: u64) -> String {
        let first: jiff::civil::Date = first.parse().unwrap();
        let day = first.checked_add(jiff::Span::new().days(self.below(days) as i64)).unwrap();
        day.strftime(self.of(&["%Y-%m-%d", "%Y%m%d"])).to_string()
    }

    /// A time of day; in the hour that spring leaves out nobody comes or goes.
    fn clock(&mut self) -> String {
        let hour = [0, 1, 3, 6, 7, 9, 12, 13, 17, 23][self.below(10) as usize];
        let minute = self.below(60);
        if self.below(2) == 0 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}{minute:02}") }
    }

    /// A person of the region: always the same number for a contact, in some notation.
    fn number(&mut self, contact: u64) -> String {
        let nobody = test_identity::number(contact / 3);
        match contact % 23 {
            // The region's own, two national ones, and what names nobody: one with a wrong check digit among it.
            0 => "991981000010".to_owned(),
            1 => "25780404KHD5".to_owned(),
            2 => "00749852-BZK0".to_owned(),
            3 => "22950606FH21".to_owned(),
            4 => "19121212-0000".to_owned(),
            5 => format!("LOKAL-{contact}"),
            6 => "410829-DA1B".to_owned(),
            _ => match self.below(3) {
                0 => nobody.as_str().to_owned(),
                1 => nobody.hyphenated(),
                _ => nobody.ten_digits().to_owned(),
            },
        }
    }

    fn row(&mut self, contact: u64) -> Vec<String> {
        let some = |is_there: bool, text: String| if is_there { text } else { String::new() };
        let (came, left) = (self.below(12), self.below(8));
        let admitted = some(came > 0, self.day("2025-10-01", 190));
        let discharged = match left {
            0 | 1 => String::new(),
            2 => "9999-12-31".to_owned(),
            _ => self.day("2025-12-01", 140),
        };
        let (in_clock, out_clock) = (self.clock(), self.clock());
        let is_clocked = |day: &str, clock: &str, number: u64| some(!day.is_empty() && number > 0, clock.to_owned());
        let (one, two) = (self.below(4), self.below(4));
        let reported = some(self.below(9) > 0, format!("2026-04-0{}T08:00:00", 1 + self.below(4)));
        let cells: [String; COLUMNS.len()] = [
            format!("{}{contact}", if contact.is_multiple_of(2) { 'A' } else { 'B' }),
            self.number(contact),
            self.of(&["1", "2", "M", "K", "9", ""]).to_owned(),
            self.of(&["1941", "2003", ""]).to_owned(),
            self.of(&["1480", "148001", ""]).to_owned(),
            admitted.clone(),
            is_clocked(&admitted, &in_clock, one),
            discharged.clone(),
            if discharged.starts_with("9999") { String::new() } else { is_clocked(&discharged, &out_clock, two) },
            self.of(&["51001", "501010", "00000", ""]).to_owned(),
            self.of(&["311-2", "KIR", ""]).to_owned(),
            self.of(&["311", "101", ""]).to_owned(),
            self.of(&["1", "2", "3", ""]).to_owned(),
            self.of(&["1", "3", "4", ""]).to_owned(),
            self.of(&["1", "2", ""]).to_owned(),
            self.of(&["S72.00", "i10.9", "T81.0", "C50.9", ""]).to_owned(),
            self.of(&["I10.9", "s7210", ""]).to_owned(),
            self.of(&["E11.9", ""]).to_owned(),
            self.of(&["T840", "", ""]).to_owned(),
            self.of(&["W01.09", "Y83.1", ""]).to_owned(),
            self.of(&["X59.9", "", ""]).to_owned(),
            self.of(&["NFJ59 DT016", "NFJ59 J01CF02 DR029", "-1 NFB49", "CJE20", "0000", ""]).to_owned(),
            self.of(&["2026-01-04", "20260110", ""]).to_owned(),
            self.of(&["2026-01-05", ""]).to_owned(),
            self.of(&["2026-01-06", ""]).to_owned(),
            self.of(&["J01CF02:DT016 B01AB05", "B01AB05:NFJ59", "J01CF02:CJE20", "B01AB05", ""]).to_owned(),
            self.of(&["H14N", ""]).to_owned(),
            self.of(&["JA", "NEJ", "1", "N", ""]).to_owned(),
            reported,
        ];
        cells.into()
    }
}

/// What the second program makes of the rows.
fn theirs(filkod: &str, rows: &[Vec<String>]) -> BTreeMap<String, String> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|cells| COLUMNS.iter().map(|name| (*name).to_owned()).zip(cells.iter().map(|cell| json!(cell))).collect())
        .collect();
    let told = json!({"filkod": filkod, "first": "2026-01-01", "last": "2026-03-31", "rows": rows}).to_string();
    let program = format!("{}/tests/oracle/par.py", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new("python3")
        .arg(program)
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    // The program reads everything before it writes.
    child.stdin.take().unwrap().write_all(told.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the second program failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
#[expect(clippy::print_stdout, reason = "what a run of more rows has compared")]
fn a_second_program_makes_the_same_files() {
    let count = std::env::var("VARDSTROM_PAR_ROWS").map_or(ROWS, |text| text.parse().expect("a number of rows"));
    let desk = Desk::new("01");
    let mut random = Random(2026);
    // Every third row is a later or an earlier word about a contact that was told of before.
    let rows: Vec<Vec<String>> = (0..count as u64)
        .map(|at| {
            let contact = if at % 3 == 2 { random.below(at) } else { at };
            random.row(contact)
        })
        .collect();
    for batch in rows.chunks(BATCH) {
        let record = |cells: &Vec<String>| {
            let partition = i32::from(cells[0].starts_with('B'));
            (partition, Format::Delimited, format!("{}\n{}", COLUMNS.join(";"), cells.join(";")))
        };
        desk.put(&batch.iter().map(record).collect::<Vec<_>>());
    }
    desk.done();
    let theirs = theirs("01", &rows);
    let parcel = V1.replace("_14_", "_01_");
    let mut compared = BTreeMap::new();
    for (name, theirs) in &theirs {
        let ours = desk.open(&parcel, name);
        for (line, (our, their)) in ours.lines().zip(theirs.lines()).enumerate() {
            let cells = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
            // The numbers are test identities, so they may be shown.
            assert_eq!(cells(our), cells(their), "{name}, line {}", line + 1);
        }
        assert_eq!(ours.lines().count(), theirs.lines().count(), "{name}");
        assert_eq!(&ours, theirs, "{name}");
        compared.insert(name.as_str(), ours.lines().map(|line| line.split(';').count()).sum::<usize>());
    }
    println!("{count} rows: cells compared: {compared:?}");
    let stays = desk.open(&parcel, "01_vardtillfalle.txt");
    let still = stays.lines().filter(|line| line.split(';').nth(8) == Some("")).count();
    let all = stays.lines().count();
    assert!(still > all / 10 && still < all, "both kinds are in it: {still} of {all} are not discharged");
    for name in ["01_patient.txt", "01_diagnos.txt", "01_atgard.txt", "01_lakemedel.txt"] {
        assert!(compared[name] > 0, "{name} is not empty");
    }
}
