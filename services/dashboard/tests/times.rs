//! Times as far off as a record can carry them: every kind of event is applied, counted and shown.

use std::time::Duration;

use board::live::Live;
use schemas::{BedCapacity, BedKind, BedState, BedStatus, CorrectionKind, Place, Timestamp};

use crate::fixture::{self, DAY, Declaration, Movement};
use crate::site::{Setup, Site};
use crate::stand::WARD;

/// The limits of the type, and of the years 1 and 9999.
const FAR: [Timestamp; 4] =
    [Timestamp(i64::MIN), Timestamp(-62_135_596_800_000_000), Timestamp(253_402_300_799_999_999), Timestamp(i64::MAX)];
const SOURCE: &str = "SE2321000131-ADT14";

fn empty() -> Live {
    Live::new(Duration::from_secs(8 * 24 * 3600), Duration::from_secs(1800))
}

/// Every pair of a time that an event is about and one at which it was received, one of them at least far off.
fn pairs() -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let near = fixture::now();
    let times = move || FAR.into_iter().chain([near]);
    times().flat_map(move |at| times().map(move |ingested| (at, ingested))).filter(move |pair| *pair != (near, near))
}

/// Makes a board of a state, reads every page of it and lets what is old leave.
fn check(live: Live, what: &str) {
    let site = Site::start(Setup::of(live, fixture::now()));
    for path in [
        "/sv",
        "/en/region/14",
        "/sv/region/14?vy=vagg",
        "/sv/region/14/avdelning/A1",
        "/sv/uppmarksamma",
        "/sv/region/14?form=csv",
        "/sv/drift",
        "/api/v1/units",
        "/api/v1/regions/14/units/A1",
        "/api/v1/totals",
        "/api/v1/snapshot",
        "/api/v1/attention",
    ] {
        let (status, body) = site.get(path);
        assert_eq!(status, 200, "{what}: {path}: {body}");
    }
    assert_eq!(site.hub.picture().board.wards.len(), 1, "{what}: no board was made");
    site.hub.live().retire("14", site.hub.now());
    site.hub.turn();
}

fn encounters(live: &mut Live, at: Timestamp, ingested: Timestamp, near: Timestamp) {
    let steps = [
        ("A01", CorrectionKind::New, near, near),
        ("A01", CorrectionKind::New, at, ingested),
        ("A02", CorrectionKind::New, at, ingested),
        ("A03", CorrectionKind::New, at, ingested),
        // A time that no event has: the nearest in time is looked for.
        ("A13", CorrectionKind::Cancel, near, ingested),
        ("A11", CorrectionKind::Cancel, at, near),
        ("A08", CorrectionKind::Replace, at, ingested),
    ];
    for (number, (trigger, correction, at, ingested)) in (1..).zip(steps) {
        Movement {
            region: "14",
            source_system: SOURCE,
            trigger,
            episode: format!("{}{}", fixture::PLANTED_EPISODE, number / 2),
            at,
            ingested,
            unit: "A1",
            bed: "1",
            ward: WARD,
            responsible: None,
            bed_kind: BedKind::Disponibel,
            correction,
            occurred_given: true,
            person: Some("one"),
            facility: Some("F"),
        }
        .with(number, |event| {
            live.encounter(event, fixture::now());
            live.encounter_recalled(event);
        });
    }
}

fn declare(live: &mut Live, from: Timestamp, to: Option<Timestamp>, ingested: Timestamp) {
    let declaration = Declaration {
        region: "14",
        source_system: SOURCE,
        unit: "A1",
        ward: WARD,
        telephone: None,
        faststallda: Some(5),
        disponibla: Some(4),
        stangda: Some(1),
        reason: None,
        from,
        to,
        not_receiving: Some("HYGIEN"),
        ingested,
    };
    declaration.with("00000000-0000-8000-8000-000000000001", |statement: &BedCapacity<'_>| live.capacity(statement));
}

#[test]
fn movements_at_the_limits_of_time_are_applied_and_shown() {
    for (at, ingested) in pairs() {
        let mut live = empty();
        live.begin_partial("14");
        encounters(&mut live, at, ingested, Timestamp(fixture::now().0 - DAY));
        check(live, &format!("encounters at {}, received {}", at.0, ingested.0));
    }
}

#[test]
fn capacities_at_the_limits_of_time_are_applied_and_shown() {
    for (from, to) in pairs() {
        let mut live = empty();
        declare(&mut live, from, None, to);
        declare(&mut live, fixture::now(), Some(to), from);
        declare(&mut live, from, Some(to), fixture::now());
        check(live, &format!("capacities from {} to {}", from.0, to.0));
    }
}

#[test]
fn bed_statuses_and_persons_at_the_limits_of_time_are_applied_and_shown() {
    for (at, ingested) in pairs() {
        let mut live = empty();
        let envelope = fixture::envelope("14", SOURCE, "00000000-0000-8000-8000-000000000002", at, ingested);
        live.heard(&envelope);
        live.bed_status(&BedStatus {
            envelope,
            place: Place { unit: "A1", room: None, bed: Some("1"), facility: None, building: None, floor: None },
            status_code: "C",
            status: BedState::Closed,
            unit_hsa_id: None,
            unit_name: Some(WARD.name),
            hospital_code: Some(WARD.hospital_code),
            hospital_name: Some(WARD.hospital_name),
            mvo: Some(WARD.mvo),
            care_type: WARD.care_type,
        });
        check(live, &format!("statuses at {}, received {}", at.0, ingested.0));
    }
}
