//! The connector's way into Kafka: a record counts as delivered only when the broker acknowledged it with acks=all.
//!
//! Memory is bounded by `queue_size`; when the queue is full, `send` waits, which is the back-pressure. While Kafka is
//! away nothing is dropped in silence: every `send` ends in a delivery or in an error within `delivery_wait_max`.
//! Delivery reports are served by one OS thread; `send` only waits for its own.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, NoCustomPartitioner, Producer as _, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;
use serde::Deserialize;
use tokio::sync::oneshot;

use crate::broker::{self, Link, Probe, Watch, watched};
use crate::config::{self, Fault, Period, Size};
use crate::health::Health;
use crate::policy::{self, Action};
use crate::shutdown::Shutdown;

/// How often a full queue is tried again.
const FULL_RETRY_INTERVAL: Duration = Duration::from_millis(5);
/// How long the serving thread waits for delivery reports at a time; reports are served as they come.
const POLL_WAIT: Duration = Duration::from_millis(100);

/// How records are sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How long a record waits for company before a batch is sent.
    pub linger: Period,
    /// Upper bound of the memory for records not yet acknowledged.
    pub queue_size: Size,
    /// After so long without an acknowledgement a record has failed and the source is told so.
    pub delivery_wait_max: Period,
    /// After so long without any acknowledgement, with records waiting, Kafka counts as away.
    pub stuck_after: Period,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            linger: Period::milliseconds(1),
            queue_size: Size::mib(16),
            delivery_wait_max: Period::seconds(30),
            stuck_after: Period::seconds(5),
        }
    }
}

/// One record to send. Everything is copied when it is queued.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition, chosen by the caller.
    pub partition: i32,
    /// The Kafka key; the source topics have none.
    pub key: Option<&'a [u8]>,
    /// Headers in order.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The value.
    pub payload: &'a [u8],
}

/// Where a record now is, durably.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// Why a record is not known to be in Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No acknowledgement in time; it may arrive all the same, and a second sending is recognised as the same event.
    #[error("kafka did not acknowledge in time")]
    TimedOut,
    /// The queue stayed full as long as a delivery may take.
    #[error("the queue to Kafka stayed full")]
    QueueFull,
    /// Kafka refuses this record or this client; another try changes nothing.
    #[error("kafka refuses the record: {code}; {remedy}")]
    Refused {
        /// Kafka's word for it.
        code: RDKafkaErrorCode,
        /// What the operator should do.
        remedy: &'static str,
    },
    /// The producer was closed.
    #[error("the producer is closed")]
    Closed,
}

type Answer = oneshot::Sender<Result<Delivery, Error>>;

struct Context {
    watch: Watch,
    progress: Progress,
}

/// When Kafka last acknowledged anything, as milliseconds since the producer started.
struct Progress {
    started: Instant,
    last_ms: AtomicU64,
    in_flight: AtomicUsize,
}

impl Progress {
    fn mark(&self) {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(elapsed, Ordering::Relaxed);
    }

    fn since(&self) -> Duration {
        self.started.elapsed().saturating_sub(Duration::from_millis(self.last_ms.load(Ordering::Relaxed)))
    }
}

watched!(Context);

impl ProducerContext<NoCustomPartitioner> for Context {
    type DeliveryOpaque = Box<Answer>;

    fn delivery(&self, result: &DeliveryResult<'_>, answer: Box<Answer>) {
        self.progress.in_flight.fetch_sub(1, Ordering::Relaxed);
        let result = match result {
            Ok(message) => {
                self.progress.mark();
                self.watch.link().up();
                Ok(Delivery { partition: message.partition(), offset: message.offset() })
            }
            Err((error, _)) => Err(refusal(error)),
        };
        // The sender may have given up waiting; the record is in Kafka or not all the same.
        let _ = answer.send(result);
    }
}

fn refusal(error: &KafkaError) -> Error {
    match error.rdkafka_error_code() {
        None => Error::TimedOut,
        Some(code) if policy::is_overdue(code) => Error::TimedOut,
        Some(code) if policy::is_purged(code) => Error::Closed,
        Some(code) => match policy::on_delivery(code) {
            Action::Retry => Error::TimedOut,
            Action::Stop { remedy } => Error::Refused { code, remedy },
        },
    }
}

/// An idempotent producer with acks=all. Cheap to clone; the last clone that is dropped closes it.
#[derive(Clone)]
pub struct Producer {
    shared: Arc<Shared>,
}

struct Shared {
    producer: Arc<BaseProducer<Context>>,
    settings: Settings,
    closing: Shutdown,
    server: Mutex<Option<JoinHandle<()>>>,
}

