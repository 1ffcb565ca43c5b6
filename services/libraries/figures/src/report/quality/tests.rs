use super::super::fixture::{Shown, page, parcel};
use super::super::{Page, Place};
use crate::published::{Extract, Parcel};

const NOW: &str = "2026-11-22T05:00:00Z";

fn month(period: &str, statements: i64) -> Parcel {
    parcel((Extract::WaitingTimes, "14", period), &[], &[("statements", statements)])
}

fn shown(period: Option<&str>, parcels: &[Parcel]) -> Shown {
    page(Page::Quality, Place::Country, period, NOW, parcels)
}

fn state(shown: &Shown) -> String {
    let row = shown.row("leveranser", "region", "Västra Götalandsregionen");
    row["values"]["waiting-times"].as_str().unwrap().to_owned()
}

#[test]
fn the_newest_closed_month_comes_first_and_the_running_one_is_marked() {
    let both = [month("2026-10", 100), month("2026-11", 10)];
    let first = shown(None, &both);
    assert_eq!(first.answer["place"], "October 2026");
    assert!(first.markup.contains(">November 2026 (running)</option>") && !first.markup.contains("id=\"pagar\""));
    let running = shown(Some("2026-11"), &both);
    assert_eq!(running.answer["place"], "November 2026 (running)");
    assert!(running.markup.contains("id=\"pagar\""));
    // When nothing else is there the running one is shown.
    assert_eq!(shown(None, &both[1..]).answer["place"], "November 2026 (running)");
}

#[test]
fn fewer_than_six_periods_are_not_judged_and_the_running_one_never_is() {
    let months = ["2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09"];
    let mut parcels: Vec<Parcel> = months.iter().map(|period| month(period, 1_000)).collect();
    parcels.push(month("2026-10", 10));
    assert_eq!(state(&shown(None, &parcels)), "jump down");
    assert_eq!(shown(None, &parcels).row("rimlighet", "total", "statements")["values"]["usual"], 1_000);
    let short = shown(None, &parcels[1..]);
    assert_eq!(state(&short), "delivered, no comparison (short history)");
    assert!(short.rows("rimlighet", "total", "statements").is_empty());
    parcels.push(month("2026-11", 10));
    assert_eq!(state(&shown(Some("2026-11"), &parcels)), "delivered, running");
}
