//! What a declared mapping costs beside the same mapping written by hand for the one table.
//!
//! Both read the same source records, make the same events to the byte, and encode them into a buffer; both run on one thread
//! without Kafka and without the worker that counts and hands over. The hand-written one knows the order of the columns and
//! every code.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use hl7::time::Stockholm;
use identity::Key;
use processor::{
    directory::Directory,
    mapping::Program,
    pipeline::{Outcome, Pipeline, Settings, Sink},
    throughput,
};
use schemas::{
    Common, Correction, CorrectionKind, Decoder, Deviation, Encoder, Envelope, Kind, Origin, Parked, SCHEMA_VERSION,
    Sex, SourceRecord, Timestamp, Wait, WaitStatus, content_hash, event_id, registry,
};
use serde::Serialize;
use topics::Region;

use super::{Error, report::Spread};

/// Where the events of the benchmarks say that they come from.
pub(super) const ORIGIN_TOPIC: &str = "region.14.source.waiting-times";

const ROWS: usize = 20_000;
const PASSES: u32 = 5;

/// Nanoseconds per row, from the source record's bytes to the event's.
#[derive(Debug, Serialize)]
pub struct Mapping {
    pub(crate) declared_ns: Spread,
    pub(crate) by_hand_ns: Spread,
    /// The first beside the second, round by round.
    pub ratio: Spread,
}

/// Measures in rounds that take turns.
///
/// # Errors
/// When a row cannot be mapped, or the two do not make the same events.
pub fn measure(rounds: usize, progress: &mut dyn FnMut(&str)) -> Result<Mapping, Error> {
    let region = Region::all().find(|region| region.code() == "14").ok_or_else(|| failed("region 14"))?;
    let payloads: Vec<Vec<u8>> = (0..ROWS).map(row).collect();
    let records = throughput::row_records(region, "waiting-times", payloads.iter().map(Vec::as_slice));
    let program = || Program::load(Path::new("waiting-times")).map_err(|error| failed(&runtime::exit::chain(&error)));
    let mut by_hand = ByHand::new();
    let (mut declared_ns, mut by_hand_ns, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        progress(&format!("mapping {} rows, round {round} of {rounds}", ROWS * PASSES as usize));
        let mut declared = Declared::new(region, program()?)?;
        let (mut by_package, mut by_hand_took) = (Duration::ZERO, Duration::ZERO);
        let (mut declared_bytes, mut bytes) = (0, 0);
        // Pass by pass in turns, so that what else runs on the machine slows both.
        for _ in 0..PASSES {
            let started = Instant::now();
            for (offset, record) in (0..).zip(&records) {
                let made = declared.map(record, offset).ok_or_else(|| failed("by the package"))?;
                declared_bytes += black_box(made).len() as u64;
            }
            by_package += started.elapsed();
            let started = Instant::now();
            for (offset, record) in (0..).zip(&records) {
                let made = by_hand.map(record, offset).ok_or_else(|| failed("by hand"))?;
                bytes += black_box(made).len() as u64;
            }
            by_hand_took += started.elapsed();
        }
        let same = (0..).zip(&records).all(|(offset, record)| {
            let made = declared.map(record, offset).map(<[u8]>::to_vec);
            made.is_some() && made.as_deref() == by_hand.map(record, offset)
        });
        if bytes != declared_bytes || !same {
            return Err(failed(&format!("the package made {declared_bytes} bytes, the hand {bytes}, and they differ")));
        }
        let per_row = |took: Duration| took.as_nanos() as f64 / f64::from(PASSES) / ROWS as f64;
        declared_ns.push(per_row(by_package));
        by_hand_ns.push(per_row(by_hand_took));
        ratio.push(per_row(by_package) / per_row(by_hand_took));
    }
    Ok(Mapping { declared_ns: Spread::of(declared_ns), by_hand_ns: Spread::of(by_hand_ns), ratio: Spread::of(ratio) })
}

fn failed(what: &str) -> Error {
    Error::Mapping(what.to_owned())
}

const HEADER: &str = "beslut_datum;start_datum;medicinskt_maldatum;matperiod;kva_kod;mvo_kod;aktivitetskod;aktivitet_kva;aktivitet_icd;\
    vardgaranti;avvikelsekod;regionkod;hsaid_region;hsaid_vardgivare;hsaid_vardenhet;hsaid_enhet;sjukhuskod;sjukhusnamn;\
    yrkeskategori;bokningssatt;vardkontakttyp;kon;fodelsear;lkf;hsaid_listning;remittenttyp;remittent_hsaid;remiss_id;\
    remiss_datum;ankomst_datum;vardkontakt_id;fas;typ_akutverksamhet;status;vantetid_dagar";
const COLUMNS: usize = 35;

