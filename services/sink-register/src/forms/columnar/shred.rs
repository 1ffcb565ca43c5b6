//! An event into columns, by serde: each of its values goes to the column that the plan has for it.

use std::fmt;

use serde::ser::{Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use super::plan::Node;
use crate::column::{Decided, Says};
use crate::pseudonym::Pseudonyms;
use crate::sheet::Leaf;
use crate::treatment::Treatment;

/// Adds a row of an event; `days` are those by which its person's times are moved, where they are.
///
/// # Panics
/// When the event's struct is not its schema's; a test of `schemas` holds that it is.
pub(super) fn shred(event: &impl Serialize, node: &Node, leaves: &mut [Leaf], pseudonyms: &Pseudonyms, days: i32) {
    event
        .serialize(Shredder { node, leaves, pseudonyms, days, defined: 0, repetition: 0 })
        .expect("the struct equals its schema");
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
    pseudonyms: &'s Pseudonyms,
    days: i32,
    /// Definition level that is known so far.
    defined: i16,
    /// 1 in all elements of a list but the first.
    repetition: i16,
}

impl<'s> Shredder<'s> {
    fn leaf(self) -> Result<(&'s mut Leaf, i16), Misfit> {
        match self.node {
            Node::Leaf(at, _) => Ok((&mut self.leaves[*at], self.repetition)),
            _ => Err(Misfit::custom("a value where the schema has several")),
        }
    }

    /// Whether its column can say that there is nothing.
    fn is_optional(&self) -> bool {
        matches!(self.node, Node::Leaf(at, _) if self.leaves[*at].is_optional(self.defined))
    }

    /// What is done with its column.
    fn decided(&self) -> Decided {
        match self.node {
            Node::Leaf(_, decided) => *decided,
            _ => Decided::usual(Says::Content),
        }
    }
}

/// There is nothing in any column of the node.
fn nothing(node: &Node, leaves: &mut [Leaf], defined: i16, repetition: i16) {
    match node {
        Node::Leaf(at, _) => leaves[*at].push_null(defined, repetition),
        Node::Record(fields) => fields.iter().for_each(|(_, node)| nothing(node, leaves, defined, repetition)),
        Node::List(node) => nothing(node, leaves, defined, repetition),
        Node::Map(key, value) => {
            leaves[*key].push_null(defined, repetition);
            nothing(value, leaves, defined, repetition);
        }
        Node::Moment { at, on } => [at, on].into_iter().for_each(|leaf| leaves[*leaf].push_null(defined, repetition)),
        Node::IsDate { flag, .. } => leaves[*flag].push_null(defined, repetition),
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
        let value = self.pseudonyms.int(self.decided(), value);
        self.leaf().map(|(leaf, repetition)| leaf.push_int(value, repetition))
    }

    fn serialize_i64(self, value: i64) -> Result<(), Misfit> {
        match self.pseudonyms.whole(self.decided(), value, self.days) {
            Some(value) => self.leaf().map(|(leaf, repetition)| leaf.push_long(value, repetition)),
            None => self.serialize_none(),
        }
    }

    fn serialize_str(self, value: &str) -> Result<(), Misfit> {
        let value = self.pseudonyms.text(self.decided(), value, self.days);
        if self.decided().treatment == Treatment::Dropped && self.is_optional() {
            return self.serialize_none();
        }
        self.leaf().map(|(leaf, repetition)| leaf.push_text(&value, repetition))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Misfit> {
        let value = self.pseudonyms.bytes(self.decided(), value);
        self.leaf().map(|(leaf, repetition)| leaf.push_bytes(&value, repetition))
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
            Node::Map(..) => Ok(Pairs { outer: self, is_plain: false, count: 0 }),
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
        let (pseudonyms, days) = (self.pseudonyms, self.days);
        Shredder { node, leaves: self.leaves, pseudonyms, days, defined: self.defined + 1, repetition }
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
    /// Whether the value of the last key leaves as it is, where values of such keys do not.
    is_plain: bool,
    count: usize,
}

impl SerializeMap for Pairs<'_> {
    type Ok = ();
    type Error = Misfit;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Misfit> {
        let Node::Map(at, _) = self.outer.node else { unreachable!("only maps have keys") };
        key.serialize(self.outer.inside(&Node::Leaf(*at, Decided::usual(Says::Content)), self.count))?;
        self.is_plain = self.outer.pseudonyms.is_plain(self.outer.leaves[*at].last_bytes());
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Misfit> {
        let Node::Map(_, node) = self.outer.node else { unreachable!("only maps have values") };
        let plain;
        let node = match &**node {
            Node::Leaf(at, decided) if self.is_plain && *decided == Decided::usual(Says::Extension) => {
                plain = Node::Leaf(*at, Decided::usual(Says::Content));
                &plain
            }
            node => node,
        };
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
        let Shredder { pseudonyms, days, defined, repetition, .. } = self.outer;
        let leaves = &mut *self.outer.leaves;
        match node {
            Node::Moment { at, on } => {
                value.serialize(Shredder {
                    node: &Node::Leaf(*at, pseudonyms.time()),
                    leaves,
                    pseudonyms,
                    days,
                    defined,
                    repetition,
                })?;
                match leaves[*at].last_long() {
                    Some(moment) => leaves[*on].push_int(swedish_time::day(moment), repetition),
                    None => leaves[*on].push_null(defined, repetition),
                }
                Ok(())
            }
            Node::IsDate { flag, at } => {
                value.serialize(Shredder {
                    node: &Node::Leaf(*flag, Decided::usual(Says::Content)),
                    leaves,
                    pseudonyms,
                    days,
                    defined,
                    repetition,
                })?;
                if leaves[*flag].last_flag() == Some(true) {
                    leaves[*at].take_back(defined);
                }
                Ok(())
            }
            _ => value.serialize(Shredder { node, leaves, pseudonyms, days, defined, repetition }),
        }
    }

    fn end(self) -> Result<(), Misfit> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use parquet::file::reader::{FileReader, SerializedFileReader};
    use schemas::{
        Clinical, Code, CodeRole, CodeSystem, Correction, CorrectionKind, Cost, Envelope, Kind, Laterality, Origin,
        Timestamp, Wait, WaitStatus,
    };

    use super::super::plan::Plan;
    use super::*;
    use crate::output::FileKind;
    use crate::sheet::Sheet;

    /// Where 2026-01-01 begins in Sweden, half past nine of it, and where 2026-07-01 begins.
    const DAY: Timestamp = Timestamp(1_767_222_000_000_000);
    const TIME: Timestamp = Timestamp(1_767_256_200_000_000);
    const SUMMER: Timestamp = Timestamp(1_782_856_800_000_000);

    fn envelope() -> Envelope<'static> {
        Envelope {
            event_id: "932c6e48-9f24-58d3-b700-f13f4ccccad2",
            event_type: "wait.completed",
            schema_version: 1,
            region: "14",
            source_system: "SE2321000131-E000000000001",
            source_message_id: "1",
            origin: Origin { topic: "region.14.source.waiting-times", partition: 1, offset: 17, ordinal: 0 },
            occurred_at: DAY,
            occurred_text: "2026-01-01",
            recorded_at: None,
            recorded_text: None,
            ingested_at: SUMMER,
            correction: Correction { kind: CorrectionKind::New, target_event_id: None },
            subject_token: None,
            subject_aliases: Vec::new(),
            key_id: None,
            protected_identity: false,
            quality: Vec::new(),
            extensions: BTreeMap::new(),
        }
    }

    /// The row that an event becomes, as a reader of the file sees it.
    fn row(kind: Kind, event: &impl Serialize) -> String {
        let Plan { root, fields, leaves, .. } = Plan::new(kind.avsc(), &Pseudonyms::unused());
        let mut sheet = Sheet::new(FileKind::of_persons("file.parquet"), fields, leaves);
        shred(event, &root, sheet.leaves(), &Pseudonyms::unused(), 0);
        sheet.end_row();
        let reader = SerializedFileReader::new(bytes::Bytes::from(sheet.finish().bytes)).unwrap();
        let mut rows = reader.get_row_iter(None).unwrap();
        rows.next().unwrap().unwrap().to_string()
    }

    #[track_caller]
    fn check(row: &str, expected: &[&str]) {
        for part in expected {
            assert!(row.contains(part), "{part} is not in {row}");
        }
    }

    #[test]
    fn a_date_is_a_date_and_no_moment_of_the_day_before() {
        let wait = Wait {
            decided_at: Some(DAY),
            decided_is_date: true,
            started_at: Some(TIME),
            medical_target_at: Some(SUMMER),
            medical_target_is_date: true,
            ..Wait::bare(envelope(), "A", WaitStatus::Completed)
        };
        let row_of_wait = row(Kind::Wait, &wait);
        check(
            &row_of_wait,
            &[
                "decided_at: null, decided_on: 2026-01-01",
                "started_at: 2026-01-01 08:30:00",
                "started_on: 2026-01-01",
                "medical_target_at: null, medical_target_on: 2026-07-01",
                "referral_at: null, referral_on: null, referral_is_date: false",
                "occurred_on: 2026-01-01",
            ],
        );
        let cost = Cost { ended_at: Some(SUMMER), ended_is_date: true, ..Cost::bare(envelope(), "A") };
        check(
            &row(Kind::Cost, &cost),
            &["started_at: null, started_on: null", "ended_at: null, ended_on: 2026-07-01", "occurred_on: 2026-01-01"],
        );
    }

    #[test]
    fn the_day_of_a_code_in_a_list_is_a_date_too() {
        let code = |performed_at, performed_is_date| Code {
            role: CodeRole::Procedure,
            system: CodeSystem::Kva,
            code: "NFJ59",
            verbatim: None,
            performed_at,
            performed_is_date,
            laterality: Laterality::Unknown,
            belongs_to: None,
        };
        let codes = vec![code(Some(DAY), true), code(None, false), code(Some(TIME), false)];
        let clinical = Clinical { codes, ..Clinical::bare(envelope(), "A") };
        check(
            &row(Kind::Clinical, &clinical),
            &[
                "performed_at: null, performed_on: 2026-01-01",
                "performed_at: null, performed_on: null",
                "performed_at: 2026-01-01 08:30:00",
            ],
        );
        // Without any code there is no day either.
        check(&row(Kind::Clinical, &Clinical::bare(envelope(), "A")), &["codes: []"]);
    }
}
