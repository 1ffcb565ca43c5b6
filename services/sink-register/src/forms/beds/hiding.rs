//! Small numbers of utlokaliserade, by the rule of the board: a hospital never has exactly one hidden ward on a day,
//! and a sum that holds some of a hospital's hidden wards but not all is hidden too.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::ward::Row;

/// What is not said.
#[derive(Default)]
pub(super) struct Hidden {
    wards: BTreeSet<(Date, Box<str>)>,
    per_hospital: BTreeMap<(Date, Box<str>), usize>,
}

/// Chooses wards with 1 to below `limit` utlokaliserade; where that is one ward of a hospital, the next smallest as
/// well.
pub(super) fn choose(rows: &[Row], limit: u32) -> Hidden {
    let mut hidden = Hidden::default();
    if limit < 2 {
        return hidden;
    }
    let mut hospitals: BTreeMap<(Date, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_heard) {
        hospitals.entry((row.day, &row.hospital_code)).or_default().push(row);
    }
    for ((day, hospital), mut rows) in hospitals {
        rows.sort_by_key(|row| (row.occupancy.utlokaliserade, row.ward.clone()));
        let is_small = |row: &&&Row| (1..limit).contains(&row.occupancy.utlokaliserade);
        let mut codes: BTreeSet<&str> = rows.iter().filter(is_small).map(|row| &*row.ward).collect();
        if codes.len() == 1
            && let Some(next) = rows.iter().find(|row| !codes.contains(&*row.ward))
        {
            codes.insert(&next.ward);
        }
        if !codes.is_empty() {
            hidden.per_hospital.insert((day, hospital.into()), codes.len());
        }
        hidden.wards.extend(codes.into_iter().map(|ward| (day, ward.into())));
    }
    hidden
}

impl Hidden {
    /// Whether a ward's number is hidden.
    pub(super) fn ward(&self, row: &Row) -> bool {
        self.wards.contains(&(row.day, row.ward.clone()))
    }

    /// Whether the sum over these wards of one hospital and day is hidden. A single hidden ward hides its sum.
    pub(super) fn sum(&self, rows: &[&Row]) -> bool {
        let inside = rows.iter().filter(|row| self.ward(row)).count();
        let Some(first) = rows.first().filter(|_| inside > 0) else { return false };
        let all = self.per_hospital.get(&(first.day, first.hospital_code.clone())).copied().unwrap_or_default();
        inside < all || all < 2
    }
}
