//! Bytes to records.

mod datum;

use std::io::BufRead;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_avro_fast::de::{DeserializerConfig, DeserializerState, read::SliceRead};

use crate::{Kind, wire};

/// Reads records in the Confluent wire format, by whichever schema version they were written with.
///
/// Text and bytes of the decoded record borrow from the input. A field the writer did not have takes the struct's
/// default, a field the struct does not have is skipped.
#[derive(Default)]
pub struct Decoder {
    /// A handful of schemas at most: a search beats a hash.
    schemas: Vec<(u32, Known)>,
}

struct Known {
    schema: serde_avro_fast::Schema,
    /// The kind whose structs equal it: its current one.
    current: Option<Kind>,
}

/// Why bytes are not a record.
///
/// The deserialiser's own message is not chained: it may quote the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Fewer bytes than magic and id take.
    #[error("record of {length} bytes is shorter than the five of the Confluent header")]
    TooShort {
        /// How many bytes there are.
        length: usize,
    },
    /// The first byte is not zero.
    #[error("record starts with byte {found} in place of the Confluent header's 0")]
    WrongMagic {
        /// The first byte.
        found: u8,
    },
    /// No schema with this id was inserted yet: fetch it and try again.
    #[error("schema id {0} is not known to this decoder")]
    UnknownSchema(u32),
    /// The datum breaks off, or is not of this schema, or the schema is not of this record.
    #[error("datum does not fit schema id {schema_id}")]
    DoesNotFit {
        /// The schema that the record names.
        schema_id: u32,
    },
    /// Bytes are left when the record is complete.
    #[error("{length} bytes follow the datum of schema id {schema_id}")]
    TrailingBytes {
        /// The schema that the record names.
        schema_id: u32,
        /// How many bytes follow.
        length: usize,
    },
}

/// A text that is not an Avro schema.
#[derive(Debug, thiserror::Error)]
#[error("schema id {schema_id} cannot be parsed")]
pub struct InvalidSchema {
    schema_id: u32,
    source: serde_avro_fast::schema::SchemaError,
}

impl Decoder {
    /// A decoder that knows no schema yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A decoder that knows the ids of the development registry, for tests and tools without a registry.
    pub fn development() -> Self {
        let mut decoder = Self::new();
        for kind in Kind::ALL {
            for (version, avsc) in (1..).zip(kind.versions()) {
                decoder
                    .insert(crate::registry::development_id(kind, version), avsc)
                    .expect("our own schemas parse, every test run parses them all");
            }
        }
        decoder
    }

    /// Lets the decoder read what was written with this schema.
    pub fn insert(&mut self, schema_id: u32, avsc: &str) -> Result<(), InvalidSchema> {
        let schema = avsc.parse().map_err(|source| InvalidSchema { schema_id, source })?;
        let inserted = Known { current: current(&schema), schema };
        match self.schemas.iter_mut().find(|(id, _)| *id == schema_id) {
            Some((_, known)) => *known = inserted,
            None => self.schemas.push((schema_id, inserted)),
        }
        Ok(())
    }

    /// Reads one whole record.
    pub fn decode<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T, DecodeError> {
        let Some((&[magic, ref id @ ..], datum)) = bytes.split_first_chunk::<{ wire::HEADER_LENGTH }>() else {
            return Err(DecodeError::TooShort { length: bytes.len() });
        };
        if magic != wire::MAGIC {
            return Err(DecodeError::WrongMagic { found: magic });
        }
        let schema_id = u32::from_be_bytes(*id);
        let Some((_, Known { schema, current })) = self.schemas.iter().find(|(known, _)| *known == schema_id) else {
            return Err(DecodeError::UnknownSchema(schema_id));
        };
        // Nearly every record is of the version that its struct equals.
        if let Some(record) = current.and_then(|kind| datum::read(kind.name(), datum)) {
            return Ok(record);
        }
        let mut config = DeserializerConfig::new(schema);
        // Every element of our arrays and maps takes at least one byte: a longer count is a lie that would cost memory.
        config.max_seq_size = datum.len();
        let mut state = DeserializerState::with_config(SliceRead::new(datum), config);
        let record = T::deserialize(state.deserializer()).map_err(|_| DecodeError::DoesNotFit { schema_id })?;
        match state.into_reader().fill_buf().map_or(0, <[u8]>::len) {
            0 => Ok(record),
            length => Err(DecodeError::TrailingBytes { schema_id, length }),
        }
    }
}

/// The kind whose current schema this is, by what is encoded and not by what is said of it.
fn current(schema: &serde_avro_fast::Schema) -> Option<Kind> {
    static CURRENT: LazyLock<[[u8; 8]; Kind::ALL.len()]> = LazyLock::new(|| {
        let schemas = Kind::ALL.map(|kind| kind.avsc().parse::<serde_avro_fast::Schema>());
        schemas
            .map(|schema| *schema.expect("our own schemas parse, every test run parses them all").rabin_fingerprint())
    });
    Kind::ALL.into_iter().find(|kind| CURRENT[*kind as usize] == *schema.rabin_fingerprint())
}
