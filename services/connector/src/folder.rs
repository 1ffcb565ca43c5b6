//! A folder whose files are sent once each, also over restarts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use runtime::config::Period;
use schemas::content_hash;
use tokio::sync::Notify;

use crate::files::{Error, Interrupted};
use crate::intake::Feed;
use crate::metrics::FileTrouble;
use crate::watch::{Lister, Watch};

pub(crate) struct Folder {
    /// The folder, or a single file.
    pub path: PathBuf,
    /// A folder of ours for positions.
    pub positions: PathBuf,
    /// How often it is looked at.
    pub poll: Period,
    /// How the names of its files end.
    pub endings: &'static [&'static str],
    /// Present: a folder of ours, whose files appear whole. Each is told of here and sent at once, and tried until it is.
    pub arrivals: Option<Arc<Notify>>,
}

/// Sends the rest of one file, from the position kept at `kept_at`, and keeps it there; at once when the position says
/// that the file has been sent. Called again after an error, it goes on where it was.
pub(crate) trait Carry {
    fn carry(&mut self, feed: &Feed, path: &Path, kept_at: &Path) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Watches the folder until shutdown. A file's position says whether it has been sent, also after a restart.
pub(crate) async fn watch(feed: &Feed, folder: Folder, mut files: impl Carry) {
    let intake = &feed.intake;
    let ours = folder.arrivals.is_some();
    let mut watch = Watch::default();
    let mut troubled = false;
    let mut lister = Lister::new(folder.path, folder.endings, intake.limits.files);
    while !intake.shutdown.requested() {
        let found = lister.list(&intake.metrics).await;
        let ready = if ours { found } else { watch.look(found) };
        for (path, version) in ready {
            match files.carry(feed, &path, &position_path(&folder.positions, &path)).await {
                Ok(()) => {
                    troubled = false;
                    watch.take(&path, version);
                }
                Err(Error::Interrupted(Interrupted::Stopping)) => return,
                // The file stays ready, and the next look goes on where this one was.
                Err(Error::Interrupted(Interrupted::NotStored)) => break,
                // The next look finds the new version, and takes it when it rests.
                Err(error @ Error::Changed { .. }) => {
                    tracing::info!(region = feed.region(), "{}; its new content is sent when it rests", error);
                }
                Err(error @ Error::Read { .. }) if !ours => {
                    intake.metrics.file_troubles.of(FileTrouble::Unreadable).inc();
                    tracing::warn!(region = feed.region(), "{}", runtime::exit::chain(&error));
                    watch.take(&path, version);
                }
                Err(error @ (Error::Read { .. } | Error::Position { .. } | Error::Spent { .. })) => {
                    // Without its position a file would be sent again for ever: nothing is sent until it can be kept. And a
                    // file of ours that cannot be read is a fault of our disk, not of the file.
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
            () = tokio::time::sleep(folder.poll.0) => {}
            () = arrival(folder.arrivals.as_deref()) => {}
            () = intake.shutdown.wait() => {}
        }
    }
}

/// Waits until a file has appeared; for ever where nobody tells.
async fn arrival(arrivals: Option<&Notify>) {
    match arrivals {
        Some(arrivals) => arrivals.notified().await,
        None => std::future::pending().await,
    }
}

/// Named by a hash, so that the folder of positions repeats no file names.
fn position_path(folder: &Path, file: &Path) -> PathBuf {
    let hash = content_hash(file.as_os_str().as_encoded_bytes()).to_string();
    folder.join(format!("{}.position", &hash[..32]))
}
