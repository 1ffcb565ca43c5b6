//! What a cluster has too little and too much of; a pure function of the plan and of what is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;

use super::{Kind, Naming, Operation, Pattern, Permission, Plan, Principal, Rule, plan, plan::principal};
use crate::{Catalogue, Region, name};

/// What a cluster has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Existing {
    /// Every access rule.
    pub rules: BTreeSet<Rule>,
    /// Users with a password for SCRAM-SHA-512.
    pub users: BTreeSet<String>,
    /// Quotas by user; only those of a user alone.
    pub quotas: BTreeMap<String, BTreeMap<String, f64>>,
    /// How many brokers enforce a quota, each by itself.
    pub brokers: u32,
}

/// What is asked about.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Regions whose access is compared.
    pub regions: Vec<Region>,
    /// How principals are named.
    pub naming: Naming,
    /// Principals (`User:…`) that administer the cluster; what they may do is not judged.
    pub administrators: BTreeSet<String>,
}

/// A rule that the catalogue does not justify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Surplus {
    /// Which.
    pub rule: Rule,
    /// Why it is none of the catalogue's.
    pub why: String,
}

impl fmt::Display for Surplus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.why)
    }
}

/// What is missing, what differs and what is too much.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Rules that the catalogue has and the cluster has not.
    pub missing: Vec<Rule>,
    /// Users without a password; none where certificates tell who somebody is.
    pub users: Vec<String>,
    /// Quotas per broker that differ, by user; Kafka's names.
    pub quotas: BTreeMap<String, BTreeMap<String, f64>>,
    /// Rules that the cluster has and the catalogue does not justify.
    pub surplus: Vec<Surplus>,
    /// Rules about regions that were not asked about, and about what is not ours: not judged.
    pub not_judged: usize,
}

impl Difference {
    /// Whether nothing is missing, differs or is too much.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.users.is_empty() && self.quotas.is_empty() && self.surplus.is_empty()
    }
}

/// Compares what a cluster has with what the catalogue needs for these regions.
pub fn difference(catalogue: &Catalogue, scope: &Scope, existing: &Existing) -> Difference {
    let wanted = plan(catalogue, &scope.regions, &scope.naming);
    let whole = plan(catalogue, &Region::all().collect::<Vec<_>>(), &scope.naming);
    let justified: BTreeSet<&Rule> = whole.rules().collect();
    let judge = Judge { scope, wanted: &wanted, whole: &whole };
    let missing = wanted.rules().filter(|rule| !existing.rules.contains(rule)).cloned().collect();
    let mut found = Difference { missing, ..Difference::default() };
    for rule in &existing.rules {
        if justified.contains(rule) {
            continue;
        }
        match judge.why(rule) {
            Some(why) => found.surplus.push(Surplus { rule: rule.clone(), why }),
            None => found.not_judged += 1,
        }
    }
    for access in wanted.principals.values() {
        if scope.naming == Naming::Scram && !existing.users.contains(&access.user) {
            found.users.push(access.user.clone());
        }
        let quota = access.quota.map(|quota| quota.per_broker(existing.brokers).values());
        if let Some(quota) = quota
            && existing
                .quotas
                .get(&access.user)
                .is_none_or(|has| !quota.iter().all(|(name, value)| has.get(name) == Some(value)))
        {
            found.quotas.insert(access.user.clone(), quota);
        }
    }
    found
}

struct Judge<'a> {
    scope: &'a Scope,
    wanted: &'a Plan,
    whole: &'a Plan,
}

impl Judge<'_> {
    /// Why a rule that is not in the catalogue is too much; `None` where it is no matter of ours.
    fn why(&self, rule: &Rule) -> Option<String> {
        if self.scope.administrators.contains(&rule.principal) {
            return None;
        }
        let covered = self.covered(rule);
        let topic = literal_region(rule);
        let own = self.whose(&rule.principal).map(|principal| principal.region);
        let is_asked = |region: &Region| self.scope.regions.contains(region);
        // What the centre may do with another region's topics is asked about there.
        let is_ours = match own {
            None => false,
            Some(None) => topic.as_ref().is_none_or(is_asked),
            Some(Some(region)) => is_asked(&region),
        };
        if covered == 0 && !is_ours {
            let is_powerful = is_powerful(rule);
            return is_powerful.then(|| "it reaches every region; only an administrator may have it".to_owned());
        }
        Some(if rule.permission == Permission::DENY {
            "it takes away what the catalogue grants, or hides that something grants too much".to_owned()
        } else if rule.resource.pattern == Pattern::PREFIXED {
            format!(
                "a prefix holds for {covered} names of ours and for whatever will be called so; the catalogue grants by literal name"
            )
        } else if rule.resource.is_wildcard() {
            format!(
                "it holds for {covered} names of ours and for all that will ever be; the catalogue grants by literal name"
            )
        } else if rule.host != "*" {
            "it is bound to an address, which the catalogue's rules are not".to_owned()
        } else if own.flatten().zip(topic).is_some_and(|(own, topic)| own != topic) {
            "it reaches into another region".to_owned()
        } else if rule.resource.kind == Kind::GROUP {
            "the group is not this principal's".to_owned()
        } else {
            "the catalogue does not say that it needs this".to_owned()
        })
    }

    /// The principal of ours that a rule names.
    fn whose(&self, name: &str) -> Option<&Principal> {
        let mut principals = self.whole.principals.iter();
        principals.find(|(_, access)| principal(&access.user) == name).map(|(principal, _)| principal)
    }

    /// How many of the topics and groups in question a rule reaches.
    fn covered(&self, rule: &Rule) -> usize {
        let ours: BTreeSet<_> = self.wanted.rules().map(|rule| &rule.resource).collect();
        let known =
            ours.iter().filter(|ours| ours.kind == rule.resource.kind && rule.resource.covers(&ours.name)).count();
        // A topic that is named as ours are and that the catalogue does not know.
        let named = rule.resource.kind == Kind::TOPIC
            && name::region_of(&rule.resource.name).is_some_and(|region| self.scope.regions.contains(&region));
        known.max(usize::from(named))
    }
}

/// Rights on the cluster with which somebody can give itself any other right, or make any topic.
fn is_powerful(rule: &Rule) -> bool {
    let harmless = [Operation::DESCRIBE, Operation::DESCRIBE_CONFIGS, Operation::IDEMPOTENT_WRITE];
    rule.resource.kind == Kind::CLUSTER && rule.permission == Permission::ALLOW && !harmless.contains(&rule.operation)
}

/// The region of the one topic that a rule is about.
fn literal_region(rule: &Rule) -> Option<Region> {
    (rule.resource.kind == Kind::TOPIC && rule.resource.pattern == Pattern::LITERAL)
        .then(|| name::region_of(&rule.resource.name))
        .flatten()
}
