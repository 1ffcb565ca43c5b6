//! From a subject's Avro schema to columns.

use std::collections::HashMap;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition};
use parquet::schema::types::{Type, TypePtr};
use serde_json::Value;

use crate::column::{Decided, EVENTS, Says};
use crate::pseudonym::Pseudonyms;
use crate::sheet::{Kind, Leaf};

/// What becomes of a value of the schema. Columns are numbered in the order of the file's schema.
#[derive(Debug)]
pub(super) enum Node {
    /// A value: its column, and what is done with that.
    Leaf(usize, Decided),
    /// A record, flattened: its fields by name.
    Record(Vec<(String, Node)>),
    /// A list of what is inside.
    List(Box<Node>),
    /// Texts to what is inside; the column of the texts.
    Map(usize, Box<Node>),
    /// A time, and the column of the day that it lies in.
    Moment {
        /// The column of the moment.
        at: usize,
        /// The column of the Swedish day.
        on: usize,
    },
    /// Whether only the day of a time is known: its moment is none then.
    IsDate {
        /// The column of the flag.
        flag: usize,
        /// The column of the moment.
        at: usize,
    },
}

pub(super) struct Plan {
    pub(super) root: Node,
    pub(super) fields: Vec<TypePtr>,
    pub(super) leaves: Vec<Leaf>,
    /// What the leaves' columns are called.
    pub(super) names: Vec<String>,
    /// What is done with them.
    pub(super) decided: Vec<Decided>,
}

/// How the name of a flag ends that says that only the day of the time before it is known.
const IS_DATE: &str = "_is_date";

/// Of our own schemas, which tests parse.
const OURS: &str = "our own schemas have types that columns can have";

impl Plan {
    /// Of a schema of ours.
    ///
    /// # Panics
    /// When it has a type that no schema of ours has yet: a union of several, a list inside of a list or of a record
    /// that may be absent.
    pub(super) fn new(avsc: &str, pseudonyms: &Pseudonyms) -> Self {
        let schema: Value = serde_json::from_str(avsc).expect(OURS);
        let mut builder = Builder {
            known: HashMap::new(),
            leaves: Vec::new(),
            names: Vec::new(),
            decided: Vec::new(),
            pseudonyms,
            inside: String::new(),
            tells_days: avsc.contains(IS_DATE),
        };
        let mut fields = Vec::new();
        let root = builder.record(&schema, "", Context::default(), &mut fields);
        Self { root, fields, leaves: builder.leaves, names: builder.names, decided: builder.decided }
    }
}

#[derive(Clone, Copy, Default)]
struct Context {
    /// Definition level at which it is known that there is one.
    defined: i16,
    repeated: i16,
    /// Whether it may be absent.
    optional: bool,
}

impl Context {
    fn repetition(self) -> Repetition {
        if self.optional { Repetition::OPTIONAL } else { Repetition::REQUIRED }
    }
}

struct Builder<'p> {
    /// Named types, which a schema defines once and names again.
    known: HashMap<String, Value>,
    leaves: Vec<Leaf>,
    names: Vec<String>,
    decided: Vec<Decided>,
    pseudonyms: &'p Pseudonyms,
    /// The list or map that is being planned, with a dot, as `column.rs` writes it.
    inside: String,
    /// Whether the subject tells days apart from moments.
    tells_days: bool,
}

