//! A folder whose HL7 files are sent once each.

use std::path::Path;
use std::sync::Arc;

use super::sender::Sender;
use crate::config::Replay;
use crate::files::{Error, shown_name};
use crate::folder::{self, Carry, Folder};
use crate::intake::Feed;

const ENDINGS: &[&str] = &["hl7", "txt", "dat"];

/// Watches the folder until shutdown.
pub(crate) async fn watch(feed: Arc<Feed>, source: Replay) {
    let folder =
        Folder { path: source.path, positions: source.positions, poll: source.poll, endings: ENDINGS, arrivals: None };
    folder::watch(&feed, folder, Messages).await;
}

/// HL7 files.
struct Messages;

impl Carry for Messages {
    async fn carry(&mut self, feed: &Feed, path: &Path, kept_at: &Path) -> Result<(), Error> {
        let mut sender = Sender::new(feed, path, kept_at)?;
        if sender.position().done() {
            return Ok(());
        }
        sender.send(|_| {}).await?;
        let messages = sender.position().messages;
        let file = shown_name(path);
        tracing::info!(region = feed.region(), %file, messages, "sent {file}: {messages} messages");
        Ok(())
    }
}
