//! Watches capacity files and sends their rows.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemas::{Format, Timestamp};

use super::table::{self, Row, Table};
use crate::config::Capacity;
use crate::files::{Interrupted, Window, shown_name};
use crate::intake::{self, Arrival, Feed};
use crate::metrics::FileTrouble;
use crate::position::Version;
use crate::watch::{Lister, Watch};

/// The message id of every row of one version of a file. Rows have none of their own: their content tells them apart, and
/// the version tells a figure that was changed back from the same file read again.
fn message_id(version: Version) -> String {
    format!("capacity@{}", version.modified)
}

/// Watches a file or folder until shutdown.
pub async fn watch(feed: Arc<Feed>, source: Capacity) {
    let intake = Arc::clone(&feed.intake);
    let mut watch = Watch::default();
    let mut lister = Lister::new(source.path.clone(), delimited::ENDINGS, intake.limits.files);
    while !intake.shutdown.requested() {
        for (path, version) in watch.look(lister.list(&intake.metrics).await) {
            match send(&feed, &path, version).await {
                Ok(Sent::Whole) => watch.take(&path, version),
                // It was written to while it was read; it is ready again when it rests.
                Ok(Sent::Changed) => {}
                Err(Interrupted::Stopping) => return,
                // The file stays ready and the next look sends it again from the start.
                Err(Interrupted::NotStored) => break,
            }
        }
        intake.shutdown.within(source.poll.0).await;
    }
}

enum Sent {
    Whole,
    Changed,
}

enum Found {
    Table(Table),
    Changed,
    Oversized,
}

async fn send(feed: &Feed, path: &Path, version: Version) -> Result<Sent, Interrupted> {
    let metrics = &feed.intake.metrics;
    let name = shown_name(path);
    let bytes_max = feed.intake.limits.capacity_file.as_bytes();
    let found = {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || read(path, version, bytes_max)).await
    };
    let rows = match found {
        Ok(Ok(Found::Table(Table::Rows(rows)))) => rows,
        Ok(Ok(Found::Table(Table::Empty))) => Vec::new(),
        Ok(Ok(Found::Table(Table::Headless(row)))) => {
            metrics.file_troubles.of(FileTrouble::Headless).inc();
            tracing::warn!(region = feed.region(), file = %name, line = row.line, "{name}:{}: no header row; write enhet;giltig_fran;faststallda;disponibla;stangda;skal", row.line);
            vec![row]
        }
        Ok(Ok(Found::Oversized)) => {
            metrics.file_troubles.of(FileTrouble::Oversized).inc();
            tracing::warn!(region = feed.region(), file = %name, "{name} is larger than limits.capacity_file and was not read");
            let payload = intake::left_out(version.size, bytes_max).into_bytes();
            vec![Row { line: 0, unit: String::new(), payload }]
        }
        Ok(Ok(Found::Changed)) => return Ok(Sent::Changed),
        Ok(Err(error)) => {
            metrics.file_troubles.of(FileTrouble::Unreadable).inc();
            tracing::warn!(region = feed.region(), file = %name, %error, "{name} cannot be read: {error}");
            return Ok(Sent::Whole);
        }
        Err(_) => {
            // A panic while reading has been logged with its place; the next change of the file is another try.
            metrics.file_troubles.of(FileTrouble::Unreadable).inc();
            return Ok(Sent::Whole);
        }
    };
    let mut window = Window::new(feed);
    let message_id = message_id(version);
    for row in &rows {
        let arrival = Arrival {
            format: Format::Delimited,
            message_id: &message_id,
            received_at: intake::now(),
            recorded_at: Some(Timestamp(version.modified)),
            position: &format!("{name}:{}", row.line),
            payload: &row.payload,
            partition: if row.unit.is_empty() {
                feed.router.of_content(&row.payload)
            } else {
                feed.router.of_text(&row.unit)
            },
        };
        window.send(arrival, ()).await?;
    }
    window.finish().await?;
    metrics.capacity_rows.inc_by(rows.len() as u64);
    metrics.capacity_files.inc();
    tracing::info!(region = feed.region(), file = %name, rows = rows.len(), "read {name}: {} rows", rows.len());
    Ok(Sent::Whole)
}

fn read(path: PathBuf, version: Version, bytes_max: u64) -> io::Result<Found> {
    if version.size > bytes_max {
        return Ok(Found::Oversized);
    }
    let mut file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    // One byte more than was seen would show that it has grown.
    io::Read::by_ref(&mut file).take(version.size + 1).read_to_end(&mut bytes)?;
    if Version::of(&file.metadata()?) != version || bytes.len() as u64 != version.size {
        return Ok(Found::Changed);
    }
    Ok(Found::Table(table::read(&bytes)))
}
