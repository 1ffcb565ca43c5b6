//! How fast the processor is without Kafka: what a record costs from its Avro bytes to the bytes of its events.
//!
//! A bench sets this beside the bare loop that only consumes and produces; the difference is what the processor adds.

use std::time::{Duration, Instant};

use identity::Key;
use runtime::metrics::Registry;
use runtime::relay::{Failure, Outputs, Record, Step};
use schemas::{Encoder, Format, Kind, SourceRecord, Timestamp, registry};
use topics::Region;

use crate::directory::Directory;
use crate::metrics::Metrics;
use crate::pipeline::{Pipeline, Settings};
use crate::worker::Worker;

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Throughput {
    /// Source records processed.
    pub records: u64,
    /// Outputs made: events and parked records.
    pub outputs: u64,
    /// Bytes of the outputs.
    pub bytes: u64,
    /// How long it took, on one thread.
    pub elapsed: Duration,
}

impl Throughput {
    /// Records per second.
    pub fn records_per_second(&self) -> f64 {
        self.records as f64 / self.elapsed.as_secs_f64()
    }

    /// Time per record in nanoseconds.
    pub fn nanoseconds_per_record(&self) -> f64 {
        self.elapsed.as_nanos() as f64 / self.records as f64
    }
}

/// HL7 v2 messages as encoded source records of a region, as the connector writes them.
pub fn source_records<'m>(region: Region, messages: impl IntoIterator<Item = &'m [u8]>) -> Vec<Vec<u8>> {
    encoded(region, "adt", Format::Hl7v2, messages)
}

/// Rows, each with its header line, as encoded source records of a feed.
pub fn row_records<'m>(region: Region, feed: &str, rows: impl IntoIterator<Item = &'m [u8]>) -> Vec<Vec<u8>> {
    encoded(region, feed, Format::Delimited, rows)
}

fn encoded<'m>(
    region: Region,
    feed: &str,
    format: Format,
    payloads: impl IntoIterator<Item = &'m [u8]>,
) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(Kind::SourceRecord, registry::development_id_current(Kind::SourceRecord));
    let encode = |payload: &[u8]| {
        let mut bytes = Vec::with_capacity(payload.len() + 128);
        let record = SourceRecord {
            region: region.code(),
            source_system: "SE2321000131-BENCH",
            feed,
            format,
            message_id: "",
            received_at: Timestamp(1_800_000_000_000_000),
            recorded_at: None,
            source_position: "bench",
            payload,
            seal: None,
        };
        encoder.encode(&record, &mut bytes).expect("a source record fits its schema, which the schemas' tests hold");
        bytes
    };
    payloads.into_iter().map(encode).collect()
}

/// Processes the records that many times over on the calling thread.
pub fn measure(region: Region, directory: Directory, records: &[Vec<u8>], rounds: u32) -> Result<Throughput, Failure> {
    let key = Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("32 different bytes are a key");
    let settings = Settings {
        region: region.code().to_owned(),
        key,
        key_id: "v1".to_owned(),
        directory,
        programs: Vec::new(),
        interim: false,
    };
    let pipeline = Pipeline::new(settings).expect("a region's code and v1 stand in a pseudonym");
    let metrics = Metrics::register(&Registry::new(), "bench").expect("a new registry has no names taken");
    let mut worker = Worker::offline(vec![(region, pipeline)], metrics);
    let mut outputs = Outputs::new();
    let topic = topics::name::source(region, "adt");
    let mut measured = Throughput { records: 0, outputs: 0, bytes: 0, elapsed: Duration::ZERO };
    let started = Instant::now();
    for _ in 0..rounds {
        for (offset, payload) in (0..).zip(records) {
            let record =
                Record { route: 0, topic: &topic, partition: 0, offset, timestamp_ms: None, key: None, payload };
            worker.step(&record, &mut outputs)?;
            measured.outputs += u64::from(outputs.count());
            measured.bytes += outputs.iter().map(|output| output.payload.len() as u64).sum::<u64>();
            outputs.clear();
        }
        measured.records += records.len() as u64;
    }
    measured.elapsed = started.elapsed();
    Ok(measured)
}