impl Builder<'_> {
    /// The fields of a record; each of its columns is named by `prefix` and the field.
    fn record(&mut self, schema: &Value, prefix: &str, context: Context, into: &mut Vec<TypePtr>) -> Node {
        let fields = schema["fields"].as_array().expect(OURS);
        let names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().expect(OURS)).collect();
        let mut nodes: Vec<(String, Node)> = Vec::new();
        for (field, name) in fields.iter().zip(&names) {
            let mut node = self.node(&field["type"], prefix, name, context, into);
            let time = name.strip_suffix("_at");
            let is_told = |time: &str| names.contains(&&*format!("{time}{IS_DATE}"));
            if let (Some(time), Node::Leaf(at, _)) = (time, &node)
                && (is_told(time) || self.tells_days && *name == "occurred_at")
            {
                node = Node::Moment {
                    at: *at,
                    on: self.day(&format!("{prefix}{time}_on"), &field["type"], context, into),
                };
            }
            if let (Some(time), Node::Leaf(flag, _)) = (name.strip_suffix(IS_DATE), &node) {
                // The flag comes after its time, so that the time is known when it is told to be none.
                let before = nodes.last().filter(|(before, _)| before.strip_suffix("_at") == Some(time));
                let Some((_, Node::Moment { at, .. })) = before else { panic!("{OURS}: {name} follows its time") };
                node = Node::IsDate { flag: *flag, at: *at };
            }
            nodes.push(((*name).to_owned(), node));
        }
        Node::Record(nodes)
    }

    /// The column of the day of a time; there when the time is.
    fn day(&mut self, name: &str, time: &Value, context: Context, into: &mut Vec<TypePtr>) -> usize {
        let context = match time {
            Value::Array(_) if !context.optional => Context { defined: context.defined + 1, optional: true, ..context },
            _ => context,
        };
        into.push(Kind::Date.field(name, context.repetition()));
        self.leaf(name, Kind::Date, context, self.pseudonyms.time())
    }

    fn node(&mut self, schema: &Value, prefix: &str, name: &str, context: Context, into: &mut Vec<TypePtr>) -> Node {
        let (schema, context) = match schema {
            Value::Array(union) => {
                let [null, value] = union.as_slice() else { panic!("{OURS}") };
                assert_eq!(null, "null", "{OURS}");
                // Inside of a record that may be absent, a field that may be absent adds nothing: both are no value.
                let defined = if context.optional { context.defined } else { context.defined + 1 };
                (value, Context { defined, optional: true, ..context })
            }
            _ => (schema, context),
        };
        let schema = self.resolve(schema);
        let column = format!("{prefix}{name}");
        match schema["type"].as_str() {
            Some("record") => {
                let prefix = if name == "envelope" { prefix.to_owned() } else { format!("{column}_") };
                self.record(&schema, &prefix, context, into)
            }
            Some("array") => {
                let inner = self.inside(context);
                let mut element = Vec::new();
                self.inside = format!("{column}.");
                let node = self.element(&schema["items"], inner, &mut element);
                self.inside.clear();
                let list = group("list", Repetition::REPEATED, None, vec![element.remove(0)]);
                into.push(group(&column, Repetition::REQUIRED, Some(LogicalType::List), vec![list]));
                Node::List(Box::new(node))
            }
            Some("map") => {
                let inner = self.inside(context);
                self.inside = format!("{column}.");
                let decided = self.pseudonyms.decided(EVENTS, &format!("{}key", self.inside));
                let key = self.leaf("key", Kind::Text, inner, decided);
                let mut fields = vec![Kind::Text.field("key", Repetition::REQUIRED)];
                let value = self.node(&schema["values"], "", "value", inner, &mut fields);
                self.inside.clear();
                let pairs = group("key_value", Repetition::REPEATED, None, fields);
                into.push(group(&column, Repetition::REQUIRED, Some(LogicalType::Map), vec![pairs]));
                Node::Map(key, Box::new(value))
            }
            _ => {
                let kind = kind(&schema);
                into.push(kind.field(&column, context.repetition()));
                let decided = match kind {
                    Kind::Text | Kind::Bytes | Kind::Int | Kind::Long => {
                        self.pseudonyms.decided(EVENTS, &format!("{}{column}", self.inside))
                    }
                    Kind::Instant | Kind::WallTime | Kind::Date => self.pseudonyms.time(),
                    Kind::Flag | Kind::Decimal(_) => Decided::usual(Says::Content),
                };
                let is_few = kind == Kind::Int && decided.says.is_found_by();
                assert!(!is_few, "{column}: 32 bits are too few for pseudonyms");
                Node::Leaf(self.leaf(&column, kind, context, decided), decided)
            }
        }
    }

    /// What a list holds: a group of its own when it is a record.
    fn element(&mut self, schema: &Value, context: Context, into: &mut Vec<TypePtr>) -> Node {
        let schema = self.resolve(schema);
        if schema["type"] != "record" {
            return self.node(&schema, "", "element", context, into);
        }
        let mut fields = Vec::new();
        let node = self.record(&schema, "", context, &mut fields);
        into.push(group("element", Repetition::REQUIRED, None, fields));
        node
    }

    fn inside(&self, context: Context) -> Context {
        assert!(!context.optional && context.repeated == 0, "{OURS}");
        Context { defined: context.defined + 1, repeated: 1, optional: false }
    }

    fn leaf(&mut self, name: &str, kind: Kind, context: Context, decided: Decided) -> usize {
        self.decided.push(decided);
        self.names.push(format!("{}{name}", self.inside));
        self.leaves.push(Leaf::new(kind, context.defined, context.repeated));
        self.leaves.len() - 1
    }

    /// The type itself, where its name is given; a name is remembered where it is defined.
    fn resolve(&mut self, schema: &Value) -> Value {
        match schema {
            Value::String(name) => self.known.get(name).cloned().unwrap_or_else(|| serde_json::json!({ "type": name })),
            _ => {
                if let Some(name) = schema["name"].as_str() {
                    self.known.insert(name.to_owned(), schema.clone());
                }
                schema.clone()
            }
        }
    }
}

fn kind(schema: &Value) -> Kind {
    match (schema["type"].as_str(), schema["logicalType"].as_str()) {
        (Some("string" | "enum"), _) => Kind::Text,
        (Some("bytes" | "fixed"), _) => Kind::Bytes,
        (Some("boolean"), _) => Kind::Flag,
        (Some("int"), None) => Kind::Int,
        (Some("long"), None) => Kind::Long,
        (Some("long"), Some("timestamp-micros")) => Kind::Instant,
        other => panic!("{OURS}: {other:?}"),
    }
}

fn group(name: &str, repetition: Repetition, logical: Option<LogicalType>, fields: Vec<TypePtr>) -> TypePtr {
    let group =
        Type::group_type_builder(name).with_repetition(repetition).with_logical_type(logical).with_fields(fields);
    Arc::new(group.build().expect(OURS))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemas::Subject;

    use super::{Plan, Pseudonyms};

    #[test]
    fn every_common_subject_has_columns_and_each_its_own_name() {
        for subject in Subject::ALL {
            let plan = Plan::new(subject.kind().avsc(), &Pseudonyms::unused());
            let names: BTreeSet<&str> = plan.fields.iter().map(|field| field.name()).collect();
            assert_eq!(names.len(), plan.fields.len(), "{subject:?}");
            for name in names.iter().filter_map(|name| name.strip_suffix(super::IS_DATE)) {
                assert!(names.contains(&*format!("{name}_on")), "{subject:?} lacks {name}_on");
            }
            for name in ["event_id", "origin_offset", "correction_kind", "occurred_at", "quality", "subject_token"] {
                assert!(names.contains(name), "{subject:?} lacks {name}");
            }
        }
    }
}
