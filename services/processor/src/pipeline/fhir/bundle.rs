//! The record of one version of one resource: the resource itself, and beside it those that it refers to.

use ::fhir::bundle::{self, Entry};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::datatype::{Identifier, List, Reference, Target, Text, said, without_urn};
use super::patient::Patient;
use crate::rules::Rule;
use crate::stop::Stop;

/// Longest record that is read.
const RECORD_BYTES_MAX: usize = 1 << 20;

pub(crate) struct Bundle<'a> {
    pub focus: Focus<'a>,
    context: Vec<Resource<'a>>,
    who: Who<'a>,
}

/// What the record is about.
pub(crate) enum Focus<'a> {
    /// A version of a resource.
    Resource(Resource<'a>),
    /// The resource with this address is no longer there.
    Deleted(Text<'a>),
}

/// One resource; a Patient is read at once, the others when they are asked for.
pub(crate) struct Resource<'a> {
    full_url: Option<Text<'a>>,
    pub kind: Text<'a>,
    pub id: Option<Text<'a>>,
    pub patient: Option<Box<Patient<'a>>>,
    /// It stands in the resource that refers to it: its id means nothing elsewhere.
    pub is_contained: bool,
    raw: &'a RawValue,
}

#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(borrow, rename = "resourceType")]
    kind: Text<'a>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

/// How resources name the person that they are about.
#[derive(Deserialize, Default)]
struct Who<'a> {
    #[serde(borrow)]
    subject: Option<Reference<'a>>,
    #[serde(borrow)]
    patient: Option<Reference<'a>>,
    #[serde(borrow, default)]
    participant: List<Participant<'a>>,
    /// Resources that only this one refers to.
    #[serde(borrow)]
    contained: Option<&'a RawValue>,
}

/// By which numbers a resource is known.
#[derive(Deserialize)]
struct Identified<'a> {
    #[serde(borrow, default)]
    identifier: List<Identifier<'a>>,
}

#[derive(Deserialize)]
struct Participant<'a> {
    #[serde(borrow)]
    actor: Option<Reference<'a>>,
}

/// Reads JSON as a part of R4.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Stop> {
    // The parser's message may quote a value.
    serde_json::from_str(text).map_err(|_| Stop::park(Rule::FhirUnreadable))
}

/// Reads a record; a resource without a Bundle around it has no context.
pub(crate) fn read(payload: &[u8]) -> Result<Bundle<'_>, Stop> {
    let bundle = bundle::read(text_of(payload)?).ok_or(Stop::park(Rule::FhirUnreadable))?;
    let focus = match bundle.focus {
        bundle::Focus::Resource(entry) => Focus::Resource(resource(entry)?),
        bundle::Focus::Deleted(address) => Focus::Deleted(address),
    };
    Bundle::of(focus, bundle.context.into_iter().map(resource).collect::<Result<_, _>>()?)
}

/// The text of a record.
pub(super) fn text_of(payload: &[u8]) -> Result<&str, Stop> {
    let unreadable = Stop::park(Rule::FhirUnreadable);
    if payload.len() > RECORD_BYTES_MAX {
        return Err(unreadable);
    }
    let text = std::str::from_utf8(payload).map_err(|_| unreadable)?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn resource(entry: Entry<'_>) -> Result<Resource<'_>, Stop> {
    let Entry { full_url, resource: raw } = entry;
    let outer: Outer<'_> = parse(raw.get())?;
    let patient = if &*outer.kind == "Patient" { Some(Box::new(parse(raw.get())?)) } else { None };
    Ok(Resource { full_url, kind: outer.kind, id: outer.id, patient, is_contained: false, raw })
}

/// A resource that stands in another, known by `#id`; one that cannot be read is not there.
fn contained(raw: &RawValue) -> Option<Resource<'_>> {
    let resource = resource(Entry { full_url: None, resource: raw }).ok()?;
    let full_url = Text::made(format!("#{}", said(&resource.id)?));
    Some(Resource { full_url: Some(full_url), id: None, is_contained: true, ..resource })
}

impl<'a> Resource<'a> {
    /// The resource as its type has it.
    pub(crate) fn read<T: Deserialize<'a>>(&self) -> Result<T, Stop> {
        parse(self.raw.get())
    }

    fn is_named(&self, reference: &Reference<'_>) -> bool {
        let Some(target) = reference.target() else { return false };
        match target {
            _ if self.full_url.as_deref() == said(&reference.reference) => true,
            Target::Resource(_, id) | Target::Urn(id) => self.id.as_deref() == Some(id),
            _ => false,
        }
    }

    /// Whether it has this identifier; one without a system is meant whoever gave it.
    fn is_identified(&self, wanted: &Identifier<'_>) -> bool {
        let (Some(value), Ok(numbers)) = (said(&wanted.value), self.read::<Identified<'a>>()) else { return false };
        let system = said(&wanted.system).map(without_urn);
        let is_it = |number: &Identifier<'_>| {
            said(&number.value) == Some(value) && system.is_none_or(|system| number.assigner() == system)
        };
        numbers.identifier.iter().any(is_it)
    }
}

