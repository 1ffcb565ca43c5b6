//! What Condition and Procedure share: a statement of one code about the contact that it was found or done in.

use std::borrow::Cow;

use schemas::{CareForm, Clinical, Code, CodeRole, CorrectionKind, Laterality, Sex};

use super::datatype::{Concept, Identifier, Reference, said};
use super::encounter::{self, Encounter};
use super::patient;
use super::terminology::Coded;
use super::time::Moment;
use super::{Tools, location};
use crate::pipeline::envelope::About;
use crate::pipeline::sink::Sink;
use crate::pipeline::visit::UnitFacts;
use crate::rules::Rule;
use crate::stop::Stop;

/// One code that a resource states.
pub(crate) struct Said<'s> {
    /// `Condition` or `Procedure`.
    pub kind: &'static str,
    pub id: &'s str,
    pub coded: Option<Coded<'s>>,
    pub role: CodeRole,
    /// When it was done or given.
    pub performed: Option<Moment<'s>>,
    pub laterality: Laterality,
    /// The resource says that it is not so.
    pub is_withdrawn: bool,
    /// How findings name the code.
    pub code_path: &'static str,
}

/// The contact that a resource refers to, as far as the record holds it.
pub(crate) struct Contact<'m> {
    pub encounter: Option<Encounter<'m>>,
    own: Option<String>,
    episode: Option<String>,
}

/// Reads the Encounter that a resource refers to.
pub(crate) fn of<'m>(reference: Option<&Reference<'_>>, tools: &mut Tools<'m>) -> Result<Contact<'m>, Stop> {
    let Some(reference) = reference else { return Ok(Contact { encounter: None, own: None, episode: None }) };
    if let Some(resource) = tools.bundle.find(reference, "Encounter") {
        let encounter: Encounter<'m> = resource.read()?;
        if said(&encounter.id).is_some() {
            let names = encounter::names(&encounter, tools)?;
            let episode = encounter::outermost(&encounter, tools)?;
            return Ok(Contact { encounter: Some(encounter), own: Some(names.own), episode: Some(episode) });
        }
    }
    tools.note(Rule::FhirEncounterMissing, "encounter");
    let own = reference.id().map(|id| tools.address("Encounter", id));
    Ok(Contact { encounter: None, episode: own.clone(), own })
}

pub(crate) fn state<S: Sink>(
    said_of: &Said<'_>,
    contact: &Contact<'_>,
    tools: &mut Tools<'_>,
    sink: &mut S,
) -> Result<u32, Stop> {
    let known = patient::known(tools);
    let statement_id = tools.address(said_of.kind, said_of.id);
    let period = contact.encounter.as_ref().and_then(|encounter| encounter.period.as_ref());
    let started = period.and_then(|period| said(&period.start));
    let started = tools.time(started, "Encounter.period");
    let ended = period.and_then(|period| said(&period.end));
    let ended = tools.time(ended, "Encounter.period");
    let month = ended.or(said_of.performed).unwrap_or_else(|| {
        tools.note(Rule::FhirPeriodDerived, "period");
        let recorded = tools.recorded();
        Moment { at: recorded.at, text: recorded.text, is_date: false }
    });
    let period = month_of(month, tools);
    let codes = codes(said_of, ended.or(started), tools);
    let codes: Vec<Code<'_>> = codes.iter().map(Guarded::code).collect();
    let of_unit = unit_of(contact, tools);
    let facts = UnitFacts::of(of_unit.as_ref().and_then(|unit| unit.entry));
    let (care_form, admission_mode, discharge_mode) = forms(contact, tools);
    let (event_type, correction) = match said_of.is_withdrawn {
        true => ("clinical.withdrawn", CorrectionKind::Cancel),
        false => ("clinical.stated", CorrectionKind::Update),
    };
    let occurred = said_of.performed.or(ended).or(started).map_or(tools.recorded(), Moment::stated);
    let mut head = tools.head(occurred);
    let envelope = head.envelope(event_type, correction, known.about(), tools.context.findings.list());
    sink.event(&Clinical {
        contact_id: contact.own.as_deref(),
        episode_id: contact.episode.as_deref(),
        period: Some(&period),
        care_form,
        started_at: started.map(|started| started.at),
        started_is_date: started.is_some_and(|started| started.is_date),
        ended_at: ended.map(|ended| ended.at),
        ended_is_date: ended.is_some_and(|ended| ended.is_date),
        hospital_code: facts.hospital_code,
        hospital_name: facts.hospital_name,
        unit: of_unit.as_ref().map(|unit| &*unit.code),
        mvo: facts.mvo,
        admission_mode: admission_mode.as_deref(),
        discharge_mode: discharge_mode.as_deref(),
        codes,
        sex: known.sex.unwrap_or(Sex::Unknown),
        birth_year: known.birth_year,
        lkf: known.lkf.as_deref(),
        ..Clinical::bare(envelope, &statement_id)
    });
    Ok(head.made())
}

