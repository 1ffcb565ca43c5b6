//! Patient: who somebody is becomes a pseudonym; what is known of the person becomes a Person.

use serde::Deserialize;

use schemas::{CorrectionKind, Person, Sex};

use super::Tools;
use super::datatype::{Coding, Concept, Identifier, List, Meta, Reference, Text, said, without_urn};
use crate::findings::Findings;
use crate::pipeline::envelope::About;
use crate::pipeline::person::UPDATE;
use crate::pipeline::sink::Sink;
use crate::pipeline::subject::{Claimed, Pseudonyms};
use crate::rules::Rule;
use crate::stop::Stop;
use identity::Token;

/// OID of the code system of municipalities (län and kommun).
const MUNICIPALITY: &str = "1.2.752.129.2.2.1.17";

/// What is read of a Patient.
#[derive(Deserialize)]
pub(crate) struct Patient<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub meta: Option<Meta<'a>>,
    #[serde(borrow, default)]
    identifier: List<Identifier<'a>>,
    #[serde(borrow, rename = "birthDate")]
    birth_date: Option<Text<'a>>,
    #[serde(borrow)]
    gender: Option<Text<'a>>,
    #[serde(rename = "deceasedBoolean")]
    is_deceased: Option<bool>,
    #[serde(borrow, rename = "deceasedDateTime")]
    deceased_at: Option<Text<'a>>,
    #[serde(borrow, default)]
    link: List<Link<'a>>,
    #[serde(borrow, default)]
    extension: List<Extension<'a>>,
    #[serde(borrow, default)]
    address: List<Address<'a>>,
}

#[derive(Deserialize)]
struct Link<'a> {
    #[serde(borrow)]
    other: Option<Reference<'a>>,
}

/// Of an address only its coded extensions are read.
#[derive(Deserialize)]
struct Address<'a> {
    #[serde(borrow, default)]
    extension: List<Extension<'a>>,
}

#[derive(Deserialize)]
struct Extension<'a> {
    #[serde(borrow, rename = "valueCoding")]
    coding: Option<Coding<'a>>,
    #[serde(borrow, rename = "valueCodeableConcept")]
    concept: Option<Concept<'a>>,
}

/// A person under pseudonym, and what the resources say of the person.
#[derive(Default)]
pub(crate) struct Known {
    pub pseudonyms: Pseudonyms,
    pub protected: bool,
    pub birth_year: Option<i32>,
    pub sex: Option<Sex>,
    pub lkf: Option<String>,
}

impl Known {
    pub(crate) fn about(&self) -> About<'_> {
        About {
            subject: self.pseudonyms.subject.as_ref().map(Token::as_str),
            aliases: self.pseudonyms.aliases.iter().map(Token::as_str).collect(),
            protected: self.protected,
        }
    }
}

impl Patient<'_> {
    /// The numbers that name the person: those given, and the server's own.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = &str> {
        self.identifier.iter().filter_map(|identifier| said(&identifier.value)).chain(said(&self.id))
    }

    fn claims(&self) -> impl Iterator<Item = Claimed<'_>> {
        self.identifier.iter().filter_map(claim)
    }

    fn is_protected(&self) -> bool {
        self.meta.as_ref().is_some_and(Meta::is_protected)
    }

    fn sex(&self, findings: &mut Findings) -> Option<Sex> {
        match said(&self.gender)? {
            "male" => Some(Sex::Male),
            "female" => Some(Sex::Female),
            "other" => Some(Sex::Other),
            "unknown" => Some(Sex::Unknown),
            _ => {
                findings.add(Rule::FhirCodeUnknown, "Patient.gender");
                None
            }
        }
    }

    fn birth_year(&self, findings: &mut Findings) -> Option<i32> {
        let text = said(&self.birth_date)?;
        let year = text.get(..4).and_then(|digits| digits.parse().ok()).filter(|year| (1850..=2200).contains(year));
        if year.is_none() {
            findings.add(Rule::BirthDateUnreadable, "Patient.birthDate");
        }
        year
    }

    /// Län and kommun, where an extension of the person or of an address has them as a code.
    fn municipality(&self, findings: &mut Findings) -> Option<String> {
        let of_address = self.address.iter().flat_map(|address| address.extension.iter());
        let codings = self.extension.iter().chain(of_address).flat_map(|extension| {
            extension.coding.iter().chain(extension.concept.iter().flat_map(|c| c.coding.iter()))
        });
        let is_municipality = |coding: &&Coding<'_>| said(&coding.system).map(without_urn) == Some(MUNICIPALITY);
        let code = codings.filter(is_municipality).find_map(|coding| said(&coding.code))?;
        let digits = code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit());
        if digits && schemas::region_code::ALL.contains(&&code[..2]) {
            return Some(code.to_owned());
        }
        findings.add(Rule::MunicipalityUnreadable, "Patient.extension");
        None
    }

    fn is_dead(&self) -> Option<bool> {
        said(&self.deceased_at).map(|_| true).or(self.is_deceased)
    }
}

