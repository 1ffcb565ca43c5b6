//! `topics acl`: who may do what, printed, compared with a cluster, and made so.

use std::{collections::BTreeMap, fmt::Write, path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use topics::{
    Catalogue, Kafka, Region,
    access::{Access, Cluster, Difference, Naming, Passwords, Plan, Principal, Quota, Scope, difference, plan},
};

use crate::{Failure, GREEN, RED, YELLOW, chain, paint};

#[derive(Args)]
pub(crate) struct Acl {
    /// `check`: compare with the cluster, and end with 1 when anything is missing or too much. Without it: print the plan.
    #[arg(value_enum)]
    action: Option<Action>,
    /// Only this region's principals, topics and groups, by länskod; may be given more than once. Default: all 21.
    #[arg(long = "region", value_name = "NN")]
    regions: Vec<Region>,
    /// How a service is known to the brokers: by a user with a password, or by its certificate.
    #[arg(long, value_enum, default_value = "scram")]
    principals: By,
    /// A certificate's distinguished name as the brokers see it, `<name>` standing for the principal's.
    #[arg(long, value_name = "DN", default_value = Naming::SUBJECT)]
    subject: Naming,
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Make it so: users, rules and quotas that are missing. Nothing is taken back.
    #[arg(long, conflicts_with = "action")]
    apply: bool,
    /// With --apply: take back rules that the catalogue does not justify.
    #[arg(long, requires = "apply")]
    remove: bool,
    /// With --apply: folder with a file <user>.password per user. A password that is there is used; a new one is made where
    /// there is none. Users that the cluster has keep theirs.
    #[arg(long, value_name = "FOLDER", requires = "apply")]
    passwords: Option<PathBuf>,
    /// A principal that administers the cluster, for example User:admin: its rules are not judged. May be given more than once.
    #[arg(long = "administrator", value_name = "PRINCIPAL")]
    administrators: Vec<String>,
    /// A file with the table [kafka] that services have; its user administers the cluster.
    #[arg(long, value_name = "FILE", conflicts_with = "bootstrap")]
    config: Option<PathBuf>,
    /// Kafka's address, in plain text. Default: that in KAFKA_BOOTSTRAP, or 127.0.0.1:9092.
    #[arg(long)]
    bootstrap: Option<String>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Action {
    /// Compare with the cluster.
    Check,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum By {
    /// Users with passwords, SCRAM-SHA-512.
    Scram,
    /// Certificates.
    Certificate,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(crate) fn run(acl: &Acl) -> Result<ExitCode, Failure> {
    let catalogue = Catalogue::load();
    let scope = Scope {
        regions: if acl.regions.is_empty() { Region::all().collect() } else { acl.regions.clone() },
        naming: if acl.principals == By::Scram { Naming::Scram } else { acl.subject.clone() },
        administrators: acl.administrators.iter().cloned().collect(),
    };
    if acl.action.is_none() && !acl.apply {
        let plan = plan(&catalogue, &scope.regions, &scope.naming);
        acl.print(&told(&plan), || text_of(&plan));
        return Ok(ExitCode::SUCCESS);
    }
    let passwords = acl.passwords.as_ref().map(Passwords::of).transpose().map_err(chain)?;
    let kafka = acl.kafka()?;
    let mut cluster = Cluster::connect(&kafka).map_err(chain)?;
    let existing = cluster.existing().map_err(chain)?;
    if acl.apply {
        let outcome = cluster.apply(&catalogue, &scope, passwords.as_ref(), acl.remove).map_err(chain)?;
        let value = json!({ "brokers": existing.brokers, "changed": outcome.before, "left": outcome.after });
        let verb = if acl.remove { Verb::Changed } else { Verb::Added };
        acl.print(&value, || difference_text(&outcome.before, verb));
        return Ok(ExitCode::SUCCESS);
    }
    let found = difference(&catalogue, &scope, &existing);
    let value = json!({ "brokers": existing.brokers, "difference": found });
    acl.print(&value, || difference_text(&found, Verb::Found));
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Acl {
    fn print(&self, value: &Value, text: impl FnOnce() -> String) {
        match self.format {
            Format::Text => print!("{}", text()),
            Format::Json => println!("{value:#}"),
        }
    }

    fn kafka(&self) -> Result<Kafka, Failure> {
        let Some(path) = &self.config else { return Ok(Kafka::at(crate::bootstrap(self.bootstrap.as_ref()))) };
        let file: topics::Settings = settings::load(path).map_err(|error| Failure::usage(chain(error)))?;
        Ok(file.kafka)
    }
}

/// A plan for programs.
fn told(plan: &Plan) -> Value {
    let told = |(principal, access): (&Principal, &Access)| {
        json!({
            "principal": principal.name(),
            "user": access.user,
            "service": principal.service,
            "region": principal.region,
            "quota_of_the_cluster": access.quota,
            "rules": access.rules,
        })
    };
    json!({ "principals": plan.principals.iter().map(told).collect::<Vec<_>>() })
}

/// A plan for people.
fn text_of(plan: &Plan) -> String {
    let mut text = String::new();
    for access in plan.principals.values() {
        let _ = writeln!(text, "{}", paint(&access.user, GREEN));
        let mut by_resource: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for rule in &access.rules {
            by_resource.entry(&rule.resource).or_default().push(rule.operation.name());
        }
        for (resource, operations) in by_resource {
            let _ = writeln!(text, "  {:30} {resource}", operations.join(", "));
        }
        if let Some(Quota { producer_byte_rate, consumer_byte_rate, request_percentage }) = access.quota {
            let _ = writeln!(
                text,
                "  quota of the cluster: writes {producer_byte_rate} B/s, reads {consumer_byte_rate} B/s, {request_percentage} % of a thread"
            );
        }
    }
    let _ = writeln!(
        text,
        "{} principals, {} rules. Each broker enforces a quota by itself and is set to its share: the quota divided by the brokers",
        plan.principals.len(),
        plan.rules().count()
    );
    text
}

#[derive(Clone, Copy, PartialEq)]
enum Verb {
    /// Nothing was done.
    Found,
    /// What is missing was made.
    Added,
    /// The same, and what was too much was taken back.
    Changed,
}

fn difference_text(found: &Difference, verb: Verb) -> String {
    let make = if verb == Verb::Found { "missing; topics acl --apply makes it" } else { "made" };
    let take = match verb {
        Verb::Found | Verb::Added => "topics acl --apply --remove takes it back",
        Verb::Changed => "taken back",
    };
    let mut text = String::new();
    for user in &found.users {
        let _ = writeln!(text, "{} user {user}: {make}", paint("+", GREEN));
    }
    for rule in &found.missing {
        let _ = writeln!(text, "{} {rule}: {make}", paint("+", GREEN));
    }
    for (user, values) in &found.quotas {
        let values: Vec<_> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let _ = writeln!(text, "{} quota of {user} on each broker {}: {make}", paint("~", YELLOW), values.join(" "));
    }
    for surplus in &found.surplus {
        let _ = writeln!(text, "{} {surplus}; {take}", paint("!", RED));
    }
    let _ = writeln!(
        text,
        "{} users, {} rules, {} quotas {}, {} rules too much{}; {} rules not judged: of other regions, or no matter of ours",
        found.users.len(),
        found.missing.len(),
        found.quotas.len(),
        if verb == Verb::Found { "missing" } else { "made" },
        found.surplus.len(),
        match verb {
            Verb::Changed => ", taken back",
            Verb::Added if !found.surplus.is_empty() => ", kept",
            _ => "",
        },
        found.not_judged
    );
    text
}
