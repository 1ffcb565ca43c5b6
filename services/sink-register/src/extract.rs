//! From statements to files, in memory: no clock, no file system, nothing that a second run could see otherwise.

use std::collections::BTreeMap;

use schemas::{Cost, DecodeError, Decoder, Timestamp, Wait};
use topics::Region;

use crate::beds;
use crate::columnar;
use crate::costs::{self, Costs};
use crate::definition::{Definition, Form, Subject, covered};
use crate::error::Error;
use crate::hip_fracture;
use crate::omop;
use crate::read::{Figures, Snapshot, Source, Survey, Taken};
use crate::waiting_times::{File, Output, Settings, WaitingTimes};
use parcel::FileEntry;
use parcel::Positions;
use parcel::{Period, PeriodKind};

/// What a definition comes to at some positions.
#[derive(Debug)]
pub struct Extract {
    /// The files that the definition names, in the order in which the figures give them.
    pub files: Vec<File>,
    /// Control totals by name.
    pub totals: BTreeMap<String, i64>,
    /// Statements per quality rule that found something on them.
    pub findings: BTreeMap<String, u64>,
    /// What it was made from.
    pub survey: Survey,
    /// The latest time in the statements.
    pub until: Timestamp,
}

impl Extract {
    /// Counts what an extract is made from, at positions, else at the store's own.
    ///
    /// # Errors
    /// When the store has not come so far, or cannot be read.
    pub async fn survey(
        snapshot: &Snapshot<'_>,
        definition: &Definition,
        period: Period,
        as_of: Option<&Positions>,
    ) -> Result<Survey, Error> {
        match definition.form {
            Form::Figures => snapshot.survey(as_of).await,
            Form::Columnar => snapshot.survey_of(&[Source::of(definition.subject, period)], as_of).await,
            Form::Omop => snapshot.survey_of(&omop::sources(period), as_of).await,
            Form::Beds => snapshot.survey_of(&beds::sources(period), as_of).await,
            Form::HipFracture => snapshot.survey_of(&hip_fracture::sources(period), as_of).await,
        }
    }

    /// Reads and computes.
    ///
    /// # Errors
    /// When there is no statement, or the store cannot be read.
    pub async fn make(
        snapshot: &Snapshot<'_>,
        survey: Survey,
        definition: &Definition,
        region: Region,
        period: Period,
    ) -> Result<Self, Error> {
        let Some(until) = survey.until else {
            return Err(Error::Empty { region: region.code(), period: period.to_string() });
        };
        let (output, findings) = match definition.form {
            Form::Figures => {
                let mut figures = figures(definition.subject, region, period, &definition.version);
                let findings = snapshot.latest(&survey.origin, figures.as_mut()).await?;
                (figures.finish(), findings)
            }
            Form::Columnar => columnar::make(snapshot, &Source::of(definition.subject, period), &survey.origin).await?,
            Form::Omop => omop::make(snapshot, definition, region, period, &survey.origin).await?,
            Form::Beds => {
                let settings = beds::Settings { region, month: period.month(), hide_below: definition.hide_below };
                beds::make(snapshot, settings, period, &survey.origin).await?
            }
            Form::HipFracture => {
                let hide_below = definition.hide_below.unwrap_or(hip_fracture::HIDE_BELOW);
                let settings = hip_fracture::Settings { region, month: period.month(), hide_below };
                hip_fracture::make(snapshot, settings, period, &survey.origin).await?
            }
        };
        let named = |file: &File| definition.files.contains(&file.name);
        let files = output.files.into_iter().filter(named).collect();
        Ok(Self { files, totals: output.totals, findings, survey, until })
    }

    /// What the manifest says of the files. Every file with a row per person is encrypted.
    #[must_use]
    pub fn entries(&self) -> Vec<FileEntry> {
        let entry = |file: &File| FileEntry::of(&file.name, file.rows, &file.bytes, file.personal);
        self.files.iter().map(entry).collect()
    }
}

/// What a subject is made into; `period` is of the subject's kind, which the definition's check and the command hold.
fn figures(subject: Subject, region: Region, period: Period, definition_version: &str) -> Box<dyn Figures> {
    match (subject, period) {
        (Subject::Wait, Period::Month(period)) => {
            Box::new(WaitingTimes::new(Settings { region, period, definition_version: definition_version.to_owned() }))
        }
        (Subject::Wait, Period::Year(_)) => unreachable!("waits are of months: the order was checked"),
        (Subject::Cost, period) => Box::new(Costs::new(costs::Settings { region, year: period.to_string() })),
        (subject, _) => unreachable!("there are no figures of {}: the definition was checked", subject.name()),
    }
}

impl Figures for WaitingTimes {
    fn take<'r>(&mut self, decoder: &Decoder, record: &'r [u8]) -> Result<Taken<'r>, DecodeError> {
        let wait: Wait<'r> = decoder.decode(record)?;
        let taken = Taken::of(&wait.envelope);
        if !taken.withdrawn {
            self.add(&wait);
        }
        Ok(taken)
    }

    fn finish(self: Box<Self>) -> Output {
        WaitingTimes::finish(*self)
    }
}

impl Figures for Costs {
    fn take<'r>(&mut self, decoder: &Decoder, record: &'r [u8]) -> Result<Taken<'r>, DecodeError> {
        let cost: Cost<'r> = decoder.decode(record)?;
        let taken = Taken::of(&cost.envelope);
        if !taken.withdrawn {
            self.add(&cost);
        }
        Ok(taken)
    }

    fn finish(self: Box<Self>) -> Output {
        Costs::finish(*self)
    }
}

/// The files that a subject can be made into: always the same, so an extract of nothing tells.
pub(crate) fn file_names(form: Form, subject: Subject) -> Vec<String> {
    match form {
        Form::Figures => figure_names(subject),
        Form::Columnar => vec![columnar::file_name(subject)],
        Form::Omop => omop::file_names(),
        Form::Beds => beds::FILES.map(str::to_owned).to_vec(),
        Form::HipFracture => hip_fracture::FILES.map(str::to_owned).to_vec(),
    }
}

fn figure_names(subject: Subject) -> Vec<String> {
    let region = Region::all().next().expect("there are 21 regions");
    let period = match covered(subject) {
        PeriodKind::Month => "2026-01",
        PeriodKind::Year => "2026",
    };
    let nothing = figures(subject, region, period.parse().expect("a period"), "");
    nothing.finish().files.into_iter().map(|file| file.name).collect()
}
