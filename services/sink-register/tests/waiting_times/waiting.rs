//! `kpi_waiting.csv`: the figures of contacts that are waited for.

use schemas::{Deviation, Wait};

use super::{at, check, completed, extract, table, text, waiting};

fn check_waiting(statements: &[Wait<'_>], cells: &[(&str, &str)]) {
    check(statements, "kpi_waiting.csv", &[("hospital_code", "501010")], cells);
}

#[test]
fn the_file_is_as_agreed() {
    let expected = "hospital_code;hospital_name;waiting;guarantee_denominator;within_90_days;share_percent;median_wait;\
                    days_0_30;days_31_60;days_61_90;days_91_120;days_121_180;days_over_180\n\
                    501010;Sahlgrenska;1;1;1;100.0;53;0;1;0;0;0;0\n";
    assert_eq!(text(&extract(&[waiting("OPT101-1", 53)]), "kpi_waiting.csv"), expected);
}

#[test]
fn the_clock_runs_to_the_last_day_of_the_month() {
    let decided = |decided_at| Wait { decided_at: Some(at(decided_at)), ..waiting("OPT101-1", 0) };
    check_waiting(&[decided("2026-02-28 23:59")], &[("median_wait", "0")]);
    check_waiting(&[decided("2026-02-28 00:00")], &[("median_wait", "0")]);
    check_waiting(&[decided("2026-02-27 23:59")], &[("median_wait", "1")]);
    check_waiting(&[decided("2025-11-30 10:00")], &[("median_wait", "90"), ("within_90_days", "1")]);
    check_waiting(&[decided("2025-11-29 10:00")], &[("median_wait", "91"), ("within_90_days", "0")]);
}

#[test]
fn chosen_and_medically_caused_waits_are_outside_the_denominator() {
    let with = |guarantee, deviation| Wait { guarantee, deviation, ..waiting("OPT101-1", 10) };
    let all = [
        with(Some(true), None),
        with(Some(true), Some(Deviation::Sov)),
        with(Some(true), Some(Deviation::Other)),
        with(Some(true), Some(Deviation::Pvv)),
        with(Some(true), Some(Deviation::Mov)),
        with(Some(false), None),
        with(None, None),
    ];
    check_waiting(&all, &[("waiting", "7"), ("guarantee_denominator", "3"), ("within_90_days", "3")]);
    check_waiting(&all[3..], &[("waiting", "4"), ("guarantee_denominator", "0"), ("share_percent", "")]);
}

#[test]
fn a_hospital_with_waiting_contacts_only_has_no_completed_figures() {
    let elsewhere = Wait { hospital_code: Some("420010"), hospital_name: Some("Halmstad"), ..waiting("OPT101-2", 5) };
    let output = extract(&[completed("OPT101-1", 10), elsewhere]);
    let codes = |name| table(&output, name).into_iter().map(|mut line| line.remove("hospital_code").unwrap());
    assert_eq!(codes("kpi_total.csv").collect::<Vec<_>>(), ["501010"]);
    assert_eq!(codes("kpi_waiting.csv").collect::<Vec<_>>(), ["420010"]);
}
