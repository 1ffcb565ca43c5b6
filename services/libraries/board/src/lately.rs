//! What changed on each ward in the last hour, for the view of that name.
//!
//! Counted from the stays and logs that the live state holds anyway, while somebody reads the view: nothing is kept between
//! two of them, and an answer has at most one entry per ward. Movements stand at the time they happened, corrections and
//! declarations at the time they came.

use std::collections::{BTreeMap, HashMap};

use schemas::Timestamp;
use timeline::{EpisodeKey, Stay};

use crate::board::Scope;
use crate::live::{Live, LogKind, Region};

const HOUR: i64 = 3_600_000_000;

/// What changed on one ward.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moves {
    /// Admitted here.
    pub admitted: u32,
    /// Discharged from here.
    pub discharged: u32,
    /// Came from another ward.
    pub came: u32,
    /// Went to another ward.
    pub went: u32,
    /// Corrections of what was shown before.
    pub corrected: u32,
    /// Staffed beds before the hour's first declaration and after its last.
    pub beds: Option<(Option<i64>, Option<i64>)>,
}

/// What changed in the last hour, by region and unit; wards without a change are not in it.
#[derive(Debug, Clone, Default)]
pub struct Lately {
    /// By region and unit code.
    pub wards: BTreeMap<(Box<str>, Box<str>), Moves>,
}

impl Moves {
    /// Persons: admitted, discharged, came, went, and corrections of them.
    pub fn counts(&self) -> [u32; 5] {
        [self.admitted, self.discharged, self.came, self.went, self.corrected]
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Lately {
    /// The hour before `now` within a scope.
    pub fn of(live: &Live, scope: &Scope, now: Timestamp) -> Self {
        let mut lately = Self::default();
        let since = Timestamp(now.0.saturating_sub(HOUR));
        let regions = live.regions.iter().filter(|(code, _)| scope.region().is_none_or(|wanted| wanted == &***code));
        for (code, region) in regions {
            for (unit, moves) in of_region(region, since, now) {
                lately.wards.insert((code.clone(), unit), moves);
            }
        }
        lately
    }
}

fn of_region(region: &Region, since: Timestamp, now: Timestamp) -> BTreeMap<Box<str>, Moves> {
    let within = |at: Timestamp| at > since && at <= now;
    // Where one stay ends the next of the visit begins, at the same instant.
    let mut begun: HashMap<(&EpisodeKey, Timestamp), &Stay> = HashMap::new();
    let mut ended: HashMap<(&EpisodeKey, Timestamp), &Stay> = HashMap::new();
    let stays = || region.units.values().flat_map(|unit| unit.stays()).filter(|stay| stay.admitted);
    for stay in stays() {
        if within(stay.from) {
            begun.insert((&stay.episode, stay.from), stay);
        }
        if let Some(to) = stay.to.filter(|to| within(*to)) {
            ended.insert((&stay.episode, to), stay);
        }
    }
    let mut wards: BTreeMap<Box<str>, Moves> = BTreeMap::new();
    for ((episode, at), stay) in &begun {
        let before = ended.get(&(*episode, *at)).map(|before| &before.place.unit);
        if before == Some(&stay.place.unit) {
            continue;
        }
        let moves = wards.entry(stay.place.unit.clone()).or_default();
        *(if before.is_some() { &mut moves.came } else { &mut moves.admitted }) += 1;
    }
    for ((episode, at), stay) in &ended {
        let after = begun.get(&(*episode, *at)).map(|after| &after.place.unit);
        if after == Some(&stay.place.unit) {
            continue;
        }
        let moves = wards.entry(stay.place.unit.clone()).or_default();
        *(if after.is_some() { &mut moves.went } else { &mut moves.discharged }) += 1;
    }
    for (code, unit) in &region.units {
        let lines: Vec<_> = unit.log.iter().filter(|line| within(line.received)).collect();
        let corrected = lines.iter().filter(|line| line.kind.corrects() && line.before != line.after).count();
        let mut declared = lines.iter().filter(|line| line.kind == LogKind::Declared);
        let first = declared.next();
        let beds = first.map(|first| (first.before, declared.next_back().unwrap_or(first).after));
        let beds = beds.filter(|(before, after)| before != after);
        if corrected == 0 && beds.is_none() {
            continue;
        }
        let moves = wards.entry(code.clone()).or_default();
        moves.corrected = u32::try_from(corrected).unwrap_or(u32::MAX);
        moves.beds = beds;
    }
    wards.retain(|_, moves| !moves.is_empty());
    wards
}
