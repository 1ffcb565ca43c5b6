//! Making a parcel: read, compute, decide the version, write, enter. Killed anywhere, the next run comes to the same end.
//!
//! 1. One run at a time per extract, region and period; what a killed run has left is removed.
//! 2. A parcel that is whole and not in the ledger gets its entry: the run before was killed between the two.
//! 3. One snapshot of the store gives positions, statements and files.
//! 4. The files before encryption are compared with the latest version: first, unchanged, or next.
//! 5. The parcel is renamed into its place, then entered.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use topics::Region;

use crate::config::Config;
use crate::definition::Definition;
use crate::error::Error;
use crate::extract::{self, Extract};
use crate::ledger::{self, Known};
use crate::pseudonym::Pseudonyms;
use crate::publish;
use crate::read::Snapshot;
use crate::session::Session;
use parcel::Period;
use parcel::Positions;
use parcel::flag::{self, Flag};
use parcel::{self, Content, FORMAT, Manifest, PseudonymKey, Seed, Series, Trusted};
use parcel::{Agreement, Candidate, Decision, REASON, agree, decide};
use runtime::failpoint::stop;

/// Why there is a new version, where no statement is later and persons were not known to be protected when the last one was made.
const REASON_PROTECTED: &str = "identities of persons protected since";

/// Why there is a new version, where no statement is later and other persons than before object to what it is for.
const REASON_OBJECTING: &str = "who objects since, or does no longer";

/// Why there is a new version, where nothing is later and nothing was declared anew: events that were there are not there any more.
const REASON_ERASED: &str = "persons erased since";

/// Why there is a new version, where the pseudonyms of the one before are of another key.
const REASON_OTHER_KEY: &str = "pseudonyms of another key";

/// The finding of a parcel whose pseudonyms are of another key than those of the parcel before it: nobody can be followed from one
/// to the other.
const OTHER_KEY: &str = "pseudonyms-of-another-key";

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// What the extract is.
    pub definition: &'a Definition,
    /// The region.
    pub region: Region,
    /// The period.
    pub period: Period,
    /// What the region has declared of its figures.
    pub flags: &'a [flag::Declared],
}

/// What to do beyond the order itself.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    pub(crate) order: Order<'a>,
    pub(crate) folder: &'a Path,
    /// Why there is a new version.
    pub reason: Option<&'a str>,
    /// A parcel to make again exactly.
    pub as_of: Option<&'a Path>,
    /// Whether pseudonyms may be of another key than those of the series' earlier parcels.
    pub new_pseudonyms: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Made {
    pub(crate) outcome: Outcome,
    /// The parcel's folder.
    pub place: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A parcel was written.
    Made,
    /// The parcel was there already.
    Unchanged,
}

/// What would be done.
#[derive(Debug)]
pub struct Plan {
    /// What was computed.
    pub extract: Extract,
    /// What `run` would decide; nothing when the latest version is not at hand to compare with.
    pub decision: Option<Decision>,
    /// The latest version that the ledger or the folder knows.
    pub latest: Option<u32>,
    /// Versions that stand in the folder and not in the ledger.
    pub lacking: Vec<u32>,
    /// Why `run` would be refused: the series' pseudonyms are of another key.
    pub other_key: Option<Error>,
}

