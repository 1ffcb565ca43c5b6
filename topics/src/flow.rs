//! The map of services and topics, drawn from the catalogue so that it cannot lie.

use std::{collections::BTreeSet, fmt::Write};

use crate::{Catalogue, Outside, Zone};

/// Before the map in a document.
pub const BEGIN: &str = "<!-- flow:begin -->";
/// After the map in a document.
pub const END: &str = "<!-- flow:end -->";

/// The map as a Mermaid flow chart in a Markdown code block.
pub fn diagram(catalogue: &Catalogue) -> String {
    let mut lines = vec!["```mermaid".to_owned(), "flowchart LR".to_owned()];
    let services = catalogue.services();
    let outside = catalogue.outside.iter().flat_map(Outside::ends);
    let things: BTreeSet<_> = outside.filter(|name| !services.contains(name)).collect();
    lines.extend(things.iter().map(|name| format!("  {}[\"{name}\"]", id(name))));
    let is_elsewhere = |service: &str| catalogue.elsewhere.iter().any(|name| name == service);
    for (zone, title) in [(Zone::Region, "region zone, one per region"), (Zone::Central, "central zone")] {
        lines.push(format!("  subgraph {}[\"{title}\"]", if zone == Zone::Region { "region" } else { "central" }));
        let is_here = |service: &&&str| catalogue.zone_of(service) == zone && !is_elsewhere(service);
        for service in services.iter().filter(is_here) {
            lines.push(format!("    {}([\"{service}\"])", id(service)));
        }
        for declaration in catalogue.declarations.iter().filter(|declaration| declaration.zone() == zone) {
            let name = declaration.name.replace("<nn>", "nn");
            lines.push(format!("    {}[/\"{name}<br/>{}\"/]", id(&name), declaration.schema));
        }
        lines.push("  end".to_owned());
    }
    if !catalogue.elsewhere.is_empty() {
        lines.push("  subgraph elsewhere[\"another organisation\"]".to_owned());
        lines.extend(catalogue.elsewhere.iter().map(|service| format!("    {}([\"{service}\"])", id(service))));
        lines.push("  end".to_owned());
    }
    for flow in &catalogue.outside {
        let to: Vec<_> = flow.to.iter().map(|name| id(name)).collect();
        lines.push(format!("  {} -- \"{}\" --> {}", id(&flow.from), flow.flow, to.join(" & ")));
    }
    for declaration in &catalogue.declarations {
        let topic = id(&declaration.name.replace("<nn>", "nn"));
        lines.extend(declaration.producers.iter().map(|service| format!("  {} --> {topic}", id(service))));
        lines.extend(declaration.consumers.iter().map(|service| format!("  {topic} --> {}", id(service))));
    }
    lines.push("```".to_owned());
    lines.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}

/// The document with the map between its markers, or `None` if it has no markers.
pub fn drawn_into(document: &str, catalogue: &Catalogue) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}{END}{after}", diagram(catalogue)))
}

fn id(name: &str) -> String {
    name.replace(|character: char| !character.is_ascii_alphanumeric(), "_")
}
