//! Made-up months, the same for the same seed.

use schemas::{Deviation, Finding, Severity, Sex, Timestamp, Wait, WaitStatus};

use super::{at, statement};

/// A sequence of numbers that looks random (SplitMix64).
pub(super) struct Dice(pub u64);

impl Dice {
    /// From 0 to one less than `sides`.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u64) as usize]
    }

    /// Fisher and Yates.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.roll(last as u64 + 1) as usize);
        }
    }
}

/// Contact ids for [`month`].
pub(super) fn contact_ids(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("OPT101-{number}")).collect()
}

/// One statement per contact id, with everything that a source can get wrong.
pub(super) fn month<'a>(seed: u64, contact_ids: &'a [String]) -> Vec<Wait<'a>> {
    let mut dice = Dice(seed);
    contact_ids.iter().map(|id| any_statement(&mut dice, id)).collect()
}

fn any_statement<'a>(dice: &mut Dice, contact_id: &'a str) -> Wait<'a> {
    let mut wait = statement(contact_id);
    wait.status = match dice.roll(12) {
        0 => WaitStatus::Unknown,
        1..4 => WaitStatus::Waiting,
        _ => WaitStatus::Completed,
    };
    wait.period =
        dice.pick(&[Some("2026-02"), Some("2026-02"), Some("2026-02"), Some("2026-02"), Some("2026-01"), None]);
    wait.guarantee = dice.pick(&[Some(true), Some(true), Some(true), Some(false), None]);
    wait.deviation = dice.pick(&[
        None,
        None,
        None,
        Some(Deviation::Pvv),
        Some(Deviation::Mov),
        Some(Deviation::Sov),
        Some(Deviation::Other),
    ]);
    let started = any_moment(dice, at("2025-12-25 00:00"), 70);
    let decided = Timestamp(started.0 - dice.roll(205) as i64 * DAY + dice.roll(3) as i64 * DAY);
    wait.started_at = dice.pick(&[Some(started), Some(started), Some(started), Some(started), Some(started), None]);
    wait.decided_at = match dice.roll(12) {
        0 => None,
        _ => Some(Timestamp(decided.0 + dice.roll(86_400) as i64 * SECOND)),
    };
    wait.referral_at = match dice.roll(5) {
        0 => None,
        _ => Some(any_moment(dice, Timestamp(decided.0 - 60 * DAY), 70)),
    };
    wait.hospital_code = dice.pick(&[Some("501010"), Some("501010"), Some("420010"), Some("50001"), None, Some("")]);
    wait.hospital_name = dice.pick(&[Some("Sahlgrenska"), Some("SU; Mölndal"), Some("\"Östra\""), Some(""), None]);
    wait.sex = dice.pick(&[Sex::Male, Sex::Female, Sex::Female, Sex::Other, Sex::Unknown]);
    wait.birth_year = match dice.roll(9) {
        0 => None,
        _ => Some(1925 + dice.roll(100) as i32),
    };
    wait.booking = dice.pick(&[Some("1"), Some("2"), Some("9"), None]);
    wait.referrer_kind = dice.pick(&[Some("1"), Some("2"), Some("x"), None]);
    wait.phase = dice.pick(&[Some("1"), Some("2"), Some("3"), Some("4"), Some("5"), None]);
    wait.medical_target_at = dice.pick(&[Some(started), None]);
    wait.lkf = dice.pick(&[Some("1480"), Some("1380"), None]);
    wait.care_unit_hsa_id = dice.pick(&[Some("SE0000000000-OPT101"), Some("SE0000000000-OPT102"), None]);
    wait.region_hsa_id = dice.pick(&[Some("SE2321000131-E000000000001"), Some("SE2321000131-E000000000009"), None]);
    if dice.roll(4) == 0 {
        wait.envelope.quality =
            vec![Finding { rule: dice.pick(&["code-unknown", "time-future"]), severity: Severity::Info, field: "sex" }];
    }
    wait
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A moment within so many days, often within minutes of a Swedish midnight.
fn any_moment(dice: &mut Dice, from: Timestamp, days: u64) -> Timestamp {
    let day = from.0 + dice.roll(days) as i64 * DAY;
    let second = match dice.roll(3) {
        0 => 86_400 - 120 + dice.roll(240) as i64,
        1 => dice.roll(7_300) as i64,
        _ => dice.roll(86_400) as i64,
    };
    Timestamp(day + second * SECOND)
}
