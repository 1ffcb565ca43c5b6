//! An invented country at a frozen instant: every status word, age and kind of absence stands somewhere on it.
//!
//! Seeded and repeatable. No person: tokens are made up, and nothing of them may reach a page, which a test checks.

use std::collections::BTreeMap;
use std::time::Duration;

use board::live::Live;
use schemas::{
    BedCapacity, BedKind, CareType, ClosedReason, Correction, CorrectionKind, Encounter, Envelope, Origin,
    PatientClass, Place, SCHEMA_VERSION, Sha256, Timestamp,
};

pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Six minutes past six on a Sunday morning in November, Swedish time.
pub(crate) fn now() -> Timestamp {
    instant("2026-11-22T05:06:31Z")
}

pub(crate) fn instant(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

/// Text that is in every event and must be on no page: the subject token and the episode id start with these.
pub(crate) const PLANTED_TOKEN: &str = "r14.v1.plantedtoken";
pub(crate) const PLANTED_EPISODE: &str = "plantedepisode";

/// What is written of an encounter; the rest is the same for all.
#[derive(Clone)]
pub(crate) struct Movement<'a> {
    pub region: &'a str,
    pub source_system: &'a str,
    pub trigger: &'a str,
    pub episode: String,
    pub at: Timestamp,
    pub ingested: Timestamp,
    pub unit: &'a str,
    pub bed: &'a str,
    pub ward: Ward<'a>,
    pub responsible: Option<&'a str>,
    pub bed_kind: BedKind,
    pub correction: CorrectionKind,
    pub occurred_given: bool,
    /// Whose visit; without it everybody has one visit.
    pub person: Option<&'a str>,
    /// PV1-3.4
    pub facility: Option<&'a str>,
}

/// A ward as the unit directory describes it.
#[derive(Clone, Copy)]
pub(crate) struct Ward<'a> {
    pub name: &'a str,
    pub hospital_code: &'a str,
    pub hospital_name: &'a str,
    pub mvo: &'a str,
    pub care_type: CareType,
}

impl Movement<'_> {
    /// Gives the record to `then`; records borrow, so it cannot be returned.
    pub(crate) fn with<T>(&self, number: u64, then: impl FnOnce(&Encounter<'_>) -> T) -> T {
        let id = uuid::Uuid::from_u128(u128::from(number) << 64 | 0x8000_0000_0000_0000).to_string();
        let token = format!("{PLANTED_TOKEN}{}", self.person.unwrap_or(&self.episode));
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        let place = Some(Place {
            unit: self.unit,
            room: None,
            bed: Some(self.bed),
            facility: self.facility,
            building: None,
            floor: None,
        });
        // Who is registered and not admitted is in an emergency department.
        let arrives = self.trigger == "A04";
        then(&Encounter {
            envelope: Envelope {
                subject_token: Some(&token),
                correction: Correction { kind: self.correction, target_event_id: None },
                ..envelope(self.region, self.source_system, &id, self.at, self.ingested)
            },
            trigger: self.trigger,
            sent_at: Some(self.at),
            content_hash: Sha256(hash),
            occurred_given: self.occurred_given,
            episode_id: Some(&self.episode),
            movement_id: None,
            movement_action: None,
            patient_class_code: Some(if arrives { "E" } else { "I" }),
            patient_class: if arrives { PatientClass::Emergency } else { PatientClass::Inpatient },
            place,
            prior_place: None,
            unit_hsa_id: None,
            unit_name: Some(self.ward.name),
            hospital_code: Some(self.ward.hospital_code),
            hospital_name: Some(self.ward.hospital_name),
            mvo: Some(self.ward.mvo),
            care_type: self.ward.care_type,
            responsible_unit: self.responsible,
            bed_kind: self.bed_kind,
            admit_source: None,
            discharge_disposition: None,
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
        })
    }
}

/// The part of an event that all share.
pub(crate) fn envelope<'a>(
    region: &'a str,
    source: &'a str,
    id: &'a str,
    at: Timestamp,
    ingested: Timestamp,
) -> Envelope<'a> {
    Envelope {
        event_id: id,
        event_type: "encounter.admitted",
        schema_version: SCHEMA_VERSION,
        region,
        source_system: source,
        source_message_id: "1",
        origin: Origin { topic: "region.14.source.adt", partition: 0, offset: 0, ordinal: 0 },
        occurred_at: at,
        occurred_text: "",
        recorded_at: None,
        recorded_text: None,
        ingested_at: ingested,
        correction: Correction { kind: CorrectionKind::New, target_event_id: None },
        subject_token: None,
        subject_aliases: Vec::new(),
        key_id: None,
        protected_identity: false,
        quality: Vec::new(),
        extensions: BTreeMap::new(),
    }
}

/// What a ward declares.
pub(crate) struct Declaration<'a> {
    pub region: &'a str,
    pub source_system: &'a str,
    pub unit: &'a str,
    pub ward: Ward<'a>,
    pub telephone: Option<&'a str>,
    pub faststallda: Option<i32>,
    pub disponibla: Option<i32>,
    pub stangda: Option<i32>,
    pub reason: Option<ClosedReason>,
    pub from: Timestamp,
    pub to: Option<Timestamp>,
    pub not_receiving: Option<&'a str>,
    pub ingested: Timestamp,
}

