//! What an event can be linked by, as text, and which nodes an event ties together.
//!
//! Two events can affect each other's stays only when a chain of nodes connects them. `s:<subject token>` is a person,
//! `e:<source system>/<episode>` an episode, `u:<unit>` a unit's capacity, which is tied to nothing else.

use schemas::{Encounter, Person};

use crate::text::storable;

/// A person.
pub(crate) fn subject(token: &str) -> String {
    format!("s:{}", storable(token))
}

/// An episode.
pub(crate) fn episode(source_system: &str, episode: &str) -> String {
    format!("e:{}/{}", storable(source_system), storable(episode))
}

/// A unit's capacity.
pub(crate) fn unit(unit: &str) -> String {
    format!("u:{}", storable(unit))
}

/// The nodes of an Encounter; the first is the one its row is found by.
pub(crate) fn of_encounter(event: &Encounter<'_>) -> Vec<String> {
    let envelope = &event.envelope;
    let episodes = event.episode_id.iter().chain(&event.prior_episode_id);
    envelope
        .subject_token
        .iter()
        .map(|token| subject(token))
        .chain(episodes.map(|id| episode(envelope.source_system, id)))
        .chain(envelope.subject_aliases.iter().chain(&event.prior_subject_tokens).map(|token| subject(token)))
        .collect()
}

/// The nodes of a Person.
pub(crate) fn of_person(event: &Person<'_>) -> Vec<String> {
    let envelope = &event.envelope;
    let others = envelope.subject_aliases.iter().chain(&event.linked_subject_tokens);
    envelope.subject_token.iter().chain(others).map(|token| subject(token)).collect()
}

/// The edges that tie an event's nodes together: from its first node to each other one, and from each of those to the next,
/// so that they stay together when the first turns out to tie nothing ([`timeline::IDENTIFIERS_MAX`]); or to nothing when there
/// is one node only.
pub(crate) fn edges(nodes: Vec<String>) -> Vec<(String, String)> {
    let mut nodes = nodes.into_iter();
    let Some(first) = nodes.next() else { return Vec::new() };
    let others: Vec<String> = nodes.filter(|other| *other != first).collect();
    let mut edges: Vec<_> =
        others.windows(2).filter(|pair| pair[0] != pair[1]).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    edges.extend(others.into_iter().map(|other| (first.clone(), other)));
    if edges.is_empty() {
        edges.push((first, String::new()));
    }
    edges
}
