//! Every field of every kind of record comes back as it was, borrowed from the encoded bytes.

use std::{collections::BTreeMap, fmt::Debug};

use schemas::{
    BedCapacity, BedKind, BedState, BedStatus, CareForm, CareType, Clinical, ClosedReason, Code, CodeRole, CodeSystem,
    Correction, CorrectionKind, Cost, Decoder, Deviation, Encoder, Encounter, Envelope, Finding, Format, Held,
    Laterality, MovementAction, Objection, Origin, Parked, ParkedFate, PatientClass, Person, Place, Protection, Record,
    SCHEMA_VERSION, Severity, Sex, Sha256, SourceRecord, Timestamp, Verb, Wait, WaitStatus, registry,
};
use serde::Deserialize;

fn encode<R: Record>(record: &R) -> Vec<u8> {
    let mut bytes = Vec::new();
    Encoder::new(R::KIND, registry::development_id_current(R::KIND)).encode(record, &mut bytes).expect("encodes");
    bytes
}

/// Encodes, decodes and compares; the decoded record borrows from `bytes`.
fn check<'a, R: Record + Deserialize<'a> + PartialEq + Debug>(record: &R, bytes: &'a mut Vec<u8>) {
    *bytes = encode(record);
    let decoded: R = Decoder::development().decode(bytes).expect("decodes");
    assert_eq!(&decoded, record);
}

pub(crate) fn envelope_full() -> Envelope<'static> {
    Envelope {
        event_id: "2616901f-9b2a-5fad-bc24-1d45251f9984",
        event_type: "encounter.transferred",
        schema_version: SCHEMA_VERSION,
        region: "14",
        source_system: "SE2321000131-E000000000001",
        source_message_id: "MSG00001",
        origin: Origin { topic: "region.14.source.adt", partition: 1, offset: i64::MAX, ordinal: 1 },
        occurred_at: Timestamp(1_767_571_200_000_001),
        occurred_text: "20260105010000",
        recorded_at: Some(Timestamp(-1)),
        recorded_text: Some("20260105010001+0100"),
        ingested_at: Timestamp(i64::MIN),
        correction: Correction { kind: CorrectionKind::Replace, target_event_id: Some("target") },
        subject_token: Some("r14.v1.abcdefghijklmnopqrstuvwxyz234567"),
        subject_aliases: vec!["r14.v1.a", "r14.v1.b"],
        key_id: Some("v1"),
        protected_identity: true,
        quality: vec![
            Finding { rule: "unit-unknown", severity: Severity::Info, field: "PV1-3.1" },
            Finding { rule: "b", severity: Severity::Warning, field: "x" },
            Finding { rule: "c", severity: Severity::Error, field: "" },
        ],
        extensions: BTreeMap::from([("räksmörgås", "å ä ö"), ("z", "")]),
    }
}

pub(crate) fn envelope_bare() -> Envelope<'static> {
    Envelope {
        recorded_at: None,
        recorded_text: None,
        correction: Correction { kind: CorrectionKind::New, target_event_id: None },
        subject_token: None,
        subject_aliases: vec![],
        key_id: None,
        protected_identity: false,
        quality: vec![],
        extensions: BTreeMap::new(),
        ..envelope_full()
    }
}

fn place_full() -> Place<'static> {
    Place {
        unit: "AVD 41",
        room: Some("12"),
        bed: Some("1"),
        facility: Some("SU"),
        building: Some("A"),
        floor: Some("4"),
    }
}

fn place_bare() -> Place<'static> {
    Place { unit: "", room: None, bed: None, facility: None, building: None, floor: None }
}

pub(crate) fn encounter_full() -> Encounter<'static> {
    Encounter {
        envelope: envelope_full(),
        trigger: "A02",
        sent_at: Some(Timestamp(0)),
        content_hash: Sha256([7; 32]),
        occurred_given: true,
        episode_id: Some("V1"),
        movement_id: Some("M1"),
        movement_action: Some(MovementAction::Update),
        patient_class_code: Some("I"),
        patient_class: PatientClass::Inpatient,
        place: Some(place_full()),
        prior_place: Some(place_bare()),
        unit_hsa_id: Some("SE2321000131-E000000000002"),
        unit_name: Some("Avdelning 41"),
        hospital_code: Some("51001"),
        hospital_name: Some("Sahlgrenska"),
        mvo: Some("101"),
        care_type: CareType::Somatic,
        responsible_unit: Some("AVD 42"),
        bed_kind: BedKind::EjDisponibel,
        admit_source: Some("7"),
        discharge_disposition: Some("01"),
        admitted_at: Some(Timestamp(1)),
        discharged_at: Some(Timestamp(2)),
        prior_subject_tokens: vec!["r14.v1.c"],
        prior_episode_id: Some("V0"),
        episode_authority: Some("SU"),
        prior_episode_authority: Some("OSTRA"),
        sending_facility: Some("SU"),
        sequence: Some(17),
        occurred_earliest: Some(Timestamp(3)),
        occurred_latest: Some(Timestamp(4)),
    }
}

