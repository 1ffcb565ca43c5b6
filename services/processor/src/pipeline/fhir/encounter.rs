//! Encounter: a stay in hospital or a visit, told anew as a whole by every version.
//!
//! Each place becomes a movement named by when it began, and the state of the encounter a movement of its own; all
//! are updates (IHE PAM's ZBE), so of several versions the latest holds, whatever the order of arrival. An encounter
//! that was cancelled, entered in error or deleted voids all of its events up to then, as A23 does.

use std::borrow::Cow;

use schemas::{BedKind, CorrectionKind, Encounter as Event, MovementAction, PatientClass, Timestamp};
use serde::Deserialize;

use super::Tools;
use super::datatype::{Coding, Concept, Identifier, List, Period, Reference, Text, said};
use super::location::{self, Placed};
use super::patient::{self, Known};
use super::time::{self, Moment};
use crate::pipeline::envelope::Head;
use crate::pipeline::event_time::Stated;
use crate::pipeline::sink::Sink;
use crate::pipeline::stop::Stop;
use crate::pipeline::verbatim::rfc3339;
use crate::pipeline::visit::UnitFacts;
use crate::rules::Rule;

/// What is read of an Encounter.
#[derive(Deserialize)]
pub(crate) struct Encounter<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub identifier: List<Identifier<'a>>,
    #[serde(borrow)]
    pub status: Option<Text<'a>>,
    #[serde(borrow, default, rename = "statusHistory")]
    status_history: List<Earlier<'a>>,
    #[serde(borrow)]
    pub class: Option<Coding<'a>>,
    #[serde(borrow, default, rename = "classHistory")]
    class_history: List<Earlier<'a>>,
    #[serde(borrow)]
    pub period: Option<Period<'a>>,
    #[serde(borrow, default)]
    location: List<Visited<'a>>,
    #[serde(borrow)]
    pub hospitalization: Option<Hospitalization<'a>>,
    #[serde(borrow, rename = "serviceProvider")]
    pub service_provider: Option<Reference<'a>>,
    #[serde(borrow, default)]
    pub diagnosis: List<Diagnosis<'a>>,
}

/// What status or class held earlier, and when.
#[derive(Deserialize)]
struct Earlier<'a> {
    #[serde(borrow)]
    class: Option<Coding<'a>>,
    #[serde(borrow)]
    period: Option<Period<'a>>,
}

/// One place of the way through the hospital.
#[derive(Deserialize)]
struct Visited<'a> {
    #[serde(borrow)]
    location: Option<Reference<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow, rename = "physicalType")]
    physical_type: Option<Concept<'a>>,
    #[serde(borrow)]
    period: Option<Period<'a>>,
}

/// How somebody came and left.
#[derive(Deserialize)]
pub(crate) struct Hospitalization<'a> {
    #[serde(borrow, rename = "admitSource")]
    pub admit_source: Option<Concept<'a>>,
    #[serde(borrow, rename = "dischargeDisposition")]
    pub discharge_disposition: Option<Concept<'a>>,
}

/// What a Condition or Procedure is of the encounter.
#[derive(Deserialize)]
pub(crate) struct Diagnosis<'a> {
    #[serde(borrow)]
    pub condition: Option<Reference<'a>>,
    #[serde(borrow, rename = "use")]
    pub purpose: Option<Concept<'a>>,
    pub rank: Option<u64>,
}

/// What an encounter is called: by visit number where it has one, and by its own id.
pub(crate) struct Names {
    /// Visit number, else the id.
    pub episode: String,
    /// `Encounter/1`.
    pub own: String,
}

/// The names of an encounter, past the guard.
pub(crate) fn names(encounter: &Encounter<'_>, tools: &mut Tools<'_>) -> Result<Names, Stop> {
    let id = said(&encounter.id).ok_or(Stop::refuse(Rule::FhirIdMissing, "Encounter.id"))?;
    let own = tools.address("Encounter", id);
    let current = || encounter.identifier.iter().filter(|identifier| !identifier.is_old());
    let is_visit_number = |identifier: &&Identifier<'_>| identifier.kind.as_ref().is_some_and(|kind| kind.has("VN"));
    let numbered = current().find(is_visit_number).and_then(|identifier| said(&identifier.value));
    let number = numbered.or_else(|| current().find_map(|identifier| said(&identifier.value)));
    let episode = match number {
        Some(number) => {
            tools.guard.pass_episode(Cow::Borrowed(number), "Encounter.identifier", tools.findings).into_owned()
        }
        None => own.clone(),
    };
    Ok(Names { episode, own })
}

