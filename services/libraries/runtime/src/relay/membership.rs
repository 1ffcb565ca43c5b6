use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::KafkaResult;
use rdkafka::types::RDKafkaRespErr;

use crate::broker::{Link, Watch, watched};

/// What the group wants of this process.
#[derive(Debug)]
pub(super) enum Change {
    /// Read these partitions from now on.
    Assign(TopicPartitionList),
    /// Stop reading these, commit what is settled, and say when it is done.
    Revoke(TopicPartitionList),
    /// These belong to someone else already; committing for them is refused.
    Lose(TopicPartitionList),
}

impl Change {
    /// The same of the topics that are read. The group may hand out others to a member whose name says too little.
    pub(super) fn of_topics(self, is_read: impl Fn(&str) -> bool) -> Change {
        let mut read = TopicPartitionList::new();
        let (Change::Assign(list) | Change::Revoke(list) | Change::Lose(list)) = &self;
        for element in list.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            if is_read(topic) {
                read.add_partition(topic, partition);
            } else {
                tracing::warn!(topic, partition, "the group gave out a partition that this process does not read");
            }
        }
        match self {
            Change::Assign(_) => Change::Assign(read),
            Change::Revoke(_) => Change::Revoke(read),
            Change::Lose(_) => Change::Lose(read),
        }
    }
}

/// What librdkafka's consumer reports. A rebalance is only noted here: the loop carries it out, because it must drain
/// and commit first and librdkafka waits for that as long as the poll interval allows.
pub(super) struct Membership {
    watch: Watch,
    changes: Mutex<VecDeque<Change>>,
    closing: AtomicBool,
}

impl Membership {
    pub(super) fn new(link: Link) -> Self {
        Self { watch: Watch::new(link), changes: Mutex::new(VecDeque::new()), closing: AtomicBool::new(false) }
    }

    pub(super) fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(super) fn next_change(&self) -> Option<Change> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// From now on partitions are given up at once: the loop has ended, and the consumer is about to be dropped.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }
}

pub(super) fn take_on<C: ConsumerContext>(consumer: &BaseConsumer<C>, list: &TopicPartitionList) -> KafkaResult<()> {
    match consumer.rebalance_protocol() {
        RebalanceProtocol::Cooperative => consumer.incremental_assign(list),
        RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.assign(list),
    }
}

pub(super) fn give_up<C: ConsumerContext>(consumer: &BaseConsumer<C>, list: &TopicPartitionList) -> KafkaResult<()> {
    match consumer.rebalance_protocol() {
        RebalanceProtocol::Cooperative => consumer.incremental_unassign(list),
        RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.unassign(),
    }
}

watched!(Membership);

impl ConsumerContext for Membership {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let assigned = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.closing.load(Ordering::Relaxed) {
            // An assignment must be answered too, or closing would wait for ever.
            let answer = if assigned { take_on(consumer, list) } else { give_up(consumer, list) };
            if let Err(error) = answer {
                tracing::debug!(%error, "a partition was not given up while closing");
            }
            return;
        }
        let change = if assigned {
            Change::Assign(list.clone())
        } else if consumer.assignment_lost() {
            Change::Lose(list.clone())
        } else {
            Change::Revoke(list.clone())
        };
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push_back(change);
    }
}
