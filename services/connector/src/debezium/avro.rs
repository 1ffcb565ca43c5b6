//! A change or a key that Kafka Connect's Avro converters wrote, as the JSON that its JSON converter would have written of the
//! same: the value, and Connect's schema of it. One reader then understands both.
//!
//! The converters keep what Connect's schema says in `connect.name` and `connect.parameters`. Only the structure goes to the
//! decoder: what it makes of logical types, defaults and names must not change a value. Named types are written out where
//! they are used, as Connect's schemas do.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{self, Read};

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Datum;
use data_encoding::BASE64;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

/// Types of a schema, each named one counted where it is used; a bound against schemas that name themselves.
const TYPES_MAX: usize = 20_000;
/// Memory that one text, or one list, of a datum may take: values of no length could ask for any.
const MEMORY_MAX: usize = 64 << 20;
/// How deep types stand in each other, at most.
const DEPTH_MAX: usize = 32;

/// A schema as a registry has it.
pub(crate) struct Schema {
    structure: apache_avro::Schema,
    shape: Shape,
    connect: Box<RawValue>,
}

/// What the decoder's value does not say of itself.
enum Shape {
    Plain,
    Record(Vec<(String, Shape)>),
    Items(Box<Shape>),
    Union(Vec<Shape>),
}

impl Schema {
    /// Reads a schema; nothing for one that is no Avro, that needs another to be understood, or that is beyond all bounds.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // One for the process, which decodes no other Avro with this decoder; the first call holds.
        apache_avro::util::max_allocation_bytes(MEMORY_MAX);
        let schema: Value = serde_json::from_str(text).ok()?;
        let mut named = Named::default();
        let parts = named.parts(&schema, "", 0)?;
        Some(Self {
            structure: apache_avro::Schema::parse(&parts.structure).ok()?,
            shape: parts.shape,
            connect: to_raw_value(&parts.connect).ok()?,
        })
    }

    /// Connect's schema, as its JSON converter writes it.
    pub(crate) fn connect(&self) -> &RawValue {
        &self.connect
    }

    /// A datum as Connect's JSON converter writes it; nothing when it is not of this schema to its last byte.
    pub(crate) fn json(&self, datum: &[u8]) -> Option<String> {
        let mut bytes = Bytes(datum);
        let reader = GenericDatumReader::builder(&self.structure).build().ok()?;
        let value = reader.read_value(&mut bytes).ok()?;
        if !bytes.0.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(datum.len() * 4);
        write(&value, &self.shape, &mut out)?;
        Some(out)
    }
}

/// Bytes whose end is an error: the decoder takes the end that a reader tells for a null.
struct Bytes<'a>(&'a [u8]);

impl Read for Bytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() && !buffer.is_empty() {
            return Err(io::Error::other("the datum ends here"));
        }
        self.0.read(buffer)
    }
}

/// Of a type: what the decoder needs, what its values need to be written, and what Connect says of it.
struct Parts {
    structure: Value,
    shape: Shape,
    connect: Value,
}

/// Named types in the order in which they are met.
#[derive(Default)]
struct Named<'s> {
    /// By full name the type, and the namespace that it stands in.
    known: HashMap<String, (&'s Value, String)>,
    types: usize,
}

impl<'s> Named<'s> {
    fn parts(&mut self, schema: &'s Value, namespace: &str, depth: usize) -> Option<Parts> {
        self.types += 1;
        if self.types > TYPES_MAX || depth > DEPTH_MAX {
            return None;
        }
        match schema {
            Value::String(name) => match connect_type(name) {
                Some(kind) => {
                    Some(Parts { structure: json!(name), shape: Shape::Plain, connect: json!({ "type": kind }) })
                }
                None => {
                    let full = full_name(name, namespace);
                    let (schema, namespace) = self.known.get(&full).or_else(|| self.known.get(name))?.clone();
                    self.parts(schema, &namespace, depth + 1)
                }
            },
            Value::Array(branches) => self.union(branches, namespace, depth),
            Value::Object(_) => {
                let kind = schema.get("type")?;
                let mut parts = match kind.as_str() {
                    Some("record") => self.record(schema, namespace, depth)?,
                    Some("enum") => {
                        self.define(schema, namespace);
                        let symbols = schema.get("symbols")?;
                        let structure = json!({ "type": "enum", "name": self.fresh_name(), "symbols": symbols });
                        Parts { structure, shape: Shape::Plain, connect: json!({ "type": "string" }) }
                    }
                    Some("fixed") => {
                        self.define(schema, namespace);
                        let size = schema.get("size")?;
                        let structure = json!({ "type": "fixed", "name": self.fresh_name(), "size": size });
                        Parts { structure, shape: Shape::Plain, connect: json!({ "type": "bytes" }) }
                    }
                    Some(plural @ ("array" | "map")) => {
                        let key = if plural == "array" { "items" } else { "values" };
                        let items = self.parts(schema.get(key)?, namespace, depth + 1)?;
                        Parts {
                            structure: json!({ "type": plural, key: items.structure }),
                            shape: Shape::Items(Box::new(items.shape)),
                            connect: json!({ "type": plural }),
                        }
                    }
                    _ => self.parts(kind, namespace, depth + 1)?,
                };
                explain(&mut parts.connect, schema);
                Some(parts)
            }
            _ => None,
        }
    }

