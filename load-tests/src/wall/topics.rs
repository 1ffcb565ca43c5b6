//! Kafka: every service's user of every region, and a stranger, against every topic and group.
//!
//! Users and rules are made by `topics acl`, as an operator makes them; each topic holds one record. Who refuses is the broker, and
//! its authorizer's log has each refusal with who, what and which request.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use local_stack::Authority;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use tempfile::TempDir;
use topics::{
    Catalogue, Kafka, Options, Region,
    access::{
        Access, Cluster, Connection, Kind, Naming, Operation, Pattern, Plan, Resource, Rule, plan,
        probe::{Probe, groups_answer, probe},
    },
};

use super::{Error, Surface};
use crate::stack::program;

/// Whom Kafka calls who comes without a user.
const STRANGER: &str = "ANONYMOUS";
/// How long the broker may take to have its groups' coordinator at work, or to heed a rule.
const PATIENCE: Duration = Duration::from_secs(60);

/// A broker with an authorizer, and the files of its users.
struct Wall {
    authority: Authority,
    kafka: local_stack::Kafka,
    folder: TempDir,
}

impl Wall {
    fn start() -> Result<Self, Error> {
        let authority = Authority::new()?;
        let kafka = local_stack::Kafka::start_walled(&authority)?;
        let folder = TempDir::with_prefix("vardstrom-wall-")?;
        fs::create_dir(folder.path().join("passwords"))?;
        fs::set_permissions(folder.path().join("passwords"), fs::Permissions::from_mode(0o700))?;
        let wall = Self { authority, kafka, folder };
        fs::write(wall.path("administrator"), wall.ports()?.password)?;
        fs::write(wall.path("administrator.toml"), format!("[kafka]\n{}", wall.administrator_lines()?))?;
        Ok(wall)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ports(&self) -> Result<&local_stack::Encrypted, Error> {
        let missing = || Error::Step { step: "starting Kafka", said: "it has no encrypted port".to_owned() };
        self.kafka.encrypted().ok_or_else(missing)
    }

    /// The lines of `[kafka]` of a user whose password lies in this file.
    fn lines(&self, user: &str, password: &str) -> Result<String, Error> {
        Ok(format!(
            "bootstrap = \"{}\"\ntls = {{ ca = {:?} }}\n\
             sasl = {{ mechanism = \"SCRAM-SHA-512\", user = \"{user}\", password = {{ file = {:?} }} }}\n",
            self.ports()?.users,
            self.authority.ca(),
            self.path(password)
        ))
    }

    fn administrator_lines(&self) -> Result<String, Error> {
        self.lines(self.ports()?.user, "administrator")
    }

    fn administrator(&self) -> Result<Kafka, Error> {
        Ok(toml::from_str(&self.administrator_lines()?)?)
    }

    fn user(&self, user: &str) -> Result<Kafka, Error> {
        Ok(toml::from_str(&self.lines(user, &format!("passwords/{user}.password"))?)?)
    }

    /// Makes users, rules and topics as an operator does, and puts a record into each topic.
    fn furnish(&self, regions: &[Region]) -> Result<(), Error> {
        let mut acl = Command::new(program("topics")?);
        acl.args(["acl", "--apply", "--config"]).arg(self.path("administrator.toml"));
        acl.arg("--passwords").arg(self.path("passwords"));
        for region in regions {
            acl.args(["--region", region.code()]);
        }
        let output = acl.output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::Step { step: "topics acl --apply", said });
        }
        let options =
            Options { partitions: Some(1), replication_factor: Some(1), kafka: Some(self.user("vardstrom-topics")?) };
        topics::apply(&self.ports()?.users, regions, &options)?;

        let client = self.administrator()?.client();
        let client = client.map_err(|fault| Error::Step { step: "setting up a client", said: fault.to_string() })?;
        let producer: ThreadedProducer<DefaultProducerContext> = client.create()?;
        let catalogue = Catalogue::load();
        for (region, declaration) in
            regions.iter().flat_map(|region| catalogue.declarations.iter().map(move |declared| (region, declared)))
        {
            let topic = declaration.topic(*region);
            let value = format!("a record of region {region}");
            // A topic that is compacted takes no record without a key.
            producer.send(BaseRecord::to(&topic).key("wall").payload(&value)).map_err(|(error, _)| error)?;
        }
        producer.flush(PATIENCE)?;

