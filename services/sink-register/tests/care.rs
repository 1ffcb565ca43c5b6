//! Events of care that tests vary: movements of patients, capacity of wards, codes of contacts; as records and as
//! JSON for the independent programs.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use schemas::{
    BedCapacity, BedKind, CareType, Clinical, Code, CodeRole, CodeSystem, Correction, CorrectionKind, Encoder,
    Encounter, Envelope, Kind, Laterality, Origin, PatientClass, Place, SCHEMA_VERSION, Timestamp, content_hash,
    event_id, registry,
};
use serde_json::{Value, json};
use sink_store::{Record, Store};

use crate::world::Database;

pub(crate) const SYSTEM: &str = "SE2321000131-S000000000014";
pub(crate) const HOUR: i64 = 3_600_000_000;
const TOPIC: &str = "region.14.source.adt";

/// Microseconds of an instant.
pub(crate) fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

/// The beginning of the Swedish day of an instant.
pub(crate) fn midnight(micros: i64) -> i64 {
    let zoned = jiff::Timestamp::from_microsecond(micros).unwrap().in_tz("Europe/Stockholm").unwrap();
    zoned.start_of_day().unwrap().timestamp().as_microsecond()
}

/// One event.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Move(Move),
    Beds(Beds),
    Codes(Codes),
}

/// A movement of a patient.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub trigger: &'static str,
    pub at: i64,
    pub given: bool,
    pub subject: String,
    pub episode: Option<String>,
    pub unit: Option<&'static str>,
    pub responsible: Option<&'static str>,
    pub bed_kind: BedKind,
    pub class: PatientClass,
    pub psychiatric: bool,
    pub hospital: &'static str,
    pub prior_subject: Option<String>,
}

/// A statement of capacity.
#[derive(Clone, Debug)]
pub(crate) struct Beds {
    pub unit: &'static str,
    pub hospital: &'static str,
    pub from: i64,
    pub to: Option<i64>,
    pub recorded: i64,
    pub disponibla: Option<i32>,
    pub faststallda: Option<i32>,
}

/// The codes of a contact: code, time, whether only the day is known, side.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    pub contact: String,
    pub subject: Option<String>,
    pub episode: Option<String>,
    pub period: &'static str,
    pub hospital: &'static str,
    pub started: Option<i64>,
    pub ended: Option<i64>,
    pub ended_is_date: bool,
    pub diagnosis: &'static str,
    /// A further diagnosis; empty when there is none.
    pub other: &'static str,
    pub birth_year: Option<i32>,
    pub side: Laterality,
    pub procedures: Vec<(&'static str, Option<i64>, bool, Laterality)>,
    pub recorded: i64,
}

pub(crate) fn moved(trigger: &'static str, at: i64, person: &str, episode: &str) -> Move {
    Move {
        trigger,
        at,
        given: true,
        subject: person.to_owned(),
        episode: Some(episode.to_owned()),
        unit: None,
        responsible: None,
        bed_kind: BedKind::Unknown,
        class: PatientClass::Inpatient,
        psychiatric: false,
        hospital: "501010",
        prior_subject: None,
    }
}

impl Move {
    pub(crate) fn to(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }
}

pub(crate) fn beds(unit: &'static str, from: i64, disponibla: i32) -> Beds {
    let (disponibla, faststallda) = (Some(disponibla), Some(disponibla + 2));
    Beds { unit, hospital: "501010", from, to: None, recorded: from, disponibla, faststallda }
}

pub(crate) fn codes(contact: &str, person: &str, started: i64, ended: i64) -> Codes {
    Codes {
        contact: contact.to_owned(),
        subject: Some(person.to_owned()),
        episode: None,
        period: "2026-03",
        hospital: "501010",
        started: Some(started),
        ended: Some(ended),
        ended_is_date: false,
        diagnosis: "S7200",
        other: "",
        birth_year: Some(1940),
        side: Laterality::Left,
        procedures: Vec::new(),
        recorded: ended,
    }
}

fn envelope<'a>(id: &'a str, kind: &'a str, occurred: i64, recorded: i64, subject: Option<&'a str>) -> Envelope<'a> {
    Envelope {
        event_id: id,
        event_type: kind,
        schema_version: SCHEMA_VERSION,
        region: "14",
        source_system: SYSTEM,
        source_message_id: "M",
        origin: Origin { topic: TOPIC, partition: 0, offset: 0, ordinal: 0 },
        occurred_at: Timestamp(occurred),
        occurred_text: "",
        recorded_at: Some(Timestamp(recorded)),
        recorded_text: None,
        ingested_at: Timestamp(recorded),
        correction: Correction { kind: CorrectionKind::New, target_event_id: None },
        subject_token: subject,
        subject_aliases: Vec::new(),
        key_id: Some("v1"),
        protected_identity: false,
        quality: Vec::new(),
        extensions: BTreeMap::new(),
    }
}

