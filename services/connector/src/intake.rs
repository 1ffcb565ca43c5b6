//! The one path from any source into Kafka: room in the budget, a `SourceRecord`, an acknowledgement.
//!
//! In: what a source received, and its partition. Out: a [`Receipt`] that resolves when Kafka has acknowledged the
//! record with acks=all, or when it is known not to have been. Nothing is dropped on the way: a source holds its message
//! (the sender its MLLP message, the disk its file) until the receipt says stored. Where the region has a sealing key, Kafka gets
//! the record sealed or not at all.
//!
//! Memory is bounded by one budget of bytes for the whole process: a record holds its share from before it is encoded
//! until its receipt resolves, so a stuck broker stops the sources instead of filling the process.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use runtime::health::Health;
use runtime::metrics::{Counter, Gauge};
use runtime::producer::{self, Producer};
use runtime::shutdown::Shutdown;
use schemas::{Encoder, Format, Kind, SourceRecord, Timestamp};
use sealing::Sealer;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::config::Limits;
use crate::metrics::{self, Metrics};
use crate::route::Router;

/// What is written: the source topics, of whichever feeds the configuration names.
pub const OUTPUT: Kind = Kind::SourceRecord;

/// Name of the health component that says whether Kafka takes what it is given.
pub const COMPONENT: &str = "delivery";

/// What a record costs beyond its payload: its fields, its entry in the producer's queue, its place in a window.
const RECORD_OVERHEAD: usize = 768;
/// What a record's other fields usually take, sealed or not.
const FIELDS_BYTES: usize = 384;
/// How often the broker's state is looked at.
const GATE_INTERVAL: Duration = Duration::from_millis(25);
/// MSH-10 has at most 199 characters; a longer one is kept up to here.
const MESSAGE_ID_BYTES_MAX: usize = 256;

/// What all sources of the process share.
pub struct Intake {
    producer: Producer,
    budget: Arc<Semaphore>,
    budget_bytes: usize,
    open: watch::Sender<bool>,
    health: Health,
    /// Topics into which nothing can be written until somebody does something, and how many they are: at most one for each feed.
    waiting: Mutex<BTreeSet<String>>,
    waiting_count: AtomicUsize,
    /// How much may be under way.
    pub limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: Shutdown,
}

impl Intake {
    /// An intake over a producer. [`Intake::watch_broker`] must run for the gate to open.
    pub fn new(producer: Producer, limits: Limits, metrics: Metrics, health: Health, shutdown: Shutdown) -> Arc<Self> {
        let budget_bytes =
            usize::try_from(limits.in_flight.as_bytes()).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        health.set_ready(COMPONENT, true, "nothing refused");
        Arc::new(Self {
            producer,
            budget: Arc::new(Semaphore::new(budget_bytes)),
            budget_bytes,
            open: watch::Sender::new(false),
            health,
            waiting: Mutex::default(),
            waiting_count: AtomicUsize::new(0),
            limits,
            metrics,
            shutdown,
        })
    }

    /// Opens the gate while Kafka acknowledges and closes it while it is away, until shutdown.
    pub async fn watch_broker(&self) {
        let mut known = false;
        while !self.shutdown.requested() {
            let available = self.producer.is_available();
            if known && !available {
                self.metrics.broker_losses.inc();
                tracing::warn!("Kafka is away: reading stops, senders wait for their answers");
            }
            if !known && available {
                tracing::info!("Kafka acknowledges: reading");
            }
            known = available;
            self.open.send_if_modified(|open| std::mem::replace(open, available) != available);
            self.metrics.broker_available.set(available.into());
            self.metrics.records_in_flight.set(i64::try_from(self.producer.in_flight()).unwrap_or(i64::MAX));
            let in_flight = self.budget_bytes - self.budget.available_permits().min(self.budget_bytes);
            self.metrics.bytes_in_flight.set(i64::try_from(in_flight).unwrap_or(i64::MAX));
            tokio::time::sleep(GATE_INTERVAL).await;
        }
    }

    /// Waits until Kafka acknowledges; false when the process is to stop instead.
    pub async fn wait_open(&self) -> bool {
        let mut open = self.open.subscribe();
        tokio::select! {
            // The sender lives in `self`, so waiting cannot fail.
            _ = open.wait_for(|open| *open) => !self.shutdown.requested(),
            () = self.shutdown.wait() => false,
        }
    }

    /// Waits for room for so many bytes.
    pub async fn room(&self, bytes: usize) -> Room {
        // A record never asks for more than the whole budget: messages are limited to a quarter of it.
        let bytes = u32::try_from(bytes.min(self.budget_bytes)).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.budget).acquire_many_owned(bytes).await;
        Room(permit.expect("the budget is never closed"))
    }

    /// Closes the producer after what is under way.
    pub async fn close(&self) {
        self.producer.clone().close().await;
    }

    /// A record is in this topic. What other topics wait for, they still wait for.
    fn delivered(&self, topic: &str) {
        if self.waiting_count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.remove(topic) {
            self.waiting_count.store(waiting.len(), Ordering::Relaxed);
            // Within the lock: of two threads the one that looked first must not speak last.
            self.health.set_ready_of(COMPONENT, topic, true, "records are written again");
            tracing::info!(topic, "records are written again");
        }
    }

    fn refused(&self, topic: &str, error: producer::Error) {
        if matches!(error, producer::Error::Refused { .. }) {
            self.stuck(topic, &error);
        }
    }

    /// No record can be written into this topic until somebody does something.
    fn stuck(&self, topic: &str, error: &dyn std::error::Error) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.insert(topic.to_owned()) {
            self.waiting_count.store(waiting.len(), Ordering::Relaxed);
            self.health.set_ready_of(COMPONENT, topic, false, format!("{topic}: {error}"));
            tracing::error!(topic, "{error}");
        }
    }
}

