//! What PV1, PV2 and ZBE say of an episode of care.

use std::borrow::Cow;

use hl7::time::Stockholm;
use hl7::{Group, Segment, Value, field};
use schemas::{BedKind, CareType, MovementAction, PatientClass, Timestamp};

use super::context::Context;
use super::event_time;
use super::place::{self, Location};
use crate::directory::{Directory, FieldPath, Unit};
use crate::findings::Findings;
use crate::rules::Rule;

/// One patient's visit, its texts past the guard.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub episode: Option<Cow<'a, str>>,
    pub authority: Option<Cow<'a, str>>,
    pub movement_id: Option<Cow<'a, str>>,
    pub movement_action: Option<MovementAction>,
    pub class_code: Option<Cow<'a, str>>,
    pub class: PatientClass,
    pub place: Option<Location<'a>>,
    pub prior_place: Option<Location<'a>>,
    pub responsible_unit: Option<Cow<'a, str>>,
    pub admit_source: Option<Cow<'a, str>>,
    pub disposition: Option<Cow<'a, str>>,
    pub admitted_at: Option<Timestamp>,
    pub discharged_at: Option<Timestamp>,
}

/// The field with the visit number: PV1-19, or the one that the region's directory names.
fn numbering<'a>(group: &Group<'_, 'a>, pv1: Option<Segment<'_, 'a>>, directory: &Directory) -> Option<Value<'a>> {
    let elsewhere = directory.visit.as_ref().map(|path| group.get(path.segment(), path.field));
    elsewhere.filter(|value| value.component(1).given().is_some()).or_else(|| Some(pv1?.at(field::PV1_VISIT)))
}

/// The visit number, as sent.
pub(crate) fn number<'a>(
    group: &Group<'_, 'a>,
    pv1: Option<Segment<'_, 'a>>,
    directory: &Directory,
) -> Option<&'a str> {
    numbering(group, pv1, directory)?.component(1).given()
}

/// The field with the former visit number of a merge: MRG-5, or MRG-3 where visits are not numbered in PV1-19.
pub(crate) fn prior_numbering<'a>(mrg: &Segment<'_, 'a>, directory: &Directory) -> Value<'a> {
    let visit = mrg.at(field::MRG_VISIT);
    if directory.visit.is_some() && visit.component(1).given().is_none() { mrg.at(field::MRG_ACCOUNT) } else { visit }
}

/// Whether a PV1 names a place.
pub(crate) fn is_placed(pv1: Option<Segment<'_, '_>>) -> bool {
    pv1.is_some_and(|pv1| place::is_named(pv1.at(field::PV1_LOCATION)))
}

/// Reads a visit from a patient's segments; `pv1` is the one that is meant.
pub(crate) fn read<'a>(group: &Group<'_, 'a>, pv1: Option<Segment<'_, 'a>>, context: &mut Context<'_>) -> Visit<'a> {
    let Some(pv1) = pv1 else { return Visit::absent(group, context) };
    let at = |address| pv1.at(address);
    let Context { region, guard, stockholm, findings, .. } = context;
    let directory = &region.directory;
    let class_code = guard.text(at(field::PV1_CLASS).component(1), "PV1-2", findings);
    let class = class_code.as_deref().map_or(PatientClass::Unknown, |code| {
        directory.patient_class(code).unwrap_or_else(|| {
            findings.add(Rule::ClassUnknown, "PV1-2");
            PatientClass::Unknown
        })
    });
    let time = |address: field::Address, path, stockholm: &mut Stockholm, findings: &mut Findings| {
        event_time::read(at(address), path, stockholm, findings).map(|stated| stated.at)
    };
    let admitted_at = time(field::PV1_ADMITTED, "PV1-44", stockholm, findings);
    let discharged_at = time(field::PV1_DISCHARGED, "PV1-45", stockholm, findings);
    let visit = match directory.visit {
        None => at(field::PV1_VISIT),
        Some(_) => numbering(group, Some(pv1), directory).unwrap_or(at(field::PV1_VISIT)),
    };
    let [number, _, _, authority] = visit.components();
    let episode = guard.episode(number, "PV1-19", findings);
    let place = place::read(at(field::PV1_LOCATION), &place::PV1_3, directory, guard, findings);
    let prior_place = place::read(at(field::PV1_PRIOR_LOCATION), &place::PV1_6, directory, guard, findings);
    let admit_source = guard.text(at(field::PV1_ADMIT_SOURCE).component(1), "PV1-14", findings);
    let disposition = guard.text(at(field::PV1_DISPOSITION).component(1), "PV1-36", findings);
    let authority = episode.as_ref().and_then(|_| guard.episode(authority.namespace(), "PV1-19.4", findings));
    let absent = Visit::absent(group, context);
    Visit {
        responsible_unit: responsible_ward(absent.responsible_unit, place.as_ref(), directory),
        authority,
        episode,
        class_code,
        class,
        place,
        prior_place,
        admit_source,
        disposition,
        admitted_at,
        discharged_at,
        ..absent
    }
}

