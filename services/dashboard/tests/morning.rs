//! The number on the board at 06:00 is the number in the extract: the same events go to both.

use std::collections::BTreeMap;
use std::time::Duration;

use board::Builder;
use board::age::Limits;
use board::live::{Applied, Live};
use board::standing::Standings;
use schemas::{BedKind, CareType, CorrectionKind, Timestamp};
use sink_register::beds::{Beds, Settings};

use crate::fixture::{DAY, Declaration, Dice, HOUR, Movement, SEED, Ward, instant};

const UNITS: [&str; 4] = ["MED", "KIR", "ORT", "NY"];
const WARD: Ward<'static> = Ward {
    name: "Avdelning",
    hospital_code: "501010",
    hospital_name: "Sahlgrenska",
    mvo: "101",
    care_type: CareType::Somatic,
};

/// Arrivals, moves, discharges and withdrawn discharges at full hours around the change of clocks, many at 06:00 exactly.
fn movements() -> Vec<Movement<'static>> {
    let mut dice = Dice(SEED);
    let mut movements = Vec::new();
    for n in 0..150 {
        let mut at = instant("2026-03-15T00:00:00Z").0 + dice.below(16 * 24) * HOUR;
        let mut unit = UNITS[dice.below(4) as usize];
        let mut add = |trigger, at, unit, dice: &mut Dice| {
            let bed_kind = match (unit, dice.below(3)) {
                ("KIR", 0) => BedKind::EjDisponibel,
                ("KIR", _) => BedKind::Disponibel,
                _ => BedKind::Unknown,
            };
            movements.push(Movement {
                region: "14",
                source_system: "SE2321000131-S000000000014",
                trigger,
                episode: format!("E{n}"),
                at: Timestamp(at),
                ingested: Timestamp(at),
                unit,
                bed: "1",
                ward: WARD,
                responsible: (dice.below(3) == 0).then_some("MED"),
                bed_kind,
                correction: CorrectionKind::New,
                occurred_given: true,
                person: None,
                facility: None,
            });
        };
        add("A01", at, unit, &mut dice);
        for _ in 0..dice.below(4) {
            at += (1 + dice.below(40)) * HOUR;
            unit = UNITS[dice.below(4) as usize];
            add("A02", at, unit, &mut dice);
        }
        at += (1 + dice.below(60)) * HOUR;
        if dice.below(5) > 0 {
            add("A03", at, unit, &mut dice);
        }
        if dice.below(5) == 0 {
            add("A13", at, unit, &mut dice);
        }
    }
    movements
}

fn declaration(unit: &'static str, from: &str, disponibla: i32) -> Declaration<'static> {
    let from = instant(from);
    Declaration {
        region: "14",
        source_system: "SE2321000131-S000000000014",
        unit,
        ward: WARD,
        telephone: None,
        faststallda: Some(disponibla + 1),
        disponibla: Some(disponibla),
        stangda: None,
        reason: None,
        from,
        to: None,
        not_receiving: None,
        ingested: from,
    }
}

#[test]
fn the_morning_figure_of_every_ward_is_that_of_the_extract() {
    let mut live = Live::new(Duration::from_secs(400 * 86_400), Duration::from_secs(86_400));
    let settings = Settings { region: "14".parse().unwrap(), month: "2026-03".parse().unwrap(), hide_below: None };
    let mut beds = Beds::new(settings);
    for (number, movement) in movements().iter().enumerate() {
        movement.with(number as u64, |record| {
            assert_eq!(live.encounter(record, record.envelope.ingested_at), Applied::Yes);
            beds.encounter(record);
        });
    }
    // The beds of MED change at 06:00 of the morning after the clocks were changed.
    let declarations = [
        declaration("MED", "2026-01-01T00:00:00Z", 12),
        declaration("MED", "2026-03-29T04:00:00Z", 7),
        declaration("KIR", "2026-01-01T00:00:00Z", 9),
        declaration("ORT", "2026-01-01T00:00:00Z", 5),
    ];
    for (number, declaration) in declarations.iter().enumerate() {
        declaration.with(&format!("00000000-0000-8000-8000-{number:012}"), |record| {
            live.capacity(record);
            beds.capacity(record);
        });
    }

    let output = beds.finish();
    let file = output.files.iter().find(|file| file.name == "beds_by_ward.csv").expect("the file is there");
    let text = std::str::from_utf8(&file.bytes).unwrap();
    let lines = text.lines().skip(1).map(|line| line.split(';').collect::<Vec<_>>());
    let extract: BTreeMap<(&str, &str), Vec<&str>> =
        lines.map(|cells| ((cells[0], cells[4]), cells[6..].to_vec())).collect();

    let mut compared = 0;
    for day in 17..=31 {
        // Two minutes past six: summer time began on the 29th.
        let utc = if day < 29 { 5 } else { 4 };
        let now = instant(&format!("2026-03-{day}T0{utc}:02:00Z"));
        assert!(now.0 - live.horizon(now).0 > DAY);
        let board = Builder::default().build(&live, Limits::default(), Standings::default(), now);
        for ((_, unit), ward) in &board.wards {
            let morning = &ward.morning;
            let day = format!("2026-03-{day}");
            let found = &extract[&(day.as_str(), &**unit)];
            let text = |count: Option<u32>| count.map(|count| count.to_string()).unwrap_or_default();
            assert_eq!(found[0], text(morning.faststallda), "{unit} {day}");
            assert_eq!(found[1], text(morning.disponibla), "{unit} {day}");
            assert_eq!(found[2], morning.belagda.to_string(), "{unit} {day}");
            assert_eq!(found[3], text(morning.overbelaggningar_known()), "{unit} {day}");
            assert_eq!(found[4], morning.utlokaliserade.to_string(), "{unit} {day}");
            compared += usize::from(morning.belagda > 0);
        }
    }
    assert!(compared > 40, "{compared} mornings of wards with patients");
}
