//! What needs attention: rules with a name, a start and an end condition, one line per cause.

use std::collections::BTreeMap;

use schemas::Timestamp;
use serde::Serialize;

use crate::age::Freshness;
use crate::board::{Board, Hospital, Scope};
use crate::doubt::Doubt;
use crate::status::{Kind, Status};
use crate::ward::Ward;
use crate::words::Words;

/// Lines on the board itself; the attention page has all.
pub const SHOWN_MAX: usize = 7;

/// The rules, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Data have stopped: nothing on the board is newer than that, see [`crate::stopped`].
    DataStopped,
    /// A source system has gone silent: nothing of it can be trusted.
    SourceSilent,
    /// The figures of a ward are wrong by so much that somebody has to look now, see [`crate::doubt`].
    TimelineAlarm,
    /// Wards of a hospital have överbeläggningar.
    Overbelagd,
    /// A hospital has no staffed bed free.
    NoBeds,
    /// A ward receives nobody.
    NotReceiving,
    /// Several facilities send patients under one unit code, which is counted as one ward.
    WardCodeShared,
    /// Wards have patients but have declared no beds.
    NoCapacity,
    /// The timeline warns about events on a ward: a count may be wrong.
    TimelineWarning,
}

impl Rule {
    /// All, most urgent first.
    pub const ALL: [Self; 9] = [
        Self::DataStopped,
        Self::SourceSilent,
        Self::TimelineAlarm,
        Self::Overbelagd,
        Self::NoBeds,
        Self::NotReceiving,
        Self::WardCodeShared,
        Self::NoCapacity,
        Self::TimelineWarning,
    ];

    /// Whether findings of the timeline are behind it.
    pub const fn is_of_timeline(self) -> bool {
        matches!(self, Self::TimelineAlarm | Self::TimelineWarning)
    }

    /// The rule's name.
    pub const fn title(self, w: &Words) -> &'static str {
        match self {
            Self::DataStopped => w.rule_stopped,
            Self::SourceSilent => w.rule_source_silent,
            Self::TimelineAlarm => w.rule_timeline_alarm,
            Self::Overbelagd => w.rule_over,
            Self::NoBeds => w.rule_no_beds,
            Self::NotReceiving => w.rule_not_receiving,
            Self::WardCodeShared => w.rule_ward_code_shared,
            Self::NoCapacity => w.rule_no_capacity,
            Self::TimelineWarning => w.rule_timeline_warning,
        }
    }

    /// Who can act.
    pub const fn who(self, w: &Words) -> &'static str {
        match self {
            Self::DataStopped => w.rule_stopped_who,
            Self::SourceSilent => w.rule_source_silent_who,
            Self::TimelineAlarm => w.rule_timeline_alarm_who,
            Self::Overbelagd => w.rule_over_who,
            Self::NoBeds => w.rule_no_beds_who,
            Self::NotReceiving => w.rule_not_receiving_who,
            Self::WardCodeShared => w.rule_ward_code_shared_who,
            Self::NoCapacity => w.rule_no_capacity_who,
            Self::TimelineWarning => w.rule_timeline_warning_who,
        }
    }

    /// When the line goes away.
    pub const fn ends(self, w: &Words) -> &'static str {
        match self {
            Self::DataStopped => w.rule_stopped_ends,
            Self::SourceSilent => w.rule_source_silent_ends,
            Self::TimelineAlarm => w.rule_timeline_alarm_ends,
            Self::Overbelagd => w.rule_over_ends,
            Self::NoBeds => w.rule_no_beds_ends,
            Self::NotReceiving => w.rule_not_receiving_ends,
            Self::WardCodeShared => w.rule_ward_code_shared_ends,
            Self::NoCapacity => w.rule_no_capacity_ends,
            Self::TimelineWarning => w.rule_timeline_warning_ends,
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
    /// Överbeläggningar, for crowded wards.
    pub patients: u32,
    /// Warnings of the timeline.
    pub findings: u32,
    /// Belagda that are persons who are counted in the same place already.
    pub again: u32,
    /// Facilities that share a ward's code.
    pub facilities: Vec<Box<str>>,
    /// Codes of the wards to call, those with most överbeläggningar first, of a hospital without beds all; none where the cause is a region's.
    pub call: Vec<Box<str>>,
}

