mod rebalance;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::Offset;
use rdkafka::TopicPartitionList;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use super::held::Held;
use super::membership::Membership;
use super::receipts::{self, Receipt, Receipts};
use super::{Error, Failure, Outputs, Record, Relay, Route, Step, clients};
use crate::broker::{self, Link, Probe};
use crate::config::Fault;
use crate::exit::chain;
use crate::fate::Fate;
use crate::metrics::Part;
use crate::origin::{self, Position};
use crate::parting::Parting;
use crate::policy;

/// Records read before receipts, rebalances and commits are looked after again.
const BATCH_MAX: usize = 1000;
/// Events of the producer served before records are read again.
const RECEIPT_EVENTS_MAX: usize = 10_000;
/// How long the loop waits for a record when nothing is going on, and when receipts are awaited.
const IDLE_WAIT: Duration = Duration::from_millis(50);
const BUSY_WAIT: Duration = Duration::from_millis(2);
/// rdkafka cannot tell how an asynchronous commit ended, so what matters is committed synchronously now and then.
const CONFIRM_INTERVAL: Duration = Duration::from_secs(5);
/// How long the receipt that explains why the producer gave up may take.
const CAUSE_WAIT: Duration = Duration::from_millis(500);
/// How long the consumer may take to leave.
const CLOSE_MAX: Duration = Duration::from_secs(10);
/// Attempts of a step that panics.
const ATTEMPTS_MAX: usize = 2;
/// Pause between attempts of a step whose needs are away.
const RETRY_PAUSE_MIN: Duration = Duration::from_millis(200);
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(5);

pub(super) struct Worker<S> {
    consumer: Parting<BaseConsumer<Membership>>,
    work: Work<S>,
}

/// Everything but the consumer, from whose memory records are borrowed while the rest changes.
struct Work<S> {
    relay: Relay,
    routes: Arc<[Route]>,
    step: S,
    link: Link,
    producer: BaseProducer<Receipts>,
    /// By slot number; a number is used again only when no receipt of its last user is outstanding.
    held: Vec<Option<Held>>,
    last: usize,
    /// Counts what was taken on, so that a partition that comes back is not mistaken for the one that went.
    epoch: u64,
    outputs: Outputs,
    receipts: Vec<Receipt>,
    pending: usize,
    /// What the metric shows of it.
    shown: Part,
    committed: Instant,
    confirmed: Instant,
    probe: Probe,
}

impl<S: Step> Worker<S> {
    pub(super) fn start(relay: Relay, step: S) -> Result<Self, Error> {
        let link = Link::of(&relay.kafka, relay.health.clone(), &relay.settings.instance);
        relay.say(false, "waiting for Kafka");
        let inputs: Vec<&str> = relay.routes.iter().map(|route| route.input.as_str()).collect();
        let mut reading = clients::reading(&relay.kafka, &relay.settings).map_err(Error::Setup)?;
        reading.set("group.instance.id", relay.settings.member(&relay.routes));
        let writing = clients::writing(&relay.kafka, &relay.settings).map_err(Error::Setup)?;
        let consumer: BaseConsumer<Membership> =
            BaseConsumer::from_config_and_context(&reading, Membership::new(link.clone())).map_err(setup)?;
        let producer: BaseProducer<Receipts> =
            BaseProducer::from_config_and_context(&writing, Receipts::new(link.clone())).map_err(setup)?;
        check_topics(&relay, &consumer, &link)?;
        consumer
            .subscribe(&inputs)
            .map_err(|source| Error::Group { attempt: "subscribe to the input topics", source })?;
        relay.say(false, "waiting for the group to give out partitions");
        let work = Work {
            routes: relay.routes.clone().into(),
            shown: Part::of(&relay.metrics.pending),
            relay,
            step,
            link,
            producer,
            held: Vec::new(),
            last: 0,
            epoch: 0,
            outputs: Outputs::new(),
            receipts: Vec::new(),
            pending: 0,
            committed: Instant::now(),
            confirmed: Instant::now(),
            probe: Probe::new(),
        };
        Ok(Self { consumer: Parting::new(consumer, CLOSE_MAX), work })
    }

