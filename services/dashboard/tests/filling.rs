//! A board that starts from everything at once shows what one shows that saw it come.

use std::time::Duration;

use board::age::Limits;
use board::detail::Detail;
use board::live::{Filling, Live, LogKind};
use board::standing::Standings;
use board::{Builder, Scope};
use schemas::{BedKind, CorrectionKind, Timestamp};

use crate::fixture::{DAY, Dice, HOUR, MINUTE, Movement, PLANTED_EPISODE, SEED, now};
use crate::stand::WARD;

const UNITS: [&str; 3] = ["A1", "B2", "C3"];
const SOURCE: &str = "SE2321000131-ADT14";
/// Not at a full minute, when others happen that are received a moment later: which of them had come would matter.
const LATE: i64 = 40 * MINUTE + MINUTE / 2;

fn empty() -> Live {
    Live::new(Duration::from_secs(8 * 24 * 3600), Duration::from_secs(1800))
}

/// Visits with moves, corrections and late reports, in the order in which they were received; of `late_of` moves and discharges
/// about one is late.
fn movements(late_of: i64) -> Vec<Movement<'static>> {
    let mut dice = Dice(SEED);
    let mut all = Vec::new();
    for visit in 0..450 {
        let admitted_at = now().0 - 7 * DAY + visit * 20 * MINUTE;
        let mut at = admitted_at;
        let mut unit = dice.below(3) as usize;
        let mut add = |trigger, at: i64, delay: i64, unit: usize, correction| {
            all.push(Movement {
                region: "14",
                source_system: SOURCE,
                trigger,
                episode: format!("{PLANTED_EPISODE}{visit}"),
                at: Timestamp(at),
                // No two at once.
                ingested: Timestamp(at + delay + visit),
                unit: UNITS[unit],
                bed: "1",
                ward: WARD,
                responsible: None,
                bed_kind: BedKind::Disponibel,
                correction,
                occurred_given: true,
                person: None,
                facility: None,
            });
        };
        add("A01", at, 1_000, unit, CorrectionKind::New);
        for _ in 0..dice.below(3) {
            at += HOUR + MINUTE;
            unit = (unit + 1) % 3;
            let delay = if dice.below(late_of) == 0 { LATE } else { 1_000 };
            add("A02", at, delay, unit, CorrectionKind::New);
        }
        at += HOUR + 7 * MINUTE;
        match dice.below(4) {
            0 => {}
            1 => add("A11", admitted_at, at - admitted_at + MINUTE / 2, unit, CorrectionKind::Cancel),
            choice => {
                let delay = if dice.below(late_of) == 0 { LATE } else { 1_000 };
                add("A03", at, delay, unit, CorrectionKind::New);
                if choice == 2 {
                    add("A13", at, LATE + 10 * MINUTE, unit, CorrectionKind::Cancel);
                }
            }
        }
    }
    all.retain(|movement| movement.ingested < now());
    all.sort_by_key(|movement| movement.ingested);
    all
}

fn shown(live: &Live) -> Vec<String> {
    let board = Builder::default().build(live, Limits::default(), Standings::default(), now());
    let wards = board.wards.values().map(|ward| format!("{ward:?}"));
    let logs = UNITS.map(|unit| {
        let mut detail = Detail::of(live, &Scope::Ward("14".into(), unit.into()), now()).expect("it is known");
        // When a finding came to be known is told by the event that made it hold, which is not always the same.
        detail.log.retain(|line| line.kind != LogKind::Found);
        format!("{unit}: {detail:?}")
    });
    wards.chain(logs).collect()
}

fn check(movements: &[Movement<'_>]) {
    let mut seen = empty();
    for (number, movement) in (1..).zip(movements) {
        movement.with(number, |event| seen.encounter_recalled(event));
    }
    let mut shuffled: Vec<usize> = (0..movements.len()).collect();
    let mut dice = Dice(SEED);
    (1..shuffled.len()).rev().for_each(|at| shuffled.swap(at, dice.below(at as i64 + 1) as usize));
    let mut filling = Filling::new(empty());
    for at in shuffled {
        movements[at].with(at as u64 + 1, |event| filling.encounter(event));
    }
    let filled = filling.into_live();
    assert_eq!(filled.event_count(), seen.event_count());
    for (filled, seen) in shown(&filled).iter().zip(shown(&seen)) {
        assert_eq!(*filled, seen);
    }
}

#[test]
fn a_board_filled_at_once_is_the_one_that_saw_everything_come() {
    let movements = movements(4);
    let corrections = movements.iter().filter(|movement| movement.correction == CorrectionKind::Cancel).count();
    let late = movements.iter().filter(|movement| movement.ingested.0 - movement.at.0 > HOUR / 2).count();
    assert!(corrections > 50 && late > corrections + 50, "there is something to log");
    check(&movements);
}

#[test]
fn a_past_that_was_sent_at_once_leaves_the_newest_lines_of_each_log() {
    let movements = movements(1);
    let late = movements.iter().filter(|movement| movement.ingested.0 - movement.at.0 > HOUR / 2).count();
    assert!(late > 3 * 200, "{late} late ones on three units, of whose logs each holds 200 lines");
    check(&movements);
}
