//! For `make check-wall` and this crate's tests: one login tries everything with every topic and group of some regions, on one
//! connection. Nothing that it tries changes the cluster.

use std::collections::BTreeMap;

use kafka_protocol::{
    messages::{
        ApiKey, CreateTopicsRequest, CreateTopicsResponse, FetchRequest, FetchResponse, FindCoordinatorRequest,
        FindCoordinatorResponse, MetadataRequest, MetadataResponse, OffsetCommitRequest, OffsetCommitResponse,
        OffsetFetchRequest, OffsetFetchResponse, ProduceRequest, ProduceResponse, TopicName,
        create_topics_request::CreatableTopic,
        fetch_request::{FetchPartition, FetchTopic},
        metadata_request::MetadataRequestTopic,
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
        offset_fetch_request::OffsetFetchRequestGroup,
        produce_request::{PartitionProduceData, TopicProduceData},
    },
    protocol::StrBytes,
};

use super::{Access, Connection, Error, Kind, Operation};
use crate::{Catalogue, Region, group, name};

/// "Not authorized" of a topic, a group and the cluster.
const DENIED: [i16; 3] = [29, 30, 31];
const TOPIC_ALREADY_EXISTS: i16 = 36;
const INVALID_RECORD: i16 = 87;
/// What stands for an answer that the broker owes; by Kafka an unknown error.
const UNANSWERED: i16 = -1;
/// Bytes of a partition, and of an answer, that are asked for: every topic's first records come together.
const PARTITION_BYTES: i32 = 4 << 10;
const ANSWER_BYTES: i32 = 8 << 20;

/// One thing tried.
#[derive(Debug)]
pub struct Probe {
    /// What.
    pub what: &'static str,
    /// The request by Kafka's name, as its authorizer logs it.
    pub request: &'static str,
    /// Of what it was asked.
    pub kind: Kind,
    /// With which topic or group.
    pub object: String,
    /// Whether the plan allows it.
    pub allowed: bool,
    /// What Kafka answered.
    pub code: i16,
    /// Records that came with the answer.
    pub records: u64,
    /// What it answers to somebody who may.
    expected: i16,
}

impl Probe {
    /// Kafka denied it.
    pub fn is_denied(&self) -> bool {
        DENIED.contains(&self.code)
    }

    /// Kafka did what the plan says, by its very word: a probe that is broken counts as nothing.
    pub fn is_as_planned(&self) -> bool {
        if self.allowed { self.code == self.expected } else { self.is_denied() && self.records == 0 }
    }
}

/// Every topic of the catalogue that these regions have.
fn topics(regions: &[Region]) -> Vec<String> {
    let catalogue = Catalogue::load();
    let of =
        |region| catalogue.declarations.iter().map(move |declaration| declaration.topic(region)).collect::<Vec<_>>();
    regions.iter().copied().flat_map(of).collect()
}

/// Every group that is anybody's.
fn groups(regions: &[Region]) -> Vec<String> {
    let processors = regions.iter().map(|region| group::of_region("processor", *region));
    processors.chain([group::TAIL, group::REACHED].map(str::to_owned)).collect()
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn topic(name: &str) -> TopicName {
    TopicName(text(name))
}

/// What somebody may do by the plan, and what was tried so far.
struct Attempts<'a> {
    access: Option<&'a Access>,
    made: Vec<Probe>,
}

impl Attempts<'_> {
    /// Enters the answers about all of these; one that is not answered did not go as planned.
    fn enter(&mut self, attempt: &Attempt<'_>, asked: &[String], answers: Vec<(String, i16, u64)>) {
        let mut found: BTreeMap<String, (i16, u64)> =
            answers.into_iter().map(|(object, code, records)| (object, (code, records))).collect();
        for object in asked {
            let (code, records) = found.remove(object).unwrap_or((UNANSWERED, 0));
            let may = |access: &Access| {
                access.rules.iter().any(|rule| {
                    rule.resource.kind == attempt.kind
                        && rule.resource.name == *object
                        && attempt.by.contains(&rule.operation)
                })
            };
            self.made.push(Probe {
                what: attempt.what,
                request: attempt.request,
                kind: attempt.kind,
                object: object.clone(),
                allowed: self.access.is_some_and(may),
                code,
                records,
                expected: attempt.expected,
            });
        }
    }
}

