//! What an ADT message says of episodes and persons becomes Encounter and Person events.
//!
//! One method per shape of trigger. Each looks first at all that could refuse the message, then makes its events: the
//! Encounter of a patient before the Person of the same patient.

use std::borrow::Cow;

use hl7::{Group, Message, Segment, field};
use identity::Token;
use schemas::{CorrectionKind, Encounter, MovementAction, Person};

use super::context::Context;
use super::envelope::{About, Head};
use super::event_time::Times;
use super::person;
use super::sink::Sink;
use super::subject::{Pseudonymising, Pseudonyms};
use super::trigger::{self, Shape, Trigger};
use super::visit::{self, UnitFacts};
use crate::leak;
use crate::rules::Rule;
use crate::stop::Stop;

/// What mapping one message needs.
pub(crate) struct Mapping<'m, S> {
    pub context: Context<'m>,
    pub trigger: &'static Trigger,
    pub times: Times<'m>,
    /// MSH-4, past the guard.
    pub sending_facility: Option<Cow<'m, str>>,
    /// MSH-13.
    pub sequence: Option<i64>,
    pub head: Head<'m>,
    pub pseudonymising: Pseudonymising<'m>,
    pub sink: &'m mut S,
}

/// What a merge or a visit move says of former pseudonyms and visits.
#[derive(Default)]
struct Prior<'a> {
    tokens: Vec<Token>,
    visit: Option<hl7::Value<'a>>,
}

/// What a Person event says beside the facts.
struct Told<'a> {
    event_type: &'static str,
    linked: &'a [Token],
}

