//! From a delivery's files to a parcel, its version, and a line in the region's own ledger.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use access_log::{Disclosure, system_user};
use parcel::{Candidate, Content, Decision, FORMAT, FileEntry, Manifest, Period, REASON, Series, decide};
use serde::Serialize;
use spreadsheet::{End, Sheet};

use crate::config::Config;
use crate::days::Days;
use crate::error::Error;
use crate::gather::Gathered;
use crate::layout::Layout;
use crate::rows::{self, Counts};

pub(crate) const EXTRACT: &str = "par";
/// Which contacts are in a delivery. Raised with every change; the README explains them all.
const RULE: &str = "2";
/// The region's disclosure ledger, beside its parcels: one line of JSON per parcel that was made. Nothing is ever taken out.
pub const LEDGER: &str = "disclosures.jsonl";

/// What came of it.
#[derive(Debug)]
pub struct Made {
    /// Whether a parcel was written, or the latest says the same.
    pub is_new: bool,
    /// The parcel's folder.
    pub place: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

/// Writes the parcel, unless the latest one of the period says the same.
///
/// # Errors
/// When there is no contact, the access log cannot have it, or the folder cannot be read or written. A parcel is whole or absent.
pub fn make(
    config: &Config,
    layout: &Layout,
    period: Period,
    days: &Days,
    gathered: Gathered,
    folder: &Path,
) -> Result<Made, Error> {
    let (seed, trusted) = config.keys()?;
    let region = config.region.code;
    let Gathered { contacts, mut counts, positions } = gathered;
    if contacts.is_empty() {
        let topic = topics::name::source(region, &config.delivery.feed);
        return Err(Error::Empty { region: region.code(), first: days.first.clone(), last: days.last.clone(), topic });
    }
    let until = contacts.iter().filter_map(crate::contact::Contact::latest).max().unwrap_or_default();
    let (files, noticed) = rows::files(layout, &config.delivery.filkod, contacts);
    counts.extend(noticed);
    let quality = quality(&counts);
    let mut entries: Vec<FileEntry> =
        files.iter().map(|file| FileEntry::of(&file.name, file.rows, file.text.as_bytes(), true)).collect();
    entries.push(FileEntry::of("quality.csv", counts.len() as u64, quality.as_bytes(), false));
    let series = Series { extract: EXTRACT.to_owned(), region, period };
    parcel::clean(folder, |name| series.version_of(name).is_some())?;
    let latest = latest(folder, &series)?;
    let latest = latest.map(|version| parcel::check(&folder.join(series.name(version)), &trusted, None)).transpose()?;
    let totals = counts.iter().map(|(name, count)| ((*name).to_owned(), i64::try_from(*count).unwrap_or(i64::MAX)));
    let mut manifest = Manifest {
        format: FORMAT,
        extract: EXTRACT.to_owned(),
        definition: definition(layout),
        region,
        period,
        version: 1,
        replaces: None,
        reason: None,
        recipient: config.delivery.recipient.clone(),
        legal_ground: config.delivery.legal_ground.clone(),
        schema_versions: vec![schemas::SCHEMA_VERSION],
        statements_until: until,
        files: entries,
        totals: totals.collect(),
        explained: None,
        flags: Vec::new(),
        origin: positions,
        findings: Default::default(),
        // The register's ground is for the numbers themselves; there are no pseudonyms here to be of a key.
        pseudonyms: None,
        groups: Default::default(),
        // A duty to report: nobody's objection counts.
        left_out: Vec::new(),
        treatments: Default::default(),
    };
    let candidate = Candidate {
        definition: &manifest.definition,
        recipient: &manifest.recipient,
        legal_ground: &manifest.legal_ground,
        files: &manifest.files,
        totals: &manifest.totals,
        flags: &[],
    };
    match decide(latest.as_ref().map(|latest| &latest.manifest), candidate) {
        Decision::First => {}
        Decision::Unchanged => {
            let manifest = latest.map_or(manifest, |latest| latest.manifest);
            let place = folder.join(manifest.name());
            enter(folder, &manifest)?;
            return Ok(Made { is_new: false, place, manifest });
        }
        Decision::Next { version, replaces, explained } => {
            manifest.version = version;
            manifest.replaces = Some(replaces);
            manifest.reason = Some(REASON.to_owned());
            manifest.explained = Some(explained);
        }
    }
    let key = Some(&config.delivery.age_key);
    let mut contents: Vec<Content<'_>> =
        files.iter().map(|file| Content { name: &file.name, bytes: file.text.as_bytes(), key }).collect();
    contents.push(Content { name: "quality.csv", bytes: quality.as_bytes(), key: None });
    disclose(config, &manifest)?;
    let place = parcel::write(folder, &manifest, &contents, &seed)?;
    enter(folder, &manifest)?;
    Ok(Made { is_new: true, place, manifest })
}

/// Version of the rule, a dot, and of the layout: a region's own layout does not hide that the rule has changed.
fn definition(layout: &Layout) -> String {
    format!("{RULE}.{}", layout.version)
}

/// The access log has the parcel before it is there. A run that was killed between the two is followed by one that enters it again.
fn disclose(config: &Config, manifest: &Manifest) -> Result<(), Error> {
    let Some(settings) = &config.access_log else { return Ok(()) };
    let (user, sha256) = (system_user("region-register"), manifest.sha256());
    let disclosure = Disclosure {
        user: user.as_str(),
        role: "system",
        region: manifest.region.code(),
        extract: &manifest.extract,
        parcel: &manifest.name(),
        manifest_sha256: &sha256,
        recipient: &manifest.recipient,
        legal_ground: &manifest.legal_ground,
        rows: manifest.rows().1,
    };
    settings.open("par")?.record_blocking(disclosure.entry(jiff::Timestamp::now())?)?;
    Ok(())
}

fn quality(counts: &Counts) -> String {
    let mut sheet = Sheet::for_people(End::Windows);
    sheet.line(["what", "count"]);
    for (name, count) in counts {
        sheet.line([*name, &count.to_string()]);
    }
    sheet.finish()
}

/// The latest version in the folder.
fn latest(folder: &Path, series: &Series) -> Result<Option<u32>, Error> {
    let failed = |source| Error::Ledger { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(failed)?,
    };
    let mut latest = None;
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        latest = latest.max(name.to_str().and_then(|name| series.version_of(name)));
    }
    Ok(latest)
}

/// A line of the ledger.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    action: &'static str,
    parcel: &'a str,
    recipient: &'a str,
    legal_ground: &'a str,
    rows: u64,
    manifest_sha256: String,
}

/// Adds that a parcel was made, once: a run that was killed before it did leaves it to the next.
fn enter(folder: &Path, manifest: &Manifest) -> Result<(), Error> {
    let path = folder.join(LEDGER);
    let failed = |source| Error::Ledger { path: path.clone(), source };
    let manifest_sha256 = manifest.sha256();
    let known = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        known => known.map_err(failed)?,
    };
    if known.contains(&manifest_sha256) {
        return Ok(());
    }
    let line = Line {
        at: jiff::Timestamp::now().to_string(),
        action: "made",
        parcel: &manifest.name(),
        recipient: &manifest.recipient,
        legal_ground: &manifest.legal_ground,
        rows: manifest.rows().0,
        manifest_sha256,
    };
    let mut text = serde_json::to_string(&line).expect("texts and numbers are JSON");
    text.push('\n');
    // A line that a killed run has left unfinished is ended first.
    if !known.is_empty() && !known.ends_with('\n') {
        text.insert(0, '\n');
    }
    let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}
