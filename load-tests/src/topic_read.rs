//! Reads topics from their beginning to their present end, as any client would.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    message::Headers,
};

const WAIT: Duration = Duration::from_secs(10);

/// A topic and a partition.
pub(crate) type Partition = (String, i32);

pub(crate) struct Record {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub headers: Vec<(String, Vec<u8>)>,
    pub payload: Vec<u8>,
}

/// A client for reading; `group` matters only for [`committed`].
///
/// # Errors
/// When librdkafka refuses the settings.
pub(crate) fn client(bootstrap: &str, group: &str) -> Result<BaseConsumer, KafkaError> {
    ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "false")
        .set("log_level", "3")
        .create()
}

/// The end offset of every partition of the topics whose name `wanted` accepts.
///
/// # Errors
/// When Kafka does not answer.
pub(crate) fn ends(
    client: &BaseConsumer,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<BTreeMap<Partition, i64>, KafkaError> {
    let metadata = client.fetch_metadata(None, WAIT)?;
    let mut ends = BTreeMap::new();
    for topic in metadata.topics().iter().filter(|topic| wanted(topic.name())) {
        for partition in topic.partitions() {
            let (_, end) = client.fetch_watermarks(topic.name(), partition.id(), WAIT)?;
            ends.insert((topic.name().to_owned(), partition.id()), end);
        }
    }
    Ok(ends)
}

/// What a group has committed: offset and metadata per partition.
///
/// # Errors
/// When Kafka does not answer.
pub(crate) fn committed<'a>(
    client: &BaseConsumer,
    partitions: impl IntoIterator<Item = &'a Partition>,
) -> Result<BTreeMap<Partition, (i64, String)>, KafkaError> {
    let mut list = TopicPartitionList::new();
    for (topic, partition) in partitions {
        list.add_partition(topic, *partition);
    }
    let committed = client.committed_offsets(list, WAIT)?;
    Ok(committed
        .elements()
        .iter()
        .map(|element| {
            let offset = if let Offset::Offset(offset) = element.offset() { offset } else { 0 };
            ((element.topic().to_owned(), element.partition()), (offset, element.metadata().to_owned()))
        })
        .collect())
}

/// Gives every record from the beginning to `ends` to `each`, partition by partition.
///
/// # Errors
/// When Kafka does not answer, or stops answering before the end.
pub(crate) fn read(
    client: &BaseConsumer,
    ends: &BTreeMap<Partition, i64>,
    each: &mut dyn FnMut(Record),
) -> Result<(), KafkaError> {
    let mut left: BTreeMap<Partition, i64> =
        ends.iter().filter(|(_, end)| **end > 0).map(|(at, end)| (at.clone(), *end)).collect();
    let mut list = TopicPartitionList::new();
    for (topic, partition) in left.keys() {
        list.add_partition_offset(topic, *partition, Offset::Beginning)?;
    }
    client.assign(&list)?;
    while !left.is_empty() {
        let Some(message) = client.poll(WAIT) else { return Err(KafkaError::NoMessageReceived) };
        let message = message?;
        let at = (message.topic().to_owned(), message.partition());
        let Some(end) = left.get(&at).copied() else { continue };
        let headers = message.headers().map_or_else(Vec::new, |headers| {
            headers.iter().map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec())).collect()
        });
        if message.offset() < end {
            each(Record {
                topic: at.0.clone(),
                partition: at.1,
                offset: message.offset(),
                key: message.key().map(<[u8]>::to_vec),
                headers,
                payload: message.payload().unwrap_or_default().to_vec(),
            });
        }
        if message.offset() + 1 >= end {
            left.remove(&at);
        }
    }
    client.unassign()
}
