//! What few have cannot be computed: a program that keeps every published file of every version of a month (`attack.py`) finds
//! no number that is withheld. The same program finds them where they stand, where only they are withheld, and where versions
//! do not know of each other.

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use schemas::Wait;
use serde::Deserialize;

use super::{
    Output, Settings, completed, extract_of,
    random::{Dice, contact_ids, month},
    settings, waiting_times_of,
};

const LIMIT: u32 = 20;

type Files = BTreeMap<String, String>;

/// The published files of both extracts, and their control totals.
type Version = (Files, BTreeMap<String, i64>);

/// A number that the program has computed, or read.
#[derive(Debug, Deserialize)]
struct Found {
    version: usize,
    with: Option<usize>,
    cell: String,
    value: i64,
    read: bool,
}

/// What is published of an output: everything without rows about persons.
fn published(output: &Output) -> Files {
    let files = output.files.iter().filter(|file| !file.personal);
    files.map(|file| (file.name.clone(), String::from_utf8(file.bytes.clone()).unwrap())).collect()
}

/// What is published of each month. Where versions know of each other, each gets the files of the one before.
fn versions(months: &[Vec<Wait<'_>>], limit: u32, know: bool) -> Vec<Version> {
    let mut made: Vec<Version> = Vec::new();
    for statements in months {
        let earlier = made.last().filter(|_| know).map(|(files, _)| files.clone()).unwrap_or_default();
        let settings = || Settings { hide_below: limit, earlier: earlier.clone(), ..settings() };
        let (steps, pilots) = (waiting_times_of(settings(), statements), extract_of(settings(), statements));
        let mut files = published(&steps);
        files.extend(published(&pilots).into_iter().filter(|(name, _)| name != "quality.csv"));
        let of_pilots = ["completed", "waiting"].map(|name| (format!("pilots_{name}"), pilots.totals[name]));
        made.push((files, steps.totals.into_iter().chain(of_pilots).collect()));
    }
    made
}

fn attack(versions: &[Version]) -> Vec<Found> {
    let of = |(files, totals): &Version| serde_json::json!({ "files": files, "totals": totals });
    let input = serde_json::Value::from_iter(versions.iter().map(of));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/waiting_times/attack.py");
    let mut child = Command::new("python3")
        .arg(script)
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What was computed and is so, of somebody. A hospital whose contacts are all of one group has in that group what it has.
fn recovered<'f>(found: &'f [Found], truth: &BTreeMap<(usize, &str), i64>) -> Vec<&'f Found> {
    let said = |version: usize, cell: &str| {
        let found = found.iter().find(|found| found.version == version && found.cell == cell && found.read);
        found.map(|found| found.value)
    };
    let of_hospital = |found: &Found| {
        let cell: Vec<&str> = found.cell.split('|').collect();
        let ["kpi_by_dimension.csv", code, _, _, column] = cell[..] else { return None };
        said(found.version, &format!("kpi_total.csv|{code}|{column}"))
    };
    let is_so = |found: &&Found| {
        !found.read && found.value > 0 && truth.get(&(found.version, found.cell.as_str())) == Some(&found.value)
    };
    found.iter().filter(is_so).filter(|found| of_hospital(found) != Some(found.value)).collect()
}

fn truth(found: &[Found]) -> BTreeMap<(usize, &str), i64> {
    found
        .iter()
        .filter(|found| found.with.is_none())
        .map(|found| ((found.version, &*found.cell), found.value))
        .collect()
}

const HOSPITALS: [&str; 8] = ["501010", "420010", "50001", "520011", "530001", "540001", "550001", "560001"];
const MUNICIPALITIES: [&str; 12] =
    ["1480", "1380", "1401", "1402", "1407", "1415", "1419", "1421", "1427", "1430", "1435", "1438"];
const MVO: [&str; 6] = ["511", "311", "301", "101", "241", "901"];