pub(crate) fn encounter_bare() -> Encounter<'static> {
    Encounter {
        envelope: envelope_bare(),
        trigger: "A40",
        sent_at: None,
        content_hash: Sha256([0; 32]),
        occurred_given: false,
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
        prior_subject_tokens: vec![],
        prior_episode_id: None,
        episode_authority: None,
        prior_episode_authority: None,
        sending_facility: None,
        sequence: None,
        occurred_earliest: None,
        occurred_latest: None,
    }
}

#[test]
fn encounter() {
    check(&encounter_full(), &mut vec![]);
    check(&encounter_bare(), &mut vec![]);
    use BedKind::*;
    for bed_kind in [Disponibel, EjDisponibel, Teknisk, BedKind::Unknown] {
        check(&Encounter { bed_kind, ..encounter_bare() }, &mut vec![]);
    }
    use PatientClass::*;
    for patient_class in [Inpatient, Outpatient, Emergency, Preadmit, Recurring, Obstetrics, PatientClass::Unknown] {
        check(&Encounter { patient_class, ..encounter_bare() }, &mut vec![]);
    }
    for action in [MovementAction::Insert, MovementAction::Update, MovementAction::Cancel] {
        check(&Encounter { movement_action: Some(action), ..encounter_bare() }, &mut vec![]);
    }
    for kind in [CorrectionKind::New, CorrectionKind::Update, CorrectionKind::Cancel, CorrectionKind::Replace] {
        let envelope = Envelope { correction: Correction { kind, target_event_id: None }, ..envelope_bare() };
        check(&Encounter { envelope, ..encounter_bare() }, &mut vec![]);
    }
}

#[test]
fn bed_capacity() {
    let full = BedCapacity {
        envelope: envelope_full(),
        unit: "AVD 41",
        unit_hsa_id: Some("SE2321000131-E000000000002"),
        unit_name: Some("Avdelning 41"),
        hospital_code: Some("51001"),
        hospital_name: Some("Sahlgrenska"),
        mvo: Some("101"),
        care_type: CareType::Psychiatric,
        telephone: Some("031-000 00 00"),
        faststallda: Some(24),
        disponibla: Some(0),
        stangda: Some(i32::MAX),
        stangda_reason: Some(ClosedReason::Personal),
        valid_from: Timestamp(1),
        valid_to: Some(Timestamp(2)),
    };
    check(&full, &mut vec![]);
    use ClosedReason::*;
    for reason in [Personal, Hygien, Material, Lokal, Other] {
        check(&BedCapacity { stangda_reason: Some(reason), ..full.clone() }, &mut vec![]);
    }
    let bare = BedCapacity {
        envelope: envelope_bare(),
        unit_hsa_id: None,
        unit_name: None,
        hospital_code: None,
        hospital_name: None,
        mvo: None,
        care_type: CareType::Unknown,
        telephone: None,
        faststallda: None,
        disponibla: None,
        stangda: None,
        stangda_reason: None,
        valid_to: None,
        ..full
    };
    check(&bare, &mut vec![]);
}

