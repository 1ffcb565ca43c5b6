//! Reads what is on the broker, and carries out a plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    admin::{
        AdminClient, AdminOptions, AlterConfig, ConfigSource, NewPartitions, NewTopic, OwnedResourceSpecifier,
        ResourceSpecifier, TopicReplication,
    },
    client::DefaultClientContext,
    error::KafkaError,
    types::RDKafkaErrorCode,
};

use crate::{Catalogue, Change, Error, Existing, Kafka, Plan, Region, Sasl, Topic, difference, wait::wait};

/// How long one request to the broker may take.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// How long the first answer may take: somebody may sit at a terminal with a misspelled address.
const LIST_LIMIT: Duration = Duration::from_secs(10);
/// How long a change may take to be seen by the broker that is asked, and new partitions to have a leader.
const VISIBLE_LIMIT: Duration = Duration::from_secs(30);
/// Pause between two looks at the metadata.
const VISIBLE_PAUSE: Duration = Duration::from_millis(50);

/// What a caller may decide apart from the catalogue.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Partitions of every topic, in place of the catalogue's.
    pub partitions: Option<i32>,
    /// Copies of every partition, in place of the catalogue's.
    pub replication_factor: Option<i32>,
    /// How Kafka is reached beside its address: encryption, user, further settings. Its own `bootstrap` does not count.
    pub kafka: Option<Kafka>,
}

/// What would have to change for these regions. Changes nothing.
pub fn plan(bootstrap: &str, regions: &[Region], options: &Options) -> Result<Plan, Error> {
    Broker::connect(bootstrap, options)?.plan(&declared(regions, options))
}

/// Makes the topics of these regions as declared, and waits until they can be written; returns what it changed.
///
/// Applying twice changes nothing. Topics are never deleted, and nothing at all is changed when anything is in the way.
pub fn apply(bootstrap: &str, regions: &[Region], options: &Options) -> Result<Plan, Error> {
    let declared = declared(regions, options);
    let broker = Broker::connect(bootstrap, options)?;
    let plan = broker.plan(&declared)?;
    if !plan.conflicts.is_empty() {
        return Err(Error::Conflicts(plan.conflicts));
    }
    broker.create(&plan.changes)?;
    broker.grow(&plan.changes)?;
    broker.alter(&plan.changes)?;
    if !plan.changes.is_empty() {
        broker.wait_until_visible(&declared)?;
    }
    Ok(plan)
}

fn declared(regions: &[Region], options: &Options) -> Vec<Topic> {
    Catalogue::load().topics(regions, options.partitions, options.replication_factor)
}

struct Broker {
    bootstrap: String,
    tls: Option<tls::Client>,
    who: Option<String>,
    client: AdminClient<DefaultClientContext>,
}

impl Broker {
    fn connect(bootstrap: &str, options: &Options) -> Result<Self, Error> {
        let settings = |fault| Error::Secret { bootstrap: bootstrap.to_owned(), source: fault };
        let plain = Kafka::at(bootstrap);
        let kafka = options.kafka.as_ref().unwrap_or(&plain);
        let mut config = kafka.client().map_err(settings)?;
        config.set("bootstrap.servers", bootstrap).set("client.id", "vardstrom-topics");
        let client: AdminClient<DefaultClientContext> =
            config.create().map_err(|source| Error::Settings { bootstrap: bootstrap.to_owned(), source })?;
        kafka.log_in(client.inner())?;
        let who = kafka.sasl.as_ref().map(Sasl::who);
        Ok(Self { bootstrap: bootstrap.to_owned(), tls: kafka.tls.clone(), who, client })
    }

    fn plan(&self, declared: &[Topic]) -> Result<Plan, Error> {
        let wanted = declared.iter().map(|topic| topic.name.as_str()).collect();
        Ok(difference(declared, &self.existing(&wanted)?))
    }

    /// Those of the wanted topics that exist.
    fn existing(&self, wanted: &BTreeSet<&str>) -> Result<BTreeMap<String, Existing>, Error> {
        let action = "listing topics";
        let metadata = self.client.inner().fetch_metadata(None, LIST_LIMIT).map_err(self.kafka(action))?;
        let mut existing = BTreeMap::new();
        for topic in metadata.topics().iter().filter(|topic| wanted.contains(topic.name())) {
            let partitions = topic.partitions();
            let replicas = partitions.first().map_or(0, |partition| partition.replicas().len());
            let entry = Existing {
                partitions: partitions.len() as i32,
                replication_factor: replicas as i32,
                settings: BTreeMap::new(),
            };
            existing.insert(topic.name().to_owned(), entry);
        }
        self.read_settings(&mut existing)?;
        Ok(existing)
    }

