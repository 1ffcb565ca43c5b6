//! The wall on a real Kafka with an authorizer.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use local_stack::Authority;
use topics::{
    Catalogue, Kafka, Options, Region,
    access::{
        Access, Cluster, Connection, Kind, Naming, Operation, Passwords, Pattern, Permission, Plan, Resource, Rule,
        Scope, plan,
        probe::{self, Probe, groups_answer},
    },
};

use super::plan::region;

struct Wall {
    authority: Authority,
    kafka: local_stack::Kafka,
    folder: tempfile::TempDir,
}

impl Wall {
    fn start() -> Self {
        let authority = Authority::new().expect("an authority");
        let kafka = local_stack::Kafka::start_walled(&authority).expect("Kafka starts");
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("passwords")).expect("made");
        fs::set_permissions(folder.path().join("passwords"), fs::Permissions::from_mode(0o700)).expect("set");
        fs::write(folder.path().join("administrator"), kafka.encrypted().expect("encrypted").password)
            .expect("written");
        let wall = Self { authority, kafka, folder };
        fs::write(wall.path("administrator.toml"), format!("[kafka]\n{}", wall.administrator())).expect("written");
        wall
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The lines of `[kafka]` of a user whose password lies in this file.
    fn lines(&self, user: &str, password: &str) -> String {
        format!(
            "bootstrap = \"{}\"\ntls = {{ ca = {:?} }}\n\
             sasl = {{ mechanism = \"SCRAM-SHA-512\", user = \"{user}\", password = {{ file = {:?} }} }}\n",
            self.kafka.encrypted().expect("encrypted").users,
            self.authority.ca(),
            self.path(password)
        )
    }

    fn administrator(&self) -> String {
        self.lines(self.kafka.encrypted().expect("encrypted").user, "administrator")
    }

    fn cluster(&self) -> Cluster {
        Cluster::connect(&toml::from_str(&self.administrator()).expect("a table")).expect("it lets us in")
    }

    fn user(&self, user: &str) -> Kafka {
        toml::from_str(&self.lines(user, &format!("passwords/{user}.password"))).expect("a table")
    }

    /// Runs `topics acl` with these arguments as the administrator; expects its exit code, and gives what it said.
    fn acl(&self, arguments: &[&str], code: i32) -> String {
        let config = self.path("administrator.toml");
        let mut command = Command::new(env!("CARGO_BIN_EXE_topics"));
        let output = command.arg("acl").args(arguments).arg("--config").arg(config).output().expect("runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    fn passwords(&self) -> String {
        self.path("passwords").display().to_string()
    }
}

fn whole() -> Plan {
    plan(&Catalogue::load(), &all(), &Naming::Scram)
}

fn all() -> Vec<Region> {
    Region::all().collect()
}

/// Tries everything with the topics and groups of all regions.
fn probe(connection: &mut Connection, access: Option<&Access>) -> Vec<Probe> {
    probe::probe(connection, access, &all()).expect("every request is answered")
}

fn expect(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
}

#[test]
fn the_wall_holds_and_its_faults_are_found() {
    let wall = Wall::start();
    access_is_applied_once(&wall);
    everybody_may_do_what_the_plan_says_and_nothing_else(&wall);
    planted_faults_are_found_and_taken_back(&wall);
    passwords_are_kept_from_others_and_never_changed(&wall);
    a_certificate_is_a_principal_too(&wall);
}

fn access_is_applied_once(wall: &Wall) {
    let plan = whole();
    let (principals, rules) = (plan.principals.len(), plan.rules().count());
    let nothing = format!("{principals} users, {rules} rules, {} quotas missing, 0 rules too much", principals - 1);
    expect(&wall.acl(&["check"], 1), &[&nothing, "topics acl --apply makes it"]);
    expect(&wall.acl(&["--apply"], 1), &["nothing was changed: 66 users have no password yet", "--passwords FOLDER"]);
    expect(&wall.acl(&["check"], 1), &[&nothing]);

    let made = format!("{principals} users, {rules} rules, {} quotas made", principals - 1);
    expect(&wall.acl(&["--apply", "--passwords", &wall.passwords()], 0), &[&made]);
    expect(&wall.acl(&["--apply"], 0), &["0 users, 0 rules, 0 quotas made, 0 rules too much"]);
    expect(&wall.acl(&["check"], 0), &["0 users, 0 rules, 0 quotas missing, 0 rules too much"]);
    let told: serde_json::Value = serde_json::from_str(&wall.acl(&["check", "--format", "json"], 0)).expect("JSON");
    assert_eq!((told["brokers"].as_u64(), told["difference"]["missing"].as_array().map(Vec::len)), (Some(1), Some(0)));

    // The operator's own user makes the topics, and nobody else was asked.
    let kafka = Some(wall.user("vardstrom-topics"));
    let options = Options { partitions: Some(1), replication_factor: Some(1), kafka };
    let bootstrap = &wall.kafka.encrypted().expect("encrypted").users;
    let regions = all();
    assert_eq!(topics::apply(bootstrap, &regions, &options).expect("applies").changes.len(), 19 * Region::COUNT);
    assert_eq!(topics::apply(bootstrap, &regions, &options).expect("applies").changes, []);
}

/// Tries everything as this user; what was tried, and what did not go as planned.
fn tried(wall: &Wall, user: &str, access: Option<&Access>) -> (Vec<Probe>, Vec<String>) {
    let mut connection = Connection::open(&wall.user(user)).expect("it lets us in");
    let probes = probe(&mut connection, access);
    let wrong = probes.iter().filter(|probe| !probe.is_as_planned()).map(|probe| format!("{user}: {probe:?}"));
    let wrong = wrong.collect();
    (probes, wrong)
}

fn everybody_may_do_what_the_plan_says_and_nothing_else(wall: &Wall) {
    let begun = Instant::now();
    let administrator: Kafka = toml::from_str(&wall.administrator()).expect("a table");
    let mut administrator = Connection::open(&administrator).expect("it lets us in");
    while !groups_answer(&mut administrator, &all()).expect("an answer") {
        assert!(begun.elapsed() < Duration::from_secs(60), "the groups' coordinator does not answer");
        std::thread::sleep(Duration::from_millis(200));
    }
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut wrong, mut foreign) = (Vec::new(), 0);
    let count = |probes: &[Probe], counts: &mut BTreeMap<&str, (usize, usize)>| {
        for probe in probes {
            let (tried, denied) = counts.entry(probe.what).or_default();
            *tried += 1;
            *denied += usize::from(probe.is_denied());
        }
    };
    for (principal, access) in &whole().principals {
        let (probes, found) = tried(wall, &access.user, Some(access));
        wrong.extend(found);
        count(&probes, &mut counts);
        let region = principal.region.map(|region| format!(".{region}."));
        let is_foreign = |probe: &&Probe| region.as_ref().is_some_and(|region| !probe.object.contains(region.as_str()));
        let of_topics = probes.iter().filter(|probe| probe.object.starts_with("region.")).filter(is_foreign);
        foreign += of_topics.inspect(|probe| assert!(probe.is_denied(), "{principal}: {probe:?}")).count();
    }
    // Who comes without a user, by the port for plain text, may do nothing.
    let mut stranger = Connection::open(&Kafka::at(wall.kafka.bootstrap())).expect("the port is open");
    let probes = probe(&mut stranger, None);
    assert!(probes.iter().all(Probe::is_denied));
    count(&probes, &mut counts);