/// One of these, the first ones far more often than the last.
fn uneven(dice: &mut Dice, of: &[&'static str]) -> Option<&'static str> {
    let sides = of.len() as u64;
    let place = dice.roll(sides) * dice.roll(sides) / sides;
    Some(of[place as usize])
}

/// A month, and two later readings of it in which a few contacts are others, elsewhere or gone.
fn months<'a>(seed: u64, ids: &'a [String]) -> Vec<Vec<Wait<'a>>> {
    let mut dice = Dice(seed);
    let mut statements = month(seed, ids);
    for wait in &mut statements {
        wait.hospital_code = uneven(&mut dice, &HOSPITALS);
        wait.hospital_name = Some("Sjukhuset");
        wait.lkf = uneven(&mut dice, &MUNICIPALITIES);
        wait.mvo = uneven(&mut dice, &MVO);
        wait.phase = dice.pick(&[Some("1"), Some("2")]);
    }
    let mut all = vec![statements];
    for _ in 0..2 {
        let mut next = all[all.len() - 1].clone();
        for _ in 0..8 {
            let at = dice.roll(next.len() as u64) as usize;
            match dice.roll(3) {
                0 => drop(next.remove(at)),
                1 => next[at].lkf = uneven(&mut dice, &MUNICIPALITIES),
                _ => next[at].hospital_code = uneven(&mut dice, &HOSPITALS),
            }
        }
        all.push(next);
    }
    all
}

#[test]
fn nothing_that_is_withheld_is_found_and_everything_that_is_not() {
    let mut few_lines = 0;
    for (seed, count) in [(1, 900), (2, 2_500), (3, 6_000)] {
        let ids = contact_ids(count);
        let months = months(seed, &ids);
        let open = attack(&versions(&months, 1, true));
        let truth = truth(&open);
        let is_count = |found: &&Found| ["contacts", "completed"].iter().any(|end| found.cell.ends_with(end));
        few_lines += open.iter().filter(is_count).filter(|found| found.read && (1..20).contains(&found.value)).count();

        let published = versions(&months, LIMIT, true);
        let found = attack(&published);
        assert!(found.iter().filter(|found| found.read).count() > 100, "seed {seed}: something is said");
        let recovered = recovered(&found, &truth);
        assert!(
            recovered.is_empty(),
            "seed {seed}: {} recovered, {:#?}",
            recovered.len(),
            &recovered[..recovered.len().min(8)]
        );
        for found in found.iter().filter(is_count).filter(|found| found.read) {
            assert!(!(1..20).contains(&found.value), "seed {seed}: {found:?}");
        }
    }
    assert!(few_lines > 200, "the same files without a limit say {few_lines} few");
}

/// Only what few have is taken away, as by somebody who forgets that sums tell the rest.
#[test]
fn what_is_withheld_alone_is_found() {
    let ids = contact_ids(6_000);
    let mut found_groups = 0;
    for seed in 4..7 {
        let all = versions(&months(seed, &ids)[..1], 1, true);
        let open = attack(&all);
        let truth = truth(&open);
        let (mut files, totals) = all[0].clone();
        for name in ["waits_by_step.csv", "waits_by_dimension.csv"] {
            let text = files.get_mut(name).unwrap();
            let lines = text.lines().map(|line| {
                let mut cells: Vec<&str> = line.split(';').collect();
                if cells[4].parse().is_ok_and(|contacts: u32| contacts < LIMIT) {
                    cells[4..].fill("");
                }
                cells.join(";") + "\n"
            });
            *text = lines.collect();
        }
        let found = attack(&[(files, totals)]);
        let is_group = |found: &&&Found| found.cell.ends_with("|contacts");
        found_groups += recovered(&found, &truth).iter().filter(is_group).count();
    }
    assert!(found_groups >= 3, "{found_groups}");
}

/// The partner of a group of few becomes another: who keeps both versions reads it off where they do not know of each other.
#[test]
fn versions_that_know_of_each_other_tell_no_more_than_one() {
    let municipality =
        |lkf, count| (0..count).map(move |_| Wait { lkf: Some(lkf), phase: Some("2"), ..completed("W1", 30) });
    let of = |counts: [usize; 4]| -> Vec<Wait<'static>> {
        ["1480", "1380", "1401", "1402"]
            .into_iter()
            .zip(counts)
            .flat_map(|(lkf, count)| municipality(lkf, count))
            .collect()
    };
    let months = [of([3, 22, 25, 200]), of([4, 27, 25, 200])];
    let open = attack(&versions(&months, 1, true));
    let truth = truth(&open);
    let cell = "waits_by_dimension.csv|completed|treatment|municipality|1480|contacts";
    let forgotten = attack(&versions(&months, LIMIT, false));
    assert!(recovered(&forgotten, &truth).iter().any(|found| found.cell == cell && found.value == 4), "{forgotten:#?}");
    // The region has one hospital: what the pilots' files say of the one they say of the other.
    let found = attack(&versions(&months, LIMIT, true));
    let recovered = recovered(&found, &truth);
    assert!(recovered.iter().all(|found| !found.cell.starts_with("waits_") && found.value >= 20), "{recovered:#?}");
}
