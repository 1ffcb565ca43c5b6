//! Every address of the dashboard, with what it shows, written down by hand, for whoever tries all of them; a test holds the list against
//! the dashboard's own routes and the description of its API.

use access::{Action, Dataset, Part};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::Value;
use topics::Region;

use Action::{Call, Download, Inspect, Read};
use Dataset::{About, Beds, Cost, Events, Operations, Pathway, Probes, Quality, Waiting};

/// An address, and by hand what it shows; `None`: nothing that anybody may see.
pub(crate) struct Address {
    pub(crate) path: String,
    pub(crate) shows: Option<(Action, Part)>,
    /// It does not end by itself.
    pub(crate) is_stream: bool,
}

impl Address {
    /// Whether it is answered with a page or a table, to whoever may see it.
    pub(crate) fn is_page(&self) -> bool {
        !self.is_stream && self.shows.is_some_and(|(action, _)| !matches!(action, Inspect))
    }
}

/// A region, and what its addresses name.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) region: Region,
    pub(crate) unit: String,
    pub(crate) hospital: String,
}

/// Stands for what no ward has said.
pub(crate) const UNSAID: &str = "-";

impl Place {
    /// Of an answer to `/api/v1/units?region=`: its first ward that says in which hospital it is.
    pub(crate) fn first(region: Region, answer: &str) -> Option<Self> {
        Self::wards(region, answer).into_iter().find(|place| place.hospital != UNSAID)
    }

    /// That, or what there is instead.
    pub(crate) fn any(region: Region, answer: &str) -> Self {
        let unknown = || Self { region, unit: UNSAID.to_owned(), hospital: UNSAID.to_owned() };
        Self::first(region, answer).or_else(|| Self::wards(region, answer).into_iter().next()).unwrap_or_else(unknown)
    }

    fn wards(region: Region, answer: &str) -> Vec<Self> {
        let answer: Value = serde_json::from_str(answer).unwrap_or_default();
        let said = |value: &Value| value.as_str().unwrap_or(UNSAID).to_owned();
        let place = |ward: &Value| Self { region, unit: said(&ward["unit"]), hospital: said(&ward["hospital_code"]) };
        answer["units"].as_array().map_or_else(Vec::new, |wards| wards.iter().map(place).collect())
    }
}

type Shows = Option<(Action, Dataset)>;

/// Of the whole country. `MM`: the month that is published.
const WHOLE: [(&str, Shows); 39] = [
    ("/sv", Some((Read, Beds))),
    ("/sv?form=csv", Some((Download, Beds))),
    ("/sv?vy=timme", Some((Read, Beds))),
    ("/sv?vy=vagg", Some((Read, Beds))),
    ("/sv/uppmarksamma", Some((Read, Beds))),
    ("/strom/sv", Some((Read, Beds))),
    ("/strom/sv/uppmarksamma", Some((Read, Beds))),
    ("/api/v1/regions", Some((Call, Beds))),
    ("/api/v1/units", Some((Call, Beds))),
    ("/api/v1/hospitals", Some((Call, Beds))),
    ("/api/v1/totals", Some((Call, Beds))),
    ("/api/v1/snapshot", Some((Call, Beds))),
    ("/api/v1/attention", Some((Call, Beds))),
    ("/api/v1/stream", Some((Call, Events))),
    ("/sv/vantetider?period=MM", Some((Read, Waiting))),
    ("/sv/vantetider?period=alla&form=csv&tabell=regioner", Some((Download, Waiting))),
    ("/api/v1/waiting-times", Some((Call, Waiting))),
    ("/api/v1/datasets/waiting-times/regioner", Some((Call, Waiting))),
    ("/api/v1/datasets/waiting-times/regioner?format=csv", Some((Call, Waiting))),
    ("/api/v1/datasets/waiting-times/regioner?format=parquet", Some((Call, Waiting))),
    ("/sv/vardforlopp", Some((Read, Pathway))),
    ("/api/v1/hip-fracture", Some((Call, Pathway))),
    ("/sv/kostnad", Some((Read, Cost))),
    ("/api/v1/costs", Some((Call, Cost))),
    ("/sv/datakvalitet?period=MM", Some((Read, Quality))),
    ("/api/v1/quality", Some((Call, Quality))),
    ("/sv/drift", Some((Read, Operations))),
    ("/api/v1/operations", Some((Call, Operations))),
    ("/metrics", Some((Inspect, Probes))),
    ("/readyz", Some((Inspect, Probes))),
    ("/sv/om", Some((Read, About))),
    ("/sv/api", Some((Read, About))),
    ("/sv/definitioner", Some((Read, About))),
    ("/api/v1/about", Some((Call, About))),
    ("/api/v1/definitions", Some((Call, About))),
    ("/api/v1/datasets", Some((Call, About))),
    ("/openapi.json", Some((Call, About))),
    ("/sv/inget", None),
    ("/api/v1/inget", None),
];