struct Attempt<'a> {
    what: &'static str,
    request: &'static str,
    kind: Kind,
    /// Any of these operations allows it.
    by: &'a [Operation],
    /// What Kafka answers to somebody who may.
    expected: i16,
}

/// Tries everything with the topics and groups of these regions; without `access` it is somebody whom no plan knows.
///
/// # Errors
/// When the connection breaks, or an answer cannot be read.
pub fn probe(connection: &mut Connection, access: Option<&Access>, regions: &[Region]) -> Result<Vec<Probe>, Error> {
    let mut attempts = Attempts { access, made: Vec::new() };
    of_topics(connection, &mut attempts, &topics(regions))?;
    of_groups(connection, &mut attempts, regions)?;
    Ok(attempts.made)
}

fn of_topics(connection: &mut Connection, attempts: &mut Attempts<'_>, names: &[String]) -> Result<(), Error> {
    let of = |what, request, by, expected| Attempt { what, request, kind: Kind::TOPIC, by, expected };

    let wanted = names.iter().map(|name| MetadataRequestTopic::default().with_name(Some(topic(name))));
    let request = MetadataRequest::default().with_topics(Some(wanted.collect())).with_allow_auto_topic_creation(false);
    let answer: MetadataResponse = connection.ask(ApiKey::Metadata, 12, &request)?;
    let answers = answer.topics.into_iter().filter_map(|topic| Some((topic.name?.to_string(), topic.error_code, 0)));
    let describing = [Operation::DESCRIBE, Operation::READ, Operation::WRITE, Operation::ALTER];
    attempts.enter(&of("describe", "Metadata", &describing, 0), names, answers.collect());

    let wanted = names.iter().map(|name| {
        let partition = FetchPartition::default().with_partition_max_bytes(PARTITION_BYTES);
        FetchTopic::default().with_topic(topic(name)).with_partitions(vec![partition])
    });
    let request = FetchRequest::default().with_max_bytes(ANSWER_BYTES).with_topics(wanted.collect());
    let answer: FetchResponse = connection.ask(ApiKey::Fetch, 12, &request)?;
    let answers = answer.responses.iter().map(|topic| {
        let code = topic.partitions.first().map_or(UNANSWERED, |partition| partition.error_code);
        let batches = topic.partitions.iter().filter_map(|partition| partition.records.as_deref());
        (topic.topic.to_string(), code, batches.map(records).sum())
    });
    attempts.enter(&of("read", "Fetch", &[Operation::READ], 0), names, answers.collect());

    // A batch without a record: who may write is told that it is none, and nothing is written.
    let wanted = names.iter().map(|name| {
        let nothing = PartitionProduceData::default().with_records(Some(bytes::Bytes::new()));
        TopicProduceData::default().with_name(topic(name)).with_partition_data(vec![nothing])
    });
    let request = ProduceRequest::default().with_acks(-1).with_timeout_ms(10_000).with_topic_data(wanted.collect());
    let answer: ProduceResponse = connection.ask(ApiKey::Produce, 11, &request)?;
    let answers = answer.responses.iter().map(|topic| {
        let code = topic.partition_responses.first().map_or(UNANSWERED, |partition| partition.error_code);
        (topic.name.to_string(), code, 0)
    });
    attempts.enter(&of("write", "Produce", &[Operation::WRITE], INVALID_RECORD), names, answers.collect());

    let wanted = names
        .iter()
        .map(|name| CreatableTopic::default().with_name(topic(name)).with_num_partitions(1).with_replication_factor(1));
    let request =
        CreateTopicsRequest::default().with_topics(wanted.collect()).with_timeout_ms(10_000).with_validate_only(true);
    let answer: CreateTopicsResponse = connection.ask(ApiKey::CreateTopics, 7, &request)?;
    let answers = answer.topics.iter().map(|topic| (topic.name.to_string(), topic.error_code, 0));
    let create = of("create", "CreateTopics", &[Operation::CREATE], TOPIC_ALREADY_EXISTS);
    attempts.enter(&create, names, answers.collect());
    Ok(())
}

