//! What each address of the dashboard asks for, for the policies: a set of data, of a region or of the whole country.
//!
//! An address that is not here is refused to everybody once there is a login: a new route is closed until it is named.

use std::collections::HashMap;

use access::{Action, Dataset, Part};
use axum::extract::Query;
use axum::http::Uri;
use axum::http::request::Parts;
use figures::report::Page;
use login::{Asked, Site};
use topics::Region;

/// The dashboard's addresses, as its login knows them.
pub const SITE: Site = Site { service: "dashboard", asks, home };

fn asks(request: &Parts) -> Option<Asked> {
    asked(&request.uri)
}

/// The board of a region, in Swedish.
fn home(region: Region) -> String {
    format!("/sv/region/{region}")
}

/// What an address asks for. Names are compared as they are sent: a route that is reached by an encoded name is refused.
pub fn asked(address: &Uri) -> Option<Asked> {
    let path = address.path();
    if let Some(probe) = Site::probes(path) {
        return Some(probe);
    }
    // Read as the routes read them, or somebody could ask for one thing and get another.
    let Query(pairs) = Query::<HashMap<String, String>>::try_from_uri(address).ok()?;
    let region = pairs.get("region").map(String::as_str);
    let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let (action, part) = match segments.as_slice() {
        [""] | ["installning"] | ["tillgang", _] => (Action::Read, of(Dataset::About, None)),
        ["openapi.json"] => (Action::Call, of(Dataset::About, None)),
        ["strom", _, rest @ ..] => (Action::Read, board(rest, region)?),
        ["api", "v1", rest @ ..] => (Action::Call, call(rest, region)?),
        [_, rest @ ..] => {
            let action =
                if pairs.get("form").is_some_and(|form| form == "csv") { Action::Download } else { Action::Read };
            (action, board(rest, region).or_else(|| page(rest))?)
        }
        [] => return None,
    };
    Some(Asked { action, part })
}

const fn of(dataset: Dataset, region: Option<Region>) -> Part {
    Part { dataset, region }
}

fn within(dataset: Dataset, region: &str) -> Option<Part> {
    region.parse().ok().map(|region| of(dataset, Some(region)))
}

/// The bed board and what belongs to it, as pages and as streams.
fn board(segments: &[&str], region: Option<&str>) -> Option<Part> {
    match segments {
        ["uppmarksamma"] if region.is_some() => within(Dataset::Beds, region?),
        // The country's page and its list of what needs attention name wards of every region.
        [] | ["uppmarksamma"] => Some(of(Dataset::Beds, None)),
        ["region", region] | ["region", region, "sjukhus" | "avdelning", _] => within(Dataset::Beds, region),
        _ => None,
    }
}

fn page(segments: &[&str]) -> Option<Part> {
    let dataset = |segment| Page::ALL.into_iter().find(|page| page.segment() == segment).map(published);
    match segments {
        ["definitioner"] | ["api"] => Some(of(Dataset::About, None)),
        [segment] => Some(of(dataset(*segment)?, None)),
        [segment, "region", region] | [segment, "region", region, "sjukhus", _] => within(dataset(*segment)?, region),
        _ => None,
    }
}

fn call(segments: &[&str], region: Option<&str>) -> Option<Part> {
    let asked = |dataset| match region {
        Some(region) => within(dataset, region),
        None => Some(of(dataset, None)),
    };
    match segments {
        ["regions"] => Some(of(Dataset::Beds, None)),
        ["hospitals" | "units" | "totals" | "snapshot" | "attention"] => asked(Dataset::Beds),
        ["regions", region, "units", _] => within(Dataset::Beds, region),
        ["definitions"] | ["datasets"] => Some(of(Dataset::About, None)),
        ["datasets", name, _] => asked(published(Page::ALL.into_iter().find(|page| page.api() == *name)?)),
        ["stream"] => Some(of(Dataset::Events, None)),
        [name] => asked(published(Page::ALL.into_iter().find(|page| page.api() == *name)?)),
        _ => None,
    }
}