impl Order<'_> {
    fn series(&self) -> Series {
        Series { extract: self.definition.name.clone(), region: self.region, period: self.period }
    }

    async fn extract(
        &self,
        session: &mut Session,
        pseudonyms: Option<&Pseudonyms>,
        as_of: Option<&Positions>,
        earlier: &BTreeMap<String, String>,
    ) -> Result<Extract, Error> {
        let snapshot = Snapshot::begin(session, self.region, self.definition.subject, self.period).await?;
        let snapshot = snapshot.without_objecting(&self.definition.aim()).await?;
        let survey = Extract::survey(&snapshot, self.definition, self.period, as_of).await?;
        Extract::make(&snapshot, survey, self.definition, pseudonyms, earlier, self.region, self.period).await
    }

    /// The published files of a parcel that the next one replaces. Those of another definition tell other figures.
    fn published(&self, place: &Path, manifest: &Manifest) -> Result<BTreeMap<String, String>, Error> {
        if manifest.definition != self.definition.version {
            return Ok(BTreeMap::new());
        }
        publish::files(place, manifest)
    }

    /// What its pseudonyms may be of, newest first; nothing where no file has any.
    fn pseudonyms(&self, config: &Config) -> Result<Vec<Pseudonyms>, Error> {
        if !self.definition.is_pseudonymous() {
            return Ok(Vec::new());
        }
        let all = config.pseudonyms(self.definition, self.region)?;
        if all.is_empty() {
            let (extract, recipient) = (self.definition.name.clone(), self.definition.recipient.clone());
            return Err(Error::PseudonymKeyMissing { extract, recipient });
        }
        Ok(all)
    }

    /// The latest parcel of the series, of whatever period, if its pseudonyms are of another key.
    async fn other_key(&self, session: &mut Session, present: Option<&Pseudonyms>) -> Result<Option<Error>, Error> {
        let Some(present) = present else { return Ok(None) };
        let Definition { name, recipient, .. } = self.definition;
        let Some(latest) = ledger::latest_pseudonymous(session, self.region, name, recipient).await? else {
            return Ok(None);
        };
        let is_same = latest.key.as_ref().is_some_and(|key| key.fingerprint == present.key().fingerprint);
        Ok((!is_same).then(|| Error::PseudonymKeyOther {
            extract: name.clone(),
            recipient: recipient.clone(),
            name: latest.name,
            made: key_text(latest.key.as_ref()),
            present: key_text(Some(present.key())),
        }))
    }

    fn flags(&self) -> Vec<Flag> {
        flag::of(self.flags, self.region, &self.definition.name, self.period)
    }

    fn candidate<'a>(
        &'a self,
        files: &'a [parcel::FileEntry],
        flags: &'a [Flag],
        extract: &'a Extract,
    ) -> Candidate<'a> {
        Candidate {
            definition: &self.definition.version,
            recipient: &self.definition.recipient,
            legal_ground: &self.definition.legal_ground,
            files,
            totals: &extract.totals,
            flags,
        }
    }
}

/// Says what a run would do. Writes nothing.
///
/// # Errors
/// When there is nothing to make, or the store or a parcel cannot be read.
pub async fn plan(
    session: &mut Session,
    config: &Config,
    order: Order<'_>,
    folder: Option<&Path>,
) -> Result<Plan, Error> {
    let trusted = &config.trusted()?;
    let series = order.series();
    let pseudonyms = order.pseudonyms(config)?;
    let known = ledger::made(session, &series).await?.last().map(|known| known.version);
    let versions = folder.map(|folder| versions(folder, &series)).transpose()?.unwrap_or_default();
    let other_key = order.other_key(session, pseudonyms.first()).await?;
    let agreement = agree(known, &versions);
    let latest = known.max(versions.iter().copied().max());
    let manifest = match (folder, latest, &agreement) {
        (Some(folder), Some(latest), Agreement::Entries(_)) => {
            Some(parcel::check(&folder.join(series.name(latest)), trusted, None)?.manifest)
        }
        _ => None,
    };
    let earlier = match (folder, &manifest) {
        (Some(folder), Some(manifest)) => order.published(&folder.join(manifest.name()), manifest)?,
        _ => BTreeMap::new(),
    };
    let extract = order.extract(session, pseudonyms.first(), None, &earlier).await?;
    let comparable = latest.is_none() || manifest.is_some();
    let files = extract.entries();
    let decision = comparable.then(|| decide(manifest.as_ref(), order.candidate(&files, &order.flags(), &extract)));
    let lacking = match agreement {
        Agreement::Entries(lacking) => lacking,
        Agreement::ParcelMissing(_) => Vec::new(),
    };
    Ok(Plan { extract, decision, latest, lacking, other_key })
}

/// Makes a parcel, or finds that it is there.
///
/// # Errors
/// When there is nothing to make, the store cannot be read, or the parcel cannot be written. Nothing is half done.
pub async fn run(session: &mut Session, config: &Config, task: Task<'_>) -> Result<Made, Error> {
    let seed = config.seed()?;
    let trusted = config.trusted()?;
    let Task { order, folder, .. } = task;
    let series = order.series();
    let pseudonyms = order.pseudonyms(config)?;
    session.lock(&series).await?;
    parcel::clean(folder, |name| series.version_of(name).is_some())?;
    let known = ledger::made(session, &series).await?;
    let workshop = Workshop { config, seed, trusted, folder, series, known, pseudonyms };
    match task.as_of {
        Some(as_of) => workshop.again(session, order, as_of).await,
        None => workshop.anew(session, task).await,
    }
}