    fn read_settings(&self, existing: &mut BTreeMap<String, Existing>) -> Result<(), Error> {
        if existing.is_empty() {
            return Ok(());
        }
        let action = "reading the settings of";
        let names: Vec<String> = existing.keys().cloned().collect();
        let resources: Vec<_> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
        let answers = wait(self.client.describe_configs(&resources, &options())).map_err(self.kafka(action))?;
        for (name, answer) in names.iter().zip(answers) {
            let resource = answer.map_err(|code| Error::Refused { action, topic: name.clone(), code })?;
            let OwnedResourceSpecifier::Topic(topic) = &resource.specifier else { continue };
            let Some(existing) = existing.get_mut(topic) else { continue };
            for entry in resource.entries {
                if let (ConfigSource::DynamicTopic, Some(value)) = (entry.source, entry.value) {
                    existing.settings.insert(entry.name, value);
                }
            }
        }
        Ok(())
    }

    fn create(&self, changes: &[Change]) -> Result<(), Error> {
        let topics = changes.iter().filter_map(|change| match change {
            Change::Create(topic) => Some(topic),
            _ => None,
        });
        let new: Vec<_> = topics.map(new_topic).collect();
        if new.is_empty() {
            return Ok(());
        }
        let action = "creating";
        for result in wait(self.client.create_topics(&new, &options())).map_err(self.kafka(action))? {
            match result {
                // Somebody else applied the same catalogue at the same time.
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((topic, code)) => return Err(Error::Refused { action, topic, code }),
            }
        }
        Ok(())
    }

    fn grow(&self, changes: &[Change]) -> Result<(), Error> {
        let growing = changes.iter().filter_map(|change| match change {
            Change::AddPartitions { topic, to, .. } => Some(NewPartitions::new(topic, *to as usize)),
            _ => None,
        });
        let growing: Vec<_> = growing.collect();
        if growing.is_empty() {
            return Ok(());
        }
        let action = "adding partitions to";
        for result in wait(self.client.create_partitions(&growing, &options())).map_err(self.kafka(action))? {
            result.map_err(|(topic, code)| Error::Refused { action, topic, code })?;
        }
        Ok(())
    }

    fn alter(&self, changes: &[Change]) -> Result<(), Error> {
        let action = "altering";
        for change in changes {
            let Change::Alter { topic, settings, .. } = change else { continue };
            let mut altered = AlterConfig::new(ResourceSpecifier::Topic(topic));
            for (name, value) in settings {
                altered = altered.set(name, value);
            }
            for result in wait(self.client.alter_configs([&altered], &options())).map_err(self.kafka(action))? {
                result.map_err(|(_, code)| Error::Refused { action, topic: topic.clone(), code })?;
            }
        }
        Ok(())
    }

    /// The controller answers before every broker knows: a change is done when it can be seen and written to.
    fn wait_until_visible(&self, declared: &[Topic]) -> Result<(), Error> {
        let deadline = Instant::now() + VISIBLE_LIMIT;
        loop {
            let waiting = self.plan(declared)?.changes.len() + self.leaderless(declared)?;
            if waiting == 0 {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Error::NotVisible(waiting));
            }
            thread::sleep(VISIBLE_PAUSE);
        }
    }

    /// How many of the declared topics have a partition that cannot be written to yet.
    fn leaderless(&self, declared: &[Topic]) -> Result<usize, Error> {
        let metadata = self.client.inner().fetch_metadata(None, LIST_LIMIT).map_err(self.kafka("listing topics"))?;
        let led: BTreeSet<&str> = metadata
            .topics()
            .iter()
            .filter(|topic| topic.partitions().iter().all(|partition| partition.leader() >= 0))
            .map(|topic| topic.name())
            .collect();
        Ok(declared.iter().filter(|topic| !led.contains(topic.name.as_str())).count())
    }

    fn kafka(&self, action: &'static str) -> impl Fn(KafkaError) -> Error + '_ {
        move |source| {
            let bootstrap = self.bootstrap.clone();
            // librdkafka only says that it was not let in.
            match self.refusal() {
                Some(refusal) => Error::Untrusted { action, bootstrap, refusal },
                None => Error::Kafka { action, bootstrap, who: self.who.clone(), source: Box::new(source) },
            }
        }
    }

    fn refusal(&self) -> Option<tls::Refusal> {
        let tls = self.tls.as_ref()?;
        self.bootstrap.split(',').find_map(|address| {
            let (host, port) = address.trim().rsplit_once(':')?;
            tls.probe(host.trim_start_matches('[').trim_end_matches(']'), port.parse().ok()?)
        })
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(REQUEST_LIMIT)).operation_timeout(Some(REQUEST_LIMIT))
}

fn new_topic(topic: &Topic) -> NewTopic<'_> {
    let replication = TopicReplication::Fixed(topic.replication_factor);
    let mut new = NewTopic::new(&topic.name, topic.partitions, replication);
    for (name, value) in &topic.settings {
        new = new.set(name, value);
    }
    new
}
