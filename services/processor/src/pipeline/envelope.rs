//! What every common event of one source record shares.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemas::{
    Correction, CorrectionKind, Envelope, EventIds, Finding, Origin, SCHEMA_VERSION, Sha256, SourceRecord, Timestamp,
};

use super::context::Context;
use super::event_time::Stated;
use crate::verbatim::Guard;

/// Length of a UUID as text.
const EVENT_ID_LENGTH: usize = 36;

/// What is the same for all events of a source record, and the count of those already made.
pub(crate) struct Head<'a> {
    source: &'a SourceRecord<'a>,
    origin: Origin<'a>,
    key_id: &'a str,
    /// As the source wrote it: goes into the event id only.
    message_id: &'a str,
    message_id_shown: Cow<'a, str>,
    digests: Option<Digests>,
    occurred: Timestamp,
    occurred_text: Cow<'a, str>,
    recorded: Option<Timestamp>,
    recorded_text: Option<Cow<'a, str>>,
    made: u32,
    event_id: [u8; EVENT_ID_LENGTH],
}

/// What is digested once, for the first event: nothing of a record that becomes none.
struct Digests {
    content: Sha256,
    ids: EventIds,
}

/// What reading a source record says, before any event is made of it.
pub(crate) struct HeadParts<'a> {
    pub message_id: &'a str,
    pub message_id_shown: Cow<'a, str>,
    pub occurred: Stated<'a>,
    pub recorded: Option<Stated<'a>>,
}

/// Whom an event is about; the default is an event about a unit.
#[derive(Default)]
pub(crate) struct About<'a> {
    pub subject: Option<&'a str>,
    pub aliases: Vec<&'a str>,
    pub protected: bool,
}

impl<'a> Head<'a> {
    pub(crate) fn new<'m: 'a>(context: &Context<'m>, parts: HeadParts<'a>) -> Head<'a> {
        let guard = context.guard;
        Head {
            source: context.source,
            origin: context.origin,
            key_id: &context.region.key_id,
            message_id: parts.message_id,
            message_id_shown: parts.message_id_shown,
            digests: None,
            occurred: parts.occurred.at,
            occurred_text: guard.time_text(parts.occurred.at, parts.occurred.text),
            recorded: parts.recorded.map(|recorded| recorded.at),
            recorded_text: parts
                .recorded
                .filter(|recorded| !recorded.text.is_empty())
                .map(|recorded| guard.time_text(recorded.at, recorded.text)),
            made: 0,
            event_id: [0; EVENT_ID_LENGTH],
        }
    }

    /// Of a row of a table, which has no text of its own for when it was written; the transport knows.
    pub(crate) fn of_row<'m: 'a>(context: &mut Context<'m>, occurred: Stated<'a>) -> Head<'a> {
        let source = context.source;
        let message_id_shown = context.pass(Cow::Borrowed(source.message_id), "message_id");
        let parts = HeadParts { message_id: source.message_id, message_id_shown, occurred, recorded: None };
        Head { recorded: source.recorded_at, ..Head::new(context, parts) }
    }

    /// The source's own word of when it recorded this, where it is better than the transport's.
    pub(crate) fn recorded_by(&mut self, recorded: Stated<'a>, guard: &Guard<'_>) {
        self.recorded = Some(recorded.at);
        self.recorded_text = Some(guard.time_text(recorded.at, recorded.text));
    }

    /// The next event is this one of its record, from 0.
    pub(crate) fn numbered(self, ordinal: u32) -> Head<'a> {
        Head { made: ordinal, ..self }
    }

    /// How many envelopes have been made.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// SHA-256 of the payload.
    pub(crate) fn content_hash(&mut self) -> Sha256 {
        self.digests().content
    }

    fn digests(&mut self) -> &Digests {
        self.digests.get_or_insert_with(|| {
            let content = schemas::content_hash(self.source.payload);
            Digests { content, ids: EventIds::new(self.source.source_system, self.message_id, &content) }
        })
    }

    /// The envelope of the next event.
    pub(crate) fn envelope<'e>(
        &'e mut self,
        event_type: &'e str,
        correction: CorrectionKind,
        about: About<'e>,
        quality: Vec<Finding<'e>>,
    ) -> Envelope<'e> {
        let ordinal = self.made;
        self.made += 1;
        let id = self.digests().ids.of(ordinal);
        id.hyphenated().encode_lower(&mut self.event_id);
        Envelope {
            // `encode_lower` writes ASCII.
            event_id: std::str::from_utf8(&self.event_id).unwrap_or_default(),
            event_type,
            schema_version: SCHEMA_VERSION,
            region: self.source.region,
            source_system: self.source.source_system,
            source_message_id: &self.message_id_shown,
            origin: Origin { ordinal: i32::try_from(ordinal).unwrap_or(i32::MAX), ..self.origin },
            occurred_at: self.occurred,
            occurred_text: &self.occurred_text,
            recorded_at: self.recorded,
            recorded_text: self.recorded_text.as_deref(),
            ingested_at: self.source.received_at,
            correction: Correction { kind: correction, target_event_id: None },
            subject_token: about.subject,
            subject_aliases: about.aliases,
            key_id: about.subject.map(|_| self.key_id),
            protected_identity: about.protected,
            quality,
            extensions: BTreeMap::new(),
        }
    }
}
