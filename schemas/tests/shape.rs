//! The record structs equal their schemas: the same fields in the same order, each carrying its value.

use std::fmt;

use apache_avro::types::Value;
use schemas::{Common, Decoder, Kind, Objection, Parked, Protection, Record, SourceRecord, Visitor};
use serde::{Deserialize, de};

use crate::{
    examples,
    value::{read, record_bytes, schema, to_json},
};

/// JSON that keeps the order of its keys.
#[derive(Debug)]
enum Ordered {
    Object(Vec<(String, Ordered)>),
    Array(Vec<Ordered>),
    Scalar,
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Ordered;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("JSON")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered::Object(entries))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Ordered, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Ordered::Array(items))
            }
            fn visit_unit<E>(self) -> Result<Ordered, E> {
                Ok(Ordered::Scalar)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Ordered, E> {
                Ok(Ordered::Scalar)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Ordered, E> {
                Ok(Ordered::Scalar)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Ordered, E> {
                Ok(Ordered::Scalar)
            }
            fn visit_str<E>(self, _: &str) -> Result<Ordered, E> {
                Ok(Ordered::Scalar)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Compares names and order of fields, all the way down.
fn same_fields(path: &str, avro: &Value, json: &Ordered) {
    match (avro, json) {
        (Value::Union(_, value), json) => same_fields(path, value, json),
        (Value::Record(fields), Ordered::Object(entries)) => {
            let declared: Vec<_> = fields.iter().map(|(name, _)| name).collect();
            let ours: Vec<_> = entries.iter().map(|(name, _)| name).collect();
            assert_eq!(ours, declared, "fields of {path}");
            for ((name, value), (_, json)) in fields.iter().zip(entries) {
                same_fields(&format!("{path}/{name}"), value, json);
            }
        }
        (Value::Array(values), Ordered::Array(items)) => {
            assert_eq!(values.len(), items.len(), "{path}");
            values.iter().zip(items).for_each(|(value, item)| same_fields(&format!("{path}[]"), value, item));
        }
        (Value::Record(_) | Value::Array(_), json) => panic!("{path} is {json:?}"),
        _ => {}
    }
}

fn check<'a, R: Record + Deserialize<'a>>(name: &str, datum: &[u8], bytes: &'a [u8]) {
    let kind = R::KIND;
    let record: R = Decoder::development().decode(bytes).expect("an example");
    let ours = serde_json::to_string(&record).expect("JSON");
    let avro = read(&schema(kind.avsc()), datum);
    same_fields(&format!("{kind:?} {name}"), &avro, &serde_json::from_str(&ours).expect("JSON"));
    let values: serde_json::Value = serde_json::from_str(&ours).expect("JSON");
    assert_eq!(values, to_json(&avro), "{kind:?} {name}");
}

struct Check<'a> {
    name: &'a str,
    datum: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> Visitor<'a> for Check<'a> {
    type Output = ();

    fn visit<E: Common<'a>>(self) {
        check::<E>(self.name, self.datum, self.bytes);
    }
}

#[test]
fn every_struct_equals_its_schema() {
    for example in examples::all().0 {
        let examples::Example { kind, name, datum, .. } = example;
        let bytes = record_bytes(kind, kind.versions().len() as u32, &datum);
        match kind {
            Kind::SourceRecord => check::<SourceRecord>(&name, &datum, &bytes),
            Kind::Parked => check::<Parked>(&name, &datum, &bytes),
            Kind::Protection => check::<Protection>(&name, &datum, &bytes),
            Kind::Objection => check::<Objection>(&name, &datum, &bytes),
            common => {
                let subject = common.subject().expect("a common one");
                subject.visit(Check { name: &name, datum: &datum, bytes: &bytes });
            }
        }
    }
}
