//! Which nodes an event ties together; [`schemas::stored`] says how they are written.
//!
//! Two events can affect each other's stays only when a chain of nodes connects them. A unit's node is tied to nothing else.

use schemas::{Common, Node, stored};

/// The nodes of an event; the first is the one that its row is found by. A statement moves no stay and has none, unless it says
/// that its person's identity is protected: then what is known of the person is computed again, or of whoever its episode is tied
/// to when it names no person.
pub(crate) fn of<'a>(event: &impl Common<'a>) -> Vec<String> {
    let envelope = event.envelope();
    let node = |node| stored::node(envelope.source_system, node);
    let mut nodes: Vec<String> = event.nodes().map(node).collect();
    if nodes.is_empty() && envelope.protected_identity {
        let persons = envelope.subject_token.iter().chain(&envelope.subject_aliases);
        nodes.extend(persons.map(|token| node(Node::Person(token))));
        if nodes.is_empty() {
            nodes.extend(event.index().episode.map(|episode| node(Node::Episode(episode))));
        }
    }
    nodes
}

/// Whom an event is of.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// The nodes of whom it names, under every pseudonym.
    pub persons: Vec<String>,
    /// The nodes of the episodes that it tells of.
    pub episodes: Vec<String>,
}

impl Named {
    pub(crate) fn of<'a>(event: &impl Common<'a>) -> Self {
        let envelope = event.envelope();
        let own = envelope.subject_token.into_iter().chain(envelope.subject_aliases.iter().copied()).map(Node::Person);
        let mut named = Self::default();
        for node in own.chain(event.index().episode.map(Node::Episode)).chain(event.nodes()) {
            let text = stored::node(envelope.source_system, node);
            let nodes = match node {
                Node::Person(_) => &mut named.persons,
                Node::Episode(_) => &mut named.episodes,
                Node::Unit(_) => continue,
            };
            if !nodes.contains(&text) {
                nodes.push(text);
            }
        }
        named
    }

    /// The nodes that decide whose it is: of whom it names, else of the episodes that it tells of.
    pub(crate) fn deciding(&self) -> &[String] {
        if self.persons.is_empty() { &self.episodes } else { &self.persons }
    }

    /// All nodes.
    pub(crate) fn all(self) -> impl Iterator<Item = String> {
        self.persons.into_iter().chain(self.episodes)
    }
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