/// Part of the budget, given back when dropped.
pub struct Room(OwnedSemaphorePermit);

impl Room {
    /// Takes a share for one record out of this room, or all of it when it is smaller.
    pub fn share(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.0.num_permits());
        Self(self.0.split(bytes).expect("no more than there is"))
    }
}

/// What a record of this payload costs.
pub fn cost(payload: &[u8]) -> usize {
    payload.len() + RECORD_OVERHEAD
}

/// The payload of a message that is left out for its size: the processor parks it.
pub fn left_out(bytes: u64, bytes_max: u64) -> String {
    hl7::shorten::left_out(bytes, bytes_max)
}

/// Something a source received.
pub struct Arrival<'a> {
    /// How to read the payload.
    pub format: Format,
    /// The source's own id for it; empty when it has none.
    pub message_id: &'a str,
    pub(crate) received_at: Timestamp,
    /// When the source wrote it, if the transport knows.
    pub recorded_at: Option<Timestamp>,
    pub(crate) position: &'a str,
    /// The bytes as received.
    pub payload: &'a [u8],
    /// From [`Router`].
    pub partition: i32,
}

/// Why a record is not known to be in Kafka; its source still holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record was not stored")]
pub struct NotStored;

/// Resolves when Kafka has acknowledged the record, or when it is known not to have been.
pub type Receipt = Pin<Box<dyn Future<Output = Result<(), NotStored>> + Send>>;

/// One feed of one region, as fed by one source.
pub struct Feed {
    pub(crate) intake: Arc<Intake>,
    pub(crate) router: Router,
    region: String,
    feed: String,
    source_system: String,
    topic: Arc<str>,
    source: metrics::Source,
    writer: Mutex<Writer>,
    stored: Counter,
    stored_last: Gauge,
}

/// What makes bytes of a record.
struct Writer {
    encoder: Encoder,
    /// None of a region without sealing keys.
    sealer: Option<Sealer>,
}

/// Why a record could not be made.
#[derive(Debug, thiserror::Error)]
enum Unwritten {
    #[error(transparent)]
    Sealing(#[from] sealing::Away),
    #[error(transparent)]
    Encoding(#[from] schemas::EncodeError),
}

/// Which feed a [`Feed`] is.
pub struct FeedName {
    /// Länskod.
    pub region: String,
    /// Last part of the topic name.
    pub feed: String,
    /// HSA-id of the sender.
    pub source_system: String,
    /// The topic.
    pub topic: String,
}

impl Feed {
    /// A feed into its topic; what it sends is sealed where there is a sealer.
    pub fn new(
        intake: Arc<Intake>,
        router: Router,
        name: FeedName,
        schema_id: u32,
        source: metrics::Source,
        sealer: Option<Sealer>,
    ) -> Self {
        let labels = [name.region.as_str(), name.feed.as_str()];
        let stored = intake.metrics.stored.of(&labels);
        let stored_last = intake.metrics.stored_last.of(&labels);
        Self {
            router,
            region: name.region,
            feed: name.feed,
            source_system: name.source_system,
            topic: name.topic.into(),
            source,
            writer: Mutex::new(Writer { encoder: Encoder::new(OUTPUT, schema_id), sealer }),
            stored,
            stored_last,
            intake,
        }
    }

    /// Länskod, for logs.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The feed's name, the last part of the topic name.
    pub fn name(&self) -> &str {
        &self.feed
    }

    /// Hands a record to Kafka, within its room. Records of one caller keep their order.
    pub async fn send(&self, arrival: Arrival<'_>, room: Room) -> Result<Receipt, NotStored> {
        self.intake.metrics.received.of(self.source).inc();
        let intake = Arc::clone(&self.intake);
        let failed = intake.metrics.failed.of(self.source).clone();
        let value = self.encoded(&arrival).map_err(|error| {
            failed.inc();
            intake.stuck(&self.topic, &error);
            NotStored
        })?;
        let record = producer::Record {
            topic: &self.topic,
            partition: arrival.partition,
            key: None,
            headers: &[],
            payload: &value,
        };
        let queued = intake.producer.enqueue(record).await.map_err(|error| {
            failed.inc();
            intake.refused(&self.topic, error);
            NotStored
        })?;
        let (stored, stored_last, topic) = (self.stored.clone(), self.stored_last.clone(), Arc::clone(&self.topic));
        Ok(Box::pin(async move {
            let delivered = queued.await;
            drop(room);
            match delivered {
                Ok(_) => {
                    stored.inc();
                    stored_last.set(now().0 / 1_000_000);
                    intake.delivered(&topic);
                    Ok(())
                }
                Err(error) => {
                    failed.inc();
                    intake.refused(&topic, error);
                    Err(NotStored)
                }
            }
        }))
    }

    fn encoded(&self, arrival: &Arrival<'_>) -> Result<Vec<u8>, Unwritten> {
        let record = SourceRecord {
            region: &self.region,
            source_system: &self.source_system,
            feed: &self.feed,
            format: arrival.format,
            message_id: prefix(arrival.message_id, MESSAGE_ID_BYTES_MAX),
            received_at: arrival.received_at,
            recorded_at: arrival.recorded_at,
            source_position: arrival.position,
            payload: arrival.payload,
            seal: None,
        };
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let Writer { encoder, sealer } = &mut *writer;
        let mut value = Vec::with_capacity(arrival.payload.len() + FIELDS_BYTES);
        match sealer {
            Some(sealer) => encoder.encode(&sealer.seal(&record, arrival.partition, now())?, &mut value)?,
            None => encoder.encode(&record, &mut value)?,
        }
        Ok(value)
    }
}

/// The time, for records and metrics.
pub fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_microsecond())
}

fn prefix(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
