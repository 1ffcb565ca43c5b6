//! From a patient's identifiers to pseudonyms. Nothing after this step knows an identifier.

use hl7::{Group, Segment, Value, field};
use identity::{Claim, NoSubject, Options, Pseudonymiser, Purpose, Subject, Token};

use super::named::Named;
use crate::findings::Findings;
use crate::rules::Rule;

#[derive(Default)]
pub(crate) struct Pseudonyms {
    /// The pseudonym of the identifier that names the person; `None` when none was sent that names anybody.
    pub subject: Option<Token>,
    /// The pseudonyms of the other identifiers.
    pub aliases: Vec<Token>,
    /// What the identifier itself says of the year of birth.
    pub birth_year: Option<u16>,
}

/// An identifier with who assigned it (OID, address or name) and its type code.
#[derive(Clone, Copy)]
pub(crate) struct Claimed<'c> {
    pub assigner: &'c str,
    pub value: &'c str,
    pub kind: &'c str,
}

/// Makes pseudonyms of one message's identifiers.
pub(crate) struct Pseudonymising<'p> {
    pub pseudonymiser: &'p Pseudonymiser,
    pub options: Options<'p>,
    pub source_system: &'p str,
    pub named: Option<&'p Named>,
}

impl Pseudonymising<'_> {
    /// The pseudonym of a person.
    pub(crate) fn token(&self, person: &Subject<'_>) -> Token {
        let token = self.pseudonymiser.subject(Purpose::Care, person);
        if let Some(named) = self.named {
            named.note(token, person);
        }
        token
    }

    /// The patient of a PID: PID-3, else PID-2, else PID-4.
    pub(crate) fn patient(&self, group: &Group<'_, '_>, findings: &mut Findings) -> Pseudonyms {
        let Some(pid) = group.segment("PID") else { return Pseudonyms::default() };
        let candidates =
            [(field::PID_IDENTIFIERS, "PID-3"), (field::PID_EXTERNAL_ID, "PID-2"), (field::PID_ALTERNATE_ID, "PID-4")];
        for (address, path) in candidates {
            let subjects = self.subjects(pid.at(address), path, findings);
            if let Some(primary) = identity::primary(&subjects) {
                return self.pseudonyms(&subjects, primary);
            }
        }
        Pseudonyms::default()
    }

    /// The pseudonyms that an MRG says are no longer used (MRG-1).
    pub(crate) fn prior(&self, mrg: &Segment<'_, '_>, findings: &mut Findings) -> Vec<Token> {
        let subjects = self.subjects(mrg.at(field::MRG_IDENTIFIERS), "MRG-1", findings);
        subjects.iter().map(|subject| self.token(subject)).collect()
    }

    /// The person whom these identifiers name.
    pub(crate) fn claimed<'c>(
        &self,
        claims: impl Iterator<Item = Claimed<'c>>,
        path: &'static str,
        findings: &mut Findings,
    ) -> Pseudonyms {
        let source_system = self.source_system;
        let subjects: Vec<Subject<'_>> =
            claims.filter_map(|claim| read(claim, source_system, &self.options, path, findings)).collect();
        identity::primary(&subjects).map_or_else(Pseudonyms::default, |primary| self.pseudonyms(&subjects, primary))
    }

    fn pseudonyms(&self, subjects: &[Subject<'_>], primary: usize) -> Pseudonyms {
        let subject = self.token(&subjects[primary]);
        let mut aliases = Vec::new();
        for (_, other) in subjects.iter().enumerate().filter(|(at, _)| *at != primary) {
            let alias = self.token(other);
            if alias != subject && !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        let birth_year = subjects[primary].birth().map(|birth| birth.year);
        Pseudonyms { subject: Some(subject), aliases, birth_year }
    }

    fn subjects<'a>(&'a self, field: Value<'a>, path: &'static str, findings: &mut Findings) -> Vec<Subject<'a>> {
        let mut subjects = Vec::new();
        for repetition in field.repetitions() {
            subjects.extend(self.subject(repetition, path, findings));
        }
        subjects
    }

    fn subject<'a>(&'a self, cx: Value<'a>, path: &'static str, findings: &mut Findings) -> Option<Subject<'a>> {
        let [value, _, _, assigner, kind] = cx.components();
        let value = value.given()?;
        let claim = Claimed { assigner: assigner_of(assigner), value, kind: kind.given().unwrap_or("") };
        read(claim, self.source_system, &self.options, path, findings)
    }
}

/// Reads one identifier, the same in HL7 v2 and in FHIR, so that both give one pseudonym.
fn read<'c>(
    claim: Claimed<'c>,
    source_system: &'c str,
    options: &Options<'_>,
    path: &'static str,
    findings: &mut Findings,
) -> Option<Subject<'c>> {
    let Claimed { assigner, value, kind } = claim;
    let claim = Claim { system: assigner, kind, source: source_system, value };
    noted(Subject::read(claim, options), path, findings)
}

/// The person that an identifier names, if it names one; what it is instead is noted.
pub(super) fn noted<'s>(
    read: Result<Subject<'s>, NoSubject>,
    path: &'static str,
    findings: &mut Findings,
) -> Option<Subject<'s>> {
    match read {
        Ok(subject) => {
            if subject.is_interim_not_enabled() {
                findings.add(Rule::IdentityLocal, path);
            }
            return Some(subject);
        }
        Err(NoSubject::Absent) => {}
        Err(NoSubject::Placeholder) => findings.add(Rule::IdentityPlaceholder, path),
        Err(NoSubject::Invalid) => findings.add(Rule::IdentityInvalid, path),
    }
    None
}

/// Who assigned the number: the universal id (CX.4.2), else the name (CX.4.1).
fn assigner_of(assigner: Value<'_>) -> &str {
    assigner.subcomponent(2).given().or_else(|| assigner.subcomponent(1).given()).unwrap_or("")
}
