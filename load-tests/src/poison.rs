//! Records that nobody of ours wrote, in the middle of a region's topics.

use std::time::Duration;

use rdkafka::{
    ClientConfig,
    error::KafkaError,
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
};
use schemas::Subject;
use topics::{Region, name};

use crate::topic_read::Record;

/// The header that tells the accounts, and nobody else, that a record is poison.
const HEADER: &str = "poison";
const FLUSH_MAX: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The region whose topics get it.
    pub region: Region,
    /// Messages between two of them.
    pub every: usize,
}

pub(crate) struct Writer {
    producer: BaseProducer,
    topics: [String; 2],
    count: usize,
}

impl Writer {
    /// For the topics of a region.
    ///
    /// # Errors
    /// When librdkafka refuses the settings.
    pub(crate) fn new(bootstrap: &str, region: Region) -> Result<Self, KafkaError> {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("message.timeout.ms", "0")
            .set("log_level", "3")
            .create()?;
        Ok(Self { producer, topics: [name::source(region, "adt"), name::common(region, Subject::Encounter)], count: 0 })
    }

    /// One more record on the source topic and one on the common topic; does not wait for Kafka.
    ///
    /// # Errors
    /// When librdkafka's queue is full.
    pub(crate) fn write(&mut self) -> Result<(), KafkaError> {
        let payload: Option<&[u8]> = match self.count % 4 {
            0 => Some(b"no record of anybody"),
            // Confluent's frame around a schema that no registry has, and around nothing.
            1 => Some(b"\0\xFF\xFF\xFF\xFF..."),
            2 => Some(b"\0\0\0"),
            _ => None,
        };
        for topic in &self.topics {
            let headers = OwnedHeaders::new().insert(Header { key: HEADER, value: Some("1") });
            let mut record = BaseRecord::<[u8], [u8]>::to(topic).headers(headers);
            record.payload = payload;
            self.producer.send(record).map_err(|(error, _)| error)?;
        }
        self.count += 1;
        self.producer.poll(Duration::ZERO);
        Ok(())
    }

    /// How many records each topic got.
    #[must_use]
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Waits until Kafka has all of it; gives how many records each topic got.
    ///
    /// # Errors
    /// When Kafka does not take it in time.
    pub(crate) fn finish(self) -> Result<u64, KafkaError> {
        self.producer.flush(FLUSH_MAX)?;
        Ok(self.count as u64)
    }
}

/// Whether a record is poison.
pub(crate) fn is_poison(record: &Record) -> bool {
    record.headers.iter().any(|(name, _)| name == HEADER)
}
