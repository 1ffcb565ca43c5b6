//! Costs per contact (KPP): what hospitals and diagnosis groups cost, and what each pseudonymous person has cost in a year.
//!
//! Pure but for `make`. In: the latest cost of each contact of a year, in any order. Out: files of figures, and files with a
//! row per contact and per person, which are marked personal. Amounts are exact inside, in öre, and in files of persons; in files
//! of figures they are rounded, and of few contacts they are not there ([`hiding`]): what one patient has cost stands in none.
//! Care forms are never added up in one figure.
//!
//! Ytterfall are computed here, by one rule for everybody: the 5 % most expensive inpatient contacts and the 3 % most
//! expensive outpatient ones. The two shares are SKR's, which marks the contacts in its national KPP database (SKR 2024, read).
//! Ours are others, because a region has its own contacts only: they are the dearest *of the region*, inpatient and outpatient
//! apart, somatic and psychiatric care together. Whether SKR marks within a DRG is not known; here the DRG plays no part.
//! What the source says itself is kept beside it.

mod contact;
mod hiding;
mod make;
mod outliers;
mod tables;

pub use hiding::LIMIT;
pub(super) use make::make;

use std::collections::BTreeMap;

use schemas::Cost;
use schemas::Subject;
use topics::Region;

use crate::output::FileKind;
use crate::output::Output;
use crate::pseudonym::Pseudonyms;
use contact::Contact;

/// The subject that definitions name.
pub(super) const SUBJECT: Subject = Subject::Cost;

/// The files, in their order.
pub(super) const FILES: [FileKind; 7] = [
    tables::BY_CARE_FORM,
    tables::BY_HOSPITAL,
    tables::BY_DRG,
    tables::BY_COMPONENT,
    tables::CONTACTS,
    tables::BY_PERSON,
    tables::QUALITY,
];

/// What one extract is of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region that reports.
    pub region: Region,
    /// The year, as the statements write it.
    pub year: String,
    /// Groups of fewer contacts show no amounts.
    pub hide_below: u32,
}

/// Costs of a year while statements are added. Memory grows with the contacts: about 300 bytes each.
pub struct Costs {
    settings: Settings,
    pseudonyms: Pseudonyms,
    contacts: Vec<Contact>,
    totals: BTreeMap<&'static str, i64>,
    findings: BTreeMap<String, i64>,
}

/// Control totals, in the order in which a manifest sorts them. None is of money: what all have cost, less what the figures
/// say, would be what the dearest have, and the difference of two versions one contact's.
const TOTALS: [&str; 5] = ["contacts", "statements", "sum_differs", "without_subject", "without_total"];

impl Costs {
    /// Of a year.
    pub fn new(settings: Settings, pseudonyms: Pseudonyms) -> Costs {
        let totals = TOTALS.into_iter().map(|name| (name, 0)).collect();
        Costs { settings, pseudonyms, contacts: Vec::new(), totals, findings: BTreeMap::new() }
    }

    /// Takes the latest statement of a contact.
    pub fn add(&mut self, cost: &Cost<'_>) {
        self.add_with(cost, true);
    }

    /// The same, and whether rows about its person may leave.
    fn add_with(&mut self, cost: &Cost<'_>, may_leave: bool) {
        self.count("statements", 1);
        let mut seen = Vec::new();
        for finding in &cost.envelope.quality {
            if !seen.contains(&finding.rule) {
                seen.push(finding.rule);
                *self.findings.entry(finding.rule.to_owned()).or_default() += 1;
            }
        }
        if seen.contains(&"cost-sum-differs") {
            self.count("sum_differs", 1);
        }
        if cost.envelope.subject_token.is_none() {
            self.count("without_subject", 1);
        }
        let Some(contact) = Contact::of(cost, may_leave) else {
            self.count("without_total", 1);
            return;
        };
        self.count("contacts", 1);
        self.contacts.push(contact);
    }

    /// The files.
    pub fn finish(mut self) -> Output {
        // Any order of statements gives the same bytes.
        self.contacts.sort_unstable_by(|one, other| one.key().cmp(&other.key()));
        outliers::mark(&mut self.contacts);
        let limit = self.settings.hide_below;
        let files = vec![
            tables::by_care_form(&self.contacts, limit),
            tables::by_hospital(&self.contacts, limit),
            tables::by_drg(&self.contacts, limit),
            tables::components(&self.contacts, limit),
            tables::contacts(&self.contacts, &self.pseudonyms),
            tables::persons(&self.settings.year, &self.contacts, &self.pseudonyms),
            tables::quality(&self.settings, &self.totals, &self.findings),
        ];
        let totals = self.totals.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
        Output { files, totals }
    }

    fn count(&mut self, name: &'static str, by: i64) {
        let total = self.totals.entry(name).or_default();
        *total = total.saturating_add(by);
    }
}
