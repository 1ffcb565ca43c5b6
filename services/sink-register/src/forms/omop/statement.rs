//! What statements about contacts become: conditions, procedures, observations and costs.

use schemas::{Clinical, Code, CodeRole, Cost, Envelope, Laterality, Timestamp};

use super::Omop;
use super::death::is_death_mode;
use super::id::key;
use super::tables::{CONDITION_OCCURRENCE, COST, DRUG_EXPOSURE, OBSERVATION, PROCEDURE_OCCURRENCE};
use super::visit::Stated;
use crate::amount;

/// A code of a statement.
#[derive(Debug)]
pub(super) struct Coded {
    pub(super) key: i64,
    pub(super) subject: Box<str>,
    pub(super) visit: Option<usize>,
    pub(super) at: Timestamp,
    /// Only the day of `at` is known.
    pub(super) is_date: bool,
    pub(super) code: Box<str>,
    /// A condition's role, a procedure's side.
    pub(super) qualifier: Option<&'static str>,
}

/// A diagnosis group of a visit, or of a statement without one.
#[derive(Debug)]
pub(super) struct Observation {
    pub(super) subject: Box<str>,
    pub(super) visit: Option<usize>,
    pub(super) at: Timestamp,
    /// Only the day of `at` is known.
    pub(super) is_date: bool,
    pub(super) drg: Box<str>,
    /// In millionths.
    pub(super) weight: Option<i64>,
}

/// A part of what a visit has cost.
#[derive(Debug)]
pub(super) struct CostPart {
    pub(super) key: i64,
    pub(super) visit: usize,
    /// Vårdtjänst; nothing for what the total has beyond its components.
    pub(super) component: Option<Box<str>>,
    pub(super) ore: i64,
}

impl Omop {
    /// The latest codes of a contact.
    pub(super) fn clinical(&mut self, clinical: &Clinical<'_>) {
        self.count("statements", 1);
        self.count("clinical_statements", 1);
        let envelope = &clinical.envelope;
        let Some(subject) = self.subject(envelope) else {
            self.count("statements_without_subject", 1);
            return;
        };
        let died = clinical.discharge_mode.is_some_and(is_death_mode);
        self.persons.beside(&subject, envelope, (clinical.birth_year, clinical.sex, clinical.lkf), died);
        let hospital = (clinical.hospital_code, clinical.hospital_name);
        let visit = self.visits.of(&Stated {
            subject: &subject,
            source_system: envelope.source_system,
            contact: clinical.contact_id.unwrap_or(clinical.statement_id),
            episode: clinical.episode_id,
            form: clinical.care_form,
            started_at: clinical.started_at,
            ended_at: clinical.ended_at,
            is_date: [clinical.started_is_date, clinical.ended_is_date],
            care_site: self.care_sites.clinic(envelope.source_system, hospital, clinical.unit),
            admission_mode: clinical.admission_mode,
            discharge_mode: clinical.discharge_mode,
            died,
        });
        let started = clinical.started_at.map(|at| (at, clinical.started_is_date));
        let ended = clinical.ended_at.map(|at| (at, clinical.ended_is_date));
        let at = started.or(ended).unwrap_or((envelope.occurred_at, false));
        for (index, code) in clinical.codes.iter().enumerate() {
            let place = [envelope.source_system, clinical.statement_id, &index.to_string()];
            self.code(code, place, &subject, visit, at);
        }
        if let Some(drg) = clinical.drg {
            let place = ["clinical", envelope.source_system, clinical.statement_id, drg];
            self.drg(drg, None, &place, &subject, visit, at);
        }
    }

    fn code(&mut self, code: &Code<'_>, place: [&str; 3], subject: &str, visit: Option<usize>, at: (Timestamp, bool)) {
        let coded = |table, (at, is_date), qualifier| Coded {
            key: key(table, &place),
            subject: subject.into(),
            visit,
            at,
            is_date,
            code: code.code.into(),
            qualifier,
        };
        let done_at = || code.performed_at.map_or(at, |performed| (performed, code.performed_is_date));
        let role = match code.role {
            CodeRole::MainDiagnosis => "MAIN_DIAGNOSIS",
            CodeRole::OtherDiagnosis => "OTHER_DIAGNOSIS",
            CodeRole::ExternalCause => "EXTERNAL_CAUSE",
            CodeRole::Procedure => {
                self.procedures.push(coded(&PROCEDURE_OCCURRENCE, done_at(), side(code.laterality)));
                return;
            }
            CodeRole::Drug => {
                self.drugs.push(coded(&DRUG_EXPOSURE, done_at(), None));
                return;
            }
            CodeRole::Unknown => {
                self.count("codes_without_table", 1);
                return;
            }
        };
        self.conditions.push(coded(&CONDITION_OCCURRENCE, at, Some(role)));
    }

