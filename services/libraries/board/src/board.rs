//! The board at an instant: every ward, and sums over any part of the country.
//!
//! Built once a second from the live state and then only read; pages, streams, CSV and API all start here, which is
//! why they show the same numbers.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use runtime::failpoint;
use schemas::{CareType, ClosedReason, TechnicalBeds, Timestamp};
use timeline::{FindingRule, Occupancy, Total};
use topics::Region;

use crate::age::{Freshness, Limits};
use crate::collate;
use crate::doubt::Doubt;
use crate::live::{self, Live};
use crate::restless::Feed;
use crate::standing::{Standing, Standings};
use crate::status::Kind;
use crate::stopped::Stopped;
use crate::ward::{HOURS, Hour, Past, Ward, last_morning};

/// Every ward at one instant.
pub struct Board {
    /// The instant.
    pub now: Timestamp,
    /// Raised with every board.
    pub generation: u64,
    /// How far each region has come: started from the store, and following its topics.
    pub standings: Standings,
    /// Whose data have stopped.
    pub stopped: Stopped,
    /// Feeds that are never silent for so long, and since when they are. Of a region that has stopped none is here: that is one cause.
    pub silent: BTreeMap<Feed, Timestamp>,
    /// Since when the central store has not answered, where there is one.
    pub store_away: Option<Timestamp>,
    /// By region and unit code.
    pub wards: BTreeMap<(Box<str>, Box<str>), Arc<Ward>>,
    /// When each source was last heard, by region and source system.
    pub heard: BTreeMap<(Box<str>, Box<str>), Timestamp>,
    /// When a source counts as stale.
    pub limits: Limits,
    /// What the timeline has found, by region and rule: every rule of every region that was heard, also those with none.
    pub findings: BTreeMap<(Box<str>, FindingRule), u32>,
    /// What is doubtful in a region and no ward is known of.
    pub unplaced: BTreeMap<Box<str>, Doubt>,
    /// Whether a region counts technical beds: those that have said so.
    pub technical_beds: BTreeMap<Box<str>, TechnicalBeds>,
}

/// What is kept between boards so that only what changed is counted anew.
#[derive(Default)]
pub struct Builder {
    generation: u64,
    pasts: BTreeMap<Key, Past>,
    statuses: BTreeMap<Key, (Kind, Timestamp)>,
}

impl Builder {
    /// The board at `now`. A region that cannot be counted is left out, and counts as failed, for as long as it is so.
    pub fn build(&mut self, live: &Live, limits: Limits, mut standings: Standings, now: Timestamp) -> Board {
        self.generation += 1;
        let mut parts = Vec::with_capacity(live.regions.len());
        for (code, region) in &live.regions {
            // What is kept between boards is whole after a panic: each entry is made before it is put in.
            match catch_unwind(AssertUnwindSafe(|| self.part(code, region, limits, now))) {
                Ok(part) => parts.push(part),
                Err(_) => {
                    tracing::error!(region = &**code, "region {code} is left out of the board: counting it panicked");
                    if let Ok(region) = code.parse() {
                        standings.set(region, Standing::Failed("its figures cannot be counted".into()));
                    }
                }
            }
        }
        let mut board = Board { generation: self.generation, standings, ..Board::empty(now, limits) };
        for part in parts {
            board.wards.extend(part.wards);
            board.heard.extend(part.heard);
            board.findings.extend(part.findings);
            board.technical_beds.extend(part.technical_beds.map(|decided| (part.region.clone(), decided)));
            board.unplaced.insert(part.region, part.unplaced);
        }
        board
    }

