//! Files of a bulk export: one resource a line, several files a type, in one folder.
//!
//! A resource names its patient by reference, and the patient is in another file: an index of the folder says in which and
//! where. It holds a digest and a place for each resource that others refer to, at most [`INDEXED_MAX`].

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemas::{Format, Timestamp, content_hash};
use serde::Deserialize;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt};

use super::address::Address;
use super::context::{Known, Surroundings, partition};
use super::resource::Resource;
use crate::config::FhirFiles;
use crate::files::{Error, Window, shown_name};
use crate::folder::{self, Carry, Folder};
use crate::intake::{self, Arrival, Feed};
use crate::metrics::Oddity;
use crate::position::{Keeper, Position, Version};

/// How the names of the files end.
pub(crate) const ENDINGS: &[&str] = &["ndjson"];
/// How the names of the files begin whose resources others refer to.
const REFERRED: [&str; 4] = ["Patient", "Encounter", "Location", "ServiceRequest"];
/// Resources in the index of one folder; about 60 bytes each. Those beyond are not found, which is told.
const INDEXED_MAX: usize = 4_000_000;
/// Identifiers of one place that are indexed, for conditional references.
const NUMBERS_MAX: usize = 4;
const READ_BYTES: usize = 64 << 10;

/// Watches a file or folder until shutdown.
pub(crate) async fn watch(feed: Arc<Feed>, source: FhirFiles) {
    let folder =
        Folder { path: source.path, positions: source.positions, poll: source.poll, endings: ENDINGS, arrivals: None };
    folder::watch(&feed, folder, Bulk::default()).await;
}

/// The files of a folder in order of name, or a single file.
pub(crate) fn listed(path: &Path, files_max: usize) -> io::Result<Vec<PathBuf>> {
    if fs::metadata(path)?.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)?.take(files_max) {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("ndjson")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Where the resources of a folder are, as of a state of its files.
#[derive(Default)]
pub(crate) struct Bulk {
    versions: Vec<(PathBuf, Version)>,
    places: HashMap<[u8; 16], (u32, u64)>,
}

impl Carry for Bulk {
    async fn carry(&mut self, feed: &Feed, path: &Path, kept_at: &Path) -> Result<(), Error> {
        let (mut sender, done) = Sender::new(feed, path, kept_at)?;
        if done {
            return Ok(());
        }
        sender.send(self, |_| {}).await?;
        let (file, resources) = (shown_name(path), sender.position().messages);
        tracing::info!(region = feed.region(), %file, resources, "sent {file}: {resources} resources");
        Ok(())
    }
}

impl Bulk {
    /// Looks the folder of a file over, if it has changed since the last time.
    async fn refresh(&mut self, feed: &Feed, path: &Path) -> Result<(), Error> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        let failed = |source| Error::Read { path: folder.clone(), source };
        let mut versions = Vec::new();
        for file in listed(&folder, feed.intake.limits.files).map_err(failed)? {
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if REFERRED.iter().any(|kind| name.starts_with(kind)) {
                let version = Version::of(&fs::metadata(&file).map_err(failed)?);
                versions.push((file, version));
            }
        }
        if versions == self.versions {
            return Ok(());
        }
        let files: Vec<PathBuf> = versions.iter().map(|(file, _)| file.clone()).collect();
        let line_max = feed.intake.limits.message.as_bytes();
        let indexed = tokio::task::spawn_blocking(move || index(&files, line_max)).await;
        // A panic has been logged with its place.
        let indexed = indexed.unwrap_or_else(|_| Err(io::Error::other("reading it ended in a panic")));
        self.places = indexed.map_err(failed)?;
        self.versions = versions;
        if self.places.len() >= INDEXED_MAX {
            let count = INDEXED_MAX;
            tracing::warn!(
                region = feed.region(),
                count,
                "the folder holds more than {count} resources that others may refer to; split it"
            );
        }
        Ok(())
    }

    /// A resource that another refers to.
    fn known(&self, reference: &str, line_max: u64) -> io::Result<Option<Known>> {
        let Some((file, offset)) = self.places.get(&digest(reference)) else { return Ok(None) };
        let Some((path, _)) = self.versions.get(*file as usize) else { return Ok(None) };
        let mut file = fs::File::open(path)?;
        file.seek(SeekFrom::Start(*offset))?;
        let mut line = Vec::new();
        BufReader::new(file).take(line_max).read_until(b'\n', &mut line)?;
        let known = std::str::from_utf8(&line).ok().and_then(|text| {
            let text = text.trim();
            let is_it = |resource: &Resource| {
                resource.reference() == reference
                    || resource.asked_for(NUMBERS_MAX).iter().any(|name| name == reference)
            };
            let resource = Resource::read(text).filter(is_it)?;
            Some(Known { text: text.into(), resource: resource.into() })
        });
        Ok(known)
    }
}

/// The place of what several lines call by one number.
const NOWHERE: (u32, u64) = (u32::MAX, 0);