#[test]
fn wait() {
    let full = Wait {
        envelope: envelope_full(),
        contact_id: "OPT1-å",
        referral_id: Some("R1"),
        status: WaitStatus::Completed,
        period: Some("2026-02"),
        phase: Some("2"),
        guarantee: Some(true),
        deviation: Some(Deviation::Pvv),
        decided_at: Some(Timestamp(1)),
        decided_is_date: false,
        started_at: Some(Timestamp(2)),
        started_is_date: true,
        medical_target_at: Some(Timestamp(3)),
        medical_target_is_date: false,
        referral_at: Some(Timestamp(-4)),
        referral_is_date: true,
        arrived_at: Some(Timestamp(5)),
        arrived_is_date: false,
        mvo: Some("511"),
        activity: Some("51101"),
        activity_kva: Some("CJE20"),
        activity_icd: Some("H259"),
        kva: Some("CJE20"),
        booking: Some("2"),
        contact_type: Some("0"),
        profession: Some("XS915"),
        emergency_kind: Some("0"),
        referrer_kind: Some("1"),
        referrer_hsa_id: Some("SE0000000000-OPT101"),
        region_code: Some("51"),
        region_hsa_id: Some("SE2321000131-E000000000001"),
        provider_hsa_id: Some("SE2321000131-E000000000002"),
        care_unit_hsa_id: Some("SE2321000131-E000000000003"),
        unit_hsa_id: Some("SE2321000131-E000000000004"),
        hospital_code: Some("501010"),
        hospital_name: Some("Sahlgrenska"),
        sex: Sex::Female,
        birth_year: Some(1948),
        lkf: Some("1480"),
        listing_hsa_id: Some("SE2321000131-E000000000005"),
        stated_wait_days: Some(-3),
        verbatim: BTreeMap::from([("guarantee", "JA"), ("sex", "K")]),
    };
    check(&full, &mut vec![]);
    for deviation in [Deviation::Mov, Deviation::Sov, Deviation::Other] {
        check(&Wait { deviation: Some(deviation), ..full.clone() }, &mut vec![]);
    }
    for status in [WaitStatus::Waiting, WaitStatus::Unknown] {
        let bare = Wait {
            envelope: envelope_bare(),
            status,
            referral_id: None,
            period: None,
            guarantee: None,
            deviation: None,
            started_at: None,
            birth_year: None,
            verbatim: BTreeMap::new(),
            ..full.clone()
        };
        check(&bare, &mut vec![]);
    }
}

#[test]
fn cost() {
    let full = Cost {
        envelope: envelope_full(),
        contact_id: "KPP-1",
        period: Some("2025"),
        cost_run_id: Some("2025-final-1"),
        care_form: CareForm::Inpatient,
        started_at: Some(Timestamp(1)),
        started_is_date: true,
        ended_at: Some(Timestamp(2)),
        ended_is_date: true,
        hospital_code: Some("501010"),
        hospital_name: Some("Sahlgrenska"),
        unit: Some("311-2"),
        mvo: Some("311"),
        admission_mode: Some("3"),
        discharge_mode: Some("1"),
        main_diagnosis: Some("S7200"),
        diagnoses: vec!["I109", "E119"],
        procedures: vec!["NFJ59"],
        drg: Some("H14N"),
        drg_weight: Some("1.873"),
        total_ore: Some(i64::MAX),
        components_ore: BTreeMap::from([("operation", 1), ("lab", -2)]),
        outlier: Some(true),
        sex: Sex::Male,
        birth_year: Some(1941),
        lkf: Some("1480"),
        verbatim: BTreeMap::from([("sex", "1")]),
    };
    check(&full, &mut vec![]);
    for care_form in [CareForm::Outpatient, CareForm::Primary, CareForm::Home, CareForm::Unknown] {
        check(&Cost { care_form, ..Cost::bare(envelope_bare(), "KPP-2") }, &mut vec![]);
    }
}

#[test]
fn clinical() {
    let code = Code {
        role: CodeRole::MainDiagnosis,
        system: CodeSystem::Icd10Se,
        code: "S7200",
        verbatim: Some("S72.00"),
        performed_at: Some(Timestamp(3)),
        performed_is_date: true,
        laterality: Laterality::Left,
        belongs_to: Some(0),
    };
    let with = |role, system, laterality| Code { role, system, laterality, ..code };
    let full = Clinical {
        envelope: envelope_full(),
        statement_id: "PAR-1",
        contact_id: Some("PAR-1"),
        episode_id: Some("V-1"),
        period: Some("2026-02"),
        care_form: CareForm::Inpatient,
        started_at: Some(Timestamp(1)),
        started_is_date: true,
        ended_at: Some(Timestamp(2)),
        ended_is_date: true,
        hospital_code: Some("501010"),
        hospital_name: Some("Sahlgrenska"),
        unit: Some("311-2"),
        mvo: Some("311"),
        admission_mode: Some("3"),
        discharge_mode: Some("1"),
        planned: Some(false),
        codes: vec![
            code,
            with(CodeRole::OtherDiagnosis, CodeSystem::SnomedCt, Laterality::Right),
            with(CodeRole::ExternalCause, CodeSystem::Other, Laterality::Both),
            with(CodeRole::Procedure, CodeSystem::Kva, Laterality::Unknown),
            with(CodeRole::Drug, CodeSystem::Atc, Laterality::Unknown),
            Code { verbatim: None, performed_at: None, belongs_to: None, role: CodeRole::Unknown, ..code },
        ],
        drg: Some("H14N"),
        r#final: Some(true),
        sex: Sex::Male,
        birth_year: Some(1941),
        lkf: Some("1480"),
        verbatim: BTreeMap::from([("sex", "1")]),
    };
    check(&full, &mut vec![]);
    check(&Clinical::bare(envelope_bare(), "PAR-2"), &mut vec![]);
}

