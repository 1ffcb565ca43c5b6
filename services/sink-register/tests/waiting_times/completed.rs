//! `kpi_total.csv`: the figures of completed contacts.

use schemas::{Deviation, Sex, Wait};

use super::{at, check, completed, extract, statement, table, text};

/// Cells of the line of the hospital that [`statement`] is of.
fn check_total(statements: &[Wait<'_>], cells: &[(&str, &str)]) {
    check(statements, "kpi_total.csv", &[("hospital_code", "501010")], cells);
}

#[test]
fn the_file_is_as_agreed() {
    let wait = statement("OPT101-1");
    let expected = "hospital_code;hospital_name;completed;guarantee_denominator;within_90_days;share_percent;median_wait;\
                    mean_wait;median_referral_to_operation;median_referral_to_decision;men;women;age_under_50;age_50_64;\
                    age_65_74;age_75_84;age_85_plus;days_0_30;days_31_60;days_61_90;days_91_120;days_121_180;\
                    days_over_180\n\
                    501010;Sahlgrenska;1;1;1;100.0;34;34.0;61;27;0;1;0;0;0;1;0;0;1;0;0;0;0\n";
    assert_eq!(text(&extract(&[wait]), "kpi_total.csv"), expected);
}

#[test]
fn waits_are_calendar_days_in_sweden() {
    let days = |decided, started, days: &str| {
        let wait = Wait { decided_at: Some(at(decided)), started_at: Some(at(started)), ..statement("OPT101-1") };
        check_total(&[wait], &[("median_wait", days)]);
    };
    days("2026-02-09 23:59", "2026-02-10 00:01", "1");
    days("2026-02-10 00:01", "2026-02-10 23:59", "0");
    // 23:30 UTC of the day before, and a day of 23 hours.
    days("2026-02-10 00:30", "2026-02-11 00:29", "1");
    days("2026-03-28 12:00", "2026-03-30 00:00", "2");
    days("2025-10-25 23:00", "2025-10-27 00:30", "2");
}

#[test]
fn the_guarantee_is_ninety_days() {
    let cells = [("guarantee_denominator", "3"), ("within_90_days", "2"), ("share_percent", "66.7")];
    check_total(&[completed("OPT101-1", 0), completed("OPT101-2", 90), completed("OPT101-3", 91)], &cells);
}

#[test]
fn only_guaranteed_waits_that_the_patient_did_not_choose_are_in_the_denominator() {
    let with = |guarantee, deviation| Wait { guarantee, deviation, ..statement("OPT101-1") };
    let counted = |wait: Wait<'_>, denominator: &str| {
        check_total(&[wait], &[("completed", "1"), ("guarantee_denominator", denominator)]);
    };
    counted(with(Some(true), None), "1");
    counted(with(Some(true), Some(Deviation::Mov)), "1");
    counted(with(Some(true), Some(Deviation::Sov)), "1");
    counted(with(Some(true), Some(Deviation::Other)), "1");
    counted(with(Some(true), Some(Deviation::Pvv)), "0");
    counted(with(Some(false), None), "0");
    counted(with(None, None), "0");
}

#[test]
fn a_share_of_nothing_is_empty_and_not_zero() {
    let wait = Wait { guarantee: Some(false), ..statement("OPT101-1") };
    check_total(&[wait], &[("guarantee_denominator", "0"), ("within_90_days", "0"), ("share_percent", "")]);
}

#[test]
fn median_and_mean_are_over_all_completed() {
    let chosen = Wait { guarantee: Some(false), ..completed("OPT101-3", 200) };
    let cells = [("median_wait", "20"), ("mean_wait", "76.7"), ("guarantee_denominator", "2")];
    check_total(&[completed("OPT101-1", 10), completed("OPT101-2", 20), chosen], &cells);
    let cells = [("median_wait", "10.5"), ("mean_wait", "10.5")];
    check_total(&[completed("OPT101-1", 11), completed("OPT101-2", 10)], &cells);
}

