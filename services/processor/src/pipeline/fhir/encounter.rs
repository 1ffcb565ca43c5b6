//! Encounter: a stay in hospital or a visit, told anew as a whole by every version.
//!
//! Its events go by its own id. What it hangs on is a statement of its own (PART-OF another Encounter, or NUMBERED as one
//! of those that bear a visit number): so one resource says all that there is to say, whether or not the others are at
//! hand, and the timeline makes one row of stays of all of them.
//!
//! Each place becomes a movement named by when it began, and the state of the encounter a movement of its own; all
//! are updates (IHE PAM's ZBE), so of several versions the latest holds, whatever the order of arrival. An encounter
//! that was cancelled, entered in error or deleted voids all of its events up to then, as A23 does.

use std::borrow::Cow;

use schemas::{BedKind, CorrectionKind, Encounter as Event, MovementAction, PatientClass, Timestamp};
use serde::Deserialize;

use super::Tools;
use super::datatype::{Coding, Concept, Identifier, List, Period, Reference, Text, said};
use super::location;
use super::patient::{self, Known};
use super::stops;
use super::time::Moment;
use crate::pipeline::envelope::Head;
use crate::pipeline::event_time::Stated;
use crate::pipeline::sink::Sink;
use crate::pipeline::trigger::MOVEMENT_UPDATE;
use crate::pipeline::visit::UnitFacts;
use crate::rules::Rule;
use crate::stop::Stop;
use crate::verbatim::rfc3339;

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
    pub location: List<Visited<'a>>,
    #[serde(borrow, rename = "partOf")]
    part_of: Option<Reference<'a>>,
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
pub(crate) struct Visited<'a> {
    #[serde(borrow)]
    pub location: Option<Reference<'a>>,
    #[serde(borrow)]
    pub status: Option<Text<'a>>,
    #[serde(borrow, rename = "physicalType")]
    pub physical_type: Option<Concept<'a>>,
    /// What R5 calls it.
    #[serde(borrow)]
    pub form: Option<Concept<'a>>,
    #[serde(borrow)]
    pub period: Option<Period<'a>>,
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

/// Levels of encounters around one that are followed within a record: department, hospital stay, and one more.
const LEVELS_MAX: usize = 3;

/// What an encounter is called, and what it hangs on.
pub(crate) struct Names<'m> {
    /// `Encounter/1`.
    pub own: String,
    around: Option<Around>,
    /// The encounter that it is a part of, where the record holds it.
    parent: Option<Encounter<'m>>,
}

/// What an encounter hangs on.
enum Around {
    /// The name of the one that it is a part of.
    Part(String),
    Number(String),
}

/// The names of an encounter, past the guard. Its visit number is one with that of what it is a part of, or a number of
/// the part only: either way it says nothing where there is a partOf.
pub(crate) fn names<'m>(encounter: &Encounter<'_>, tools: &mut Tools<'m>) -> Result<Names<'m>, Stop> {
    let id = said(&encounter.id).ok_or(Stop::refuse(Rule::FhirIdMissing, "Encounter.id"))?;
    let own = tools.address("Encounter", id);
    let (part, parent) = match &encounter.part_of {
        Some(reference) => part_of(reference, tools)?,
        None => (None, None),
    };
    if let Some(part) = part.filter(|part| *part != own) {
        return Ok(Names { own, around: Some(Around::Part(part)), parent });
    }
    let current = || encounter.identifier.iter().filter(|identifier| !identifier.is_old());
    let is_visit_number = |identifier: &&Identifier<'_>| identifier.kind.as_ref().is_some_and(|kind| kind.has("VN"));
    let numbered = current().find(is_visit_number).and_then(|identifier| said(&identifier.value));
    let number = numbered.or_else(|| current().find_map(|identifier| said(&identifier.value)));
    let number = number.map(|number| {
        tools
            .context
            .guard
            .pass_episode(Cow::Borrowed(number), "Encounter.identifier", tools.context.findings)
            .into_owned()
    });
    Ok(Names { own, around: number.map(Around::Number), parent: None })
}

