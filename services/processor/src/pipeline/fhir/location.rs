//! Location: which unit, room and bed a reference means, and what state a bed is in.

use std::borrow::Cow;

use identity::HsaId;
use schemas::{BedState, BedStatus, CorrectionKind, Place};
use serde::Deserialize;

use super::Tools;
use super::datatype::{Coding, Concept, Identifier, List, Reference, Target, Text, said, without_urn};
use crate::directory::Unit;
use crate::pipeline::envelope::About;
use crate::pipeline::sink::Sink;
use crate::pipeline::visit::UnitFacts;
use crate::rules::Rule;
use crate::stop::Stop;

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
    /// What R5 calls it.
    #[serde(borrow)]
    form: Option<Concept<'a>>,
    #[serde(borrow, rename = "operationalStatus")]
    operational_status: Option<Coding<'a>>,
    #[serde(borrow, rename = "partOf")]
    part_of: Option<Reference<'a>>,
}

/// A place whose texts have passed the guard.
#[derive(Debug, Clone)]
pub(crate) struct Placed<'m> {
    pub unit: Cow<'m, str>,
    pub facility: Option<Cow<'m, str>>,
    pub room: Option<String>,
    pub bed: Option<String>,
    pub entry: Option<&'m Unit>,
    /// The unit calls itself a ward.
    is_ward: bool,
}

impl<'m> Placed<'m> {
    /// As common events carry it.
    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            unit: &self.unit,
            room: self.room.as_deref(),
            bed: self.bed.as_deref(),
            facility: self.facility.as_deref(),
            building: None,
            floor: None,
        }
    }

    /// Whether no more than a building or a hospital is known.
    pub(crate) fn is_coarse(&self) -> bool {
        self.unit.is_empty() && self.room.is_none() && self.bed.is_none()
    }

    /// Takes what another entry for the same time adds: a server may list hospital, ward, room and bed each for itself.
    /// Two places that cannot both be are told; then the other one holds.
    #[must_use]
    pub(crate) fn fill(&mut self, other: Placed<'m>) -> bool {
        let differs = |one: &Option<String>, other: &Option<String>| one.is_some() && other.is_some() && one != other;
        let is_sure = |place: &Placed<'_>| place.entry.is_some() || place.is_ward;
        let is_exact = |place: &Placed<'_>| place.bed.is_some() || place.room.is_some();
        let other_unit = !self.unit.is_empty() && !other.unit.is_empty() && self.unit != other.unit;
        let same_weight = (is_sure(self), is_exact(self)) == (is_sure(&other), is_exact(&other));
        let two_wards = other_unit && (same_weight || (is_sure(self) && is_sure(&other)));
        if differs(&self.bed, &other.bed) || differs(&self.room, &other.room) || two_wards {
            *self = other;
            return true;
        }
        let (surer, equal) = (is_sure(&other) && !is_sure(self), is_sure(&other) == is_sure(self));
        if self.unit.is_empty() || (other_unit && (surer || (equal && is_exact(&other)))) {
            let facility = other.facility.or(self.facility.take());
            (self.unit, self.facility, self.entry) = (other.unit, facility, other.entry);
            self.is_ward = other.is_ward;
        } else {
            self.facility = self.facility.take().or(other.facility);
        }
        self.room = self.room.take().or(other.room);
        self.bed = self.bed.take().or(other.bed);
        false
    }
}

/// What one step from bed to ward is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Bed,
    Room,
    /// A site, a building or an area: no unit, unless the directory knows it as one.
    Site,
    /// A level, a wing or a corridor: a unit where there is no other.
    Part,
    /// Something that does not say what it is.
    Unit,
    Ward,
}

const STEPS: [(&str, Step); 12] = [
    ("bd", Step::Bed),
    ("ro", Step::Room),
    ("wa", Step::Ward),
    ("lvl", Step::Part),
    ("wi", Step::Part),
    ("co", Step::Part),
    ("bu", Step::Site),
    ("si", Step::Site),
    ("ho", Step::Site),
    ("jdn", Step::Site),
    ("area", Step::Site),
    ("rd", Step::Site),
];

fn step(physical_type: Option<&Concept<'_>>) -> Step {
    let known = |concept: &Concept<'_>| STEPS.iter().find(|(code, _)| concept.has(code)).map(|(_, step)| *step);
    physical_type.and_then(known).unwrap_or(Step::Unit)
}