/// The class of v3's ActCode as HL7 v2 has it.
pub(crate) fn class(class: Option<&Coding<'_>>, tools: &mut Tools<'_>) -> PatientClass {
    let Some(code) = class.and_then(|class| said(&class.code)) else { return PatientClass::Unknown };
    match code {
        "IMP" | "ACUTE" | "NONAC" => PatientClass::Inpatient,
        "EMER" => PatientClass::Emergency,
        "AMB" => PatientClass::Outpatient,
        "PRENC" => PatientClass::Preadmit,
        code => tools.directory.patient_class(code).unwrap_or_else(|| {
            tools.findings.add(Rule::FhirCodeUnknown, "Encounter.class");
            PatientClass::Unknown
        }),
    }
}

/// What a status says of the encounter as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Planned,
    Present,
    OnLeave,
    Ended,
    Void,
}

/// A place with its time.
struct Move<'m> {
    movement: String,
    at: Timestamp,
    text: String,
    placed: Placed<'m>,
    /// Planned or reserved: nobody is there.
    is_pending: bool,
}

/// What all events of the version share.
struct Shared<'e> {
    known: &'e Known,
    names: &'e Names,
    class_code: Option<String>,
    class: PatientClass,
    responsible_unit: Option<String>,
    admit_source: Option<String>,
    disposition: Option<String>,
    admitted_at: Option<Timestamp>,
    discharged_at: Option<Timestamp>,
}

/// What one event says beside that.
struct Told<'e> {
    trigger: &'static str,
    event_type: &'static str,
    correction: CorrectionKind,
    occurred: Stated<'e>,
    movement: Option<&'e str>,
    class: PatientClass,
    placed: Option<&'e Placed<'e>>,
    prior: Option<&'e Placed<'e>>,
    prior_episode: Option<&'e str>,
}

/// A version of an Encounter.
pub(crate) fn map<S: Sink>(encounter: &Encounter<'_>, tools: &mut Tools<'_>, sink: &mut S) -> Result<u32, Stop> {
    let names = names(encounter, tools)?;
    let known = patient::known(tools);
    let recorded = tools.recorded();
    let period = encounter.period.as_ref();
    let started = moment(period.and_then(|period| said(&period.start)), "Encounter.period", tools);
    let ended = moment(period.and_then(|period| said(&period.end)), "Encounter.period", tools);
    let state = state(encounter, ended, tools);
    let moves = if state == State::Void { Vec::new() } else { moves(encounter, started, state, tools)? };
    let ended = match state {
        State::Ended if ended.is_none() => {
            tools.findings.add(Rule::FhirEndMissing, "Encounter.period");
            last_end(encounter, tools)
        }
        _ => ended,
    };
    // Of a plan nobody has been admitted yet.
    let times = (started.filter(|_| state != State::Planned), ended.filter(|_| state == State::Ended));
    let shared = shared(encounter, &known, &names, times, tools);
    let classes = classes(encounter, shared.class, tools);
    if matches!(state, State::Present | State::OnLeave | State::Ended) && moves.is_empty() {
        tools.findings.add(Rule::FhirPlaceMissing, "Encounter.location");
    }
    if moves.iter().any(|step| step.placed.entry.is_none()) {
        tools.findings.add(Rule::UnitUnknown, "Encounter.location");
    }
    let state_movement = format!("{}/status", names.own);
    let leave = match state {
        State::OnLeave => latest_change(encounter, tools),
        _ => None,
    };

    let mut head = tools.head(recorded);
    let quiet = |trigger, event_type, occurred| Told {
        trigger,
        event_type,
        correction: CorrectionKind::Update,
        occurred,
        movement: None,
        class: shared.class,
        placed: None,
        prior: None,
        prior_episode: None,
    };
    // A visit that also has a number is known by both names, so that a version without it, or a deletion, finds the
    // rest.
    if names.own != names.episode {
        let told = quiet("A45", "encounter.visit-moved", recorded);
        event(&mut head, Told { prior_episode: Some(&names.own), ..told }, &shared, tools, sink);
    }
    let begun = started.map_or(recorded, Moment::stated);
    let over = ended.map_or(recorded, Moment::stated);
    let told = match state {
        State::Void => Told { correction: CorrectionKind::Cancel, ..quiet("A23", "encounter.deleted", recorded) },
        State::Planned => quiet("A05", "encounter.preadmitted", begun),
        State::OnLeave => quiet("A21", "encounter.leave-started", leave.map_or(recorded, Moment::stated)),
        State::Ended => quiet("A03", "encounter.discharged", over),
        State::Present if moves.is_empty() && is_admitted(shared.class) => quiet("A01", "encounter.admitted", begun),
        State::Present if moves.is_empty() => quiet("A04", "encounter.registered", begun),
        State::Present => quiet("A08", "encounter.updated", begun),
    };
    let movement = Some(state_movement.as_str()).filter(|_| state != State::Void);
    event(&mut head, Told { movement, ..told }, &shared, tools, sink);
    let mut prior: Option<&Placed<'_>> = None;
    for step in &moves {
        let class = classes.at(step.at);
        let begins = started.is_none_or(|started| step.at <= started.at);
        let (trigger, event_type) = match (step.is_pending, prior.is_none() && begins) {
            (true, _) if state == State::Planned => ("A14", "encounter.pending"),
            (true, _) => ("A15", "encounter.pending"),
            (false, true) if is_admitted(class) => ("A01", "encounter.admitted"),
            (false, true) => ("A04", "encounter.registered"),
            (false, false) => match classes.change_at(step.at) {
                Some(trigger) => (trigger, "encounter.class-changed"),
                None => ("A02", "encounter.transferred"),
            },
        };
        let told = quiet(trigger, event_type, Stated { at: step.at, text: &step.text });
        let told = Told { movement: Some(&step.movement), class, placed: Some(&step.placed), prior, ..told };
        event(&mut head, told, &shared, tools, sink);
        if !step.is_pending {
            prior = Some(&step.placed);
        }
    }
    if state != State::Void {
        for (at, class, trigger) in classes.changes() {
            // Where the patient moves at the same time, the move says it, and what an earlier version said alone is
            // replaced.
            let moved = moves.iter().any(|step| step.at == at.at && !step.is_pending);
            let trigger = if moved { "A08" } else { trigger };
            let movement = format!("{}/class/{}", names.own, rfc3339(at.at));
            let told = quiet(trigger, "encounter.class-changed", at.stated());
            event(&mut head, Told { movement: Some(&movement), class, ..told }, &shared, tools, sink);
        }
    }
    Ok(head.made())
}

