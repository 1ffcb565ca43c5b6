//! A folder whose HL7 files are sent once each.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemas::content_hash;

use super::sender::{Error, Sender};
use crate::config::Replay;
use crate::files::{Interrupted, shown_name};
use crate::intake::Feed;
use crate::metrics::FileTrouble;
use crate::watch::{Lister, Watch};

const ENDINGS: &[&str] = &["hl7", "txt", "dat"];

/// Watches the folder until shutdown. A file's position says whether it has been sent, also after a restart.
pub async fn watch(feed: Arc<Feed>, source: Replay) {
    let intake = Arc::clone(&feed.intake);
    let mut watch = Watch::default();
    let mut troubled = false;
    let mut lister = Lister::new(source.path.clone(), ENDINGS, intake.limits.files);
    while !intake.shutdown.requested() {
        for (path, version) in watch.look(lister.list(&intake.metrics).await) {
            match send(&feed, &path, &position_path(&source.positions, &path)).await {
                Ok(()) => {
                    troubled = false;
                    watch.take(&path, version);
                }
                Err(Error::Interrupted(Interrupted::Stopping)) => return,
                // The file stays ready, and the next look goes on where this one was.
                Err(Error::Interrupted(Interrupted::NotStored)) => break,
                Err(error @ Error::Read { .. }) => {
                    intake.metrics.file_troubles.of(FileTrouble::Unreadable).inc();
                    tracing::warn!(region = feed.region(), "{}", runtime::exit::chain(&error));
                    watch.take(&path, version);
                }
                Err(error @ Error::Position { .. }) => {
                    // Without its position a file would be sent again for ever: nothing is sent until it can be kept.
                    if !troubled {
                        intake.metrics.file_troubles.of(FileTrouble::Unreadable).inc();
                        tracing::error!(region = feed.region(), "{}", runtime::exit::chain(&error));
                    }
                    troubled = true;
                    break;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(source.poll.0) => {}
            () = intake.shutdown.wait() => {}
        }
    }
}

async fn send(feed: &Feed, path: &Path, kept_at: &Path) -> Result<(), Error> {
    let mut sender = Sender::new(feed, path, kept_at)?;
    let before = sender.position();
    if before.done() {
        return Ok(());
    }
    sender.send(|_| {}).await?;
    let messages = sender.position().messages;
    let file = shown_name(path);
    tracing::info!(region = feed.region(), %file, messages, "sent {file}: {messages} messages");
    Ok(())
}

/// Named by a hash, so that the folder of positions repeats no file names.
fn position_path(folder: &Path, file: &Path) -> PathBuf {
    let hash = content_hash(file.as_os_str().as_encoded_bytes()).to_string();
    folder.join(format!("{}.position", &hash[..32]))
}