        let begun = Instant::now();
        let mut administrator = Connection::open(&self.administrator()?)?;
        while !groups_answer(&mut administrator, regions)? {
            if begun.elapsed() > PATIENCE {
                return Err(Error::Step {
                    step: "waiting for Kafka",
                    said: "no group's coordinator answers".to_owned(),
                });
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }
}

pub(super) fn run(regions: &[Region], say: &mut dyn FnMut(&str)) -> Result<Surface, Error> {
    say("starting Apache Kafka with an authorizer");
    let wall = Wall::start()?;
    let plan = plan(&Catalogue::load(), regions, &Naming::Scram);
    say(&format!("making {} users, their rules, and a record in each topic", plan.principals.len()));
    wall.furnish(regions)?;
    let log = wall.kafka.authorizer_log()?;
    let mut denials = Denials::begin(&log)?;

    let mut surface = Surface::new("topics");
    for access in plan.principals.values() {
        let probes = probe(&mut Connection::open(&wall.user(&access.user)?)?, Some(access), regions)?;
        judge(&mut surface, &access.user, &probes);
        denials.read()?;
        count_logged(&mut surface, &mut denials, &access.user, &probes);
    }
    let probes = probe(&mut Connection::open(&Kafka::at(wall.kafka.bootstrap()))?, None, regions)?;
    judge(&mut surface, STRANGER, &probes);
    denials.read()?;
    count_logged(&mut surface, &mut denials, STRANGER, &probes);
    say(&format!("{} probes of {} users and a stranger", surface.count.probes, plan.principals.len()));

    for (what, rule) in wrong_rules(&plan, regions) {
        let foreign = noticed(&wall, &plan, regions, rule)?;
        say(&format!("{what}: {foreign} foreign records or acts"));
        surface.plant(what, foreign);
    }
    Ok(surface)
}

/// Holds what Kafka did against the plan.
fn judge(surface: &mut Surface, user: &str, probes: &[Probe]) {
    for probe in probes {
        surface.count.probes += 1;
        if probe.is_denied() {
            surface.count.denied += 1;
        } else {
            surface.count.allowed += 1;
        }
        surface.count.foreign += foreign(probe);
        let is_empty = probe.what == "read" && probe.allowed && probe.records == 0;
        if !probe.is_as_planned() {
            surface.fault(format!("{user}: {} {} is not as planned: code {}", probe.what, probe.object, probe.code));
        } else if is_empty {
            surface.fault(format!("{user}: read {} brings no record, so the probe shows nothing", probe.object));
        }
    }
}

/// Records that came, or one act that was let through, where the plan allows nothing.
fn foreign(probe: &Probe) -> u64 {
    let is_through = !probe.allowed && (!probe.is_denied() || probe.records > 0);
    if is_through { probe.records.max(1) } else { 0 }
}

fn count_logged(surface: &mut Surface, denials: &mut Denials, user: &str, probes: &[Probe]) {
    for probe in probes.iter().filter(|probe| probe.is_denied()) {
        if denials.take(user, probe) {
            surface.count.logged += 1;
        } else {
            let Probe { what, object, .. } = probe;
            surface.fault(format!("{user}: {what} {object} was denied, and the authorizer's log does not have it"));
        }
    }
}

/// Rules that open more than they should, and what is wrong with each.
fn wrong_rules(plan: &Plan, regions: &[Region]) -> Vec<(String, Rule)> {
    let of = |region: &Region| {
        let of_region = |access: &&Access| access.user == format!("vardstrom-processor-{region}");
        plan.principals.values().find(of_region).map(|access| format!("User:{}", access.user))
    };
    let [own, other, ..] = regions else { return Vec::new() };
    let every = |kind, pattern, name: &str| Resource { kind, pattern, name: name.to_owned() };
    // A prefix that is meant for one region and holds for another, as `region.0` for 01 does for 03.
    let pairs = regions.iter().flat_map(|one| regions.iter().map(move |another| (one, another)));
    let alike =
        pairs.filter(|(one, another)| one != another).find(|(one, another)| one.code()[..1] == another.code()[..1]);
    let (reader, digits) = alike.map_or((own, 0), |(one, _)| (one, 1));
    let name = topics::name::parked(*reader);
    let prefix = name[..name.find(reader.code()).unwrap_or_default() + digits].to_owned();
    let prefixed = every(Kind::TOPIC, Pattern::PREFIXED, &prefix);
    let foreign_group = Resource::group(topics::group::of_region("processor", *other));
    let anybody = every(Kind::TOPIC, Pattern::LITERAL, "*");
    let rules = [
        (of(reader), Operation::READ, prefixed, format!("an ACL by prefix: {reader} reads {prefix}*")),
        (of(own), Operation::READ, foreign_group, format!("{own} reads the group of {other}")),
        (Some("User:*".to_owned()), Operation::WRITE, anybody, "everybody writes every topic".to_owned()),
    ];
    rules
        .into_iter()
        .filter_map(|(who, operation, resource, what)| Some((what, Rule::allow(who?, operation, resource))))
        .collect()
}

/// Makes a rule, lets users whom it is about try again until the broker heeds it, and takes it back; what of others they reached.
fn noticed(wall: &Wall, plan: &Plan, regions: &[Region], rule: Rule) -> Result<u64, Error> {
    let is_meant = |access: &&Access| rule.principal == "User:*" || rule.principal == format!("User:{}", access.user);
    let Some(access) = plan.principals.values().find(is_meant) else { return Ok(0) };
    let user = wall.user(&access.user)?;
    let reached = || -> Result<u64, Error> {
        let probes = probe(&mut Connection::open(&user)?, Some(access), regions)?;
        Ok(probes.iter().map(foreign).sum())
    };
    let wait = |is_good: fn(u64) -> bool| -> Result<u64, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = reached()?;
            if is_good(found) || Instant::now() > deadline {
                return Ok(found);
            }
            thread::sleep(Duration::from_millis(100));
        }
    };
    let mut cluster = Cluster::connect(&wall.administrator()?)?;
    cluster.create(std::slice::from_ref(&rule))?;
    let found = wait(|found| found > 0)?;
    cluster.delete(std::slice::from_ref(&rule))?;
    // Else the next wall would be noticed by what is left of this one.
    match wait(|found| found == 0)? {
        0 => Ok(found),
        left => {
            Err(Error::Step { step: "taking a rule back", said: format!("{left} records or acts still come through") })
        }
    }
}

