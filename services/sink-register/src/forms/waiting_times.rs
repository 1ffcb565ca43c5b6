//! Waiting times: the key figures of SKR's follow-up of specialised care, and the deliveries made of them.
//!
//! Goes in: one month's statements about contacts ([`schemas::Wait`]), each the latest of its contact, in any order.
//! Comes out: tables of figures per hospital, the same figures as FHIR R4 MeasureReports, and one row per contact in the
//! shape of SKR's RIV-TA contracts. No clock, no file and, but for `make`, no network: the same statements and settings
//! give the same bytes.
//!
//! Every statement of the month has exactly one fate: completed, waiting, or set aside for a named reason. The totals say
//! how many had which, so `statements` is always their sum.
//!
//! Memory: figures keep a count per number of days, never a contact, so they grow with the number of hospitals, units and
//! referrers and not with the number of contacts. The row files are the exception: they are written to memory, at most
//! [`ROW_BYTES_USUAL`] per contact, because the delivery seals them as a whole.
//!
//! Source of the rules: "SKR Informationsmodell – Tillgänglighet specialiserad vård v1.1" and SKR's rules of calculation for
//! the care guarantee (vårdgarantin).

mod age_group;
mod days;
mod dimension;
mod figures;
mod groups;
mod hospital;
mod interval;
mod kpi_by_dimension;
mod kpi_total;
mod kpi_waiting;
mod make;
mod measure_reports;
mod number;
mod quality;
mod riv_ta;
mod statement;
mod totals;

pub(super) use make::make;

use std::collections::BTreeMap;

use parcel::Month;
use schemas::Subject;
use schemas::Wait;
use swedish_time::Calendar;
use topics::Region;

use crate::output::FileKind;
use crate::output::Output;
use hospital::{CompletedHospital, Names, WaitingHospital};
use riv_ta::{Contract, RowFile};
use statement::Fate;
use totals::Totals;

/// The subject that definitions name.
pub(super) const SUBJECT: Subject = Subject::Wait;

/// The files, in their order.
pub(super) const FILES: [FileKind; 7] = [
    kpi_total::FILE,
    kpi_by_dimension::FILE,
    kpi_waiting::FILE,
    quality::FILE,
    measure_reports::FILE,
    riv_ta::COMPLETED,
    riv_ta::WAITING,
];

/// Bytes that one contact takes in a row file when every field is filled with values of usual length. A month of the
/// largest region, some 400,000 contacts, is half a gigabyte.
pub const ROW_BYTES_USUAL: usize = 1_300;

/// What one extract is of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region that reports.
    pub region: Region,
    /// The measuring period.
    pub period: Month,
    /// Version of the definitions that the figures follow; part of each report's id.
    pub definition_version: String,
}

/// The extract while statements come in. It has no `Debug`: the rows are in it.
pub struct WaitingTimes {
    settings: Settings,
    period: String,
    calendar: Calendar,
    totals: Totals,
    completed: BTreeMap<Box<str>, CompletedHospital>,
    waiting: BTreeMap<Box<str>, WaitingHospital>,
    /// HSA-ids that completed contacts state for the region, to name the subject of the reports.
    region_hsa_ids: Names,
    completed_rows: RowFile,
    waiting_rows: RowFile,
}

impl WaitingTimes {
    /// An extract without statements.
    pub fn new(settings: Settings) -> WaitingTimes {
        WaitingTimes {
            period: settings.period.to_string(),
            calendar: Calendar::new(),
            totals: Totals::default(),
            completed: BTreeMap::new(),
            waiting: BTreeMap::new(),
            region_hsa_ids: Names::default(),
            completed_rows: RowFile::new(Contract::Completed, settings.period),
            waiting_rows: RowFile::new(Contract::Waiting, settings.period),
            settings,
        }
    }

    /// Counts a statement. Each must be the latest of its source system and contact; the order changes no figure, and the
    /// row files keep it.
    pub fn add(&mut self, wait: &Wait<'_>) {
        self.count(wait);
        self.add_row(wait);
    }

    /// Counts a statement, without its row.
    fn count(&mut self, wait: &Wait<'_>) {
        if wait.period != Some(&self.period) {
            self.totals.of_another_period(wait);
            return;
        }
        let fate = statement::fate(wait, self.settings.period, &mut self.calendar);
        self.totals.add(wait, &fate);
        let code = given(wait.hospital_code);
        match fate {
            Fate::Completed(contact) => {
                self.region_hsa_ids.add(given(wait.region_hsa_id));
                hospital::of(&mut self.completed, code).add(wait, &contact);
            }
            Fate::Waiting(measured) => hospital::of(&mut self.waiting, code).add(wait, &measured),
            Fate::SetAside(_) => {}
        }
    }

    /// Rows do not follow the fate: the register sets negative waits aside by its own rules and wants to see them.
    fn add_row(&mut self, wait: &Wait<'_>) {
        if wait.period != Some(&self.period) {
            return;
        }
        let file = match wait.status {
            schemas::WaitStatus::Completed => &mut self.completed_rows,
            schemas::WaitStatus::Waiting => &mut self.waiting_rows,
            schemas::WaitStatus::Unknown => return,
        };
        file.add(wait, &mut self.calendar);
    }

    /// Writes the files.
    pub fn finish(self) -> Output {
        let mut totals = self.totals.numbers();
        let rows = [self.completed_rows, self.waiting_rows];
        for (name, number) in riv_ta::totals(&rows) {
            totals.insert(name.to_owned(), number);
        }
        let mut files = vec![
            kpi_total::file(&self.completed),
            kpi_by_dimension::file(&self.completed),
            kpi_waiting::file(&self.waiting),
            quality::file(&self.settings, &self.totals),
            measure_reports::file(&self.settings, &self.completed, self.region_hsa_ids.most_common()),
        ];
        files.extend(rows.map(RowFile::finish));
        Output { files, totals }
    }
}

/// A code or name, empty when it is missing: sources send both nothing and an empty text, and mean the same.
fn given(text: Option<&str>) -> &str {
    text.unwrap_or_default()
}
