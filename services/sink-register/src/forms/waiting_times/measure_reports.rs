//! `measure_reports.json`: the figures of each hospital as FHIR R4 MeasureReports, three a hospital, in one Bundle.
//!
//! | measure | groups |
//! |---|---|
//! | `vantetid-vardgaranti` | one, a proportion: completed, denominator, within 90 days, percent; by sex, age and interval |
//! | `vantetid-median` | median and mean wait in days |
//! | `vantetid-patientresa` | median days from referral to operation and to decision, over contacts that have a referral |
//!
//! A score that is not defined is left out, never 0; and so is a stratifier or a report that is withheld, for few or what would tell few. Canonical URLs and the code system of hospitals are those of the
//! regional pilots (KCHD), the latter provisional. There is no identifier of a hospital that FHIR could refer to, so the
//! hospital's code is a tag, and the reporter is the HSA-id of its care unit if it has just one, else of the region.
//!
//! Ids are UUIDv5 over measure, region, period, hospital and version of the definitions: a report that is made again
//! replaces the earlier one. They are made as event ids are ([`schemas::event_id`]), the measure's URL in place of the source
//! system, `region/period/hospital` in place of the message id, and the hash over the version.

mod group;
mod resource;

use super::{
    Settings,
    dimension::Dimension,
    hospital::{self, CompletedHospital},
    withheld::{Completed, Hospital},
};
use crate::output::{File, FileKind};
use resource::{Bundle, Coding, Entry, Group, Identifier, MeasureReport, Meta, Period, Reference};

pub(super) const FILE: FileKind = FileKind::of_groups("measure_reports.json");

/// Inera's OID for HSA-ids.
const HSA_ID: &str = "urn:oid:1.2.752.129.2.1.4.1";
const HOSPITAL_CODE: &str = "https://kchd.se/fhir/CodeSystem/sjukhuskod";
/// Ours: which definitions the figures follow. The version of the pilots' own measures is another matter.
const DEFINITION_VERSION: &str = "urn:vardstrom:waiting-times:definition-version";

/// A measure: its canonical URL and what it reports.
type Measure = (&'static str, fn(&Hospital<'_>) -> Vec<Group>);

const MEASURES: [Measure; 3] = [
    ("https://kchd.se/fhir/Measure/vantetid-vardgaranti", group::guarantee),
    ("https://kchd.se/fhir/Measure/vantetid-median", group::wait),
    ("https://kchd.se/fhir/Measure/vantetid-patientresa", group::patient_journey),
];

/// Writes the file, hospitals by code.
pub(super) fn file(settings: &Settings, completed: &Completed<'_>, region_hsa_id: Option<&str>) -> File {
    let shared = Shared::new(settings, region_hsa_id);
    let mut entry = Vec::new();
    for (code, hospital) in completed.hospitals() {
        entry.extend(MEASURES.iter().filter_map(|measure| shared.entry(code, &hospital, measure)));
    }
    let rows = entry.len() as u64;
    let bundle = Bundle {
        resource_type: "Bundle",
        id: shared.id("urn:vardstrom:waiting-times:bundle", ""),
        r#type: "collection",
        entry,
    };
    let mut bytes = serde_json::to_vec_pretty(&bundle).expect("the types of a bundle are plain JSON");
    bytes.push(b'\n');
    FILE.file(bytes, rows)
}

/// What all reports of an extract have in common.
struct Shared<'a> {
    settings: &'a Settings,
    period: Period,
    region: Reference,
}

impl<'a> Shared<'a> {
    fn new(settings: &'a Settings, region_hsa_id: Option<&str>) -> Shared<'a> {
        let month = settings.period;
        Shared {
            settings,
            period: Period { start: month.first_day().to_string(), end: month.last_day().to_string() },
            region: organization(region_hsa_id, settings.region.name()),
        }
    }

    /// The report of a hospital; none where all that it would say is withheld.
    fn entry(&self, code: &str, of: &Hospital<'_>, (measure, groups): &Measure) -> Option<Entry> {
        let group = groups(of);
        if group.is_empty() {
            return None;
        }
        let hospital = of.hospital;
        let id = self.id(measure, code);
        let resource = MeasureReport {
            resource_type: "MeasureReport",
            id: id.clone(),
            meta: self.meta(code, hospital),
            status: "complete",
            r#type: "summary",
            measure,
            subject: self.region.clone(),
            reporter: self.reporter(code, hospital),
            period: self.period.clone(),
            group,
        };
        Some(Entry { full_url: format!("urn:uuid:{id}"), resource })
    }

    /// The labels of a report; none if there is neither a hospital code nor a version.
    fn meta(&self, code: &str, hospital: &CompletedHospital) -> Option<Meta> {
        let name = hospital::name(code, &hospital.names).trim();
        let display = (!name.is_empty()).then(|| name.to_owned());
        let hospital = Coding { system: HOSPITAL_CODE, code: spaced(code), display };
        let version = spaced(&self.settings.definition_version);
        let definition = Coding { system: DEFINITION_VERSION, code: version, display: None };
        let tag: Vec<Coding> = [hospital, definition].into_iter().filter(|tag| !tag.code.is_empty()).collect();
        (!tag.is_empty()).then_some(Meta { tag })
    }

    fn reporter(&self, code: &str, hospital: &CompletedHospital) -> Reference {
        let display = match (hospital::name(code, &hospital.names).trim(), code.trim()) {
            ("", "") => return self.region.clone(),
            ("", code) => code,
            (name, _) => name,
        };
        match only_care_unit(hospital) {
            Some(hsa_id) => organization(Some(hsa_id), display),
            None => Reference { display: display.to_owned(), ..self.region.clone() },
        }
    }

    fn id(&self, measure: &str, hospital: &str) -> String {
        let Settings { region, period, definition_version, .. } = self.settings;
        let name = format!("{region}/{period}/{hospital}");
        schemas::event_id(measure, &name, &schemas::content_hash(definition_version.as_bytes()), 0).to_string()
    }
}

fn organization(hsa_id: Option<&str>, name: &str) -> Reference {
    let identifier = hsa_id.map(|value| Identifier { system: HSA_ID, value: value.to_owned() });
    Reference { r#type: "Organization", identifier, display: name.to_owned() }
}

/// The care unit of a hospital that has just one; of several, none could speak for the hospital.
fn only_care_unit(hospital: &CompletedHospital) -> Option<&str> {
    let units = hospital.groups(Dimension::Unit).sorted().into_iter();
    let mut units = units.map(|(unit, _)| unit).filter(|unit| !unit.trim().is_empty());
    units.next().filter(|_| units.next().is_none())
}

/// A text as a FHIR code, which has single blanks and none at its ends.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