    fn part(&mut self, code: &str, region: &live::Region, limits: Limits, now: Timestamp) -> Part {
        failpoint::reach("board", || code);
        let code: Box<str> = code.into();
        let mut findings: BTreeMap<_, _> = FindingRule::ALL.iter().map(|rule| ((code.clone(), *rule), 0)).collect();
        for (rule, count) in region.found() {
            *findings.entry((code.clone(), rule)).or_default() += count;
        }
        let mut wards = Vec::with_capacity(region.units.len());
        for unit in region.units.values() {
            let key = (code.clone(), unit.code.clone());
            let past = match self.pasts.get(&key) {
                Some(past) if past.holds(unit, now) => past,
                _ => {
                    self.pasts.insert(key.clone(), Past::of(unit, now));
                    &self.pasts[&key]
                }
            };
            let heard = match &unit.source_system {
                Some(source) => region.heard.get(source).copied(),
                None => unit.changed,
            };
            let mut ward = Ward::of(&code, unit, past, heard, &limits, now);
            let kind = ward.status.kind();
            let since = match self.statuses.get(&key) {
                Some((held, since)) if *held == kind => *since,
                _ => {
                    let since = unit.changed.unwrap_or(now);
                    self.statuses.insert(key.clone(), (kind, since));
                    since
                }
            };
            ward.status_since = Some(since);
            wards.push((key, Arc::new(ward)));
        }
        let heard = region.heard.iter().map(|(source, at)| ((code.clone(), source.clone()), *at)).collect();
        let technical_beds = region.technical_beds();
        Part { wards, heard, findings, unplaced: region.doubt(now), technical_beds, region: code }
    }
}

/// A region and a code within it.
type Key = (Box<str>, Box<str>);

/// One region's part of a board.
struct Part {
    region: Box<str>,
    wards: Vec<(Key, Arc<Ward>)>,
    heard: Vec<(Key, Timestamp)>,
    findings: BTreeMap<(Box<str>, FindingRule), u32>,
    unplaced: Doubt,
    technical_beds: Option<TechnicalBeds>,
}

/// A part of the country.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everything.
    Country,
    /// A region, by länskod.
    Region(Box<str>),
    /// A hospital: länskod and sjukhuskod, the latter empty for units without one.
    Hospital(Box<str>, Box<str>),
    /// A ward: länskod and unit code.
    Ward(Box<str>, Box<str>),
}

impl Scope {
    /// Whether a ward belongs to it.
    pub(crate) fn holds(&self, ward: &Ward) -> bool {
        match self {
            Self::Country => true,
            Self::Region(region) => ward.region == *region,
            Self::Hospital(region, hospital) => ward.region == *region && ward.hospital_code == *hospital,
            Self::Ward(region, code) => ward.region == *region && ward.code == *code,
        }
    }

    /// The region that it lies in.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Country => None,
            Self::Region(region) | Self::Hospital(region, _) | Self::Ward(region, _) => Some(region),
        }
    }
}

/// Sums over wards, with what was left out of them and why.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// The sums, by the one function.
    pub total: Total,
    /// The same at the last 06:00, over every ward with a capacity then.
    pub morning: Total,
    /// Wards left out because their source is stale or lost.
    pub stale: u32,
    /// Wards left out because they have declared no staffed beds.
    pub no_capacity: u32,
    /// Patients on wards that are heard but left out for want of a capacity.
    pub outside: u32,
    /// Units without vårdplatser: in no sum and no denominator.
    pub without_beds: u32,
    /// Patients who are admitted there all the same.
    pub without_a_bed: u32,
    /// Wards by status word, in the order of [`Kind::ALL`].
    pub statuses: [u32; Kind::ALL.len()],
    /// Closed beds by reason: personal, hygien, material, lokal, other, no reason given.
    pub closed: [u32; 6],
    /// Counted wards that say how many beds are decided, and closed.
    pub faststallda_said: u32,
    /// See above.
    pub stangda_said: u32,
    /// Hourly sums over the counted wards, oldest first.
    pub hours: Vec<Hour>,
    /// The oldest last message among the sources.
    pub heard: Option<Timestamp>,
    /// How that is judged.
    pub freshness: Option<Freshness>,
    /// The last event on any of the wards.
    pub changed: Option<Timestamp>,
    /// `Läge`: when the newest event that is in the sums was received. The sums are of this instant, whatever the clock says.
    pub newest: Option<Timestamp>,
}