    assert_eq!(wrong, [] as [String; 0], "{} went otherwise than planned", wrong.len());
    let tried: usize = counts.values().map(|(tried, _)| tried).sum();
    let denied: usize = counts.values().map(|(_, denied)| denied).sum();
    assert!(tried >= 80_000 && foreign >= 70_000 && denied < tried, "{tried} {foreign} {denied} {counts:?}");
}

fn planted_faults_are_found_and_taken_back(wall: &Wall) {
    let allow = |who: &str, operation, resource| Rule::allow(format!("User:{who}"), operation, resource);
    let (connector, processor) = ("vardstrom-connector-14", "vardstrom-processor-14");
    let of = |kind, pattern, name: &str| Resource { kind, pattern, name: name.to_owned() };
    let prefix = allow(connector, Operation::WRITE, of(Kind::TOPIC, Pattern::PREFIXED, "region.14."));
    let planted = [
        (prefix.clone(), "may Write every topic that begins with region.14.: a prefix holds for 19 names"),
        (
            allow("*", Operation::READ, of(Kind::TOPIC, Pattern::LITERAL, "*")),
            "may Read every topic: it holds for 399 names",
        ),
        (
            allow(processor, Operation::READ, Resource::group("processor-13")),
            "may Read group processor-13: the group is not",
        ),
        (allow(processor, Operation::READ, Resource::topic("region.13.source.adt")), "it reaches into another region"),
        (allow("who", Operation::ALTER, of(Kind::CLUSTER, Pattern::LITERAL, "kafka-cluster")), "only an administrator"),
        (
            Rule {
                permission: Permission::DENY,
                ..allow(processor, Operation::READ, Resource::topic("region.14.source.adt"))
            },
            "may not Read topic region.14.source.adt: it takes away",
        ),
    ];
    let mut cluster = wall.cluster();
    for (rule, why) in &planted {
        cluster.create(std::slice::from_ref(rule)).expect("planted");
        wait(wall, |found| !found);
        expect(&wall.acl(&["check"], 1), &[why, "1 rules too much", "topics acl --apply --remove takes it back"]);
        if *rule == prefix {
            // The probes find it by themselves: what the prefix opens is what the plan does not say.
            let access = whole().principals.into_values().find(|access| access.user == connector);
            let (_, wrong) = tried(wall, connector, access.as_ref());
            assert_eq!(wrong.len(), 24, "12 topics to write, and to describe: {wrong:#?}");
        }
        expect(&wall.acl(&["--apply"], 0), &["0 rules, 0 quotas made, 1 rules too much, kept"]);
        expect(&wall.acl(&["--apply", "--remove"], 0), &["1 rules too much, taken back"]);
        expect(&wall.acl(&["check"], 0), &["0 rules too much"]);
    }
    let needed = allow(connector, Operation::WRITE, Resource::topic("region.14.source.adt"));
    cluster.delete(std::slice::from_ref(&needed)).expect("taken away");
    wait(wall, |found| !found);
    expect(&wall.acl(&["check"], 1), &["may Write topic region.14.source.adt: missing; topics acl --apply makes it"]);
    expect(&wall.acl(&["check", "--region", "13"], 0), &["0 users, 0 rules, 0 quotas missing"]);
    expect(&wall.acl(&["--apply", "--region", "14"], 0), &["0 users, 1 rules, 0 quotas made"]);
    cluster.create(&[allow("billing", Operation::READ, Resource::topic("invoices"))]).expect("made");
    wait(wall, |found| found);
    expect(&wall.acl(&["check"], 0), &["0 rules too much; 1 rules not judged"]);
}