impl Declaration<'_> {
    pub(crate) fn with<T>(&self, id: &str, then: impl FnOnce(&BedCapacity<'_>) -> T) -> T {
        let mut envelope = envelope(self.region, self.source_system, id, self.from, self.ingested);
        envelope.event_type = "bed.capacity";
        if let Some(reason) = self.not_receiving {
            envelope.extensions.insert("tar_inte_emot", reason);
        }
        then(&BedCapacity {
            envelope,
            unit: self.unit,
            unit_hsa_id: None,
            unit_name: Some(self.ward.name),
            hospital_code: Some(self.ward.hospital_code),
            hospital_name: Some(self.ward.hospital_name),
            mvo: Some(self.ward.mvo),
            care_type: self.ward.care_type,
            telephone: self.telephone,
            faststallda: self.faststallda,
            disponibla: self.disponibla,
            stangda: self.stangda,
            stangda_reason: self.reason,
            valid_from: self.from,
            valid_to: self.to,
        })
    }
}

/// A small generator of numbers, so that the country is the same on every run.
pub(crate) struct Dice(pub u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as i64) % bound.max(1)
    }
}

/// The seed of the country, printed by the tests that use it.
pub(crate) const SEED: u64 = 20_261_122;

const KINDS: [(&str, &str, CareType, i32); 12] = [
    ("Medicin", "101", CareType::Somatic, 24),
    ("Kirurgi", "301", CareType::Somatic, 22),
    ("Ortopedi", "311", CareType::Somatic, 26),
    ("Geriatrik", "241", CareType::Somatic, 20),
    ("Infektion", "121", CareType::Somatic, 14),
    ("Kardiologi", "107", CareType::Somatic, 18),
    ("Neurologi", "221", CareType::Somatic, 16),
    ("Lungmedicin", "111", CareType::Somatic, 18),
    ("Stroke", "221", CareType::Somatic, 15),
    ("Akutvårdsavdelning", "046", CareType::Somatic, 20),
    ("Psykiatri", "901", CareType::Psychiatric, 12),
    ("Beroendevård", "901", CareType::Psychiatric, 10),
];

/// How a region of the invented country is.
struct Area {
    region: &'static str,
    hospitals: &'static [(&'static str, &'static str, usize)],
    silent_for: i64,
}

const COUNTRY: [Area; 7] = [
    Area {
        region: "14",
        hospitals: &[
            ("501010", "Östra sjukhuset", 14),
            ("501020", "Mölndals sjukhus", 9),
            ("501030", "Skövde sjukhus", 11),
            ("501040", "Ängelbergs sjukhus", 6),
        ],
        silent_for: 20_000_000,
    },
    Area {
        region: "01",
        hospitals: &[("110010", "Södra sjukhuset", 12), ("110020", "Norra sjukhuset", 10)],
        silent_for: 9_000_000,
    },
    Area {
        region: "12",
        hospitals: &[("410010", "Åkarps lasarett", 9), ("410020", "Wettervåns sjukhus", 7)],
        silent_for: 3 * MINUTE,
    },
    Area { region: "21", hospitals: &[("610010", "Gävlestrands sjukhus", 6)], silent_for: 9 * MINUTE },
    Area { region: "23", hospitals: &[("640010", "Fjällbergs sjukhus", 5)], silent_for: 38 * MINUTE },
    Area { region: "09", hospitals: &[("260010", "Hansestadens lasarett", 3)], silent_for: 114 * MINUTE },
    Area { region: "24", hospitals: &[("650010", "Björkstadens sjukhus", 5)], silent_for: 12_000_000 },
];

/// The whole invented country.
pub(crate) fn country() -> Live {
    let mut live = Live::new(Duration::from_secs(8 * 24 * 3600), Duration::from_secs(1800));
    let mut dice = Dice(SEED);
    let mut number = 0;
    for place in &COUNTRY {
        let source = format!("SE2321000131-ADT{}", place.region);
        let last = Timestamp(now().0 - place.silent_for);
        let mut index = 0;
        for (hospital_code, hospital_name, wards) in place.hospitals {
            for ward in 0..*wards {
                let (kind, mvo, care_type, beds) = KINDS[ward % KINDS.len()];
                let name = format!("{kind} {}", 10 + ward + index);
                let unit = format!("{}{}", kind.chars().take(3).collect::<String>().to_uppercase(), 10 + ward + index);
                let about = Ward { name: &name, hospital_code, hospital_name, mvo, care_type };
                let site = Site { region: place.region, source: &source, unit: &unit, about, last, beds };
                fill(&mut live, &mut dice, &mut number, &site, index + ward);
            }
            index += wards;
        }
        let id = uuid::Uuid::from_u128(1).to_string();
        live.heard(&envelope(place.region, &source, &id, last, last));
    }
    doubtful(&mut live, number);
    live
}

