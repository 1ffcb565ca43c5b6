//! What was found and done in a contact, as codes.

use std::{collections::BTreeMap, iter};

use serde::{Deserialize, Serialize};

use crate::{CareForm, Described, Envelope, Index, Kind, Node, Record, Sex, Timestamp};

/// Diagnoses, procedures, causes and drugs that a source states of a contact. A later statement with the same id replaces
/// an earlier one as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clinical<'a> {
    /// What every common event says about itself.
    #[serde(borrow)]
    pub envelope: Envelope<'a>,
    /// The source's own id of the statement: the contact's id where one statement says everything of a contact.
    pub statement_id: &'a str,
    /// The source's own id of the contact (vårdkontakt).
    pub contact_id: Option<&'a str>,
    /// Visit number of the encounter events of the same contact, where the source has it.
    pub episode_id: Option<&'a str>,
    /// Month that the statement counts for, YYYY-MM: of the contact's end, else of what was done.
    pub period: Option<&'a str>,
    /// Vårdform: sluten vård, öppen specialiserad vård, primärvård, hemsjukvård.
    pub care_form: CareForm,
    /// In: admission, or the visit.
    pub started_at: Option<Timestamp>,
    /// Only the day is known: `started_at` is where it begins, in Swedish time.
    pub started_is_date: bool,
    /// Out: discharge.
    pub ended_at: Option<Timestamp>,
    /// Only the day is known: `ended_at` is where it begins, in Swedish time.
    pub ended_is_date: bool,
    /// Sjukhuskod.
    pub hospital_code: Option<&'a str>,
    /// Name of the hospital.
    pub hospital_name: Option<&'a str>,
    /// The source's own code of the clinic or unit.
    pub unit: Option<&'a str>,
    /// Medicinskt verksamhetsområde, three digits.
    pub mvo: Option<&'a str>,
    /// Inskrivningssätt, verbatim.
    pub admission_mode: Option<&'a str>,
    /// Utskrivningssätt, verbatim.
    pub discharge_mode: Option<&'a str>,
    /// Planerad vård.
    pub planned: Option<bool>,
    /// In the order given.
    #[serde(borrow)]
    pub codes: Vec<Code<'a>>,
    /// NordDRG code.
    pub drg: Option<&'a str>,
    /// Slutrapporterad: the source says that the contact is reported to its end.
    pub r#final: Option<bool>,
    /// Kön.
    pub sex: Sex,
    /// Year of birth.
    pub birth_year: Option<i32>,
    /// Län and kommun of residence, four digits; null for protected identity.
    pub lkf: Option<&'a str>,
    /// The source's own text of coded fields whose code was mapped, by field.
    #[serde(borrow)]
    pub verbatim: BTreeMap<&'a str, &'a str>,
}

impl<'a> Clinical<'a> {
    /// A statement of which nothing else is known.
    pub fn bare(envelope: Envelope<'a>, statement_id: &'a str) -> Self {
        Self {
            envelope,
            statement_id,
            contact_id: None,
            episode_id: None,
            period: None,
            care_form: CareForm::Unknown,
            started_at: None,
            started_is_date: false,
            ended_at: None,
            ended_is_date: false,
            hospital_code: None,
            hospital_name: None,
            unit: None,
            mvo: None,
            admission_mode: None,
            discharge_mode: None,
            planned: None,
            codes: Vec::new(),
            drg: None,
            r#final: None,
            sex: Sex::Unknown,
            birth_year: None,
            lkf: None,
            verbatim: BTreeMap::new(),
        }
    }
}

impl Record for Clinical<'_> {
    const KIND: Kind = Kind::Clinical;
    const VERSIONS: &'static [&'static str] = &[include_str!("../avro/Clinical/v1.avsc")];
}

impl<'a> Described<'a> for Clinical<'a> {
    fn envelope(&self) -> &Envelope<'a> {
        &self.envelope
    }

    fn envelope_mut(&mut self) -> &mut Envelope<'a> {
        &mut self.envelope
    }

    fn forget_residence(&mut self) {
        self.lkf = None;
    }

    fn key(&self) -> Option<&'a str> {
        Some(self.envelope.subject_token.unwrap_or(self.statement_id))
    }

    fn index(&self) -> Index<'a> {
        Index { period: self.period, contact: Some(self.statement_id), episode: self.episode_id, ..Index::default() }
    }

    fn nodes(&self) -> impl Iterator<Item = Node<'a>> {
        iter::empty()
    }
}

/// One code of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code<'a> {
    /// What it is of the contact.
    pub role: CodeRole,
    /// Whose code it is.
    pub system: CodeSystem,
    /// Without dots and blanks, upper case; the code list's spelling where the code is in it.
    pub code: &'a str,
    /// The source's own text, where it differs from the code.
    pub verbatim: Option<&'a str>,
    /// When it was done or given.
    pub performed_at: Option<Timestamp>,
    /// Only the day is known: `performed_at` is where it begins, in Swedish time.
    pub performed_is_date: bool,
    /// Side of the body.
    pub laterality: Laterality,
    /// Index in the codes of what it belongs to: a cause's diagnosis, a drug's procedure.
    pub belongs_to: Option<i32>,
}

/// What a code is of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CodeRole {
    /// Huvuddiagnos.
    MainDiagnosis,
    /// Bidiagnos.
    OtherDiagnosis,
    /// Yttre orsak.
    ExternalCause,
    /// Åtgärd.
    Procedure,
    /// Läkemedel that was given.
    Drug,
    /// The source does not say.
    #[serde(other)]
    Unknown,
}

/// Whose code it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CodeSystem {
    /// ICD-10-SE.
    #[serde(rename = "ICD_10_SE")]
    Icd10Se,
    /// KVÅ.
    #[serde(rename = "KVA")]
    Kva,
    /// ATC.
    #[serde(rename = "ATC")]
    Atc,
    /// SNOMED CT.
    #[serde(rename = "SNOMED_CT")]
    SnomedCt,
    /// Another, or the source does not say.
    #[serde(other, rename = "OTHER")]
    Other,
}

/// Side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Laterality {
    /// Vänster.
    Left,
    /// Höger.
    Right,
    /// Both.
    Both,
    /// The source does not say.
    #[serde(other)]
    Unknown,
}
