//! What is known of whose identity is protected, apart from the events that say so.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{Common, Kind, Node, Record, Timestamp, stored};

/// What an event says of whose identity is protected, kept for good: that a person's or a visit's is, or which pseudonyms are
/// one person. One record says one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Protection<'a> {
    /// Länskod, two digits.
    pub region: &'a str,
    /// HSA-id of the system whose event says so; a visit number is this system's.
    pub source_system: &'a str,
    /// Pseudonym of the person.
    pub subject_token: Option<&'a str>,
    /// Pseudonyms of the same person, sorted; none in a mark.
    #[serde(borrow)]
    pub same_as: Vec<&'a str>,
    /// Visit number, in the mark of an event that names no person.
    pub episode_id: Option<&'a str>,
    /// The event marks the person or visit as protected.
    pub protected_identity: bool,
    /// What the event is about, by [`Subject::name`](crate::Subject::name).
    pub subject: &'a str,
    /// When the connector received what says so.
    pub received_at: Timestamp,
}

impl Record for Protection<'_> {
    const KIND: Kind = Kind::Protection;
    const VERSIONS: &'static [&'static str] = &[include_str!("../avro/Protection/v1.avsc")];
}

impl<'a> Protection<'a> {
    /// What an event says: whom it marks, then which pseudonyms it names as one person. Most events say neither.
    pub fn said_by<E: Common<'a>>(event: &E) -> impl Iterator<Item = Self> + use<'a, E> {
        let envelope = event.envelope();
        let nothing = Self {
            region: envelope.region,
            source_system: envelope.source_system,
            subject_token: None,
            same_as: Vec::new(),
            episode_id: None,
            protected_identity: false,
            subject: E::SUBJECT.name(),
            received_at: envelope.ingested_at,
        };
        let episode_id = if envelope.subject_token.is_none() { event.index().episode } else { None };
        let is_mark = envelope.protected_identity && (envelope.subject_token.is_some() || episode_id.is_some());
        let mark = is_mark.then(|| Self {
            subject_token: envelope.subject_token,
            episode_id,
            protected_identity: true,
            ..nothing.clone()
        });
        let tokens = several(event).unwrap_or_default();
        let links = pieces(tokens.len()).map(move |piece| Self {
            subject_token: Some(tokens[piece.start]),
            same_as: tokens[piece.start + 1..piece.end].to_vec(),
            ..nothing.clone()
        });
        mark.into_iter().chain(links)
    }

    /// The key of its record in Kafka: who says the same writes the same key, and the topic keeps one record of each.
    pub fn key(&self) -> String {
        let persons = self.subject_token.into_iter().chain(self.same_as.iter().copied()).map(Node::Person);
        let nodes = persons.chain(self.episode_id.map(Node::Episode));
        let texts: Vec<String> = nodes.map(|node| stored::node(self.source_system, node)).collect();
        texts.join(" ")
    }
}

/// Most pseudonyms of one record, which are some hundred kilobytes with its key.
const NAMED_MAX: usize = 1_000;

/// Records' worth of so many pseudonyms, by their places. The last two of one begin the next: the first of a record joins nobody
/// when it stands beside very many, and the second goes on.
fn pieces(count: usize) -> impl Iterator<Item = Range<usize>> {
    let starts = (0..count.saturating_sub(1)).step_by(NAMED_MAX - 2);
    let ends = move |start: usize| (start + NAMED_MAX).min(count);
    let is_first_at_the_end = move |start: &usize| *start == 0 || ends(*start - (NAMED_MAX - 2)) < count;
    starts.filter(is_first_at_the_end).map(move |start| start..ends(start))
}

/// The pseudonyms that an event names as its person's, each once and in their order; nothing when there are not several.
fn several<'a, E: Common<'a>>(event: &E) -> Option<Vec<&'a str>> {
    let envelope = event.envelope();
    let own = envelope.subject_token.into_iter().chain(envelope.subject_aliases.iter().copied());
    let linked = event.nodes().filter_map(|node| if let Node::Person(token) = node { Some(token) } else { None });
    let mut tokens = own.chain(linked);
    let first = tokens.next()?;
    let other = tokens.find(|token| *token != first)?;
    // Nearly always a person and one alias, each told twice.
    let mut several = Vec::with_capacity(4);
    several.extend([first, other]);
    several.extend(tokens);
    several.sort_unstable();
    several.dedup();
    Some(several)
}

#[cfg(test)]
mod tests {
    use super::{NAMED_MAX, pieces};

    #[test]
    fn very_many_pseudonyms_are_several_records_that_hang_together() {
        let tokens: Vec<String> = (0..3 * NAMED_MAX).map(|token| token.to_string()).collect();
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        for count in
            [0, 1, 2, 3, NAMED_MAX - 1, NAMED_MAX, NAMED_MAX + 1, 2 * NAMED_MAX - 2, 2 * NAMED_MAX, 3 * NAMED_MAX]
        {
            let pieces: Vec<&[&str]> = pieces(count).map(|piece| &tokens[piece]).collect();
            assert!(pieces.iter().all(|piece| (2..=NAMED_MAX).contains(&piece.len())), "{count}");
            assert!(pieces.windows(2).all(|two| two[0].ends_with(&two[1][..2]) && two[1].len() > 2), "{count}");
            let all: Vec<&str> =
                pieces.iter().enumerate().flat_map(|(at, piece)| &piece[2 * usize::from(at > 0)..]).copied().collect();
            assert_eq!(all, if count < 2 { &[][..] } else { &tokens[..count] }, "{count}");
        }
    }
}