    pub(super) fn run(mut self) -> Result<(), Error> {
        let mut result = Ok(());
        let mut is_busy = false;
        while result.is_ok() && !self.work.relay.shutdown.requested() {
            match self.round(is_busy) {
                Ok(read_count) => is_busy = read_count > 0,
                Err(Error::Kafka(broker::Error::Stopped)) => break,
                Err(error) => result = Err(error),
            }
        }
        if matches!(result, Err(Error::Delivery { .. })) {
            self.work.producer.poll(CAUSE_WAIT);
            result = self.work.producer.context().cause().map_or(result, Err);
        }
        let drained = if result.is_ok() { self.work.drain(|_| true) } else { Ok(()) };
        // What is settled may be committed even when something else has failed; not when Kafka is away, for the answer
        // would be waited for.
        if self.work.link.is_up() {
            self.work.commit(&self.consumer, CommitMode::Sync, |_| true);
        }
        self.work.relay.say(false, "stopped");
        result.and(drained)
    }

    fn round(&mut self, is_busy: bool) -> Result<usize, Error> {
        let Self { consumer, work } = self;
        while let Some(change) = consumer.context().next_change() {
            work.change(consumer, change)?;
        }
        let read_count = if work.pending < work.relay.settings.pending_max {
            work.read(consumer, is_busy)?
        } else {
            work.producer.poll(BUSY_WAIT);
            1
        };
        work.settle()?;
        work.commit_when_due(consumer);
        work.measure(consumer);
        let topic = work.relay.routes.first().map(|route| route.input.as_str());
        work.probe.ask(&work.link, consumer.client(), topic);
        Ok(read_count)
    }
}

fn setup(error: KafkaError) -> Error {
    Error::Setup(Fault::new("kafka", error.to_string()))
}

fn check_topics<C: rdkafka::consumer::ConsumerContext>(
    relay: &Relay,
    consumer: &BaseConsumer<C>,
    link: &Link,
) -> Result<(), Error> {
    let counts = |topics: &[&str]| {
        broker::partition_counts(consumer.client(), || broker::serve(consumer), link, topics, &relay.shutdown)
    };
    for route in &relay.routes {
        let input_count = counts(&[&route.input])?[0];
        let outputs: Vec<&str> = route.outputs.iter().map(String::as_str).collect();
        for (output, output_count) in outputs.iter().zip(counts(&outputs)?) {
            if output_count < input_count {
                return Err(Error::Partitions {
                    input: route.input.clone(),
                    input_count,
                    output: (*output).to_owned(),
                    output_count,
                });
            }
        }
    }
    Ok(())
}

impl<S> Drop for Worker<S> {
    /// Also after a panic: a consumer whose partitions nobody gives up any more would wait for that for ever.
    fn drop(&mut self) {
        self.consumer.context().close();
    }
}

impl<S: Step> Work<S> {
    fn read(&mut self, consumer: &BaseConsumer<Membership>, is_busy: bool) -> Result<usize, Error> {
        let mut patience = match (is_busy, self.pending) {
            (true, _) => Duration::ZERO,
            (false, 0) => IDLE_WAIT,
            (false, _) => BUSY_WAIT,
        };
        let mut count = 0;
        while count < BATCH_MAX {
            match consumer.poll(patience) {
                Some(Ok(message)) => self.process(consumer, &message)?,
                Some(Err(error)) => self.judge(consumer, &error)?,
                None => break,
            }
            count += 1;
            patience = Duration::ZERO;
        }
        Ok(count)
    }

    fn judge(&self, consumer: &BaseConsumer<Membership>, error: &KafkaError) -> Result<(), Error> {
        let owned = self.held.iter().flatten().filter(|held| held.is_owned());
        let positions = owned.map(|held| (held.topic.as_str(), held.partition, held.slot.next()));
        Ok(broker::judge(consumer, &self.link, &self.relay.shutdown, positions, error)?)
    }

