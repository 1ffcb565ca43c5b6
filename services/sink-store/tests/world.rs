//! What the tests share: servers, databases, and records of an invented region.

use std::sync::LazyLock;

use local_stack::{Kafka, Postgres};
use schemas::{
    BedCapacity, BedKind, BedState, BedStatus, CareType, Clinical, Correction, CorrectionKind, Encoder, Encounter,
    Envelope, Finding, Held, Kind, Objection, Origin, PatientClass, Person, Place, SCHEMA_VERSION, Severity, Sex,
    Sha256, Subject, TECHNICAL_BEDS, TechnicalBeds, Timestamp, Verb, Wait, WaitStatus, event_id, registry,
};
use sha2::Digest;
use sink_store::{Heard, Record, Session, Store, fingerprint, project};
use tokio_postgres::Client;

pub(crate) static POSTGRES: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().expect("PostgreSQL starts"));
pub(crate) static KAFKA: LazyLock<Kafka> = LazyLock::new(|| Kafka::start().expect("Kafka starts"));

pub(crate) const SYSTEM: &str = "SE2321000131-S000000000014";
pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
/// 2026-01-05 00:00 in Stockholm, a Monday.
pub(crate) const MONDAY: i64 = 1_767_567_600_000_000;

/// A fresh, migrated database.
pub(crate) async fn database(regions: &[&str]) -> String {
    let url = POSTGRES.fresh_database().expect("a database is created");
    let session = Session::open(&url).await.expect("the new database answers");
    sink_store::migrate(&session, &owned(regions)).await.expect("migrations apply");
    url
}

pub(crate) fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A plain connection as the superuser.
pub(crate) async fn connect(url: &str) -> Client {
    let address: postgresql::Address = url.parse().expect("an address");
    address.connect("test").await.expect("the database answers")
}

/// Makes a login, with what stands behind CREATE ROLE, and gives its address. Whoever makes it drops it.
pub(crate) async fn login(superuser: &Client, url: &str, name: &str, has: &str) -> String {
    superuser.batch_execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'test' {has}")).await.expect("a login is made");
    let (_, address) = url.split_once('@').expect("an address with a user");
    format!("postgres://{name}:test@{address}")
}

pub(crate) async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.expect(sql).get(0)
}

/// Everything the store says, as text.
pub(crate) async fn content(url: &str) -> String {
    let session = Session::open(url).await.expect("the database answers");
    fingerprint(&session).await.expect("the tables can be read").to_string()
}

/// One record as a source would cause it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Made {
    pub kind: Kind,
    pub value: Vec<u8>,
}

