//! Names of topics: put together and read here, and nowhere else. A region is given by its länskod.

use crate::kind::FEEDS;
use crate::{Kind, Subject, region_code};

/// `region.<nn>.source.<feed>`: what a region's source systems sent.
pub fn source(region: &str, feed: &str) -> String {
    format!("region.{region}.source.{feed}")
}

/// `region.<nn>.common.<subject>`: the region's events in the common model.
pub fn common(region: &str, subject: Subject) -> String {
    format!("region.{region}.common.{}", subject.name())
}

/// `region.<nn>.parked`: coordinates of what could not become an event.
pub fn parked(region: &str) -> String {
    format!("region.{region}.parked")
}

/// `region.<nn>.protected`: what is known of whose identity is protected, kept for good.
pub fn protected(region: &str) -> String {
    format!("region.{region}.protected")
}

/// `region.<nn>.objections`: what persons and decisions say of the use of persons' data, kept for good.
pub fn objections(region: &str) -> String {
    format!("region.{region}.objections")
}

/// `region.<nn>.identities`: of whom the region's pseudonyms are, sealed, where the region keeps it.
pub fn identities(region: &str) -> String {
    format!("region.{region}.identities")
}

/// The länskod of the region that a topic belongs to, or `None` for a topic that is not ours.
pub fn region_of(topic: &str) -> Option<&str> {
    parts(topic).map(|(region, _)| region)
}

fn parts(topic: &str) -> Option<(&str, &str)> {
    let (region, rest) = topic.strip_prefix("region.")?.split_once('.')?;
    region_code::ALL.contains(&region).then_some((region, rest))
}

/// The topics of a region that carry this kind, as the catalogue has them.
pub(crate) fn of_kind(region: &str, kind: Kind) -> Vec<String> {
    match (kind, kind.subject()) {
        (_, Some(subject)) => vec![common(region, subject)],
        (Kind::Parked, _) => vec![parked(region)],
        (Kind::Protection, _) => vec![protected(region)],
        (Kind::Objection, _) => vec![objections(region)],
        _ => FEEDS.iter().map(|feed| source(region, feed)).chain([identities(region)]).collect(),
    }
}

impl Kind {
    /// The kind that a topic carries, or `None` for a topic that is not ours.
    pub fn of_topic(topic: &str) -> Option<Self> {
        let (_, rest) = parts(topic)?;
        match rest.split_once('.') {
            Some(("common", subject)) => Subject::of_name(subject).map(Subject::kind),
            Some(("source", feed)) => is_feed(feed).then_some(Self::SourceRecord),
            Some(_) => None,
            None => match rest {
                "parked" => Some(Self::Parked),
                "protected" => Some(Self::Protection),
                "objections" => Some(Self::Objection),
                "identities" => Some(Self::SourceRecord),
                _ => None,
            },
        }
    }
}

/// A feed's name is lower case words with hyphens, as topic names are.
fn is_feed(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
