//! `kpi_by_dimension.csv`: the same figures, broken down.

use schemas::{Sex, Wait};

use super::{check, completed, extract, statement, table, text};

fn check_group(statements: &[Wait<'_>], scope: &str, dimension: &str, value: &str, cells: &[(&str, &str)]) {
    check(statements, "kpi_by_dimension.csv", &[("scope", scope), ("dimension", dimension), ("value", value)], cells);
}

#[test]
fn the_file_is_as_agreed() {
    let output = extract(&[statement("OPT101-1")]);
    let figures = "1;1;1;100.0;34;34.0;61;27";
    let mut expected =
        "scope;dimension;value;completed;guarantee_denominator;within_90_days;share_percent;median_wait;\
                        mean_wait;median_referral_to_operation;median_referral_to_decision\n"
            .to_owned();
    for scope in ["501010", "region"] {
        for (dimension, value) in [
            ("activity", "51101"),
            ("age_group", "75_84"),
            ("booking", "2"),
            ("contact_type", "0"),
            ("municipality", "1480"),
            ("mvo", "511"),
            ("profession", "XS915"),
            ("referrer", "SE0000000000-OPT101"),
            ("sex", "female"),
            ("unit", "SE2321000131-E000000000003"),
        ] {
            expected += &format!("{scope};{dimension};{value};{figures}\n");
        }
    }
    assert_eq!(text(&output, "kpi_by_dimension.csv"), expected);
}

#[test]
fn the_region_is_all_its_hospitals() {
    let halmstad = |id, days| Wait { hospital_code: Some("420010"), ..completed(id, days) };
    let all =
        [completed("OPT101-1", 10), completed("OPT101-2", 100), halmstad("OPT101-3", 30), halmstad("OPT101-4", 31)];
    check_group(
        &all,
        "501010",
        "sex",
        "female",
        &[("completed", "2"), ("median_wait", "55"), ("share_percent", "50.0")],
    );
    check_group(&all, "420010", "sex", "female", &[("completed", "2"), ("median_wait", "30.5")]);
    let cells = [("completed", "4"), ("median_wait", "30.5"), ("mean_wait", "42.8"), ("share_percent", "75.0")];
    check_group(&all, "region", "sex", "female", &cells);
}

#[test]
fn a_missing_value_keeps_its_line() {
    let without = Wait {
        activity: None,
        birth_year: None,
        booking: Some(""),
        contact_type: None,
        lkf: None,
        mvo: None,
        profession: None,
        referrer_hsa_id: None,
        sex: Sex::Unknown,
        care_unit_hsa_id: None,
        hospital_code: None,
        ..statement("OPT101-1")
    };
    let lines = table(&extract(&[without]), "kpi_by_dimension.csv");
    assert_eq!(lines.len(), 20);
    assert!(lines.iter().all(|line| line["value"].is_empty() && line["completed"] == "1"), "{lines:?}");
    assert_eq!(lines[0]["scope"], "");
}

#[test]
fn lines_are_sorted_and_each_dimension_sums_to_all() {
    let of = |code, mvo| Wait { hospital_code: code, mvo, ..statement("OPT101-1") };
    let all = [of(Some("501010"), Some("511")), of(Some("zz"), None), of(None, Some("301")), of(Some("501010"), None)];
    let lines = table(&extract(&all), "kpi_by_dimension.csv");
    let keys: Vec<_> = lines.iter().map(|line| [&line["scope"], &line["dimension"], &line["value"]]).collect();
    assert!(keys.is_sorted(), "{keys:?}");
    for dimension in ["mvo", "sex", "unit", "age_group"] {
        let of_region = lines.iter().filter(|line| line["scope"] == "region" && line["dimension"] == dimension);
        assert_eq!(of_region.map(|line| line["completed"].parse::<u32>().unwrap()).sum::<u32>(), 4, "{dimension}");
    }
}
