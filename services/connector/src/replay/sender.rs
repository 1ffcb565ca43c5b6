//! Sends one file from where it was left.

use std::io;
use std::path::Path;

use hl7::sections::{Cutter, Section};
use schemas::Format;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::files::{Error, Interrupted, Window, shown_name};
use crate::intake::{self, Arrival, Feed};
use crate::message::{self, Read};
use crate::metrics::Oddity;
use crate::position::{Keeper, Position, Version};

const READ_BYTES: usize = 64 << 10;

/// Sends one version of one file, and remembers how far.
pub(crate) struct Sender<'a> {
    feed: &'a Feed,
    path: &'a Path,
    name: String,
    keeper: Keeper,
}

impl<'a> Sender<'a> {
    /// A sender of the file at `path` that keeps its position at `kept_at`.
    pub(crate) fn new(feed: &'a Feed, path: &'a Path, kept_at: &Path) -> Result<Self, Error> {
        let metadata = std::fs::metadata(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let position = Position::load(kept_at, Version::of(&metadata))
            .map_err(|source| Error::Position { path: kept_at.to_owned(), source })?;
        let mut keeper = Keeper::new(kept_at, position);
        if !position.done() {
            // Told before anything is sent, if the position cannot be kept.
            keeper.keep(position)?;
        }
        Ok(Self { feed, path, name: shown_name(path), keeper })
    }

    /// How far the file has been sent.
    pub(crate) fn position(&self) -> Position {
        self.keeper.position()
    }

    /// Sends the rest of the file; `progress` is told how far it is. After an interruption call it again.
    pub(crate) async fn send(&mut self, mut progress: impl FnMut(&Position)) -> Result<(), Error> {
        let failed = |source| Error::Read { path: self.path.to_owned(), source };
        let mut file = File::open(self.path).await.map_err(failed)?;
        let start = self.position();
        file.seek(io::SeekFrom::Start(start.offset)).await.map_err(failed)?;
        let section_bytes_max = usize::try_from(self.feed.intake.limits.message.as_bytes()).unwrap_or(usize::MAX);
        let mut cutter = Cutter::file(start.offset, section_bytes_max);
        let mut window = Window::new(self.feed);
        let mut messages = start.messages;
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let bytes =
                file.read(&mut buffer).await.map_err(|source| Error::Read { path: self.path.to_owned(), source })?;
            match bytes {
                0 => cutter.end(),
                bytes => cutter.push(&buffer[..bytes]),
            }
            while let Some(section) = cutter.cut() {
                if let Some((offset, messages)) = self.section(&section, &mut messages, &mut window).await? {
                    self.keeper.advance(Position { offset, messages, ..start })?;
                    progress(&self.position());
                }
            }
            if bytes == 0 {
                break;
            }
        }
        window.finish().await?;
        self.keeper.keep(Position { offset: start.version.size, messages, ..start })?;
        progress(&self.position());
        Ok(())
    }

    async fn section(
        &self,
        section: &Section,
        messages: &mut u64,
        window: &mut Window<'_, (u64, u64)>,
    ) -> Result<Option<(u64, u64)>, Interrupted> {
        if section.left_out > 0 {
            self.feed.intake.metrics.oddities.of(Oddity::Shortened).inc();
        }
        if section.is_too_long {
            self.feed.intake.metrics.oddities.of(Oddity::Oversized).inc();
            *messages += 1;
            let payload = intake::left_out(section.size, self.feed.intake.limits.message.as_bytes());
            return self.message(payload.as_bytes(), &section.bytes, *messages, section.next, window).await;
        }
        let mut stored = None;
        // Only with the section's last message is everything before `next` stored.
        let mut inside = hl7::batch::messages(&section.bytes).peekable();
        while let Some(payload) = inside.next() {
            *messages += 1;
            let next = if inside.peek().is_none() { section.next } else { self.position().offset };
            stored = self.message(payload, payload, *messages, next, window).await?.or(stored);
        }
        Ok(stored)
    }

    /// Sends `payload`, whose header and patient are read from `bytes`.
    async fn message(
        &self,
        payload: &[u8],
        bytes: &[u8],
        number: u64,
        next: u64,
        window: &mut Window<'_, (u64, u64)>,
    ) -> Result<Option<(u64, u64)>, Interrupted> {
        let received_at = intake::now();
        let text = hl7::decode_text(bytes).text;
        let read = message::read(&text).ok();
        if read.as_ref().is_none_or(|read| read.flaw.is_some()) {
            self.feed.intake.metrics.oddities.of(Oddity::Unreadable).inc();
        }
        let arrival = Arrival {
            format: Format::Hl7v2,
            message_id: read.as_ref().map(|read| read.message.control_id()).unwrap_or_default(),
            received_at,
            recorded_at: None,
            position: &format!("{} message {number}", self.name),
            payload,
            partition: Read::partition(read.as_ref(), &self.feed.router, bytes, received_at),
        };
        window.send(arrival, (next, number)).await
    }
}