    fn record(&mut self, schema: &'s Value, namespace: &str, depth: usize) -> Option<Parts> {
        let namespace = self.define(schema, namespace);
        let name = self.fresh_name();
        let (mut structures, mut shapes, mut connects) = (Vec::new(), Vec::new(), Vec::new());
        for (at, field) in schema.get("fields")?.as_array()?.iter().enumerate() {
            let name = field.get("name")?.as_str()?;
            let mut parts = self.parts(field.get("type")?, &namespace, depth + 1)?;
            parts.connect["field"] = json!(name);
            if let Some(default) = field.get("default").filter(|default| !default.is_null()) {
                parts.connect["default"] = default.clone();
            }
            structures.push(json!({ "name": format!("f{at}"), "type": parts.structure }));
            shapes.push((name.to_owned(), parts.shape));
            connects.push(parts.connect);
        }
        Some(Parts {
            structure: json!({ "type": "record", "name": name, "fields": structures }),
            shape: Shape::Record(shapes),
            connect: json!({ "type": "struct", "fields": connects }),
        })
    }

    /// Connect has unions with null only; of another, what it means stays untold.
    fn union(&mut self, branches: &'s [Value], namespace: &str, depth: usize) -> Option<Parts> {
        let (mut structures, mut shapes, mut connects) = (Vec::new(), Vec::new(), Vec::new());
        for branch in branches {
            let parts = self.parts(branch, namespace, depth + 1)?;
            structures.push(parts.structure);
            shapes.push(parts.shape);
            connects.extend((branch.as_str() != Some("null")).then_some(parts.connect));
        }
        let optional = structures.len() > connects.len();
        let mut connect = if connects.len() == 1 { connects.remove(0) } else { json!({ "type": "struct" }) };
        connect["optional"] = json!(optional);
        Some(Parts { structure: Value::Array(structures), shape: Shape::Union(shapes), connect })
    }

    /// Keeps a named type for those that name it; says the namespace of what stands in it.
    fn define(&mut self, schema: &'s Value, namespace: &str) -> String {
        let of = |key: &str| schema.get(key).and_then(Value::as_str);
        let name = of("name").unwrap_or_default();
        let full = full_name(name, of("namespace").unwrap_or(namespace));
        let inner = full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
        self.known.insert(full, (schema, namespace.to_owned()));
        inner
    }

