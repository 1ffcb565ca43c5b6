//! What a server has no longer: a search does not say so, its history does.
//!
//! In: `Type/_history?_since=...`, the latest change first, page by page to its end. Out: a record for each deletion, and
//! nothing else of what a page holds. The position is the time of the latest change that was looked at, and each look begins
//! an overlap before it, as a search does. Where a history begins is noted before its type is read for the first time: what
//! was deleted before that was never sent.
//!
//! A deletion of what is there again is not sent: a void says nothing of what was before it and after it, and would take back
//! the version that is there too.

use ::fhir::Type;
use ::fhir::reference::Address;
use ::fhir::reference::is_id;
use schemas::Format;

use super::bundle::{Entry, Page};
use super::client::{Answer, Question};
use super::error::Error;
use super::resource::instant;
use super::scan::{PAGES_MAX, Reader, next_page, since_words};
use super::seen::{Name, Seen, VERSIONS_MAX};
use super::sending::Sending;
use crate::files::Interrupted;
use crate::intake::{self, Arrival};

/// The look for deletions of one type.
pub(super) struct Deletions {
    kind: Type,
    seen: Seen,
    cursor: Option<Cursor>,
}

struct Cursor {
    path: String,
    pages: u64,
    /// Of the page before this one.
    content: Option<[u8; 32]>,
    changes: u64,
    /// The latest change so far, microseconds since 1970.
    highest: Option<i64>,
}

impl Deletions {
    pub(super) fn new(kind: Type) -> Self {
        Self { kind, seen: Seen::new(VERSIONS_MAX), cursor: None }
    }

    /// Reads up to `pages` pages. Whether there are more. After an error it begins again.
    pub(super) async fn turn(&mut self, reader: &mut Reader<'_>) -> Result<bool, Error> {
        begin(self.kind, reader).await?;
        for _ in 0..reader.source.pages {
            if !reader.feed.intake.wait_open().await {
                return Err(Interrupted::Stopping.into());
            }
            let mut cursor = self.cursor.take().unwrap_or_else(|| self.begin_again(reader));
            let body = ask(self.kind, reader, &cursor.path).await?;
            let page = Page::read(&body).ok_or_else(|| Error::NotUnderstood { what: what(self.kind) })?;
            reader.counts.pages.inc();
            let mut sending = Sending::new(reader.feed);
            let sent = self.send(reader, &page, &mut sending).await;
            let stored = sending.finish().await;
            self.seen.extend(sending.taken());
            sent?;
            stored?;
            let next = page.next().map(|url| next_page(reader, url, self.kind)).transpose()?;
            cursor.changes += page.entry.len() as u64;
            cursor.highest = cursor.highest.max(page.entry.iter().filter_map(changed).max());
            let Some(next) = next else {
                if let Some(highest) = cursor.highest {
                    // A clock of the server's that is ahead must not move the position over what comes next.
                    reader.state.advance_deletions(self.kind, highest.min(intake::now().0));
                    reader.keep()?;
                }
                self.seen.end_search();
                return self.whole(reader, &page, &cursor).map(|()| false);
            };
            let content = page.content();
            let repeats = next == cursor.path || (content.is_some() && content == cursor.content);
            if repeats || cursor.pages >= PAGES_MAX {
                reader.counts.cut.inc();
                return Err(Error::HistoryCircle { kind: self.kind, count: cursor.changes });
            }
            self.cursor = Some(Cursor { path: next, pages: cursor.pages + 1, content, ..cursor });
        }
        Ok(true)
    }

    /// Whether a history that names no next page was given to its end. It begins with the latest, so what is missing cannot
    /// be asked for by time.
    fn whole(&self, reader: &Reader<'_>, page: &Page<'_>, cursor: &Cursor) -> Result<(), Error> {
        let count = cursor.changes;
        match page.total().filter(|total| *total > count) {
            None => Ok(()),
            Some(total) => {
                reader.counts.cut.inc();
                Err(Error::HistoryCutShort { kind: self.kind, count, total })
            }
        }
    }