/// A deleted Encounter: nothing but its id is known, and that voids what its versions said.
pub(crate) fn map_deleted<S: Sink>(id: &str, tools: &mut Tools<'_>, sink: &mut S) -> Result<u32, Stop> {
    let own = tools.address("Encounter", id);
    let names = Names { episode: own.clone(), own };
    let known = Known::default();
    let shared = Shared {
        known: &known,
        names: &names,
        class_code: None,
        class: PatientClass::Unknown,
        responsible_unit: None,
        admit_source: None,
        disposition: None,
        admitted_at: None,
        discharged_at: None,
    };
    let recorded = tools.recorded();
    let mut head = tools.head(recorded);
    let told = Told {
        trigger: "A23",
        event_type: "encounter.deleted",
        correction: CorrectionKind::Cancel,
        occurred: recorded,
        movement: None,
        class: PatientClass::Unknown,
        placed: None,
        prior: None,
        prior_episode: None,
    };
    event(&mut head, told, &shared, tools, sink);
    Ok(head.made())
}

fn is_admitted(class: PatientClass) -> bool {
    matches!(class, PatientClass::Inpatient | PatientClass::Obstetrics)
}

/// A time of the encounter. A day is where it begins, and noted: beds are counted by the hour.
fn moment<'t>(text: Option<&'t str>, path: &'static str, tools: &mut Tools<'_>) -> Option<Moment<'t>> {
    let moment = time::read(text, path, tools.stockholm, tools.findings);
    if moment.is_some_and(|moment| moment.is_date) {
        tools.findings.add(Rule::FhirTimeImprecise, path);
    }
    moment
}

fn state(encounter: &Encounter<'_>, ended: Option<Moment<'_>>, tools: &mut Tools<'_>) -> State {
    let state = match said(&encounter.status) {
        Some("planned") => State::Planned,
        Some("arrived" | "triaged" | "in-progress") => State::Present,
        Some("onleave") => State::OnLeave,
        Some("finished") => State::Ended,
        Some("cancelled" | "entered-in-error") => State::Void,
        _ => {
            tools.findings.add(Rule::FhirCodeUnknown, "Encounter.status");
            State::Present
        }
    };
    match (state, ended) {
        // Some servers close the period before they close the encounter; an end that lies ahead is a plan.
        (State::Present | State::OnLeave, Some(ended)) if ended.at <= tools.recorded().at => State::Ended,
        (State::Present | State::OnLeave, Some(_)) => {
            tools.findings.add(Rule::FhirEndAhead, "Encounter.period");
            state
        }
        _ => state,
    }
}

