//! What every catalogue must keep.

use std::{collections::BTreeSet, fmt, time::Duration};

use schemas::Kind;

use crate::{Catalogue, Declaration, Outside, Region, Zone};

/// Identities are readable in source topics: the longest they may lie there.
const SOURCE_RETENTION_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// One rule broken by one topic, or by something else that is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The topic's declared name; of a flow its ends; of a schema or a service its name.
    pub topic: String,
    /// What is wrong and what to do.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.topic, self.what)
    }
}

/// Everything that is wrong with a catalogue; nothing, when it may be applied.
pub fn breaches(catalogue: &Catalogue) -> Vec<Breach> {
    let mut found = Vec::new();
    for declaration in &catalogue.declarations {
        let said = of_declaration(catalogue, declaration);
        found.extend(said.into_iter().map(|what| Breach { topic: declaration.name.clone(), what }));
    }
    for kind in Kind::ALL {
        if !catalogue.declarations.iter().any(|declaration| declaration.kind() == Some(kind)) {
            let what = "no topic carries this schema; declare one or remove the schema".to_owned();
            found.push(Breach { topic: kind.name().to_owned(), what });
        }
    }
    found.extend(beside_topics(catalogue));
    found.extend(of_services(catalogue));
    found
}

/// What is wrong with what is declared beside the topics.
fn beside_topics(catalogue: &Catalogue) -> Vec<Breach> {
    let services = catalogue.services();
    let mut found = Vec::new();
    for flow in &catalogue.outside {
        if flow.to.is_empty() || !flow.ends().any(|end| services.contains(&end)) {
            let what = "a flow has a service at one end and something at the other; name both".to_owned();
            found.push(Breach { topic: format!("{} to {}", flow.from, flow.to.join(", ")), what });
        }
    }
    for service in catalogue.beside.iter().chain(&catalogue.elsewhere) {
        if catalogue.declarations.iter().flat_map(Declaration::services).any(|name| name == service) {
            let what = "writes or reads a topic; take it out of `beside` or `elsewhere`".to_owned();
            found.push(Breach { topic: service.clone(), what });
        }
        if !catalogue.outside.iter().flat_map(Outside::ends).any(|end| end == service) {
            let what = "has to do with nothing; name in `outside` what it reads".to_owned();
            found.push(Breach { topic: service.clone(), what });
        }
    }
    found
}

/// What is wrong with what is declared of the services that touch topics.
fn of_services(catalogue: &Catalogue) -> Vec<Breach> {
    let breach = |service: &str, what: &str| Breach { topic: service.to_owned(), what: what.to_owned() };
    let touching = catalogue.declarations.iter().flat_map(Declaration::services);
    let touching: BTreeSet<_> = touching.chain(catalogue.watchers.iter().map(String::as_str)).collect();
    let mut found = Vec::new();
    for service in &touching {
        let mut quotas = catalogue.quotas.iter().filter(|quota| quota.service == *service);
        match (quotas.next(), quotas.next()) {
            (Some(quota), None) if quota.write.as_bytes().min(quota.read.as_bytes()).min(quota.requests.into()) > 0 => {
            }
            (Some(_), None) => found.push(breach(service, "a quota of 0 stops it; say what it may take")),
            (None, _) => found.push(breach(service, "has no quota; say in `quotas` what it may take of the cluster")),
            (Some(_), Some(_)) => found.push(breach(service, "has two quotas; keep one")),
        }
    }
    for quota in catalogue.quotas.iter().filter(|quota| !touching.contains(quota.service.as_str())) {
        found.push(breach(&quota.service, "has a quota and touches no topic; remove it"));
    }
    let read =
        |watcher: &&String| catalogue.declarations.iter().any(|declaration| declaration.consumers.contains(watcher));
    for watcher in catalogue.watchers.iter().filter(|watcher| !read(watcher)) {
        found.push(breach(watcher, "watches and reads no topic; take it out of `watchers`"));
    }
    found
}

fn of_declaration(catalogue: &Catalogue, declaration: &Declaration) -> Vec<String> {
    let mut found = Vec::new();
    let mut require = |kept: bool, what: String| {
        if !kept {
            found.push(what);
        }
    };
    let names: Vec<_> = catalogue.declarations.iter().map(|other| other.name.as_str()).collect();
    let partitions = catalogue.partitions_of(declaration);

    require(
        names.iter().filter(|name| **name == declaration.name).count() == 1,
        "declared more than once; keep one".to_owned(),
    );
    require(!declaration.purpose.trim().is_empty(), "has no purpose; say in a sentence what it is for".to_owned());
    require(!declaration.producers.is_empty(), "has no producer; name the service that writes it".to_owned());
    require(
        !declaration.consumers.is_empty() || declaration.is_dead_letter(catalogue),
        "has no consumer; name the service that reads it, only a dead letter topic may have none".to_owned(),
    );
    require(declaration.kind().is_some(), {
        format!("schema '{}' does not exist; use one of {}", declaration.schema, Kind::ALL.map(Kind::name).join(", "))
    });
    let carried: BTreeSet<_> = Region::all().map(|region| Kind::of_topic(&declaration.topic(region))).collect();
    require(carried == BTreeSet::from([declaration.kind()]), {
        "is not named after what it carries; see the table in the README of `schemas`".to_owned()
    });
    require(declaration.name.matches("<nn>").count() == 1, "must hold <nn> exactly once".to_owned());
    require(partitions >= 1, format!("{partitions} partitions; at least 1"));
    require(partitions == catalogue.partitions, {
        format!(
            "{partitions} partitions where the catalogue has {}; input partition n is written to output partition n, \
             so all have the same count",
            catalogue.partitions
        )
    });
    require(declaration.retention.is_some() != declaration.compacted, {
        "says how long it keeps records and is compacted, or neither; say `retention` or `compacted = true`".to_owned()
    });
    require(declaration.retention.is_none_or(|retention| declaration.segment <= retention), {
        "segment is longer than retention; records would stay longer than declared".to_owned()
    });
    require(declaration.segment > Duration::ZERO, "segment is 0".to_owned());
    let has_identities = declaration.kind() == Some(Kind::SourceRecord);
    require(!declaration.sealed || (has_identities && declaration.compacted), {
        "is sealed, which only a compacted topic of identities is; take `sealed` away".to_owned()
    });
    let is_source = has_identities && !declaration.sealed;
    let kept = if declaration.compacted { None } else { declaration.retention };
    require(!is_source || kept.is_some_and(|retention| retention <= SOURCE_RETENTION_MAX), {
        "holds identities for more than 7 days; shorten its retention".to_owned()
    });
    require(is_source == declaration.dead_letter.is_some(), {
        "exactly the source topics have a dead letter topic: what is read from the others was written by us".to_owned()
    });
    if let Some(dead_letter) = declaration.dead_letter.as_deref() {
        let target = catalogue.declarations.iter().find(|other| other.name == dead_letter);
        require(target.is_some_and(|target| target.kind() == Some(Kind::Parked)), {
            format!("dead letter topic '{dead_letter}' is not declared with schema Parked")
        });
    }
    require(declaration.zone() == Zone::Central || !declaration.consumers.iter().any(|name| is_central(name)), {
        "a service of the centre reads a topic that stays in the region".to_owned()
    });
    found
}

/// Services that may not see an identity; see the privacy line in the root README.
fn is_central(service: &str) -> bool {
    service.starts_with("sink-") || service == "dashboard"
}