/// What is odd in the country: a withdrawn discharge that never came, one person three times in a bed, and a code that
/// two facilities use.
fn doubtful(live: &mut Live, mut number: u64) {
    let ward = |kind: usize, name| {
        let (_, mvo, care_type, _) = KINDS[kind];
        Ward { name, hospital_code: "501010", hospital_name: "Östra sjukhuset", mvo, care_type }
    };
    let mut add = |trigger, unit, ward, person, facility| {
        number += 1;
        Movement {
            region: "14",
            source_system: "SE2321000131-ADT14",
            trigger,
            episode: format!("{PLANTED_EPISODE}odd{number}"),
            at: Timestamp(now().0 - 3 * HOUR),
            ingested: Timestamp(now().0 - 2 * HOUR),
            unit,
            bed: "7",
            ward,
            responsible: None,
            bed_kind: BedKind::Unknown,
            correction: CorrectionKind::New,
            occurred_given: true,
            person,
            facility,
        }
        .with(number, |event| live.encounter_recalled(event));
    };
    add("A13", "KIR11", ward(1, "Kirurgi 11"), None, None);
    for _ in 0..3 {
        add("A01", "ORT12", ward(2, "Ortopedi 12"), Some("odd"), None);
    }
    for facility in ["ÖSTRA", "MÖLNDAL"] {
        add("A01", "GER13", ward(3, "Geriatrik 13"), None, Some(facility));
    }
}

struct Site<'a> {
    region: &'a str,
    source: &'a str,
    unit: &'a str,
    about: Ward<'a>,
    last: Timestamp,
    beds: i32,
}

fn fill(live: &mut Live, dice: &mut Dice, number: &mut u64, site: &Site<'_>, index: usize) {
    let start = now().0 - 9 * DAY;
    let without_capacity = site.region == "14" && index % 13 == 7;
    if !without_capacity {
        for (days, closed) in [(9, 0), (3, 1 + dice.below(3) as i32), (0, dice.below(4) as i32)] {
            let from = Timestamp(if days == 0 { site.last.0 - 7 * HOUR } else { now().0 - days * DAY });
            let reasons = [ClosedReason::Personal, ClosedReason::Personal, ClosedReason::Hygien, ClosedReason::Lokal];
            *number += 1;
            Declaration {
                region: site.region,
                source_system: site.source,
                unit: site.unit,
                ward: site.about,
                telephone: (index % 6 != 4).then_some("010-441 00 00"),
                faststallda: Some(site.beds),
                disponibla: (index % 29 != 21).then_some(site.beds - closed),
                stangda: Some(closed),
                reason: (closed > 0).then_some(reasons[index % 4]),
                from,
                to: None,
                not_receiving: (days == 0 && index % 17 == 12).then_some("HYGIEN"),
                ingested: from,
            }
            .with(&uuid::Uuid::from_u128(u128::from(*number)).to_string(), |statement| live.capacity(statement));
        }
    }
    let slots = site.beds - dice.below(5) as i32 + [3, -4, 0, -1, 2, -6, -1][index % 7];
    for slot in 0..slots.max(1) {
        let mut at = start + dice.below(2 * DAY);
        let mut visit = 0;
        while at < site.last.0 {
            let length = 10 * HOUR + dice.below(4 * DAY);
            let beyond = slot >= site.beds - 1 && index.is_multiple_of(2);
            *number += 1;
            let mut movement = Movement {
                region: site.region,
                source_system: site.source,
                trigger: "A01",
                episode: format!("{PLANTED_EPISODE}{}{}{slot}v{visit}", site.region, site.unit),
                at: Timestamp(at),
                ingested: Timestamp((at + MINUTE).min(site.last.0)),
                unit: site.unit,
                bed: if beyond { "KORR" } else { "1" },
                ward: site.about,
                responsible: (dice.below(22) == 0).then_some("ANNAN"),
                bed_kind: match (beyond, index % 3) {
                    (true, _) => BedKind::EjDisponibel,
                    (false, 2) => BedKind::Unknown,
                    (false, _) => BedKind::Disponibel,
                },
                correction: CorrectionKind::New,
                occurred_given: true,
                person: None,
                facility: None,
            };
            movement.with(*number, |event| live.encounter_recalled(event));
            at += length;
            if at < site.last.0 {
                *number += 1;
                movement.trigger = "A03";
                movement.at = Timestamp(at);
                movement.ingested = Timestamp((at + MINUTE).min(site.last.0));
                movement.with(*number, |event| live.encounter_recalled(event));
                if index % 9 == 3 && slot == 1 && site.last.0 - at < 2 * DAY {
                    *number += 1;
                    movement.trigger = "A13";
                    movement.correction = CorrectionKind::Cancel;
                    movement.ingested = Timestamp((at + 2 * HOUR).min(site.last.0));
                    movement.with(*number, |event| live.encounter_recalled(event));
                    break;
                }
            }
            at += dice.below(9 * HOUR);
            visit += 1;
        }
    }
}
