//! Tries a file of messages without Kafka: what becomes of each, or who lies where after all of them.
//!
//! Goes in: a file or a pipe of HL7 v2 messages, or of FHIR resources. Comes out: one JSON line per message, or the
//! census; a summary for people on the other stream. It runs in the region's zone and still prints no identifier: the
//! pipeline's guard holds here too, and pseudonyms are printed as numbers ([`shown`]).

mod census;
mod resources;
mod rows;
pub mod shown;
mod summary;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;

use hl7::sections::Cutter;
use schemas::{Common, Event, Format, Origin, Parked, ParkedFate, SourceRecord, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::code_lists::CodeLists;
use crate::directory::Directory;
use crate::made_up;
use crate::mapping::Program;
use crate::pipeline::{Outcome, Pipeline, Settings, Sink};
use crate::rules::{Rule, Text};
use census::Census;
use shown::Names;
pub use summary::Summary;

/// What stands for the sending system's HSA-id when a file is tried out.
const SOURCE_SYSTEM: &str = "dry-run";

/// Bytes read at a time.
const READ_BYTES: usize = 256 << 10;

/// In which language meanings and remedies are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Swedish.
    Sv,
    /// English.
    En,
}

impl Language {
    /// The text in this language.
    pub fn of(self, text: &Text) -> &'static str {
        match self {
            Language::Sv => text.sv,
            Language::En => text.en,
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Input {
    /// HL7 v2 messages.
    Hl7,
    /// A FHIR R4 Bundle, or a resource per line.
    Fhir,
}

/// What to try.
pub struct Options {
    /// Länskod.
    pub region: String,
    /// The region's unit directory.
    pub directory: Directory,
    /// The mapping package, when the file is a table.
    pub program: Option<Program>,
    /// In place of the shipped code lists.
    pub code_lists: Option<CodeLists>,
    /// What the file holds; `None` looks at its first character.
    pub format: Option<Input>,
    /// Print the open stays instead of the messages.
    pub census: bool,
    /// Print all stays instead, ended ones too.
    pub stays: bool,
    /// Language of meanings and remedies.
    pub language: Language,
    /// Now: what is recorded later than this is a finding.
    pub received_at: Timestamp,
}

/// Why a try failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input cannot be read.
    #[error("read the messages")]
    Read(#[source] io::Error),
    /// The output cannot be written.
    #[error("write the result")]
    Write(#[source] io::Error),
    /// The input holds nothing.
    #[error("the file holds no message: it is empty or only blank lines")]
    Empty,
    /// The table holds nothing.
    #[error("the file holds no row: it needs a header line and rows below it")]
    NoRow,
    /// The table is not one of this package.
    #[error(
        "no row of the file can be read by this package: `processor mapping explain` with the package's name lists its columns"
    )]
    NotRows,
    /// The input holds no HL7.
    #[error("nothing in the file is an HL7 v2 message: each must begin with MSH and its separators, as in MSH|^~\\&|")]
    NotHl7,
    /// The input holds no FHIR.
    #[error("nothing in the file is a FHIR resource: give a Bundle in JSON, or one resource per line")]
    NotFhir,
    /// The input is longer than can be held.
    #[error("the file is longer than {} MiB: cut it into shorter ones", resources::FILE_BYTES_MAX >> 20)]
    TooLong,
    /// The region cannot be used.
    #[error("cannot try this region")]
    Region(#[from] identity::PseudonymError),
}

/// One printed line.
#[derive(Serialize)]
struct Line<'a> {
    /// Number of the message in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<u64>,
    /// Line of the row in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    fate: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    events: &'a [Value],
}

/// Tries everything in `input`; lines go to `output`.
pub fn run<R: Read, W: Write>(options: Options, input: R, output: &mut W) -> Result<Summary, Error> {
    let feed = options.program.as_ref().map(Program::feed);
    let mut pipeline = Pipeline::new(Settings {
        region: options.region.clone(),
        key: made_up::key(),
        key_id: "v0".to_owned(),
        directory: options.directory,
        programs: options.program.into_iter().collect(),
        interim: false,
    })?;
    if let Some(lists) = options.code_lists {
        pipeline = pipeline.with_code_lists(Arc::new(lists));
    }
    if let Some(feed) = feed {
        let table = rows::Table { region: &options.region, feed, received_at: options.received_at };
        return table.run(&mut pipeline, input, options.language, output);
    }
    let mut summary = Summary::default();
    let mut taker =
        Taker { census: (options.census || options.stays).then(|| Census::of(options.stays)), ..Taker::default() };
    let mut input = BufReader::with_capacity(READ_BYTES, input);
    let is_fhir = match options.format {
        Some(format) => format == Input::Fhir,
        None => resources::is_json(&mut input).map_err(Error::Read)?,
    };
    if is_fhir {
        let (region, received_at, language) = (options.region.as_str(), options.received_at, options.language);
        let file = resources::Resources { region, received_at, language };
        summary = file.run(&mut pipeline, input, &mut taker, output)?;
        return finish(summary, &taker, Error::NotFhir, output);
    }
    let mut cutter = Cutter::file(0, hl7::MESSAGE_BYTES_MAX);
    let mut ended = false;
    while !ended {
        let read = input.fill_buf();
        let bytes = match read {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(Error::Read)?,
        };
        ended = bytes.is_empty();
        if ended {
            cutter.end();
        }
        cutter.push(bytes);
        let taken = bytes.len();
        input.consume(taken);
        while let Some(section) = cutter.cut() {
            let left_out = section
                .is_too_long
                .then(|| hl7::shorten::left_out(section.size, hl7::MESSAGE_BYTES_MAX as u64).into_bytes());
            for payload in hl7::batch::messages(left_out.as_ref().unwrap_or(&section.bytes)) {
                taker.events.clear();
                let source = SourceRecord {
                    region: &options.region,
                    source_system: SOURCE_SYSTEM,
                    feed: "adt",
                    format: Format::Hl7v2,
                    message_id: "",
                    received_at: options.received_at,
                    recorded_at: None,
                    source_position: "",
                    payload,
                    seal: None,
                };
                let offset = i64::try_from(summary.messages()).unwrap_or(i64::MAX);
                let origin = Origin { topic: "dry-run", partition: 0, offset, ordinal: 0 };
                let outcome = pipeline.process(&source, origin, &mut taker);
                summary.add(&outcome, pipeline.found());
                if taker.census.is_none() {
                    let message_id = pipeline.message_id(payload);
                    print(&mut taker, outcome, message_id, At::Message(summary.messages()), options.language, output)?;
                }
            }
        }
    }
    finish(summary, &taker, Error::NotHl7, output)
}

/// Writes the census, if that is what was asked for; a file of which nothing could be read is an error.
fn finish<W: Write>(mut summary: Summary, taker: &Taker, unread: Error, output: &mut W) -> Result<Summary, Error> {
    if summary.messages() == 0 {
        return Err(Error::Empty);
    }
    if let Some(census) = &taker.census {
        let (lines, findings) = census.lines();
        for line in lines {
            writeln!(output, "{line}").map_err(Error::Write)?;
        }
        summary.add_timeline(&findings);
    }
    output.flush().map_err(Error::Write)?;
    if summary.read() == 0 {
        return Err(unread);
    }
    Ok(summary)
}

/// Where in the file.
#[derive(Clone, Copy)]
enum At {
    Message(u64),
    Line(u64),
}

fn print<W: Write>(
    taker: &mut Taker,
    outcome: Outcome,
    message_id: Option<String>,
    at: At,
    language: Language,
    output: &mut W,
) -> Result<(), Error> {
    let package = match outcome {
        Outcome::Rejected(rejection) => rejection.package,
        Outcome::Mapped(_) | Outcome::Ignored(_) => None,
    };
    let (fate, rule, field) = match outcome {
        Outcome::Mapped(_) => ("mapped", None, None),
        Outcome::Ignored(rule) => ("ignored", Some(rule), None),
        Outcome::Rejected(rejection) => match rejection.fate() {
            ParkedFate::Refused => ("refused", Some(rejection.rule), rejection.field),
            ParkedFate::Parked => ("parked", Some(rejection.rule), rejection.field),
        },
    };
    let entry = rule.map(Rule::entry);
    let line = Line {
        message: if let At::Message(number) = at { Some(number) } else { None },
        line: if let At::Line(number) = at { Some(number) } else { None },
        message_id: message_id.map(|id| taker.names.shown(&id).unwrap_or(id)),
        fate,
        rule: package.map(|package| package.code).or(rule.map(Rule::code)),
        field,
        meaning: entry.map(|entry| language.of(&entry.meaning)),
        remedy: package.map(|package| package.remedy).or(entry.map(|entry| language.of(&entry.remedy))),
        events: &taker.events,
    };
    serde_json::to_writer(&mut *output, &line).map_err(|error| Error::Write(error.into()))?;
    output.write_all(b"\n").map_err(Error::Write)
}

/// Takes the pipeline's output: as JSON, or for the census.
#[derive(Default)]
struct Taker {
    names: Names,
    events: Vec<Value>,
    census: Option<Census>,
}

impl Sink for Taker {
    fn event<'e, E: Common<'e>>(&mut self, event: &E) {
        match (&mut self.census, event.event()) {
            (Some(census), Event::Encounter(encounter)) => census.add(encounter),
            (Some(_), _) => {}
            (None, _) => self.events.push(self.names.event(event)),
        }
    }

    fn parked(&mut self, _: &Parked<'_>) {
        // The outcome says it all.
    }
}