/// Facts of an Encounter that tests vary.
#[derive(Clone, Debug)]
pub(crate) struct Visit<'a> {
    pub trigger: &'a str,
    pub at: i64,
    /// The source says when it happened (EVN-6).
    pub given: bool,
    pub subject: Option<&'a str>,
    pub aliases: Vec<&'a str>,
    pub episode: Option<&'a str>,
    pub place: Option<(&'a str, &'a str)>,
    pub prior: Option<(&'a str, &'a str)>,
    pub prior_subjects: Vec<&'a str>,
    pub prior_episode: Option<&'a str>,
    pub responsible: Option<&'a str>,
    pub bed_kind: BedKind,
    /// The region leaves technical beds out.
    pub left_out: bool,
    pub finding: Option<&'a str>,
    pub class: PatientClass,
    pub received: i64,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(trigger: &'a str, at: i64, subject: &'a str, episode: &'a str) -> Self {
        Self {
            trigger,
            at,
            given: true,
            subject: Some(subject),
            aliases: Vec::new(),
            episode: Some(episode).filter(|episode| !episode.is_empty()),
            place: None,
            prior: None,
            prior_subjects: Vec::new(),
            prior_episode: None,
            responsible: None,
            bed_kind: BedKind::Unknown,
            left_out: false,
            finding: None,
            class: PatientClass::Inpatient,
            received: at + 5 * MINUTE,
        }
    }

    pub(crate) fn with_alias(mut self, alias: &'a str) -> Self {
        self.aliases.push(alias);
        self
    }

    pub(crate) fn to(mut self, unit: &'a str, bed: &'a str) -> Self {
        self.place = Some((unit, bed));
        self
    }

    pub(crate) fn from(mut self, unit: &'a str, bed: &'a str) -> Self {
        self.prior = Some((unit, bed));
        self
    }

    pub(crate) fn made(&self, region: &str) -> Made {
        let text = format!("{self:?}");
        let quality: Vec<Finding<'_>> =
            self.finding.iter().map(|rule| Finding { rule, severity: Severity::Warning, field: "PV1-3" }).collect();
        let place = |place: Option<(&'a str, &'a str)>| {
            place.map(|(unit, bed)| Place {
                unit,
                room: Some("1"),
                bed: Some(bed),
                facility: None,
                building: None,
                floor: None,
            })
        };
        made(region, Kind::Encounter, &text, self.at, self.subject, quality, |envelope, hash| Encounter {
            envelope: Envelope {
                ingested_at: Timestamp(self.received),
                subject_aliases: self.aliases.clone(),
                extensions: self
                    .left_out
                    .then_some((TECHNICAL_BEDS, TechnicalBeds::LeftOut.word()))
                    .into_iter()
                    .collect(),
                ..envelope
            },
            trigger: self.trigger,
            sent_at: Some(Timestamp(self.at + MINUTE)),
            content_hash: hash,
            occurred_given: self.given,
            episode_id: self.episode,
            movement_id: None,
            movement_action: None,
            patient_class_code: Some("I"),
            patient_class: self.class,
            place: place(self.place),
            prior_place: place(self.prior),
            unit_hsa_id: None,
            unit_name: self.place.map(|(unit, _)| unit),
            hospital_code: Some("501010"),
            hospital_name: Some("Östra sjukhuset"),
            mvo: Some("101"),
            care_type: CareType::Somatic,
            responsible_unit: self.responsible,
            bed_kind: self.bed_kind,
            admit_source: None,
            discharge_disposition: None,
            admitted_at: None,
            discharged_at: None,
            prior_subject_tokens: self.prior_subjects.clone(),
            prior_episode_id: self.prior_episode,
            episode_authority: None,
            prior_episode_authority: None,
            sending_facility: None,
            sequence: None,
            occurred_earliest: None,
            occurred_latest: None,
        })
    }
}

pub(crate) fn person(region: &str, at: i64, subject: &str, year: i32) -> Made {
    made(region, Kind::Person, &format!("{subject} {year}"), at, Some(subject), Vec::new(), |envelope, _| Person {
        envelope,
        trigger: "A08",
        birth_year: Some(year),
        sex: Sex::Female,
        lkf: Some("1480"),
        dead: None,
        linked_subject_tokens: Vec::new(),
    })
}

/// What is said of a person whom a record marks that became nothing else.
pub(crate) fn mark(region: &str, at: i64, subject: &str) -> Made {
    made(region, Kind::Person, &format!("{subject} marked"), at, Some(subject), Vec::new(), |envelope, _| Person {
        envelope: Envelope { event_type: Person::MARK, protected_identity: true, ..envelope },
        trigger: "A31",
        birth_year: None,
        sex: Sex::Unknown,
        lkf: None,
        dead: None,
        linked_subject_tokens: Vec::new(),
    })
}

pub(crate) fn wait(region: &str, at: i64, contact: &str, period: &str, finding: Option<&str>) -> Made {
    let text = format!("{contact} {period} {at}");
    let quality =
        finding.iter().map(|rule| Finding { rule, severity: Severity::Warning, field: "vardgaranti" }).collect();
    made(region, Kind::Wait, &text, at, None, quality, |envelope, _| Wait {
        period: Some(period),
        ..Wait::bare(envelope, contact, WaitStatus::Completed)
    })
}

/// A statement whose person's identity is protected; `aliases` are the person's other pseudonyms.
pub(crate) fn protected_wait<'a>(region: &'a str, at: i64, subject: &'a str, aliases: &[&'a str]) -> Made {
    made(region, Kind::Wait, subject, at, Some(subject), Vec::new(), |envelope, _| {
        let envelope = Envelope { protected_identity: true, subject_aliases: aliases.to_vec(), ..envelope };
        Wait { period: Some("2026-01"), ..Wait::bare(envelope, "W", WaitStatus::Waiting) }
    })
}

