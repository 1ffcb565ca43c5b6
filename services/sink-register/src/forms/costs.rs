//! Costs per contact (KPP): what hospitals and diagnosis groups cost, and what each pseudonymous person has cost in a year.
//!
//! Pure but for `make`. In: the latest cost of each contact of a year, in any order. Out: files of figures, and files with a
//! row per contact and per person, which are marked personal. Amounts are exact: öre inside, kronor with two decimals in files.
//!
//! Ytterfall are computed here, by one rule for everybody: the 5 % most expensive inpatient contacts and the 3 % most
//! expensive outpatient ones. The two shares are SKR's, which marks the contacts in its national KPP database (SKR 2024, read).
//! Ours are others, because a region has its own contacts only: they are the dearest *of the region*, inpatient and outpatient
//! apart, somatic and psychiatric care together. Whether SKR marks within a DRG is not known; here the DRG plays no part.
//! What the source says itself is kept beside it.

mod contact;
mod make;
mod outliers;
mod tables;

pub(super) use make::make;

use std::collections::BTreeMap;

use schemas::Cost;
use schemas::Subject;
use topics::Region;

use crate::output::FileKind;
use crate::output::Output;
use contact::Contact;

/// The subject that definitions name.
pub(super) const SUBJECT: Subject = Subject::Cost;

/// The files, in their order.
pub(super) const FILES: [FileKind; 6] =
    [tables::BY_HOSPITAL, tables::BY_DRG, tables::BY_COMPONENT, tables::CONTACTS, tables::BY_PERSON, tables::QUALITY];

/// What one extract is of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region that reports.
    pub region: Region,
    /// The year, as the statements write it.
    pub year: String,
}

/// Costs of a year while statements are added. Memory grows with the contacts: about 300 bytes each.
pub struct Costs {
    settings: Settings,
    contacts: Vec<Contact>,
    totals: BTreeMap<&'static str, i64>,
    findings: BTreeMap<String, i64>,
}

/// Control totals, in the order in which a manifest sorts them.
const TOTALS: [&str; 6] = ["contacts", "statements", "sum_differs", "total_ore", "without_subject", "without_total"];

impl Costs {
    /// Of a year.
    pub fn new(settings: Settings) -> Costs {
        let totals = TOTALS.into_iter().map(|name| (name, 0)).collect();
        Costs { settings, contacts: Vec::new(), totals, findings: BTreeMap::new() }
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
        self.count("total_ore", contact.total_ore);
        self.contacts.push(contact);
    }

    /// The files.
    pub fn finish(mut self) -> Output {
        // Any order of statements gives the same bytes.
        self.contacts.sort_unstable_by(|one, other| one.key().cmp(&other.key()));
        outliers::mark(&mut self.contacts);
        let files = vec![
            tables::by_hospital(&self.contacts),
            tables::by_drg(&self.contacts),
            tables::components(&self.contacts),
            tables::contacts(&self.contacts),
            tables::persons(&self.settings.year, &self.contacts),
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
