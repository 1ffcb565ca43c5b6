//! What the loop does when the group gives partitions out or takes them back.

use std::time::Duration;

use rdkafka::Offset;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;

use super::super::held::Held;
use super::super::membership::{self, Change, Membership};
use super::super::receipts::SLOTS_MAX;
use super::super::slot::Slot;
use super::super::{Error, Step, fates, reached};
use super::Work;
use crate::broker;
use crate::fate::FateCounts;
use crate::policy::{self, Action};

/// How long the group may take to say what was committed.
const COMMITTED_WAIT_MAX: Duration = Duration::from_secs(5);
/// Pause before Kafka is asked once more.
const ASK_PAUSE: Duration = Duration::from_millis(250);

impl<S: Step> Work<S> {
    pub(super) fn change(&mut self, consumer: &BaseConsumer<Membership>, change: Change) -> Result<(), Error> {
        self.step.forget();
        match change.of_topics(|topic| self.relay.routes.iter().any(|route| route.input == topic)) {
            Change::Assign(list) => self.assign(consumer, list)?,
            Change::Revoke(list) => {
                let is_named = |held: &Held| held.is_in(&list);
                self.drain(is_named)?;
                self.commit(consumer, CommitMode::Sync, is_named);
                self.release(consumer, &list)?;
            }
            Change::Lose(list) => self.release(consumer, &list)?,
        }
        self.say_ready();
        Ok(())
    }

    fn assign(&mut self, consumer: &BaseConsumer<Membership>, list: TopicPartitionList) -> Result<(), Error> {
        let committed = self.committed_offsets(consumer, &list)?;
        let mut starts = TopicPartitionList::new();
        for element in committed.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            let (next, counts, start) = match element.offset() {
                Offset::Offset(next) => (next, fates(topic, partition, element.metadata())?, Offset::Offset(next)),
                _ => (0, self.look_for_gap(consumer, topic, partition)?, Offset::Beginning),
            };
            self.hold(topic, partition, Slot::new(next, counts));
            starts.add_partition_offset(topic, partition, start).map_err(taking_on)?;
        }
        membership::take_on(consumer, &starts).map_err(taking_on)?;
        tracing::info!(instance = self.relay.settings.instance, count = starts.count(), "partitions taken on");
        Ok(())
    }

    /// Nothing is committed for a partition: an error where its outputs end before its oldest record. Else what is to be said
    /// of the records below that one: read and forgotten, or, where no output says so, gone.
    fn look_for_gap(
        &self,
        consumer: &BaseConsumer<Membership>,
        topic: &str,
        partition: i32,
    ) -> Result<FateCounts, Error> {
        let (low, high) =
            self.patiently("look at what a partition holds", || broker::range(consumer, topic, partition))?;
        if low == 0 {
            return Ok(FateCounts::default());
        }
        let look = || reached::offset(&self.relay.kafka, topic, partition, &self.routes);
        let Some(reached) = self.patiently("look at how far a partition had come", look)? else {
            tracing::warn!(topic, partition, count = low, "records were gone before this group read any");
            return Ok(FateCounts { gone: low.unsigned_abs(), ..FateCounts::default() });
        };
        if reached + 1 < low {
            broker::check_position(topic, partition, reached + 1, (low, high))?;
        }
        tracing::warn!(topic, partition, "the group has forgotten what was committed; going on from the oldest record");
        Ok(FateCounts { forgotten: low.unsigned_abs(), ..FateCounts::default() })
    }

    /// Asks Kafka until it answers, or until it is time to stop.
    fn patiently<T>(&self, attempt: &'static str, ask: impl Fn() -> Result<T, KafkaError>) -> Result<T, Error> {
        loop {
            let source = match ask() {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if let Some(Action::Stop { .. }) = source.rdkafka_error_code().map(policy::on_read) {
                return Err(Error::Group { attempt, source });
            }
            tracing::debug!(%source, attempt, "Kafka did not answer, asking again");
            if self.relay.shutdown.sleep(ASK_PAUSE) {
                return Err(Error::Kafka(broker::Error::Stopped));
            }
        }
    }

    fn committed_offsets(
        &self,
        consumer: &BaseConsumer<Membership>,
        list: &TopicPartitionList,
    ) -> Result<TopicPartitionList, Error> {
        self.patiently("ask the group for committed offsets", || {
            let committed = consumer.committed_offsets(list.clone(), COMMITTED_WAIT_MAX)?;
            let failed = committed.elements().iter().find_map(|element| element.error().err());
            failed.map_or(Ok(committed), Err)
        })
    }

    fn hold(&mut self, topic: &str, partition: i32, slot: Slot) {
        let route = self.relay.routes.iter().position(|route| route.input == topic);
        let route = route.expect("a change of other topics is left out");
        self.epoch += 1;
        let held = Held::new(route, topic, partition, slot, self.epoch, &self.relay.metrics);
        match self.held.iter().position(Option::is_none) {
            Some(free) => self.held[free] = Some(held),
            None => {
                assert!(self.held.len() < SLOTS_MAX, "a process holds fewer than {SLOTS_MAX} partitions");
                self.held.push(Some(held));
            }
        }
    }

    fn release(&mut self, consumer: &BaseConsumer<Membership>, list: &TopicPartitionList) -> Result<(), Error> {
        for held in self.held.iter_mut().flatten().filter(|held| held.is_owned() && held.is_in(list)) {
            held.disown();
        }
        self.settle()?;
        membership::give_up(consumer, list).map_err(|source| Error::Group { attempt: "give up partitions", source })?;
        tracing::info!(instance = self.relay.settings.instance, count = list.count(), "partitions given up");
        Ok(())
    }
}

fn taking_on(source: KafkaError) -> Error {
    Error::Group { attempt: "take on partitions", source }
}