/// A statement of a person who has other pseudonyms.
pub(crate) fn wait_of<'a>(region: &'a str, at: i64, subject: &'a str, aliases: &[&'a str]) -> Made {
    made(region, Kind::Wait, subject, at, Some(subject), Vec::new(), |envelope, _| {
        let envelope = Envelope { subject_aliases: aliases.to_vec(), ..envelope };
        Wait { period: Some("2026-01"), ..Wait::bare(envelope, subject, WaitStatus::Waiting) }
    })
}

/// Codes of an episode of which nobody says whose it is.
pub(crate) fn codes<'a>(region: &'a str, at: i64, episode: &'a str) -> Made {
    made(region, Kind::Clinical, &format!("{episode} {at}"), at, None, Vec::new(), |envelope, _| Clinical {
        episode_id: Some(episode),
        period: Some("2026-01"),
        ..Clinical::bare(envelope, episode)
    })
}

/// A statement of an episode that says that its person's identity is protected, and not who that is.
pub(crate) fn protected_codes<'a>(region: &'a str, at: i64, episode: &'a str) -> Made {
    made(region, Kind::Clinical, episode, at, None, Vec::new(), |envelope, _| {
        let envelope = Envelope { protected_identity: true, ..envelope };
        Clinical { episode_id: Some(episode), period: Some("2026-01"), ..Clinical::bare(envelope, episode) }
    })
}

pub(crate) fn capacity(region: &str, recorded: i64, unit: &str, from: i64, to: Option<i64>, disponibla: i32) -> Made {
    let text = format!("{unit} {from} {disponibla}");
    made(region, Kind::BedCapacity, &text, recorded, None, Vec::new(), |envelope, _| BedCapacity {
        envelope,
        unit,
        unit_hsa_id: None,
        unit_name: Some(unit),
        hospital_code: Some("501010"),
        hospital_name: None,
        mvo: None,
        care_type: CareType::Somatic,
        telephone: Some("010-000 00 00"),
        faststallda: Some(disponibla + 2),
        disponibla: Some(disponibla),
        stangda: Some(2),
        stangda_reason: None,
        valid_from: Timestamp(from),
        valid_to: to.map(Timestamp),
    })
}

pub(crate) fn bed(region: &str, at: i64, unit: &str, bed: &str, status: BedState) -> Made {
    let text = format!("{unit} {bed} {status:?} {at}");
    made(region, Kind::BedStatus, &text, at, None, Vec::new(), |envelope, _| BedStatus {
        envelope,
        place: Place { unit, room: None, bed: Some(bed), facility: None, building: None, floor: None },
        status_code: "H",
        status,
        unit_hsa_id: None,
        unit_name: None,
        hospital_code: None,
        hospital_name: None,
        mvo: None,
        care_type: CareType::Unknown,
    })
}

