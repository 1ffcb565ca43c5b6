//! What needs attention: rules with a name, a start and an end condition, one line per cause.

use std::collections::BTreeMap;

use schemas::Timestamp;
use serde::Serialize;

use crate::age::Freshness;
use crate::board::{Board, Scope};
use crate::status::{Kind, Status};
use crate::words::Words;

/// Lines on the board itself; the attention page has all.
pub const SHOWN_MAX: usize = 7;

/// The rules, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A source system has gone silent: nothing of it can be trusted.
    SourceSilent,
    /// Wards of a hospital have more patients than staffed beds.
    Overbelagd,
    /// A hospital has no staffed bed free.
    NoBeds,
    /// A ward receives nobody.
    NotReceiving,
    /// Wards have patients but have declared no beds.
    NoCapacity,
}

impl Rule {
    /// All, most urgent first.
    pub const ALL: [Self; 5] =
        [Self::SourceSilent, Self::Overbelagd, Self::NoBeds, Self::NotReceiving, Self::NoCapacity];

    /// The rule's name.
    pub const fn title(self, w: &Words) -> &'static str {
        match self {
            Self::SourceSilent => w.rule_source_silent,
            Self::Overbelagd => w.rule_over,
            Self::NoBeds => w.rule_no_beds,
            Self::NotReceiving => w.rule_not_receiving,
            Self::NoCapacity => w.rule_no_capacity,
        }
    }

    /// Who can act.
    pub const fn who(self, w: &Words) -> &'static str {
        match self {
            Self::SourceSilent => w.rule_source_silent_who,
            Self::Overbelagd => w.rule_over_who,
            Self::NoBeds => w.rule_no_beds_who,
            Self::NotReceiving => w.rule_not_receiving_who,
            Self::NoCapacity => w.rule_no_capacity_who,
        }
    }

    /// When the line goes away.
    pub const fn ends(self, w: &Words) -> &'static str {
        match self {
            Self::SourceSilent => w.rule_source_silent_ends,
            Self::Overbelagd => w.rule_over_ends,
            Self::NoBeds => w.rule_no_beds_ends,
            Self::NotReceiving => w.rule_not_receiving_ends,
            Self::NoCapacity => w.rule_no_capacity_ends,
        }
    }
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Which rule.
    pub rule: Rule,
    /// Where: a region for sources, a hospital or a ward otherwise.
    pub scope: Scope,
    /// The source system, for a silent source.
    pub source_system: Option<Box<str>>,
    /// Since when, as far as memory reaches; `None` when never heard.
    pub since: Option<Timestamp>,
    /// Wards that it concerns.
    pub wards: u32,
    /// Patients beyond staffed beds, for crowded wards.
    pub patients: u32,
}

/// The causes within a scope, most urgent first, within a rule the largest first.
pub fn causes(board: &Board, scope: &Scope) -> Vec<Cause> {
    let mut found: BTreeMap<(Rule, Scope, Option<Box<str>>), Cause> = BTreeMap::new();
    let mut note = |rule, scope: Scope, source: Option<Box<str>>, since: Option<Timestamp>, patients| {
        let cause = found.entry((rule, scope.clone(), source.clone())).or_insert(Cause {
            rule,
            scope,
            source_system: source,
            since,
            wards: 0,
            patients: 0,
        });
        cause.wards += 1;
        cause.patients += patients;
        cause.since = match (cause.since, since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    };
    for ward in board.wards(scope) {
        let hospital = || Scope::Hospital(ward.region.clone(), ward.hospital_code.clone());
        if matches!(ward.freshness, Freshness::Stale | Freshness::Lost) {
            note(Rule::SourceSilent, Scope::Region(ward.region.clone()), ward.source_system.clone(), ward.heard, 0);
            continue;
        }
        match ward.status {
            Status::Overbelagd { by } => note(Rule::Overbelagd, hospital(), None, ward.status_since, by),
            Status::TarInteEmot { .. } => {
                let place = Scope::Ward(ward.region.clone(), ward.code.clone());
                note(Rule::NotReceiving, place, None, ward.status_since, 0);
            }
            Status::Okant if ward.occupancy.belagda > 0 => {
                note(Rule::NoCapacity, Scope::Region(ward.region.clone()), None, ward.status_since, 0);
            }
            _ => {}
        }
    }
    for hospital in board.hospitals(scope) {
        let judged: Vec<_> = hospital
            .wards
            .iter()
            .filter(|ward| ward.freshness.counts() && ward.occupancy.disponibla.is_some())
            .collect();
        let free = judged.iter().any(|ward| matches!(ward.status.kind(), Kind::Lediga | Kind::FaLediga));
        if !judged.is_empty() && !free {
            let place = Scope::Hospital(hospital.region.into(), hospital.code.into());
            let since = judged.iter().filter_map(|ward| ward.status_since).max();
            for _ in &judged {
                note(Rule::NoBeds, place.clone(), None, since, 0);
            }
        }
    }
    let mut causes: Vec<_> = found.into_values().collect();
    causes.sort_by(|one, other| {
        (one.rule, std::cmp::Reverse((one.patients, one.wards)), &one.scope).cmp(&(
            other.rule,
            std::cmp::Reverse((other.patients, other.wards)),
            &other.scope,
        ))
    });
    causes
}