fn digest(reference: &str) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&content_hash(reference.as_bytes()).0[..16]);
    short
}

#[derive(Deserialize)]
struct Name<'a> {
    #[serde(rename = "resourceType", borrow)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    id: std::borrow::Cow<'a, str>,
}

/// The places of the resources of these files; a later line of the same resource takes the place of an earlier one.
fn index(files: &[PathBuf], line_max: u64) -> io::Result<HashMap<[u8; 16], (u32, u64)>> {
    let mut places = HashMap::new();
    for (number, path) in (0..).zip(files) {
        let mut reader = BufReader::with_capacity(READ_BYTES, fs::File::open(path)?);
        let (mut line, mut offset) = (Vec::new(), 0);
        while places.len() < INDEXED_MAX {
            line.clear();
            // A longer line is read in pieces, none of which is a resource.
            let bytes = reader.by_ref().take(line_max).read_until(b'\n', &mut line)? as u64;
            if bytes == 0 {
                break;
            }
            if let Ok(name) = serde_json::from_slice::<Name<'_>>(&line) {
                places.insert(digest(&format!("{}/{}", name.kind, name.id)), (number, offset));
                // A number that several have names none of them.
                if name.kind == "Location" {
                    let text = std::str::from_utf8(&line).unwrap_or_default();
                    let asked = Resource::read(text).map(|resource| resource.asked_for(NUMBERS_MAX));
                    for asked in asked.into_iter().flatten() {
                        places.entry(digest(&asked)).and_modify(|place| *place = NOWHERE).or_insert((number, offset));
                    }
                }
            }
            offset += bytes;
        }
    }
    Ok(places)
}

/// Sends one version of one file, and remembers how far.
pub(crate) struct Sender<'a> {
    feed: &'a Feed,
    path: &'a Path,
    name: String,
    keeper: Keeper,
    here: Address,
}

