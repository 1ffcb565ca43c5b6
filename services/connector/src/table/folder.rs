//! A folder whose delimited files are sent once each.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::{Checked, Demand};
use super::sender::{Sender, Sent};
use crate::config::Table;
use crate::files::{Error, shown_name};
use crate::folder::{self, Carry, Folder};
use crate::intake::Feed;
use crate::position::Version;

/// Watches a file or folder until shutdown.
pub async fn watch(feed: Arc<Feed>, source: Table) {
    let tables = Tables::of(&source, &feed);
    let folder = Folder {
        path: source.path,
        positions: source.positions,
        poll: source.poll,
        endings: delimited::ENDINGS,
        arrivals: None,
    };
    folder::watch(&feed, folder, tables).await;
}

/// Delimited files.
pub struct Tables {
    demand: Demand,
    /// What the first reading of the last file found, so that a file that Kafka does not take is not read as a whole
    /// before every try.
    known: Option<(PathBuf, Version, Checked)>,
}

impl Tables {
    /// Files as a source's settings demand them.
    pub fn of(source: &Table, feed: &Feed) -> Self {
        Self { demand: Demand::of(source, &feed.intake.limits), known: None }
    }
}

impl Carry for Tables {
    async fn carry(&mut self, feed: &Feed, path: &Path, kept_at: &Path) -> Result<(), Error> {
        let mut sender = Sender::new(feed, path, &self.demand, kept_at)?;
        if sender.done() {
            return Ok(());
        }
        let version = sender.version();
        if let Some((known_path, known_version, checked)) = self.known.take()
            && (known_path.as_path(), known_version) == (path, version)
        {
            sender.know(checked);
        }
        let sent = sender.send(|_| {}).await;
        let file = shown_name(path);
        match &sent {
            Ok(Sent::Whole) => {
                let rows = sender.position().messages;
                tracing::info!(region = feed.region(), %file, rows, "sent {file}: {rows} rows");
            }
            Ok(Sent::LeftOut(left_out)) => {
                let (line, fault) = (left_out.flaw.line, left_out.flaw.fault.code());
                tracing::warn!(region = feed.region(), %file, line, fault, "{left_out}");
            }
            Err(_) => self.known = sender.known().map(|checked| (path.to_owned(), version, checked)),
        }
        sent.map(|_| ())
    }
}
