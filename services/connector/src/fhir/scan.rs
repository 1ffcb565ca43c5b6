//! The search for what changed of one type: page by page, each stored before the next is asked for.

use std::path::PathBuf;
use std::time::Instant;

use ::fhir::Type;
use schemas::Format;

use super::bundle::{Mode, Page};
use super::client::{Answer, Client, Question};
use super::context::{Cache, Known, Surroundings, partition};
use super::deletions;
use super::error::{Error, Reach};
use super::failing::{Failing, TRIES_MAX, Verdict};
use super::resource::Resource;
use super::seen::{Name, Seen, VERSIONS_MAX};
use super::sending::Sending;
use super::state::State;
use crate::config::Fhir;
use crate::intake::{self, Arrival, Feed};
use crate::metrics::{FhirCounts, Oddity};

/// Pages that one search may follow by `next`: beyond it the server leads us in a circle.
pub(super) const PAGES_MAX: u64 = 1_000_000;

/// What the searches of one server share.
pub(super) struct Reader<'a> {
    pub feed: &'a Feed,
    pub source: &'a Fhir,
    /// The way to the server.
    pub client: Client,
    pub cache: Cache,
    /// What goes with resources and cannot be read.
    pub failing: Failing,
    /// Counts the rounds: within one nothing that failed is asked for twice.
    pub round: u64,
    /// How far everything is stored.
    pub state: State,
    pub path: PathBuf,
    /// The state has moved since it was kept.
    pub unkept: bool,
    pub counts: FhirCounts,
}

/// The search for one type.
pub(super) struct Scan {
    kind: Type,
    seen: Seen,
    /// Whether what goes with a resource is asked for with it.
    includes: bool,
    /// Whether the server has ever named a next page: then one without is the last.
    names_next: bool,
    cursor: Option<Cursor>,
    /// Whether what is gone is looked for too.
    deletions: bool,
}

struct Cursor {
    path: String,
    /// The time that the search was begun from, microseconds since 1970; none, where it has no beginning.
    since: Option<i64>,
    /// Pages followed by `next` since then.
    pages: u64,
    /// Of the page before this one, where this one was its `next`.
    content: Option<[u8; 32]>,
    /// Resources found since then.
    matches: u64,
    /// The latest change so far.
    highest: Option<i64>,
    /// Every change was later than the one before it.
    ordered: bool,
    /// Why something was passed over; the search goes on to its end.
    fault: Option<Error>,
}

/// What comes after a page.
enum Onward {
    /// Nothing: that was all.
    End,
    /// What changed from this time on.
    From(i64),
    /// The next page, at this path.
    Page(String),
    /// There is more, and no way to it; perhaps one to what changed from a later time on.
    Blocked(Error, Option<i64>),
}

/// A version that was found and not sent yet.
struct Found<'p> {
    text: &'p str,
    /// Nothing, when it cannot be read.
    known: Option<Known>,
}

impl Scan {
    pub(super) fn new(kind: Type, source: &Fhir) -> Self {
        let deletions = source.deletions && kind.is_missed();
        let (seen, includes) = (Seen::new(VERSIONS_MAX), source.include);
        Self { kind, seen, includes, names_next: false, cursor: None, deletions }
    }

