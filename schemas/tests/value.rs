//! The oracle: values of apache-avro, from and to plain JSON, and back through our own records.
//!
//! In the JSON of an example a union is the value itself, an enum its symbol, a fixed its hexadecimal digits, bytes are
//! text, times are microseconds. Every field is written out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use apache_avro::{
    Schema,
    reader::datum::GenericDatumReader,
    schema::{Name, ResolvedSchema},
    types::Value,
    writer::datum::GenericDatumWriter,
};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use schemas::{
    Common, DecodeError, Decoder, Encoder, Kind, Objection, Parked, Protection, Record, SourceRecord, Visitor, registry,
};
use serde::Deserialize;

/// A parsed schema version.
pub(crate) fn schema(avsc: &str) -> Schema {
    Schema::parse_str(avsc).expect("our own schemas parse")
}

/// The datum as apache-avro writes it.
pub(crate) fn write(schema: &Schema, value: &Value) -> Vec<u8> {
    let writer = GenericDatumWriter::builder(schema).build().expect("a writer");
    writer.write_value_to_vec(value.clone()).expect("the value is of the schema")
}

/// The value as apache-avro reads it, with nothing left over.
pub(crate) fn read(writer: &Schema, mut datum: &[u8]) -> Value {
    let reader = GenericDatumReader::builder(writer).build().expect("a reader");
    let value = reader.read_value(&mut datum).expect("the datum is of the schema");
    assert!(datum.is_empty(), "{} bytes are left over", datum.len());
    value
}

/// The value as apache-avro reads it for a reader with another schema.
pub(crate) fn read_as(writer: &Schema, reader: &Schema, mut datum: &[u8]) -> Result<Value, apache_avro::Error> {
    GenericDatumReader::builder(writer).reader_schema(reader).build()?.read_value(&mut datum)
}

/// The Confluent header of a schema version in the development registry, and the datum.
pub(crate) fn record_bytes(kind: Kind, version: u32, datum: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend(registry::development_id(kind, version).to_be_bytes());
    bytes.extend(datum);
    bytes
}

/// Decodes as our own record type and encodes that again with the current schema.
pub(crate) fn through_our_records(kind: Kind, bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    through(&Decoder::development(), kind, bytes)
}

/// The same with a decoder that knows these schemas.
pub(crate) fn through(decoder: &Decoder, kind: Kind, bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    fn through<'a, R: Record + Deserialize<'a>>(decoder: &Decoder, bytes: &'a [u8]) -> Result<Vec<u8>, DecodeError> {
        let record: R = decoder.decode(bytes)?;
        let mut again = Vec::new();
        let id = registry::development_id_current(R::KIND);
        Encoder::new(R::KIND, id).encode(&record, &mut again).expect("what was decoded can be encoded");
        Ok(again)
    }
    struct Through<'a>(&'a Decoder, &'a [u8]);
    impl<'a> Visitor<'a> for Through<'a> {
        type Output = Result<Vec<u8>, DecodeError>;
        fn visit<E: Common<'a>>(self) -> Self::Output {
            through::<E>(self.0, self.1)
        }
    }
    match kind {
        Kind::SourceRecord => through::<SourceRecord>(decoder, bytes),
        Kind::Parked => through::<Parked>(decoder, bytes),
        Kind::Protection => through::<Protection>(decoder, bytes),
        Kind::Objection => through::<Objection>(decoder, bytes),
        common => common.subject().expect("a common one").visit(Through(decoder, bytes)),
    }
}

/// A decoder that goes by the schemas always: to it none is the one that a struct equals, because its record has another name.
pub(crate) fn decoder_by_schema() -> Decoder {
    let mut decoder = Decoder::new();
    for kind in Kind::ALL {
        for (version, avsc) in (1..).zip(kind.versions()) {
            let mut json: serde_json::Value = serde_json::from_str(avsc).expect("JSON");
            json["name"] = "Other".into();
            decoder.insert(registry::development_id(kind, version), &json.to_string()).expect("a schema");
        }
    }
    decoder
}

/// Every place where a value has a choice, as `path: branch`; and those that values have taken.
#[derive(Default)]
pub(crate) struct Choices {
    pub taken: BTreeSet<String>,
}

impl Choices {
    /// The value that an example's JSON means.
    pub(crate) fn value(&mut self, schema: &Schema, json: &serde_json::Value) -> Value {
        let resolved = ResolvedSchema::new(schema).expect("our schemas are whole");
        self.walk("", schema, resolved.get_names(), json)
    }

