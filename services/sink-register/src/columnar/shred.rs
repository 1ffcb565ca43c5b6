//! An event into columns, by serde: each of its values goes to the column that the plan has for it.

use std::fmt;

use serde::ser::{Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use super::plan::Node;
use crate::sheet::Leaf;

/// Adds a row.
///
/// # Panics
/// When the event's struct is not its schema's; a test of `schemas` holds that it is.
pub(super) fn shred(event: &impl Serialize, node: &Node, leaves: &mut [Leaf]) {
    event.serialize(Shredder { node, leaves, defined: 0, repetition: 0 }).expect("the struct equals its schema");
}

/// What cannot be: a value that the schema does not have.
#[derive(Debug)]
struct Misfit(String);

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Misfit {}

impl serde::ser::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Misfit(message.to_string())
    }
}

/// A value on its way.
struct Shredder<'s> {
    node: &'s Node,
    leaves: &'s mut [Leaf],
    /// Definition level that is known so far.
    defined: i16,
    /// 1 in all elements of a list but the first.
    repetition: i16,
}

impl<'s> Shredder<'s> {
    fn leaf(self) -> Result<(&'s mut Leaf, i16), Misfit> {
        match self.node {
            Node::Leaf(at) => Ok((&mut self.leaves[*at], self.repetition)),
            _ => Err(Misfit::custom("a value where the schema has several")),
        }
    }
}

/// There is nothing in any column of the node.
fn nothing(node: &Node, leaves: &mut [Leaf], defined: i16, repetition: i16) {
    match node {
        Node::Leaf(at) => leaves[*at].push_null(defined, repetition),
        Node::Record(fields) => fields.iter().for_each(|(_, node)| nothing(node, leaves, defined, repetition)),
        Node::List(node) => nothing(node, leaves, defined, repetition),
        Node::Map(key, value) => {
            leaves[*key].push_null(defined, repetition);
            nothing(value, leaves, defined, repetition);
        }
    }
}

/// No common event has these.
macro_rules! never {
    ($($name:ident($($argument:ty),*) -> $result:ty;)*) => {
        $(fn $name(self, $(_: $argument),*) -> Result<$result, Misfit> {
            Err(Misfit::custom(concat!(stringify!($name), ": no common event has such a value")))
        })*
    };
}

impl<'s> Serializer for Shredder<'s> {
    type Ok = ();
    type Error = Misfit;
    type SerializeSeq = Elements<'s>;
    type SerializeMap = Pairs<'s>;
    type SerializeStruct = Fields<'s>;
    type SerializeTuple = Impossible<(), Misfit>;
    type SerializeTupleStruct = Impossible<(), Misfit>;
    type SerializeTupleVariant = Impossible<(), Misfit>;
    type SerializeStructVariant = Impossible<(), Misfit>;

    fn serialize_bool(self, value: bool) -> Result<(), Misfit> {
        self.leaf().map(|(leaf, repetition)| leaf.push_flag(value, repetition))
    }

    fn serialize_i32(self, value: i32) -> Result<(), Misfit> {
        self.leaf().map(|(leaf, repetition)| leaf.push_int(value, repetition))
    }

    fn serialize_i64(self, value: i64) -> Result<(), Misfit> {
        self.leaf().map(|(leaf, repetition)| leaf.push_long(value, repetition))
    }

    fn serialize_str(self, value: &str) -> Result<(), Misfit> {
        self.leaf().map(|(leaf, repetition)| leaf.push_text(value, repetition))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Misfit> {
        self.leaf().map(|(leaf, repetition)| leaf.push_bytes(value, repetition))
    }

    fn serialize_none(self) -> Result<(), Misfit> {
        nothing(self.node, self.leaves, self.defined, self.repetition);
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Misfit> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Misfit> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Misfit> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'s>, Misfit> {
        match self.node {
            Node::List(_) => Ok(Elements { outer: self, count: 0 }),
            _ => Err(Misfit::custom("a list where the schema has none")),
        }
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Pairs<'s>, Misfit> {
        match self.node {
            Node::Map(..) => Ok(Pairs { outer: self, count: 0 }),
            _ => Err(Misfit::custom("a map where the schema has none")),
        }
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Fields<'s>, Misfit> {
        match self.node {
            Node::Record(fields) if fields.len() == length => Ok(Fields { outer: self, fields, next: 0 }),
            _ => Err(Misfit::custom("another record than the schema's")),
        }
    }

    never! {
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Misfit> {
        Err(Misfit::custom("no common event has such a value"))
    }
}

/// A list while elements are added.
struct Elements<'s> {
    outer: Shredder<'s>,
    count: usize,
}

impl Shredder<'_> {
    /// The value as the list's next element, or as part of it.
    fn inside<'i>(&'i mut self, node: &'i Node, count: usize) -> Shredder<'i> {
        let repetition = if count == 0 { self.repetition } else { 1 };
        Shredder { node, leaves: self.leaves, defined: self.defined + 1, repetition }
    }
}

impl SerializeSeq for Elements<'_> {
    type Ok = ();
    type Error = Misfit;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Misfit> {
        let Node::List(node) = self.outer.node else { unreachable!("only lists have elements") };
        value.serialize(self.outer.inside(node, self.count))?;
        self.count += 1;
        Ok(())
    }

    fn end(self) -> Result<(), Misfit> {
        if self.count == 0 { self.outer.serialize_none() } else { Ok(()) }
    }
}

/// A map while pairs are added.
struct Pairs<'s> {
    outer: Shredder<'s>,
    count: usize,
}

impl SerializeMap for Pairs<'_> {
    type Ok = ();
    type Error = Misfit;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Misfit> {
        let Node::Map(at, _) = self.outer.node else { unreachable!("only maps have keys") };
        key.serialize(self.outer.inside(&Node::Leaf(*at), self.count))
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Misfit> {
        let Node::Map(_, node) = self.outer.node else { unreachable!("only maps have values") };
        value.serialize(self.outer.inside(node, self.count))?;
        self.count += 1;
        Ok(())
    }

    fn end(self) -> Result<(), Misfit> {
        if self.count == 0 { self.outer.serialize_none() } else { Ok(()) }
    }
}

/// A record while fields are added, in the schema's order.
struct Fields<'s> {
    outer: Shredder<'s>,
    fields: &'s [(String, Node)],
    next: usize,
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Misfit;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Misfit> {
        let Some((_, node)) = self.fields.get(self.next).filter(|(known, _)| known == name) else {
            return Err(Misfit(format!("field {name} where the schema has another")));
        };
        self.next += 1;
        let Shredder { defined, repetition, .. } = self.outer;
        value.serialize(Shredder { node, leaves: self.outer.leaves, defined, repetition })
    }

    fn end(self) -> Result<(), Misfit> {
        Ok(())
    }
}
