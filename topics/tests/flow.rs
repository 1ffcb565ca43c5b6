//! The root README's map is the one drawn from the catalogue.

use std::{fs, path::Path};

use topics::{Catalogue, flow};

#[test]
fn the_readme_shows_the_map_that_the_catalogue_draws() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(&path).expect("the root README exists");
    let drawn = flow::drawn_into(&readme, &Catalogue::load()).expect("the root README has the two markers");
    assert!(drawn == readme, "the map is out of date: run `cargo run -p topics -- flow --write README.md`");
}

#[test]
fn every_declared_topic_and_service_is_on_the_map_once() {
    let catalogue = Catalogue::load();
    let diagram = flow::diagram(&catalogue);
    for declaration in &catalogue.declarations {
        let label = format!("\"{}<br/>{}\"", declaration.name.replace("<nn>", "nn"), declaration.schema);
        assert_eq!(diagram.matches(&label).count(), 1, "{label}");
    }
    let services =
        ["connector", "processor", "region-register", "sink-store", "dashboard", "sink-register", "key-holder"];
    assert_eq!(catalogue.services(), services);
    for service in services {
        assert_eq!(diagram.matches(&format!("([\"{service}\"])")).count(), 1, "{service}");
    }
}

#[test]
fn what_touches_identities_is_drawn_in_the_region_and_what_reads_the_store_beside_the_topics() {
    let diagram = flow::diagram(&Catalogue::load());
    let (region, central) = diagram.split_once("subgraph central").expect("both zones are drawn");
    let (central, elsewhere) = central.split_once("subgraph elsewhere").expect("and what is in neither");
    assert!(region.contains("([\"region-register\"])") && central.contains("([\"sink-register\"])"), "{diagram}");
    assert!(elsewhere.contains("([\"key-holder\"])"), "{diagram}");
    for edge in [
        "region_nn_source_par --> region_register",
        "region_nn_protected --> region_register",
        "region_register --> region_nn_objections",
        "region_nn_objections --> sink_store",
        "PostgreSQL -- \"events\" --> sink_register",
        "schema_registry -- \"schemas\" --> connector & processor & region_register & sink_store & dashboard",
    ] {
        assert!(elsewhere.lines().any(|line| line.trim() == edge), "{edge}");
    }
}

#[test]
fn a_document_without_markers_is_left_alone() {
    assert_eq!(flow::drawn_into("# A document\n", &Catalogue::load()), None);
    assert_eq!(flow::drawn_into(&format!("{}\n{}", flow::END, flow::BEGIN), &Catalogue::load()), None);
}
