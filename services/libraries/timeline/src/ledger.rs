//! The events of a region in memory, kept in sets that can affect each other, with their stays.

use std::collections::{HashMap, HashSet};

use schemas::Timestamp;

use crate::{EpisodeKey, Event, Finding, IDENTIFIERS_MAX, Stay, Timeline, people, timeline_of};

/// Grows by what is inserted; [`Ledger::retire`] is its bound.
#[derive(Default)]
pub struct Ledger {
    groups: HashMap<usize, Group>,
    group_of: HashMap<Node, usize>,
    next: usize,
    /// Identifiers that too many persons carry: they join no groups, so that a placeholder does not make one of a region.
    shared: HashSet<Box<str>>,
}

/// Events that can affect each other: of one episode, of one person, of moved visits.
#[derive(Default)]
struct Group {
    events: Vec<Event>,
    stays: Vec<Stay>,
    findings: Vec<Finding>,
}

impl Group {
    fn settle(&mut self, shared: &HashSet<Box<str>>) {
        let mut timeline = timeline_of(&self.events, shared);
        timeline.stays.shrink_to_fit();
        timeline.findings.shrink_to_fit();
        (self.stays, self.findings) = (timeline.stays, timeline.findings);
    }
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
        // What was said of groups that are parted.
        let (mut stays_before, mut findings_before) = (Vec::new(), Vec::new());
        for event in events {
            let Some(group) = self.add(event) else { continue };
            touched.insert(group);
            if let Some(parted) = self.part(group, &mut touched) {
                stays_before.extend(parted.stays);
                findings_before.extend(parted.findings);
            }
        }
        let mut now = Timeline::default();
        for group in touched {
            // A later event of the same call may have merged this group into another, which is touched itself.
            let Some(group) = self.groups.get_mut(&group) else { continue };
            stays_before.append(&mut group.stays);
            findings_before.append(&mut group.findings);
            group.settle(&self.shared);
            now.stays.extend(group.stays.iter().cloned());
            now.findings.extend(group.findings.iter().cloned());
        }
        findings_before.sort_unstable();
        now.findings.sort_unstable();
        let (stays, findings) = (&now.stays, &now.findings);
        Change {
            after: stays.iter().filter(|stay| !stays_before.contains(stay)).cloned().collect(),
            findings_after: findings
                .iter()
                .filter(|found| findings_before.binary_search(found).is_err())
                .cloned()
                .collect(),
            findings_before: findings_before
                .into_iter()
                .filter(|found| findings.binary_search(found).is_err())
                .collect(),
            before: stays_before.into_iter().filter(|stay| !stays.contains(stay)).collect(),
        }
    }

    /// Adds an event without computing anything: [`Ledger::settle`] does so for all of them at once.
    pub fn load(&mut self, event: Event) {
        if let Some(group) = self.add(event) {
            // Nothing has been said of the groups yet, so nothing is said of those that it makes of one.
            self.part(group, &mut HashSet::new());
        }
    }

    /// Computes the stays and findings of everything that is held, for who starts with [`Ledger::load`]. As many insertions would
    /// end with the same.
    pub fn settle(&mut self) {
        for group in self.groups.values_mut() {
            group.settle(&self.shared);
        }
    }

    /// The events of each group with their stays and findings, in no particular order.
    pub fn groups(&self) -> impl Iterator<Item = (&[Event], &[Stay], &[Finding])> {
        self.groups.values().map(|group| (&group.events[..], &group.stays[..], &group.findings[..]))
    }

    /// Adds an event to its group; `None` when it is there already.
    fn add(&mut self, event: Event) -> Option<usize> {
        let group = self.group_for(&event);
        let held = self.groups.entry(group).or_default();
        if held.events.iter().any(|known| known.id == event.id) {
            return None;
        }
        // Most groups hold a few events; room for more would be most of what a country's groups take.
        held.events.reserve_exact(1);
        held.events.push(event);
        Some(group)
    }

    /// Parts a group that identifiers hold together which too many persons carry; looked at every few events. Returns the
    /// group as it was.
    fn part(&mut self, group: usize, touched: &mut HashSet<usize>) -> Option<Group> {
        let events = &self.groups.get(&group)?.events;
        if events.len() <= IDENTIFIERS_MAX || !events.len().is_multiple_of(IDENTIFIERS_MAX) {
            return None;
        }
        let events: Vec<&Event> = events.iter().collect();
        let shared = people::shared_tokens(&events);
        if shared.is_subset(&self.shared) {
            return None;
        }
        self.shared.extend(shared);
        let mut parted = self.groups.remove(&group)?;
        self.group_of.retain(|_, of| *of != group);
        for event in std::mem::take(&mut parted.events) {
            touched.extend(self.add(event));
        }
        Some(parted)
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

    /// How many events the largest group holds: a placeholder that is taken for a person shows here.
    #[must_use]
    pub fn largest(&self) -> usize {
        self.groups.values().map(|group| group.events.len()).max().unwrap_or_default()
    }

    /// Forgets groups without an open stay whose last event is older than `before`; returns how many events went.
    pub fn retire(&mut self, before: Timestamp) -> usize {
        let count = self.event_count();
        self.groups.retain(|_, group| {
            group.stays.iter().any(|stay| stay.to.is_none())
                || group.events.iter().any(|event| event.occurred_at >= before)
        });
        self.group_of.retain(|_, group| self.groups.contains_key(group));
        if !self.shared.is_empty() {
            let named: HashSet<&str> =
                self.groups.values().flat_map(|group| &group.events).flat_map(event_tokens).collect();
            self.shared.retain(|token| named.contains(&**token));
        }
        count - self.event_count()
    }

    /// The group that all nodes of the event belong to; groups that it joins become one.
    fn group_for(&mut self, event: &Event) -> usize {
        let nodes = self.nodes(event);
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
            for node in joined.events.iter().flat_map(|event| self.nodes(event)).collect::<Vec<_>>() {
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

    /// What joins an event to others. One that is known by a shared identifier alone has nothing better.
    fn nodes(&self, event: &Event) -> Vec<Node> {
        let subject = |token: &str| Node::Subject(token.into());
        let joining = event_tokens(event).filter(|token| !self.shared.contains(*token));
        let episodes = event.episode_key().into_iter().chain(event.prior_episode_key());
        let mut nodes: Vec<Node> = joining.map(subject).chain(episodes.map(Node::Episode)).collect();
        if nodes.is_empty() {
            nodes.extend(event.subject.as_deref().map(subject));
        }
        nodes
    }
}

fn event_tokens(event: &Event) -> impl Iterator<Item = &str> {
    event.subject.iter().chain(&event.subject_aliases).chain(&event.prior_subjects).map(|token| &**token)
}
