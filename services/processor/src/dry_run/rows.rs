//! A table tried without Kafka: one JSON line per row, by a mapping package.

use std::io::{Read, Write};

use delimited::cutter::Cells;
use delimited::cutter::Cutter;
use delimited::cutter::Fault;
use delimited::letters::Letters;
use delimited::payload::joined;
use schemas::{FileFault, Format, Origin, SourceRecord, Timestamp};

use super::{At, Error, Language, SOURCE_SYSTEM, Summary, Taker, print};
use crate::pipeline::Pipeline;

const READ_BYTES: u64 = 64 * 1024;
/// The longest row, as the connector has it unless it is configured otherwise.
const ROW_BYTES_MAX: usize = 768 * 1024;

pub(super) struct Table<'a> {
    pub(super) region: &'a str,
    pub(super) feed: &'static str,
    pub(super) received_at: Timestamp,
}

impl Table<'_> {
    /// Tries every row; each becomes the payload that the connector would send. What keeps the rest of a file from being cut
    /// into rows becomes the one that stands for the file.
    pub(super) fn run<R: Read, W: Write>(
        &self,
        pipeline: &mut Pipeline,
        mut input: R,
        language: Language,
        output: &mut W,
    ) -> Result<Summary, Error> {
        let mut cutter = Cutter::file(ROW_BYTES_MAX);
        let (mut bytes, mut ended) = (Vec::new(), false);
        let mut header: Option<Header> = None;
        let (mut summary, mut taker) = (Summary::default(), Taker::default());
        loop {
            let (payload, line, is_last) = match cutter.cut() {
                Ok(Some(row)) => match &header {
                    Some(header) => (header.payload(row.cells), row.line, false),
                    None => {
                        header = Some(Header::of(row.cells));
                        continue;
                    }
                },
                Ok(None) if ended => break,
                Ok(None) => {
                    bytes.clear();
                    input.by_ref().take(READ_BYTES).read_to_end(&mut bytes).map_err(Error::Read)?;
                    cutter.push(&bytes);
                    ended = bytes.is_empty();
                    if ended {
                        cutter.end();
                    }
                    continue;
                }
                Err(flaw) => {
                    let fault = match flaw.fault {
                        Fault::QuoteOpen => FileFault::QuoteOpen,
                        Fault::RowOversized => FileFault::RowOversized,
                    };
                    (fault.payload(flaw.line), flaw.line, true)
                }
            };
            taker.events.clear();
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
                seal: None,
            };
            let offset = i64::try_from(summary.messages()).unwrap_or(i64::MAX);
            let origin = Origin { topic: "dry-run", partition: 0, offset, ordinal: 0 };
            let outcome = pipeline.process(&source, origin, &mut taker);
            summary.add(&outcome, pipeline.found());
            print(&mut taker, outcome, None, At::Line(line), language, output)?;
            if is_last {
                break;
            }
        }
        output.flush().map_err(Error::Write)?;
        if summary.messages() == 0 {
            return Err(Error::NoRow);
        }
        if summary.read() == summary.without_column() {
            return Err(Error::NotRows);
        }
        Ok(summary)
    }
}

/// The header line of every payload.
struct Header {
    columns: usize,
    line: String,
}

impl Header {
    fn of(cells: &Cells) -> Self {
        let columns = cells.columns();
        Self { columns, line: text(cells, columns) }
    }

    /// What stands beyond the columns is kept where it says something: the row is then refused.
    fn payload(&self, row: &Cells) -> String {
        let count = if row.go_beyond(self.columns) { row.count() } else { self.columns };
        format!("{}\n{}", self.line, text(row, count))
    }
}

fn text(cells: &Cells, count: usize) -> String {
    let cells: Vec<_> = cells.iter().take(count).map(|cell| Letters::of(cell).cell(cell)).collect();
    joined(&cells)
}
