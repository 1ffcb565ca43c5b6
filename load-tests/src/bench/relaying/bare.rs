//! The bare loops: what a program would do that only moves bytes.

use std::{
    io,
    time::{Duration, Instant},
};

use processor::{metrics::Metrics, worker::Worker};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    message::{BorrowedMessage, Header, Message as _, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
};
use runtime::{
    config::Kafka,
    metrics::Registry,
    origin::{self, Origin, Position},
    relay::{Failure, Outputs, Record, Step, clients},
};

use super::{COPY_TOPIC, PARTITIONS, Round, Start, Used, config, settings};
use crate::{bench::Error, topic_read};

const COMMIT_INTERVAL: Duration = Duration::from_millis(200);
const BATCH_MAX: usize = 1000;

/// What a bare loop writes for a source record.
pub(super) trait Writes {
    /// Hands every output of the record to `send`.
    fn each(&mut self, record: &BorrowedMessage<'_>, send: &mut dyn FnMut(Bare<'_>));
}

pub(super) struct Bare<'a> {
    topic: &'a str,
    key: Option<&'a [u8]>,
    headers: &'a [(&'static str, Vec<u8>)],
    payload: &'a [u8],
}

/// The record's own bytes.
pub(super) struct Once;

impl Writes for Once {
    fn each(&mut self, record: &BorrowedMessage<'_>, send: &mut dyn FnMut(Bare<'_>)) {
        let payload = record.payload().unwrap_or_default();
        send(Bare { topic: COPY_TOPIC, key: None, headers: &[], payload });
    }
}

/// What the processor made of each record that differs, beforehand.
pub(super) struct Made {
    outputs: Vec<Vec<MadeOutput>>,
}

struct MadeOutput {
    topic: String,
    key: Option<Vec<u8>>,
    headers: Vec<(&'static str, Vec<u8>)>,
    payload: Vec<u8>,
}

impl Writes for Made {
    fn each(&mut self, record: &BorrowedMessage<'_>, send: &mut dyn FnMut(Bare<'_>)) {
        // Records were written in turn over the partitions.
        let index = record.offset() * i64::from(PARTITIONS) + i64::from(record.partition());
        let index = usize::try_from(index).unwrap_or_default() % self.outputs.len();
        for output in &self.outputs[index] {
            let MadeOutput { topic, key, headers, payload } = output;
            send(Bare { topic, key: key.as_deref(), headers, payload });
        }
    }
}

/// Runs the processor's step over every record that differs and keeps what it makes.
pub(super) fn made(round: &Round) -> Result<Made, Error> {
    let config = config(round)?;
    let routes = processor::worker::routes(&config);
    let mut worker = Worker::new(&config, Metrics::register(&Registry::new(), "bench")?)?;
    let client = topic_read::client(&round.bootstrap, &round.group)?;
    let input = routes[0].input.clone();
    let mut ends = topic_read::ends(&client, &|topic| topic == input)?;
    for ((_, partition), end) in &mut ends {
        *end = (round.different as i64 - i64::from(*partition) + i64::from(PARTITIONS) - 1) / i64::from(PARTITIONS);
    }
    let mut made = Made { outputs: Vec::new() };
    made.outputs.resize_with(usize::try_from(round.different).unwrap_or_default(), Vec::new);
    let mut outputs = Outputs::new();
    let mut failed = None;
    topic_read::read(&client, &ends, &mut |record| {
        let (topic, partition, offset) = (record.topic.as_str(), record.partition, record.offset);
        let source =
            Record { route: 0, topic, partition, offset, timestamp_ms: None, key: None, payload: &record.payload };
        outputs.clear();
        if let Err(Failure::Retry(error) | Failure::Stop(error)) = worker.step(&source, &mut outputs) {
            failed.get_or_insert(error);
        }
        let index = (offset * i64::from(PARTITIONS) + i64::from(partition)) as usize;
        made.outputs[index] = outputs
            .iter()
            .map(|output| {
                let position = Position { offset, ordinal: output.ordinal };
                let origin = Origin { topic, partition, position }.to_string().into_bytes();
                let id = output.event_id.map(|id| (origin::EVENT_ID_HEADER, id.to_vec()));
                MadeOutput {
                    topic: routes[0].outputs[output.output].clone(),
                    key: output.key.map(<[u8]>::to_vec),
                    headers: std::iter::once((origin::HEADER, origin)).chain(id).collect(),
                    payload: output.payload.to_vec(),
                }
            })
            .collect();
    })?;
    match failed {
        None => Ok(made),
        Some(error) => Err(Error::Round { variant: round.variant.name(), output: error.to_string() }),
    }
}

/// As a program would be that only moves bytes: no bookkeeping but an offset commit now and then.
pub(super) fn bare(round: &Round, writes: &mut dyn Writes) -> Result<Used, Error> {
    let kafka = Kafka::at(&round.bootstrap);
    let fault = |fault: runtime::config::Fault| Error::Io { what: "client settings", source: io::Error::other(fault) };
    let consumer: BaseConsumer = clients::reading(&kafka, &settings(round)).map_err(fault)?.create()?;
    let producer: BaseProducer = clients::writing(&kafka, &settings(round)).map_err(fault)?.create()?;
    let topic = topics::name::source(round.region, "adt");
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(&topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&list)?;
    let mut start = None;
    let mut next = vec![0; PARTITIONS as usize];
    let mut committed = Instant::now();
    let (mut count, mut output_count) = (0, 0);
    while count < round.count {
        let mut patience = Duration::from_millis(2);
        for _ in 0..BATCH_MAX {
            let Some(message) = consumer.poll(patience) else { break };
            let message = message?;
            start.get_or_insert_with(Start::now);
            writes.each(&message, &mut |output| {
                send(&producer, message.partition(), &output);
                output_count += 1;
            });
            next[message.partition() as usize] = message.offset() + 1;
            count += 1;
            patience = Duration::ZERO;
        }
        producer.poll(Duration::ZERO);
        if committed.elapsed() >= COMMIT_INTERVAL {
            commit(&consumer, &topic, &next, CommitMode::Async)?;
            committed = Instant::now();
        }
    }
    while producer.in_flight_count() > 0 {
        producer.poll(Duration::from_millis(1));
    }
    commit(&consumer, &topic, &next, CommitMode::Sync)?;
    start.unwrap_or_else(Start::now).used(count, output_count)
}

fn send(producer: &BaseProducer, partition: i32, output: &Bare<'_>) {
    loop {
        let mut record = BaseRecord::<[u8], [u8]>::to(output.topic).partition(partition).payload(output.payload);
        if let Some(key) = output.key {
            record = record.key(key);
        }
        if !output.headers.is_empty() {
            let headers = OwnedHeaders::new_with_capacity(output.headers.len());
            let add = |headers: OwnedHeaders, (key, value): &(&'static str, Vec<u8>)| {
                headers.insert(Header { key, value: Some(value) })
            };
            record = record.headers(output.headers.iter().fold(headers, add));
        }
        if producer.send(record).is_ok() {
            return;
        }
        producer.poll(Duration::from_millis(2));
    }
}

fn commit(consumer: &BaseConsumer, topic: &str, next: &[i64], mode: CommitMode) -> Result<(), Error> {
    let mut list = TopicPartitionList::new();
    for (partition, next) in (0..).zip(next) {
        list.add_partition_offset(topic, partition, Offset::Offset(*next))?;
    }
    Ok(consumer.commit(&list, mode)?)
}
