//! Every principal tries everything with every topic and group of every region, by its own login on one connection.

use std::collections::BTreeSet;

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
use topics::{
    Catalogue, Region,
    access::{Access, Connection, Kind, Operation},
    group,
};

/// "Not authorized" of a topic, a group and the cluster.
const DENIED: [i16; 3] = [29, 30, 31];
const TOPIC_ALREADY_EXISTS: i16 = 36;
const INVALID_RECORD: i16 = 87;

/// One thing tried.
#[derive(Debug)]
pub(super) struct Probe {
    /// What.
    pub what: &'static str,
    /// With which topic or group.
    pub object: String,
    /// Whether the plan allows it.
    pub allowed: bool,
    /// What Kafka answered.
    pub code: i16,
    /// What it answers to somebody who may.
    expected: i16,
}

impl Probe {
    /// Kafka denied it.
    pub(super) fn is_denied(&self) -> bool {
        DENIED.contains(&self.code)
    }

    /// Kafka did what the plan says, by its very word: a probe that is broken counts as nothing.
    pub(super) fn is_as_planned(&self) -> bool {
        if self.allowed { self.code == self.expected } else { self.is_denied() }
    }
}

/// Every topic of the catalogue.
fn topics() -> Vec<String> {
    let catalogue = Catalogue::load();
    let of =
        |region| catalogue.declarations.iter().map(move |declaration| declaration.topic(region)).collect::<Vec<_>>();
    Region::all().flat_map(of).collect()
}