fn of_groups(connection: &mut Connection, attempts: &mut Attempts<'_>, regions: &[Region]) -> Result<(), Error> {
    let of = |what, request, by| Attempt { what, request, kind: Kind::GROUP, by, expected: 0 };
    let groups = groups(regions);
    let describing = [Operation::DESCRIBE, Operation::READ];
    let answers = coordinators(connection, &groups)?;
    attempts.enter(&of("find the coordinator", "FindCoordinator", &describing), &groups, answers);
    let answers = offsets(connection, &groups)?;
    attempts.enter(&of("fetch offsets", "OffsetFetch", &describing), &groups, answers);

    let mut answers = Vec::new();
    for group in &groups {
        // Of a group of a region a topic that the region's processor reads, else any.
        let of_group = regions.iter().find(|region| group.ends_with(region.code())).or_else(|| regions.first());
        let Some(region) = of_group else { continue };
        let partition = OffsetCommitRequestPartition::default().with_committed_offset(0);
        let committed = OffsetCommitRequestTopic::default()
            .with_name(topic(&name::source(*region, "adt")))
            .with_partitions(vec![partition]);
        let request = OffsetCommitRequest::default()
            .with_group_id(text(group).into())
            .with_generation_id_or_member_epoch(-1)
            .with_topics(vec![committed]);
        let answer: OffsetCommitResponse = connection.ask(ApiKey::OffsetCommit, 8, &request)?;
        let partition = answer.topics.first().and_then(|topic| topic.partitions.first());
        answers.push((group.clone(), partition.map_or(UNANSWERED, |partition| partition.error_code), 0));
    }
    attempts.enter(&of("commit offsets", "OffsetCommit", &[Operation::READ]), &groups, answers);
    Ok(())
}

fn coordinators(connection: &mut Connection, groups: &[String]) -> Result<Vec<(String, i16, u64)>, Error> {
    let keys = groups.iter().map(|group| text(group));
    let request = FindCoordinatorRequest::default().with_coordinator_keys(keys.collect());
    let answer: FindCoordinatorResponse = connection.ask(ApiKey::FindCoordinator, 4, &request)?;
    Ok(answer.coordinators.iter().map(|found| (found.key.to_string(), found.error_code, 0)).collect())
}

fn offsets(connection: &mut Connection, groups: &[String]) -> Result<Vec<(String, i16, u64)>, Error> {
    let asked = groups
        .iter()
        .map(|group| OffsetFetchRequestGroup::default().with_group_id(text(group).into()).with_topics(None));
    let request = OffsetFetchRequest::default().with_groups(asked.collect());
    let answer: OffsetFetchResponse = connection.ask(ApiKey::OffsetFetch, 8, &request)?;
    Ok(answer.groups.iter().map(|group| (group.group_id.to_string(), group.error_code, 0)).collect())
}

/// Whether somebody who may ask finds every group's coordinator at work; a broker that has just started does not say who it is.
///
/// # Errors
/// As [`probe`].
pub fn groups_answer(connection: &mut Connection, regions: &[Region]) -> Result<bool, Error> {
    let groups = groups(regions);
    let is_good = |answers: Vec<(String, i16, u64)>| answers.iter().all(|(_, code, _)| *code == 0);
    Ok(is_good(coordinators(connection, &groups)?) && is_good(offsets(connection, &groups)?))
}

/// How many records the batches of an answer hold, by their heads (format 2); of a cut off batch none.
fn records(mut batches: &[u8]) -> u64 {
    /// Where a batch's length and its number of records stand, both as 32 bits; the length counts from behind itself.
    const LENGTH: std::ops::Range<usize> = 8..12;
    const COUNT: std::ops::Range<usize> = 57..61;
    let number =
        |batch: &[u8], at| batch.get(at).and_then(|bytes: &[u8]| Some(u32::from_be_bytes(bytes.try_into().ok()?)));
    let mut sum = 0;
    while let (Some(length), Some(count)) = (number(batches, LENGTH), number(batches, COUNT)) {
        sum += u64::from(count);
        batches = batches.get(LENGTH.end + length as usize..).unwrap_or_default();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_counted_by_the_heads_of_their_batches() {
        let batch = |count: u8, length: u8| {
            let mut batch = vec![0; 12 + usize::from(length)];
            (batch[11], batch[60]) = (length, count);
            batch
        };
        assert_eq!(records(&[]), 0);
        assert_eq!(records(&[batch(1, 49), batch(3, 70)].concat()), 4);
        assert_eq!(records(&batch(1, 49)[..60]), 0);
    }
}
