use serde_json::{Value, json};

use super::super::fixture::{page, parcel};
use super::super::{Page, Place};
use crate::published::{Extract, Parcel};

const HEAD: &str = "hospital_code;hospital_name;fractures;with_arrival;operated;with_operation_time;hours_known;hours_q1;\
                    hours_median;hours_q3;within_24h;share_within_24h;discharged;reoperated_30_days;reoperated_120_days;\
                    arrival_missing;operation_missing;operation_time_missing;operation_before_arrival;age_unknown;\
                    pathological;under_50;reason\n";

fn of_region(region: &str, lines: &str, stages: [i64; 2]) -> Parcel {
    let text = format!("{HEAD}{lines}");
    let stages = format!("hospital_code;stage;fractures;lost\n;all;{};0\n;arrival;{};0\n", stages[0], stages[1]);
    let files = [("hip_by_hospital.csv", text.as_str()), ("hip_pathway.csv", stages.as_str())];
    parcel((Extract::HipFracture, region, "2026-10"), &files, &[])
}

#[test]
fn a_delivered_region_without_cases_is_zero_everywhere() {
    let none = of_region("09", ";Regionen;0;0;0;0;0;;;;0;;0;0;0;0;0;0;0;0;0;0;no-hours-known\n", [0, 0]);
    let some = of_region(
        "14",
        "501010;Östra;80;78;76;75;75;12.5;18.0;26.5;60;80.0;70;3;4;2;4;1;0;2;1;3;\n\
         ;Regionen;80;78;76;75;75;12.5;18.0;26.5;60;80.0;70;3;4;2;4;1;0;2;1;3;\n",
        [80, 78],
    );
    let shown =
        |place| page(Page::Pathway, place, Some("2026-10"), "2026-11-22T05:00:00Z", &[none.clone(), some.clone()]);
    let country = shown(Place::Country);
    let gotland = country.row("regioner", "region", "Region Gotland");
    for count in
        ["patients", "with_arrival", "with_operation_time", "within_24_hours", "of", "discharged", "reoperated"]
    {
        assert_eq!(gotland["values"][count], json!(0), "{count}");
    }
    assert_eq!((&gotland["values"]["share"], &gotland["absent"]["share"]), (&Value::Null, &json!("not applicable")));
    let sums = country.row("regioner", "region", "Västra Götalandsregionen");
    assert_eq!((&sums["values"]["patients"], &sums["values"]["share"]), (&json!(80), &json!(80.0)));
    // One that has delivered nothing is missing.
    assert_eq!(country.row("regioner", "region", "Region Skåne")["absent"]["patients"], "missing");

    let own = shown(Place::Region("09".parse().unwrap()));
    for (table, reasons) in [("saknade", 4), ("utanfor", 3)] {
        let rows = own.rows(table, "region", "Region Gotland");
        assert_eq!(rows.len(), reasons, "{table}");
        assert!(rows.iter().all(|row| row["values"]["patients"] == 0), "{table}: {rows:?}");
    }
    let tiles = own.markup.split("<section class=\"tiles").nth(1).unwrap().split("</section>").next().unwrap();
    // Followed up at four months is in no event, and that is the only thing missing.
    assert_eq!(tiles.matches(">missing<").count(), 1, "{tiles}");
    assert!(tiles.contains(">0</p>"), "{tiles}");
}
