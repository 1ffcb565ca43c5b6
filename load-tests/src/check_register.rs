//! A file through the whole platform to a register extract: dropped in a folder, mapped, stored, extracted.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use age::secrecy::ExposeSecret;
use runtime::fate::FateCounts;
use schemas::{Decoder, Parked};
use serde::Serialize;
use topics::Region;

use crate::{
    account,
    stack::{self, Options, Service, Stack, Table},
    topic_read,
};

/// How long the connector may take to send the file, and everything behind it to drain.
const SENT_MAX: Duration = Duration::from_secs(1_800);
const DRAIN_MAX: Duration = Duration::from_secs(1_800);
const PAUSE: Duration = Duration::from_millis(100);

/// An extract, the feed that it lives on, which is also the name of its package, and the column that keeps rows in order.
const EXTRACTS: [(&str, &str, &str); 3] = [
    ("waiting-times", "waiting-times", "vardkontakt_id"),
    ("waiting-times-pilots", "waiting-times", "vardkontakt_id"),
    ("kpp", "kpp", "kontakt_id"),
];

/// As the shipped definitions call the recipients.
const RECIPIENTS: [&str; 3] = ["skr", "analysis", "rikshoft"];

/// The file with their private key.
pub(crate) const RECIPIENT_KEY: &str = "recipient-identity.txt";

/// What to run.
pub struct Run {
    /// The files, dropped one after the other; a later one corrects an earlier one.
    pub files: Vec<PathBuf>,
    /// The region that they belong to.
    pub region: Region,
    /// The period to extract.
    pub period: String,
    /// Name of the extract.
    pub extract: String,
    /// Where the extract's files go.
    pub out: PathBuf,
    /// Mapping package in place of the shipped one.
    pub package: Option<PathBuf>,
    /// Services to `kill -9` and start again while the files are under way.
    pub kills: Vec<Service>,
    /// Options of the stack without its tables.
    pub options: Options,
}

/// The line that is printed.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Records that the connector wrote: one per row, or one for a file that was left out.
    pub source_records: u64,
    /// Source records that became events.
    pub mapped: u64,
    /// Events that they became; a changed row of a database may be two.
    pub events: u64,
    /// Source records that broke a rule.
    pub refused: u64,
    /// Source records that could not be read.
    pub parked: u64,
    /// Events in the store.
    pub events_stored: u64,
    /// Events that the store had already.
    pub duplicates: u64,
    /// Why records were refused or parked, and how many.
    pub rejected: BTreeMap<String, u64>,
    /// Source records without a fate, and events that are neither stored nor counted as a duplicate.
    pub lost: u64,
    /// Seconds from the drop of the first file to the last event in the store.
    pub seconds: f64,
    /// Files of the extract, as the extract's program names them.
    pub files: Vec<String>,
}

