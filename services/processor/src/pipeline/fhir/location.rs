//! Location: which unit, room and bed a reference means, and what state a bed is in.

use std::borrow::Cow;

use identity::HsaId;
use schemas::{BedState, BedStatus, CorrectionKind, Place};
use serde::Deserialize;

use super::Tools;
use super::datatype::{Coding, Concept, Identifier, List, Reference, Text, said, without_urn};
use crate::directory::Unit;
use crate::pipeline::envelope::About;
use crate::pipeline::sink::Sink;
use crate::pipeline::stop::Stop;
use crate::pipeline::visit::UnitFacts;
use crate::rules::Rule;

/// Steps from a bed to its ward that are followed; a longer chain, or one in a circle, ends here.
const CHAIN_MAX: usize = 8;

/// What is read of a Location; its name is not.
#[derive(Deserialize)]
pub(crate) struct Location<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    identifier: List<Identifier<'a>>,
    #[serde(borrow, rename = "physicalType")]
    physical_type: Option<Concept<'a>>,
    #[serde(borrow, rename = "operationalStatus")]
    operational_status: Option<Coding<'a>>,
    #[serde(borrow, rename = "partOf")]
    part_of: Option<Reference<'a>>,
}

/// A place whose texts have passed the guard.
#[derive(Debug, Clone)]
pub(crate) struct Placed<'m> {
    pub unit: Cow<'m, str>,
    pub facility: Option<&'m str>,
    pub room: Option<String>,
    pub bed: Option<String>,
    pub entry: Option<&'m Unit>,
}

impl<'m> Placed<'m> {
    /// As common events carry it.
    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            unit: &self.unit,
            room: self.room.as_deref(),
            bed: self.bed.as_deref(),
            facility: self.facility,
            building: None,
            floor: None,
        }
    }

    /// Takes room and bed from another entry for the same time: a server may list ward, room and bed each for itself.
    pub(crate) fn fill(&mut self, other: Placed<'m>) {
        self.room = self.room.take().or(other.room);
        self.bed = self.bed.take().or(other.bed);
        if self.unit.is_empty() || (self.entry.is_none() && other.entry.is_some()) {
            (self.unit, self.facility, self.entry) = (other.unit, other.facility, other.entry);
        }
    }
}

/// What one step from bed to ward is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Bed,
    Room,
    /// A ward, a building, or something that does not say what it is.
    Unit,
}

fn step(physical_type: Option<&Concept<'_>>) -> Step {
    match physical_type {
        Some(concept) if concept.has("bd") => Step::Bed,
        Some(concept) if concept.has("ro") => Step::Room,
        _ => Step::Unit,
    }
}

/// A unit as the region's directory knows it, or as the source names it.
#[derive(Debug, Clone)]
pub(crate) struct Named<'m> {
    pub code: Cow<'m, str>,
    pub entry: Option<&'m Unit>,
}

/// The unit that identifiers and an id name: its HSA-id, then any other number, then the id, whichever the directory
/// knows first; a unit that it does not know keeps the first of them.
pub(crate) fn unit<'m>(
    identifiers: &[&Identifier<'_>],
    id: Option<&str>,
    tools: &mut Tools<'m>,
    path: &'static str,
) -> Option<Named<'m>> {
    let directory = tools.directory;
    let hsa_id = identifiers.iter().find_map(|identifier| hsa_id(identifier));
    let number = || identifiers.iter().filter(|identifier| !identifier.is_old()).find_map(|i| said(&i.value));
    if let Some((code, entry)) = hsa_id.as_ref().and_then(|hsa_id| directory.unit_of_hsa_id(hsa_id.as_str())) {
        return Some(Named { code: Cow::Borrowed(code), entry: Some(entry) });
    }
    for code in number().into_iter().chain(id) {
        if let Some(entry) = directory.unit(code, None) {
            return Some(Named { code: Cow::Owned(code.to_owned()), entry: Some(entry) });
        }
    }
    let text = hsa_id.as_ref().map(HsaId::as_str).or_else(number).or(id)?;
    let code = tools.guard.pass(Cow::Borrowed(text), path, tools.findings).into_owned();
    Some(Named { code: Cow::Owned(code), entry: None })
}

/// The HSA-id in an identifier, under either of its OIDs, or bare.
pub(crate) fn hsa_id(identifier: &Identifier<'_>) -> Option<HsaId> {
    let system = said(&identifier.system).map_or("", without_urn);
    let is_hsa = system.is_empty() || HsaId::OIDS.contains(&system);
    said(&identifier.value).filter(|_| is_hsa).and_then(|value| HsaId::parse(value).ok())
}