    fn walk(&mut self, path: &str, schema: &Schema, names: &HashMap<Name, &Schema>, json: &serde_json::Value) -> Value {
        let text = || json.as_str().unwrap_or_else(|| panic!("{path} is not text")).to_owned();
        let number = || json.as_i64().unwrap_or_else(|| panic!("{path} is not a whole number"));
        match schema {
            Schema::Ref { name } => self.walk(path, names[name], names, json),
            Schema::Null => Value::Null,
            Schema::Boolean => Value::Boolean(json.as_bool().unwrap_or_else(|| panic!("{path} is not a boolean"))),
            Schema::Int => Value::Int(number().try_into().unwrap_or_else(|_| panic!("{path} is not an int"))),
            Schema::Long => Value::Long(number()),
            Schema::TimestampMicros => Value::TimestampMicros(number()),
            Schema::String => Value::String(text()),
            Schema::Bytes => Value::Bytes(text().into_bytes()),
            Schema::Fixed(fixed) => Value::Fixed(fixed.size, unhex(&text())),
            Schema::Enum(declared) => {
                let symbol = text();
                let index = declared.symbols.iter().position(|known| *known == symbol);
                let index = index.unwrap_or_else(|| panic!("{path}: {symbol} is not a symbol of {}", declared.name));
                Value::Enum(index as u32, symbol)
            }
            Schema::Array(array) => {
                let items = json.as_array().unwrap_or_else(|| panic!("{path} is not an array"));
                self.taken.insert(format!("{path}: {}", if items.is_empty() { "empty" } else { "filled" }));
                let path = format!("{path}[]");
                Value::Array(items.iter().map(|item| self.walk(&path, &array.items, names, item)).collect())
            }
            Schema::Map(map) => {
                let entries = json.as_object().unwrap_or_else(|| panic!("{path} is not an object"));
                let path = format!("{path}{{}}");
                let walked = entries.iter().map(|(key, item)| (key.clone(), self.walk(&path, &map.types, names, item)));
                Value::Map(walked.collect())
            }
            Schema::Union(union) => {
                let branch = usize::from(!json.is_null());
                self.taken.insert(format!("{path}: {}", if branch == 0 { "null" } else { "value" }));
                let [Schema::Null, value] = union.variants() else { panic!("{path}: our unions are null or a value") };
                let schema = if branch == 0 { &Schema::Null } else { value };
                Value::Union(branch as u32, Box::new(self.walk(path, schema, names, json)))
            }
            Schema::Record(record) => {
                let fields = json.as_object().unwrap_or_else(|| panic!("{path} is not an object"));
                let declared: BTreeSet<_> = record.fields.iter().map(|field| field.name.as_str()).collect();
                let written: BTreeSet<_> = fields.keys().map(String::as_str).collect();
                assert_eq!(written, declared, "fields of {path}");
                let walked = record.fields.iter().map(|field| {
                    let path = format!("{path}/{}", field.name);
                    (field.name.clone(), self.walk(&path, &field.schema, names, &fields[&field.name]))
                });
                Value::Record(walked.collect())
            }
            other => panic!("{path}: {other:?} is not used in our schemas"),
        }
    }
}

/// Every choice that a schema offers, in the words of [`Choices::taken`].
pub(crate) fn choices_offered(schema: &Schema) -> BTreeSet<String> {
    fn walk(path: &str, schema: &Schema, names: &HashMap<Name, &Schema>, offered: &mut BTreeSet<String>) {
        match schema {
            Schema::Ref { name } => walk(path, names[name], names, offered),
            Schema::Union(union) => {
                offered.extend([format!("{path}: null"), format!("{path}: value")]);
                union.variants().iter().for_each(|variant| walk(path, variant, names, offered));
            }
            Schema::Array(array) => {
                offered.extend([format!("{path}: empty"), format!("{path}: filled")]);
                walk(&format!("{path}[]"), &array.items, names, offered);
            }
            Schema::Record(record) => {
                for field in &record.fields {
                    walk(&format!("{path}/{}", field.name), &field.schema, names, offered);
                }
            }
            _ => {}
        }
    }
    let resolved = ResolvedSchema::new(schema).expect("our schemas are whole");
    let mut offered = BTreeSet::new();
    walk("", schema, resolved.get_names(), &mut offered);
    offered
}

/// A value as JSON, the way `serde_json` writes our records: fixed and bytes as arrays of numbers.
pub(crate) fn to_json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Long(value) | Value::TimestampMicros(value) => (*value).into(),
        Value::String(value) | Value::Enum(_, value) => value.as_str().into(),
        Value::Bytes(value) | Value::Fixed(_, value) => value.as_slice().into(),
        Value::Union(_, value) => to_json(value),
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => {
            let sorted: BTreeMap<_, _> = entries.iter().collect();
            Json::Object(sorted.into_iter().map(|(key, value)| (key.clone(), to_json(value))).collect())
        }
        Value::Record(fields) => {
            Json::Object(fields.iter().map(|(name, value)| (name.clone(), to_json(value))).collect())
        }
        other => panic!("{other:?} is not used in our schemas"),
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Hexadecimal digits as bytes.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).expect("hexadecimal digits, two for each byte")
}
