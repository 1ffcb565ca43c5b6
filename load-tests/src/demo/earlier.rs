//! The weeks before the messages begin: counts of full hours, written into the store beside what it has computed.
//!
//! "Usual for this hour" compares with eight weeks. As messages they would take minutes to send, and the board would ask the store
//! for each stay that its memory has let go. So of the last days there are messages, and of the weeks before them only what the
//! census of units would have said. Nothing but the demo does this: a rebuild of the store takes it away.

use std::fmt::Write as _;

use topics::Region;

use crate::simulator::{Simulator, random::Random};

const HOUR: i64 = 3_600_000_000;
/// A little more than the weeks that are compared with.
const HOURS: i64 = 58 * 24;
/// A ward's count is looked at so often; between two looks it stays.
const STEP_HOURS: i64 = 3;
/// How full a ward tends to be, in a hundred of its open beds.
const FULL_PERCENT: i64 = 95;

/// The statement that writes them, for the hours before `until`, in UTC microseconds.
pub(super) fn statement(simulator: &Simulator, regions: &[Region], until: i64, seed: u64) -> String {
    let mut random = Random::new(seed ^ 0xE1);
    let mut rows = String::new();
    // The count at a full hour is the sum of the changes up to it: what stands here has to come to nothing where messages begin.
    let last = until.div_euclid(HOUR) * HOUR;
    for region in regions {
        for ward in simulator.wards(*region).iter().filter(|ward| ward.bed_count > 0) {
            let open = i64::try_from(ward.open_bed_count()).unwrap_or(0);
            let mut count = 0;
            for hours in (STEP_HOURS..=HOURS).rev().step_by(STEP_HOURS as usize) {
                let drawn = (open * FULL_PERCENT + random.between(-200, 200) + 50).div_euclid(100).max(0);
                // Towards it by one patient, as wards change.
                let next = if count == 0 { drawn } else { count + (drawn - count).signum() };
                change(&mut rows, *region, &ward.code, last - hours * HOUR, next - count);
                count = next;
            }
            change(&mut rows, *region, &ward.code, last, -count);
        }
    }
    let rows = rows.strip_suffix(',').unwrap_or(&rows);
    format!(
        "insert into unit_census (region, unit, hour, belagda, ej_disponibla, utlokaliserade) \
         select region, unit, to_timestamp(hour), belagda, 0, 0 from (values {rows}) as earlier (region, unit, hour, belagda) \
         on conflict (region, unit, hour) do update set belagda = unit_census.belagda + excluded.belagda"
    )
}

fn change(rows: &mut String, region: Region, unit: &str, at: i64, by: i64) {
    if by != 0 {
        let _ = write!(rows, "('{region}','{unit}',{},{by}),", at / 1_000_000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated;

    #[test]
    fn a_ward_s_changes_come_to_nothing_and_never_below_it() {
        let region: Region = "09".parse().expect("a lanskod");
        let simulator = Simulator::new(&simulated::fixed_plan(1, vec![region]));
        let until = 1_767_592_800_000_000;
        let statement = statement(&simulator, &[region], until, 1);
        let wards: Vec<_> = simulator.wards(region).iter().filter(|ward| ward.bed_count > 0).collect();
        for ward in &wards {
            let (mut sum, mut least, mut greatest, mut rows) = (0_i64, i64::MAX, 0, 0);
            for row in statement.split("('09','").filter(|row| row.starts_with(&format!("{}'", ward.code))) {
                let numbers = row.split(')').next().expect("a row").split(',').collect::<Vec<_>>();
                let at: i64 = numbers[1].parse().expect("seconds");
                assert!(at * 1_000_000 <= until && at % 3_600 == 0);
                least = least.min(sum);
                sum += numbers[2].parse::<i64>().expect("a change");
                greatest = greatest.max(sum);
                rows += 1;
            }
            assert_eq!((sum, least), (0, 0), "{}", ward.code);
            assert!(
                rows > 20 && greatest <= 2 + i64::try_from(ward.open_bed_count()).expect("it fits"),
                "{}",
                ward.code
            );
        }
        assert!(wards.len() > 5);
    }
}
