//! What is asked of a service, and what was decided of it.

use std::sync::Arc;

use access::{Action, Channel, Dataset, Decision, Part};
use axum::http::request::Parts;
use topics::Region;

use crate::person::Person;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// How.
    pub action: Action,
    /// What.
    pub part: Part,
}

/// What a service's addresses are.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// The service's name, as the access log has it.
    pub service: &'static str,
    /// What a request asks for; `None` for an address that the service does not know, which nobody is let in to.
    pub asks: fn(&Parts) -> Option<Asked>,
    /// The page that somebody of this region begins with.
    pub home: fn(Region) -> String,
}

/// What was decided of a request, for its route and for the access log.
#[derive(Clone, Debug)]
pub struct Decided {
    /// Who asked.
    pub person: Arc<Person>,
    /// Known by what.
    pub channel: Channel,
    /// For what; `None`: for an address that the service does not know.
    pub asked: Option<Asked>,
    /// The answer of the policies, which ones, and of which version.
    pub decision: Decision,
}

impl Site {
    /// Health and metrics, which every service has.
    pub fn probes(path: &str) -> Option<Asked> {
        let part = Part { dataset: Dataset::Probes, region: None };
        matches!(path, "/readyz" | "/metrics").then_some(Asked { action: Action::Inspect, part })
    }
}
