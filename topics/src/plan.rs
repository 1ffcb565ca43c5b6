//! What has to change on the broker; a pure function of what is declared and what is there.

use std::{collections::BTreeMap, fmt};

use crate::Topic;

/// A topic as the broker has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// Number of partitions.
    pub partitions: i32,
    /// Copies of the first partition.
    pub replication_factor: i32,
    /// Settings made for this very topic, not inherited.
    pub settings: BTreeMap<String, String>,
}

/// One step towards what is declared. Nothing is ever deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The topic does not exist.
    Create(Topic),
    /// The topic has too few partitions.
    AddPartitions {
        /// Its name.
        topic: String,
        /// How many it has.
        from: i32,
        /// How many it shall have.
        to: i32,
    },
    /// Settings differ.
    Alter {
        /// Its name.
        topic: String,
        /// What is there and what shall be, per setting.
        differences: BTreeMap<String, (Option<String>, String)>,
        /// Every setting after the change, undeclared ones included: the broker replaces them all at once.
        settings: BTreeMap<String, String>,
    },
}

/// Something declared that cannot be reached from what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The topic.
    pub topic: String,
    /// Why, and what to do.
    pub what: String,
}

/// All steps, in the order of the catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// How many topics are declared for the chosen regions.
    pub topic_count: usize,
    /// What to do.
    pub changes: Vec<Change>,
    /// What stands in the way; a plan with conflicts is not applied at all.
    pub conflicts: Vec<Conflict>,
}

/// The steps from what is there to what is declared.
pub fn difference(declared: &[Topic], existing: &BTreeMap<String, Existing>) -> Plan {
    let mut plan = Plan { topic_count: declared.len(), ..Plan::default() };
    for topic in declared {
        match existing.get(&topic.name) {
            None => plan.changes.push(Change::Create(topic.clone())),
            Some(existing) => compare(topic, existing, &mut plan),
        }
    }
    plan
}

fn compare(topic: &Topic, existing: &Existing, plan: &mut Plan) {
    if existing.partitions < topic.partitions {
        let (from, to) = (existing.partitions, topic.partitions);
        plan.changes.push(Change::AddPartitions { topic: topic.name.clone(), from, to });
    }
    if existing.partitions > topic.partitions {
        let what = format!(
            "has {} partitions and {} are declared; Kafka cannot take partitions away, declare {} or more",
            existing.partitions, topic.partitions, existing.partitions
        );
        plan.conflicts.push(Conflict { topic: topic.name.clone(), what });
    }
    if existing.replication_factor != topic.replication_factor {
        let what = format!(
            "has replication factor {} and {} is declared; move its replicas with kafka-reassign-partitions, \
             or declare {}",
            existing.replication_factor, topic.replication_factor, existing.replication_factor
        );
        plan.conflicts.push(Conflict { topic: topic.name.clone(), what });
    }
    let differences: BTreeMap<_, _> = topic
        .settings
        .iter()
        .filter(|(name, value)| existing.settings.get(*name) != Some(value))
        .map(|(name, value)| (name.clone(), (existing.settings.get(name).cloned(), value.clone())))
        .collect();
    if !differences.is_empty() {
        let mut settings = existing.settings.clone();
        settings.extend(topic.settings.clone());
        plan.changes.push(Change::Alter { topic: topic.name.clone(), differences, settings });
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(topic) => {
                let Topic { name, partitions, replication_factor, settings } = topic;
                write!(formatter, "create {name}: {partitions} partitions, {replication_factor} copies")?;
                settings.iter().try_for_each(|(name, value)| write!(formatter, ", {name}={value}"))
            }
            Self::AddPartitions { topic, from, to } => write!(formatter, "grow {topic}: {from} to {to} partitions"),
            Self::Alter { topic, differences, .. } => {
                write!(formatter, "alter {topic}:")?;
                let mut separator = " ";
                for (name, (from, to)) in differences {
                    write!(formatter, "{separator}{name} {} to {to}", from.as_deref().unwrap_or("unset"))?;
                    separator = ", ";
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.topic, self.what)
    }
}