/// A row that looks like the pilots', different for every number.
fn row(number: usize) -> Vec<u8> {
    let day = number % 28 + 1;
    let hour = number % 12 + 7;
    let deviation = ["", "", "", "1", "2"][number % 5];
    let text = format!(
        "{HEADER}\n2026-01-{day:02}T{hour:02}:30:00;2026-02-{day:02}T08:00:00;2026-04-01T00:00:00;2026-02-28T00:00:00;CJE20;511;51101;\
         CJE20;H25.9;JA;{deviation};51;SE2321000131-E000000000001;SE2321000131-E000000000002;SE0000000000-OPT{hour:03};\
         SE0000000000-OPT{day:03};5010{hour:02};Sahlgrenska universitetssjukhuset;XS915;2;0;{};19{:02};1480;\
         SE2321000131-E000000000005;1;SE2321000131-E000000000006;R-{number};2025-12-{day:02}T10:00:00;2025-12-{day:02}T12:00:00;\
         OPT101-{number};2;0;GENOMFORD;31",
        number % 2 + 1,
        number % 60 + 30,
    );
    text.into_bytes()
}

/// The mapping that the package declares.
struct Declared {
    decoder: Decoder,
    pipeline: Pipeline,
    sink: Encoding,
}

/// Events of the benchmark's rows, for whoever wants them in a store.
pub(super) struct Events {
    declared: Declared,
    region: Region,
}

impl Events {
    pub(super) fn new(region: Region) -> Result<Self, Error> {
        let program =
            Program::load(Path::new("waiting-times")).map_err(|error| failed(&runtime::exit::chain(&error)))?;
        Ok(Self { declared: Declared::new(region, program)?, region })
    }

    /// The event of a row, as it stands in Kafka.
    pub(super) fn event(&mut self, number: usize, offset: i64) -> Result<Vec<u8>, Error> {
        let payload = row(number);
        let records = throughput::row_records(self.region, "waiting-times", [payload.as_slice()]);
        let made = records.first().and_then(|record| self.declared.map(record, offset));
        made.map(<[u8]>::to_vec).ok_or_else(|| failed("a row"))
    }
}

/// Encodes what the pipeline makes; rows of this table make nothing but waits.
struct Encoding {
    encoder: Encoder,
    out: Vec<u8>,
}

impl Declared {
    fn new(region: Region, program: Program) -> Result<Self, Error> {
        let key = Key::from_bytes(&std::array::from_fn(|at| at as u8)).map_err(|_| failed("a key"))?;
        let settings = Settings {
            region: region.code().to_owned(),
            key,
            key_id: "v1".to_owned(),
            directory: Directory::default(),
            programs: vec![program],
            interim: false,
        };
        let pipeline = Pipeline::new(settings).map_err(|_| failed("a pipeline"))?;
        let encoder = Encoder::new(Kind::Wait, registry::development_id_current(Kind::Wait));
        Ok(Self { decoder: Decoder::development(), pipeline, sink: Encoding { encoder, out: Vec::new() } })
    }

    fn map(&mut self, record: &[u8], offset: i64) -> Option<&[u8]> {
        let source: SourceRecord<'_> = self.decoder.decode(record).ok()?;
        self.sink.out.clear();
        let origin = Origin { topic: ORIGIN_TOPIC, partition: 0, offset, ordinal: 0 };
        let outcome = self.pipeline.process(&source, origin, &mut self.sink);
        matches!(outcome, Outcome::Mapped(1)).then_some(self.sink.out.as_slice())
    }
}

impl Sink for Encoding {
    fn event<'e, E: Common<'e>>(&mut self, event: &E) {
        // A record that does not fit its schema, or is no wait, leaves no bytes, which the comparison sees.
        let _ = self.encoder.encode(event, &mut self.out);
    }

    fn parked(&mut self, _: &Parked<'_>) {}
}

/// The mapping that an engineer would write for this one table.
struct ByHand {
    decoder: Decoder,
    encoder: Encoder,
    stockholm: Stockholm,
    out: Vec<u8>,
}

impl ByHand {
    fn new() -> Self {
        Self {
            decoder: Decoder::development(),
            encoder: Encoder::new(Kind::Wait, registry::development_id_current(Kind::Wait)),
            stockholm: Stockholm::new(),
            out: Vec::new(),
        }
    }

