//! The values of one column of a row group, with the levels by which Parquet tells missing values and lists.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::SerializedColumnWriter;
use parquet::schema::types::{Type, TypePtr};

/// What a column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// UTF-8.
    Text,
    /// Bytes as they are.
    Bytes,
    /// Yes or no.
    Flag,
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 64 bits.
    Long,
    /// Microseconds since 1970, UTC.
    Instant,
    /// What a clock on the wall shows, as microseconds since 1970 began by that clock.
    WallTime,
    /// Days since 1970.
    Date,
    /// A number with so many decimals, times ten to their power.
    Decimal(i32),
}

impl Kind {
    fn physical(self) -> Physical {
        match self {
            Kind::Text | Kind::Bytes => Physical::BYTE_ARRAY,
            Kind::Flag => Physical::BOOLEAN,
            Kind::Int | Kind::Date => Physical::INT32,
            Kind::Long | Kind::Instant | Kind::WallTime | Kind::Decimal(_) => Physical::INT64,
        }
    }

    fn logical(self) -> Option<LogicalType> {
        let time = |utc| LogicalType::timestamp(utc, TimeUnit::MICROS);
        match self {
            Kind::Bytes | Kind::Flag | Kind::Int | Kind::Long => None,
            Kind::Text => Some(LogicalType::String),
            Kind::Instant => Some(time(true)),
            Kind::WallTime => Some(time(false)),
            Kind::Date => Some(LogicalType::Date),
            Kind::Decimal(scale) => Some(LogicalType::decimal(scale, DECIMAL_DIGITS)),
        }
    }

    /// A field of a schema.
    pub(crate) fn field(self, name: &str, repetition: Repetition) -> TypePtr {
        let mut field = Type::primitive_type_builder(name, self.physical())
            .with_repetition(repetition)
            .with_logical_type(self.logical());
        if let Kind::Decimal(scale) = self {
            field = field.with_precision(DECIMAL_DIGITS).with_scale(scale);
        }
        Arc::new(field.build().expect("kinds are types of the format"))
    }
}

/// Digits that 64 bits always hold.
const DECIMAL_DIGITS: i32 = 18;

enum Values {
    Flags(Vec<bool>),
    Ints(Vec<i32>),
    Longs(Vec<i64>),
    /// One piece of memory for all of them: a value is where it ends.
    Bytes(Vec<u8>, Vec<usize>),
}

/// A column of the row group that is being filled.
pub(crate) struct Leaf {
    values: Values,
    /// Level at which a value is there.
    defined: i16,
    /// Lists that the column lies in: 0 or 1.
    repeated: i16,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

impl Leaf {
    /// A column whose values are there at definition level `defined`, inside of `repeated` lists.
    pub(crate) fn new(kind: Kind, defined: i16, repeated: i16) -> Self {
        let values = match kind.physical() {
            Physical::BOOLEAN => Values::Flags(Vec::new()),
            Physical::INT32 => Values::Ints(Vec::new()),
            Physical::INT64 => Values::Longs(Vec::new()),
            _ => Values::Bytes(Vec::new(), Vec::new()),
        };
        Self { values, defined, repeated, definitions: Vec::new(), repetitions: Vec::new() }
    }

    fn level(&mut self, definition: i16, repetition: i16) {
        if self.defined > 0 {
            self.definitions.push(definition);
        }
        if self.repeated > 0 {
            self.repetitions.push(repetition);
        }
    }

    /// Whether there may be nothing, where this much is known.
    pub(crate) fn is_optional(&self, definition: i16) -> bool {
        definition < self.defined
    }

    /// Nothing, which is known from this definition level on.
    pub(crate) fn push_null(&mut self, definition: i16, repetition: i16) {
        assert!(definition < self.defined, "a required column has a value in every row");
        self.level(definition, repetition);
    }

    pub(crate) fn push_flag(&mut self, value: bool, repetition: i16) {
        let Values::Flags(values) = &mut self.values else { unreachable!("a flag in a column of flags") };
        values.push(value);
        self.level(self.defined, repetition);
    }

    /// A number of 32 bits, or a date.
    pub(crate) fn push_int(&mut self, value: i32, repetition: i16) {
        let Values::Ints(values) = &mut self.values else { unreachable!("a number in a column of such numbers") };
        values.push(value);
        self.level(self.defined, repetition);
    }

