//! What the region-zone program can tell of a person: by pseudonym, in counts and times.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::iter;

use access_log::{Action, Filter, Line, Text};
use runtime::shutdown::Shutdown;
use schemas::{Common, DecodeError, Decoder, Held, Node, Subject, Verb, Visitor};

use super::{Before, Known, entry};
use crate::config::Config;
use crate::error::Error;
use crate::protected::subjects;
use crate::records;

/// On which ground it is looked up, where nothing else is said.
const GROUND: &str = "GDPR art. 15";

/// Tells what is known of a person, once the access log has that it was asked for.
///
/// # Errors
/// When the access log cannot have it or be read, or Kafka or the registry does not answer.
pub fn show(
    config: &Config,
    before: &Before,
    (token, earlier): (&String, &Vec<String>),
    shutdown: &Shutdown,
) -> Result<String, Error> {
    let person = before.person(&iter::once(token).chain(earlier).map(String::as_str).collect::<Vec<_>>());
    if let Some(settings) = &config.access_log {
        let ground = Text::new(GROUND).expect("it is a text");
        let asked = entry(config.region.code, token, Action::Read, "all of a person", "subject show", &ground)?;
        settings.open("subject")?.record_blocking(asked)?;
    }
    let mut told = String::from("pseudonyms that are one person, to ask the centre by\n");
    for token in &person {
        let _ = writeln!(told, "  {token}");
    }
    let is_protected = before.protected.pseudonyms().iter().any(|token| person.contains(&**token));
    let _ = writeln!(told, "identity protected: {}", if is_protected { "yes" } else { "no" });
    told.push_str("said of the use of the data\n");
    let mut said: Vec<String> = before.said.of(&person).map(word_text).collect();
    said.sort();
    list(&mut told, &said);
    told.push_str("events in the region's topics of the last 30 days\n");
    let counts = counts(config, &person, shutdown)?;
    list(&mut told, &counts.iter().map(|(subject, count)| format!("{subject}: {count}")).collect::<Vec<_>>());
    told.push_str("who read or entered something, by this program's access log\n");
    list(&mut told, &entries(config, &person)?);
    told.push_str(NOT_SHOWN);
    Ok(told)
}

const NOT_SHOWN: &str = "\
not shown: rows in the source topics (seven days, sealed), what the store holds and the extracts made from it (ask the centre by these
pseudonyms: `access-log show --person`, `sink-register ledger`), and whether a parcel of PAR has the person: it is sealed to its recipient
";

fn list(told: &mut String, lines: &[String]) {
    if lines.is_empty() {
        told.push_str("  nothing\n");
    }
    for line in lines {
        let _ = writeln!(told, "  {line}");
    }
}

/// One thing that was said, with every time that it held.
fn word_text(known: &Known) -> String {
    let day = |at: i64| swedish_time::local(at).strftime("%Y-%m-%d %H:%M").to_string();
    let time = |held: &Held| {
        let until = held.until.map(|until| format!(" until {}", day(until.0))).unwrap_or_default();
        format!("since {}{until}", day(held.since.0))
    };
    let times: Vec<String> = known.held.iter().map(time).collect();
    let times = if known.verb == Verb::Erase { format!("since {}", day(known.stated_at.0)) } else { times.join(", ") };
    let named = format!("{} {}", known.verb.name(), known.scope);
    format!("{}: {times}", named.trim_end())
}

/// How many events of each subject name the person.
fn counts(
    config: &Config,
    person: &BTreeSet<String>,
    shutdown: &Shutdown,
) -> Result<BTreeMap<&'static str, u64>, Error> {
    let subjects: Vec<Subject> = subjects().collect();
    let topics: Vec<String> =
        subjects.iter().map(|subject| topics::name::common(config.region.code, *subject)).collect();
    let mut counts = BTreeMap::new();
    records::each(&config.kafka, &config.registry, &topics, shutdown, |decoder, record| {
        let subject = subjects[record.topic()];
        let names = subject.visit(Names { decoder, record: record.payload(), person });
        if names.map_err(|_| Error::unreadable(&topics[record.topic()], record))? {
            *counts.entry(subject.name()).or_default() += 1;
        }
        Ok(())
    })?;
    Ok(counts)
}

/// Whether an event names a person.
struct Names<'p, 'r> {
    decoder: &'p Decoder,
    record: &'r [u8],
    person: &'p BTreeSet<String>,
}

impl<'r> Visitor<'r> for Names<'_, 'r> {
    type Output = Result<bool, DecodeError>;

    fn visit<E: Common<'r>>(self) -> Self::Output {
        let event: E = self.decoder.decode(self.record)?;
        let envelope = event.envelope();
        let own = envelope.subject_token.into_iter().chain(envelope.subject_aliases.iter().copied());
        let linked = event.nodes().filter_map(|node| if let Node::Person(token) = node { Some(token) } else { None });
        Ok(own.chain(linked).any(|token| self.person.contains(token)))
    }
}

/// Entries about the person in the folders of this program's access log.
fn entries(config: &Config, person: &BTreeSet<String>) -> Result<Vec<String>, Error> {
    let Some(settings) = &config.access_log else { return Ok(vec!["no access log is configured".to_owned()]) };
    let mut lines = Vec::new();
    for writer in ["par", "subject"] {
        let folder = settings.place(writer);
        if !folder.exists() {
            continue;
        }
        access_log::show(&folder, &Filter::default(), |line: &Line| -> Result<(), access_log::Error> {
            if line.person.as_ref().is_some_and(|token| person.contains(token)) {
                lines.push(format!("{} {} {} by {}", line.time, line.action, line.resource, line.user));
            }
            Ok(())
        })?;
    }
    lines.sort();
    Ok(lines)
}