/// The places in order of time; entries for the same time are one place.
fn moves<'m>(
    encounter: &Encounter<'_>,
    started: Option<Moment<'_>>,
    state: State,
    tools: &mut Tools<'m>,
) -> Result<Vec<Move<'m>>, Stop> {
    let own = names(encounter, tools)?.own;
    let mut moves: Vec<Move<'m>> = Vec::with_capacity(encounter.location.len());
    for (at, visited) in encounter.location.iter().enumerate() {
        let Some(reference) = &visited.location else { continue };
        let start = visited.period.as_ref().and_then(|period| said(&period.start));
        let start = moment(start, "Encounter.location.period", tools);
        let is_pending = state == State::Planned || matches!(said(&visited.status), Some("planned" | "reserved"));
        let Some(placed) = location::placed(reference, visited.physical_type.as_ref(), tools)? else {
            tools.findings.add(Rule::FhirPlaceMissing, "Encounter.location");
            continue;
        };
        let (moment, movement) = match (start, started) {
            (Some(start), _) => (start, format!("{own}/{}", rfc3339(start.at))),
            // Only the first can be taken to begin with the encounter.
            (None, Some(started)) if at == 0 => {
                tools.findings.add(Rule::FhirPlaceWithoutTime, "Encounter.location.period");
                (started, format!("{own}/0"))
            }
            (None, _) => {
                tools.findings.add(Rule::FhirPlaceWithoutTime, "Encounter.location.period");
                continue;
            }
        };
        moves.push(Move { movement, at: moment.at, text: moment.text.to_owned(), placed, is_pending });
    }
    moves.sort_by_key(|step| step.at);
    let mut merged: Vec<Move<'m>> = Vec::with_capacity(moves.len());
    for mut step in moves {
        match merged.last_mut() {
            Some(last) if last.at == step.at && last.is_pending == step.is_pending => last.placed.fill(step.placed),
            last => {
                // A bed that is listed without its ward is in the ward where the patient is.
                if let Some(last) = last.filter(|_| step.placed.unit.is_empty()) {
                    step.placed.unit = last.placed.unit.clone();
                    (step.placed.facility, step.placed.entry) = (last.placed.facility, last.placed.entry);
                }
                merged.push(step);
            }
        }
    }
    Ok(merged)
}

/// When the last place ended.
fn last_end<'t>(encounter: &'t Encounter<'_>, tools: &mut Tools<'_>) -> Option<Moment<'t>> {
    let mut latest: Option<Moment<'t>> = None;
    for period in encounter.location.iter().filter_map(|visited| visited.period.as_ref()) {
        let end = moment(said(&period.end), "Encounter.location.period", tools);
        latest = match (latest, end) {
            (Some(latest), Some(end)) if end.at <= latest.at => Some(latest),
            (latest, end) => end.or(latest),
        };
    }
    latest
}

/// When the present status began: where the latest earlier one ended.
fn latest_change<'t>(encounter: &'t Encounter<'_>, tools: &mut Tools<'_>) -> Option<Moment<'t>> {
    let mut latest: Option<Moment<'t>> = None;
    for period in encounter.status_history.iter().filter_map(|earlier| earlier.period.as_ref()) {
        let end = moment(said(&period.end), "Encounter.statusHistory", tools);
        if end.is_some_and(|end| latest.is_none_or(|latest| end.at > latest.at)) {
            latest = end;
        }
    }
    latest
}

/// Which class held from when.
struct Classes<'t> {
    present: PatientClass,
    /// In order of time.
    history: Vec<(Moment<'t>, PatientClass)>,
}

fn classes<'t>(encounter: &'t Encounter<'_>, present: PatientClass, tools: &mut Tools<'_>) -> Classes<'t> {
    let mut history: Vec<(Moment<'t>, PatientClass)> = Vec::new();
    for earlier in encounter.class_history.iter() {
        let start = earlier.period.as_ref().and_then(|period| said(&period.start));
        if let Some(start) = moment(start, "Encounter.classHistory", tools) {
            history.push((start, class(earlier.class.as_ref(), tools)));
        }
    }
    history.sort_by_key(|(start, _)| start.at);
    Classes { present, history }
}

impl<'t> Classes<'t> {
    /// The class at a time; without a history the present one holds for the whole encounter.
    fn at(&self, at: Timestamp) -> PatientClass {
        let held = self.history.iter().rfind(|(start, _)| start.at <= at);
        held.or(self.history.first()).map_or(self.present, |(_, class)| *class)
    }