/// What the authorizer's log has told since a moment, and nobody has claimed yet: by user, request and resource.
struct Denials {
    lines: BufReader<File>,
    found: HashMap<(String, String, String), u64>,
}

impl Denials {
    /// From the log's present end.
    fn begin(log: &Path) -> io::Result<Self> {
        let mut denials = Self { lines: BufReader::new(File::open(log)?), found: HashMap::new() };
        denials.read()?;
        denials.found.clear();
        Ok(denials)
    }

    /// Reads what has been written since; the broker writes a refusal before it answers.
    fn read(&mut self) -> io::Result<()> {
        let mut line = String::new();
        while self.lines.read_line(&mut line)? > 0 {
            if let Some(denial) = denial(&line) {
                *self.found.entry(denial).or_default() += 1;
            }
            line.clear();
        }
        Ok(())
    }

    /// Claims one line for a probe; false when there is none.
    fn take(&mut self, user: &str, probe: &Probe) -> bool {
        let resource = format!("{}:LITERAL:{}", probe.kind.name(), probe.object);
        match self.found.get_mut(&(user.to_owned(), probe.request.to_owned(), resource)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }
}

/// User, request and resource of a line that Kafka's authorizer writes of a denial.
fn denial(line: &str) -> Option<(String, String, String)> {
    let (user, rest) = line.split_once("Principal = User:")?.1.split_once(" is Denied operation = ")?;
    let (resource, rest) = rest.split_once(" on resource = ")?.1.split_once(" for request = ")?;
    let (request, _) = rest.split_once(" with ")?;
    Some((user.to_owned(), request.to_owned(), resource.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_read_as_kafka_writes_it() {
        let line = "Principal = User:vardstrom-connector-14 is Denied operation = READ from host = 127.0.0.1 on resource = \
                    Topic:LITERAL:region.13.common.wait for request = Fetch with resourceRefCount = 1 based on rule DefaultDeny";
        let expected = ["vardstrom-connector-14", "Fetch", "Topic:LITERAL:region.13.common.wait"].map(str::to_owned);
        assert_eq!(denial(line).map(|(user, request, resource)| [user, request, resource]), Some(expected));
        assert_eq!(denial(&line.replace("Denied", "Allowed")), None);
        assert_eq!(denial("a line of another kind"), None);
    }
}