impl<'a> Sender<'a> {
    /// A sender of the file at `path` that keeps its position at `kept_at`, and whether nothing is left to be sent.
    pub(crate) fn new(feed: &'a Feed, path: &'a Path, kept_at: &Path) -> Result<(Self, bool), Error> {
        let metadata = fs::metadata(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let version = Version::of(&metadata);
        let kept =
            Position::kept(kept_at, version).map_err(|source| Error::Position { path: kept_at.to_owned(), source })?;
        let done = kept.is_some_and(|position| position.done());
        let keeper = Keeper::new(kept_at, kept.unwrap_or(Position::start(version)));
        if !done {
            keeper.probe()?;
        }
        // References within an export are relative.
        let here = Address { host: String::new(), port: 0, path: String::new(), tls: None };
        Ok((Self { feed, path, name: shown_name(path), keeper, here }, done))
    }

    /// How far the file has been sent.
    pub(crate) fn position(&self) -> Position {
        self.keeper.position()
    }

    /// Sends the rest of the file; `progress` is told how far it is. After an interruption call it again.
    pub(crate) async fn send(&mut self, bulk: &mut Bulk, mut progress: impl FnMut(&Position)) -> Result<(), Error> {
        bulk.refresh(self.feed, self.path).await?;
        let start = self.position();
        let failed = |source| Error::Read { path: self.path.to_owned(), source };
        let mut file = File::open(self.path).await.map_err(failed)?;
        file.seek(SeekFrom::Start(start.offset)).await.map_err(failed)?;
        let mut reader = tokio::io::BufReader::with_capacity(READ_BYTES, file);
        let line_max = self.feed.intake.limits.message.as_bytes();
        let mut window = Window::new(self.feed);
        let (mut next, mut line) = (start, Vec::new());
        loop {
            line.clear();
            let failed = |source| Error::Read { path: self.path.to_owned(), source };
            let mut size = 0;
            loop {
                let mut piece = (&mut reader).take(line_max + 1);
                let read = piece.read_until(b'\n', &mut line).await.map_err(failed)? as u64;
                size += read;
                if read == 0 || line.ends_with(b"\n") {
                    break;
                }
                if size > line_max {
                    // Only its size is told.
                    line.clear();
                }
            }
            if size == 0 {
                break;
            }
            // What was written since is another file.
            if Version::of(&reader.get_ref().metadata().await.map_err(failed)?) != start.version {
                return Err(Error::Changed { path: self.path.to_owned() });
            }
            next = Position { offset: next.offset + size, line: next.line + 1, ..next };
            if size <= line_max && line.trim_ascii().is_empty() {
                continue;
            }
            next.messages += 1;
            let text = if size > line_max { None } else { std::str::from_utf8(&line).ok().map(str::trim) };
            // Files of an index may be on a slow disk.
            let record = tokio::task::block_in_place(|| self.record(bulk, text, &line, size)).map_err(failed)?;
            let arrival = Arrival {
                format: Format::Fhir,
                message_id: &record.message_id,
                received_at: intake::now(),
                recorded_at: record.at,
                position: &format!("{}:{}", self.name, next.line),
                payload: &record.payload,
                partition: record.partition,
            };
            if let Some(stored) = window.send(arrival, next).await? {
                self.keeper.advance(stored)?;
                progress(&self.position());
            }
        }
        window.finish().await?;
        self.keeper.keep(Position { offset: start.version.size, ..next })?;
        progress(&self.position());
        Ok(())
    }

    /// What is sent for a line.
    fn record(&self, bulk: &Bulk, text: Option<&str>, line: &[u8], size: u64) -> io::Result<Record> {
        let (oddities, router) = (&self.feed.intake.metrics.oddities, &self.feed.router);
        let limit = self.feed.intake.limits.message.as_bytes();
        let left_out = |message_id: String, size: u64, partition: Option<i32>| {
            oddities.of(Oddity::Oversized).inc();
            let payload = intake::left_out(size, limit).into_bytes();
            let partition = partition.unwrap_or_else(|| router.of_content(&payload));
            Record { message_id, at: None, partition, payload }
        };
        if size > limit {
            return Ok(left_out(String::new(), size, None));
        }
        let Some((text, resource)) = text.and_then(|text| Some((text, Resource::read(text)?))) else {
            if let Some((reference, deleted_at)) = text.and_then(|text| deleted(&self.here, text)) {
                let version = deleted_at.as_deref().unwrap_or("deleted");
                return Ok(Record {
                    message_id: format!("{reference}@{version}"),
                    at: deleted_at.as_deref().and_then(super::resource::instant),
                    partition: router.of_text(&reference),
                    payload: ::fhir::bundle::deletion(&reference).into_bytes(),
                });
            }
            oddities.of(Oddity::Unreadable).inc();
            let partition = router.of_content(line);
            return Ok(Record { message_id: String::new(), at: None, partition, payload: line.to_vec() });
        };
        let message_id = resource.message_id(text);
        let at = resource.updated;
        let patient = match resource.patient(&self.here) {
            Some(patient) if patient != resource.reference() => {
                let known = bulk.known(&patient, limit)?;
                Some((patient, known))
            }
            _ => None,
        };
        let place = partition(&resource, patient.as_ref().map(|(name, known)| (name.as_str(), known.as_ref())), router);
        let mut entries = vec![(resource.reference(), Arc::from(text))];
        entries.extend(patient.and_then(|(reference, known)| Some((reference, known?.text))));
        let mut surroundings = Surroundings::of(&resource, &self.here);
        while let Some(reference) = surroundings.next() {
            if let Some(known) = bulk.known(&reference, limit)? {
                surroundings.found(&known.resource, &self.here);
                let name = known.resource.reference();
                if entries.iter().all(|(held, _)| *held != name) {
                    entries.push((name, known.text));
                }
            }
        }
        let payload = ::fhir::bundle::collection(entries.iter().map(|(reference, text)| (reference.as_str(), &**text)));
        if payload.len() as u64 > limit {
            return Ok(left_out(message_id, payload.len() as u64, Some(place)));
        }
        Ok(Record { message_id, at, partition: place, payload: payload.into_bytes() })
    }
}

/// What is sent for a line.
struct Record {
    message_id: String,
    at: Option<Timestamp>,
    partition: i32,
    payload: Vec<u8>,
}

/// The resource that a line of a `deleted` file says is gone, and when: a Bundle with one DELETE.
fn deleted(here: &Address, text: &str) -> Option<(String, Option<String>)> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    (value.get("resourceType")?.as_str()? == "Bundle").then_some(())?;
    let [entry] = value.get("entry")?.as_array()?.as_slice() else { return None };
    (entry.pointer("/request/method")?.as_str()? == "DELETE").then_some(())?;
    let reference = here.reference(entry.pointer("/request/url")?.as_str()?)?;
    let at = value.pointer("/meta/lastUpdated").and_then(serde_json::Value::as_str);
    Some((reference, at.filter(|at| at.len() <= 64).map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_by_its_one_identifier() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("Location.ndjson");
        let place = |id: &str, number: &str| {
            format!(
                r#"{{"resourceType":"Location","id":"{id}","identifier":[{{"system":"https://s.example","value":"{number}"}}]}}"#
            )
        };
        fs::write(&path, [place("a", "7"), place("b", "8"), place("c", "8")].join("\n")).expect("written");
        let version = Version::of(&fs::metadata(&path).expect("there"));
        let places = index(std::slice::from_ref(&path), 1 << 20).expect("an index");
        let bulk = Bulk { versions: vec![(path, version)], places };
        let id =
            |reference: &str| bulk.known(reference, 1 << 20).expect("readable").map(|known| known.resource.id.clone());
        assert_eq!(id("Location?identifier=https://s.example|7").as_deref(), Some("a"));
        assert_eq!(id("Location/b").as_deref(), Some("b"));
        assert_eq!(id("Location?identifier=https://s.example|8"), None, "two have it");
        assert_eq!(id("Location?identifier=https://s.example|9"), None);
    }
}
