//! Records to bytes.

mod datum;

use self::datum::Datum;
use crate::{Kind, Record, wire};

/// Writes records of one kind in the Confluent wire format.
///
/// A record costs no allocation once the output has grown.
pub struct Encoder {
    kind: Kind,
    header: [u8; wire::HEADER_LENGTH],
}

/// Why a record could not be written.
///
/// The serialiser's own message is not chained: it may quote the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The encoder was made for another kind.
    #[error("encoder for {encoder:?} was given a {record:?}")]
    WrongKind {
        /// What the encoder writes.
        encoder: Kind,
        /// What it was given.
        record: Kind,
    },
    /// It holds a type that no schema of ours has, which a test of this crate excludes for our own records.
    #[error("{kind:?} does not fit its Avro schema")]
    DoesNotFit {
        /// The kind of the record.
        kind: Kind,
    },
}

impl Encoder {
    /// An encoder for one kind; `schema_id` is what the registry answered for the topic and [`Kind::avsc`].
    pub fn new(kind: Kind, schema_id: u32) -> Self {
        Self { kind, header: wire::header(schema_id) }
    }

    /// The kind that this encoder writes.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Appends the record to `out`; on an error `out` is as it was.
    pub fn encode<R: Record>(&mut self, record: &R, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if R::KIND != self.kind {
            return Err(EncodeError::WrongKind { encoder: self.kind, record: R::KIND });
        }
        let start = out.len();
        out.extend_from_slice(&self.header);
        record.serialize(Datum::new(out)).map_err(|_| {
            out.truncate(start);
            EncodeError::DoesNotFit { kind: self.kind }
        })
    }
}