/// Waits until the broker that is asked shows something else than before: whether nothing is missing or too much, while
/// something is not judged.
fn wait(wall: &Wall, is_good: impl Fn(bool) -> bool) {
    let scope = Scope { regions: Region::all().collect(), naming: Naming::Scram, administrators: Default::default() };
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut cluster = wall.cluster();
    loop {
        let found = topics::access::difference(&Catalogue::load(), &scope, &cluster.existing().expect("it answers"));
        if is_good(found.is_empty()) && (!found.is_empty() || found.not_judged > 0) {
            return;
        }
        assert!(Instant::now() < deadline, "the broker does not show it");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn passwords_are_kept_from_others_and_never_changed(wall: &Wall) {
    let files: Vec<_> = fs::read_dir(wall.path("passwords")).expect("read").map(|entry| entry.expect("one")).collect();
    assert_eq!(files.len(), whole().principals.len());
    for file in &files {
        let meta = file.metadata().expect("read");
        assert_eq!((meta.permissions().mode() & 0o777, meta.len()), (0o600, 64), "{:?}", file.path());
    }
    // A new password in a user's file does not become its password: users that are there are kept.
    let file = wall.path("passwords/vardstrom-connector-14.password");
    let good = fs::read(&file).expect("read");
    fs::write(&file, "another").expect("written");
    expect(&wall.acl(&["--apply", "--passwords", &wall.passwords()], 0), &["0 users, 0 rules"]);
    let refused = Connection::open(&wall.user("vardstrom-connector-14")).err().expect("not its password").to_string();
    assert!(refused.contains("as user vardstrom-connector-14") && !refused.contains("another"), "{refused}");
    fs::write(&file, good).expect("written");
    assert!(Connection::open(&wall.user("vardstrom-connector-14")).is_ok());

    // A password that others can read is none.
    let passwords = Passwords::of(wall.path("passwords")).expect("a folder");
    fs::write(wall.path("passwords/open.password"), "hemligt").expect("written");
    fs::set_permissions(wall.path("passwords/open.password"), fs::Permissions::from_mode(0o644)).expect("set");
    let refused = passwords.read_or_make("open").err().expect("refused").to_string();
    assert!(refused.contains("chmod go=") && !refused.contains("hemligt"), "{refused}");
    fs::remove_file(wall.path("passwords/open.password")).expect("removed");
    // Nobody who does not administer the cluster can look or change.
    let denied = Cluster::connect(&wall.user("vardstrom-topics")).expect("it lets us in").existing();
    let denied = denied.expect_err("denied").to_string();
    assert!(denied.contains("Describe on the cluster"), "{denied}");
}

fn a_certificate_is_a_principal_too(wall: &Wall) {
    let said = wall.acl(&["--apply", "--region", "14", "--principals", "certificate"], 0);
    // The users' rules about the region are none of a certificate's; nothing is taken back unasked.
    expect(
        &said,
        &["+ User:CN=vardstrom-connector-14 may Write topic region.14.source.adt: made", "0 users, ", "kept"],
    );
    let own = wall.authority.issue(&["vardstrom-connector-14"]).expect("a certificate");
    let tls = tls::Client::trusting(wall.authority.ca()).showing(own.certificate, own.key);
    let bootstrap = &wall.kafka.encrypted().expect("encrypted").certificates;
    let kafka = Kafka { tls: Some(tls), ..Kafka::at(bootstrap) };
    let plan = plan(&Catalogue::load(), &[region("14")], &"CN=<name>".parse().expect("a subject"));
    let access = plan.principals.values().find(|access| access.user == "CN=vardstrom-connector-14");
    let probes = probe(&mut Connection::open(&kafka).expect("it lets us in"), access);
    let wrong: Vec<_> = probes.iter().filter(|probe| !probe.is_as_planned()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(probes.iter().filter(|probe| probe.allowed).count() >= 14, "7 topics, to write and to describe");
}