    fn fresh_name(&self) -> String {
        format!("t{}", self.types)
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

/// Connect's word for one of Avro's types without a name.
fn connect_type(name: &str) -> Option<&'static str> {
    Some(match name {
        "null" => "null",
        "boolean" => "boolean",
        "int" => "int32",
        "long" => "int64",
        "float" => "float",
        "double" => "double",
        "bytes" => "bytes",
        "string" => "string",
        _ => return None,
    })
}

/// What the converter keeps of Connect's schema; without it, what the logical type says, which it then writes for Connect's
/// own types.
fn explain(connect: &mut Value, schema: &Value) {
    let logical = schema.get("logicalType").and_then(Value::as_str);
    let name = schema.get("connect.name").and_then(Value::as_str).or(match logical {
        Some("decimal") => Some("org.apache.kafka.connect.data.Decimal"),
        Some("date") => Some("org.apache.kafka.connect.data.Date"),
        Some("time-millis") => Some("org.apache.kafka.connect.data.Time"),
        Some("timestamp-millis") => Some("org.apache.kafka.connect.data.Timestamp"),
        _ => None,
    });
    if let Some(name) = name {
        connect["name"] = json!(name);
    }
    if let Some(parameters) = schema.get("connect.parameters") {
        connect["parameters"] = parameters.clone();
    } else if let Some(scale) = schema.get("scale") {
        connect["parameters"] = json!({ "scale": scale.to_string() });
    }
}

/// Writes a value; nothing where it is not of its shape, or of a type that Connect has not.
fn write(value: &Datum, shape: &Shape, out: &mut String) -> Option<()> {
    match (value, shape) {
        (Datum::Null, _) => out.push_str("null"),
        (Datum::Boolean(value), _) => out.push_str(if *value { "true" } else { "false" }),
        (Datum::Int(value), _) => write!(out, "{value}").ok()?,
        (Datum::Long(value), _) => write!(out, "{value}").ok()?,
        (Datum::Float(value), _) => fraction(f64::from(*value), format!("{value:e}"), format!("{value:?}"), out),
        (Datum::Double(value), _) => fraction(*value, format!("{value:e}"), format!("{value:?}"), out),
        (Datum::Bytes(bytes) | Datum::Fixed(_, bytes), _) => out.extend(["\"", &BASE64.encode(bytes), "\""]),
        (Datum::String(text) | Datum::Enum(_, text), _) => string(text, out),
        (Datum::Union(branch, value), Shape::Union(shapes)) => write(value, shapes.get(*branch as usize)?, out)?,
        (Datum::Array(values), Shape::Items(shape)) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                write(value, shape, out)?;
            }
            out.push(']');
        }
        (Datum::Map(values), Shape::Items(shape)) => {
            // The decoder's order changes from one run to the next.
            let values: BTreeMap<_, _> = values.iter().collect();
            object(values.into_iter().map(|(name, value)| (name.as_str(), value, &**shape)), out)?;
        }
        (Datum::Record(values), Shape::Record(shapes)) if values.len() == shapes.len() => {
            let fields = values.iter().zip(shapes);
            object(fields.map(|((_, value), (name, shape))| (name.as_str(), value, shape)), out)?;
        }
        _ => return None,
    }
    Some(())
}

fn object<'v>(fields: impl Iterator<Item = (&'v str, &'v Datum, &'v Shape)>, out: &mut String) -> Option<()> {
    out.push('{');
    for (at, (name, value, shape)) in fields.enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        string(name, out);
        out.push(':');
        write(value, shape, out)?;
    }
    out.push('}');
    Some(())
}

fn string(text: &str, out: &mut String) {
    out.push_str(&Value::from(text).to_string());
}

/// A number as Java writes it, `scientific` and `plain` being its shortest forms: the same row has the same text whichever
/// converter wrote it.
fn fraction(value: f64, scientific: String, plain: String, out: &mut String) {
    if !value.is_finite() {
        let word = if value.is_nan() { "NaN" } else { "Infinity" };
        return out.extend(["\"", if value < 0.0 { "-" } else { "" }, word, "\""]);
    }
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        return out.push_str(&plain);
    }
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    out.extend([digits, if digits.contains('.') { "" } else { ".0" }, "E", exponent]);
}

#[cfg(test)]
mod tests {
    use ::debezium::content::Content;
    use ::debezium::object::Fields;

    use super::super::change::{Change, Message, Sent, Topic, read};
    use super::super::registry::{Id, framed_by_bytes};
    use super::super::written::Written;
    use super::*;

    /// The same eight changes of one table as Debezium 3.6.1 wrote them through Apicurio's Avro converter 2.6.13 and through
    /// Connect's JSON converter 4.3.1, and the schemas that the first registered.
    #[derive(serde::Deserialize)]
    struct Recorded {
        registry: BTreeMap<u32, String>,
        connect: Vec<Box<RawValue>>,
        messages: Vec<RecordedMessage>,
    }

    #[derive(serde::Deserialize)]
    struct RecordedMessage {
        key: Option<String>,
        schema: usize,
        payload: String,
        avro_key: Option<String>,
        avro: String,
    }

    fn recorded() -> Recorded {
        let recorded: Recorded = serde_json::from_str(include_str!("recorded.json")).expect("recorded");
        Recorded { connect: recorded.connect.iter().map(|text| unquoted(text)).collect(), ..recorded }
    }

