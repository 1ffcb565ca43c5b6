//! Doors to readers that are private, for `make fuzz` alone.

use ::debezium::content::Content;

use crate::debezium::avro::Schema;
use crate::debezium::change::{self, Sent, Topic};
use crate::debezium::written::Written;
use crate::fhir::bundle::{self, Page};
use crate::fhir::resource::{self, Resource};

/// Key and value of a message of a Debezium topic.
pub fn debezium(key: &[u8], value: &[u8]) {
    let sent = Sent { key: Some(Content::of(key)), value: Some(Content::of(value)), at: None };
    for flattened in [None, Some("__")] {
        let topic = Topic { order: Some("id"), flattened, ..Topic::default() };
        let mut written = Written::default();
        let _ = change::read(sent, topic, &mut written);
        // With what the first has taught.
        let _ = change::read(sent, topic, &mut written);
    }
}

/// A schema of a registry, and a datum of it.
pub fn avro(schema: &str, datum: &[u8]) {
    let _ = Schema::parse(schema).map(|schema| schema.json(datum));
}

/// An answer of a FHIR server.
pub fn fhir(body: &[u8]) {
    let _ = bundle::issues(body);
    if let Some(page) = Page::read(body) {
        let _ = (page.total(), page.content(), page.next());
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = resource::instant(text);
        let _ = Resource::read(text).map(|read| (read.reference(), read.message_id(text)));
    }
}