    /// Reads and sends up to `pages` pages of what there is. Whether there are more. After an error it goes on from what is
    /// stored.
    pub(super) async fn turn(&mut self, reader: &mut Reader<'_>) -> Result<bool, Error> {
        if self.deletions
            && let Err(error) = deletions::begin(self.kind, reader).await
            && error.reach() == Reach::Server
        {
            return Err(error);
        }
        // A server without histories is told by the look for deletions, and what there is, is read all the same.
        for _ in 0..reader.source.pages {
            if !reader.feed.intake.wait_open().await {
                return Err(crate::files::Interrupted::Stopping.into());
            }
            let cursor = match self.cursor.take() {
                Some(cursor) => cursor,
                None => self.begin(reader),
            };
            let Some(body) = self.ask(reader, &cursor).await? else { continue };
            let page = Page::read(&body).ok_or_else(|| Error::NotUnderstood { what: self.what() })?;
            reader.counts.pages.inc();
            self.cursor = self.page(reader, &page, cursor).await?;
            if self.cursor.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A new search, an overlap before what is stored.
    fn begin(&mut self, reader: &Reader<'_>) -> Cursor {
        let since = match reader.state.of(self.kind) {
            Some(position) => {
                let since = position.saturating_sub(reader.overlap());
                self.seen.forget_before(since);
                Some(since.max(self.seen.floor()))
            }
            None => reader.source.since.map(|since| since.as_microsecond()),
        };
        self.cursor_from(reader, since)
    }

    fn cursor_from(&self, reader: &Reader<'_>, since: Option<i64>) -> Cursor {
        let mut path = format!("{}/{}?", reader.client.address().path, self.kind);
        if let Some(words) = since.and_then(since_words) {
            path.push_str(&format!("_lastUpdated=ge{words}&"));
        }
        path.push_str(&format!("_sort=_lastUpdated&_count={}", reader.source.page));
        for include in self.kind.includes().iter().filter(|_| self.includes) {
            path.push_str("&_include=");
            path.push_str(include);
        }
        Cursor { path, since, pages: 0, content: None, matches: 0, highest: None, ordered: true, fault: None }
    }

    /// The page that the cursor is at; nothing, when it must be asked for in another way.
    async fn ask(&mut self, reader: &mut Reader<'_>, cursor: &Cursor) -> Result<Option<bytes::Bytes>, Error> {
        let what = self.what();
        let question = Question { path: &cursor.path, what: &what, bytes_max: reader.source.page_size.as_bytes() };
        match reader.client.ask(&question).await? {
            Answer::Found(body) => Ok(Some(body)),
            Answer::Refused(error) if self.includes && !self.kind.includes().is_empty() => {
                self.includes = false;
                let (region, kind) = (reader.feed.region(), self.kind.name());
                tracing::info!(region, kind, "{error}; what goes with {kind} is read one by one");
                Ok(None)
            }
            Answer::Missing(error) | Answer::Refused(error) => Err(error),
        }
    }

    /// What is asked for, for messages.
    fn what(&self) -> String {
        format!("a search for {}", self.kind)
    }

    /// Sends what is new on a page, and says where the search goes on once it is stored.
    async fn page(
        &mut self,
        reader: &mut Reader<'_>,
        page: &Page<'_>,
        mut cursor: Cursor,
    ) -> Result<Option<Cursor>, Error> {
        let found = self.found(reader, page);
        let count = found.len() as u64;
        cursor.matches += count;
        self.names_next |= page.next().is_some();
        let mut sending = Sending::new(reader.feed);
        let sent = self.send_new(reader, found, &mut cursor, &mut sending).await;
        let stored = sending.finish().await;
        // What Kafka has is not sent again, whatever the rest must be tried again for.
        self.seen.extend(sending.taken());
        let last = sent?;
        stored?;
        let onward = self.onward(reader, page, &cursor, (count, last));
        // Without order, what is earlier may still come: then the position waits for the end.
        if let Some(highest) = cursor.highest.filter(|_| cursor.ordered || matches!(onward, Onward::End)) {
            reader.unkept |= reader.state.advance(self.kind, highest);
        }
        if reader.unkept {
            reader.keep()?;
            reader.unkept = false;
        }
        match onward {
            Onward::Page(path) => Ok(Some(Cursor { path, pages: cursor.pages + 1, content: page.content(), ..cursor })),
            Onward::From(at) => Ok(Some(Cursor { fault: cursor.fault, ..self.cursor_from(reader, Some(at)) })),
            Onward::Blocked(fault, from) => {
                if matches!(fault, Error::CutShort { .. }) {
                    reader.counts.cut.inc();
                }
                let fault = cursor.fault.unwrap_or(fault);
                match from {
                    Some(at) => Ok(Some(Cursor { fault: Some(fault), ..self.cursor_from(reader, Some(at)) })),
                    None => self.end(Some(fault)).map(|()| None),
                }
            }
            Onward::End => self.end(cursor.fault).map(|()| None),
        }
    }

    /// The search has come to its end; what it passed over is told.
    fn end(&mut self, fault: Option<Error>) -> Result<(), Error> {
        let (kind, count) = (self.kind, self.seen.end_search());
        let too_many = (count > 0).then_some(Error::TimelessTooMany { kind, count });
        fault.or(too_many).map_or(Ok(()), Err)
    }

    /// Sends what is new. Gives the time of the last resource that has one.
    async fn send_new(
        &mut self,
        reader: &mut Reader<'_>,
        found: Vec<Found<'_>>,
        cursor: &mut Cursor,
        sending: &mut Sending<'_>,
    ) -> Result<Option<i64>, Error> {
        let now = intake::now().0;
        let mut last = None;
        let mut waiting: Option<(u64, Option<Box<Error>>)> = None;
        for (number, found) in found.into_iter().enumerate() {
            let Some(known) = found.known else {
                let name = Name::of(None, found.text);
                if !self.seen.recognises(&name) {
                    unreadable(reader.feed, sending, (self.kind, name), found.text).await?;
                }
                continue;
            };
            // A clock of the server's that is ahead must not move the position over what comes next.
            let at = known.resource.updated.map(|at| at.0.min(now));
            if let Some(at) = at {
                cursor.ordered &= cursor.highest.is_none_or(|highest| highest <= at);
                cursor.highest = cursor.highest.max(Some(at));
                last = Some(at);
            }
            let id = known.resource.message_id(&known.text);
            // One that is ahead of our clock has no time yet: the clock's would be another with every search.
            let name = Name::of(known.resource.updated.map(|at| at.0).filter(|at| *at <= now), &id);
            if self.seen.recognises(&name) {
                reader.counts.known.inc();
                continue;
            }
            let place = format!("{} {} entry {}", reader.source.name, self.kind, number + 1);
            let version = Version { kind: self.kind, focus: &known, message_id: &id, place: &place, name };
            match send(reader, sending, &version).await {
                Ok(()) => {}
                Err(Error::Waiting { source, .. }) => waiting.get_or_insert((0, source)).0 += 1,
                Err(error) => return Err(error),
            }
        }
        // The position stays before those that wait: the page is asked for again.
        match waiting {
            Some((count, source)) => Err(Error::Waiting { kind: self.kind, count, source }),
            None => Ok(last),
        }
    }

    /// Where a search goes on after a page with so many resources, the last one of this time.
    fn onward(
        &self,
        reader: &Reader<'_>,
        page: &Page<'_>,
        cursor: &Cursor,
        (count, last): (u64, Option<i64>),
    ) -> Onward {
        let is_full = count >= u64::from(reader.source.page);
        let more = page.total().map(|total| total > cursor.matches);
        if page.next().is_none() && !is_full && more != Some(true) {
            return Onward::End;
        }
        let last = last.filter(|_| cursor.ordered);
        let moved = |at: i64| cursor.since.is_none_or(|since| millis(at) > millis(since));
        if let Some(at) = last.filter(|at| moved(*at)) {
            return Onward::From(at);
        }
        let fault = match page.next().map(|url| next_page(reader, url, self.kind)) {
            Some(Ok(path)) => {
                let repeats = path == cursor.path || (cursor.content.is_some() && cursor.content == page.content());
                if !repeats && cursor.pages < PAGES_MAX {
                    return Onward::Page(path);
                }
                Error::Circle { kind: self.kind }
            }
            Some(Err(error)) => error,
            // As many as a page holds, and that is all of them.
            None if more == Some(false) || (more.is_none() && self.names_next) => return Onward::End,
            None => Error::CutShort { kind: self.kind, count: cursor.matches, total: page.total() },
        };
        // A server that gives what is earlier than was asked for cannot be led on by time.
        let led = last.filter(|at| cursor.since.is_some_and(|since| millis(*at) == millis(since)));
        Onward::Blocked(fault, led.map(|at| (millis(at) + 1) * 1000))
    }

    /// What was searched for on a page; what goes with it is remembered.
    fn found<'p>(&self, reader: &mut Reader<'_>, page: &Page<'p>) -> Vec<Found<'p>> {
        let mut found = Vec::new();
        for entry in &page.entry {
            let (Some(raw), mode) = (entry.resource, entry.mode()) else { continue };
            let resource = Resource::read(raw.get());
            let matches = match (mode, &resource) {
                (Some(Mode::Match), _) => true,
                (Some(Mode::Include | Mode::Outcome), _) => false,
                (None, Some(resource)) => resource.kind == self.kind.name(),
                (None, None) => true,
            };
            let known = resource.filter(|_| mode != Some(Mode::Outcome)).map(|resource| {
                let known = Known { text: raw.get().into(), resource: resource.into() };
                reader.cache.put(known.resource.reference(), Some(known.clone()));
                known
            });
            if matches {
                found.push(Found { text: raw.get(), known });
            }
        }
        found
    }
}

/// The path of the page that a server names as the next one.
pub(super) fn next_page(reader: &Reader<'_>, url: &str, kind: Type) -> Result<String, Error> {
    let address = reader.client.address();
    address.within(url).ok_or_else(|| Error::Elsewhere { kind, place: address.place() })
}

/// The milliseconds of a time: a search asks by no finer ones.
fn millis(at: i64) -> i64 {
    at.div_euclid(1000)
}

/// A time to ask from, rounded down to milliseconds: what is asked for twice is recognised.
pub(super) fn since_words(at: i64) -> Option<String> {
    let at = jiff::Timestamp::from_microsecond(at).ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// Something that does not say what it is: recorded as it came, for the processor to park.
async fn unreadable(
    feed: &Feed,
    sending: &mut Sending<'_>,
    (kind, name): (Type, Name),
    text: &str,
) -> Result<(), Error> {
    feed.intake.metrics.oddities.of(Oddity::Unreadable).inc();
    let payload = bounded(feed, text.to_owned());
    let arrival = Arrival {
        format: Format::Fhir,
        message_id: "",
        received_at: intake::now(),
        recorded_at: None,
        position: kind.name(),
        payload: payload.as_bytes(),
        partition: feed.router.of_content(payload.as_bytes()),
    };
    sending.send(arrival, name).await?;
    Ok(())
}

/// One version of one resource.
struct Version<'v> {
    kind: Type,
    focus: &'v Known,
    message_id: &'v str,
    /// Where it was found, for the record.
    place: &'v str,
    /// What is remembered of it.
    name: Name,
}

/// Sends one version of one resource with what goes with it.
async fn send(reader: &mut Reader<'_>, sending: &mut Sending<'_>, version: &Version<'_>) -> Result<(), Error> {
    let Version { kind, focus, .. } = *version;
    let resource = &focus.resource;
    let recorded_at = resource.updated;
    let mut entries = vec![(resource.reference(), focus.clone())];
    let patient = match resource.patient(reader.client.address()) {
        Some(patient) if patient != resource.reference() => {
            let known = reader.known(kind, &patient).await?;
            Some((patient, known))
        }
        _ => None,
    };
    let named = patient.as_ref().map(|(reference, known)| (reference.as_str(), known.as_ref()));
    let partition = partition(resource, named, &reader.feed.router);
    entries.extend(patient.and_then(|(reference, known)| Some((reference, known?))));
    let mut surroundings = Surroundings::of(resource, reader.client.address());
    while let Some(reference) = surroundings.next() {
        if let Some(known) = reader.known(kind, &reference).await? {
            surroundings.found(&known.resource, reader.client.address());
            entries.push((reference, known));
        }
    }
    let payload =
        ::fhir::bundle::collection(entries.iter().map(|(reference, known)| (reference.as_str(), &*known.text)));
    let payload = bounded(reader.feed, payload);
    let arrival = Arrival {
        format: Format::Fhir,
        message_id: version.message_id,
        received_at: intake::now(),
        recorded_at,
        position: version.place,
        payload: payload.as_bytes(),
        partition,
    };
    sending.send(arrival, version.name).await?;
    reader.counts.resources.inc();
    Ok(())
}

/// The payload, or what stands for one that is longer than a message may be.
fn bounded(feed: &Feed, payload: String) -> String {
    let (bytes, bytes_max) = (payload.len() as u64, feed.intake.limits.message.as_bytes());
    if bytes <= bytes_max {
        return payload;
    }
    feed.intake.metrics.oddities.of(Oddity::Oversized).inc();
    intake::left_out(bytes, bytes_max)
}

impl Reader<'_> {
    /// How much later than its time says a change may be committed, microseconds.
    pub(super) fn overlap(&self) -> i64 {
        i64::try_from(self.source.overlap.0.as_micros()).unwrap_or(i64::MAX)
    }

    /// Keeps how far everything is stored.
    pub(super) fn keep(&self) -> Result<(), Error> {
        self.state.store(&self.path).map_err(|source| Error::State { path: self.path.clone(), source })
    }

    /// A resource that one of type `kind` refers to, read if it is not remembered; nothing, when the server does not have it,
    /// or has failed to give it so often that it is done without.
    async fn known(&mut self, kind: Type, reference: &str) -> Result<Option<Known>, Error> {
        if let Some(known) = self.cache.get(reference) {
            return Ok(known);
        }
        let known = match self.read_one(kind, reference).await? {
            One::Is(Some(body)) => std::str::from_utf8(&body).ok().and_then(|text| {
                let resource = Resource::read(text).filter(|resource| resource.reference() == reference)?;
                Some(Known { text: text.into(), resource: resource.into() })
            }),
            // One that would not fit beside another is as good as none.
            One::Is(None) | One::IsNot => None,
            One::Fails => {
                self.counts.failed.inc();
                self.cache.put(reference.to_owned(), None);
                return Ok(None);
            }
        };
        if known.is_none() {
            self.counts.missing.inc();
        }
        self.cache.put(reference.to_owned(), known.clone());
        Ok(known)
    }

    /// Whether the server has a resource now. Where it fails to say so, its history holds.
    pub(super) async fn is_there(&mut self, kind: Type, reference: &str) -> Result<bool, Error> {
        Ok(matches!(self.read_one(kind, reference).await?, One::Is(_)))
    }

    /// Reads one resource, for one of type `kind`. A server that fails here while it answers otherwise is asked again in later
    /// rounds, as often as [`Failing`] says.
    async fn read_one(&mut self, kind: Type, reference: &str) -> Result<One, Error> {
        let waits = |source: Option<Error>| Error::Waiting { kind, count: 1, source: source.map(Box::new) };
        match self.failing.before(reference, self.round) {
            Verdict::Later => return Err(waits(None)),
            Verdict::Without { .. } => return Ok(One::Fails),
            Verdict::Ask | Verdict::TooMany => {}
        }
        let path = format!("{}/{reference}", self.client.address().path);
        let named = reference.split('/').next().unwrap_or_default();
        // The name is a word of letters that our own configuration of types has judged, the id is left out.
        let what = format!("a read of one {named}");
        let question = Question { path: &path, what: &what, bytes_max: self.feed.intake.limits.message.as_bytes() };
        self.counts.reads.inc();
        let error = match self.client.ask(&question).await {
            Ok(answer) => {
                self.failing.answered(reference);
                return Ok(match answer {
                    Answer::Found(body) => One::Is(Some(body)),
                    Answer::Missing(_) | Answer::Refused(_) => One::IsNot,
                });
            }
            Err(Error::Oversized { .. }) => return Ok(One::Is(None)),
            Err(error) => error,
        };
        // Neither is said of the resource.
        if matches!(error, Error::Unauthorised { .. } | Error::Busy { status: 429, .. }) {
            return Err(error);
        }
        match self.failing.failed(reference, self.round, Instant::now()) {
            Verdict::Without { first } => {
                if first {
                    let (region, name) = (self.feed.region(), &self.source.name);
                    let text = runtime::exit::chain(&error);
                    tracing::warn!(
                        region,
                        name,
                        "context-failed: a {named} could not be read in {TRIES_MAX} tries, and what refers to it is sent \
                         without it; have the server's operator mend it, then change what refers to it: {text}"
                    );
                }
                Ok(One::Fails)
            }
            // What took its time, or the connection, is not tried for the next resource of the page too.
            Verdict::Later if matches!(error, Error::Failed { .. }) => Err(waits(Some(error))),
            Verdict::Later | Verdict::Ask | Verdict::TooMany => Err(error),
        }
    }
}

/// What was answered to a read of one resource.
enum One {
    /// It is there; its text, unless that is longer than a message may be.
    Is(Option<bytes::Bytes>),
    /// It is not there, or not for us.
    IsNot,
    Fails,
}
