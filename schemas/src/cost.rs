//! What a contact cost, by one calculation.

use std::{collections::BTreeMap, iter};

use serde::{Deserialize, Serialize};

use crate::{Described, Envelope, Index, Kind, Node, Record, Sex, Timestamp};

/// Cost per contact (KPP): total and components in öre, running prices. A later calculation of the same contact and year
/// replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost<'a> {
    /// What every common event says about itself.
    #[serde(borrow)]
    pub envelope: Envelope<'a>,
    /// The source's own id of the contact (vårdkontakt): the key of the statement.
    pub contact_id: &'a str,
    /// Year that the cost counts for, YYYY.
    pub period: Option<&'a str>,
    /// Which calculation the cost comes from; costs are revised after the year's close.
    pub cost_run_id: Option<&'a str>,
    /// Vårdform: sluten vård, öppen specialiserad vård, primärvård, hemsjukvård.
    pub care_form: CareForm,
    /// In: admission, or the visit.
    pub started_at: Option<Timestamp>,
    /// Only the day is known: `started_at` is where it begins, in Swedish time. Version 1 did not say.
    #[serde(default)]
    pub started_is_date: bool,
    /// Out: discharge.
    pub ended_at: Option<Timestamp>,
    /// Only the day is known: `ended_at` is where it begins, in Swedish time. Version 1 did not say.
    #[serde(default)]
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
    /// ICD-10-SE, normalised.
    pub main_diagnosis: Option<&'a str>,
    /// Other diagnoses, ICD-10-SE, in the order given.
    #[serde(borrow)]
    pub diagnoses: Vec<&'a str>,
    /// KVÅ codes, in the order given.
    #[serde(borrow)]
    pub procedures: Vec<&'a str>,
    /// NordDRG code.
    pub drg: Option<&'a str>,
    /// DRG weight as a decimal number in text, exact.
    pub drg_weight: Option<&'a str>,
    /// Total cost in öre (1 krona is 100 öre), running prices.
    pub total_ore: Option<i64>,
    /// Cost in öre by vårdtjänst (vårdavdelning, operation, lab and so on); they add up to the total.
    #[serde(borrow)]
    pub components_ore: BTreeMap<&'a str, i64>,
    /// Ytterfall, when the source says so itself.
    pub outlier: Option<bool>,
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

impl<'a> Cost<'a> {
    /// A cost of which nothing else is known.
    pub fn bare(envelope: Envelope<'a>, contact_id: &'a str) -> Self {
        Self {
            envelope,
            contact_id,
            period: None,
            cost_run_id: None,
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
            main_diagnosis: None,
            diagnoses: Vec::new(),
            procedures: Vec::new(),
            drg: None,
            drg_weight: None,
            total_ore: None,
            components_ore: BTreeMap::new(),
            outlier: None,
            sex: Sex::Unknown,
            birth_year: None,
            lkf: None,
            verbatim: BTreeMap::new(),
        }
    }
}

impl Record for Cost<'_> {
    const KIND: Kind = Kind::Cost;
    const VERSIONS: &'static [&'static str] =
        &[include_str!("../avro/Cost/v1.avsc"), include_str!("../avro/Cost/v2.avsc")];
}

impl<'a> Described<'a> for Cost<'a> {
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
        Some(self.envelope.subject_token.unwrap_or(self.contact_id))
    }

    fn index(&self) -> Index<'a> {
        Index { period: self.period, contact: Some(self.contact_id), ..Index::default() }
    }

    fn nodes(&self) -> impl Iterator<Item = Node<'a>> {
        iter::empty()
    }
}

/// Vårdform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CareForm {
    /// Sluten vård.
    Inpatient,
    /// Öppen specialiserad vård.
    Outpatient,
    /// Primärvård.
    Primary,
    /// Hemsjukvård.
    Home,
    /// The source says something else.
    #[serde(other)]
    Unknown,
}