    /// When the class became another, which, and the trigger that says so.
    fn changes(&self) -> impl Iterator<Item = (Moment<'t>, PatientClass, &'static str)> {
        self.history.windows(2).filter(|pair| pair[0].1 != pair[1].1).map(|pair| {
            let (before, (at, class)) = (pair[0].1, pair[1]);
            (at, class, if is_admitted(class) && !is_admitted(before) { "A06" } else { "A07" })
        })
    }

    fn change_at(&self, at: Timestamp) -> Option<&'static str> {
        self.changes().find(|(moment, _, _)| moment.at == at).map(|(_, _, trigger)| trigger)
    }
}

fn shared<'e>(
    encounter: &Encounter<'_>,
    known: &'e Known,
    names: &'e Names,
    (started, ended): (Option<Moment<'_>>, Option<Moment<'_>>),
    tools: &mut Tools<'_>,
) -> Shared<'e> {
    let class = class(encounter.class.as_ref(), tools);
    let hospitalization = encounter.hospitalization.as_ref();
    let mut text = |text: Option<&str>, path| {
        text.map(|text| tools.guard.pass(Cow::Borrowed(text), path, tools.findings).into_owned())
    };
    let class_code = text(encounter.class.as_ref().and_then(|class| said(&class.code)), "Encounter.class");
    let admit_source = hospitalization.and_then(|stay| stay.admit_source.as_ref()).and_then(Concept::code);
    let admit_source = text(admit_source, "Encounter.hospitalization");
    let disposition = hospitalization.and_then(|stay| stay.discharge_disposition.as_ref()).and_then(Concept::code);
    let disposition = text(disposition, "Encounter.hospitalization");
    Shared {
        known,
        names,
        class_code,
        class,
        responsible_unit: responsible_unit(encounter, tools),
        admit_source,
        disposition,
        admitted_at: started.map(|started| started.at),
        discharged_at: ended.map(|ended| ended.at),
    }
}

/// The unit with the medical responsibility. Only one that the directory knows: a hospital as provider would make
/// everybody an utlokaliserad patient.
fn responsible_unit(encounter: &Encounter<'_>, tools: &mut Tools<'_>) -> Option<String> {
    let provider = encounter.service_provider.as_ref()?;
    let identifiers: Vec<&Identifier<'_>> = provider.identifier.iter().collect();
    let unit = location::unit(&identifiers, provider.id(), tools, "Encounter.serviceProvider")?;
    unit.entry.map(|_| unit.code.into_owned())
}

fn event<'h, S: Sink>(head: &mut Head<'h>, told: Told<'_>, shared: &Shared<'_>, tools: &Tools<'_>, sink: &mut S) {
    let facts = UnitFacts::of(told.placed.and_then(|placed| placed.entry));
    let place = told.placed.map(Placed::place);
    let bed_kind = match (told.placed.and_then(|placed| placed.entry), &place) {
        (Some(entry), Some(place)) => entry.bed_kind(place),
        _ => BedKind::Unknown,
    };
    let content_hash = head.content_hash;
    let occurred_text = tools.guard.time_text(told.occurred);
    let envelope = head.envelope(told.event_type, told.correction, shared.known.about(), tools.findings.list());
    sink.encounter(&Event {
        envelope: schemas::Envelope { occurred_at: told.occurred.at, occurred_text: &occurred_text, ..envelope },
        trigger: told.trigger,
        sent_at: None,
        content_hash,
        occurred_given: true,
        episode_id: Some(&shared.names.episode),
        movement_id: told.movement,
        movement_action: told.movement.map(|_| MovementAction::Update),
        patient_class_code: shared.class_code.as_deref(),
        patient_class: told.class,
        place,
        prior_place: told.prior.map(Placed::place),
        unit_hsa_id: facts.hsa_id,
        unit_name: facts.name,
        hospital_code: facts.hospital_code,
        hospital_name: facts.hospital_name,
        mvo: facts.mvo,
        care_type: facts.care_type,
        responsible_unit: shared.responsible_unit.as_deref(),
        bed_kind,
        admit_source: shared.admit_source.as_deref(),
        discharge_disposition: shared.disposition.as_deref(),
        admitted_at: shared.admitted_at,
        discharged_at: shared.discharged_at,
        prior_subject_tokens: Vec::new(),
        prior_episode_id: told.prior_episode,
        episode_authority: None,
        prior_episode_authority: None,
        sending_facility: None,
        sequence: None,
        occurred_earliest: None,
        occurred_latest: None,
    });
}