#[test]
fn intervals_from_referral_may_be_negative_or_missing() {
    let decided_first = Wait { referral_at: Some(at("2026-01-10 12:00")), ..statement("OPT101-1") };
    let cells = [("median_referral_to_operation", "30"), ("median_referral_to_decision", "-4")];
    check_total(std::slice::from_ref(&decided_first), &cells);
    let after_start = Wait { referral_at: Some(at("2026-02-12 12:00")), ..statement("OPT101-2") };
    let cells = [("median_referral_to_operation", "13.5"), ("median_referral_to_decision", "-20.5")];
    check_total(&[decided_first, after_start], &cells);
    let without = Wait { referral_at: None, ..statement("OPT101-1") };
    let cells = [("completed", "1"), ("median_referral_to_operation", ""), ("median_referral_to_decision", "")];
    check_total(&[without], &cells);
}

#[test]
fn men_and_women_are_counted_and_others_are_not_guessed() {
    let of = |sex| Wait { sex, ..statement("OPT101-1") };
    let all = [of(Sex::Male), of(Sex::Male), of(Sex::Female), of(Sex::Other), of(Sex::Unknown)];
    check_total(&all, &[("completed", "5"), ("men", "2"), ("women", "1")]);
}

#[test]
fn age_is_the_difference_of_years() {
    let born = |birth_year| Wait { birth_year, ..statement("OPT101-1") };
    let years = [2026, 1977, 1976, 1962, 1961, 1952, 1951, 1942, 1941, 1920];
    let mut all: Vec<_> = years.map(|year| born(Some(year))).into();
    all.push(born(None));
    let cells = [
        ("completed", "11"),
        ("age_under_50", "2"),
        ("age_50_64", "2"),
        ("age_65_74", "2"),
        ("age_75_84", "2"),
        ("age_85_plus", "2"),
    ];
    check_total(&all, &cells);
}

#[test]
fn the_year_of_an_age_is_swedish() {
    // 23:30 UTC on New Year's Eve: 2026 in Sweden, so 50 years.
    let started_at = Some(at("2026-01-01 00:30"));
    let wait = Wait { started_at, birth_year: Some(1976), decided_at: started_at, ..statement("OPT101-1") };
    check_total(&[wait], &[("age_under_50", "0"), ("age_50_64", "1")]);
}

#[test]
fn intervals_include_both_ends() {
    let ends = [0, 30, 31, 60, 61, 90, 91, 120, 121, 180, 181, 4_000];
    let cells = [
        ("days_0_30", "2"),
        ("days_31_60", "2"),
        ("days_61_90", "2"),
        ("days_91_120", "2"),
        ("days_121_180", "2"),
        ("days_over_180", "2"),
    ];
    check_total(&ends.map(|days| completed("OPT101-1", days)), &cells);
}

#[test]
fn hospitals_are_sorted_and_named_by_most_of_their_contacts() {
    let of = |code, name| Wait { hospital_code: code, hospital_name: name, ..statement("OPT101-1") };
    let output = extract(&[
        of(Some("501010"), Some("Sahlgrenska")),
        of(Some("501010"), Some("SU")),
        of(Some("501010"), Some("SU")),
        of(Some("420010"), Some("Hallands sjukhus; Halmstad")),
        of(Some("420010"), Some("Halmstad")),
        of(Some("520011"), None),
        of(None, Some("Sjukhus saknas")),
        of(Some(""), None),
    ]);
    let names: Vec<_> = table(&output, "kpi_total.csv")
        .into_iter()
        .map(|line| format!("{}|{}|{}", line["hospital_code"], line["hospital_name"], line["completed"]))
        .collect();
    assert_eq!(names, ["||2", "420010|Hallands sjukhus; Halmstad|2", "501010|SU|3", "520011||1"]);
}