impl Sums {
    /// Admitted patients in technical beds that their regions leave out, on every ward that is heard; `None` when none is.
    pub fn technical_left_out(&self) -> Option<u32> {
        (self.total.units > self.stale).then_some(self.total.left_out)
    }

    /// Sums over wards.
    pub fn over<'a>(wards: impl IntoIterator<Item = &'a Ward>) -> Self {
        let mut sums = Self { hours: vec![Hour::default(); HOURS], ..Self::default() };
        for ward in wards {
            sums.add(ward);
        }
        sums
    }

    fn add(&mut self, ward: &Ward) {
        let kind = Kind::ALL.iter().position(|kind| *kind == ward.status.kind());
        self.statuses[kind.expect("all kinds are among them")] += 1;
        if !ward.has_beds() {
            self.without_beds += 1;
            self.without_a_bed += ward.counted().map_or(0, |occupancy| occupancy.belagda);
            return;
        }
        self.total.add(ward.counted());
        self.morning.add(Some(&ward.morning));
        self.changed = self.changed.max(ward.changed);
        self.heard = match (self.heard, ward.heard) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.freshness = self.freshness.max(Some(ward.freshness));
        let Some(occupancy) = ward.counted() else {
            self.stale += 1;
            return;
        };
        if occupancy.disponibla.is_none() {
            self.no_capacity += 1;
            self.outside += occupancy.belagda;
            return;
        }
        self.newest = self.newest.max(ward.changed);
        self.faststallda_said += u32::from(occupancy.faststallda.is_some());
        self.stangda_said += u32::from(occupancy.stangda.is_some());
        if let Some(closed) = occupancy.stangda {
            self.closed[reason_index(ward.closed_reason())] += closed;
        }
        for (sum, hour) in self.hours.iter_mut().zip(&ward.hours) {
            sum.belagda += hour.belagda;
            sum.overbelaggningar += hour.overbelaggningar;
            sum.utlokaliserade += hour.utlokaliserade;
            if let Some(disponibla) = hour.disponibla {
                sum.disponibla = Some(sum.disponibla.unwrap_or(0) + disponibla);
            }
            if let Some(stangda) = hour.stangda {
                sum.stangda = Some(sum.stangda.unwrap_or(0) + stangda);
            }
        }
    }
}

fn reason_index(reason: Option<ClosedReason>) -> usize {
    match reason {
        Some(ClosedReason::Personal) => 0,
        Some(ClosedReason::Hygien) => 1,
        Some(ClosedReason::Material) => 2,
        Some(ClosedReason::Lokal) => 3,
        Some(ClosedReason::Other) => 4,
        None => 5,
    }
}

/// A hospital and its wards.
pub struct Hospital<'a> {
    /// Länskod.
    pub region: &'a str,
    /// Sjukhuskod, empty when none is given.
    pub code: &'a str,
    /// Its name, empty when none is given.
    pub name: &'a str,
    /// Its wards.
    pub wards: Vec<&'a Ward>,
}

impl Board {
    /// A board of nothing, before the first is built.
    pub fn empty(now: Timestamp, limits: Limits) -> Self {
        Self {
            now,
            generation: 0,
            standings: Standings::default(),
            stopped: Stopped::default(),
            silent: BTreeMap::new(),
            store_away: None,
            wards: BTreeMap::new(),
            heard: BTreeMap::new(),
            limits,
            findings: BTreeMap::new(),
            unplaced: BTreeMap::new(),
            technical_beds: BTreeMap::new(),
        }
    }

    /// Whether everything that is in Kafka of a scope is in the board.
    pub fn is_complete(&self, scope: &Scope) -> bool {
        self.standings.is_complete(scope.region())
    }