impl Location<'_> {
    fn step(&self) -> Option<Step> {
        self.physical_type.as_ref().or(self.form.as_ref()).map(|concept| step(Some(concept)))
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
    let directory = &tools.context.region.directory;
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
    let code = tools.context.pass(Cow::Borrowed(text), path).into_owned();
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
    match tools.bundle.find(reference, "Location") {
        Some(resource) => {
            let location: Location<'m> = resource.read()?;
            chain.follow(location, resource.is_contained, physical_type, tools)?;
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
    unit: Option<(Step, Named<'m>)>,
    site: Option<String>,
}

impl<'m> Chain<'m> {
    /// `physical_type` is what the resource that refers to the first Location says of it.
    fn follow(
        &mut self,
        start: Location<'m>,
        is_contained: bool,
        physical_type: Option<&Concept<'_>>,
        tools: &mut Tools<'m>,
    ) -> Result<(), Stop> {
        let (mut location, mut is_contained) = (start, is_contained);
        for at in 0..CHAIN_MAX {
            let identifiers: Vec<&Identifier<'_>> = location.identifier.iter().collect();
            let said_of = physical_type.filter(|_| at == 0);
            let step = location.step().unwrap_or_else(|| step(said_of));
            self.add(step, &identifiers, said(&location.id).filter(|_| !is_contained), tools);
            let Some(parent) = &location.part_of else { break };
            // `#1` of a Location of its own is in that Location, which is not looked into.
            let is_beside = is_contained || parent.target() != Some(Target::Contained);
            match tools.bundle.find(parent, "Location").filter(|_| is_beside) {
                Some(resource) => (location, is_contained) = (resource.read()?, resource.is_contained),
                None => {
                    self.add_reference(parent, Step::Unit, tools);
                    break;
                }
            }
        }
        Ok(())
    }

    fn add_reference(&mut self, reference: &Reference<'_>, step: Step, tools: &mut Tools<'m>) {
        if reference.needs_record() {
            tools.note(Rule::FhirReferenceUnresolved, "Location");
        }
        let asked = reference.asked();
        let identifiers: Vec<&Identifier<'_>> = reference.identifier.iter().chain(&asked).collect();
        self.add(step, &identifiers, reference.id(), tools);
    }

    fn add(&mut self, step: Step, identifiers: &[&Identifier<'_>], id: Option<&str>, tools: &mut Tools<'m>) {
        let mut text = |path| {
            let number = identifiers.iter().filter(|identifier| !identifier.is_old()).find_map(|i| said(&i.value));
            let text = number.or(id)?;
            Some(tools.context.pass(Cow::Borrowed(text), path).into_owned())
        };
        match step {
            Step::Bed => self.bed = self.bed.take().or_else(|| text("Location.bed")),
            Step::Room => self.room = self.room.take().or_else(|| text("Location.room")),
            // The nearest unit that the directory knows, else the nearest ward, else the nearest that may be one.
            Step::Site | Step::Part | Step::Unit | Step::Ward => {
                if self.unit.as_ref().is_some_and(|(_, unit)| unit.entry.is_some()) {
                    return;
                }
                let Some(found) = unit(identifiers, id, tools, "Location.identifier") else { return };
                let is_known = found.entry.is_some();
                if step == Step::Site && !is_known {
                    self.site = self.site.take().or(Some(found.code.into_owned()));
                    return;
                }
                let is_first = self.unit.is_none();
                let in_place_of =
                    |held| matches!((held, step), (Step::Part, Step::Unit | Step::Ward) | (Step::Unit, Step::Ward));
                if is_known || is_first || self.unit.as_ref().is_some_and(|(held, _)| in_place_of(*held)) {
                    self.unit = Some((step, found));
                }
            }
        }
    }

    fn placed(self) -> Option<Placed<'m>> {
        let Chain { bed, room, unit, site } = self;
        if bed.is_none() && room.is_none() && unit.is_none() && site.is_none() {
            return None;
        }
        let is_ward = unit.as_ref().is_some_and(|(step, _)| *step == Step::Ward);
        let (code, entry) = unit.map_or((Cow::Borrowed(""), None), |(_, unit)| (unit.code, unit.entry));
        let facility = entry.and_then(Unit::facility).map(Cow::Borrowed).or(site.map(Cow::Owned));
        Some(Placed { unit: code, facility, room, bed, entry, is_ward })
    }
}

/// A bed with a state is a BedStatus; other Locations say nothing that is counted.
pub(crate) fn map<'m, S: Sink>(location: Location<'m>, tools: &mut Tools<'m>, sink: &mut S) -> Result<u32, Stop> {
    if location.step() != Some(Step::Bed) {
        return Err(Stop::Ignore(Rule::FhirNothingToSay));
    }
    let Some(code) = location.operational_status.as_ref().and_then(|status| said(&status.code)).map(str::to_owned)
    else {
        return Err(Stop::Ignore(Rule::FhirNothingToSay));
    };
    let mut chain = Chain::default();
    chain.follow(location, false, None, tools)?;
    // A bed has been found above.
    let Some(placed) = chain.placed() else { return Err(Stop::Ignore(Rule::FhirNothingToSay)) };
    let status = tools.context.region.directory.bed_status(&code).unwrap_or_else(|| {
        tools.note(Rule::FhirCodeUnknown, "Location.operationalStatus");
        BedState::Unknown
    });
    if placed.entry.is_none() {
        tools.note(Rule::UnitUnknown, "Location.partOf");
    }
    let code = tools.context.pass(Cow::Borrowed(&code), "Location.operationalStatus");
    let facts = UnitFacts::of(placed.entry);
    let recorded = tools.recorded();
    let mut head = tools.head(recorded);
    let envelope = head.envelope("bed.status", CorrectionKind::New, About::default(), tools.context.findings.list());
    sink.event(&BedStatus {
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