impl<S: Sink> Mapping<'_, S> {
    /// One patient, one episode: the ordinary case.
    pub(crate) fn episode(&mut self, message: &Message<'_>) -> Result<(), Stop> {
        let group = self.only_group(message);
        let pv1 = group.segment("PV1");
        let placed = visit::is_placed(pv1);
        let is_numbered = visit::number(&group, pv1, &self.context.region.directory).is_some();
        match (self.trigger.shape, is_numbered) {
            (Shape::Placement, false) => return Err(Stop::refuse(Rule::EpisodeMissing, "PV1-19")),
            (Shape::PlacementIfPlaced, false) if placed => return Err(Stop::refuse(Rule::EpisodeMissing, "PV1-19")),
            (Shape::Discharge, false) => self.context.findings.add(Rule::DischargeWithoutEpisode, "PV1-19"),
            (Shape::Cancellation, false) => self.context.findings.add(Rule::CancelWithoutEpisode, "PV1-19"),
            (_, false) => self.context.findings.add(Rule::EpisodeAbsent, "PV1-19"),
            (_, true) => {}
        }
        let pseudonyms = self.pseudonymising.patient(&group, self.context.findings);
        if pseudonyms.subject.is_none() {
            if !is_numbered {
                return Err(Stop::refuse(Rule::PatientMissing, "PID-3"));
            }
            self.context.findings.add(Rule::PatientUnknown, "PID-3");
        }
        if self.trigger.shape == Shape::Placement && !placed {
            self.context.findings.add(Rule::PlaceMissing, "PV1-3");
        }
        // A23 voids all that is up to its own time, so it needs no other.
        if self.trigger.shape == Shape::Cancellation && !self.times.given && self.trigger.code != "A23" {
            self.context.findings.add(Rule::CancelWithoutTime, "EVN-6");
        }
        self.encounter(&group, pv1, &pseudonyms, Prior::default());
        self.person_too(&group, &pseudonyms);
        Ok(())
    }

    /// A08, A28, A31: what is known of a person, and of the episode if one is named. Never moves anybody.
    pub(crate) fn update(&mut self, message: &Message<'_>) -> Result<(), Stop> {
        let group = self.only_group(message);
        let pv1 = group.segment("PV1");
        let of_episode = visit::number(&group, pv1, &self.context.region.directory).is_some();
        let pseudonyms = self.pseudonymising.patient(&group, self.context.findings);
        if pseudonyms.subject.is_none() {
            if !of_episode {
                return Err(Stop::refuse(Rule::PatientMissing, "PID-3"));
            }
            self.context.findings.add(Rule::PatientUnknown, "PID-3");
        }
        if of_episode {
            self.encounter(&group, pv1, &pseudonyms, Prior::default());
        }
        self.person_too(&group, &pseudonyms);
        Ok(())
    }

    /// A17: two patients change places. A patient without visit number cannot be moved; the other still is.
    pub(crate) fn swap(&mut self, message: &Message<'_>) -> Result<(), Stop> {
        let directory = &self.context.region.directory;
        let movable = |group: &Group<'_, '_>| visit::number(group, group.segment("PV1"), directory).is_some();
        let movable_count = message.groups().filter(movable).count();
        if movable_count == 0 {
            return Err(Stop::refuse(Rule::EpisodeMissing, "PV1-19"));
        }
        if movable_count != 2 || message.groups().count() != 2 {
            self.context.findings.add(Rule::SwapIncomplete, "PV1-19");
        }
        let mark = self.context.findings.mark();
        for group in message.groups().filter(movable) {
            let pv1 = group.segment("PV1");
            let pseudonyms = self.pseudonymising.patient(&group, self.context.findings);
            if pseudonyms.subject.is_none() {
                self.context.findings.add(Rule::PatientUnknown, "PID-3");
            }
            if !visit::is_placed(pv1) {
                self.context.findings.add(Rule::PlaceMissing, "PV1-3");
            }
            self.encounter(&group, pv1, &pseudonyms, Prior::default());
            self.context.findings.back_to(mark);
        }
        Ok(())
    }

    /// A40 and its kin: the persons in MRG-1 are the person in PID.
    pub(crate) fn merges(&mut self, message: &Message<'_>) -> Result<(), Stop> {
        // A placeholder or an invalid number names nobody, so it is no prior and no survivor either. Nothing is made of a
        // message of which no group names both.
        let mark = self.context.findings.mark();
        let (mut any_prior, mut any_merge) = (false, false);
        for group in message.groups() {
            let pseudonyms = self.pseudonymising.patient(&group, self.context.findings);
            let mut prior = Prior::default();
            for mrg in group.segments().filter(|segment| segment.name() == "MRG") {
                prior.tokens.extend(self.pseudonymising.prior(&mrg, self.context.findings));
                let visit = visit::prior_numbering(&mrg, &self.context.region.directory);
                prior.visit = prior.visit.or(visit.component(1).given().map(|_| visit));
            }
            any_prior |= !prior.tokens.is_empty();
            if pseudonyms.subject.is_some() && !prior.tokens.is_empty() {
                any_merge = true;
                let linked = prior.tokens.clone();
                self.encounter(&group, group.segment("PV1"), &pseudonyms, prior);
                self.person(&group, &pseudonyms, Told { event_type: "person.merged", linked: &linked });
            }
            self.context.findings.back_to(mark);
        }
        match (any_prior, any_merge) {
            (_, true) => Ok(()),
            (true, false) => Err(Stop::refuse(Rule::PatientMissing, "PID-3")),
            (false, false) => Err(Stop::refuse(Rule::MergePriorMissing, "MRG-1")),
        }
    }

    /// A45 and its kin: each MRG with its PV1 moves one visit.
    pub(crate) fn visit_moves(&mut self, message: &Message<'_>) -> Result<(), Stop> {
        let directory = &self.context.region.directory;
        let complete = |group: &Group<'_, '_>, mrg: &Segment<'_, '_>, pv1: Option<Segment<'_, '_>>| {
            visit::prior_numbering(mrg, directory).component(1).given().is_some()
                && visit::number(group, pv1, directory).is_some()
        };
        let moves =
            |group: Group<'_, '_>| visit_pairs(&group).into_iter().any(|(mrg, pv1)| complete(&group, &mrg, pv1));
        if !message.groups().any(moves) {
            return Err(Stop::refuse(Rule::VisitMoveIncomplete, "MRG-5"));
        }
        let mark = self.context.findings.mark();
        for group in message.groups() {
            for (mrg, pv1) in visit_pairs(&group) {
                if !complete(&group, &mrg, pv1) {
                    continue;
                }
                let pseudonyms = self.pseudonymising.patient(&group, self.context.findings);
                if pseudonyms.subject.is_none() {
                    self.context.findings.add(Rule::PatientUnknown, "PID-3");
                }
                let prior = Prior {
                    tokens: self.pseudonymising.prior(&mrg, self.context.findings),
                    visit: Some(visit::prior_numbering(&mrg, &self.context.region.directory)),
                };
                self.encounter(&group, pv1, &pseudonyms, prior);
                self.context.findings.back_to(mark);
            }
        }
        Ok(())
    }

    /// A29: the person's events up to now are void.
    pub(crate) fn person_delete(&mut self, message: &Message<'_>) -> Result<(), Stop> {
        let group = self.only_group(message);
        let pseudonyms = self.pseudonymising.patient(&group, self.context.findings);
        if pseudonyms.subject.is_none() {
            return Err(Stop::refuse(Rule::PatientMissing, "PID-3"));
        }
        self.encounter(&group, group.segment("PV1"), &pseudonyms, Prior::default());
        Ok(())
    }

    /// A24: the second patient of the message is linked to the first, without a merge.
    pub(crate) fn link(&mut self, message: &Message<'_>) -> Result<(), Stop> {
        let Some(group) = message.groups().next() else { return Err(Stop::refuse(Rule::PatientMissing, "PID-3")) };
        let pseudonyms = self.pseudonymising.patient(&group, self.context.findings);
        if pseudonyms.subject.is_none() {
            return Err(Stop::refuse(Rule::PatientMissing, "PID-3"));
        }
        let mut linked = Vec::new();
        for other in message.groups().skip(1) {
            let other = self.pseudonymising.patient(&other, self.context.findings);
            linked.extend(other.subject.into_iter().chain(other.aliases));
        }
        self.person(&group, &pseudonyms, Told { event_type: self.trigger.event_type, linked: &linked });
        Ok(())
    }

    /// The first patient; a trigger that has one patient and a message that has more is noted.
    fn only_group<'g, 'a>(&mut self, message: &'g Message<'a>) -> Group<'g, 'a> {
        let mut groups = message.groups();
        // `groups` gives at least one.
        let first = groups.next().expect("a message without PID is one group of all its segments");
        if groups.next().is_some() {
            self.context.findings.add(Rule::GroupUnused, "PID");
        }
        first
    }

    fn encounter(
        &mut self,
        group: &Group<'_, '_>,
        pv1: Option<Segment<'_, '_>>,
        pseudonyms: &Pseudonyms,
        prior: Prior<'_>,
    ) {
        let mut visit = visit::read(group, pv1, &mut self.context);
        if self.trigger.code == trigger::MOVEMENT_UPDATE.code {
            // It says of no movement what it was.
            visit.movement_action = None;
        }
        let prior_visit = prior
            .visit
            .and_then(|visit| self.context.guard.episode(visit.component(1), "MRG-5", self.context.findings));
        let prior_authority = prior.visit.filter(|_| prior_visit.is_some()).and_then(|visit| {
            self.context.guard.episode(visit.component(4).namespace(), "MRG-5.4", self.context.findings)
        });
        let unit = visit.unit(&self.context.region.directory, self.context.findings);
        let facts = UnitFacts::of(unit);
        let place = visit.place.as_ref().map(|location| location.place());
        let about = About {
            subject: pseudonyms.subject.as_ref().map(Token::as_str),
            aliases: pseudonyms.aliases.iter().map(Token::as_str).collect(),
            protected: person::is_protected(group, &self.context.region.directory),
        };
        let quality = self.context.findings.list();
        let correction = correction(self.trigger.correction, visit.movement_action);
        let content_hash = self.head.content_hash();
        let leaked = group.at(field::PID_IDENTIFIERS).component(1).raw();
        let mut envelope = self.head.envelope(self.trigger.event_type, correction, about, quality);
        if cfg!(feature = "leak-test") {
            envelope.extensions.insert("leak-test", leaked);
            leak::tell(leaked);
        }
        let bed_kind = visit::bed_kind(&visit, unit);
        envelope.extensions.extend(self.context.region.directory.left_out(bed_kind));
        self.sink.event(&Encounter {
            envelope,
            trigger: self.trigger.code,
            sent_at: self.times.sent.map(|sent| sent.at),
            content_hash,
            occurred_given: self.times.given,
            episode_id: visit.episode.as_deref(),
            movement_id: visit.movement_id.as_deref(),
            movement_action: visit.movement_action,
            patient_class_code: visit.class_code.as_deref(),
            patient_class: visit.class,
            place,
            prior_place: visit.prior_place.as_ref().map(|location| location.place()),
            unit_hsa_id: facts.hsa_id,
            unit_name: facts.name,
            hospital_code: facts.hospital_code,
            hospital_name: facts.hospital_name,
            mvo: facts.mvo,
            care_type: facts.care_type,
            responsible_unit: visit.responsible_unit.as_deref(),
            bed_kind,
            admit_source: visit.admit_source.as_deref(),
            discharge_disposition: visit.disposition.as_deref(),
            admitted_at: visit.admitted_at,
            discharged_at: visit.discharged_at,
            prior_subject_tokens: prior.tokens.iter().map(Token::as_str).collect(),
            prior_episode_id: prior_visit.as_deref(),
            episode_authority: visit.authority.as_deref(),
            prior_episode_authority: prior_authority.as_deref(),
            sending_facility: self.sending_facility.as_deref(),
            sequence: self.sequence,
            occurred_earliest: self.times.between.map(|(earliest, _)| earliest),
            occurred_latest: self.times.between.map(|(_, latest)| latest),
        });
    }

    /// The Person event beside an Encounter, of triggers that tell of the person too.
    fn person_too(&mut self, group: &Group<'_, '_>, pseudonyms: &Pseudonyms) {
        if self.trigger.person && pseudonyms.subject.is_some() {
            self.person(group, pseudonyms, Told { event_type: "person.updated", linked: &[] });
        }
    }

    fn person(&mut self, group: &Group<'_, '_>, pseudonyms: &Pseudonyms, told: Told<'_>) {
        // Findings about the visit are on the Encounter; the person's own come here.
        self.context.findings.only("PID");
        let protected = person::is_protected(group, &self.context.region.directory);
        let facts = person::read(
            group,
            protected,
            pseudonyms.birth_year,
            &self.context.region.directory,
            self.context.findings,
        );
        let about = About {
            subject: pseudonyms.subject.as_ref().map(Token::as_str),
            aliases: pseudonyms.aliases.iter().map(Token::as_str).collect(),
            protected,
        };
        let correction = match self.trigger.correction {
            // What a person is known to be is never new or cancelled because of a visit.
            CorrectionKind::New if self.trigger.code == "A28" => CorrectionKind::New,
            _ => CorrectionKind::Update,
        };
        let quality = self.context.findings.list();
        let envelope = self.head.envelope(told.event_type, correction, about, quality);
        self.sink.event(&Person {
            envelope,
            trigger: self.trigger.code,
            birth_year: facts.birth_year,
            sex: facts.sex,
            lkf: facts.lkf.as_ref().and_then(|digits| std::str::from_utf8(digits).ok()),
            dead: facts.dead,
            linked_subject_tokens: told.linked.iter().map(Token::as_str).collect(),
        });
    }
}

/// ZBE-4 says more precisely than the trigger what kind of statement this is.
fn correction(of_trigger: CorrectionKind, action: Option<MovementAction>) -> CorrectionKind {
    match action {
        Some(MovementAction::Cancel) => CorrectionKind::Cancel,
        Some(MovementAction::Update) => CorrectionKind::Replace,
        Some(MovementAction::Insert) | None => of_trigger,
    }
}

/// Each MRG of a group with the PV1 that goes with it: the one that follows it, else the last one before it.
fn visit_pairs<'m, 'a>(group: &Group<'m, 'a>) -> Vec<(Segment<'m, 'a>, Option<Segment<'m, 'a>>)> {
    let mut pairs: Vec<(Segment<'m, 'a>, Option<Segment<'m, 'a>>)> = Vec::new();
    let mut last_pv1 = None;
    let mut open = false;
    for segment in group.segments() {
        match segment.name() {
            "MRG" => {
                pairs.push((segment, last_pv1));
                open = true;
            }
            "PV1" => {
                last_pv1 = Some(segment);
                if let Some(pair) = pairs.last_mut().filter(|_| open) {
                    pair.1 = last_pv1;
                }
                open = false;
            }
            _ => {}
        }
    }
    pairs
}
