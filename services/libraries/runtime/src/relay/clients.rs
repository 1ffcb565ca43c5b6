//! How the relay's Kafka clients are set up. Public for the benchmark, whose bare copy loop uses the same settings.

use std::time::Duration;

use rdkafka::ClientConfig;

use super::Settings;
use crate::config::{self, Fault, Period};

/// How long Kafka may wait for the first record. A question may leave out partitions that were held back a moment before; they are
/// asked for so late at most.
const QUIET_WAIT_MS: &str = "200";
/// With so many records waiting here Kafka is asked no more: more than come at once at rest, where none is to be held back.
const WAITING_ENOUGH: &str = "4";
/// A look that found fewer found no backlog.
pub(crate) const TRICKLE_MAX: usize = 100;
/// Pause behind such a look, in which records gather here: librdkafka holds the next question back only while some do.
pub(crate) const TRICKLE_PAUSE: Duration = Duration::from_millis(5);

/// The consumer's configuration.
pub fn reading(kafka: &config::Kafka, settings: &Settings) -> Result<ClientConfig, Fault> {
    let queue_kib = (settings.fetch_queue_size.as_bytes() / 1024).max(1024);
    let mut config = kafka.client()?;
    config
        .set("group.id", &settings.group)
        .set("group.instance.id", &settings.instance)
        .set("group.protocol", "classic")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", settings.session_timeout.0.as_millis().to_string())
        // While outputs cannot be written the loop does not read; a broker away for longer than this costs a
        // rebalance and nothing else.
        .set("max.poll.interval.ms", "1800000")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // A partition without a committed offset is started at its oldest record explicitly; a committed offset that
        // is not there any more is an error, never a silent jump.
        .set("auto.offset.reset", "error")
        .set("queued.max.messages.kbytes", queue_kib.to_string())
        .set("fetch.max.bytes", (queue_kib * 1024 / 2).max(2 << 20).to_string())
        .set("socket.timeout.ms", "10000")
        .set("statistics.interval.ms", "2000");
    at_once(&mut config, settings.fetch_wait);
    Ok(config)
}

/// Has Kafka answer as soon as there is a record, and holds the next question back for `fetch_wait` while records wait here.
/// librdkafka asks for every partition each time, so whoever reads with this pauses for [`TRICKLE_PAUSE`] behind a look that
/// found a few.
pub(crate) fn at_once(config: &mut ClientConfig, fetch_wait: Period) {
    config
        .set("fetch.min.bytes", "1")
        .set("fetch.wait.max.ms", QUIET_WAIT_MS)
        .set("queued.min.messages", WAITING_ENOUGH)
        .set("fetch.queue.backoff.ms", fetch_wait.0.as_millis().to_string())
        // Little is fetched ahead, so what is fetched of a backlog is large.
        .set("fetch.message.max.bytes", (4 << 20).to_string());
}

/// The producer's configuration.
pub fn writing(kafka: &config::Kafka, settings: &Settings) -> Result<ClientConfig, Fault> {
    let mut config = kafka.client()?;
    config
        .set("acks", "all")
        .set("enable.idempotence", "true")
        // A record that fails for good stops all that follow it, so that no consumer passes over the hole.
        .set("enable.gapless.guarantee", "true")
        // For ever: while Kafka is away outputs wait, and reading stops when there are too many.
        .set("message.timeout.ms", "0")
        .set("linger.ms", settings.linger.0.as_millis().to_string())
        .set("batch.size", "1000000")
        .set("queue.buffering.max.messages", "100000")
        .set("queue.buffering.max.kbytes", (settings.send_queue_size.as_bytes() / 1024).max(1024).to_string());
    Ok(config)
}