/// What the encounter that a reference means is called: by its id, as the resource beside it or the address has it, else
/// by its number.
fn part_of<'m>(
    reference: &Reference<'_>,
    tools: &mut Tools<'m>,
) -> Result<(Option<String>, Option<Encounter<'m>>), Stop> {
    if let Some(resource) = tools.bundle.find(reference, "Encounter").filter(|resource| !resource.is_contained) {
        let parent: Encounter<'m> = resource.read()?;
        if let Some(id) = said(&parent.id) {
            return Ok((Some(tools.address("Encounter", id)), Some(parent)));
        }
    }
    tools.note(Rule::FhirParentUnknown, "Encounter.partOf");
    let id = reference.id().filter(|_| reference.is_to("Encounter") || reference.needs_record());
    if let Some(id) = id {
        return Ok((Some(tools.address("Encounter", id)), None));
    }
    let asked = reference.asked();
    let number = reference.identifier.as_ref().or(asked.as_ref()).and_then(|identifier| said(&identifier.value));
    let number = number.map(|number| {
        tools
            .context
            .guard
            .pass_episode(Cow::Owned(number.to_owned()), "Encounter.partOf", tools.context.findings)
            .into_owned()
    });
    Ok((number, None))
}

/// What the whole is called that an encounter is a part of, as far as the record holds it: a visit number, else the id of
/// the outermost encounter.
pub(crate) fn outermost<'m>(encounter: &Encounter<'m>, tools: &mut Tools<'m>) -> Result<String, Stop> {
    let mut names = names(encounter, tools)?;
    for _ in 0..LEVELS_MAX {
        match (&names.around, &names.parent) {
            (Some(Around::Part(_)), Some(parent)) => names = self::names(parent, tools)?,
            _ => break,
        }
    }
    Ok(match names.around {
        Some(Around::Part(whole) | Around::Number(whole)) => whole,
        None => names.own,
    })
}

/// The class of v3's ActCode as HL7 v2 has it.
pub(crate) fn class(class: Option<&Coding<'_>>, tools: &mut Tools<'_>) -> PatientClass {
    let Some(code) = class.and_then(|class| said(&class.code)) else { return PatientClass::Unknown };
    match code {
        "IMP" | "ACUTE" | "NONAC" => PatientClass::Inpatient,
        "EMER" => PatientClass::Emergency,
        "AMB" => PatientClass::Outpatient,
        "PRENC" => PatientClass::Preadmit,
        code => tools.context.region.directory.patient_class(code).unwrap_or_else(|| {
            tools.note(Rule::FhirCodeUnknown, "Encounter.class");
            PatientClass::Unknown
        }),
    }
}

/// What a status says of the encounter as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Planned,
    Present,
    OnLeave,
    Ended,
    Void,
}

