//! The 06:00 snapshot and the census are the timeline's occupancy, whenever an event comes.

use std::collections::BTreeMap;

use schemas::{BedCapacity, BedKind, Decoder, Encounter, Kind, PatientClass, Timestamp};
use timeline::{CapacityHistory, Event, Stay, occupancy, timeline};

use crate::world::{DAY, Feeder, HOUR, MONDAY, Made, Visit, capacity, connect, count, database, weeks};

/// Stays and capacities by unit, from the events alone.
fn truth(events: &[Made]) -> BTreeMap<String, (Vec<Stay>, CapacityHistory)> {
    let decoder = Decoder::development();
    let mut units: BTreeMap<String, (Vec<Stay>, CapacityHistory)> = BTreeMap::new();
    let encounters: Vec<Event> = events
        .iter()
        .filter(|made| made.kind == Kind::Encounter)
        .map(|made| Event::from(&decoder.decode::<Encounter<'_>>(&made.value).unwrap()))
        .collect();
    for stay in timeline(&encounters).stays {
        units.entry(stay.place.unit.to_string()).or_default().0.push(stay);
    }
    for made in events.iter().filter(|made| made.kind == Kind::BedCapacity) {
        let event: BedCapacity<'_> = decoder.decode(&made.value).unwrap();
        units.entry(event.unit.to_owned()).or_default().1.insert(&event);
    }
    units
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_and_census_equal_the_timelines_occupancy() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let events = weeks("14", 77, 150);
    let mut feeder = Feeder::new(&url, "14").await;
    for part in events.chunks(50) {
        feeder.feed(part).await;
    }
    let units = truth(&events);
    let mut compared = 0;
    let beds = |count: Option<u32>| count.map(|count| count as i32);
    for (unit, (stays, capacities)) in &units {
        let sql = "SELECT (extract(epoch FROM measured_at) * 1e6)::int8, belagda, overbelaggningar, utlokaliserade, disponibla, \
                   faststallda, stangda FROM snapshot_0600 WHERE unit = $1 ORDER BY 1";
        for row in client.query(sql, &[unit]).await.unwrap() {
            let at = Timestamp(row.get(0));
            assert_eq!((at.0 - MONDAY).rem_euclid(DAY), 6 * HOUR, "06:00 in Stockholm");
            let expected = occupancy(stays, capacities.at(at), at);
            assert_eq!(
                (row.get::<_, i32>(1), row.get::<_, Option<i32>>(2), row.get::<_, i32>(3)),
                (expected.belagda as i32, beds(expected.overbelaggningar_known()), expected.utlokaliserade as i32),
                "{unit} {at:?}"
            );
            assert_eq!(row.get::<_, Option<i32>>(4), beds(expected.disponibla));
            assert_eq!(row.get::<_, Option<i32>>(5), beds(expected.faststallda));
            assert_eq!(row.get::<_, Option<i32>>(6), beds(expected.stangda));
            compared += 1;
        }
        let sql = "SELECT (extract(epoch FROM hour) * 1e6)::int8, belagda, overbelaggningar, utlokaliserade, disponibla \
                   FROM board_census('2026-01-04', '2026-02-04') WHERE unit = $1";
        for row in client.query(sql, &[unit]).await.unwrap() {
            let at = Timestamp(row.get(0));
            let expected = occupancy(stays, capacities.at(at), at);
            assert_eq!(
                (row.get::<_, i64>(1), row.get::<_, Option<i64>>(2), row.get::<_, i64>(3)),
                (
                    expected.belagda.into(),
                    expected.overbelaggningar_known().map(i64::from),
                    expected.utlokaliserade.into()
                ),
                "{unit} {at:?}"
            );
            assert_eq!(row.get::<_, Option<i32>>(4), beds(expected.disponibla));
            compared += 1;
        }
    }
    assert!(compared > 1_000, "{compared} figures");
    let later = "SELECT count(*) FROM snapshot_0600 s, region_horizon h WHERE s.measured_at > h.at";
    assert_eq!(count(&client, later).await, 0, "the future is not counted");
}

/// Of a region that leaves technical beds out: the same events are counted so at 06:00, in the census and by the timeline.
#[tokio::test(flavor = "multi_thread")]
async fn technical_beds_that_a_region_leaves_out_are_not_counted() {
    let url = database(&["14", "01"]).await;
    let client = connect(&url).await;
    for (region, left_out, expected) in [("14", false, "3 1 0 2"), ("01", true, "1 0 0 2")] {
        let mut feeder = Feeder::new(&url, region).await;
        let mut events = vec![capacity(region, MONDAY, "IVA", MONDAY, None, 2)];
        for (n, kind) in [BedKind::Teknisk, BedKind::Teknisk, BedKind::Disponibel].into_iter().enumerate() {
            let (subject, episode, bed) = (format!("{region} s{n}"), format!("E{n}"), n.to_string());
            let mut visit = Visit::new("A01", MONDAY + HOUR, &subject, &episode).to("IVA", &bed);
            visit.bed_kind = kind;
            visit.left_out = left_out && kind == BedKind::Teknisk;
            events.push(visit.made(region));
        }
        events.push(Visit::new("A04", MONDAY + DAY, "clock", "clock").to("CLOCK", "1").made(region));
        feeder.feed(&events).await;
        for sql in [
            "SELECT format('%s %s %s %s', belagda, overbelaggningar, utlokaliserade, disponibla) FROM snapshot_0600
              WHERE region = $1 AND unit = 'IVA' AND day = '2026-01-05'",
            "SELECT format('%s %s %s %s', belagda, overbelaggningar, utlokaliserade, disponibla)
               FROM board_census('2026-01-05 06:00 Europe/Stockholm', '2026-01-05 06:00 Europe/Stockholm')
              WHERE region = $1 AND unit = 'IVA'",
        ] {
            let row = client.query_one(sql, &[&region]).await.unwrap();
            assert_eq!(row.get::<_, String>(0), expected, "{region}: {sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_event_corrects_the_snapshots_of_its_days() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    let mut visit = Visit::new("A01", MONDAY + HOUR, "s1", "E1").to("AVA", "1");
    visit.bed_kind = BedKind::EjDisponibel;
    visit.responsible = Some("KIR 2");
    feeder.feed(&[visit.made("14"), capacity("14", MONDAY, "AVA", MONDAY, None, 12)]).await;
    assert_eq!(count(&client, "SELECT count(*) FROM snapshot_0600").await, 0, "06:00 has not come");
    feeder.feed(&[Visit::new("A01", MONDAY + 2 * DAY + 6 * HOUR, "s2", "E2").to("MED", "1").made("14")]).await;
    let figures = "SELECT format('%s %s %s %s %s %s', unit, day, belagda, overbelaggningar, utlokaliserade, disponibla) \
                   FROM snapshot_0600 ORDER BY 1";
    let read = || async {
        let rows = client.query(figures, &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>()
    };
    let monday_to_wednesday = ["AVA 2026-01-05 1 1 1 12", "AVA 2026-01-06 1 1 1 12", "AVA 2026-01-07 1 1 1 12"];
    assert_eq!(read().await, [&monday_to_wednesday[..], &["MED 2026-01-07 1  0 "]].concat());
    // It turns out that the patient left on Tuesday at 05:00, and had come to another unit before.
    feeder.feed(&[Visit::new("A03", MONDAY + DAY + 5 * HOUR, "s1", "E1").made("14")]).await;
    let mut arrival = Visit::new("A04", MONDAY - DAY, "s3", "E3").to("AKUT", "1");
    arrival.class = PatientClass::Emergency;
    feeder.feed(&[arrival.made("14")]).await;
    let expected = [
        "AKUT 2026-01-04 0  0 ",
        "AKUT 2026-01-05 0  0 ",
        "AKUT 2026-01-06 0  0 ",
        "AKUT 2026-01-07 0  0 ",
        "AVA 2026-01-05 1 1 1 12",
        "AVA 2026-01-06 0 0 0 12",
        "AVA 2026-01-07 0 0 0 12",
        "MED 2026-01-07 1  0 ",
    ];
    assert_eq!(read().await, expected);
    // A cancelled arrival makes the unit unknown again: no row is better than a false zero.
    feeder.feed(&[Visit::new("A11", MONDAY - DAY, "s3", "E3").made("14")]).await;
    assert_eq!(read().await, expected[4..]);
    // A date far ahead of its own arrival does not move the clock.
    let far = Visit { received: MONDAY + 3 * DAY, ..Visit::new("A01", MONDAY + 30 * DAY, "s4", "E4").to("MED", "2") };
    feeder.feed(&[far.made("14")]).await;
    assert_eq!(read().await, expected[4..]);
}

/// Wards of which a figure could be two: unit, patients, those in beds of a known kind, capacity, överbeläggningar.
type Case = (&'static str, u64, &'static [BedKind], Option<i32>, Option<i32>);

const WARDS: [Case; 8] = [
    ("ONE KNOWN", 10, &[BedKind::Disponibel], Some(9), Some(1)),
    ("FAR OVER", 99, &[BedKind::Disponibel; 14], Some(15), Some(84)),
    ("FREE", 10, &[BedKind::EjDisponibel; 2], Some(13), Some(2)),
    ("TECHNICAL", 10, &[BedKind::Teknisk], Some(9), Some(1)),
    ("NO CAPACITY", 4, &[BedKind::Disponibel], None, None),
    ("FLAGGED WITHOUT CAPACITY", 4, &[BedKind::EjDisponibel], None, Some(1)),
    ("NO BED", 3, &[BedKind::EjDisponibel], Some(0), Some(3)),
    ("EMPTY", 0, &[], Some(0), Some(0)),
];

/// Those wards' events from Monday on, and one on Tuesday that moves the clock past a morning.
pub(crate) fn wards() -> Vec<Made> {
    let mut events = Vec::new();
    for (unit, patients, kinds, disponibla, _) in WARDS {
        if let Some(disponibla) = disponibla {
            events.push(capacity("14", MONDAY, unit, MONDAY, None, disponibla));
        }
        for n in 0..patients {
            let (subject, episode, bed) = (format!("{unit} {n}"), format!("{unit} E{n}"), n.to_string());
            let mut visit = Visit::new("A01", MONDAY + HOUR, &subject, &episode).to(unit, &bed);
            visit.bed_kind = kinds.get(usize::try_from(n).unwrap()).copied().unwrap_or(BedKind::Unknown);
            events.push(visit.made("14"));
        }
    }
    events.push(Visit::new("A04", MONDAY + DAY, "clock", "clock").to("CLOCK", "1").made("14"));
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_overbelaggningar_is_one() {
    let url = database(&["14"]).await;
    let client = connect(&url).await;
    let mut feeder = Feeder::new(&url, "14").await;
    feeder.feed(&wards()).await;
    for (unit, patients, _, _, expected) in WARDS {
        let row = client
            .query_one(
                "SELECT overbelaggningar, belagda FROM snapshot_0600 WHERE unit = $1 AND day = '2026-01-05'",
                &[&unit],
            )
            .await
            .unwrap();
        assert_eq!(
            (row.get::<_, Option<i32>>(0), row.get::<_, i32>(1)),
            (expected, patients as i32),
            "{unit} at 06:00"
        );
        let sql = "SELECT overbelaggningar FROM board_census('2026-01-05 06:00 Europe/Stockholm', '2026-01-05 06:00 Europe/Stockholm') \
                   WHERE unit = $1";
        // A ward that nobody has ever lain in has no change to count from.
        if let Some(row) = client.query_opt(sql, &[&unit]).await.unwrap() {
            assert_eq!(row.get::<_, Option<i64>>(0), expected.map(i64::from), "{unit} in the census");
        } else {
            assert_eq!(patients, 0, "{unit} has no census");
        }
    }
}
