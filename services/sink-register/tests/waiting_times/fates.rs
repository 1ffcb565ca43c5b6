//! Every statement has one fate in the pilots' figures, and the totals and `quality.csv` say which.

use schemas::{Finding, Severity, Wait, WaitStatus};

use super::{completed, extract, statement, table, text, waiting};

fn check_totals(statements: &[Wait<'_>], expected: &[(&str, i64)]) {
    let totals = extract(statements).totals;
    let found: Vec<_> = expected.iter().map(|(name, _)| (*name, totals[*name])).collect();
    assert_eq!(found, expected, "{totals:?}");
    let fates = ["completed", "waiting"];
    let reasons = [
        "completed_implausible",
        "completed_negative",
        "completed_without_times",
        "status_unknown",
        "waiting_implausible",
        "waiting_negative",
        "waiting_without_decision",
    ];
    let sum: i64 = fates.iter().chain(&reasons).map(|name| totals[*name]).sum();
    assert_eq!(totals["statements"], sum, "{totals:?}");
    assert_eq!(totals["statements"] + totals["other_period"] + totals["without_period"], statements.len() as i64);
}

#[test]
fn completed_without_times_or_with_a_negative_wait_is_in_no_figure() {
    let undecided = Wait { decided_at: None, ..statement("OPT101-1") };
    let not_started = Wait { started_at: None, ..statement("OPT101-2") };
    let negative = completed("OPT101-3", -1);
    let all = [undecided, not_started, negative];
    check_totals(&all, &[("completed", 0), ("completed_without_times", 2), ("completed_negative", 1)]);
    let output = extract(&all);
    for name in ["kpi_total.csv", "kpi_by_dimension.csv", "kpi_waiting.csv", "measure_reports.json"] {
        assert_eq!(super::file(&output, name).rows, 0, "{name}");
    }
    let mixed = [all[0].clone(), all[2].clone(), completed("OPT101-4", 7)];
    super::check(&mixed, "kpi_total.csv", &[], &[("completed", "1"), ("women", "1"), ("median_wait", "7")]);
}

#[test]
fn waiting_without_decision_or_from_the_future_is_in_no_figure() {
    let undecided = Wait { decided_at: None, ..waiting("OPT101-1", 1) };
    let all = [undecided, waiting("OPT101-2", -1)];
    check_totals(&all, &[("waiting", 0), ("waiting_without_decision", 1), ("waiting_negative", 1)]);
    assert!(table(&extract(&all), "kpi_waiting.csv").is_empty());
}

/// The case of an issue: one contact has waited 50 days, the other's start is the day that stands for "open".
#[test]
fn a_wait_of_thousands_of_years_is_in_no_figure() {
    for start in ["9999-12-31 00:00", "9999-12-30 12:00", "2999-12-31 00:00", "2100-01-01 00:00"] {
        let Ok(open) = start.parse::<jiff::civil::DateTime>().unwrap().in_tz("Europe/Stockholm") else { continue };
        let open = schemas::Timestamp(open.timestamp().as_microsecond());
        let all = [Wait { started_at: Some(open), ..statement("W1") }, completed("W2", 50)];
        check_totals(&all, &[("completed", 1), ("completed_implausible", 1)]);
        let expected = [("completed", "1"), ("median_wait", "50")];
        super::check(&all, "kpi_total.csv", &[], &expected);
    }
    let all = [waiting("W3", 14_611), waiting("W4", 14_610), completed("W5", 14_611), completed("W6", 14_610)];
    let expected = [("completed", 1), ("completed_implausible", 1), ("waiting", 1), ("waiting_implausible", 1)];
    check_totals(&all, &expected);
}

#[test]
fn other_periods_and_unknown_statuses_are_counted_apart() {
    let january = Wait { period: Some("2026-01"), ..statement("OPT101-1") };
    let undated = Wait { period: None, ..statement("OPT101-2") };
    let unclear = Wait { status: WaitStatus::Unknown, ..statement("OPT101-3") };
    let expected =
        [("statements", 2), ("completed", 1), ("status_unknown", 1), ("other_period", 1), ("without_period", 1)];
    check_totals(&[january, undated, unclear, statement("OPT101-4")], &expected);
}

#[test]
fn an_empty_month_has_every_file_and_every_total() {
    let output = extract(&[]);
    let names: Vec<_> = output.files.iter().map(|file| (file.name.as_str(), file.rows, file.personal)).collect();
    let expected = [
        ("kpi_total.csv", 0, false),
        ("kpi_by_dimension.csv", 0, false),
        ("kpi_waiting.csv", 0, false),
        ("quality.csv", 7, false),
        ("measure_reports.json", 0, false),
    ];
    assert_eq!(names, expected);
    assert_eq!(output.totals.len(), 12);
    assert!(output.totals.values().all(|number| *number == 0), "{:?}", output.totals);
}

#[test]
fn the_quality_file_names_reasons_and_findings() {
    let finding = |rule, field| Finding { rule, severity: Severity::Warning, field };
    let found = |id, quality: Vec<Finding<'static>>| {
        let mut wait = completed(id, 3);
        wait.envelope.quality = quality;
        wait
    };
    let mut january = found("OPT101-5", vec![finding("code-unknown", "sex")]);
    january.period = Some("2026-01");
    let twice =
        vec![finding("code-unknown", "sex"), finding("code-unknown", "booking"), finding("hsa-id-shape", "unit")];
    let output = extract(&[
        found("OPT101-1", twice),
        found("OPT101-2", vec![finding("code-unknown", "sex")]),
        completed("OPT101-3", -3),
        january,
    ]);
    let expected = "region;period;reason;statements\n\
                    14;2026-02;completed_implausible;0\n\
                    14;2026-02;completed_negative;1\n\
                    14;2026-02;completed_without_times;0\n\
                    14;2026-02;status_unknown;0\n\
                    14;2026-02;waiting_implausible;0\n\
                    14;2026-02;waiting_negative;0\n\
                    14;2026-02;waiting_without_decision;0\n\
                    14;2026-02;code-unknown;2\n\
                    14;2026-02;hsa-id-shape;1\n";
    assert_eq!(text(&output, "quality.csv"), expected);
}

#[test]
fn a_period_is_a_month_and_nothing_else() {
    use parcel::Month;
    let month: Month = "2028-02".parse().unwrap();
    assert_eq!(
        (month.first_day().to_string(), month.last_day().to_string()),
        ("2028-02-01".into(), "2028-02-29".into())
    );
    assert_eq!(month.to_string(), "2028-02");
    for text in ["2026-13", "2026-00", "2026-2", "26-02", "2026", "2026-02-01", "+026-02", "0026-02", "", "2026-0x"] {
        assert!(text.parse::<Month>().is_err(), "{text}");
    }
    assert_eq!(
        "2026-13".parse::<Month>().unwrap_err().to_string(),
        "'2026-13' is not a month; write year and month, for example 2026-02"
    );
}
