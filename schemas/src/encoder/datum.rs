//! A record straight to the bytes of its Avro datum.
//!
//! A record's struct equals its schema: the same fields in the same order, enums in the order of their symbols, and every union is
//! null or a value. So while a record is written nothing of its schema need be looked at: no field is found by its name, and no
//! symbol by its text. That struct and schema are equal, and that the bytes are those of `apache-avro`, is held by tests.

use std::fmt;

use serde::ser::{Error, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

/// Where null and a value stand in a union.
const NULL: u8 = 0;
const VALUE: u8 = 1 << 1;

/// Appends a datum.
pub(super) struct Datum<'o> {
    out: &'o mut Vec<u8>,
    /// Whether bytes have the length that the schema says, and so none of their own.
    is_fixed: bool,
}

/// The value is of a type that no schema of ours has.
#[derive(Debug)]
pub(super) struct Unknown;

impl<'o> Datum<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, is_fixed: false }
    }

    fn again(&mut self) -> Datum<'_> {
        Datum { out: self.out, is_fixed: self.is_fixed }
    }

    /// A number in zigzag and pieces of seven bits, least first.
    #[inline]
    fn long(&mut self, value: i64) {
        let mut rest = ((value << 1) ^ (value >> 63)) as u64;
        // Lengths and places of symbols, nearly always.
        if rest < 0x80 {
            self.out.push(rest as u8);
            return;
        }
        let mut bytes = [0; 10];
        let mut length = 0;
        while rest >= 0x80 {
            bytes[length] = rest as u8 | 0x80;
            rest >>= 7;
            length += 1;
        }
        bytes[length] = rest as u8;
        self.out.extend_from_slice(&bytes[..=length]);
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        self.long(bytes.len() as i64);
        self.out.extend_from_slice(bytes);
    }

    /// Begins a block of so many; an end without elements is a block of none.
    fn block(mut self, length: Option<usize>) -> Result<Self, Unknown> {
        match length.ok_or(Unknown)? {
            0 => {}
            length => self.long(length as i64),
        }
        Ok(self)
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a type that no schema has")
    }
}

impl std::error::Error for Unknown {}

impl Error for Unknown {
    /// What is said of the value is not kept: it may quote it.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Refuses the types that no schema of ours has.
macro_rules! refused {
    ($($method:ident($type:ty))*) => {
        $(fn $method(self, _: $type) -> Result<(), Unknown> {
            Err(Unknown)
        })*
    };
}

impl Serializer for Datum<'_> {
    type Ok = ();
    type Error = Unknown;
    type SerializeSeq = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeTuple = Impossible<(), Unknown>;
    type SerializeTupleStruct = Impossible<(), Unknown>;
    type SerializeTupleVariant = Impossible<(), Unknown>;
    type SerializeStructVariant = Impossible<(), Unknown>;

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Unknown> {
        self.out.push(u8::from(value));
        Ok(())
    }

    #[inline]
    fn serialize_i32(self, value: i32) -> Result<(), Unknown> {
        self.serialize_i64(value.into())
    }

    #[inline]
    fn serialize_i64(mut self, value: i64) -> Result<(), Unknown> {
        self.long(value);
        Ok(())
    }

    #[inline]
    fn serialize_str(mut self, value: &str) -> Result<(), Unknown> {
        self.bytes(value.as_bytes());
        Ok(())
    }

    #[inline]
    fn serialize_bytes(mut self, value: &[u8]) -> Result<(), Unknown> {
        if self.is_fixed {
            self.out.extend_from_slice(value);
        } else {
            self.bytes(value);
        }
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Result<(), Unknown> {
        self.out.push(NULL);
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unknown> {
        self.out.push(VALUE);
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit_variant(mut self, _: &'static str, index: u32, _: &'static str) -> Result<(), Unknown> {
        self.long(index.into());
        Ok(())
    }

    /// Bytes of a newtype are a fixed.
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Unknown> {
        value.serialize(Datum { is_fixed: true, ..self })
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Unknown> {
        self.block(length)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, Unknown> {
        self.block(length)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Unknown> {
        Ok(self)
    }

    refused! {
        serialize_i8(i8)
        serialize_i16(i16)
        serialize_u8(u8)
        serialize_u16(u16)
        serialize_u32(u32)
        serialize_u64(u64)
        serialize_f32(f32)
        serialize_f64(f64)
        serialize_char(char)
        serialize_unit_struct(&'static str)
    }

    fn serialize_unit(self) -> Result<(), Unknown> {
        Err(Unknown)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unknown> {
        Err(Unknown)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unknown> {
        Err(Unknown)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Unknown> {
        Err(Unknown)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unknown> {
        Err(Unknown)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unknown> {
        Err(Unknown)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

impl SerializeStruct for Datum<'_> {
    type Ok = ();
    type Error = Unknown;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Unknown> {
        value.serialize(self.again())
    }

    #[inline]
    fn end(self) -> Result<(), Unknown> {
        Ok(())
    }
}

impl SerializeSeq for Datum<'_> {
    type Ok = ();
    type Error = Unknown;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unknown> {
        value.serialize(self.again())
    }

    fn end(self) -> Result<(), Unknown> {
        self.out.push(0);
        Ok(())
    }
}

impl SerializeMap for Datum<'_> {
    type Ok = ();
    type Error = Unknown;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unknown> {
        key.serialize(self.again())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unknown> {
        value.serialize(self.again())
    }

    fn end(self) -> Result<(), Unknown> {
        self.out.push(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::Datum;

    fn written<T: Serialize>(value: &T) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        value.serialize(Datum::new(&mut out)).ok().map(|()| out)
    }

    /// The examples of the specification, and the ends.
    #[test]
    fn numbers_are_zigzag_in_pieces_of_seven_bits() {
        for (number, bytes) in [
            (0_i64, &[0][..]),
            (-1, &[1]),
            (1, &[2]),
            (-64, &[0x7f]),
            (64, &[0x80, 1]),
            (-65, &[0x81, 1]),
            (i64::MAX, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            (i64::MIN, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ] {
            assert_eq!(written(&number).as_deref(), Some(bytes), "{number}");
        }
        assert_eq!(written(&i32::MIN), written(&i64::from(i32::MIN)));
    }

    #[test]
    fn a_type_that_no_schema_has_is_refused() {
        assert_eq!(written(&1_u8), None);
        assert_eq!(written(&Some(0.5)), None);
        assert_eq!(written(&(1_i64, 2_i64)), None);
        assert_eq!(written(&()), None);
        assert_eq!(written(&Ok::<i64, i64>(1)), None);
    }
}