fn made<'a, R: schemas::Record + 'a>(
    region: &'a str,
    kind: Kind,
    text: &str,
    at: i64,
    subject: Option<&'a str>,
    quality: Vec<Finding<'a>>,
    record: impl FnOnce(Envelope<'a>, Sha256) -> R,
) -> Made {
    let hash = Sha256(sha2::Sha256::digest(format!("{kind:?} {at} {text}")).into());
    let id: &'static str = event_id(SYSTEM, "MSG", &hash, 0).to_string().leak();
    let envelope = Envelope {
        event_id: id,
        event_type: "encounter.updated",
        schema_version: SCHEMA_VERSION,
        region,
        source_system: SYSTEM,
        source_message_id: "MSG",
        origin: Origin { topic: "region.14.source.adt", partition: 0, offset: 0, ordinal: 0 },
        occurred_at: Timestamp(at),
        occurred_text: "",
        recorded_at: Some(Timestamp(at)),
        recorded_text: None,
        ingested_at: Timestamp(at + 5 * MINUTE),
        correction: Correction { kind: CorrectionKind::New, target_event_id: None },
        subject_token: subject,
        subject_aliases: Vec::new(),
        key_id: Some("v1"),
        protected_identity: false,
        quality,
        extensions: Default::default(),
    };
    let mut value = Vec::new();
    Encoder::new(kind, registry::development_id_current(kind))
        .encode(&record(envelope, hash), &mut value)
        .expect("our own record fits its schema");
    Made { kind, value }
}

/// What a person says of the use of the person's data: the times that it held, and when it was said.
pub(crate) fn objection(
    region: &str,
    subject: &str,
    verb: Verb,
    scope: &str,
    held: &[(i64, Option<i64>)],
    stated_at: i64,
) -> Made {
    let kind = Kind::Objection;
    let held = held.iter().map(|(since, until)| Held { since: Timestamp(*since), until: until.map(Timestamp) });
    let said = Objection {
        region,
        subject_token: subject,
        verb,
        scope,
        held: held.collect(),
        ground: "test",
        case_id: None,
        stated_at: Timestamp(stated_at),
    };
    let mut value = Vec::new();
    Encoder::new(kind, registry::development_id_current(kind)).encode(&said, &mut value).expect("it fits its schema");
    Made { kind, value }
}

/// Gives records to a store as the worker does.
pub(crate) struct Feeder {
    pub url: String,
    pub region: String,
    pub store: Store,
    next: i64,
}

impl Feeder {
    pub(crate) async fn new(url: &str, region: &str) -> Self {
        Self::new_as(url, url, region).await
    }

    /// `url` is the store's own login, `superuser` looks where it may not.
    pub(crate) async fn new_as(url: &str, superuser: &str, region: &str) -> Self {
        let mut store = Store::open(url, &owned(&[region])).await.expect("the store opens");
        for kind in Subject::ALL.map(Subject::kind).into_iter().chain([Kind::Objection]) {
            let id = registry::development_id_current(kind);
            store.add_schema(region, id, kind.avsc()).await.expect("a schema is remembered");
        }
        // Every feeder sends anew: its origins lie above all earlier ones.
        let client = connect(superuser).await;
        let next = count(&client, "SELECT COALESCE(max(origin_offset) + 1, 0) FROM delivery.origin").await;
        Self { url: url.to_owned(), region: region.to_owned(), store, next }
    }

    pub(crate) async fn try_write(&mut self, events: &[Made]) -> Result<sink_store::Written, sink_store::Error> {
        let origins: Vec<Vec<u8>> = (self.next..)
            .take(events.len())
            .map(|offset| format!("region.{}.source.adt/0/{offset}/0", self.region).into_bytes())
            .collect();
        let sources: Vec<usize> = events
            .iter()
            .map(|event| {
                let kind = |source: &sink_store::Source| source.subject.kind() == event.kind;
                self.store.sources().iter().position(kind).expect("every kind has a topic")
            })
            .collect();
        let records: Vec<Record<'_>> = events
            .iter()
            .zip(&origins)
            .zip(sources)
            .zip(self.next..)
            .map(|(((event, origin), source), offset)| Record {
                source,
                partition: 0,
                offset,
                origin: Some(origin),
                value: &event.value,
            })
            .collect();
        let written = self.store.write(&self.region.clone(), &records).await?;
        self.erase().await;
        self.next += i64::try_from(events.len()).unwrap();
        Ok(written)
    }

    pub(crate) async fn write(&mut self, events: &[Made]) -> sink_store::Written {
        self.try_write(events).await.expect("the batch is written")
    }

    /// Gives the store what persons say, all at once.
    pub(crate) async fn hear(&mut self, said: &[Made]) -> Heard {
        let source = self.store.sources().len();
        let records: Vec<Record<'_>> = said
            .iter()
            .zip(self.next..)
            .map(|(made, offset)| Record { source, partition: 0, offset, origin: None, value: &made.value })
            .collect();
        let heard = self.store.hear(&self.region.clone(), &records).await.expect("it is written");
        self.erase().await;
        self.next += i64::try_from(said.len()).unwrap();
        heard
    }

    /// As the worker does: at once, where somebody is to be erased.
    async fn erase(&mut self) {
        while self.store.is_erasing(&self.region) {
            self.store.erase(&self.region.clone()).await.expect("it is erased");
        }
    }

    /// Computes until nothing is left to compute; returns how many events were computed together at most.
    pub(crate) async fn project(&self) -> usize {
        let session = Session::open(&self.url).await.expect("the database answers");
        let mut most = 0;
        loop {
            let done = project(&session, self.store.decoder(), &self.region).await.expect("projections are computed");
            most = most.max(done.events_max);
            if done.batches == 0 {
                return most;
            }
        }
    }

    pub(crate) async fn feed(&mut self, events: &[Made]) {
        self.write(events).await;
        self.project().await;
    }
}

/// A small generator, so that a seed replays a test on every machine.
pub(crate) struct Dice(pub u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for n in (1..items.len()).rev() {
            items.swap(n, usize::try_from(self.roll(n as u64 + 1)).unwrap());
        }
    }
}