impl Move {
    pub(crate) fn with<T>(&self, then: impl FnOnce(&Encounter<'_>) -> T) -> T {
        let hash = content_hash(format!("{self:?}").as_bytes());
        let id = event_id(SYSTEM, "M", &hash, 0).to_string();
        let place = self.unit.map(|unit| Place {
            unit,
            room: None,
            bed: Some("1"),
            facility: None,
            building: None,
            floor: None,
        });
        then(&Encounter {
            envelope: envelope(&id, "encounter.updated", self.at, self.at, Some(&self.subject)),
            trigger: self.trigger,
            sent_at: Some(Timestamp(self.at)),
            content_hash: hash,
            occurred_given: self.given,
            episode_id: self.episode.as_deref(),
            movement_id: None,
            movement_action: None,
            patient_class_code: None,
            patient_class: self.class,
            place,
            prior_place: None,
            unit_hsa_id: None,
            unit_name: self.unit,
            hospital_code: self.unit.map(|_| self.hospital),
            hospital_name: self.unit.map(|_| "Sahlgrenska"),
            mvo: None,
            care_type: if self.psychiatric { CareType::Psychiatric } else { CareType::Somatic },
            responsible_unit: self.responsible,
            bed_kind: self.bed_kind,
            admit_source: None,
            discharge_disposition: None,
            admitted_at: None,
            discharged_at: None,
            prior_subject_tokens: self.prior_subject.as_deref().into_iter().collect(),
            prior_episode_id: None,
            episode_authority: None,
            prior_episode_authority: None,
            sending_facility: None,
            sequence: None,
            occurred_earliest: None,
            occurred_latest: None,
        })
    }

    fn json(&self) -> Value {
        json!({
            "what": "move", "trigger": self.trigger, "at": self.at, "subject": self.subject, "episode": self.episode,
            "unit": self.unit, "responsible": self.responsible, "bad_bed": self.bed_kind == BedKind::EjDisponibel,
            "inpatient": self.class == PatientClass::Inpatient,
            "emergency": self.class == PatientClass::Emergency, "psychiatric": self.psychiatric,
            "hospital": self.hospital, "prior_subject": self.prior_subject,
        })
    }
}

impl Beds {
    pub(crate) fn with<T>(&self, then: impl FnOnce(&BedCapacity<'_>) -> T) -> T {
        let id = event_id(SYSTEM, "M", &content_hash(format!("{self:?}").as_bytes()), 0).to_string();
        then(&BedCapacity {
            envelope: envelope(&id, "bed.capacity", self.from, self.recorded, None),
            unit: self.unit,
            unit_hsa_id: None,
            unit_name: Some(self.unit),
            hospital_code: Some(self.hospital),
            hospital_name: Some("Sahlgrenska"),
            mvo: None,
            care_type: CareType::Unknown,
            telephone: None,
            faststallda: self.faststallda,
            disponibla: self.disponibla,
            stangda: None,
            stangda_reason: None,
            valid_from: Timestamp(self.from),
            valid_to: self.to.map(Timestamp),
        })
    }

    fn json(&self) -> Value {
        json!({
            "what": "beds", "unit": self.unit, "hospital": self.hospital, "from": self.from, "to": self.to,
            "recorded": self.recorded, "disponibla": self.disponibla, "faststallda": self.faststallda,
        })
    }
}

impl Codes {
    pub(crate) fn with<T>(&self, then: impl FnOnce(&Clinical<'_>) -> T) -> T {
        let id = event_id(SYSTEM, "M", &content_hash(format!("{self:?}").as_bytes()), 0).to_string();
        let code = |role, system, code, laterality| Code {
            role,
            system,
            code,
            verbatim: None,
            performed_at: None,
            performed_is_date: false,
            laterality,
            belongs_to: None,
        };
        let diagnosis = code(CodeRole::MainDiagnosis, CodeSystem::Icd10Se, self.diagnosis, self.side);
        let other = (!self.other.is_empty())
            .then(|| code(CodeRole::OtherDiagnosis, CodeSystem::Icd10Se, self.other, Laterality::Unknown));
        let procedures = self.procedures.iter().map(|(kva, performed, is_date, side)| Code {
            performed_at: performed.map(Timestamp),
            performed_is_date: *is_date,
            ..code(CodeRole::Procedure, CodeSystem::Kva, kva, *side)
        });
        let envelope = envelope(
            &id,
            "clinical.stated",
            self.started.unwrap_or(self.recorded),
            self.recorded,
            self.subject.as_deref(),
        );
        then(&Clinical {
            contact_id: Some(&self.contact),
            episode_id: self.episode.as_deref(),
            period: Some(self.period),
            started_at: self.started.map(Timestamp),
            ended_at: self.ended.map(Timestamp),
            ended_is_date: self.ended_is_date,
            hospital_code: Some(self.hospital),
            hospital_name: Some("Sahlgrenska"),
            birth_year: self.birth_year,
            codes: std::iter::once(diagnosis).chain(other).chain(procedures).collect(),
            ..Clinical::bare(envelope, &self.contact)
        })
    }

    fn json(&self) -> Value {
        let side = |side: Laterality| match side {
            Laterality::Left => "vänster",
            Laterality::Right => "höger",
            Laterality::Both => "båda",
            Laterality::Unknown => "",
        };
        let procedures: Vec<Value> = self
            .procedures
            .iter()
            .map(|(code, at, is_date, which)| json!({"code": code, "at": at, "is_date": is_date, "side": side(*which)}))
            .collect();
        json!({
            "what": "codes", "contact": self.contact, "subject": self.subject, "episode": self.episode,
            "hospital": self.hospital, "started": self.started, "ended": self.ended, "diagnosis": self.diagnosis,
            "other": self.other, "birth_year": self.birth_year, "side": side(self.side), "procedures": procedures,
        })
    }
}

/// What an independent program, written from the definitions, makes of the events: its files by name.
pub(crate) fn oracle(program: &str, events: &[Event], month: &str) -> BTreeMap<String, String> {
    let events: Vec<Value> = events
        .iter()
        .map(|event| match event {
            Event::Move(event) => event.json(),
            Event::Beds(event) => event.json(),
            Event::Codes(event) => event.json(),
        })
        .collect();
    let program = format!("{}/tests/oracle/{program}", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new("python3")
        .args([&program, month])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let input = json!(events).to_string();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{program} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Compares two tables cell by cell.
pub(crate) fn same_cells(ours: &str, theirs: &str) {
    let rows = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split(';').map(str::to_owned).collect()).collect()
    };
    let (ours, theirs) = (rows(ours), rows(theirs));
    for (one, other) in ours.iter().zip(&theirs) {
        for (column, (cell, expected)) in one.iter().zip(other).enumerate() {
            let header = &ours[0][column];
            assert_eq!(cell, expected, "{header} of {one:?}, the other program says {other:?}");
        }
    }
    assert_eq!(ours.len(), theirs.len(), "rows");
}

/// The files of an extract, by name.
pub(crate) fn texts(output: sink_register::Output) -> BTreeMap<String, String> {
    output.files.into_iter().map(|file| (file.name, String::from_utf8(file.bytes).unwrap())).collect()
}

/// Gives events to the store, from the given offset of their source topic on.
pub(crate) async fn feed(database: &Database, events: &[Event], first: i64) {
    let mut store = Store::open(&database.superuser, &["14".to_owned()]).await.expect("the store opens");
    for (event, offset) in events.iter().zip(first..) {
        let (kind, mut value) = match event {
            Event::Move(_) => (Kind::Encounter, Vec::new()),
            Event::Beds(_) => (Kind::BedCapacity, Vec::new()),
            Event::Codes(_) => (Kind::Clinical, Vec::new()),
        };
        let schema = registry::development_id_current(kind);
        store.add_schema("14", schema, kind.avsc()).await.expect("a schema is remembered");
        let mut encoder = Encoder::new(kind, schema);
        match event {
            Event::Move(event) => event.with(|record| {
                let mut record = record.clone();
                record.envelope.origin.offset = offset;
                encoder.encode(&record, &mut value)
            }),
            Event::Beds(event) => event.with(|record| {
                let mut record = record.clone();
                record.envelope.origin.offset = offset;
                encoder.encode(&record, &mut value)
            }),
            Event::Codes(event) => event.with(|record| {
                let mut record = record.clone();
                record.envelope.origin.offset = offset;
                encoder.encode(&record, &mut value)
            }),
        }
        .expect("our own record fits its schema");
        let source =
            store.sources().iter().position(|source| source.subject.kind() == kind).expect("every kind has a topic");
        let origin = format!("{TOPIC}/0/{offset}/0").into_bytes();
        let record = Record { source, partition: 0, offset, origin: Some(&origin), value: &value };
        store.write("14", &[record]).await.expect("the store writes");
    }
}