const fn published(page: Page) -> Dataset {
    match page {
        Page::Waiting => Dataset::Waiting,
        Page::Pathway => Dataset::Pathway,
        Page::Costs => Dataset::Cost,
        Page::Quality => Dataset::Quality,
        Page::Operations => Dataset::Operations,
        Page::About => Dataset::About,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `action dataset region`, or nothing.
    fn check(address: &str, expected: &str) {
        let found = asked(&address.parse().unwrap()).map(|Asked { action, part }| {
            let region = part.region.map_or("-", Region::code);
            format!("{} {} {region}", action.name(), part.dataset.name())
        });
        assert_eq!(found.unwrap_or_default(), expected, "{address}");
    }

    #[test]
    fn an_address_asks_for_what_it_shows() {
        for (address, expected) in [
            ("/", "read about -"),
            ("/installning?tema=ljust", "read about -"),
            ("/tillgang/page.css", "read about -"),
            ("/readyz", "inspect probes -"),
            ("/metrics", "inspect probes -"),
            ("/sv", "read beds -"),
            ("/en/uppmarksamma", "read beds -"),
            ("/en/uppmarksamma?region=14&mvo=241", "read beds 14"),
            ("/strom/sv/uppmarksamma?region=14&region=01", "read beds 01"),
            ("/sv/region/14", "read beds 14"),
            ("/sv/region/14?form=csv", "download beds 14"),
            ("/sv/region/14?form=%63sv", "download beds 14"),
            ("/sv/region/14/sjukhus/501010", "read beds 14"),
            ("/sv/region/14/avdelning/MED10", "read beds 14"),
            ("/strom/sv/region/14/avdelning/MED10?sedan=1", "read beds 14"),
            ("/strom/sv", "read beds -"),
            ("/strom/sv/uppmarksamma", "read beds -"),
            ("/sv/definitioner", "read about -"),
            ("/en/api", "read about -"),
            ("/sv/vantetider", "read waiting -"),
            ("/sv/vantetider/region/01/sjukhus/11", "read waiting 01"),
            ("/sv/vardforlopp/region/01?form=csv", "download pathway 01"),
            ("/sv/kostnad", "read cost -"),
            ("/sv/datakvalitet/region/01", "read quality 01"),
            ("/sv/drift", "read operations -"),
            ("/sv/om", "read about -"),
            ("/api/v1/regions", "call beds -"),
            ("/api/v1/units", "call beds -"),
            ("/api/v1/units?region=14", "call beds 14"),
            ("/api/v1/units?region=14&region=01", "call beds 01"),
            ("/api/v1/snapshot?region=14&at=x", "call beds 14"),
            ("/api/v1/regions/14/units/MED10", "call beds 14"),
            ("/api/v1/stream", "call events -"),
            ("/api/v1/waiting-times?region=14", "call waiting 14"),
            ("/api/v1/operations", "call operations -"),
            ("/api/v1/datasets", "call about -"),
            ("/api/v1/datasets/costs/drg?region=14&format=csv", "call cost 14"),
            ("/sv/kostnad?period=alla&form=csv&tabell=drg", "download cost -"),
            ("/openapi.json", "call about -"),
        ] {
            check(address, expected);
        }
    }

    #[test]
    fn an_address_that_is_not_named_is_closed() {
        for address in [
            "/sv/region/99",
            "/sv/region/%31%34",
            "/sv/region/14/",
            "/sv/region/14/rum/1",
            "/sv/nytt",
            "/sv/uppmarksamma?region=",
            "/sv/uppmarksamma?region=99",
            "/sv/nytt/region/14",
            "/strom/sv/vantetider",
            "/api/v1/units?region=",
            "/api/v1/units?region=1",
            "/api/v1/new",
            "/api/v1/datasets/new/drg",
            "/api/v2/units",
            "//sv",
        ] {
            check(address, "");
        }
    }

    #[test]
    fn every_address_of_the_description_is_named() {
        let description: serde_json::Value = serde_json::from_str(crate::openapi::OPENAPI).unwrap();
        let paths = description["paths"].as_object().unwrap();
        assert!(paths.len() >= 16);
        for path in paths.keys() {
            let address = path
                .replace("{region}", "14")
                .replace("{unit}", "MED10")
                .replace("{dataset}", "costs")
                .replace("{table}", "drg");
            assert!(asked(&address.parse().unwrap()).is_some_and(|asked| asked.action == Action::Call), "{path}");
        }
    }
}
