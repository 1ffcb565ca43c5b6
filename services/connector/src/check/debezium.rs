//! A region's own Debezium topics.

use runtime::config::{Check, Fault};

use super::fhir::check_name;
use super::{check_feed, check_source_system};
use crate::config::Debezium;

/// What only the addresses of Apicurio's own interface have.
const APICURIO: &str = "/apis/registry/";

const TOPICS_MAX: usize = 1000;
/// Kafka's bound on the length of a name.
const NAME_MAX: usize = 249;

impl Check for Debezium {
    fn check(&self) -> Result<(), Fault> {
        check_name(&self.name)?;
        self.kafka.check().map_err(|fault| fault.under("kafka"))?;
        self.source_system.as_deref().map_or(Ok(()), check_source_system)?;
        if self.group.is_empty() || self.group.len() > NAME_MAX || self.group.chars().any(char::is_control) {
            return Err(Fault::new("group", "not a group's name; write for example \"vardstrom-14\""));
        }
        if self.topics.is_empty() || self.topics.len() > TOPICS_MAX {
            return Err(Fault::new("topics", format!("must name between 1 and {TOPICS_MAX} topics")));
        }
        for (topic, feed) in &self.topics {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            if topic.is_empty() || topic.len() > NAME_MAX || !topic.bytes().all(letter) {
                return Err(Fault::new("topics", "not a topic's name; write for example \"journal.care.contact\""));
            }
            check_feed(feed).map_err(|_| {
                Fault::new(
                    "topics",
                    "not a feed; write topic and feed, for example \"journal.care.contact\" = \"waiting-times\"",
                )
            })?;
        }
        if self.keys.keys().any(|topic| !self.topics.contains_key(topic)) {
            return Err(Fault::new("keys", "names a topic that is not in topics"));
        }
        if self.wall_clock.keys().any(|topic| !self.topics.contains_key(topic)) {
            return Err(Fault::new("wall_clock", "names a topic that is not in topics"));
        }
        if self.full.iter().any(|topic| !self.topics.contains_key(topic)) {
            return Err(Fault::new("full", "names a topic that is not in topics"));
        }
        if self.flattened.keys().any(|topic| !self.topics.contains_key(topic)) {
            return Err(Fault::new("flattened", "names a topic that is not in topics"));
        }
        if self.flattened.values().any(String::is_empty) {
            return Err(Fault::new(
                "flattened",
                "columns that were added without a prefix cannot be told from the table's; set add.fields.prefix there, and \
                 write topic and prefix, for example \"journal.care.contact\" = \"__\"",
            ));
        }
        if let Some(registry) = &self.registry {
            registry.check().map_err(|fault| fault.under("registry"))?;
            if registry.register {
                return Err(Fault::new(
                    "registry.register",
                    "is for our own registry; this one is read and not written to",
                ));
            }
        }
        let is_apicurio = self.registry.as_ref().is_some_and(|registry| registry.url.contains(APICURIO));
        if is_apicurio != self.registry_ids.is_some() {
            return Err(Fault::new(
                "registry_ids",
                "must say of Apicurio's own interface, and of no other, what its ids are: the converter's use-id, \
                 \"content\" or \"global\"",
            ));
        }
        Ok(())
    }
}