    fn unquoted(text: &RawValue) -> Box<RawValue> {
        let text: String = serde_json::from_str(text.get()).expect("a text");
        RawValue::from_string(text).expect("JSON")
    }

    fn decoded(recorded: &Recorded, hex: &str) -> (String, Box<RawValue>) {
        let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).expect("hexadecimal");
        let framed = framed_by_bytes(&bytes).expect("an id");
        let Id::Framed(id) = framed.id else { panic!("{:?}", framed.id) };
        let schema = Schema::parse(&recorded.registry[&id]).expect("a schema");
        (schema.json(framed.datum).expect("a datum"), schema.connect().to_owned())
    }

    fn part<'a>(change: &'a str, name: &str) -> &'a str {
        let Fields(fields) = serde_json::from_str(change).expect("an envelope");
        fields.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value.get())
    }

    /// Of the change that is made of a message: the rows, the operation, how much of the row before is believed, and the
    /// contact that keeps it in order.
    fn told(key: Option<&str>, value: &str, schema: &RawValue, written: &mut Written) -> ([String; 4], Option<String>) {
        let topic = Topic { order: Some("kontakt"), ..Topic::default() };
        let key = key.map(|key| Content { schema: None, text: key.as_bytes() });
        let value = Some(Content { schema: Some(schema), text: value.as_bytes() });
        match read(Sent { key, value, at: None }, topic, written) {
            Message::Change(Change { envelope, key, .. }) => {
                let text = String::from_utf8(envelope.into_owned()).expect("text");
                let parts = ["before", "after", "op", "replica_identity"];
                (parts.map(|name| part(&text, name).to_owned()), key.map(String::from))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_the_avro_converter_wrote_is_what_the_json_converter_wrote() {
        let recorded = recorded();
        let (mut of_avro, mut of_json) = (Written::default(), Written::default());
        let mut kinds = Vec::new();
        for message in &recorded.messages {
            let (text, connect) = decoded(&recorded, &message.avro);
            for name in ["before", "after", "op"] {
                assert_eq!(part(&text, name), part(&message.payload, name), "{name}");
            }
            let key = message.avro_key.as_ref().map(|key| decoded(&recorded, key));
            assert_eq!(key.as_ref().map(|(text, _)| text), message.key.as_ref());
            // And what is made of it: dates, amounts, and what is to be believed of the row before.
            let key = message.key.as_deref();
            let told = told(key, &message.payload, &recorded.connect[message.schema], &mut of_json);
            assert_eq!(self::told(key, &text, &connect, &mut of_avro), told);
            kinds.push((told.0[2].clone(), told.0[3].clone()));
            if told.0[1].contains("\"id\":1,") {
                assert!(told.0[1].contains(r#""d":"2026-01-06","ts":"2026-01-06T08:00:00.25""#), "{told:?}");
                assert!(
                    told.0[1].contains(r#""amount":"1234.56","any_amount":"99999999999999999999.125""#),
                    "{told:?}"
                );
            }
        }
        let said: Vec<_> = kinds.iter().map(|(operation, identity)| (operation.as_str(), identity.as_str())).collect();
        let (full, key) = ("\"full\"", "\"key\"");
        let of_row_2 = ("\"d\"", key);
        let expected = [
            ("\"r\"", ""),
            ("\"r\"", ""),
            ("\"u\"", full),
            ("\"u\"", full),
            of_row_2,
            ("\"d\"", key),
            ("\"t\"", ""),
            ("\"c\"", ""),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_datum_that_is_cut_or_has_something_behind_it_is_none() {
        let recorded = recorded();
        for message in &recorded.messages {
            let bytes = data_encoding::HEXLOWER.decode(message.avro.as_bytes()).expect("hexadecimal");
            let framed = framed_by_bytes(&bytes).expect("an id");
            let Id::Framed(id) = framed.id else { panic!("{:?}", framed.id) };
            let schema = Schema::parse(&recorded.registry[&id]).expect("a schema");
            for end in 0..framed.datum.len() {
                assert_eq!(schema.json(&framed.datum[..end]), None, "{end}");
            }
            assert_eq!(schema.json(&[framed.datum, &[0]].concat()), None);
        }
        // Lengths that nothing is behind.
        for (kind, datum) in [
            (r#""string""#, &[0xfe, 0xff, 0xff, 0x7f][..]),
            (r#"{"type":"array","items":"string"}"#, &[0xfe, 0xff, 0x7f]),
            (r#"{"type":"map","values":["null","long"]}"#, &[0xfe, 0xff, 0x7f]),
            // A million and more nulls, which take no bytes there.
            (r#"{"type":"array","items":"null"}"#, &[0xfe, 0xff, 0xff, 0x01, 0]),
            (r#""boolean""#, &[]),
            (r#"["null","long"]"#, &[]),
        ] {
            let schema = Schema::parse(kind).expect("a schema");
            assert_eq!(schema.json(datum), None, "{kind}");
        }
    }

    #[test]
    fn every_type_is_written_as_connect_writes_it() {
        let check = |kind: &str, datum: &[u8], json: &str, connect: &str| {
            let schema = Schema::parse(kind).expect("a schema");
            assert_eq!(schema.json(datum).as_deref(), Some(json), "{kind}");
            // The order of keys says nothing.
            let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
            assert_eq!(read(schema.connect().get()), read(connect), "{kind}");
        };
        let double = |value: f64| value.to_le_bytes();
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.001, "0.001"),
            (1e-5, "1.0E-5"),
            (-9_999_999.5, "-9999999.5"),
            (1e7, "1.0E7"),
            (12_500_000.5, "1.25000005E7"),
            (1e300, "1.0E300"),
            (f64::NAN, "\"NaN\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
        ] {
            check("\"double\"", &double(value), text, r#"{"type":"double"}"#);
        }
        check("\"float\"", &0.1_f32.to_le_bytes(), "0.1", r#"{"type":"float"}"#);
        check("\"string\"", &[4, b'"', b'\n'], r#""\"\n""#, r#"{"type":"string"}"#);
        check(r#"["null",{"type":"bytes"}]"#, &[2, 4, 0, 255], r#""AP8=""#, r#"{"optional":true,"type":"bytes"}"#);
        // In the order of their names, whatever the decoder's.
        check(
            r#"{"type":"map","values":"int"}"#,
            &[6, 2, b'c', 2, 2, b'a', 4, 2, b'b', 6, 0],
            r#"{"a":2,"b":3,"c":1}"#,
            r#"{"type":"map"}"#,
        );
        check(r#"{"type":"enum","name":"e","symbols":["a","b"]}"#, &[2], "\"b\"", r#"{"type":"string"}"#);
        check(r#"{"type":"fixed","name":"f","size":2}"#, &[0, 255], "\"AP8=\"", r#"{"type":"bytes"}"#);
        check(r#"["long","string"]"#, &[2, 2, b'a'], "\"a\"", r#"{"optional":false,"type":"struct"}"#);
        // A named type that is used again, in another namespace, and a column whose name is no Avro name.
        let kind = r#"{"type":"record","name":"a.b.R","fields":[{"name":"å","type":{"type":"record","name":"V","fields":[
            {"name":"d","type":{"type":"int","connect.name":"io.debezium.time.Date"},"default":7}]}},
            {"name":"after","type":["null","V"],"default":null},{"name":"other","type":"a.b.V"}]}"#;
        let column = r#"{"default":7,"field":"d","name":"io.debezium.time.Date","type":"int32"}"#;
        check(
            kind,
            &[2, 2, 4, 6],
            r#"{"å":{"d":1},"after":{"d":2},"other":{"d":3}}"#,
            &format!(
                r#"{{"fields":[{{"field":"å","fields":[{column}],"type":"struct"}},{{"field":"after","fields":[{column}],"optional":true,"type":"struct"}},{{"field":"other","fields":[{column}],"type":"struct"}}],"type":"struct"}}"#
            ),
        );
        // A converter that leaves Connect's words out still writes the logical types of Connect's own.
        check(
            r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}"#,
            &[2, 12],
            "\"DA==\"",
            r#"{"name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"},"type":"bytes"}"#,
        );
    }

    #[test]
    fn what_is_no_schema_or_has_no_end_is_none() {
        for text in [
            "",
            "syntax = \"proto3\";",
            r#"{"type":"object"}"#,
            r#"{"type":"record","name":"R","fields":[{"name":"r","type":["null","R"]}]}"#,
            r#"{"type":"record","name":"R","fields":[{"name":"v","type":"elsewhere.Value"}]}"#,
            r#"{"type":"record","name":"R"}"#,
        ] {
            assert!(Schema::parse(text).is_none(), "{text}");
        }
    }
}
