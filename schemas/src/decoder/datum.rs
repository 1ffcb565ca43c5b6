//! A datum of a current schema straight to its record.
//!
//! As the encoder's counterpart it goes by the struct, which equals the current schema: fields come in their order and symbols by
//! their place, and none is looked up by its name. Whatever is not as the struct says is left to the reader that goes by the
//! schema: it decides what is read and what is refused.

use std::fmt;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor, value::U32Deserializer,
};

/// Reads a datum of the current schema of this name as its record; `None` when it is none, or `T` is another's.
pub(super) fn read<'de, T: Deserialize<'de>>(name: &'static str, datum: &'de [u8]) -> Option<T> {
    let mut datum = Datum { rest: datum, name: Some(name), is_fixed: false };
    let record = T::deserialize(&mut datum).ok()?;
    (datum.name.is_none() && datum.rest.is_empty()).then_some(record)
}

struct Datum<'de> {
    rest: &'de [u8],
    /// What the struct must be called, until it has been asked.
    name: Option<&'static str>,
    /// Whether the next bytes have the length that the schema says, and so none of their own.
    is_fixed: bool,
}

/// It is not as the struct says.
#[derive(Debug)]
struct Otherwise;

impl fmt::Display for Otherwise {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not as the struct says")
    }
}

impl std::error::Error for Otherwise {}

impl Error for Otherwise {
    /// What is said of the value is not kept: it may quote it.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Datum<'de> {
    #[inline]
    fn byte(&mut self) -> Result<u8, Otherwise> {
        let byte = *self.rest.first().ok_or(Otherwise)?;
        self.rest = &self.rest[1..];
        Ok(byte)
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'de [u8], Otherwise> {
        let taken = self.rest.get(..length).ok_or(Otherwise)?;
        self.rest = &self.rest[length..];
        Ok(taken)
    }

    /// A number in zigzag and pieces of seven bits, least first.
    #[inline]
    fn long(&mut self) -> Result<i64, Otherwise> {
        let (mut bits, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                return Err(Otherwise);
            }
            bits |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((bits >> 1) as i64 ^ -((bits & 1) as i64));
            }
            shift += 7;
        }
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'de [u8], Otherwise> {
        let length = self.long()?;
        self.take(usize::try_from(length).map_err(|_| Otherwise)?)
    }
}

/// Leaves the types that no record of ours has.
macro_rules! left {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Otherwise> {
            Err(Otherwise)
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Datum<'de> {
    type Error = Otherwise;

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Otherwise> {
        match self.byte()? {
            byte @ (0 | 1) => visitor.visit_bool(byte == 1),
            _ => Err(Otherwise),
        }
    }

    #[inline]
    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Otherwise> {
        self.deserialize_i64(visitor)
    }

    #[inline]
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Otherwise> {
        visitor.visit_i64(self.long()?)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Otherwise> {
        visitor.visit_borrowed_str(std::str::from_utf8(self.bytes()?).map_err(|_| Otherwise)?)
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Otherwise> {
        let bytes = if std::mem::take(&mut self.is_fixed) { self.take(SHA256_LENGTH)? } else { self.bytes()? };
        visitor.visit_borrowed_bytes(bytes)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Otherwise> {
        match self.long()? {
            0 => visitor.visit_none(),
            1 => visitor.visit_some(self),
            _ => Err(Otherwise),
        }
    }

    /// Bytes of a newtype are a fixed, and all of ours are digests.
    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Otherwise> {
        self.is_fixed = true;
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Otherwise> {
        visitor.visit_seq(Blocks { datum: self, left: 0 })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Otherwise> {
        visitor.visit_map(Blocks { datum: self, left: 0 })
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Otherwise> {
        if self.name.take().is_some_and(|expected| expected != name) {
            return Err(Otherwise);
        }
        visitor.visit_seq(Fields { datum: self, left: fields.len() })
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Otherwise> {
        let place = u32::try_from(self.long()?).map_err(|_| Otherwise)?;
        if place as usize >= variants.len() {
            return Err(Otherwise);
        }
        let place: U32Deserializer<Otherwise> = place.into_deserializer();
        visitor.visit_enum(place)
    }

    left! {
        deserialize_any
        deserialize_i8
        deserialize_i16
        deserialize_u8
        deserialize_u16
        deserialize_u32
        deserialize_u64
        deserialize_f32
        deserialize_f64
        deserialize_char
        deserialize_string
        deserialize_byte_buf
        deserialize_unit
        deserialize_identifier
        deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, Otherwise> {
        Err(Otherwise)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Otherwise> {
        Err(Otherwise)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, _: V) -> Result<V::Value, Otherwise> {
        Err(Otherwise)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The bytes of a digest.
const SHA256_LENGTH: usize = 32;

/// The fields of a struct, in their order.
struct Fields<'d, 'de> {
    datum: &'d mut Datum<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = Otherwise;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Otherwise> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(&mut *self.datum).map(Some)
    }
}

/// The elements of an array or a map. No claimed count is believed: every element takes bytes.
struct Blocks<'d, 'de> {
    datum: &'d mut Datum<'de>,
    /// Elements of the block at hand.
    left: u64,
}

impl Blocks<'_, '_> {
    fn has_next(&mut self) -> Result<bool, Otherwise> {
        if self.left == 0 {
            let count = self.datum.long()?;
            if count < 0 {
                // So many bytes the block has; who reads every element need not know.
                self.datum.long()?;
            }
            self.left = count.unsigned_abs();
        }
        let has_next = self.left > 0;
        self.left = self.left.saturating_sub(1);
        Ok(has_next)
    }
}

impl<'de> SeqAccess<'de> for Blocks<'_, 'de> {
    type Error = Otherwise;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Otherwise> {
        if self.has_next()? { seed.deserialize(&mut *self.datum).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for Blocks<'_, 'de> {
    type Error = Otherwise;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Otherwise> {
        if self.has_next()? { seed.deserialize(&mut *self.datum).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Otherwise> {
        seed.deserialize(&mut *self.datum)
    }
}