/// Weeks of an invented hospital: admissions, moves, discharges, cancellations, merges, moved visits, capacity, bed status.
pub(crate) fn weeks(region: &str, seed: u64, patients: u64) -> Vec<Made> {
    const UNITS: [&str; 5] = ["AVA", "MED 41", "KIR 2", "IVA", "ÖNH"];
    const BEDS: [&str; 4] = ["1", "2", "3", "4"];
    let mut dice = Dice(seed);
    let mut events = Vec::new();
    for unit in UNITS {
        for day in 0..14 {
            let from = MONDAY + day * DAY + 7 * HOUR;
            let size = 10 + i32::try_from(dice.roll(4)).unwrap();
            events.push(capacity(
                region,
                from - HOUR,
                unit,
                from,
                (dice.roll(3) == 0).then_some(from + 8 * HOUR),
                size,
            ));
            if dice.roll(3) == 0 {
                events.push(capacity(region, from - HOUR / 2, unit, from, None, size - 1));
            }
        }
        for n in 0..6 {
            let status = if dice.roll(2) == 0 { BedState::Closed } else { BedState::Unoccupied };
            events.push(bed(region, MONDAY + n * DAY, unit, BEDS[usize::try_from(dice.roll(4)).unwrap()], status));
        }
    }
    let token = |n: u64| format!("r{region}.v1.person{n}");
    for n in 0..patients {
        let (subject, episode) = (token(n), format!("E{n}"));
        let mut at = MONDAY + i64::try_from(dice.roll(10 * 24 * 60)).unwrap() * MINUTE;
        let mut pick = || (UNITS[usize::try_from(dice.roll(5)).unwrap()], BEDS[usize::try_from(dice.roll(4)).unwrap()]);
        let mut here = pick();
        let mut visit = Visit::new("A01", at, &subject, &episode).to(here.0, here.1);
        visit.bed_kind = if n % 7 == 0 { BedKind::EjDisponibel } else { BedKind::Unknown };
        visit.responsible = (n % 5 == 0).then_some("KIR 2");
        visit.finding = (n % 6 == 0).then_some("unit-unknown");
        events.push(visit.made(region));
        events.push(person(region, at, &subject, 1950 + i32::try_from(n % 60).unwrap()));
        for move_number in 0..n % 4 {
            at += i64::try_from(1 + (n * 37 + move_number * 11) % 1800).unwrap() * MINUTE;
            let there = UNITS[usize::try_from((n + move_number) % 5).unwrap()];
            let moved = Visit::new("A02", at, &subject, &episode).to(there, "2").from(here.0, here.1);
            events.push(moved.made(region));
            if (n + move_number) % 6 == 0 {
                let mut cancel = Visit::new("A12", at, &subject, &episode).from(there, "2").to(here.0, here.1);
                cancel.given = true;
                cancel.prior = Some((there, "2"));
                events.push(cancel.made(region));
            } else {
                here = (there, "2");
            }
        }
        if n % 3 != 0 {
            at += 5 * HOUR;
            events.push(Visit::new("A03", at, &subject, &episode).to(here.0, here.1).made(region));
            if n % 8 == 0 {
                events.push(Visit::new("A13", at, &subject, &episode).made(region));
            }
        }
        if n % 9 == 4 {
            // The person turns out to be an earlier one.
            let survivor = token(n - 1);
            let mut merge = Visit { episode: None, ..Visit::new("A40", at + HOUR, &survivor, "") };
            merge.prior_subjects = vec![&subject];
            events.push(merge.made(region));
            // A discharge that names no visit.
            if n % 2 == 0 {
                let late = Visit { episode: None, ..Visit::new("A03", at + 2 * HOUR, &survivor, "") };
                events.push(late.made(region));
            }
        }
        if n % 11 == 6 {
            let other = format!("E{}", n - 2);
            let owner = token(n - 2);
            let mut moved = Visit::new("A45", at + HOUR, &owner, &other);
            moved.prior_episode = Some(&episode);
            events.push(moved.made(region));
        }
    }
    events
}