/// Of a region `RR`, a unit `UU` and a hospital `HH` of it.
const OF_REGION: [(&str, Shows); 30] = [
    ("/sv/region/RR", Some((Read, Beds))),
    ("/sv/region/RR?form=csv", Some((Download, Beds))),
    ("/sv/region/RR?vy=timme", Some((Read, Beds))),
    ("/sv/region/RR?vy=timme&form=csv", Some((Download, Beds))),
    ("/sv/region/RR/sjukhus/HH", Some((Read, Beds))),
    ("/sv/region/RR/avdelning/UU", Some((Read, Beds))),
    ("/sv/uppmarksamma?region=RR", Some((Read, Beds))),
    ("/strom/sv/region/RR", Some((Read, Beds))),
    ("/strom/sv/region/RR/sjukhus/HH", Some((Read, Beds))),
    ("/strom/sv/region/RR/avdelning/UU", Some((Read, Beds))),
    ("/strom/sv/uppmarksamma?region=RR", Some((Read, Beds))),
    ("/api/v1/regions/RR/units/UU", Some((Call, Beds))),
    ("/api/v1/units?region=RR", Some((Call, Beds))),
    ("/api/v1/totals?region=RR", Some((Call, Beds))),
    ("/api/v1/snapshot?region=RR", Some((Call, Beds))),
    ("/api/v1/attention?region=RR", Some((Call, Beds))),
    ("/api/v1/hospitals?region=RR", Some((Call, Beds))),
    ("/sv/vantetider/region/RR?period=MM", Some((Read, Waiting))),
    ("/sv/vantetider/region/RR?period=alla&form=csv&tabell=sjukhus", Some((Download, Waiting))),
    ("/sv/vantetider/region/RR/sjukhus/HH?period=MM", Some((Read, Waiting))),
    ("/api/v1/waiting-times?region=RR", Some((Call, Waiting))),
    ("/api/v1/datasets/waiting-times/sjukhus?region=RR", Some((Call, Waiting))),
    ("/sv/vardforlopp/region/RR", Some((Read, Pathway))),
    ("/api/v1/hip-fracture?region=RR", Some((Call, Pathway))),
    ("/sv/kostnad/region/RR", Some((Read, Cost))),
    ("/api/v1/costs?region=RR", Some((Call, Cost))),
    ("/sv/datakvalitet/region/RR?period=MM", Some((Read, Quality))),
    ("/api/v1/quality?region=RR", Some((Call, Quality))),
    ("/sv/inget/region/RR", None),
    ("/api/v1/datasets/inget/sjukhus?region=RR", None),
];

/// All of them.
pub(crate) fn addresses(places: &[Place]) -> Vec<Address> {
    let month = last_month();
    let address = |path: String, shows: Shows, region| Address {
        shows: shows.map(|(action, dataset)| (action, Part { dataset, region })),
        is_stream: path.starts_with("/strom/") || path == "/api/v1/stream",
        path: path.replace("MM", &month),
    };
    let of = |place: &Place| {
        let fill = |path: &str| {
            path.replace("RR", place.region.code()).replace("UU", &place.unit).replace("HH", &place.hospital)
        };
        OF_REGION.map(|(path, shows)| address(fill(path), shows, Some(place.region)))
    };
    WHOLE
        .into_iter()
        .map(|(path, shows)| address(path.to_owned(), shows, None))
        .chain(places.iter().flat_map(of))
        .collect()
}

/// The month that is published: pages name the newest one in their address.
fn last_month() -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    today.first_of_month().saturating_sub(1.day()).strftime("%Y-%m").to_string()
}

/// Answered once the dashboard has seen what is published.
pub(crate) const PUBLISHED: &str = "/api/v1/datasets/waiting-times/regioner";

