//! `kpi_total.csv` beside a second calculation in Python (`oracle.py`), cell by cell, over random months.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use schemas::{Timestamp, Wait};
use serde::Serialize;

use super::{
    extract,
    random::{contact_ids, month},
    table,
};

#[test]
fn a_second_calculation_gives_the_same_figures() {
    for (seed, count) in [(1, 1), (2, 9), (3, 60), (4, 500), (5, 500), (6, 5_000), (7, 5_000), (8, 20_000)] {
        let ids = contact_ids(count);
        let statements = month(seed, &ids);
        let ours = table(&extract(&statements), "kpi_total.csv");
        let theirs = calculated(&statements);
        assert_eq!(ours.len(), theirs.len(), "seed {seed}");
        for (our, their) in ours.iter().zip(&theirs) {
            assert_eq!(our, their, "seed {seed}");
        }
        if count >= 500 {
            assert_eq!(ours.len(), 4, "each hospital has contacts, and so have those without one");
        }
    }
}

type Lines = Vec<std::collections::BTreeMap<String, String>>;

fn calculated(statements: &[Wait<'_>]) -> Lines {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/waiting_times/oracle.py");
    let mut child = Command::new("python3")
        .arg(script)
        .arg("2026-02")
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    // The script reads everything before it writes, so the pipe cannot fill from both ends.
    child.stdin.take().unwrap().write_all(&serialised(statements)).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    csv::ReaderBuilder::new().delimiter(b';').from_reader(&*output.stdout).deserialize().map(Result::unwrap).collect()
}

#[derive(Serialize)]
struct Row<'a> {
    status: schemas::WaitStatus,
    period: Option<&'a str>,
    phase: Option<&'a str>,
    guarantee: Option<bool>,
    deviation: Option<schemas::Deviation>,
    decided_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    referral_at: Option<Timestamp>,
    hospital_code: Option<&'a str>,
    hospital_name: Option<&'a str>,
    sex: schemas::Sex,
    birth_year: Option<i32>,
    activity: Option<&'a str>,
    booking: Option<&'a str>,
    contact_type: Option<&'a str>,
    lkf: Option<&'a str>,
    mvo: Option<&'a str>,
    profession: Option<&'a str>,
    referrer_hsa_id: Option<&'a str>,
    care_unit_hsa_id: Option<&'a str>,
}

/// The statements as a table for programs that are not ours.
pub(super) fn serialised(statements: &[Wait<'_>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for wait in statements {
        let row = Row {
            status: wait.status,
            period: wait.period,
            phase: wait.phase,
            guarantee: wait.guarantee,
            deviation: wait.deviation,
            decided_at: wait.decided_at,
            started_at: wait.started_at,
            referral_at: wait.referral_at,
            hospital_code: wait.hospital_code,
            hospital_name: wait.hospital_name,
            sex: wait.sex,
            birth_year: wait.birth_year,
            activity: wait.activity,
            booking: wait.booking,
            contact_type: wait.contact_type,
            lkf: wait.lkf,
            mvo: wait.mvo,
            profession: wait.profession,
            referrer_hsa_id: wait.referrer_hsa_id,
            care_unit_hsa_id: wait.care_unit_hsa_id,
        };
        writer.serialize(row).unwrap();
    }
    writer.into_inner().unwrap()
}