/// What both ways of making a parcel need.
struct Workshop<'a> {
    config: &'a Config,
    seed: Seed,
    trusted: Trusted,
    folder: &'a Path,
    series: Series,
    known: Vec<Known>,
    /// Newest first; nothing where no file has pseudonyms.
    pseudonyms: Vec<Pseudonyms>,
}

impl Workshop<'_> {
    /// From what the store holds now.
    async fn anew(&self, session: &mut Session, task: Task<'_>) -> Result<Made, Error> {
        let Task { order, reason, .. } = task;
        let latest = self.latest(session).await?;
        let pseudonyms = self.pseudonyms.first();
        let other_key = order.other_key(session, pseudonyms).await?;
        let is_other = other_key.is_some();
        if let Some(refusal) = other_key.filter(|_| !task.new_pseudonyms) {
            return Err(refusal);
        }
        let earlier = latest.as_ref().map(|latest| order.published(&self.folder.join(latest.name()), latest));
        let extract = order.extract(session, pseudonyms, None, &earlier.transpose()?.unwrap_or_default()).await?;
        let mut manifest = self.manifest(order, &extract, pseudonyms);
        let replaced = latest.as_ref().is_some_and(|latest| latest.pseudonyms != manifest.pseudonyms);
        if pseudonyms.is_some() && (is_other || replaced) {
            manifest.findings.insert(OTHER_KEY.to_owned(), 1);
        }
        match decide(latest.as_ref(), order.candidate(&manifest.files, &manifest.flags, &extract)) {
            Decision::First => {}
            Decision::Unchanged => {
                let manifest = latest.unwrap_or(manifest);
                let place = self.folder.join(manifest.name());
                return Ok(Made { outcome: Outcome::Unchanged, place, manifest });
            }
            Decision::Next { version, replaces, explained } => {
                manifest.version = version;
                manifest.replaces = Some(replaces);
                manifest.reason = Some(why(latest.as_ref(), &manifest, reason.unwrap_or(REASON)));
                manifest.explained = Some(explained);
            }
        }
        self.write(session, order, &extract, manifest).await
    }

    /// What an earlier manifest says, from the same positions.
    async fn again(&self, session: &mut Session, order: Order<'_>, as_of: &Path) -> Result<Made, Error> {
        // People name the manifest, or the parcel that it is in.
        let parcel = if as_of.is_dir() { as_of } else { as_of.parent().unwrap_or(Path::new(".")) };
        let (earlier, earlier_sha256) = Manifest::read_trusted(parcel, &self.trusted)?;
        if earlier.series() != self.series {
            let (found, asked) = (earlier.series().to_string(), self.series.to_string());
            return Err(Error::OtherManifest { found, asked });
        }
        if earlier.definition != order.definition.version {
            return Err(Error::OtherDefinition {
                extract: earlier.extract,
                made: earlier.definition,
                present: order.definition.version.clone(),
            });
        }
        self.is_entered(earlier.version, &earlier_sha256)?;
        let pseudonyms = match &earlier.pseudonyms {
            None => self.pseudonyms.first(),
            Some(key) => {
                let same = self.pseudonyms.iter().find(|one| one.key() == key);
                Some(same.ok_or_else(|| {
                    let (name, made) = (earlier.name(), key_text(Some(key)));
                    Error::PseudonymKeyLost { name, made }
                })?)
            }
        };
        let before = self.replaced(order, &earlier, parcel)?;
        let extract = order.extract(session, pseudonyms, Some(&earlier.origin), &before).await?;
        let mut manifest = self.manifest(order, &extract, pseudonyms);
        manifest.version = earlier.version;
        manifest.replaces = earlier.replaces;
        manifest.reason.clone_from(&earlier.reason);
        manifest.explained.clone_from(&earlier.explained);
        manifest.flags.clone_from(&earlier.flags);
        if manifest.files == earlier.files {
            // These count whom protection is known of today, also where nothing in the files has come of it.
            // And the last of which parcel came before it.
            for code in [extract::PROTECTED, extract::WITHHELD, OTHER_KEY] {
                manifest.findings.remove(code);
                manifest.findings.extend(earlier.findings.get_key_value(code).map(|(code, n)| (code.clone(), *n)));
            }
            manifest.left_out.clone_from(&earlier.left_out);
        }
        if let Some(difference) = difference(&earlier, &manifest) {
            return Err(Error::NotReproduced { name: manifest.name(), difference });
        }
        let place = self.folder.join(manifest.name());
        if !place.exists() {
            return self.write(session, order, &extract, manifest).await;
        }
        let checked = parcel::check(&place, &self.trusted, None)?;
        if checked.manifest_sha256 != earlier_sha256 {
            return Err(Error::ParcelForeign { name: manifest.name(), folder: self.folder.to_owned() });
        }
        ledger::enter_made(session, &place, &manifest, &earlier_sha256).await?;
        Ok(Made { outcome: Outcome::Unchanged, place, manifest })
    }

    /// The published files of the version that one has replaced: in our folder, else beside the parcel that was named. A first version
    /// has replaced none; where they are lost, the comparison tells whether they were needed.
    fn replaced(&self, order: Order<'_>, of: &Manifest, parcel: &Path) -> Result<BTreeMap<String, String>, Error> {
        let Some(version) = of.replaces else { return Ok(BTreeMap::new()) };
        let name = self.series.name(version);
        let ours = self.folder.join(&name);
        let place = if ours.exists() { ours } else { parcel.with_file_name(&name) };
        if !place.exists() {
            return Ok(BTreeMap::new());
        }
        let manifest = parcel::check(&place, &self.trusted, None)?.manifest;
        order.published(&place, &manifest)
    }

    /// The latest version's manifest, after the ledger has got the entries that it lacks.
    async fn latest(&self, session: &mut Session) -> Result<Option<Manifest>, Error> {
        let versions = versions(self.folder, &self.series)?;
        let lacking = match agree(self.known.last().map(|known| known.version), &versions) {
            Agreement::Entries(lacking) => lacking,
            Agreement::ParcelMissing(version) => {
                let (name, folder) = (self.series.name(version), self.folder.to_owned());
                return Err(Error::ParcelMissing { name, folder });
            }
        };
        for version in lacking {
            let place = self.folder.join(self.series.name(version));
            let checked = parcel::check(&place, &self.trusted, None)?;
            ledger::enter_made(session, &place, &checked.manifest, &checked.manifest_sha256).await?;
            tracing::info!(parcel = checked.manifest.name(), "{} was made and not entered", checked.manifest.name());
        }
        let Some(latest) = versions.into_iter().max() else { return Ok(None) };
        let checked = parcel::check(&self.folder.join(self.series.name(latest)), &self.trusted, None)?;
        self.is_entered(latest, &checked.manifest_sha256)?;
        Ok(Some(checked.manifest))
    }

    /// Refuses a parcel that the ledger knows otherwise.
    fn is_entered(&self, version: u32, manifest_sha256: &str) -> Result<(), Error> {
        let entry = self.known.iter().find(|known| known.version == version);
        if entry.is_none_or(|known| known.manifest_sha256 == manifest_sha256) {
            return Ok(());
        }
        Err(Error::ParcelForeign { name: self.series.name(version), folder: self.folder.to_owned() })
    }

    /// The manifest of a first version.
    fn manifest(&self, order: Order<'_>, extract: &Extract, pseudonyms: Option<&Pseudonyms>) -> Manifest {
        let Order { definition, region, period, .. } = order;
        Manifest {
            format: FORMAT,
            extract: definition.name.clone(),
            definition: definition.version.clone(),
            region,
            period,
            version: 1,
            replaces: None,
            reason: None,
            recipient: definition.recipient.clone(),
            legal_ground: definition.legal_ground.clone(),
            schema_versions: extract.survey.schema_versions.clone(),
            statements_until: moment(extract.until.0),
            files: extract.entries(),
            totals: extract.totals.clone(),
            explained: None,
            flags: order.flags(),
            origin: extract.survey.origin.clone(),
            findings: extract.findings.clone(),
            pseudonyms: pseudonyms.map(|pseudonyms| pseudonyms.key().clone()),
            groups: extract.groups(),
            left_out: extract.left_out.clone(),
            treatments: extract.treatments(),
        }
    }

    async fn write(
        &self,
        session: &mut Session,
        order: Order<'_>,
        extract: &Extract,
        manifest: Manifest,
    ) -> Result<Made, Error> {
        let key = self.config.age_key(order.definition)?;
        let mut contents = Vec::new();
        for file in &extract.files {
            if file.personal && key.is_none() {
                let (file, recipient) = (file.name.clone(), manifest.recipient.clone());
                return Err(Error::KeyMissing { file, recipient });
            }
            contents.push(Content { name: &file.name, bytes: &file.bytes, key: key.filter(|_| file.personal) });
        }
        if let Some(withheld) = extract.findings.get(extract::WITHHELD) {
            tracing::warn!(
                code = extract::WITHHELD,
                parcel = manifest.name(),
                "{}: rows of {withheld} events of persons with protected identity are left out; if the ground of {} names such \
                 persons, say covers_protected = true in a definition of its own",
                manifest.name(),
                manifest.extract
            );
        }
        let place = parcel::write(self.folder, &manifest, &contents, &self.seed)?;
        let sha256 = parcel::digest::hex(&manifest.bytes());
        ledger::enter_made(session, &place, &manifest, &sha256).await?;
        stop("entered");
        Ok(Made { outcome: Outcome::Made, place, manifest })
    }
}