impl<'a> Visit<'a> {
    /// What can be said without PV1.
    fn absent(group: &Group<'_, 'a>, context: &mut Context<'_>) -> Visit<'a> {
        let (movement_id, movement_action) = movement(group, context);
        Visit {
            episode: None,
            authority: None,
            movement_id,
            movement_action,
            class_code: None,
            class: PatientClass::Unknown,
            place: None,
            prior_place: None,
            responsible_unit: responsible_unit(group, context),
            admit_source: None,
            disposition: None,
            admitted_at: None,
            discharged_at: None,
        }
    }

    /// The directory's entry for the unit where the patient is.
    pub(crate) fn unit<'d>(&self, directory: &'d Directory, findings: &mut Findings) -> Option<&'d Unit> {
        let place = self.place.as_ref()?.place();
        let unit = directory.unit(place.unit, place.facility);
        if unit.is_none() {
            findings.add(Rule::UnitUnknown, "PV1-3.1");
        }
        unit
    }
}

/// The unit with the medical responsibility, called as its ward is where the patient's hospital shares the code.
fn responsible_ward<'a>(
    code: Option<Cow<'a, str>>,
    place: Option<&Location<'_>>,
    directory: &Directory,
) -> Option<Cow<'a, str>> {
    let facility = place.and_then(|place| place.place().facility);
    code.map(|code| directory.ward(code, facility))
}

/// What the directory says of a unit, or that it says nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnitFacts<'d> {
    pub hsa_id: Option<&'d str>,
    pub name: Option<&'d str>,
    pub hospital_code: Option<&'d str>,
    pub hospital_name: Option<&'d str>,
    pub mvo: Option<&'d str>,
    pub care_type: CareType,
    pub telephone: Option<&'d str>,
}

impl<'d> UnitFacts<'d> {
    pub(crate) fn of(unit: Option<&'d Unit>) -> UnitFacts<'d> {
        let Some(unit) = unit else {
            return UnitFacts {
                hsa_id: None,
                name: None,
                hospital_code: None,
                hospital_name: None,
                mvo: None,
                care_type: CareType::Unknown,
                telephone: None,
            };
        };
        UnitFacts {
            hsa_id: unit.hsa_id.as_deref(),
            name: unit.name.as_deref(),
            hospital_code: unit.hospital_code.as_deref(),
            hospital_name: unit.hospital_name.as_deref(),
            mvo: unit.mvo.as_deref(),
            care_type: unit.care_type,
            telephone: unit.telephone.as_deref(),
        }
    }
}

/// What kind of bed the patient is in; a patient without a place is in none.
pub(crate) fn bed_kind(visit: &Visit<'_>, unit: Option<&Unit>) -> BedKind {
    match (&visit.place, unit) {
        (Some(place), Some(unit)) => unit.bed_kind(&place.place()),
        _ => BedKind::Unknown,
    }
}

fn movement<'a>(group: &Group<'_, 'a>, context: &mut Context<'_>) -> (Option<Cow<'a, str>>, Option<MovementAction>) {
    let Some(zbe) = group.segment("ZBE") else { return (None, None) };
    let id = context.guard.episode(zbe.at(field::ZBE_MOVEMENT).component(1), "ZBE-1", context.findings);
    let action = match zbe.at(field::ZBE_ACTION).component(1).given() {
        None => None,
        Some("INSERT") => Some(MovementAction::Insert),
        Some("UPDATE") => Some(MovementAction::Update),
        Some("CANCEL") => Some(MovementAction::Cancel),
        Some(_) => {
            context.findings.add(Rule::MovementActionUnknown, "ZBE-4");
            None
        }
    };
    (id, action)
}

/// The unit with the medical responsibility, from the field that the region's directory names.
fn responsible_unit<'a>(group: &Group<'_, 'a>, context: &mut Context<'_>) -> Option<Cow<'a, str>> {
    let responsible = context.region.directory.responsible_unit.as_ref()?;
    let code = context.guard.text(chosen(group, &responsible.field), "responsible_unit", context.findings)?;
    match responsible.unit(&code) {
        Some(unit) => Some(Cow::Owned(unit.to_owned())),
        None => Some(code),
    }
}

/// The field that a directory chose.
pub(crate) fn chosen<'a>(group: &Group<'_, 'a>, path: &FieldPath) -> Value<'a> {
    group.get(path.segment(), path.field).component(path.component)
}
