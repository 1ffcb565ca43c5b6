//! A region's year for the tests: invented persons with stays, codes, costs, waits and beds.

use std::collections::BTreeMap;

use schemas::{
    BedCapacity, BedKind, BedState, BedStatus, CareForm, CareType, Clinical, Code, CodeRole, CodeSystem, Correction,
    CorrectionKind, Cost, Encoder, Encounter, Envelope, Finding, Kind, Laterality, Origin, PatientClass, Person, Place,
    SCHEMA_VERSION, Severity, Sex, Timestamp, Wait, WaitStatus, content_hash, event_id, registry,
};
use sink_store::{Record, Session, Store, project};

use crate::world::Database;

pub(super) const ADT: &str = "SE2321000131-ADT";
pub(super) const PAR: &str = "SE2321000131-PAR";
pub(super) const KPP: &str = "SE2321000131-KPP";
const TOPIC: &str = "region.14.source.adt";
pub(super) const HOUR: i64 = 3_600_000_000;

/// A Swedish wall-clock time.
pub(super) fn at(text: &str) -> i64 {
    let local: jiff::civil::DateTime = text.parse().unwrap();
    local.in_tz("Europe/Stockholm").unwrap().timestamp().as_microsecond()
}

/// What the envelopes of tests differ in.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub system: &'a str,
    pub subject: Option<&'a str>,
    pub occurred: i64,
    pub recorded: Option<i64>,
    pub protected: bool,
    pub kind: CorrectionKind,
    pub finding: Option<&'a str>,
    /// The code by which it says that the person died.
    pub died: Option<&'a str>,
}

pub(super) fn about<'a>(system: &'a str, subject: impl Into<Option<&'a str>>, occurred: i64) -> About<'a> {
    About {
        system,
        subject: subject.into(),
        occurred,
        recorded: Some(occurred),
        protected: false,
        kind: CorrectionKind::New,
        finding: None,
        died: None,
    }
}

/// Gives events to the store as its worker does, each from a source record of its own.
pub(super) struct Feed {
    store: Store,
    superuser: String,
    next: i64,
}

impl Feed {
    pub(super) async fn new(database: &Database) -> Self {
        let mut store = Store::open(&database.superuser, &["14".to_owned()]).await.unwrap();
        for kind in Kind::ALL {
            store.add_schema("14", registry::development_id_current(kind), kind.avsc()).await.unwrap();
        }
        // Where an earlier one ended.
        let sql = "SELECT coalesce(max(origin_offset) + 1, 0) FROM events";
        let next = crate::world::connect(&database.superuser).await.query_one(sql, &[]).await.unwrap().get(0);
        Self { store, superuser: database.superuser.clone(), next }
    }

    /// Brings the store's own projections up to date, which the tests compare with.
    pub(super) async fn project(&self) {
        let session = Session::open(&self.superuser).await.unwrap();
        while project(&session, self.store.decoder(), "14").await.unwrap().batches > 0 {}
    }

