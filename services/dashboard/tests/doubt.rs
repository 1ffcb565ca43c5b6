//! What the timeline finds reaches the ward's log, the attention list, the page of data quality and the metrics.

use std::time::Duration;

use board::live::Live;
use schemas::{BedKind, CareType, CorrectionKind, Timestamp};
use serde_json::Value;

use crate::fixture::{DAY, HOUR, MINUTE, Movement, PLANTED_EPISODE, PLANTED_TOKEN, Ward, now};
use crate::site::{Setup, Site};

const WARD: Ward<'static> = Ward {
    name: "Medicin 10",
    hospital_code: "501010",
    hospital_name: "Östra sjukhuset",
    mvo: "101",
    care_type: CareType::Somatic,
};

fn movement(trigger: &'static str, episode: &str, at: i64) -> Movement<'static> {
    Movement {
        region: "14",
        source_system: "SE2321000131-ADT14",
        trigger,
        episode: format!("{PLANTED_EPISODE}{episode}"),
        at: Timestamp(at),
        ingested: Timestamp(at + MINUTE),
        unit: "MED10",
        bed: "1",
        ward: WARD,
        responsible: None,
        bed_kind: BedKind::Disponibel,
        correction: CorrectionKind::New,
        occurred_given: true,
        person: None,
        facility: None,
    }
}

fn empty() -> Live {
    Live::new(Duration::from_secs(30 * 86_400), Duration::from_secs(30 * 86_400))
}

fn live(movements: &[Movement<'_>]) -> Live {
    let mut live = empty();
    for (number, movement) in movements.iter().enumerate() {
        movement.with(number as u64, |event| live.encounter_recalled(event));
    }
    live
}

fn get(site: &Site, path: &str) -> Value {
    let (status, body) = site.get(path);
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// The causes of these rules: rule, unit, findings, since.
fn doubts(site: &Site) -> Vec<(String, String, i64, String)> {
    let answer = get(site, "/api/v1/attention?region=14");
    let causes = answer["attention"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    causes
        .iter()
        .filter(|cause| cause["rule"].as_str().unwrap().starts_with("timeline"))
        .map(|cause| {
            (text(&cause["rule"]), text(&cause["unit"]), cause["findings"].as_i64().unwrap(), text(&cause["since"]))
        })
        .collect()
}

/// The value of a metric on the page that Prometheus reads.
fn metric(site: &Site, series: &str) -> String {
    let text = site.get("/metrics").1;
    let line = text.lines().find(|line| line.starts_with(series)).unwrap_or_else(|| panic!("no {series} in\n{text}"));
    line.rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn a_warning_is_in_the_log_the_list_the_quality_page_and_the_metrics_and_ends_with_its_cause() {
    let begin = now().0 - 5 * HOUR;
    let admission = movement("A01", "a", begin);
    let withdrawn = movement("A13", "a", begin + HOUR);
    let site = Site::start(Setup::of(live(&[admission, withdrawn.clone()]), now()));
    let since = board::instant::rfc3339(withdrawn.at);
    assert_eq!(doubts(&site), [("timeline_warning".into(), "MED10".into(), 1, since)]);
    let own = get(&site, "/api/v1/regions/14/units/MED10");
    let line = own["unit"]["log"].as_array().unwrap().iter().find(|line| line["kind"] == "found").unwrap();
    assert_eq!((line["rule"].as_str(), line["findings"].as_i64()), (Some("cancellation-unmatched"), Some(1)));
    assert_eq!(line["received"], board::instant::rfc3339(withdrawn.ingested));
    for (path, said) in [
        ("/sv/region/14/avdelning/MED10", "Anmärkning (1): En makulering hittar ingen händelse att makulera."),
        ("/en/region/14/avdelning/MED10", "Finding (1): A cancellation finds no event to cancel."),
        ("/sv/uppmarksamma", "Anmärkningar på händelser: siffran kan vara fel"),
        ("/sv/uppmarksamma", "Medicin 10, Östra sjukhuset, Västra Götaland"),
        ("/sv/uppmarksamma", "1 anmärkning<"),
        ("/en/uppmarksamma", "Findings on events: a figure may be wrong"),
        ("/sv/datakvalitet", "En makulering hittar ingen händelse att makulera."),
        ("/sv/datakvalitet", "Skicka den makulerade händelsens tid i EVN-6"),
        ("/en/datakvalitet/region/14", "send the cancelled event&#39;s time in EVN-6"),
    ] {
        let page = site.get(path).1;
        assert!(page.contains(said), "{path} does not say: {said}");
        assert!(!page.contains(PLANTED_TOKEN) && !page.contains(PLANTED_EPISODE), "{path} speaks of a person");
    }
    assert!(!site.get("/sv/datakvalitet/region/01").1.contains("cancellation-unmatched"), "another region's");
    let series = |rule: &str, level: &str| {
        format!("vardstrom_dashboard_timeline_findings{{region=\"14\",rule=\"{rule}\",severity=\"{level}\"}}")
    };
    assert_eq!(metric(&site, &series("cancellation-unmatched", "warning")), "1");
    assert_eq!(metric(&site, &series("prior-place-differs", "info")), "0");
    assert_eq!(metric(&site, "vardstrom_dashboard_wards_in_alarm{region=\"14\"}"), "0");
    // The discharge comes at last: nothing is odd any more, anywhere.
    movement("A03", "a", begin + HOUR).with(77, |event| site.hub.live().encounter_recalled(event));
    site.hub.turn();
    assert!(doubts(&site).is_empty());
    assert!(!site.get("/sv/region/14/avdelning/MED10").1.contains("Anmärkning ("));
    assert!(site.get("/sv/datakvalitet").1.contains("Tidslinjens regler har inget att anmärka."));
    assert_eq!(metric(&site, &series("cancellation-unmatched", "warning")), "0");
}

#[test]
fn information_never_reaches_the_list_and_does_not_push_the_log_out() {
    let begin = now().0 - 5 * HOUR;
    let mut movements = vec![movement("A01", "a", begin)];
    let late = movement("A13", "b", begin);
    movements.push(late);
    for n in 0..300 {
        // Each discharge replaces the one before: an information.
        movements.push(movement("A03", "a", begin + (n + 1) * 30_000_000));
    }
    let site = Site::start(Setup::of(live(&movements), now()));
    assert_eq!(doubts(&site).len(), 1, "the cancellation alone");
    let own = get(&site, "/api/v1/regions/14/units/MED10");
    let log = own["unit"]["log"].as_array().unwrap().clone();
    let found: Vec<&Value> = log.iter().filter(|line| line["kind"] == "found").collect();
    assert_eq!(found.len(), 2, "{found:?}");
    let of = |rule: &str| found.iter().find(|line| line["rule"] == rule).unwrap()["findings"].as_i64();
    assert_eq!(of("discharge-superseded"), Some(299));
    assert_eq!(of("cancellation-unmatched"), Some(1));
}

#[test]
fn a_warning_stays_while_its_visit_is_on_the_ward_and_seven_days_after() {
    let begin = now().0 - 9 * DAY;
    let stays = [movement("A01", "a", begin), movement("A13", "a", begin + HOUR)];
    let site = Site::start(Setup::of(live(&stays), now()));
    assert_eq!(doubts(&site).len(), 1, "nine days old, and the visit is still there");
    movement("A03", "a", now().0 - HOUR).with(77, |event| site.hub.live().encounter_recalled(event));
    site.hub.turn();
    assert!(doubts(&site).is_empty(), "the visit has ended, and the warning is older than seven days");
    let recent = [movement("A01", "a", now().0 - DAY), movement("A13", "a", now().0 - DAY + HOUR)];
    let site = Site::start(Setup::of(live(&recent), now()));
    movement("A03", "a", now().0 - HOUR).with(77, |event| site.hub.live().encounter_recalled(event));
    site.hub.turn();
    assert_eq!(doubts(&site).len(), 1);
}

#[test]
fn many_warnings_on_a_ward_and_one_person_many_times_in_a_bed_are_alarms() {
    let begin = now().0 - 5 * HOUR;
    let mut movements = Vec::new();
    for n in 0..10 {
        movements.push(Movement { unit: "KIR11", ..movement("A13", &format!("v{n}"), begin + n * MINUTE) });
    }
    for n in 0..100 {
        movements.push(Movement { person: Some("one"), ..movement("A01", &format!("w{n}"), begin + n * MINUTE) });
    }
    let site = Site::start(Setup::of(live(&movements), now()));
    let found = doubts(&site);
    let alarms: Vec<(&str, &str)> = found.iter().map(|(rule, unit, ..)| (rule.as_str(), unit.as_str())).collect();
    assert_eq!(alarms, [("timeline_alarm", "MED10"), ("timeline_alarm", "KIR11")]);
    let answer = get(&site, "/api/v1/attention?region=14");
    let of = |unit: &str| answer["attention"].as_array().unwrap().iter().find(|cause| cause["unit"] == unit).unwrap();
    assert_eq!(of("MED10")["counted_again"], 99);
    assert_eq!(of("KIR11")["findings"], 10);
    assert!(site.get("/sv/uppmarksamma").1.contains("99 räknade flera gånger"));
    assert!(site.get("/sv/region/14").1.contains("Larm: avdelningens siffror är fel"), "on the board itself");
    assert_eq!(metric(&site, "vardstrom_dashboard_wards_in_alarm{region=\"14\"}"), "2");
}

#[test]
fn a_code_that_several_facilities_use_is_said_until_one_alone_is_heard() {
    let begin = now().0 - 5 * HOUR;
    let at = |facility, episode: &str, when| Movement { facility, ..movement("A01", episode, when) };
    let shared = |site: &Site| -> Vec<Value> {
        let answer = get(site, "/api/v1/attention?region=14");
        answer["attention"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|cause| cause["rule"] == "ward_code_shared")
            .cloned()
            .collect()
    };
    let alone = live(&[at(Some("SU"), "a", begin), at(None, "b", begin + MINUTE), at(Some("SU "), "c", begin + HOUR)]);
    assert!(shared(&Site::start(Setup::of(alone, now()))).is_empty());
    let both = live(&[at(Some("SU"), "a", begin), at(Some("MÖLNDAL"), "b", begin + HOUR)]);
    let site = Site::start(Setup::of(both, now()));
    let found = shared(&site);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["facilities"], serde_json::json!(["MÖLNDAL", "SU"]));
    assert_eq!(found[0]["since"], board::instant::rfc3339(Timestamp(begin + HOUR + MINUTE)));
    let page = site.get("/sv/uppmarksamma").1;
    assert!(page.contains("Flera inrättningar delar avdelningens kod") && page.contains("MÖLNDAL, SU"));
    let long_ago = live(&[at(Some("SU"), "a", now().0 - 9 * DAY), at(Some("MÖLNDAL"), "b", begin)]);
    assert!(shared(&Site::start(Setup::of(long_ago, now()))).is_empty());
}