    /// One record: its fate, its outputs into the producer's queue, its place in the ring.
    fn process(&mut self, consumer: &BaseConsumer<Membership>, message: &BorrowedMessage<'_>) -> Result<(), Error> {
        // Asked once: the name is read from librdkafka's memory anew each time.
        let topic = message.topic();
        // A record of a partition that was given up meanwhile is read by its new owner.
        let Some(number) = self.find(topic, message.partition()) else { return Ok(()) };
        if message.offset() < self.held(number).slot.end() {
            // It is in the ring already; a second time it would go back to before its successors.
            return Ok(());
        }
        let record = Record {
            route: self.held(number).route,
            topic,
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key(),
            payload: message.payload().unwrap_or_default(),
        };
        let mut outputs = std::mem::take(&mut self.outputs);
        let result = self.decide_and_send(consumer, number, &record, &mut outputs);
        outputs.clear();
        self.outputs = outputs;
        result
    }

    fn decide_and_send(
        &mut self,
        consumer: &BaseConsumer<Membership>,
        number: usize,
        record: &Record<'_>,
        outputs: &mut Outputs,
    ) -> Result<(), Error> {
        let fate = match self.decide(record, outputs) {
            Ok(fate) => fate,
            Err(failure) => {
                let Some(fate) = self.step_again(consumer, number, record, outputs, failure)? else { return Ok(()) };
                fate
            }
        };
        let sequence = self.held_mut(number).slot.push(record.offset, record.timestamp_ms, fate, outputs.count());
        self.pending += 1;
        // Shared, so that the topics' names can be read while everything else changes.
        let routes = Arc::clone(&self.routes);
        let word = Receipt { slot: number, sequence }.to_word();
        for output in outputs.iter() {
            let position = Position { offset: record.offset, ordinal: output.ordinal };
            let held = self.held[number].as_mut().expect(HELD);
            let origin = held.origins.write(position);
            let mut headers = OwnedHeaders::new_with_capacity(2);
            headers = headers.insert(Header { key: origin::HEADER, value: Some(origin) });
            if let Some(id) = output.event_id {
                headers = headers.insert(Header { key: origin::EVENT_ID_HEADER, value: Some(id) });
            }
            let topic = &routes[record.route].outputs[output.output];
            let mut message = BaseRecord::<[u8], [u8], usize>::with_opaque_to(topic, word)
                .partition(record.partition)
                .payload(output.payload)
                .headers(headers);
            if let Some(key) = output.key {
                message = message.key(key);
            }
            loop {
                let code = match self.producer.send(message) {
                    Ok(()) => break,
                    Err((error, returned)) => {
                        message = returned;
                        policy::code(&error)
                    }
                };
                if !policy::is_full(code) {
                    return Err(receipts::failure(topic.clone(), record.partition, code));
                }
                if self.relay.shutdown.requested() {
                    // The record stays unacknowledged, so it is read again at the next start.
                    return Ok(());
                }
                self.relay.metrics.queue_full.inc();
                self.producer.poll(BUSY_WAIT);
                self.settle()?;
            }
        }
        Ok(())
    }

    /// Asks the step; a record at which it panics every time is set aside.
    fn decide(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        for _ in 0..ATTEMPTS_MAX {
            // A step keeps nothing of a record, so that one which was left half-way is as good as before.
            if let Ok(decided) = catch_unwind(AssertUnwindSafe(|| self.step.step(record, outputs))) {
                return decided;
            }
            outputs.clear();
        }
        let Record { topic, partition, offset, .. } = *record;
        tracing::error!(
            topic,
            partition,
            offset,
            "deciding this record panicked {ATTEMPTS_MAX} times; it is set aside"
        );
        self.relay.metrics.panicked.inc();
        self.step.set_aside(record, outputs)
    }