    /// Regions of a scope that are still being read.
    pub fn loading<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a str> {
        self.standings.incomplete().filter(|region| scope.region().is_none_or(|wanted| wanted == *region))
    }

    /// Whether nothing is known of a scope yet because it is still being read.
    pub fn is_loading(&self, scope: &Scope) -> bool {
        !self.is_complete(scope) && self.wards(scope).next().is_none()
    }

    /// The wards of a scope, by region and code.
    pub fn wards<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a Ward> {
        self.wards.values().map(AsRef::as_ref).filter(|ward| scope.holds(ward))
    }

    /// One ward.
    pub fn ward(&self, region: &str, code: &str) -> Option<&Arc<Ward>> {
        self.wards.get(&(Box::from(region), Box::from(code)))
    }

    /// Feeds of a scope's region, or of all, that have fallen silent, and since when.
    pub fn silent_in<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = (&'a str, &'a str, Timestamp)> {
        let silent = self.silent.iter().map(|((region, source), since)| (&**region, &**source, *since));
        silent.filter(|(region, ..)| scope.region().is_none_or(|wanted| wanted == *region))
    }

    /// When the newest event on any ward of a scope was received: of a ward its `Läge`, of more the end of what is known.
    pub fn newest(&self, scope: &Scope) -> Option<Timestamp> {
        self.wards(scope).filter_map(|ward| ward.changed).max()
    }

    /// The hospitals of a scope, in Swedish alphabetical order, those without a name last.
    pub fn hospitals<'a>(&'a self, scope: &'a Scope) -> Vec<Hospital<'a>> {
        Hospital::of(self.wards(scope))
    }

    /// The cut-off of the morning figure.
    pub fn morning_at(&self) -> Timestamp {
        last_morning(self.now)
    }
}

impl<'a> Hospital<'a> {
    /// The hospitals of some wards, in Swedish alphabetical order, those without a name last.
    pub fn of(wards: impl IntoIterator<Item = &'a Ward>) -> Vec<Self> {
        let mut hospitals: BTreeMap<(&str, &str), Self> = BTreeMap::new();
        for ward in wards {
            let hospital = hospitals.entry((&ward.region, &ward.hospital_code)).or_insert_with(|| Hospital {
                region: &ward.region,
                code: &ward.hospital_code,
                name: &ward.hospital_name,
                wards: Vec::new(),
            });
            if hospital.name.is_empty() {
                hospital.name = &ward.hospital_name;
            }
            hospital.wards.push(ward);
        }
        let mut hospitals: Vec<_> = hospitals.into_values().collect();
        hospitals.sort_by(|one, other| {
            (one.name.is_empty().cmp(&other.name.is_empty())).then_with(|| collate::compare(one.name, other.name))
        });
        hospitals
    }
}

/// A region's name, for pages and API.
pub fn region_name(code: &str) -> &'static str {
    code.parse::<Region>().map_or("", Region::short_name)
}

/// Counts one ward's figures as they would enter a total, for a snapshot at another instant.
pub fn total_at(live: &Live, scope: &Scope, care: Option<CareType>, at: Timestamp) -> Total {
    let mut total = Total::default();
    for (code, region) in &live.regions {
        for unit in region.units.values() {
            let inside = match scope {
                Scope::Country => true,
                Scope::Region(region) => region == code,
                Scope::Hospital(region, hospital) => {
                    region == code && unit.hospital_code.as_deref().unwrap_or_default() == &**hospital
                }
                Scope::Ward(region, ward) => region == code && unit.code == *ward,
            };
            if inside
                && !unit.is_without_beds(at)
                && care.is_none_or(|care| unit.care_type.unwrap_or(CareType::Unknown) == care)
            {
                let occupancy: Occupancy = unit.occupancy(at);
                total.add(Some(&occupancy));
            }
        }
    }
    total
}
