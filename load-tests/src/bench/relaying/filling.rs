//! Fills the topics before anything is measured.

use std::{io, time::Duration};

use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    error::KafkaError,
    producer::{BaseProducer, BaseRecord, Producer},
};
use schemas::{Encoder, Format, Kind, SourceRecord, Timestamp};
use sealing::Sealer;
use topics::Region;

use super::{COPY_TOPIC, PARTITIONS};
use crate::bench::Error;

/// A source whose messages say nothing about persons that exist.
const RECEIVED_AT: Timestamp = Timestamp(1_767_225_600_000_000);

/// Makes the topics and fills the source topic with these messages, again and again, until there are `count`; sealed where there
/// is a sealer.
///
/// # Errors
/// When Kafka does not take them.
pub fn prepare(
    bootstrap: &str,
    region: Region,
    messages: &[Vec<u8>],
    count: u64,
    mut sealer: Option<Sealer>,
) -> Result<(), Error> {
    let options =
        topics::Options { partitions: Some(PARTITIONS), replication_factor: Some(1), ..topics::Options::default() };
    topics::apply(bootstrap, &[region], &options)?;
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new().set("bootstrap.servers", bootstrap).create()?;
    let copy = NewTopic::new(COPY_TOPIC, PARTITIONS, TopicReplication::Fixed(1));
    let created = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::Io { what: "a runtime", source })?
        .block_on(admin.create_topics([&copy], &AdminOptions::new()))?;
    debug_assert_eq!(created.len(), 1);

    let producer = producer(bootstrap)?;
    let mut encoder = Encoder::new(Kind::SourceRecord, schemas::registry::development_id_current(Kind::SourceRecord));
    let topic = topics::name::source(region, "adt");
    let mut bytes = Vec::new();
    for (index, payload) in (0..count).zip(messages.iter().cycle()) {
        let record = SourceRecord {
            region: region.code(),
            source_system: "SE2321000016-BENCH",
            feed: "adt",
            format: Format::Hl7v2,
            message_id: "",
            received_at: RECEIVED_AT,
            recorded_at: None,
            source_position: "bench",
            payload,
            seal: None,
        };
        bytes.clear();
        let partition = (index % PARTITIONS as u64) as i32;
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::Io {
            what: "a source record",
            source: io::Error::other(error),
        };
        let record = match &mut sealer {
            Some(sealer) => sealer.seal(&record, partition, RECEIVED_AT).map_err(|error| failed(error.into()))?,
            None => record,
        };
        encoder.encode(&record, &mut bytes).map_err(|error| failed(error.into()))?;
        while producer.send(BaseRecord::<(), [u8]>::to(&topic).partition(partition).payload(&bytes)).is_err() {
            producer.poll(Duration::from_millis(5));
        }
    }
    producer.flush(Duration::from_secs(120))?;
    Ok(())
}

/// What fills a topic before anything is measured.
pub(crate) fn producer(bootstrap: &str) -> Result<BaseProducer, KafkaError> {
    ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("enable.idempotence", "true")
        .set("linger.ms", "20")
        .set("log_level", "3")
        .create()
}