    fn map(&mut self, record: &[u8], offset: i64) -> Option<&[u8]> {
        let source: SourceRecord<'_> = self.decoder.decode(record).ok()?;
        let text = std::str::from_utf8(source.payload).ok()?;
        let (header, row) = text.split_once('\n')?;
        if header != HEADER {
            return None;
        }
        let mut cells = [""; COLUMNS];
        let mut count = 0;
        for cell in row.split(';') {
            *cells.get_mut(count)? = cell.trim();
            count += 1;
        }
        if count != COLUMNS {
            return None;
        }
        let stockholm = &mut self.stockholm;
        let mut time = |cell: &str| stamp(cell, stockholm);
        let decided = time(cells[0]);
        let started = time(cells[1]);
        let (medical, referral, arrived) = (time(cells[2]), time(cells[28]), time(cells[29]));
        let is_day = |cell: &str| cell.len() == "2026-01-06".len();
        let given = |at: usize| {
            let cell = cells[at];
            let is_safe = identity::guard(cell, &[]).is_none();
            (is_safe && !cell.is_empty()).then_some(cell)
        };
        let icd = Cow::Owned::<str>(cells[8].replace('.', "").to_ascii_uppercase());
        let mut verbatim = BTreeMap::new();
        for (name, cell) in [
            ("status", cells[33]),
            ("guarantee", cells[9]),
            ("deviation", cells[10]),
            ("activity_icd", cells[8]),
            ("sex", cells[21]),
        ] {
            if !cell.is_empty() {
                verbatim.insert(name, cell);
            }
        }
        let id = event_id(source.source_system, source.message_id, &content_hash(source.payload), 0);
        let mut id_text = [0; 36];
        let id_text: &str = id.hyphenated().encode_lower(&mut id_text);
        let (occurred, occurred_text) = (started?, cells[1]);
        let event = Wait {
            envelope: Envelope {
                event_id: id_text,
                event_type: "wait.completed",
                schema_version: SCHEMA_VERSION,
                region: source.region,
                source_system: source.source_system,
                source_message_id: source.message_id,
                origin: Origin { topic: ORIGIN_TOPIC, partition: 0, offset, ordinal: 0 },
                occurred_at: occurred,
                occurred_text,
                recorded_at: source.recorded_at,
                recorded_text: None,
                ingested_at: source.received_at,
                correction: Correction { kind: CorrectionKind::New, target_event_id: None },
                subject_token: None,
                subject_aliases: Vec::new(),
                key_id: None,
                protected_identity: false,
                quality: Vec::new(),
                extensions: BTreeMap::new(),
            },
            contact_id: given(30)?,
            referral_id: given(27),
            status: if cells[33] == "GENOMFORD" { WaitStatus::Completed } else { WaitStatus::Waiting },
            period: cells[3].get(..7),
            phase: given(31),
            guarantee: match cells[9] {
                "JA" => Some(true),
                "NEJ" => Some(false),
                _ => None,
            },
            deviation: match cells[10] {
                "" => None,
                "1" => Some(Deviation::Pvv),
                "2" => Some(Deviation::Mov),
                "3" => Some(Deviation::Sov),
                _ => Some(Deviation::Other),
            },
            decided_at: decided,
            decided_is_date: is_day(cells[0]),
            started_at: started,
            started_is_date: is_day(cells[1]),
            medical_target_at: medical,
            medical_target_is_date: is_day(cells[2]),
            referral_at: referral,
            referral_is_date: is_day(cells[28]),
            arrived_at: arrived,
            arrived_is_date: is_day(cells[29]),
            mvo: given(5),
            activity: given(6),
            activity_kva: given(7),
            activity_icd: Some(&icd),
            kva: given(4),
            booking: given(19),
            contact_type: given(20),
            profession: given(18),
            emergency_kind: given(32),
            referrer_kind: given(25),
            referrer_hsa_id: given(26),
            region_code: given(11),
            region_hsa_id: given(12),
            provider_hsa_id: given(13),
            care_unit_hsa_id: given(14),
            unit_hsa_id: given(15),
            hospital_code: given(16),
            hospital_name: given(17),
            sex: match cells[21] {
                "1" => Sex::Male,
                "2" => Sex::Female,
                "3" => Sex::Other,
                _ => Sex::Unknown,
            },
            birth_year: cells[22].parse().ok(),
            lkf: given(23),
            listing_hsa_id: given(24),
            stated_wait_days: cells[34].parse().ok(),
            verbatim,
        };
        self.out.clear();
        self.encoder.encode(&event, &mut self.out).ok()?;
        Some(&self.out)
    }
}

/// `YYYY-MM-DDTHH:MM:SS` of Swedish wall-clock time.
fn stamp(cell: &str, stockholm: &mut Stockholm) -> Option<Timestamp> {
    let mut digits = [0; 14];
    let mut length = 0;
    for byte in cell.bytes().filter(u8::is_ascii_digit) {
        *digits.get_mut(length)? = byte;
        length += 1;
    }
    let text = std::str::from_utf8(&digits[..length]).ok()?;
    stockholm.read(text).ok().map(|moment| Timestamp(moment.micros))
}