/// Every group that is anybody's.
pub(super) fn groups() -> Vec<String> {
    let processors = Region::all().map(|region| group::of_region("processor", region));
    processors.chain([group::TAIL, group::REACHED].map(str::to_owned)).collect()
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn topic(name: &str) -> TopicName {
    TopicName(text(name))
}

/// Tries everything; `None` is somebody whom no plan knows.
pub(super) fn probe(connection: &mut Connection, access: Option<&Access>) -> Vec<Probe> {
    let rules = access.map(|access| access.rules.clone()).unwrap_or_default();
    let may = |kind: Kind, name: &str, operations: &[Operation]| {
        rules.iter().any(|rule| {
            rule.resource.kind == kind && rule.resource.name == name && operations.contains(&rule.operation)
        })
    };
    let describing = [Operation::DESCRIBE, Operation::READ, Operation::WRITE, Operation::ALTER];
    let mut probes = Vec::new();
    let names = topics();
    let asked: BTreeSet<_> = names.iter().cloned().collect();
    let mut of_topics = |what, answers: Vec<(String, i16)>, operations: &[Operation], expected| {
        assert_eq!(
            answers.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>(),
            asked,
            "{what}: each is answered"
        );
        probes.extend(answers.into_iter().map(|(object, code)| Probe {
            what,
            allowed: may(Kind::TOPIC, &object, operations),
            object,
            code,
            expected,
        }));
    };

    let wanted = names.iter().map(|name| MetadataRequestTopic::default().with_name(Some(topic(name))));
    let request = MetadataRequest::default().with_topics(Some(wanted.collect())).with_allow_auto_topic_creation(false);
    let answer: MetadataResponse = connection.ask(ApiKey::Metadata, 12, &request).expect("an answer");
    let answers = answer.topics.into_iter().map(|topic| (topic.name.expect("a name").to_string(), topic.error_code));
    of_topics("describe", answers.collect(), &describing, 0);

    let wanted = names.iter().map(|name| {
        let partition = FetchPartition::default().with_partition_max_bytes(1);
        FetchTopic::default().with_topic(topic(name)).with_partitions(vec![partition])
    });
    let request = FetchRequest::default().with_max_bytes(1).with_topics(wanted.collect());
    let answer: FetchResponse = connection.ask(ApiKey::Fetch, 12, &request).expect("an answer");
    let answers = answer.responses.iter().map(|topic| (topic.topic.to_string(), topic.partitions[0].error_code));
    of_topics("read", answers.collect(), &[Operation::READ], 0);

    // A batch without a record: who may write is told that it is none, and nothing is written.
    let wanted = names.iter().map(|name| {
        let nothing = PartitionProduceData::default().with_records(Some(bytes::Bytes::new()));
        TopicProduceData::default().with_name(topic(name)).with_partition_data(vec![nothing])
    });
    let request = ProduceRequest::default().with_acks(-1).with_timeout_ms(10_000).with_topic_data(wanted.collect());
    let answer: ProduceResponse = connection.ask(ApiKey::Produce, 11, &request).expect("an answer");
    let answers =
        answer.responses.iter().map(|topic| (topic.name.to_string(), topic.partition_responses[0].error_code));
    of_topics("write", answers.collect(), &[Operation::WRITE], INVALID_RECORD);

    let wanted = names
        .iter()
        .map(|name| CreatableTopic::default().with_name(topic(name)).with_num_partitions(1).with_replication_factor(1));
    let request =
        CreateTopicsRequest::default().with_topics(wanted.collect()).with_timeout_ms(10_000).with_validate_only(true);
    let answer: CreateTopicsResponse = connection.ask(ApiKey::CreateTopics, 7, &request).expect("an answer");
    let answers = answer.topics.iter().map(|topic| (topic.name.to_string(), topic.error_code));
    of_topics("create", answers.collect(), &[Operation::CREATE], TOPIC_ALREADY_EXISTS);

    let groups = groups();
    let mut of_groups = |what, answers: Vec<(String, i16)>, operations: &[Operation]| {
        probes.extend(answers.into_iter().map(|(object, code)| Probe {
            what,
            allowed: may(Kind::GROUP, &object, operations),
            object,
            code,
            expected: 0,
        }));
    };
    let describing = [Operation::DESCRIBE, Operation::READ];
    of_groups("find the coordinator", coordinators(connection, &groups), &describing);
    of_groups("fetch offsets", offsets(connection, &groups), &describing);

    for group in &groups {
        // Of a group of a region a topic that the region's processor reads, else any.
        let region = Region::all().find(|region| group.ends_with(region.code()));
        let name = topics::name::source(region.unwrap_or_else(|| Region::all().next().expect("one")), "adt");
        let partition = OffsetCommitRequestPartition::default().with_committed_offset(0);
        let committed = OffsetCommitRequestTopic::default().with_name(topic(&name)).with_partitions(vec![partition]);
        let request = OffsetCommitRequest::default()
            .with_group_id(text(group).into())
            .with_generation_id_or_member_epoch(-1)
            .with_topics(vec![committed]);
        let answer: OffsetCommitResponse = connection.ask(ApiKey::OffsetCommit, 8, &request).expect("an answer");
        let code = answer.topics[0].partitions[0].error_code;
        of_groups("commit offsets", vec![(group.clone(), code)], &[Operation::READ]);
    }
    probes
}

fn coordinators(connection: &mut Connection, groups: &[String]) -> Vec<(String, i16)> {
    let keys = groups.iter().map(|group| text(group));
    let request = FindCoordinatorRequest::default().with_coordinator_keys(keys.collect());
    let answer: FindCoordinatorResponse = connection.ask(ApiKey::FindCoordinator, 4, &request).expect("an answer");
    answer.coordinators.iter().map(|found| (found.key.to_string(), found.error_code)).collect()
}

fn offsets(connection: &mut Connection, groups: &[String]) -> Vec<(String, i16)> {
    let asked = groups
        .iter()
        .map(|group| OffsetFetchRequestGroup::default().with_group_id(text(group).into()).with_topics(None));
    let request = OffsetFetchRequest::default().with_groups(asked.collect());
    let answer: OffsetFetchResponse = connection.ask(ApiKey::OffsetFetch, 8, &request).expect("an answer");
    answer.groups.iter().map(|group| (group.group_id.to_string(), group.error_code)).collect()
}

/// Whether somebody who may ask finds every group's coordinator at work.
pub(super) fn groups_answer(connection: &mut Connection) -> bool {
    let groups = groups();
    let is_good = |answers: Vec<(String, i16)>| answers.iter().all(|(_, code)| *code == 0);
    is_good(coordinators(connection, &groups)) && is_good(offsets(connection, &groups))
}