/// The place that a reference names: followed from bed to ward as far as the record holds the Locations.
pub(crate) fn placed<'m>(
    reference: &Reference<'_>,
    physical_type: Option<&Concept<'_>>,
    tools: &mut Tools<'m>,
) -> Result<Option<Placed<'m>>, Stop> {
    let mut chain = Chain::default();
    match tools.bundle.find(reference) {
        Some(resource) => {
            let location: Location<'m> = resource.read()?;
            chain.follow(location, tools)?;
        }
        None => chain.add_reference(reference, step(physical_type), tools),
    }
    Ok(chain.placed())
}

/// What has been found on the way from a bed to its ward.
#[derive(Default)]
struct Chain<'m> {
    bed: Option<String>,
    room: Option<String>,
    unit: Option<Named<'m>>,
}

impl<'m> Chain<'m> {
    fn follow(&mut self, start: Location<'m>, tools: &mut Tools<'m>) -> Result<(), Stop> {
        let mut location = start;
        for _ in 0..CHAIN_MAX {
            let identifiers: Vec<&Identifier<'_>> = location.identifier.iter().collect();
            self.add(step(location.physical_type.as_ref()), &identifiers, said(&location.id), tools);
            let Some(parent) = &location.part_of else { break };
            match tools.bundle.find(parent) {
                Some(resource) => location = resource.read()?,
                None => {
                    self.add_reference(parent, Step::Unit, tools);
                    break;
                }
            }
        }
        Ok(())
    }

    fn add_reference(&mut self, reference: &Reference<'_>, step: Step, tools: &mut Tools<'m>) {
        let identifiers: Vec<&Identifier<'_>> = reference.identifier.iter().collect();
        self.add(step, &identifiers, reference.id(), tools);
    }

    fn add(&mut self, step: Step, identifiers: &[&Identifier<'_>], id: Option<&str>, tools: &mut Tools<'m>) {
        let mut text = |path| {
            let number = identifiers.iter().filter(|identifier| !identifier.is_old()).find_map(|i| said(&i.value));
            let text = number.or(id)?;
            Some(tools.guard.pass(Cow::Borrowed(text), path, tools.findings).into_owned())
        };
        match step {
            Step::Bed => self.bed = self.bed.take().or_else(|| text("Location.bed")),
            Step::Room => self.room = self.room.take().or_else(|| text("Location.room")),
            // The nearest unit that the directory knows, else the nearest.
            Step::Unit if self.unit.as_ref().is_none_or(|unit| unit.entry.is_none()) => {
                let found = unit(identifiers, id, tools, "Location.identifier");
                let better = found.as_ref().is_some_and(|found| found.entry.is_some());
                if better || self.unit.is_none() {
                    self.unit = found.or(self.unit.take());
                }
            }
            Step::Unit => {}
        }
    }

    fn placed(self) -> Option<Placed<'m>> {
        let Chain { bed, room, unit } = self;
        if bed.is_none() && room.is_none() && unit.is_none() {
            return None;
        }
        let (code, entry) = unit.map_or((Cow::Borrowed(""), None), |unit| (unit.code, unit.entry));
        Some(Placed { unit: code, facility: entry.and_then(Unit::facility), room, bed, entry })
    }
}

/// A bed with a state is a BedStatus; other Locations say nothing that is counted.
pub(crate) fn map<'m, S: Sink>(location: Location<'m>, tools: &mut Tools<'m>, sink: &mut S) -> Result<u32, Stop> {
    if step(location.physical_type.as_ref()) != Step::Bed {
        return Err(Stop::Ignore(Rule::FhirNothingToSay));
    }
    let Some(code) = location.operational_status.as_ref().and_then(|status| said(&status.code)).map(str::to_owned)
    else {
        return Err(Stop::Ignore(Rule::FhirNothingToSay));
    };
    let mut chain = Chain::default();
    chain.follow(location, tools)?;
    // A bed has been found above.
    let Some(placed) = chain.placed() else { return Err(Stop::Ignore(Rule::FhirNothingToSay)) };
    let status = tools.directory.bed_status(&code).unwrap_or_else(|| {
        tools.findings.add(Rule::FhirCodeUnknown, "Location.operationalStatus");
        BedState::Unknown
    });
    if placed.entry.is_none() {
        tools.findings.add(Rule::UnitUnknown, "Location.partOf");
    }
    let code = tools.guard.pass(Cow::Borrowed(&code), "Location.operationalStatus", tools.findings);
    let facts = UnitFacts::of(placed.entry);
    let recorded = tools.recorded();
    let mut head = tools.head(recorded);
    let envelope = head.envelope("bed.status", CorrectionKind::New, About::default(), tools.findings.list());
    sink.bed_status(&BedStatus {
        envelope,
        place: placed.place(),
        status_code: &code,
        status,
        unit_hsa_id: facts.hsa_id,
        unit_name: facts.name,
        hospital_code: facts.hospital_code,
        hospital_name: facts.hospital_name,
        mvo: facts.mvo,
        care_type: facts.care_type,
    });
    Ok(head.made())
}