/// What all events of the version share.
struct Shared<'e> {
    known: &'e Known,
    own: &'e str,
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
    placed: Option<&'e location::Placed<'e>>,
    prior: Option<&'e location::Placed<'e>>,
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
    let moves = match state {
        State::Void => Vec::new(),
        _ => stops::of(&encounter.location, &names.own, started, state, tools)?,
    };
    let ended = match state {
        State::Ended if ended.is_none() => {
            tools.note(Rule::FhirEndMissing, "Encounter.period");
            last_end(encounter, tools)
        }
        _ => ended,
    };
    // Of a plan nobody has been admitted yet.
    let times = (started.filter(|_| state != State::Planned), ended.filter(|_| state == State::Ended));
    let shared = shared(encounter, &names, &known, times, tools);
    let classes = classes(encounter, shared.class, tools);
    if matches!(state, State::Present | State::OnLeave | State::Ended) && moves.is_empty() {
        tools.note(Rule::FhirPlaceMissing, "Encounter.location");
    }
    if moves.iter().any(|step| step.placed.entry.is_none()) {
        tools.note(Rule::UnitUnknown, "Encounter.location");
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
    if let Some(around) = &names.around {
        let (told, whole) = match around {
            Around::Part(whole) => (quiet("PART-OF", "encounter.part-of", recorded), whole),
            Around::Number(number) => (quiet("NUMBERED", "encounter.numbered", recorded), number),
        };
        event(&mut head, Told { prior_episode: Some(whole), ..told }, &shared, tools, sink);
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
        // Nothing that A08 would say of a place: it only takes back what an earlier version said of the state.
        State::Present => quiet(MOVEMENT_UPDATE.code, MOVEMENT_UPDATE.event_type, begun),
    };
    let movement = Some(state_movement.as_str()).filter(|_| state != State::Void);
    event(&mut head, Told { movement, ..told }, &shared, tools, sink);
    let mut prior: Option<&location::Placed<'_>> = None;
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
            let trigger = if moved { MOVEMENT_UPDATE.code } else { trigger };
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
    let known = Known::default();
    let shared = Shared {
        known: &known,
        own: &own,
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
pub(crate) fn moment<'t>(text: Option<&'t str>, path: &'static str, tools: &mut Tools<'_>) -> Option<Moment<'t>> {
    let moment = tools.time(text, path);
    if moment.is_some_and(|moment| moment.is_date) {
        tools.note(Rule::FhirTimeImprecise, path);
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
        Some(status @ ("on-hold" | "discharged" | "completed" | "discontinued")) => {
            tools.note(Rule::FhirStatusOfR5, "Encounter.status");
            if status == "on-hold" { State::OnLeave } else { State::Ended }
        }
        _ => {
            tools.note(Rule::FhirCodeUnknown, "Encounter.status");
            State::Present
        }
    };
    match (state, ended) {
        // Some servers close the period before they close the encounter; an end that lies ahead is a plan.
        (State::Present | State::OnLeave, Some(ended)) if ended.at <= tools.recorded().at => State::Ended,
        (State::Present | State::OnLeave, Some(_)) => {
            tools.note(Rule::FhirEndAhead, "Encounter.period");
            state
        }
        _ => state,
    }
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
    names: &'e Names<'_>,
    known: &'e Known,
    (started, ended): (Option<Moment<'_>>, Option<Moment<'_>>),
    tools: &mut Tools<'_>,
) -> Shared<'e> {
    // A part that does not say its class has that of the whole.
    let of_class = encounter.class.as_ref().or(names.parent.as_ref().and_then(|parent| parent.class.as_ref()));
    let class = class(of_class, tools);
    let hospitalization = encounter.hospitalization.as_ref();
    let mut text =
        |text: Option<&str>, path| text.map(|text| tools.context.pass(Cow::Borrowed(text), path).into_owned());
    let class_code = text(encounter.class.as_ref().and_then(|class| said(&class.code)), "Encounter.class");
    let admit_source = hospitalization.and_then(|stay| stay.admit_source.as_ref()).and_then(Concept::code);
    let admit_source = text(admit_source, "Encounter.hospitalization");
    let disposition = hospitalization.and_then(|stay| stay.discharge_disposition.as_ref()).and_then(Concept::code);
    let disposition = text(disposition, "Encounter.hospitalization");
    Shared {
        known,
        own: &names.own,
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
    let place = told.placed.map(location::Placed::place);
    let bed_kind = match (told.placed.and_then(|placed| placed.entry), &place) {
        (Some(entry), Some(place)) => entry.bed_kind(place),
        _ => BedKind::Unknown,
    };
    let content_hash = head.content_hash();
    let occurred_text = tools.context.guard.time_text(told.occurred.at, told.occurred.text);
    let mut envelope =
        head.envelope(told.event_type, told.correction, shared.known.about(), tools.context.findings.list());
    envelope.extensions.extend(tools.context.region.directory.left_out(bed_kind));
    sink.event(&Event {
        envelope: schemas::Envelope { occurred_at: told.occurred.at, occurred_text: &occurred_text, ..envelope },
        trigger: told.trigger,
        sent_at: None,
        content_hash,
        occurred_given: true,
        episode_id: Some(shared.own),
        movement_id: told.movement,
        movement_action: told.movement.map(|_| MovementAction::Update),
        patient_class_code: shared.class_code.as_deref(),
        patient_class: told.class,
        place,
        prior_place: told.prior.map(location::Placed::place),
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
