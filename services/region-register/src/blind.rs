//! The region's half of a linkage under a permit: persons become blinded points for the key holder, and blinds for the hub.
//!
//! The points of a batch are in the order of their bytes, which are new in every run and so say nothing of persons. Batches
//! and blinds hold nothing that one party alone could find a person by.

use std::collections::HashSet;
use std::fs;
use std::io::{self, BufRead, Write as _};
use std::path::{Path, PathBuf};

use access_log::Key as SigningKey;
use identity::{Claim, Date, Key, Kind, Options, Pseudonymiser, Purpose, Subject, System};
use linkage::{Blinded, Person};
use permit::{Batch, Blinds, POINTS_MAX, Permit};
use processor::config::RegionConfig;
use runtime::config::Fault;
use zeroize::Zeroizing;

/// What a line is taken for where nothing else is said: a personal number.
const PERSONAL: &str = "PNR";

/// Why a permit's persons are not blinded. No text holds a number.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The region's key, or its version.
    #[error("the configuration cannot be used")]
    Config(#[from] Fault),
    /// The permit asks another region.
    #[error("permit {0} does not ask this region")]
    Foreign(linkage::PermitId),
    /// The list of persons.
    #[error("read the numbers, one a line")]
    Read(#[source] io::Error),
    /// Nobody is to be blinded.
    #[error("no line holds a national number")]
    Nobody,
    /// The system gives no random bytes.
    #[error(transparent)]
    Random(#[from] linkage::NoRandom),
    /// What the hub gets cannot be sealed.
    #[error("seal the blinds to the hub")]
    Seal(#[from] age::EncryptError),
    /// A file.
    #[error("{attempt} {}", path.display())]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// On which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What came of a list.
pub(crate) struct Made {
    /// What goes to the key holder, and beside each what goes to the hub.
    pub(crate) batches: Vec<(Batch, Blinds)>,
    /// Persons in them.
    pub(crate) persons: usize,
    /// Lines with a person who was there before.
    pub(crate) again: usize,
    /// Numbers that only this region or one of its systems understands.
    pub(crate) local: usize,
    /// Lines that hold no number, or a wrong one.
    pub(crate) unreadable: usize,
}

/// Blinds the persons of a list: a personal number in any notation a line.
///
/// # Errors
/// When the region's key is not there, the list cannot be read or holds nobody, or the permit asks others.
pub(crate) fn blind(numbers: impl BufRead, region: &RegionConfig, permit: &Permit, today: Date) -> Result<Made, Error> {
    if !permit.regions.contains_key(&region.code) {
        return Err(Error::Foreign(permit.id.clone()));
    }
    let pseudonymiser = pseudonymiser(region)?;
    let rules = identity::RegionRules::new(region.code.code(), region.interim, region.placeholders.clone());
    let options: Options<'_> = rules.options(today);
    let (mut again, mut local, mut unreadable) = (0, 0, 0);
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for line in numbers.lines() {
        let line = Zeroizing::new(line.map_err(Error::Read)?);
        if line.trim().is_empty() {
            continue;
        }
        let claim = Claim { system: "", kind: PERSONAL, source: region.code.code(), value: &line };
        let Ok(subject) = Subject::read(claim, &options) else {
            unreadable += 1;
            continue;
        };
        let (Some(numbering), Some(number)) = (subject.kind().and_then(national), subject.disclosed()) else {
            local += 1;
            continue;
        };
        let Ok(person) = Person::new(&permit.id, numbering.oid(), number.as_bytes()) else {
            unreadable += 1;
            continue;
        };
        let pseudonym = pseudonymiser.subject(Purpose::Care, &subject);
        if !seen.insert(pseudonym) {
            again += 1;
            continue;
        }
        let (blind, point) = linkage::blind(&person)?;
        rows.push((point.to_bytes(), point, pseudonym.as_str().to_owned(), blind));
    }
    rows.sort_unstable_by_key(|(bytes, ..)| *bytes);
    let persons = rows.len();
    let mut batches = Vec::new();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let piece = rows.by_ref().take(POINTS_MAX).map(|(_, point, pseudonym, blind)| (point, (pseudonym, blind)));
        let (points, rows): (Vec<Blinded>, Vec<_>) = piece.unzip();
        let batch = Batch::new(permit.id.clone(), region.code, points).expect("a piece has 1 to POINTS_MAX points");
        let blinds = Blinds { permit: permit.id.clone(), region: region.code, batch: batch.digest.clone(), rows };
        batches.push((batch, blinds));
    }
    if batches.is_empty() { Err(Error::Nobody) } else { Ok(Made { batches, persons, again, local, unreadable }) }
}

/// The numbering of a kind, where it is the whole country's.
const fn national(kind: Kind) -> Option<System> {
    match kind {
        Kind::Personnummer => Some(System::Personnummer),
        Kind::Samordningsnummer => Some(System::Samordningsnummer),
        Kind::NationalReserve => Some(System::NationalReserve),
        Kind::RegionalReserve | Kind::Interim => None,
    }
}

/// Writes each batch, signed, and its blinds, sealed to the hub, into a folder; nothing that is there is replaced.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(made: &Made, permit: &Permit, key: &SigningKey, folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|source| Error::File {
        attempt: "make the folder",
        path: folder.to_owned(),
        source,
    })?;
    for (number, (batch, blinds)) in made.batches.iter().enumerate() {
        let name = format!("{}_{}_{}", permit.id, batch.region.code(), number + 1);
        let write = |end: &str, bytes: &[u8]| {
            let path = folder.join(format!("{name}.{end}"));
            let written = fs::File::create_new(&path).and_then(|mut file| file.write_all(bytes).and(file.sync_all()));
            written.map_err(|source| Error::File { attempt: "write", path, source })
        };
        write("blinds.age", &blinds.seal(permit)?)?;
        write("batch", &batch.sign(key))?;
    }
    Ok(())
}

fn pseudonymiser(region: &RegionConfig) -> Result<Pseudonymiser, Fault> {
    let secret = region.key.value().map_err(|fault| fault.under("region.key"))?;
    let key = Key::from_hex(secret.expose())
        .map_err(|error| Fault::new("region.key", format!("{error} in {}", region.key.name())))?;
    Pseudonymiser::new(region.code.code(), &region.key_id, &key)
        .map_err(|error| Fault::new("region.key_id", error.to_string()))
}