/// A deleted Condition or Procedure: the statement is taken back, whatever month it counted for.
pub(crate) fn map_deleted<S: Sink>(
    kind: &'static str,
    id: &str,
    tools: &mut Tools<'_>,
    sink: &mut S,
) -> Result<u32, Stop> {
    let statement_id = tools.address(kind, id);
    let recorded = tools.recorded();
    let mut head = tools.head(recorded);
    let quality = tools.context.findings.list();
    let envelope = head.envelope("clinical.withdrawn", CorrectionKind::Cancel, About::default(), quality);
    sink.event(&Clinical::bare(envelope, &statement_id));
    Ok(head.made())
}

/// `2026-02`, in Swedish time.
pub(crate) fn month_of(moment: Moment<'_>, tools: &Tools<'_>) -> String {
    let (year, month, _) = tools.context.stockholm.date(moment.at.0);
    format!("{year:04}-{month:02}")
}

/// A code whose texts have passed the guard.
struct Guarded<'s> {
    said_of: &'s Said<'s>,
    coded: &'s Coded<'s>,
    code: Cow<'s, str>,
    verbatim: Option<Cow<'s, str>>,
}

impl Guarded<'_> {
    fn code(&self) -> Code<'_> {
        Code {
            role: self.said_of.role,
            system: self.coded.system,
            code: &self.code,
            verbatim: self.verbatim.as_deref(),
            performed_at: self.said_of.performed.map(|performed| performed.at),
            performed_is_date: self.said_of.performed.is_some_and(|performed| performed.is_date),
            laterality: self.said_of.laterality,
            belongs_to: None,
        }
    }
}

/// At most one code, looked up on its own day, else on the contact's; a resource without one is a statement all the same,
/// and noted.
fn codes<'s>(said_of: &'s Said<'s>, contact: Option<Moment<'_>>, tools: &mut Tools<'_>) -> Vec<Guarded<'s>> {
    let Some(coded) = &said_of.coded else {
        tools.note(Rule::FhirCodeMissing, said_of.code_path);
        return Vec::new();
    };
    if !coded.shaped {
        tools.note(Rule::FhirCodeUnknown, said_of.code_path);
    }
    coded.look_up(said_of.performed.or(contact).map(|moment| moment.at), said_of.code_path, tools);
    let mut pass = |text: &'s str| tools.context.pass(Cow::Borrowed(text), said_of.code_path);
    // What was written is looked at before its blanks are gone: they may be what tells it from a neighbour.
    let (code, verbatim) = match pass(coded.verbatim.unwrap_or(&coded.code)) {
        hidden @ Cow::Owned(_) => (hidden, None),
        Cow::Borrowed(_) => (pass(&coded.code), coded.verbatim.map(Cow::Borrowed)),
    };
    vec![Guarded { said_of, coded, code, verbatim }]
}

fn unit_of<'m>(contact: &Contact<'_>, tools: &mut Tools<'m>) -> Option<location::Named<'m>> {
    let provider = contact.encounter.as_ref()?.service_provider.as_ref()?;
    let identifiers: Vec<&Identifier<'_>> = provider.identifier.iter().collect();
    location::unit(&identifiers, provider.id(), tools, "Encounter.serviceProvider")
}

/// Vårdform, inskrivningssätt and utskrivningssätt. A visit (AMB) may be specialised or primary care: the class does
/// not say.
fn forms(contact: &Contact<'_>, tools: &mut Tools<'_>) -> (CareForm, Option<String>, Option<String>) {
    let Some(encounter) = &contact.encounter else { return (CareForm::Unknown, None, None) };
    let care_form = match encounter.class.as_ref().and_then(|class| said(&class.code)) {
        Some("IMP" | "ACUTE" | "NONAC") => CareForm::Inpatient,
        Some("EMER") => CareForm::Outpatient,
        Some("HH") => CareForm::Home,
        _ => CareForm::Unknown,
    };
    let stay = encounter.hospitalization.as_ref();
    let mut text = |concept: Option<&Concept<'_>>| {
        let code = concept.and_then(Concept::code)?;
        Some(tools.context.pass(Cow::Borrowed(code), "Encounter.hospitalization").into_owned())
    };
    let admission = text(stay.and_then(|stay| stay.admit_source.as_ref()));
    let discharge = text(stay.and_then(|stay| stay.discharge_disposition.as_ref()));
    (care_form, admission, discharge)
}