    /// A number of 64 bits, a time or an amount.
    pub(crate) fn push_long(&mut self, value: i64, repetition: i16) {
        let Values::Longs(values) = &mut self.values else { unreachable!("a number in a column of such numbers") };
        values.push(value);
        self.level(self.defined, repetition);
    }

    pub(crate) fn push_text(&mut self, value: &str, repetition: i16) {
        self.push_bytes(value.as_bytes(), repetition);
    }

    /// Bytes.
    pub(crate) fn push_bytes(&mut self, value: &[u8], repetition: i16) {
        let Values::Bytes(bytes, ends) = &mut self.values else { unreachable!("a text in a column of texts") };
        bytes.extend_from_slice(value);
        ends.push(bytes.len());
        self.level(self.defined, repetition);
    }

    /// The text or bytes that were added last.
    pub(crate) fn last_bytes(&self) -> &[u8] {
        let Values::Bytes(bytes, ends) = &self.values else { unreachable!("a text in a column of texts") };
        let begin = ends.len().checked_sub(2).map_or(0, |before| ends[before]);
        &bytes[begin..]
    }

    /// What was added last, as text; empty when that was nothing. Of a column that lies in no list.
    pub(crate) fn last_text(&self) -> Cow<'_, str> {
        if !self.has_last() {
            return Cow::Borrowed("");
        }
        match &self.values {
            Values::Flags(values) => values.last().map(bool::to_string).unwrap_or_default().into(),
            Values::Ints(values) => values.last().map(i32::to_string).unwrap_or_default().into(),
            Values::Longs(values) => values.last().map(i64::to_string).unwrap_or_default().into(),
            Values::Bytes(..) => String::from_utf8_lossy(self.last_bytes()),
        }
    }

    /// The number that was added last; nothing when that was nothing.
    pub(crate) fn last_long(&self) -> Option<i64> {
        let Values::Longs(values) = &self.values else { return None };
        values.last().copied().filter(|_| self.has_last())
    }

    /// The flag that was added last; nothing when that was nothing.
    pub(crate) fn last_flag(&self) -> Option<bool> {
        let Values::Flags(values) = &self.values else { return None };
        values.last().copied().filter(|_| self.has_last())
    }

    fn has_last(&self) -> bool {
        self.defined == 0 || self.definitions.last() == Some(&self.defined)
    }

    /// Makes nothing of the number that was added last, which is known from this definition level on.
    pub(crate) fn take_back(&mut self, definition: i16) {
        assert!(definition < self.defined, "a required column has a value in every row");
        if !self.has_last() {
            return;
        }
        if let (Values::Longs(values), Some(last)) = (&mut self.values, self.definitions.last_mut()) {
            values.pop();
            *last = definition;
        }
    }

    /// What the values take in memory, roughly.
    pub(crate) fn bytes(&self) -> usize {
        let values = match &self.values {
            Values::Flags(values) => values.len(),
            Values::Ints(values) => values.len() * 4,
            Values::Longs(values) => values.len() * 8,
            Values::Bytes(bytes, ends) => bytes.len() + ends.len() * 8,
        };
        values + (self.definitions.len() + self.repetitions.len()) * 2
    }

    /// Gives the values to a row group, and is empty again.
    pub(crate) fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<()> {
        let definitions = (self.defined > 0).then_some(self.definitions.as_slice());
        let repetitions = (self.repeated > 0).then_some(self.repetitions.as_slice());
        match &mut self.values {
            Values::Flags(values) => {
                column.typed::<BoolType>().write_batch(values, definitions, repetitions)?;
                values.clear();
            }
            Values::Ints(values) => {
                column.typed::<Int32Type>().write_batch(values, definitions, repetitions)?;
                values.clear();
            }
            Values::Longs(values) => {
                column.typed::<Int64Type>().write_batch(values, definitions, repetitions)?;
                values.clear();
            }
            Values::Bytes(bytes, ends) => {
                let all = Bytes::from(std::mem::take(bytes));
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let values: Vec<ByteArray> =
                    starts.zip(ends.iter()).map(|(start, end)| ByteArray::from(all.slice(start..*end))).collect();
                column.typed::<ByteArrayType>().write_batch(&values, definitions, repetitions)?;
                ends.clear();
            }
        }
        self.definitions.clear();
        self.repetitions.clear();
        Ok(())
    }
}