/// Statements by which each region has published waiting times of that month, of one hospital.
pub(crate) fn publish(places: &[Place]) -> String {
    let row = |place: &Place| {
        format!(
            "INSERT INTO register.published (region, extract, period, version, manifest_sha256, manifest, files) VALUES \
             ('{region}', 'waiting-times', '{}', 1, '', '{{\"definition\":\"3\",\"statements_until\":\"\"}}', \
             jsonb_build_object('waits_by_step.csv', E'status;hospital_code;hospital_name;step;contacts;guarantee_denominator;\
             within_90_days;median_wait;days_0_30;days_31_60;days_61_90;days_91_120;days_121_180;days_over_180\\n\
             waiting;{hospital};Sjukhus {hospital};first_visit;200;200;100;40.0;100;0;0;100;0;0\\n'));\n",
            last_month(),
            region = place.region,
            hospital = place.hospital,
        )
    };
    places.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What nobody loses anything by.
    const NOT_ASKED: [&str; 3] = [
        // Leads to a page.
        "/",
        // Takes a form, and answers with a cookie of the reader's colours.
        "/installning",
        // Style sheet, script and icon: of the build, and the same for everybody.
        "/tillgang/{name}",
    ];

    fn asked() -> Vec<String> {
        let place = Place { region: "14".parse().unwrap(), unit: "MED10".to_owned(), hospital: "501010".to_owned() };
        addresses(&[place]).into_iter().map(|address| address.path).collect()
    }

    fn is_of(path: &str, pattern: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        let (path, pattern): (Vec<_>, Vec<_>) = (path.split('/').collect(), pattern.split('/').collect());
        path.len() == pattern.len()
            && path.iter().zip(pattern).all(|(part, pattern)| pattern.starts_with('{') || *part == pattern)
    }

    #[test]
    fn a_place_is_of_a_ward_that_names_its_hospital() {
        let answer = r#"{"units":[{"unit":"A","hospital_code":null},{"unit":"B","hospital_code":"1"}]}"#;
        let region = "14".parse().unwrap();
        let names = |place: Place| (place.unit, place.hospital);
        assert_eq!(Place::first(region, answer).map(names), Some(("B".to_owned(), "1".to_owned())));
        let unsaid = r#"{"units":[{"unit":"A","hospital_code":null}]}"#;
        assert!(Place::first(region, unsaid).is_none());
        assert_eq!(names(Place::any(region, unsaid)), ("A".to_owned(), UNSAID.to_owned()));
        assert_eq!(names(Place::any(region, "{}")), (UNSAID.to_owned(), UNSAID.to_owned()));
    }

    #[test]
    fn every_route_is_asked() {
        let (asked, routes) = (asked(), dashboard::server::patterns());
        assert!(routes.len() > 30);
        // A pattern of one part alone fits other addresses, so the more particular of two is who answers.
        let particular = |path: &str| {
            let fitting = routes.iter().filter(|pattern| is_of(path, pattern));
            fitting.min_by_key(|pattern| pattern.matches('{').count()).cloned()
        };
        let reached: Vec<String> = asked.iter().filter_map(|path| particular(path)).collect();
        let missing: Vec<&String> =
            routes.iter().filter(|route| !reached.contains(route) && !NOT_ASKED.contains(&&***route)).collect();
        assert!(missing.is_empty(), "nobody asks {missing:?}");
        for route in NOT_ASKED {
            assert!(routes.iter().any(|known| known == route), "{route} is no route any more");
        }
    }

    #[test]
    fn everything_described_that_is_of_a_region_is_asked_of_one() {
        let asked = asked();
        let description: Value = serde_json::from_str(dashboard::openapi::OPENAPI).unwrap();
        let mut regional = 0;
        for (pattern, described) in description["paths"].as_object().unwrap() {
            let ours: Vec<&String> = asked.iter().filter(|path| is_of(path, pattern)).collect();
            assert!(!ours.is_empty(), "nobody asks {pattern}");
            let parameters = described["get"]["parameters"].as_array().map_or(&[][..], Vec::as_slice);
            if parameters.iter().any(|parameter| parameter["$ref"] == "#/components/parameters/region") {
                regional += 1;
                assert!(ours.iter().any(|path| path.contains("region=14")), "nobody asks {pattern} of a region");
            }
        }
        assert!(regional > 5, "{regional}");
    }
}
