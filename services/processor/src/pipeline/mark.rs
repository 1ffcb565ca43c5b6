//! What a record that is refused or parked says all the same of whose identity is protected.
//!
//! The record becomes nothing, but a mark in it is not put off until somebody has mended it: for each person whom it marks, and whose
//! identifiers can be read, one Person event says that the identity is protected and nothing else ([`Person::is_mark`]). It is read
//! leniently and by the steps that any record's person is read by, so that it is under the same pseudonyms.

use std::borrow::Cow;

use delimited::letters::decoded;
use hl7::Message;
use identity::Token;
use schemas::{CorrectionKind, FileFault, Format, Person, Sex};

use super::context::Context;
use super::envelope::{About, Head, HeadParts};
use super::event_time::{self, Stated};
use super::fhir;
use super::person::{self, UPDATE};
use super::sink::Sink;
use super::statement;
use super::subject::Pseudonyms;
use super::{debezium, text, trigger};
use crate::findings::Findings;
use crate::mapping::{Program, Whole};

/// Hands on whom the record marks, and says how many that are. `program` is the package of its feed.
pub(super) fn keep<S: Sink>(mut context: Context<'_>, program: Option<&mut Program>, sink: &mut S) -> u32 {
    let source = context.source;
    let mut odd = Findings::default();
    let reading = context.noting(&mut odd);
    let persons = match source.format {
        Format::Hl7v2 => of_message(reading),
        Format::Delimited => program.and_then(|program| of_row(reading, program)).into_iter().collect(),
        Format::Debezium => program.and_then(|program| of_change(reading, program)).into_iter().collect(),
        Format::Fhir => fhir::marked(reading),
    };
    // Of another kind than the ids of its events, in case the same bytes are read once more by other rules.
    let message_id = format!("{} protected", source.message_id);
    let parts = HeadParts {
        message_id: &message_id,
        message_id_shown: Cow::Borrowed(""),
        occurred: Stated { at: source.received_at, text: "" },
        recorded: None,
    };
    // The first of the record is that it is parked.
    let mut head = Head::new(&context, parts).numbered(1);
    for Pseudonyms { subject, aliases, .. } in persons.iter().filter(|person| person.subject.is_some()) {
        let about = About {
            subject: subject.as_ref().map(Token::as_str),
            aliases: aliases.iter().map(Token::as_str).collect(),
            protected: true,
        };
        sink.event(&Person {
            envelope: head.envelope(Person::MARK, CorrectionKind::Update, about, Vec::new()),
            trigger: UPDATE,
            birth_year: None,
            sex: Sex::Unknown,
            lkf: None,
            dead: None,
            linked_subject_tokens: Vec::new(),
        });
    }
    head.made() - 1
}

/// Every patient of an HL7 message whom it marks.
fn of_message(context: Context<'_>) -> Vec<Pseudonyms> {
    let received_at = context.source.received_at;
    let text = text::of(context.source.payload, context.findings);
    let Ok(message) = Message::parse(&text) else { return Vec::new() };
    let mut marked = message.groups().filter(|group| person::is_protected(group, &context.region.directory)).peekable();
    if marked.peek().is_none() {
        return Vec::new();
    }
    let times = trigger::of(&message, context.findings).and_then(|trigger| {
        event_time::of(&message, trigger, received_at, &mut *context.stockholm, &mut *context.findings)
    });
    let pseudonymising = context.pseudonymising(times.map_or(received_at, |times| times.occurred.at));
    marked.map(|group| pseudonymising.patient(&group, context.findings)).collect()
}

/// The person of a row of a table.
fn of_row(mut context: Context<'_>, program: &mut Program) -> Option<Pseudonyms> {
    let payload = context.source.payload;
    if FileFault::of_payload(payload).is_some() {
        return None;
    }
    let (text, mut unquoted) = (decoded(payload), String::new());
    let slots = program.read(&text, &mut unquoted, Whole::Legible, &mut context.reading()).ok()?;
    statement::Mapping { context, program }.marked(&slots)
}

/// The person of a change of a table: of the row after it, else of the one before.
fn of_change(mut context: Context<'_>, program: &mut Program) -> Option<Pseudonyms> {
    let cells = debezium::legible(context.source.payload, program)?;
    let slots = program.read_named(&cells, Whole::Legible, &mut context.reading()).ok()?;
    statement::Mapping { context, program }.marked(&slots)
}