/// An identifier as the pseudonymiser takes it.
pub(super) fn claim<'i>(identifier: &'i Identifier<'_>) -> Option<Claimed<'i>> {
    let kind = identifier.kind.as_ref().and_then(Concept::code).unwrap_or("");
    Some(Claimed { assigner: identifier.assigner(), value: said(&identifier.value)?, kind })
}

/// Whom the focus is about, by its reference to a Patient; a person of whom nothing can be known is noted.
pub(crate) fn known(tools: &mut Tools<'_>) -> Known {
    let bundle = tools.bundle;
    let reference = bundle.person();
    let patient = reference
        .and_then(|reference| bundle.find(reference, "Patient"))
        .and_then(|resource| resource.patient.as_deref());
    let mut known = match patient {
        Some(patient) => of_patient(patient, tools),
        None => {
            // A conditional reference names the person as well as an identifier does.
            let asked = reference.and_then(Reference::asked);
            let named =
                reference.and_then(|reference| reference.identifier.as_ref()).or(asked.as_ref()).and_then(claim);
            let pseudonymising = tools.pseudonymising();
            let pseudonyms = pseudonymising.claimed(named.into_iter(), "subject.identifier", tools.context.findings);
            Known { birth_year: pseudonyms.birth_year.map(i32::from), pseudonyms, ..Known::default() }
        }
    };
    known.protected |= tools.is_protected;
    if known.protected {
        known.lkf = None;
    }
    if known.pseudonyms.subject.is_none() {
        tools.note(Rule::FhirPatientMissing, "subject");
    }
    known
}

pub(super) fn of_patient(patient: &Patient<'_>, tools: &mut Tools<'_>) -> Known {
    let pseudonymising = tools.pseudonymising();
    let findings = &mut *tools.context.findings;
    let pseudonyms = pseudonymising.claimed(patient.claims(), "Patient.identifier", findings);
    let protected = patient.is_protected();
    Known {
        birth_year: patient.birth_year(findings).or(pseudonyms.birth_year.map(i32::from)),
        sex: patient.sex(findings),
        // A protected person's municipality is not read at all.
        lkf: if protected { None } else { patient.municipality(findings) },
        pseudonyms,
        protected,
    }
}

/// A version of a Patient.
pub(crate) fn map<S: Sink>(patient: &Patient<'_>, tools: &mut Tools<'_>, sink: &mut S) -> Result<u32, Stop> {
    let known = of_patient(patient, tools);
    if known.pseudonyms.subject.is_none() {
        return Err(Stop::refuse(Rule::FhirIdentifierMissing, "Patient.identifier"));
    }
    let mut linked: Vec<Token> = Vec::new();
    for other in patient.link.iter().filter_map(|link| link.other.as_ref()) {
        let beside = tools.bundle.find(other, "Patient").and_then(|resource| resource.patient.as_deref());
        let named = other.identifier.as_ref().and_then(claim);
        let claims = beside.into_iter().flat_map(Patient::claims).chain(named);
        let others = tools.pseudonymising().claimed(claims, "Patient.link", tools.context.findings);
        if others.subject.is_none() {
            tools.note(Rule::FhirLinkUnresolved, "Patient.link");
        }
        for token in others.subject.into_iter().chain(others.aliases) {
            if !linked.contains(&token) && known.pseudonyms.subject.as_ref() != Some(&token) {
                linked.push(token);
            }
        }
    }
    let recorded = tools.recorded();
    let mut head = tools.head(recorded);
    let envelope =
        head.envelope("person.updated", CorrectionKind::Update, known.about(), tools.context.findings.list());
    sink.event(&Person {
        envelope,
        trigger: UPDATE,
        birth_year: known.birth_year,
        sex: known.sex.unwrap_or(Sex::Unknown),
        lkf: known.lkf.as_deref(),
        dead: patient.is_dead(),
        linked_subject_tokens: linked.iter().map(Token::as_str).collect(),
    });
    Ok(head.made())
}
