//! From statements to files, in memory: no clock, no file system, nothing that a second run could see otherwise.

use std::collections::BTreeMap;

use schemas::Timestamp;
use topics::Region;

use crate::definition::Definition;
use crate::error::Error;
use crate::form::Request;
use crate::output::File;
use crate::pseudonym::Pseudonyms;
use crate::read::{Snapshot, Survey};
use parcel::Period;
use parcel::Positions;
use parcel::{FileEntry, Groups, LeftOut, Treatments};

/// The finding under which events of persons with protected identity are counted.
pub(crate) const PROTECTED: &str = "protected-identity";
/// The finding under which those of them are counted whose rows were left out, for no ground names them.
pub(crate) const WITHHELD: &str = "protected-withheld";
/// The finding on cells of figures that a spreadsheet would have run: they are written as text, after a `'`.
const FORMULA_GUARDED: &str = "formula-written-as-text";
/// The finding on such cells of a file whose layout is its recipient's: they are as the source sent them.
const FORMULA_LEFT: &str = "formula-left-in-delivery";

/// What a definition comes to at some positions.
#[derive(Debug)]
pub struct Extract {
    /// The files that the definition names, in the order in which the figures give them.
    pub files: Vec<File>,
    /// Control totals by name.
    pub totals: BTreeMap<String, i64>,
    /// Statements per quality rule that found something on them; and cells that a spreadsheet would run, where there are any.
    pub findings: BTreeMap<String, u64>,
    /// Whom it leaves out because they object.
    pub left_out: Vec<LeftOut>,
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
        let sources = (definition.made_into().sources)(definition.subject, period);
        snapshot.survey_of(&sources, as_of).await
    }

    /// Reads and computes. `earlier` are the published files of the version that it replaces.
    ///
    /// # Errors
    /// When there is no statement, or the store cannot be read.
    ///
    /// # Panics
    /// When a form gives other files than it has declared: one of persons might leave as one of groups. Without pseudonyms, when a
    /// file that the definition names has them.
    pub async fn make(
        snapshot: &Snapshot<'_>,
        survey: Survey,
        definition: &Definition,
        pseudonyms: Option<&Pseudonyms>,
        earlier: &BTreeMap<String, String>,
        region: Region,
        period: Period,
    ) -> Result<Self, Error> {
        assert!(pseudonyms.is_some() || !definition.is_pseudonymous(), "a file with pseudonyms is made with a key");
        let unused = Pseudonyms::unused();
        let pseudonyms = &pseudonyms.unwrap_or(&unused).clone().of_year(year(period));
        let Some(until) = survey.until else {
            return Err(Error::Empty { region: region.code(), period: period.to_string() });
        };
        let form = definition.made_into();
        let request = Request {
            definition: &definition.name,
            version: &definition.version,
            subject: definition.subject,
            covers_protected: definition.covers_protected,
            hide_below: definition.hide_below,
            earlier,
            pseudonyms,
            region,
            period,
        };
        let (output, mut findings) = (form.make)(snapshot, &request, &survey.origin).await?;
        let protected = snapshot.protected();
        for (code, number) in [(PROTECTED, protected.read), (WITHHELD, protected.withheld)] {
            if number > 0 {
                findings.insert(code.to_owned(), number);
            }
        }
        let declared = (form.files)(definition.subject);
        let declared = declared.iter().map(|kind| (&*kind.name, kind.personal));
        let made = output.files.iter().map(|file| (file.name.as_str(), file.personal));
        assert!(made.eq(declared), "the form {} gives the files that it declares", form.name);
        let named = |file: &File| definition.files.contains(&file.name);
        let files: Vec<File> = output.files.into_iter().filter(named).collect();
        for file in &files {
            alone(definition, file)?;
        }
        for file in files.iter().filter(|file| file.formulas > 0) {
            let finding = if file.personal { FORMULA_LEFT } else { FORMULA_GUARDED };
            *findings.entry(finding.to_owned()).or_default() += file.formulas;
        }
        Ok(Self { files, totals: output.totals, findings, left_out: snapshot.left_out(), survey, until })
    }

    /// How alone the rows of files of persons stand, by file.
    pub(crate) fn groups(&self) -> BTreeMap<String, Groups> {
        let of = |file: &File| Some((file.name.clone(), file.groups.clone()?));
        self.files.iter().filter_map(of).collect()
    }

    /// What was done with the columns of files with pseudonyms, by file.
    pub(crate) fn treatments(&self) -> BTreeMap<String, Treatments> {
        let treated = self.files.iter().filter(|file| !file.treatments.is_empty());
        treated.map(|file| (file.name.clone(), file.treatments.clone())).collect()
    }

    /// What the manifest says of the files. Every file with a row per person is encrypted.
    #[must_use]
    pub fn entries(&self) -> Vec<FileEntry> {
        let entry = |file: &File| FileEntry::of(&file.name, file.rows, &file.bytes, file.personal);
        self.files.iter().map(entry).collect()
    }
}

/// Refuses a file of persons whose rows stand more alone than the definition allows.
fn alone(definition: &Definition, file: &File) -> Result<(), Error> {
    let Some(groups) = file.groups.as_ref().filter(|groups| groups.rows > 0) else { return Ok(()) };
    let is_less = |found: u64, least: Option<u64>| least.filter(|least| found < *least);
    let diverse = definition.l_at_least.filter(|_| groups.tells.is_some());
    let (what, found, least) =
        match (is_less(groups.smallest, definition.k_at_least), is_less(groups.least_diverse, diverse)) {
            (Some(least), _) => ("rows that say the same", groups.smallest, least),
            (None, Some(least)) => ("different things told by rows that say the same", groups.least_diverse, least),
            (None, None) => return Ok(()),
        };
    let (file, by) = (file.name.clone(), groups.by.join(", "));
    Err(Error::TooAlone { extract: definition.name.clone(), file, what, found, least, by })
}

/// The year in which a period lies.
fn year(period: Period) -> i32 {
    match period {
        Period::Month(month) => month.first_day().year().into(),
        Period::Year(year) => year.into(),
    }
}