/// A key, as a sentence names it.
fn key_text(key: Option<&PseudonymKey>) -> String {
    match key {
        Some(PseudonymKey { key, fingerprint }) => format!("key {key} ({fingerprint})"),
        None => "no key of the recipient's".to_owned(),
    }
}

/// The reason of a new version: the one that was given. Where none was, no statement is later and more events are known to be of
/// protected persons: that. Else that pseudonyms are of another key, where they are. Else that others object, where anybody does; or
/// that somebody was erased, where nothing else is left.
fn why(latest: Option<&Manifest>, manifest: &Manifest, given: &str) -> String {
    let known = |manifest: &Manifest| manifest.findings.get(extract::PROTECTED).copied().unwrap_or(0);
    let is_all = |latest: &Manifest| latest.origin == manifest.origin && known(latest) < known(manifest);
    let is_declared_alike = |latest: &Manifest| {
        latest.origin == manifest.origin
            && (&latest.definition, &latest.recipient) == (&manifest.definition, &manifest.recipient)
            && (&latest.legal_ground, &latest.flags) == (&manifest.legal_ground, &manifest.flags)
    };
    // How many they are is not told where they are few: that it changed is told by the files.
    let is_objecting =
        |latest: &Manifest| is_declared_alike(latest) && !(latest.left_out.is_empty() && manifest.left_out.is_empty());
    let reason = match given {
        REASON if latest.is_some_and(is_all) => REASON_PROTECTED,
        REASON if manifest.findings.contains_key(OTHER_KEY) => REASON_OTHER_KEY,
        REASON if latest.is_some_and(is_objecting) => REASON_OBJECTING,
        REASON if latest.is_some_and(is_declared_alike) => REASON_ERASED,
        given => given,
    };
    reason.to_owned()
}

/// The first thing in which a manifest that was made again differs, by its place in the manifest.
fn difference(earlier: &Manifest, again: &Manifest) -> Option<String> {
    for (before, after) in earlier.files.iter().zip(&again.files) {
        if before != after {
            return Some(format!("file {}", before.name));
        }
    }
    (earlier != again).then(|| "the manifest".to_owned())
}

/// The versions that a folder holds.
fn versions(folder: &Path, series: &Series) -> Result<Vec<u32>, Error> {
    let failed = |source| Error::File { attempt: "look into", path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(source)),
    };
    let mut versions = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        versions.extend(name.to_str().and_then(|name| series.version_of(name)));
    }
    versions.sort_unstable();
    Ok(versions)
}

/// Times beyond the calendar are its ends: the source mistyped them.
fn moment(micros: i64) -> String {
    let end = if micros < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(micros).unwrap_or(end).to_string()
}