    /// A group is said once of a visit, by whichever statement; a weight is taken from the one that has it.
    fn drg(
        &mut self,
        drg: &str,
        weight: Option<i64>,
        place: &[&str],
        subject: &str,
        visit: Option<usize>,
        at: (Timestamp, bool),
    ) {
        let (place, (at, is_date)) = match visit.map(|visit| self.visit(visit)) {
            Some(visit) => (key(&OBSERVATION, &["visit", &visit.key.to_string(), drg]), (visit.to, visit.is_date[1])),
            None => (key(&OBSERVATION, place), at),
        };
        let observation = self.observations.entry(place).or_insert_with(|| Observation {
            subject: subject.into(),
            visit,
            at,
            is_date,
            drg: drg.into(),
            weight: None,
        });
        observation.weight = observation.weight.or(weight);
    }

    /// The latest cost of a contact.
    pub(super) fn cost(&mut self, cost: &Cost<'_>) {
        self.count("statements", 1);
        self.count("cost_statements", 1);
        let envelope = &cost.envelope;
        let Some(subject) = self.subject(envelope) else {
            self.count("statements_without_subject", 1);
            return;
        };
        let died = cost.discharge_mode.is_some_and(is_death_mode);
        self.persons.beside(&subject, envelope, (cost.birth_year, cost.sex, cost.lkf), died);
        let hospital = (cost.hospital_code, cost.hospital_name);
        let visit = self.visits.of(&Stated {
            subject: &subject,
            source_system: envelope.source_system,
            contact: cost.contact_id,
            episode: None,
            form: cost.care_form,
            started_at: cost.started_at,
            ended_at: cost.ended_at,
            is_date: [cost.started_is_date, cost.ended_is_date],
            care_site: self.care_sites.clinic(envelope.source_system, hospital, cost.unit),
            admission_mode: cost.admission_mode,
            discharge_mode: cost.discharge_mode,
            died,
        });
        if let Some(drg) = cost.drg {
            let started = cost.started_at.map(|at| (at, cost.started_is_date));
            let ended = cost.ended_at.map(|at| (at, cost.ended_is_date));
            let at = started.or(ended).unwrap_or((envelope.occurred_at, false));
            let weight = cost.drg_weight.and_then(amount::millionths);
            let place = ["cost", envelope.source_system, cost.contact_id, drg];
            self.drg(drg, weight, &place, &subject, visit, at);
        }
        let Some(visit) = visit else {
            self.count("costs_without_visit", 1);
            return;
        };
        let part = |component: Option<&str>, ore| CostPart {
            key: key(&COST, &[envelope.source_system, cost.contact_id, component.unwrap_or_default()]),
            visit,
            component: component.map(Into::into),
            ore,
        };
        let components: i64 = cost.components_ore.values().fold(0, |sum, ore| sum.saturating_add(*ore));
        self.costs.extend(cost.components_ore.iter().map(|(component, ore)| part(Some(component), *ore)));
        let beyond = cost.total_ore.map_or(0, |total| total.saturating_sub(components));
        if beyond != 0 {
            self.costs.push(part(None, beyond));
        }
    }

    /// The pseudonym that the person of a statement has now.
    fn subject(&self, envelope: &Envelope<'_>) -> Option<Box<str>> {
        envelope.subject_token.map(|subject| self.survivor(subject).into())
    }
}

fn side(laterality: Laterality) -> Option<&'static str> {
    match laterality {
        Laterality::Left => Some("LEFT"),
        Laterality::Right => Some("RIGHT"),
        Laterality::Both => Some("BOTH"),
        Laterality::Unknown => None,
    }
}
