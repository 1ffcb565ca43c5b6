//! One contact, as far as figures and rows need it.

use schemas::{CareForm, Cost, Sex};

use crate::amount;

/// A contact with a total.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Contact {
    pub source_system: Box<str>,
    pub contact_id: Box<str>,
    pub subject: Option<Box<str>>,
    pub hospital_code: Box<str>,
    pub hospital_name: Box<str>,
    pub mvo: Box<str>,
    pub care_form: CareForm,
    pub drg: Box<str>,
    pub drg_weight: Option<i64>,
    pub main_diagnosis: Box<str>,
    pub cost_run_id: Box<str>,
    pub total_ore: i64,
    pub components_ore: Vec<(Box<str>, i64)>,
    pub sex: Sex,
    pub birth_year: Option<i32>,
    pub outlier_stated: Option<bool>,
    /// By our own rule; set when all contacts are known.
    pub outlier: bool,
    /// Whether rows about its person may leave.
    pub may_leave: bool,
}

impl Contact {
    /// `None` without a total.
    pub(super) fn of(cost: &Cost<'_>, may_leave: bool) -> Option<Contact> {
        let text = |text: Option<&str>| Box::from(text.unwrap_or_default());
        Some(Contact {
            source_system: cost.envelope.source_system.into(),
            contact_id: cost.contact_id.into(),
            subject: cost.envelope.subject_token.map(Box::from),
            hospital_code: text(cost.hospital_code),
            hospital_name: text(cost.hospital_name),
            mvo: text(cost.mvo),
            care_form: cost.care_form,
            drg: text(cost.drg),
            drg_weight: cost.drg_weight.and_then(amount::millionths),
            main_diagnosis: text(cost.main_diagnosis),
            cost_run_id: text(cost.cost_run_id),
            total_ore: cost.total_ore?,
            components_ore: cost.components_ore.iter().map(|(name, ore)| (Box::from(*name), *ore)).collect(),
            sex: cost.sex,
            birth_year: cost.birth_year,
            outlier_stated: cost.outlier,
            outlier: false,
            may_leave,
        })
    }

    /// What orders contacts, whatever order they came in.
    pub(super) fn key(&self) -> (&str, &str) {
        (&self.source_system, &self.contact_id)
    }
}

pub(super) fn care_form(care_form: CareForm) -> &'static str {
    match care_form {
        CareForm::Inpatient => "inpatient",
        CareForm::Outpatient => "outpatient",
        CareForm::Primary => "primary",
        CareForm::Home => "home",
        CareForm::Unknown => "",
    }
}

pub(super) fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::Other => "other",
        Sex::Unknown => "",
    }
}