impl<'a> Bundle<'a> {
    fn of(focus: Focus<'a>, context: Vec<Resource<'a>>) -> Result<Bundle<'a>, Stop> {
        let who = match &focus {
            Focus::Resource(resource) => resource.read()?,
            Focus::Deleted(_) => Who::default(),
        };
        let mut context = context;
        let inner: Option<List<&RawValue>> = who.contained.and_then(|raw: &RawValue| parse(raw.get()).ok());
        context.extend(inner.iter().flat_map(|inner| inner.iter()).filter_map(|raw| contained(raw)));
        Ok(Bundle { focus, context, who })
    }

    /// The resource of a type beside the focus that a reference names: by its address, else by the one identifier that
    /// the address or the reference itself has.
    pub(crate) fn find(&self, reference: &Reference<'_>, kind: &str) -> Option<&Resource<'a>> {
        if matches!(reference.target(), Some(Target::Resource(named, _) | Target::Identified(named, _)) if named != kind)
        {
            return None;
        }
        let of_kind = || self.context.iter().filter(|resource| &*resource.kind == kind);
        if let Some(found) = of_kind().find(|resource| resource.is_named(reference)) {
            return Some(found);
        }
        let asked = reference.asked();
        let identifier = asked.as_ref().or(reference.identifier.as_ref())?;
        let mut found = of_kind().filter(|resource| resource.is_identified(identifier));
        // Where several have it, it names none.
        found.next().filter(|_| found.next().is_none())
    }

    /// How the focus names the person that it is about: its subject, else its patient, else a participant who is one.
    pub(crate) fn person(&self) -> Option<&Reference<'a>> {
        let is_patient =
            |reference: &&Reference<'a>| reference.is_to("Patient") || self.find(reference, "Patient").is_some();
        let named = self.who.subject.as_ref().or(self.who.patient.as_ref());
        named.or_else(|| self.actors().find(is_patient))
    }

    /// The number of a person that an address asks for, as it is written there.
    fn asked_person(&self) -> Option<&str> {
        match self.person()?.target()? {
            Target::Identified(_, text) => Some(text.rsplit('|').next().unwrap_or(text)),
            _ => None,
        }
    }

    fn actors(&self) -> impl Iterator<Item = &Reference<'a>> {
        self.who.participant.iter().filter_map(|participant| participant.actor.as_ref())
    }

    /// Every number of a person that the record holds, for the guard.
    pub(crate) fn numbers_of_persons(&self) -> impl Iterator<Item = &str> {
        let focus = match &self.focus {
            Focus::Resource(resource) => Some(resource),
            Focus::Deleted(_) => None,
        };
        let patients = focus.into_iter().chain(&self.context).filter_map(|resource| resource.patient.as_deref());
        let references = [&self.who.subject, &self.who.patient].into_iter().flatten().chain(self.actors());
        let named = references.filter_map(|reference| said(&reference.identifier.as_ref()?.value));
        let ids = self.person().into_iter().filter_map(Reference::id);
        patients.flat_map(Patient::numbers).chain(named).chain(ids).chain(self.asked_person())
    }
}
