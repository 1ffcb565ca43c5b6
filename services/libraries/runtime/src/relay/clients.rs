//! How the relay's Kafka clients are set up. Public for the benchmark, whose bare copy loop uses the same settings.

use rdkafka::ClientConfig;

use super::Settings;
use crate::config::{self, Fault};

/// What is worth an answer of the broker before the wait is over.
pub(crate) const FETCH_BYTES_MIN: u32 = 64 * 1024;

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
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.wait.max.ms", settings.fetch_wait.0.as_millis().to_string())
        .set("fetch.min.bytes", FETCH_BYTES_MIN.to_string())
        .set("queued.max.messages.kbytes", queue_kib.to_string())
        .set("fetch.max.bytes", (queue_kib * 1024 / 2).max(2 << 20).to_string())
        .set("fetch.message.max.bytes", (1 << 20).to_string())
        .set("socket.timeout.ms", "10000")
        .set("statistics.interval.ms", "2000");
    Ok(config)
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
