//! The command line, as a person or a script meets it.

use std::{
    fs,
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{KAFKA, storing_registry::StoringRegistry};

fn topics(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_topics")).args(arguments).env_remove("KAFKA_BOOTSTRAP").output().expect("runs")
}

/// Runs a command, and expects its exit code and a part of each of its two outputs.
fn check(arguments: &[&str], code: i32, stdout: &str, stderr: &str) {
    let output = topics(arguments);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {out}{err}");
    assert!(out.contains(stdout), "{arguments:?}: {out}");
    assert!(err.contains(stderr), "{arguments:?}: {err}");
    assert!(!out.contains('\x1b'), "no colour off a terminal: {out}");
}

/// A configuration file that is gone with the test.
struct File(std::path::PathBuf);

impl File {
    fn with(text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("topics-{}-{}.toml", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).expect("written");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a text")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn check_says_what_is_wrong() {
    check(&["check"], 0, "19 topic patterns, 0 breaches", "");
    let path = std::env::temp_dir().join(format!("topics-check-{}.toml", std::process::id()));
    fs::write(&path, include_str!("../catalogue.toml").replacen("\"7 days\"", "\"70 days\"", 1)).expect("written");
    let file = path.to_str().expect("a text");
    check(&["check", "--file", file], 1, "! region.<nn>.source.adt: holds identities for more than 7 days", "");
    fs::write(&path, "partitions = 2\nnonsense = true\n").expect("written");
    check(&["check", "--file", file], 1, "", "nonsense");
    fs::remove_file(&path).expect("removed");
    check(&["check", "--file", file], 1, "", file);
}

#[test]
fn plan_and_apply_say_what_they_do() {
    let target = ["--bootstrap", KAFKA.bootstrap(), "--region", "25", "--replication-factor", "1"];
    let with = |command, more: &[&'static str]| [&[command], target.as_slice(), more].concat();
    let created = "+ create region.25.common.encounter: 1 partitions, 1 copies, cleanup.policy=delete";
    check(&with("plan", &[]), 0, created, "");
    check(&with("plan", &[]), 0, "19 topics declared, would change 19, 0 in the way", "");
    check(&with("apply", &[]), 0, created, "");
    check(&with("apply", &[]), 0, "19 topics declared, changed 0, 0 in the way", "");
    check(&with("plan", &[]), 0, "schemas were not compared; add --registry URL", "");
    check(&with("apply", &[]), 0, "schemas were not registered; add --registry URL: services look", "");
    check(&with("plan", &["--partitions", "4"]), 0, "~ grow region.25.parked: 1 to 4 partitions", "");
    check(&with("apply", &["--partitions", "2"]), 0, "~ grow region.25.parked: 1 to 2 partitions", "");
    check(&with("plan", &["--partitions", "2"]), 0, "19 topics declared, would change 0, 0 in the way", "");
    check(&with("plan", &[]), 1, "! region.25.parked has 2 partitions and 1 are declared", "");
    check(&with("apply", &[]), 1, "", "error: nothing was applied: region.25.");
}

#[test]
fn schemas_are_planned_and_registered_too() {
    let registry = StoringRegistry::start();
    let url = registry.url();
    let target = ["--bootstrap", KAFKA.bootstrap(), "--region", "24", "--replication-factor", "1", "--registry", &url];
    let with = |command| [&[command], target.as_slice()].concat();
    let registered = "+ register version 2 of Encounter under region.24.common.encounter-value";
    check(&with("plan"), 0, registered, "");
    // 19 rules; 31 versions, for twelve of the topics carry a kind that has two.
    check(&with("plan"), 0, "19 subjects declared, would change 50, 0 to look at", "");
    check(&with("apply"), 0, registered, "");
    check(&with("apply"), 0, "19 subjects declared, changed 0, 0 to look at", "");
    assert_eq!(registry.writes(), 50);
}

#[test]
fn nothing_is_changed_when_the_registry_is_away() {
    let nobody = format!("http://127.0.0.1:{}", local_stack::free_port().expect("a port"));
    let target = ["--bootstrap", KAFKA.bootstrap(), "--region", "23", "--replication-factor", "1"];
    let apply = [&["apply"], target.as_slice(), &["--registry", &nobody]].concat();
    check(&apply, 1, "", "error: look at subject region.23.source.adt-value: asking the schema registry at");
    check(&[&["plan"], target.as_slice()].concat(), 0, "19 topics declared, would change 19, 0 in the way", "");
}

#[test]
fn wrong_arguments_are_refused_before_anything_happens() {
    check(&["plan", "--region", "02"], 2, "", "'02' is not a lanskod; use one of 01, 03");
    check(&["plan", "--partitions", "0"], 2, "", "0 is not in 1..");
    check(&["plan", "--registry", "registry:8081"], 2, "", "for example http://127.0.0.1:8081");
    check(&["plan", "--client", "sasl.password=hemligt"], 2, "", "unexpected argument '--client'");
    check(&["plan", "--config", "a.toml", "--bootstrap", "b:9092"], 2, "", "cannot be used with");
    check(&["plan", "--config", "/nowhere/topics.toml"], 2, "", "read configuration file /nowhere/topics.toml");
    let wrong = File::with("[kafka]\nbootstrap = \"127.0.0.1:9092\"\npassword = \"hemligt\"\n");
    check(&["plan", "--config", wrong.path()], 2, "", ":3: kafka.password: unknown field `password`");
    let https = File::with("[kafka]\nbootstrap = \"127.0.0.1:9092\"\n[registry]\nurl = \"https://registry.example\"\n");
    check(&["plan", "--config", https.path()], 2, "", ":4: registry.url: https needs the authority");
    check(&["explode"], 2, "", "unrecognized subcommand");
}

#[test]
fn access_is_printed_without_kafka() {
    let one = ["acl", "--region", "14"];
    check(&one, 0, "vardstrom-connector-14\n  Write                          topic region.14.source.adt\n", "");
    check(&one, 0, "6 principals, ", "");
    check(&one, 0, "Each broker enforces a quota by itself", "");
    let json = [&one, &["--format", "json"][..]].concat();
    check(&json, 0, "\"user\": \"vardstrom-processor-14\"", "");
    let subject = [&one, &["--principals", "certificate", "--subject", "CN=<name>,O=Region"][..]].concat();
    check(&subject, 0, "CN=vardstrom-region-register-14,O=Region\n", "");
    check(&["acl", "--subject", "CN=all"], 2, "", "must hold <name> once");
    check(&["acl", "check", "--apply"], 2, "", "cannot be used with");
    check(&["acl", "--remove"], 2, "", "--apply");
    check(&["acl", "--password", "hemligt"], 2, "", "unexpected argument");
    let nobody = format!("127.0.0.1:{}", local_stack::free_port().expect("a port"));
    check(&["acl", "check", "--bootstrap", &nobody], 1, "", "is it running and reachable?");
    // A broker without an authorizer keeps no rules, and says so.
    check(&["acl", "check", "--bootstrap", KAFKA.bootstrap()], 1, "", "set authorizer.class.name=");
    let open = std::env::temp_dir().display().to_string();
    check(&["acl", "--apply", "--passwords", &open, "--bootstrap", &nobody], 1, "", "others may read it");
}

#[test]
fn nobody_at_the_address_is_a_clear_error() {
    let nobody = format!("127.0.0.1:{}", local_stack::free_port().expect("a port"));
    let settings = "client = { \"socket.connection.setup.timeout.ms\" = 1000 }";
    let file = File::with(&format!("[kafka]\nbootstrap = \"{nobody}\"\n{settings}\n"));
    let said = format!("listing topics failed at Kafka {nobody}; is it running and reachable?");
    check(&["plan", "--config", file.path()], 1, "", &said);
}