#[test]
fn bed_status() {
    let full = BedStatus {
        envelope: envelope_full(),
        place: place_full(),
        status_code: "K",
        status: BedState::Contaminated,
        unit_hsa_id: Some("SE2321000131-E000000000002"),
        unit_name: Some("Avdelning 41"),
        hospital_code: Some("51001"),
        hospital_name: Some("Sahlgrenska"),
        mvo: Some("101"),
        care_type: CareType::Somatic,
    };
    use BedState::*;
    for status in [Closed, Housekeeping, Occupied, Unoccupied, Contaminated, Isolated, Unknown] {
        check(&BedStatus { status, ..full.clone() }, &mut vec![]);
    }
    let bare = BedStatus { envelope: envelope_bare(), place: place_bare(), unit_hsa_id: None, unit_name: None, ..full };
    check(&bare, &mut vec![]);
}

#[test]
fn person() {
    let full = Person {
        envelope: envelope_full(),
        trigger: "A31",
        birth_year: Some(1931),
        sex: Sex::Female,
        lkf: Some("1480"),
        dead: Some(false),
        linked_subject_tokens: vec!["r14.v1.c"],
    };
    for sex in [Sex::Male, Sex::Female, Sex::Other, Sex::Unknown] {
        check(&Person { sex, ..full.clone() }, &mut vec![]);
    }
    let bare = Person { birth_year: None, lkf: None, dead: None, linked_subject_tokens: vec![], ..full };
    check(&bare, &mut vec![]);
}

#[test]
fn parked() {
    let full = Parked {
        region: "14",
        source_system: "SE2321000131-E000000000001",
        feed: "adt",
        origin: Origin { topic: "region.14.source.adt", partition: 1, offset: 7, ordinal: 0 },
        received_at: Timestamp(1),
        fate: ParkedFate::Refused,
        rule: "visit-missing",
        field: Some("PV1-19"),
        remedy: "send PV1-19",
    };
    check(&full, &mut vec![]);
    check(&Parked { fate: ParkedFate::Parked, field: None, ..full }, &mut vec![]);
}

#[test]
fn protection() {
    let full = Protection {
        region: "14",
        source_system: "SE2321000131-E000000000001",
        subject_token: Some("r14.v1.a"),
        same_as: vec!["r14.v1.b", "r14.v1.c"],
        episode_id: Some("VISIT1"),
        protected_identity: true,
        subject: "encounter",
        received_at: Timestamp(1),
    };
    check(&full, &mut vec![]);
    let bare = Protection { subject_token: None, same_as: vec![], episode_id: None, protected_identity: false, ..full };
    check(&bare, &mut vec![]);
}

#[test]
fn objection() {
    let full = Objection {
        region: "14",
        subject_token: "r14.v1.a",
        verb: Verb::OptOut,
        scope: "research",
        held: vec![Held { since: Timestamp(1), until: Some(Timestamp(2)) }, Held { since: Timestamp(3), until: None }],
        ground: "EHDS art. 71",
        case_id: Some("RS 1"),
        stated_at: Timestamp(3),
    };
    for verb in [Verb::Oppose, Verb::OptOut, Verb::Erase] {
        check(&Objection { verb, ..full.clone() }, &mut vec![]);
    }
    check(&Objection { scope: "", held: vec![], case_id: None, ..full }, &mut vec![]);
}

#[test]
fn source_record() {
    for format in [Format::Hl7v2, Format::Delimited, Format::Debezium, Format::Fhir] {
        for recorded_at in [None, Some(Timestamp(5))] {
            let record = SourceRecord {
                region: "14",
                source_system: "SE2321000131-E000000000001",
                feed: "adt",
                format,
                message_id: "MSG00001",
                received_at: Timestamp(1),
                recorded_at,
                source_position: "connection 7, message 3",
                payload: b"MSH|^~\\&|\xff\x00\r",
                seal: None,
            };
            let bytes = encode(&record);
            let decoded: SourceRecord = Decoder::development().decode(&bytes).expect("decodes");
            assert!(decoded == record, "{format:?} with recorded_at {recorded_at:?}");
        }
    }
}
