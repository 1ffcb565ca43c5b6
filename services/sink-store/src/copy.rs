//! PostgreSQL's binary COPY format.

use bytes::{BufMut, Bytes, BytesMut};

use crate::time::Time;

/// A chunk is sent when it has grown to this: large enough to make calls rare, small enough for the server to start early.
const CHUNK: usize = 64 * 1024;

/// Writes rows and hands them out in chunks.
pub(crate) struct Rows {
    buffer: BytesMut,
    columns: i16,
}

impl Rows {
    /// Rows of so many columns; the header is written first.
    pub(crate) fn new(columns: i16) -> Self {
        let mut buffer = BytesMut::with_capacity(CHUNK + CHUNK / 4);
        buffer.put_slice(b"PGCOPY\n\xff\r\n\0");
        // Flags, length of the header's extension: none.
        buffer.put_i32(0);
        buffer.put_i32(0);
        Self { buffer, columns }
    }

    /// How far the rows have come, for [`Rows::back_to`].
    pub(crate) fn mark(&self) -> usize {
        self.buffer.len()
    }

    /// Takes back what was written since the mark; no chunk may have been taken meanwhile.
    pub(crate) fn back_to(&mut self, mark: usize) {
        self.buffer.truncate(mark);
    }

    /// Starts a row; exactly as many columns must follow.
    pub(crate) fn row(&mut self) {
        self.buffer.put_i16(self.columns);
    }

    /// A chunk, when enough rows are there for one.
    pub(crate) fn chunk(&mut self) -> Option<Bytes> {
        if self.buffer.len() < CHUNK {
            return None;
        }
        let chunk = self.buffer.split().freeze();
        self.buffer.reserve(CHUNK + CHUNK / 4);
        Some(chunk)
    }

    /// What is left, with the end of the data.
    pub(crate) fn end(&mut self) -> Bytes {
        self.buffer.put_i16(-1);
        self.buffer.split().freeze()
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        // A Kafka record is far below 2 GiB, as PostgreSQL's own limit is.
        self.buffer.put_i32(i32::try_from(value.len()).unwrap_or(i32::MAX));
        self.buffer.put_slice(value);
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    pub(crate) fn text_option(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    pub(crate) fn int4(&mut self, value: i32) {
        self.buffer.put_i32(4);
        self.buffer.put_i32(value);
    }

    pub(crate) fn int8(&mut self, value: i64) {
        self.buffer.put_i32(8);
        self.buffer.put_i64(value);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.buffer.put_i32(1);
        self.buffer.put_u8(u8::from(value));
    }

    pub(crate) fn time(&mut self, value: Time) {
        self.int8(value.raw());
    }

    pub(crate) fn time_option(&mut self, value: Option<Time>) {
        match value {
            Some(value) => self.time(value),
            None => self.null(),
        }
    }

    pub(crate) fn null(&mut self) {
        self.buffer.put_i32(-1);
    }
}
