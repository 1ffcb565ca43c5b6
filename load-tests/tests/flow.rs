//! The map is what the services do: what the catalogue says of each is what its own code says.

use std::{collections::BTreeSet, path::Path};

use processor::mapping::{self, Program};
use processor::pipeline::kept;
use schemas::{Kind, topic};
use topics::{Catalogue, Declaration};

use crate::sources::sources;
use crate::walls::{SERVICES, crates, workspace_dependencies};

/// Stands for a region in a declared name.
const REGION: &str = "<nn>";

type Names = BTreeSet<String>;

/// The declared topics that carry one of these kinds.
fn of_kinds(catalogue: &Catalogue, kinds: &[Kind]) -> Names {
    let carries = |declaration: &&Declaration| declaration.kind().is_some_and(|kind| kinds.contains(&kind));
    catalogue.declarations.iter().filter(carries).map(|declaration| declaration.name.clone()).collect()
}

/// The topics that a service writes and those that it reads, as its code says.
fn said(catalogue: &Catalogue, service: &str) -> (Names, Names) {
    let none = Names::new;
    match service {
        "connector" => {
            let sent = of_kinds(catalogue, &[connector::intake::OUTPUT]);
            let kept = [topic::identities(REGION), topic::source(REGION, kept::FEED)];
            (sent.into_iter().filter(|name| !kept.contains(name)).collect(), none())
        }
        "processor" => {
            let packaged = mapping::shipped().map(|name| Program::load(Path::new(name)).expect("a shipped one").feed());
            let feeds = processor::config::Feed::ALL.map(|feed| feed.name()).into_iter().chain(packaged);
            let reads = feeds.map(|feed| topic::source(REGION, feed)).collect();
            let mut writes = of_kinds(catalogue, &processor::worker::OUTPUTS);
            writes.insert(topic::identities(REGION));
            (writes, reads)
        }
        "region-register" => {
            let events = region_register::protected::subjects().map(|subject| topic::common(REGION, subject));
            let par = topic::source(REGION, region_register::config::FEED);
            let others = [par, topic::protected(REGION), topic::identities(REGION)];
            let said = of_kinds(catalogue, &[region_register::subject::OUTPUT]);
            let told = Names::from([topic::source(REGION, kept::FEED)]);
            (told.into_iter().chain(said.clone()).collect(), events.chain(others).chain(said).collect())
        }
        "sink-store" => (none(), sink_store::topics_of(REGION).collect()),
        "dashboard" => (none(), dashboard::follow::INPUTS.map(|subject| topic::common(REGION, subject)).into()),
        "sink-register" | "key-holder" => (none(), none()),
        other => panic!("say here what {other} writes and reads"),
    }
}

/// The services that are in the workspace.
fn services() -> Names {
    let name = |path: &Path| path.file_name().expect("a folder").to_string_lossy().into_owned();
    crates(SERVICES).iter().map(|path| name(path)).collect()
}

#[test]
fn every_service_is_drawn_and_nothing_else_is_one() {
    let drawn = Catalogue::load();
    assert_eq!(drawn.services().into_iter().map(str::to_owned).collect::<Names>(), services());
}

#[test]
fn a_service_writes_and_reads_the_topics_that_the_catalogue_says() {
    let catalogue = Catalogue::load();
    for service in services() {
        let declared = |of: fn(&Declaration) -> &Vec<String>| -> Names {
            let names = catalogue.declarations.iter().filter(|declaration| of(declaration).contains(&service));
            names.map(|declaration| declaration.name.clone()).collect()
        };
        let (writes, reads) = said(&catalogue, &service);
        assert_eq!(declared(|declaration| &declaration.producers), writes, "what {service} writes");
        assert_eq!(declared(|declaration| &declaration.consumers), reads, "what {service} reads");
    }
}

/// The services in whose code one of these texts stands.
fn naming(needles: &[&str]) -> Names {
    let files = sources();
    let named = |service: &String| {
        let folder = format!("services/{service}/src/");
        files.iter().any(|(path, code)| path.starts_with(&folder) && needles.iter().any(|text| code.contains(text)))
    };
    services().into_iter().filter(named).collect()
}

/// The services that are linked with a crate.
fn linking(name: &str) -> Names {
    let linked = workspace_dependencies();
    services().into_iter().filter(|service| linked[service].contains(name)).collect()
}

#[test]
fn whoever_has_to_do_with_kafka_touches_a_topic_and_the_others_stand_beside() {
    let catalogue = Catalogue::load();
    let beside = catalogue.beside.iter().chain(&catalogue.elsewhere).cloned().collect();
    let clients = naming(&["rdkafka", "runtime::producer", "runtime::relay", "runtime::tail"]);
    assert_eq!(services().difference(&clients).cloned().collect::<Names>(), beside);
}

#[test]
fn what_a_service_has_to_do_with_outside_of_topics_is_drawn() {
    let catalogue = Catalogue::load();
    let services = services();
    let joined = |is_meant: &dyn Fn(&topics::Outside) -> bool| -> Names {
        let flows = catalogue.outside.iter().filter(|flow| is_meant(flow));
        flows.flat_map(topics::Outside::ends).map(str::to_owned).filter(|end| services.contains(end)).collect()
    };
    let with = |thing: &str| joined(&|flow| flow.ends().any(|end| end == thing));
    assert_eq!(with("PostgreSQL"), linking("postgresql"), "the store");
    assert_eq!(with("recipients"), linking("parcel"), "deliveries");
    let setting = ["pub registry: Registry", "pub(crate) registry: Registry", "pub registry: config::Registry"];
    assert_eq!(with("schema registry"), naming(&setting));
    assert_eq!(joined(&|flow| flow.flow.contains("SFTP")), linking("sftp"), "SFTP");
}