impl Producer {
    /// Starts a producer. Does not wait for Kafka to answer: [`Producer::is_available`] and the health component
    /// [`broker::COMPONENT`] say when it does.
    pub fn start(kafka: &config::Kafka, settings: Settings, health: Health) -> Result<Self, Fault> {
        let mut config = kafka.client()?;
        let in_ms = |period: Period| period.0.as_millis().to_string();
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", in_ms(settings.linger))
            .set("message.timeout.ms", in_ms(settings.delivery_wait_max))
            .set("queue.buffering.max.kbytes", (settings.queue_size.as_bytes() / 1024).max(1).to_string())
            .set("topic.metadata.propagation.max.ms", "5000")
            // A stuck broker is noticed before its records have failed.
            .set("socket.timeout.ms", "10000");
        let progress = Progress { started: Instant::now(), last_ms: AtomicU64::new(0), in_flight: AtomicUsize::new(0) };
        let context = Context { watch: Watch::new(Link::new(kafka, health)), progress };
        let producer: BaseProducer<Context> = BaseProducer::from_config_and_context(&config, context)
            .map_err(|error| Fault::new("kafka", format!("start a producer: {error}")))?;
        let producer = Arc::new(producer);
        let closing = Shutdown::manual();
        let server = thread::Builder::new()
            .name("producer".to_owned())
            .spawn({
                let (producer, closing) = (producer.clone(), closing.clone());
                let stuck_after = settings.stuck_after.0;
                move || serve(&producer, stuck_after, &closing)
            })
            .map_err(|error| Fault::new("kafka", format!("start the producer's thread: {error}")))?;
        Ok(Self { shared: Arc::new(Shared { producer, settings, closing, server: Mutex::new(Some(server)) }) })
    }

    /// Sends a record and waits until Kafka has acknowledged it. Waits for room when the queue is full.
    pub async fn send(&self, record: Record<'_>) -> Result<Delivery, Error> {
        self.enqueue(record).await?.await
    }

    /// Queues a record, waiting for room, and gives what waits for its acknowledgement: sending many at once keeps
    /// their order within a partition.
    pub async fn enqueue(
        &self,
        record: Record<'_>,
    ) -> Result<impl Future<Output = Result<Delivery, Error>> + Send + 'static, Error> {
        let (answer, answered) = oneshot::channel();
        let mut answer = Box::new(answer);
        let deadline = Instant::now() + self.shared.settings.delivery_wait_max.0;
        loop {
            match self.try_enqueue(record, answer) {
                Ok(()) => break,
                Err((code, returned)) if policy::is_full(code) && Instant::now() < deadline => answer = returned,
                Err((code, _)) if policy::is_full(code) => return Err(Error::QueueFull),
                Err((code, _)) => return Err(refusal(&KafkaError::MessageProduction(code))),
            }
            tokio::time::sleep(FULL_RETRY_INTERVAL).await;
        }
        Ok(async move { answered.await.unwrap_or(Err(Error::Closed)) })
    }

    fn try_enqueue(&self, record: Record<'_>, answer: Box<Answer>) -> Result<(), (RDKafkaErrorCode, Box<Answer>)> {
        if self.shared.closing.requested() {
            return Err((policy::CLOSING, answer));
        }
        let headers = record
            .headers
            .iter()
            .fold(OwnedHeaders::new_with_capacity(record.headers.len()), |headers, (key, value)| {
                headers.insert(Header { key, value: Some(*value) })
            });
        let mut message = BaseRecord::<[u8], [u8], _>::with_opaque_to(record.topic, answer)
            .partition(record.partition)
            .payload(record.payload)
            .headers(headers);
        if let Some(key) = record.key {
            message = message.key(key);
        }
        let progress = &self.shared.producer.client().context().progress;
        if progress.in_flight.fetch_add(1, Ordering::Relaxed) == 0 {
            // Waiting starts now; the silence before it meant only that there was nothing to acknowledge.
            progress.mark();
        }
        self.shared.producer.send(message).map_err(|(error, message)| {
            progress.in_flight.fetch_sub(1, Ordering::Relaxed);
            (policy::code(&error), message.delivery_opaque)
        })
    }

    /// Whether Kafka answers and acknowledges.
    pub fn is_available(&self) -> bool {
        self.shared.producer.client().context().watch.link().is_up()
    }

    /// Records queued or sent and not yet acknowledged.
    pub fn in_flight(&self) -> usize {
        self.shared.producer.client().context().progress.in_flight.load(Ordering::Relaxed)
    }

    /// How many partitions a topic has. Waits for Kafka as long as it takes, but not for a missing topic.
    pub async fn partition_count(&self, topic: &str, shutdown: &Shutdown) -> Result<i32, broker::Error> {
        let (producer, topic, shutdown) = (self.shared.producer.clone(), topic.to_owned(), shutdown.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let link = producer.client().context().watch.link();
            // Its own thread serves its events.
            broker::partition_counts(producer.client(), || (), link, &[&topic], &shutdown)
        });
        match asked.await {
            Ok(counts) => Ok(counts?[0]),
            Err(_) => Err(broker::Error::Stopped),
        }
    }

    /// Waits until everything queued is acknowledged or has failed, at most `delivery_wait_max`, then closes.
    pub async fn close(self) {
        let deadline = Instant::now() + self.shared.settings.delivery_wait_max.0;
        while self.in_flight() > 0 && Instant::now() < deadline {
            tokio::time::sleep(FULL_RETRY_INTERVAL).await;
        }
        self.shared.closing.request();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.closing.request();
        if let Some(server) = self.server.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // It ends within one poll; a panic there has been logged by the hook.
            let _ = server.join();
        }
    }
}

fn serve(producer: &BaseProducer<Context>, stuck_after: Duration, closing: &Shutdown) {
    let context = producer.client().context();
    let link = context.watch.link();
    let mut probe = Probe::new();
    while !closing.requested() {
        producer.poll(POLL_WAIT);
        if context.progress.in_flight.load(Ordering::Relaxed) > 0 && context.progress.since() > stuck_after {
            link.down("no acknowledgement for a while");
        }
        if probe.ask(link, producer.client(), None) {
            // What waits gets its time anew, or the broker would count as stuck again at once.
            context.progress.mark();
        }
    }
    producer.poll(Duration::ZERO);
}