/// What a rule has found so far.
#[derive(Default)]
struct Causes(BTreeMap<(Rule, Scope, Option<Box<str>>), Cause>);

impl Causes {
    /// One ward more, or a region's own matter, behind a cause.
    fn note(&mut self, rule: Rule, scope: Scope, source: Option<Box<str>>, since: Option<Timestamp>) -> &mut Cause {
        let cause = self.0.entry((rule, scope.clone(), source.clone())).or_insert(Cause {
            rule,
            scope,
            source_system: source,
            since,
            wards: 0,
            patients: 0,
            findings: 0,
            again: 0,
            facilities: Vec::new(),
            call: Vec::new(),
        });
        cause.wards += 1;
        cause.since = match (cause.since, since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        cause
    }

    /// One line for all regions when all have stopped: that is one cause.
    fn stopped(&mut self, board: &Board, scope: &Scope) {
        let stopped = &board.stopped;
        let mut note = |place: Scope| {
            let since = stopped.since(place.region());
            let wards = board.wards(&place).count();
            self.note(Rule::DataStopped, place, None, since).wards = u32::try_from(wards).unwrap_or(u32::MAX);
        };
        if *scope == Scope::Country && stopped.is_all() {
            return note(Scope::Country);
        }
        for region in stopped.regions().filter(|region| scope.region().is_none_or(|wanted| wanted == *region)) {
            note(Scope::Region(region.into()));
        }
    }

    /// What makes figures doubtful. Findings of level Info are on the ward's own page only.
    fn doubt(&mut self, scope: &Scope, doubt: &Doubt) {
        if doubt.warns() {
            let rule = if doubt.is_alarm() { Rule::TimelineAlarm } else { Rule::TimelineWarning };
            let cause = self.note(rule, scope.clone(), None, doubt.warned_since());
            cause.findings += doubt.warnings;
            cause.again += doubt.again;
        }
        if !doubt.facilities.is_empty() {
            let cause = self.note(Rule::WardCodeShared, scope.clone(), None, doubt.shared_since);
            cause.facilities.clone_from(&doubt.facilities);
        }
    }

    fn of_wards(&mut self, board: &Board, wards: &[&Ward]) {
        for ward in wards {
            self.of_ward(board, ward);
        }
        for hospital in Hospital::of(wards.iter().copied()) {
            self.no_beds(&hospital);
        }
        for cause in self.0.values_mut() {
            let region = cause.scope.region().unwrap_or_default().to_owned();
            let by = |code: &str| board.ward(&region, code).and_then(|ward| ward.occupancy.overbelaggningar_known());
            cause.call.sort_by(|one, other| by(other).cmp(&by(one)).then_with(|| one.cmp(other)));
        }
    }

    fn of_ward(&mut self, board: &Board, ward: &Ward) {
        let place = || Scope::Ward(ward.region.clone(), ward.code.clone());
        let hospital = || Scope::Hospital(ward.region.clone(), ward.hospital_code.clone());
        let region = || Scope::Region(ward.region.clone());
        // Doubtful events stay so when their source falls silent.
        self.doubt(&place(), &ward.doubt);
        if matches!(ward.freshness, Freshness::Stale | Freshness::Lost) {
            self.note(Rule::SourceSilent, region(), ward.source_system.clone(), ward.heard);
            return;
        }
        // Its figures count for as long as they are fresh, and it is told at once.
        if let Some(source) = &ward.source_system
            && let Some(since) = board.silent.get(&(ward.region.clone(), source.clone()))
        {
            self.note(Rule::SourceSilent, region(), Some(source.clone()), Some(*since));
        }
        match ward.status {
            Status::Overbelagd { by } => {
                let cause = self.note(Rule::Overbelagd, hospital(), None, ward.status_since);
                cause.patients += by;
                cause.call.push(ward.code.clone());
            }
            Status::TarInteEmot { .. } => {
                self.note(Rule::NotReceiving, place(), None, ward.status_since);
            }
            _ => {}
        }
        if ward.occupancy.disponibla.is_none()
            && ward.occupancy.belagda > 0
            && !matches!(ward.status.kind(), Kind::TarInteEmot | Kind::UtanPlatser)
        {
            let cause = self.note(Rule::NoCapacity, region(), None, ward.status_since);
            cause.call.push(ward.code.clone());
        }
    }

    fn no_beds(&mut self, hospital: &Hospital<'_>) {
        let judged: Vec<_> = hospital.wards.iter().filter(|ward| ward.is_in_sums()).collect();
        // A ward can have överbeläggningar and a free bed.
        if judged.is_empty() || judged.iter().any(|ward| ward.can_take() > Some(0)) {
            return;
        }
        let place = Scope::Hospital(hospital.region.into(), hospital.code.into());
        let since = judged.iter().filter_map(|ward| ward.status_since).max();
        for ward in &judged {
            self.note(Rule::NoBeds, place.clone(), None, since).call.push(ward.code.clone());
        }
    }

    fn in_order(self) -> Vec<Cause> {
        let mut causes: Vec<_> = self.0.into_values().collect();
        causes.sort_by(|one, other| {
            let size = |cause: &Cause| std::cmp::Reverse((cause.patients, cause.again, cause.findings, cause.wards));
            (one.rule, size(one), &one.scope).cmp(&(other.rule, size(other), &other.scope))
        });
        causes
    }
}

/// The causes within a scope, most urgent first, within a rule the largest first.
pub fn causes(board: &Board, scope: &Scope) -> Vec<Cause> {
    let mut found = Causes::default();
    found.stopped(board, scope);
    for (region, doubt) in &board.unplaced {
        // What no ward is known of belongs to no hospital either.
        let place = Scope::Region(region.clone());
        if *scope == Scope::Country || *scope == place {
            found.doubt(&place, doubt);
        }
    }
    let wards: Vec<&Ward> = board.wards(scope).collect();
    found.of_wards(board, &wards);
    found.in_order()
}

/// The causes among some wards of a scope. Data that have stopped are a cause of them all.
pub fn causes_among(board: &Board, scope: &Scope, wards: &[&Ward]) -> Vec<Cause> {
    let mut found = Causes::default();
    found.stopped(board, scope);
    found.of_wards(board, wards);
    found.in_order()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::age::Limits;
    use crate::stopped::{Answer, Stopped};

    fn check(answers: &[(&'static str, i64)], scope: &Scope, expected: &[(Scope, i64)]) {
        let answers = answers.iter().map(|(region, seconds)| {
            let age = Duration::from_secs(seconds.unsigned_abs());
            (*region, Answer { at: Timestamp(1_000 - seconds), age })
        });
        let stopped = Stopped::of(answers, Duration::from_secs(8));
        let board = Board { stopped, ..Board::empty(Timestamp(1_000), Limits::default()) };
        let found: Vec<_> =
            causes(&board, scope).into_iter().map(|cause| (cause.rule, cause.scope, cause.since)).collect();
        let expected: Vec<_> =
            expected.iter().map(|(place, since)| (Rule::DataStopped, place.clone(), Some(Timestamp(*since)))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn data_that_stopped_are_one_cause_of_all_regions_or_one_of_each() {
        let region = |code: &str| Scope::Region(code.into());
        check(&[("01", 9), ("14", 20)], &Scope::Country, &[(Scope::Country, 980)]);
        check(&[("01", 9), ("14", 20)], &region("01"), &[(region("01"), 991)]);
        check(&[("01", 9), ("14", 20), ("20", 1)], &Scope::Country, &[(region("01"), 991), (region("14"), 980)]);
        check(&[("01", 9), ("14", 1)], &region("14"), &[]);
    }
}