    fn begin_again(&mut self, reader: &Reader<'_>) -> Cursor {
        let since = reader.state.deletions(self.kind).unwrap_or(0).saturating_sub(reader.overlap());
        self.seen.forget_before(since);
        let mut path = format!("{}/{}/_history?", reader.client.address().path, self.kind);
        if let Some(words) = since_words(since) {
            path.push_str(&format!("_since={words}&"));
        }
        path.push_str(&format!("_count={}", reader.source.page));
        Cursor { path, pages: 0, content: None, changes: 0, highest: None }
    }

    /// Sends the deletions of a page that were not sent before, and hold.
    async fn send(&mut self, reader: &mut Reader<'_>, page: &Page<'_>, sending: &mut Sending<'_>) -> Result<(), Error> {
        for (number, entry) in page.entry.iter().enumerate() {
            let Some((reference, version)) = self.deleted(reader, entry) else { continue };
            let message_id = format!("{reference}@{version}");
            let at = changed(entry);
            let name = Name::of(at, &message_id);
            if self.seen.recognises(&name) {
                reader.counts.known.inc();
                continue;
            }
            if reader.is_there(self.kind, &reference).await? {
                reader.counts.overtaken.inc();
                self.seen.extend([name]);
                continue;
            }
            let payload = ::fhir::bundle::deletion(&reference);
            let arrival = Arrival {
                format: Format::Fhir,
                message_id: &message_id,
                received_at: intake::now(),
                recorded_at: at.map(schemas::Timestamp),
                position: &format!("{} {} history entry {}", reader.source.name, self.kind, number + 1),
                payload: payload.as_bytes(),
                partition: reader.feed.router.of_text(&reference),
            };
            sending.send(arrival, name).await?;
            reader.counts.resources.inc();
        }
        Ok(())
    }

    /// `Type/id` of a deletion, and its version: as the server counts it, else the time of the change.
    fn deleted(&self, reader: &Reader<'_>, entry: &Entry<'_>) -> Option<(String, String)> {
        let url = entry.deleted()?;
        let reference = reader.client.address().reference(url)?;
        (reference.split('/').next() == Some(self.kind.name())).then_some(())?;
        let counted = Address::of(url).and_then(|named| named.version).or_else(|| entry.version());
        let version = counted.filter(|version| is_id(version)).or_else(|| entry.last_modified());
        Some((reference, version.unwrap_or("deleted").to_owned()))
    }
}

/// Notes where the history of a type begins for us, unless that is known.
pub(super) async fn begin(kind: Type, reader: &mut Reader<'_>) -> Result<(), Error> {
    if reader.state.deletions(kind).is_some() {
        return Ok(());
    }
    let at = match reader.source.since {
        Some(since) => since.as_microsecond(),
        None => {
            let path = format!("{}/{kind}/_history?_count=1", reader.client.address().path);
            let body = ask(kind, reader, &path).await?;
            let page = Page::read(&body).ok_or_else(|| Error::NotUnderstood { what: what(kind) })?;
            // A type without any change has its whole history before it.
            page.entry.iter().filter_map(changed).max().unwrap_or(0)
        }
    };
    reader.state.advance_deletions(kind, at.min(intake::now().0));
    reader.keep()
}

async fn ask(kind: Type, reader: &mut Reader<'_>, path: &str) -> Result<bytes::Bytes, Error> {
    let what = what(kind);
    let question = Question { path, what: &what, bytes_max: reader.source.page_size.as_bytes() };
    match reader.client.ask(&question).await? {
        Answer::Found(body) => Ok(body),
        Answer::Missing(error) | Answer::Refused(error) => Err(error),
    }
}

/// What is asked for, for messages.
fn what(kind: Type) -> String {
    format!("the history of {kind}; without it set `deletions = false`")
}

/// When an entry's change was, microseconds since 1970.
fn changed(entry: &Entry<'_>) -> Option<i64> {
    entry.last_modified().and_then(instant).map(|at| at.0)
}
