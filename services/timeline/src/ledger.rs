//! The events of a region in memory, kept in sets that can affect each other, with their stays.

use std::collections::{HashMap, HashSet};

use schemas::Timestamp;

use crate::{EpisodeKey, Event, Finding, Stay, timeline};

/// Grows by what is inserted; [`Ledger::retire`] is its bound.
#[derive(Default)]
pub struct Ledger {
    groups: HashMap<usize, Group>,
    group_of: HashMap<Node, usize>,
    next: usize,
}

/// Events that can affect each other: of one episode, of one person, of moved visits.
#[derive(Default)]
struct Group {
    events: Vec<Event>,
    stays: Vec<Stay>,
    findings: Vec<Finding>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Node {
    Episode(EpisodeKey),
    Subject(Box<str>),
}

/// What an insertion changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Stays that no longer are as they were.
    pub before: Vec<Stay>,
    /// What they are now.
    pub after: Vec<Stay>,
    /// Findings that no longer hold.
    pub findings_before: Vec<Finding>,
    /// Findings that are new.
    pub findings_after: Vec<Finding>,
}

impl Ledger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds events and brings the stays up to date. Events that are there already change nothing.
    pub fn insert(&mut self, events: impl IntoIterator<Item = Event>) -> Change {
        let mut touched = HashSet::new();
        for event in events {
            let group = self.group_for(&event);
            let held = self.groups.entry(group).or_default();
            if held.events.iter().all(|known| known.id != event.id) {
                // Most groups hold a few events; room for more would be most of what a country's groups take.
                held.events.reserve_exact(1);
                held.events.push(event);
                touched.insert(group);
            }
        }
        let mut change = Change::default();
        for group in touched {
            // A later event of the same call may have merged this group into another, which is touched itself.
            let Some(group) = self.groups.get_mut(&group) else { continue };
            let mut now = timeline(&group.events);
            now.stays.shrink_to_fit();
            now.findings.shrink_to_fit();
            change.before.extend(group.stays.iter().filter(|stay| !now.stays.contains(stay)).cloned());
            change.after.extend(now.stays.iter().filter(|stay| !group.stays.contains(stay)).cloned());
            // Sorted, as a timeline's are: a group that was joined has two rows of them.
            group.findings.sort_unstable();
            let (was, is) = (&group.findings, &now.findings);
            change.findings_before.extend(was.iter().filter(|found| is.binary_search(found).is_err()).cloned());
            change.findings_after.extend(is.iter().filter(|found| was.binary_search(found).is_err()).cloned());
            group.stays = now.stays;
            group.findings = now.findings;
        }
        change
    }

    /// Whether any event of this episode is held.
    #[must_use]
    pub fn knows_episode(&self, episode: &EpisodeKey) -> bool {
        self.group_of.contains_key(&Node::Episode(episode.clone()))
    }

    /// Whether any event of this person is held.
    #[must_use]
    pub fn knows_subject(&self, subject: &str) -> bool {
        self.group_of.contains_key(&Node::Subject(subject.into()))
    }

    /// All stays, in no particular order.
    pub fn stays(&self) -> impl Iterator<Item = &Stay> {
        self.groups.values().flat_map(|group| &group.stays)
    }

    /// All findings, in no particular order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.groups.values().flat_map(|group| &group.findings)
    }

    /// How many events are held.
    #[must_use]
    pub fn event_count(&self) -> usize {
        self.groups.values().map(|group| group.events.len()).sum()
    }

    /// Forgets groups without an open stay whose last event is older than `before`; returns how many events went.
    pub fn retire(&mut self, before: Timestamp) -> usize {
        let count = self.event_count();
        self.groups.retain(|_, group| {
            group.stays.iter().any(|stay| stay.to.is_none())
                || group.events.iter().any(|event| event.occurred_at >= before)
        });
        self.group_of.retain(|_, group| self.groups.contains_key(group));
        count - self.event_count()
    }

    /// The group that all nodes of the event belong to; groups that it joins become one.
    fn group_for(&mut self, event: &Event) -> usize {
        let nodes = nodes(event);
        let mut groups: Vec<usize> = nodes.iter().filter_map(|node| self.group_of.get(node).copied()).collect();
        groups.sort_unstable();
        groups.dedup();
        let largest =
            groups.iter().copied().max_by_key(|group| self.groups.get(group).map_or(0, |group| group.events.len()));
        let target = largest.unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        for group in groups.into_iter().filter(|group| *group != target) {
            let Some(joined) = self.groups.remove(&group) else { continue };
            for node in joined.events.iter().flat_map(self::nodes) {
                self.group_of.insert(node, target);
            }
            let into = self.groups.entry(target).or_default();
            into.events.extend(joined.events);
            into.stays.extend(joined.stays);
            into.findings.extend(joined.findings);
        }
        for node in nodes {
            self.group_of.insert(node, target);
        }
        target
    }
}

fn nodes(event: &Event) -> Vec<Node> {
    let subjects = event.subject.iter().chain(&event.subject_aliases).chain(&event.prior_subjects);
    let episodes = event.episode_key().into_iter().chain(event.prior_episode_key());
    subjects.map(|subject| Node::Subject(subject.clone())).chain(episodes.map(Node::Episode)).collect()
}