    /// Tries a record again until its step can decide. `None`: its partition went to someone else, or it is time to stop.
    #[cold]
    fn step_again(
        &mut self,
        consumer: &BaseConsumer<Membership>,
        number: usize,
        record: &Record<'_>,
        outputs: &mut Outputs,
        mut failure: Failure,
    ) -> Result<Option<Fate>, Error> {
        let epoch = self.held(number).epoch;
        let mut pause = RETRY_PAUSE_MIN;
        let mut is_logged = false;
        loop {
            outputs.clear();
            match failure {
                Failure::Stop(source) => {
                    let topic = record.topic.to_owned();
                    return Err(Error::Step { topic, partition: record.partition, offset: record.offset, source });
                }
                Failure::Retry(cause) if !is_logged => {
                    let reason = chain(cause.as_ref());
                    tracing::warn!(reason, "a step cannot go on, retrying until it can");
                    self.relay.say(false, reason);
                    is_logged = true;
                }
                Failure::Retry(_) => {}
            }
            if self.relay.shutdown.sleep(pause) {
                return Ok(None);
            }
            pause = (pause * 2).min(RETRY_PAUSE_MAX);
            self.stay_member(consumer)?;
            // Even if the partition came back meanwhile, it came back with the record still to be read.
            if !self.held[number].as_ref().is_some_and(|held| held.is_owned() && held.epoch == epoch) {
                return Ok(None);
            }
            match self.decide(record, outputs) {
                Ok(fate) => {
                    tracing::info!("the step goes on");
                    self.say_ready();
                    return Ok(Some(fate));
                }
                Err(again) => failure = again,
            }
        }
    }

    /// Serves the group without reading: partitions are paused, so nothing is taken out of order.
    fn stay_member(&mut self, consumer: &BaseConsumer<Membership>) -> Result<(), Error> {
        let pausing = |source| Error::Group { attempt: "pause reading", source };
        let assignment = consumer.assignment().map_err(pausing)?;
        consumer.pause(&assignment).map_err(pausing)?;
        if let Some(Err(error)) = consumer.poll(Duration::ZERO) {
            self.judge(consumer, &error)?;
        }
        consumer.resume(&assignment).map_err(pausing)?;
        while let Some(change) = consumer.context().next_change() {
            self.change(consumer, change)?;
        }
        self.settle()?;
        self.commit_when_due(consumer);
        Ok(())
    }

    /// Takes in the receipts that are there and moves every ring's front.
    fn settle(&mut self) -> Result<(), Error> {
        self.serve_receipts();
        self.producer.context().take(&mut self.receipts)?;
        if !self.receipts.is_empty() {
            self.link.up();
        }
        for receipt in self.receipts.drain(..) {
            self.held[receipt.slot].as_mut().expect(HELD).slot.acknowledge(receipt.sequence);
        }
        for entry in &mut self.held {
            let Some(held) = entry else { continue };
            let settled = held.slot.settle();
            let count = settled.counts.consumed();
            if count > 0 {
                self.pending -= usize::try_from(count).expect("no more settles than was pending");
                held.count(&settled.counts);
                if let Some(seconds) = settled.timestamp_ms.and_then(seconds_since) {
                    self.relay.metrics.settle_time.observe(seconds);
                }
            }
            if !held.is_owned() && held.slot.unacknowledged() == 0 {
                self.pending -= held.slot.pending();
                *entry = None;
            }
        }
        Ok(())
    }

    /// rdkafka serves one event per poll, which is one batch of one partition: with many partitions, a poll per round would
    /// fall behind without end.
    fn serve_receipts(&self) {
        for _ in 0..RECEIPT_EVENTS_MAX {
            let count = self.producer.context().count();
            self.producer.poll(Duration::ZERO);
            if self.producer.context().count() == count {
                return;
            }
        }
    }

