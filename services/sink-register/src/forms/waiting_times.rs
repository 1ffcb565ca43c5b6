//! Waiting times of specialised care: the published rules by step, the pilots' key figures, and deliveries made of both.
//!
//! Goes in: one month's statements about contacts ([`schemas::Wait`]), each the latest of its contact, in any order.
//! Comes out, of [`WaitingTimes`]: figures per hospital and step of the care guarantee, and one row per contact in the shape
//! of SKR's RIV-TA contracts; of [`PilotFigures`]: the regional pilots' tables of completed contacts, and the same as FHIR R4
//! MeasureReports. No clock, no file and, but for `make`, no network: the same statements and settings give the same bytes.
//!
//! Every statement of the month has exactly one fate: completed, waiting, or set aside for a named reason. The totals say
//! how many had which, so `statements` is always their sum.
//!
//! What few have is withheld, with what would tell it (`silence`); the sums over withheld groups are said where they are of enough.
//!
//! Memory: figures keep a count per number of days, never a contact, so they grow with the number of hospitals, units and
//! referrers and not with the number of contacts. The row files are the exception: they are written to memory, at most
//! [`ROW_BYTES_USUAL`] per contact, because the delivery seals them as a whole.
//!
//! Source of the rules: SKR's pages on the extended follow-up of specialised care (skr.se, read in 2026) for the steps, the
//! populations and what is left out; "SKR Informationsmodell – Tillgänglighet specialiserad vård v1.1" for the fields. What
//! neither says is ours and is marked so in `step`. The pilots' figures follow the pilots' own rules.

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
mod lines;
mod make;
mod measure_reports;
mod number;
mod pilots;
mod quality;
mod riv_ta;
mod silence;
mod statement;
mod step;
mod step_figures;
mod totals;
mod waits_by_dimension;
mod waits_by_step;
mod withheld;

pub(super) use make::{make, make_pilots};
pub(super) use pilots::FILES as PILOT_FILES;
pub use pilots::PilotFigures;

use std::collections::BTreeMap;

use parcel::Month;
use schemas::Subject;
use schemas::Wait;
use swedish_time::Calendar;
use topics::Region;

use crate::output::FileKind;
use crate::output::Output;
use crate::pseudonym::Pseudonyms;
use riv_ta::{Contract, RowFile};
use statement::Reason;
use step::Status;
use step_figures::Steps;
use totals::{Counted, Totals};

/// The subject that definitions name.
pub(super) const SUBJECT: Subject = Subject::Wait;

/// The files, in their order.
pub(super) const FILES: [FileKind; 5] =
    [waits_by_step::FILE, waits_by_dimension::FILE, quality::FILE, riv_ta::COMPLETED, riv_ta::WAITING];

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
    /// Groups of fewer contacts say nothing.
    pub hide_below: u32,
    /// The published files of the version that this one replaces, by name: what they withhold stays withheld.
    pub earlier: BTreeMap<String, String>,
}

/// The extract while statements come in. It has no `Debug`: the rows are in it.
pub struct WaitingTimes {
    settings: Settings,
    period: String,
    calendar: Calendar,
    totals: Totals,
    steps: Steps,
    /// First visits whose clock starts at the stated decision, because no referral is dated.
    without_referral: i64,
    completed_rows: RowFile,
    waiting_rows: RowFile,
}

impl WaitingTimes {
    /// An extract without statements.
    pub fn new(settings: Settings, pseudonyms: &Pseudonyms) -> WaitingTimes {
        WaitingTimes {
            period: settings.period.to_string(),
            calendar: Calendar::new(),
            totals: Totals::new(&Reason::OF_STEPS),
            steps: Steps::default(),
            without_referral: 0,
            completed_rows: RowFile::new(Contract::Completed, settings.period, pseudonyms),
            waiting_rows: RowFile::new(Contract::Waiting, settings.period, pseudonyms),
            settings,
        }
    }

    /// Counts a statement. Each must be the latest of its source system and contact; the order changes nothing.
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
        let placed = step::place(wait, self.settings.period, &mut self.calendar);
        let counted = match &placed {
            Ok(contact) if contact.patient_chosen => Counted::SetAside(Reason::PatientChosen),
            Ok(contact) => match contact.status {
                Status::Completed => Counted::Completed,
                Status::Waiting => Counted::Waiting,
            },
            Err(reason) => Counted::SetAside(*reason),
        };
        self.totals.add(wait, counted);
        if let Ok(contact) = placed {
            self.without_referral += i64::from(contact.without_referral && !contact.patient_chosen);
            self.steps.add(wait, &contact);
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
        totals.insert("first_visit_without_referral".to_owned(), self.without_referral);
        let rows = [self.completed_rows, self.waiting_rows];
        for (name, number) in riv_ta::totals(&rows) {
            totals.insert(name.to_owned(), number);
        }
        let mut files = vec![
            waits_by_step::file(&self.settings, &self.steps),
            waits_by_dimension::file(&self.settings, &self.steps),
            quality::file(&self.settings, &self.totals),
        ];
        files.extend(rows.map(RowFile::finish));
        Output { files, totals }
    }
}

/// A code or name, empty when it is missing: sources send both nothing and an empty text, and mean the same.
fn given(text: Option<&str>) -> &str {
    text.unwrap_or_default()
}