/// A run that could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such extract.
    #[error("there is no extract {name}; there are: {known}")]
    Extract {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A part of the stack.
    #[error(transparent)]
    Stack(#[from] stack::Error),
    /// Reading what was left behind.
    #[error("account for the run")]
    Account(#[from] account::Error),
    /// A file or folder.
    #[error("{attempt} {}", path.display())]
    File {
        /// What was tried.
        attempt: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Something that must happen did not.
    #[error("{what} did not finish within {} s", within.as_secs())]
    Stuck {
        /// What was waited for.
        what: &'static str,
        /// How long.
        within: Duration,
    },
}

/// Runs everything; `progress` is told each step.
///
/// # Errors
/// When the run cannot be finished.
pub fn run(run: Run, progress: &mut dyn FnMut(&str)) -> Result<Report, Error> {
    let Some((_, feed, key)) = EXTRACTS.into_iter().find(|(name, ..)| *name == run.extract) else {
        let known = EXTRACTS.map(|(name, ..)| name).join(", ");
        return Err(Error::Extract { name: run.extract, known });
    };
    for file in &run.files {
        // Before anything is started: a name that is mistyped is told at once.
        let found = fs::File::open(file).and_then(|opened| opened.metadata());
        let readable = found.and_then(|found| match found.is_dir() {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => Ok(()),
        });
        readable.map_err(|source| Error::File { attempt: "read", path: file.clone(), source })?;
    }
    let package = run.package.map_or_else(|| feed.to_owned(), |path| path.display().to_string());
    let table = Table { feed, package, key };
    let options = Options { tables: BTreeMap::from([(run.region, vec![table])]), ..run.options };
    let mut stack = Stack::start(options, progress)?;
    let begin = Instant::now();
    let mut kills = run.kills.iter();
    for (at, file) in run.files.iter().enumerate() {
        progress(&format!("dropping {}", file.display()));
        drop_file(file, &stack.drop_folder(run.region, feed), at)?;
        for service in kills.by_ref() {
            thread::sleep(Duration::from_millis(300));
            progress(&format!("kill -9 {}, started again", service.program()));
            stack.kill(*service)?;
            stack.spawn(*service)?;
        }
        let positions = stack.positions_folder(run.region, feed);
        wait_until("sending the file", SENT_MAX, &mut stack, &mut |_| Ok(sent(&positions) > at))?;
        wait_until("the drain", DRAIN_MAX, &mut stack, &mut |stack| Ok(account::is_drained(stack)?))?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    progress("adding up");
    let report = add_up(&stack, seconds)?;
    let files = if report.events_stored == 0 {
        progress("nothing arrived in the store, so there is no extract");
        Vec::new()
    } else {
        progress("making the extract");
        extract(&stack, &run.extract, run.region, &run.period, &run.out)?
    };
    progress("stopping");
    stack.stop();
    Ok(Report { files, ..report })
}

/// Copies under a name that nobody watches and renames, as a careful sender does.
fn drop_file(file: &Path, folder: &Path, number: usize) -> Result<(), Error> {
    let part = folder.join(format!("{number:03}.part"));
    let whole = folder.join(format!("{number:03}.csv"));
    fs::copy(file, &part).map_err(|source| Error::File { attempt: "read", path: file.to_owned(), source })?;
    fs::rename(&part, &whole).map_err(|source| Error::File { attempt: "rename", path: part, source })
}

/// How many files the connector has sent to their ends.
fn sent(positions: &Path) -> usize {
    let Ok(entries) = fs::read_dir(positions) else { return 0 };
    let texts = entries.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    texts
        .filter(|text| {
            let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
            value("size ").is_some_and(|size| value("offset ").is_some_and(|offset| offset >= size))
        })
        .count()
}

fn wait_until(
    what: &'static str,
    within: Duration,
    stack: &mut Stack,
    done: &mut dyn FnMut(&Stack) -> Result<bool, Error>,
) -> Result<(), Error> {
    let deadline = Instant::now() + within;
    while !done(stack)? {
        if Instant::now() > deadline {
            return Err(Error::Stuck { what, within });
        }
        stack.revive()?;
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Counts what Kafka and the store hold.
///
/// # Errors
/// When a server does not answer.
pub fn add_up(stack: &Stack, seconds: f64) -> Result<Report, Error> {
    let client = topic_read::client(stack.bootstrap(), account::GROUP).map_err(account::Error::from)?;
    let ends = topic_read::ends(&client, &|topic| topic.contains(".source.")).map_err(account::Error::from)?;
    let source_records = ends.values().sum::<i64>().unsigned_abs();
    let mut fates = FateCounts::default();
    for (_, metadata) in account::committed(stack, ends.keys()).map_err(account::Error::from)?.into_values() {
        // A partition without records has no counts.
        if let Ok(counts) = metadata.parse::<FateCounts>() {
            fates.mapped += counts.mapped;
            fates.events += counts.events;
            fates.refused += counts.refused;
            fates.parked += counts.parked;
            fates.ignored += counts.ignored;
        }
    }
    let decoder = Decoder::development();
    let mut rejected: BTreeMap<(String, i32, i64), String> = BTreeMap::new();
    let parked_ends = topic_read::ends(&client, &|topic| topic.ends_with(".parked")).map_err(account::Error::from)?;
    topic_read::read(&client, &parked_ends, &mut |record| {
        if let Ok(read) = decoder.decode::<Parked<'_>>(&record.payload) {
            let at = (read.origin.topic.to_owned(), read.origin.partition, read.origin.offset);
            let field = read.field.map(|field| format!(" at {field}")).unwrap_or_default();
            rejected.insert(at, format!("{}{field}: {}", read.rule, read.remedy));
        }
    })
    .map_err(account::Error::from)?;
    let mut by_rule: BTreeMap<String, u64> = BTreeMap::new();
    for why in rejected.into_values() {
        *by_rule.entry(why).or_default() += 1;
    }
    let rows = account::query(
        stack,
        // A refused record's mark of protection is in no fate.
        "select (select count(*) from events where event_type <> 'person.protected'), (select coalesce(sum(count), 0)::int8 from delivery.duplicates)",
    )?;
    let count = |at: usize| rows.first().map_or(0, |row| row.get::<_, i64>(at)).unsigned_abs();
    let (events_stored, duplicates) = (count(0), count(1));
    let fated = fates.mapped + fates.refused + fates.parked + fates.ignored;
    let unfated = source_records.saturating_sub(fated);
    let unstored = fates.events.saturating_sub(events_stored + duplicates);
    Ok(Report {
        source_records,
        mapped: fates.mapped,
        events: fates.events,
        refused: fates.refused,
        parked: fates.parked,
        events_stored,
        duplicates,
        rejected: by_rule,
        lost: unfated + unstored,
        seconds: (seconds * 10.0).round() / 10.0,
        files: Vec::new(),
    })
}

/// The extract's configuration, with a made-up key of its recipients, the private half of which lies beside the parcel: nobody else has it.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn register_config(stack: &Stack, out: &Path) -> Result<PathBuf, Error> {
    let identity = age::x25519::Identity::generate();
    let key = out.join(RECIPIENT_KEY);
    let written = fs::write(&key, format!("{}\n", identity.to_string().expose_secret()));
    written.map_err(|source| Error::File { attempt: "write", path: key, source })?;
    let mut text = "[database]\nurl = { env = \"VARDSTROM_DATABASE_URL\" }\n[signing]\nseed = { env = \"VARDSTROM_SIGNING_KEY\" }\n\
                    [pseudonyms]\nkeys = [{ id = \"run\", key = { env = \"VARDSTROM_PSEUDONYM_KEY\" } }]\n"
        .to_owned();
    for name in RECIPIENTS {
        text.push_str(&format!("[[recipient]]\nname = \"{name}\"\nage_key = \"{}\"\n", identity.to_public()));
    }
    let path = stack.folder().join("sink-register.toml");
    fs::write(&path, text).map_err(|source| Error::File { attempt: "write", path: path.clone(), source })?;
    Ok(path)
}

/// Runs the extract and copies its files beside its parcel; gives what the program prints.
///
/// # Errors
/// When it fails, or a file cannot be written.
pub(crate) fn extract(
    stack: &Stack,
    extract: &str,
    region: Region,
    period: &str,
    out: &Path,
) -> Result<Vec<String>, Error> {
    fs::create_dir_all(out).map_err(|source| Error::File { attempt: "make", path: out.to_owned(), source })?;
    let config = register_config(stack, out)?;
    let region = region.to_string();
    let (config, out_text) = (config.display().to_string(), out.display().to_string());
    let arguments =
        ["run", "--config", &config, "--region", &region, "--period", period, "--extract", extract, "--out", &out_text];
    let printed = stack.run_program("the extract", "sink-register", &arguments)?;
    lay_out(out)?;
    Ok(printed.lines().map(str::to_owned).collect())
}

/// Copies what is readable in the latest parcel beside it, so that nobody has to know a parcel's layout to look at figures.
fn lay_out(out: &Path) -> Result<(), Error> {
    let failed = |attempt, path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { attempt, path, source }
    };
    let entries = fs::read_dir(out).map_err(failed("list", out))?;
    let mut parcels: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    parcels.retain(|path| path.join("manifest.json").is_file());
    // Names end in the version; a longer number is a later one.
    parcels.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    let Some(parcel) = parcels.last() else { return Ok(()) };
    for entry in fs::read_dir(parcel).map_err(failed("list", parcel))?.filter_map(Result::ok) {
        let (from, to) = (entry.path(), out.join(entry.file_name()));
        if from.is_file() {
            fs::copy(&from, &to).map_err(failed("copy", &from))?;
        }
    }
    Ok(())
}
