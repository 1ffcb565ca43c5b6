//! Who needs what, as a pure function of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Naming, Operation, Principal, Resource, Rule};
use crate::{Catalogue, Declaration, Region, Zone, group};

/// The command that creates topics is run as this.
const OPERATOR: &str = "topics";

/// What one user may take of one broker.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quota {
    /// Bytes per second that it may write.
    pub producer_byte_rate: f64,
    /// Bytes per second that it may read.
    pub consumer_byte_rate: f64,
    /// Time of the broker's threads, 100 being one thread.
    pub request_percentage: f64,
}

impl Quota {
    /// By Kafka's names.
    pub fn values(&self) -> BTreeMap<String, f64> {
        let values = [
            ("producer_byte_rate", self.producer_byte_rate),
            ("consumer_byte_rate", self.consumer_byte_rate),
            ("request_percentage", self.request_percentage),
        ];
        values.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// What each of so many brokers enforces by itself.
    #[must_use]
    pub fn per_broker(&self, brokers: u32) -> Self {
        let share = |whole: f64| (whole / f64::from(brokers.max(1))).ceil();
        Self {
            producer_byte_rate: share(self.producer_byte_rate),
            consumer_byte_rate: share(self.consumer_byte_rate),
            request_percentage: share(self.request_percentage),
        }
    }
}

/// What one principal has.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// What the brokers call it.
    pub user: String,
    /// What it may do.
    pub rules: BTreeSet<Rule>,
    /// What it may take of the whole cluster; nobody bounds the operator.
    pub quota: Option<Quota>,
}

/// Every principal of some regions, with what it has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// By service, then region.
    pub principals: BTreeMap<Principal, Access>,
}

impl Plan {
    /// Every rule.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.principals.values().flat_map(|access| &access.rules)
    }
}

/// A user as access rules name it.
pub(super) fn principal(user: &str) -> String {
    format!("User:{user}")
}

/// Who has to be able to do what so that these regions' topics are made, written, read and watched, and nothing else.
///
/// * Who writes a topic may Write it. That lets it be an idempotent producer, too; IdempotentWrite on the cluster is not needed.
/// * Who reads a topic may Read it. Read and Write imply Describe.
/// * Who makes topics out of topics and parks what it cannot (the processor) has a group of its region's, whose members and offsets it may change, and
///   may Read what it wrote: where the group has forgotten its offsets, the ends of the outputs tell them.
/// * Who only reads keeps positions itself. librdkafka asks for a group's coordinator all the same, which Describe allows.
/// * Who watches (the dashboard) may Describe source and parked topics and the groups, and reads no record of them.
/// * The operator's command may create, grow and set every topic; it reads and writes none.
pub fn plan(catalogue: &Catalogue, regions: &[Region], naming: &Naming) -> Plan {
    let mut plan = Plan::default();
    for region in regions {
        for service in catalogue.services() {
            let needs = needs(catalogue, service, *region);
            if !needs.is_empty() {
                plan.grant(principal_of(catalogue, service, *region), naming, quota(catalogue, service), needs);
            }
        }
        let operator = Principal { service: OPERATOR.to_owned(), region: None };
        let topics = catalogue.declarations.iter().map(|declaration| declaration.topic(*region));
        let operations = [Operation::CREATE, Operation::ALTER, Operation::ALTER_CONFIGS];
        let needs = topics.flat_map(|topic| operations.map(|operation| (operation, Resource::topic(&topic))));
        plan.grant(operator, naming, None, needs.collect());
    }
    plan
}

impl Plan {
    fn grant(&mut self, who: Principal, naming: &Naming, quota: Option<Quota>, needs: Vec<(Operation, Resource)>) {
        let user = naming.user(&who);
        let name = principal(&user);
        let access = self.principals.entry(who).or_insert_with(|| Access { user, rules: BTreeSet::new(), quota });
        access.rules.extend(needs.into_iter().map(|(operation, resource)| Rule::allow(&name, operation, resource)));
    }
}

fn principal_of(catalogue: &Catalogue, service: &str, region: Region) -> Principal {
    let region = (catalogue.zone_of(service) == Zone::Region).then_some(region);
    Principal { service: service.to_owned(), region }
}

fn quota(catalogue: &Catalogue, service: &str) -> Option<Quota> {
    let quota = catalogue.quotas.iter().find(|quota| quota.service == service)?;
    Some(Quota {
        producer_byte_rate: quota.write.as_bytes() as f64,
        consumer_byte_rate: quota.read.as_bytes() as f64,
        request_percentage: f64::from(quota.requests),
    })
}

/// What a service needs for a region.
fn needs(catalogue: &Catalogue, service: &str, region: Region) -> Vec<(Operation, Resource)> {
    let named = |services: &[String]| services.iter().any(|name| name == service);
    let relays = is_relay(catalogue, service);
    let mut needs = Vec::new();
    for declaration in &catalogue.declarations {
        let topic = || Resource::topic(declaration.topic(region));
        let (writes, reads) = (named(&declaration.producers), named(&declaration.consumers));
        if writes {
            needs.push((Operation::WRITE, topic()));
        }
        if reads || (writes && relays) {
            needs.push((Operation::READ, topic()));
        } else if named(&catalogue.watchers) && is_watched(catalogue, declaration) {
            needs.push((Operation::DESCRIBE, topic()));
        }
    }
    if relays {
        needs.push((Operation::READ, Resource::group(group::of_region(service, region))));
        needs.push((Operation::DESCRIBE, Resource::group(group::REACHED)));
    } else if catalogue.declarations.iter().any(|declaration| named(&declaration.consumers)) {
        needs.push((Operation::DESCRIBE, Resource::group(group::TAIL)));
    }
    if named(&catalogue.watchers) {
        let relays = catalogue.services().into_iter().filter(|service| is_relay(catalogue, service));
        needs.extend(relays.map(|relay| (Operation::DESCRIBE, Resource::group(group::of_region(relay, region)))));
    }
    needs
}

/// Whether a service makes topics out of topics, and commits how far it has come: it has somewhere to put what it cannot process.
fn is_relay(catalogue: &Catalogue, service: &str) -> bool {
    let writes = |declaration: &&Declaration| declaration.producers.iter().any(|name| name == service);
    catalogue.declarations.iter().filter(writes).any(|declaration| declaration.is_dead_letter(catalogue))
}

/// Source topics and where their records go that cannot be processed.
fn is_watched(catalogue: &Catalogue, declaration: &Declaration) -> bool {
    declaration.dead_letter.is_some() || declaration.is_dead_letter(catalogue)
}
