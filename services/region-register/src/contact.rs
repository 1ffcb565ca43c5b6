//! A contact of inpatient care, as the delivery needs it.

use schemas::{Clinical, CodeRole, Sex};
use zeroize::Zeroizing;

use crate::moment::Moment;

/// The extension in which a mapping package keeps the form of compulsory care.
const COMPULSORY_CARE: &str = "tvangsvard";

/// One contact. It carries an identity: no `Debug`, and nothing of it is ever logged.
pub struct Contact {
    /// The person's pseudonym.
    pub(crate) subject: Option<String>,
    pub(crate) is_protected: bool,
    pub(crate) number: Zeroizing<String>,
    pub(crate) id: String,
    pub(crate) sex: Sex,
    pub(crate) birth_year: Option<i32>,
    pub(crate) lkf: Option<String>,
    pub(crate) hospital: Option<String>,
    pub(crate) clinic: Option<String>,
    pub(crate) mvo: Option<String>,
    pub(crate) admitted: Option<Moment>,
    pub(crate) discharged: Option<Moment>,
    pub(crate) admission_mode: Option<String>,
    pub(crate) discharge_mode: Option<String>,
    pub(crate) planned: Option<bool>,
    pub(crate) drg: Option<String>,
    pub(crate) is_final: Option<bool>,
    pub(crate) compulsory_care: Option<String>,
    pub(crate) codes: Vec<Code>,
}

pub(crate) struct Code {
    pub(crate) role: CodeRole,
    pub(crate) code: String,
    pub(crate) performed: Option<Moment>,
    pub(crate) belongs_to: Option<usize>,
}

impl Contact {
    /// When it ended, or began where it has not, as the manifest writes times.
    pub(crate) fn latest(&self) -> Option<String> {
        self.discharged.or(self.admitted).map(Moment::utc)
    }

    /// As it stood when the delivery's days ended: a discharge that came later is the next delivery's to tell.
    pub(crate) fn not_discharged(mut self) -> Self {
        self.discharged = None;
        self.discharge_mode = None;
        self.is_final = self.is_final.map(|_| false);
        self
    }

    /// Of a protected person it does not say where the person lives.
    pub(crate) fn protect_if(&mut self, is_protected: impl FnOnce(&str) -> bool) {
        self.is_protected |= self.subject.as_deref().is_some_and(is_protected);
        if self.is_protected {
            self.lkf = None;
        }
    }

    /// What a statement says, with the number of the row that it was made from.
    #[must_use]
    pub fn new(clinical: &Clinical<'_>, number: Zeroizing<String>) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let code = |code: &schemas::Code<'_>| Code {
            role: code.role,
            code: code.code.to_owned(),
            performed: Moment::new(code.performed_at, code.performed_is_date),
            belongs_to: code.belongs_to.and_then(|at| usize::try_from(at).ok()),
        };
        Self {
            subject: owned(clinical.envelope.subject_token),
            is_protected: clinical.envelope.protected_identity,
            number,
            id: clinical.contact_id.unwrap_or(clinical.statement_id).to_owned(),
            sex: clinical.sex,
            birth_year: clinical.birth_year,
            lkf: owned(clinical.lkf),
            hospital: owned(clinical.hospital_code),
            clinic: owned(clinical.unit),
            mvo: owned(clinical.mvo),
            admitted: Moment::new(clinical.started_at, clinical.started_is_date),
            discharged: Moment::new(clinical.ended_at, clinical.ended_is_date),
            admission_mode: owned(clinical.admission_mode),
            discharge_mode: owned(clinical.discharge_mode),
            planned: clinical.planned,
            drg: owned(clinical.drg),
            is_final: clinical.r#final,
            compulsory_care: owned(clinical.envelope.extensions.get(COMPULSORY_CARE).copied()),
            codes: clinical.codes.iter().map(code).collect(),
        }
    }
}
