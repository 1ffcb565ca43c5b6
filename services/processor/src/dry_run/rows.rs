//! A table tried without Kafka: one JSON line per row, by a mapping package.

use std::io::{BufReader, Read, Write};

use schemas::{Format, Origin, SourceRecord, Timestamp};

use super::{At, Error, Language, SOURCE_SYSTEM, Summary, Taker, print};
use crate::pipeline::Pipeline;

/// Bytes of the first line that are looked at for the separator.
const READ_BYTES: usize = 64 * 1024;

/// Which table.
pub(super) struct Table<'a> {
    pub(super) region: &'a str,
    pub(super) feed: &'static str,
    pub(super) received_at: Timestamp,
}

impl Table<'_> {
    /// Tries every row; each becomes the payload that the connector would send.
    pub(super) fn run<R: Read, W: Write>(
        &self,
        pipeline: &mut Pipeline,
        input: R,
        language: Language,
        output: &mut W,
    ) -> Result<Summary, Error> {
        let mut input = BufReader::with_capacity(READ_BYTES, input);
        let start = std::io::BufRead::fill_buf(&mut input).map_err(Error::Read)?;
        let marked = start.starts_with(b"\xEF\xBB\xBF");
        let first = start.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.trim_ascii().is_empty());
        let count = |separator: &u8| first.unwrap_or_default().iter().filter(|byte| *byte == separator).count();
        let separator = [b',', b'\t', b';'].into_iter().max_by_key(count).unwrap_or(b';');
        if marked {
            std::io::BufRead::consume(&mut input, 3);
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(input);
        let mut record = csv::ByteRecord::new();
        let mut header: Option<String> = None;
        let (mut summary, mut taker) = (Summary::default(), Taker::default());
        loop {
            let more = reader.read_byte_record(&mut record).map_err(|error| Error::Read(error.into()))?;
            if !more {
                break;
            }
            let cells = joined(&record);
            let Some(header) = &header else {
                // Spreadsheets may write their separator on a line of its own before the header.
                if !cells.to_ascii_lowercase().starts_with("sep=") {
                    header = Some(cells);
                }
                continue;
            };
            let line = record.position().map_or(0, csv::Position::line);
            taker.events.clear();
            let payload = format!("{header}\n{cells}");
            let source = SourceRecord {
                region: self.region,
                source_system: SOURCE_SYSTEM,
                feed: self.feed,
                format: Format::Delimited,
                message_id: "",
                received_at: self.received_at,
                recorded_at: None,
                source_position: "",
                payload: payload.as_bytes(),
            };
            let offset = i64::try_from(summary.messages()).unwrap_or(i64::MAX);
            let origin = Origin { topic: "dry-run", partition: 0, offset, ordinal: 0 };
            let outcome = pipeline.process(&source, origin, &mut taker);
            summary.add(&outcome, pipeline.found());
            print(&mut taker, outcome, None, At::Line(line), language, output)?;
        }
        output.flush().map_err(Error::Write)?;
        if summary.messages() == 0 {
            return Err(Error::NoRow);
        }
        Ok(summary)
    }
}

/// Cells joined with `;` and quoted where they must be, in UTF-8: ISO 8859-1 when they are not.
fn joined(record: &csv::ByteRecord) -> String {
    let cells = record.iter().map(|cell| {
        let text = match std::str::from_utf8(cell) {
            Ok(text) => text.replace("\r\n", " ").replace(['\r', '\n'], " "),
            Err(_) => cell.iter().map(|byte| char::from(*byte)).collect(),
        };
        if text.contains([';', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    });
    cells.collect::<Vec<_>>().join(";")
}