    async fn give(
        &mut self,
        kind: Kind,
        event_type: &str,
        about: About<'_>,
        encode: impl FnOnce(Envelope<'_>, &mut Encoder, &mut Vec<u8>),
    ) {
        let offset = self.next;
        self.next += 1;
        let id = event_id(about.system, "row", &content_hash(offset.to_string().as_bytes()), 0).to_string();
        let finding = |rule| Finding { rule, severity: Severity::Warning, field: "mvo" };
        let envelope = Envelope {
            event_id: &id,
            event_type,
            schema_version: SCHEMA_VERSION,
            region: "14",
            source_system: about.system,
            source_message_id: "row",
            origin: Origin { topic: TOPIC, partition: 0, offset, ordinal: 0 },
            occurred_at: Timestamp(about.occurred),
            occurred_text: "",
            recorded_at: about.recorded.map(Timestamp),
            recorded_text: None,
            ingested_at: Timestamp(about.recorded.unwrap_or(about.occurred) + HOUR),
            correction: Correction { kind: about.kind, target_event_id: None },
            subject_token: about.subject,
            subject_aliases: Vec::new(),
            key_id: about.subject.map(|_| "v1"),
            protected_identity: about.protected,
            quality: about.finding.map(finding).into_iter().collect(),
            extensions: BTreeMap::from([("shift", "natt")]),
        };
        let mut value = Vec::new();
        encode(envelope, &mut Encoder::new(kind, registry::development_id_current(kind)), &mut value);
        let source = self.store.sources().iter().position(|source| source.subject.kind() == kind).unwrap();
        let origin = format!("{TOPIC}/0/{offset}/0").into_bytes();
        let record = Record { source, partition: 0, offset, origin: Some(&origin), value: &value };
        let written = self.store.write("14", &[record]).await.unwrap();
        assert_eq!(written.rows, 1, "{:?}", written.rejected);
    }

    /// An ADT message; `place` is unit, room and bed.
    pub(super) async fn encounter(&mut self, trigger: &str, episode: &str, place: Option<[&str; 3]>, about: About<'_>) {
        let hash = content_hash(self.next.to_string().as_bytes());
        self.give(Kind::Encounter, "encounter.moved", about, |envelope, encoder, value| {
            let place = place.map(|[unit, room, bed]| Place {
                unit,
                room: Some(room),
                bed: Some(bed),
                facility: None,
                building: None,
                floor: None,
            });
            let event = Encounter {
                envelope,
                trigger,
                sent_at: Some(Timestamp(about.occurred)),
                content_hash: hash,
                occurred_given: true,
                episode_id: Some(episode),
                movement_id: None,
                movement_action: None,
                patient_class_code: Some("I"),
                patient_class: if trigger == "A04" { PatientClass::Emergency } else { PatientClass::Inpatient },
                place,
                prior_place: None,
                unit_hsa_id: place.map(|_| "SE2321000131-E000000000301"),
                unit_name: place.map(|_| "Avdelning å"),
                hospital_code: place.map(|_| "501010"),
                hospital_name: place.map(|_| "Sahlgrenska"),
                mvo: Some("311"),
                care_type: CareType::Somatic,
                responsible_unit: None,
                bed_kind: BedKind::Disponibel,
                admit_source: (trigger == "A01").then_some("3"),
                discharge_disposition: (trigger == "A03").then_some(about.died.unwrap_or("2")),
                admitted_at: None,
                discharged_at: None,
                prior_subject_tokens: Vec::new(),
                prior_episode_id: None,
                episode_authority: None,
                prior_episode_authority: None,
                sending_facility: None,
                sequence: None,
                occurred_earliest: None,
                occurred_latest: None,
            };
            encoder.encode(&event, value).unwrap();
        })
        .await;
    }

    /// A merge: `prior` is `about`'s subject now.
    pub(super) async fn merge(&mut self, prior: &str, about: About<'_>) {
        let hash = content_hash(self.next.to_string().as_bytes());
        self.give(Kind::Encounter, "encounter.merged", about, |envelope, encoder, value| {
            let event = Encounter {
                envelope,
                trigger: "A40",
                sent_at: Some(Timestamp(about.occurred)),
                content_hash: hash,
                occurred_given: true,
                episode_id: None,
                movement_id: None,
                movement_action: None,
                patient_class_code: None,
                patient_class: PatientClass::Unknown,
                place: None,
                prior_place: None,
                unit_hsa_id: None,
                unit_name: None,
                hospital_code: None,
                hospital_name: None,
                mvo: None,
                care_type: CareType::Unknown,
                responsible_unit: None,
                bed_kind: BedKind::Unknown,
                admit_source: None,
                discharge_disposition: None,
                admitted_at: None,
                discharged_at: None,
                prior_subject_tokens: vec![prior],
                prior_episode_id: None,
                episode_authority: None,
                prior_episode_authority: None,
                sending_facility: None,
                sequence: None,
                occurred_earliest: None,
                occurred_latest: None,
            };
            encoder.encode(&event, value).unwrap();
        })
        .await;
    }

    pub(super) async fn person(&mut self, birth_year: Option<i32>, sex: Sex, lkf: Option<&str>, about: About<'_>) {
        self.give(Kind::Person, "person.updated", about, |envelope, encoder, value| {
            let linked_subject_tokens = Vec::new();
            let dead = about.died.map(|_| true);
            let person = Person { envelope, trigger: "A31", birth_year, sex, lkf, dead, linked_subject_tokens };
            encoder.encode(&person, value).unwrap();
        })
        .await;
    }

    /// Main diagnosis, external cause, procedure and drug of a contact.
    pub(super) async fn clinical(&mut self, contact: &str, episode: Option<&str>, about: About<'_>) {
        self.give(Kind::Clinical, "clinical.stated", about, |envelope, encoder, value| {
            let code = |role, system, code, performed_at| Code {
                role,
                system,
                code,
                verbatim: (code == "S7200").then_some("S72.00"),
                performed_at,
                performed_is_date: role == CodeRole::Procedure && episode.is_none(),
                laterality: Laterality::Left,
                belongs_to: (role == CodeRole::ExternalCause).then_some(0),
            };
            let statement = Clinical {
                contact_id: Some(contact),
                episode_id: episode,
                period: Some("2025-03"),
                care_form: CareForm::Inpatient,
                started_at: Some(Timestamp(about.occurred - 72 * HOUR)),
                started_is_date: episode.is_none(),
                ended_at: Some(Timestamp(about.occurred)),
                hospital_code: Some("501010"),
                hospital_name: Some("Sahlgrenska"),
                unit: Some("311-2"),
                codes: vec![
                    code(CodeRole::MainDiagnosis, CodeSystem::Icd10Se, "S7200", None),
                    code(CodeRole::ExternalCause, CodeSystem::Icd10Se, "W0109", None),
                    code(CodeRole::Procedure, CodeSystem::Kva, "NFJ59", Some(Timestamp(about.occurred - 48 * HOUR))),
                    code(CodeRole::Drug, CodeSystem::Atc, "J01CF02", None),
                ],
                drg: Some("H07N"),
                discharge_mode: about.died,
                verbatim: BTreeMap::from([("kon", "K")]),
                ..Clinical::bare(envelope, contact)
            };
            encoder.encode(&statement, value).unwrap();
        })
        .await;
    }

    /// A statement is gone, as of a deleted resource: nothing says for which month it counted.
    pub(super) async fn deleted(&mut self, statement: &str, about: About<'_>) {
        let about = About { kind: CorrectionKind::Cancel, ..about };
        self.give(Kind::Clinical, "clinical.withdrawn", about, |envelope, encoder, value| {
            encoder.encode(&Clinical::bare(envelope, statement), value).unwrap();
        })
        .await;
    }

    /// A cost of a contact whose components leave a krona over.
    pub(super) async fn cost(&mut self, contact: &str, total_ore: Option<i64>, form: CareForm, about: About<'_>) {
        self.give(Kind::Cost, "cost.stated", about, |envelope, encoder, value| {
            let components =
                total_ore.map(|total| BTreeMap::from([("operation", total - 5_100), ("vardavdelning", 5_000)]));
            let cost = Cost {
                period: Some("2025"),
                care_form: form,
                started_at: Some(Timestamp(about.occurred - HOUR)),
                ended_at: (form == CareForm::Inpatient).then_some(Timestamp(about.occurred)),
                hospital_code: Some("501010"),
                drg: Some("H07N"),
                drg_weight: Some("1.873"),
                total_ore,
                components_ore: components.unwrap_or_default(),
                sex: Sex::Female,
                birth_year: about.subject.filter(|subject| *subject != "r14.v1.UNBORN").map(|_| 1949),
                lkf: Some("1480"),
                discharge_mode: about.died,
                ..Cost::bare(envelope, contact)
            };
            encoder.encode(&cost, value).unwrap();
        })
        .await;
    }

    pub(super) async fn wait(&mut self, contact: &str, period: &str, about: About<'_>) {
        self.give(Kind::Wait, "wait.completed", about, |envelope, encoder, value| {
            let wait = Wait { period: Some(period), ..Wait::bare(envelope, contact, WaitStatus::Completed) };
            encoder.encode(&wait, value).unwrap();
        })
        .await;
    }

    pub(super) async fn capacity(&mut self, disponibla: Option<i32>, about: About<'_>) {
        self.give(Kind::BedCapacity, "bed-capacity.changed", about, |envelope, encoder, value| {
            let valid_from = envelope.occurred_at;
            let capacity = BedCapacity {
                envelope,
                unit: "A",
                unit_hsa_id: None,
                unit_name: None,
                hospital_code: Some("501010"),
                hospital_name: None,
                mvo: None,
                care_type: CareType::Somatic,
                telephone: None,
                faststallda: Some(24),
                disponibla,
                stangda: None,
                stangda_reason: None,
                valid_from,
                valid_to: None,
            };
            encoder.encode(&capacity, value).unwrap();
        })
        .await;
    }

    pub(super) async fn status(&mut self, status: BedState, about: About<'_>) {
        self.give(Kind::BedStatus, "bed-status.changed", about, |envelope, encoder, value| {
            let place =
                Place { unit: "A", room: Some("1"), bed: Some("2"), facility: None, building: None, floor: None };
            let status = BedStatus {
                envelope,
                place,
                status_code: "H",
                status,
                unit_hsa_id: None,
                unit_name: None,
                hospital_code: None,
                hospital_name: None,
                mvo: None,
                care_type: CareType::Somatic,
            };
            encoder.encode(&status, value).unwrap();
        })
        .await;
    }
}
