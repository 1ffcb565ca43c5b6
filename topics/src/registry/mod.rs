//! Registers the schema of every topic under `<topic>-value`, and sets the rule that new versions of it are held to.
//!
//! Services only look schemas up, so that what a topic may hold is decided here and nowhere else. All versions of a kind
//! are registered, oldest first: an older release that runs beside this one finds what it writes, and the registry's newest
//! version is ours. The registry itself judges whether it has a schema, for each keeps its own spelling of it. What it
//! has beyond ours is told and never deleted.

mod plan;

use schemas::{Kind, registry, registry::client};

pub use plan::{Change, Existing, Note, Plan, difference};

use crate::{Catalogue, Region};

/// Why schemas could not be compared or registered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The registry does not say what it has.
    #[error("look at subject {subject}")]
    Read {
        /// The subject.
        subject: String,
        /// Why.
        source: client::Error,
    },
    /// The registry does not take a change. What came before it in the plan is done; applying again goes on from there.
    #[error("{change}{}", hint(.source))]
    Refused {
        /// What was attempted.
        change: Change,
        /// Why not.
        source: client::Error,
    },
}

/// What would have to change in the registry for these regions. Changes nothing.
pub fn plan(client: &registry::Client, regions: &[Region]) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    for topic in Catalogue::load().topics(regions, None, None) {
        let kind = Kind::of_topic(&topic.name).expect("a test finds the kind of every topic in the catalogue");
        let subject = registry::subject(&topic.name);
        let existing =
            existing(client, &subject, kind).map_err(|source| Error::Read { subject: subject.clone(), source })?;
        difference(subject, kind, &existing, &mut plan);
    }
    Ok(plan)
}

/// Makes the registry so. Planning and applying again changes nothing.
pub fn apply(client: &registry::Client, plan: &Plan) -> Result<(), Error> {
    for change in &plan.changes {
        let done = match change {
            Change::SetCompatibility { subject, to, .. } => client.set_compatibility(subject, *to),
            Change::Register { subject, kind, version } => {
                client.register(subject, kind.versions()[*version as usize - 1]).map(|_| ())
            }
        };
        done.map_err(|source| Error::Refused { change: change.clone(), source })?;
    }
    Ok(())
}

fn existing(client: &registry::Client, subject: &str, kind: Kind) -> Result<Existing, client::Error> {
    let versions = client.versions(subject)?;
    let mut ours = vec![None; kind.versions().len()];
    if !versions.is_empty() {
        for (found, avsc) in ours.iter_mut().zip(kind.versions()) {
            *found = client.look_up(subject, avsc)?.map(|registered| registered.version);
        }
    }
    Ok(Existing { compatibility: client.compatibility(subject)?, versions, ours })
}

fn hint(error: &client::Error) -> &'static str {
    match error {
        client::Error::Refused { status: 409, .. } => {
            "; the subject has a version that does not go with it: see what `topics plan` says of it, and who registered it"
        }
        client::Error::Refused { status: 401 | 403, .. } => {
            "; let this client write subjects and their compatibility, and see registry.login"
        }
        client::Error::Refused { code: 42205, .. } => "; the registry is read-only, set its mode to READWRITE",
        _ => "",
    }
}