    fn measure(&mut self, consumer: &BaseConsumer<Membership>) {
        self.shown.set(i64::try_from(self.pending).unwrap_or(i64::MAX));
        let mut ends = consumer.context().watch().ends();
        if !ends.take_changed() {
            return;
        }
        for held in self.held.iter().flatten().filter(|held| held.is_owned()) {
            if let Some(end) = ends.of(&held.topic, held.partition) {
                held.show_lag(end);
            }
        }
    }

    fn commit_when_due(&mut self, consumer: &BaseConsumer<Membership>) {
        if !self.link.is_up() {
            return;
        }
        if self.confirmed.elapsed() >= CONFIRM_INTERVAL {
            self.commit(consumer, CommitMode::Sync, |held| held.slot.is_unconfirmed());
        } else if self.committed.elapsed() >= self.relay.settings.commit_interval.0 {
            self.commit(consumer, CommitMode::Async, |held| held.slot.is_ahead());
        }
    }

    /// Commits the chosen partitions: offset and fates in one step.
    fn commit(&mut self, consumer: &BaseConsumer<Membership>, mode: CommitMode, choose: impl Fn(&Held) -> bool) {
        self.committed = Instant::now();
        if matches!(mode, CommitMode::Sync) {
            self.confirmed = self.committed;
        }
        let mut list = TopicPartitionList::new();
        for held in self.held.iter().flatten().filter(|held| held.is_owned() && held.slot.has_settled() && choose(held))
        {
            let mut element = list.add_partition(&held.topic, held.partition);
            element.set_metadata(held.slot.counts().to_string());
            element.set_offset(Offset::Offset(held.slot.next())).expect("an offset is a number");
        }
        if list.count() == 0 {
            return;
        }
        if let Err(error) = consumer.commit(&list, mode) {
            // The next commit carries more; if none succeeds a restart replays what consumers ignore.
            tracing::warn!(%error, "offsets were not committed, trying again");
            return;
        }
        self.relay.metrics.commits.inc();
        for held in self.held.iter_mut().flatten().filter(|held| held.is_owned() && choose(held)) {
            match mode {
                CommitMode::Async => held.slot.mark_committed(),
                CommitMode::Sync => held.slot.mark_confirmed(),
            }
        }
    }

    /// Waits until the chosen partitions have nothing unacknowledged, within bounds.
    fn drain(&mut self, choose: impl Fn(&Held) -> bool) -> Result<(), Error> {
        let deadline = Instant::now() + self.relay.settings.drain_max.0;
        loop {
            self.settle()?;
            let waiting: u64 =
                self.held.iter().flatten().filter(|held| choose(held)).map(|held| held.slot.unacknowledged()).sum();
            if waiting == 0 {
                return Ok(());
            }
            if Instant::now() >= deadline {
                tracing::warn!(waiting, "outputs were not acknowledged in time; their records are read again");
                return Ok(());
            }
            self.producer.poll(BUSY_WAIT);
        }
    }

    fn say_ready(&self) {
        let count = self.held.iter().flatten().filter(|held| held.is_owned()).count();
        self.relay.say(true, format!("{} has {count} partitions", self.relay.settings.instance));
    }

    fn find(&mut self, topic: &str, partition: i32) -> Option<usize> {
        let is_it = |entry: &Option<Held>| entry.as_ref().is_some_and(|held| held.is(topic, partition));
        // Records come in runs of one partition.
        if !self.held.get(self.last).is_some_and(is_it) {
            self.last = self.held.iter().position(is_it)?;
        }
        Some(self.last)
    }

    fn held(&self, number: usize) -> &Held {
        self.held[number].as_ref().expect(HELD)
    }

    fn held_mut(&mut self, number: usize) -> &mut Held {
        self.held[number].as_mut().expect(HELD)
    }
}

const HELD: &str = "a slot with records or receipts outstanding is not given away";

fn seconds_since(timestamp_ms: i64) -> Option<f64> {
    let written = std::time::UNIX_EPOCH + Duration::from_millis(u64::try_from(timestamp_ms).ok()?);
    Some(written.elapsed().unwrap_or_default().as_secs_f64())
}
