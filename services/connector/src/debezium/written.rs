//! Dates, times and amounts that Debezium writes as numbers and bytes, written out by the schema that stands around the
//! change: it is not sent on, and without it nobody could read them.
//!
//! How each type is written is the format's ([`::debezium::value`]); which schema holds for a change is decided here.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use ::debezium::envelope::{IDENTITY, MAYBE_MISSING};
use ::debezium::object;
use ::debezium::object::Fields;
use ::debezium::schema::Columns;
use ::debezium::unavailable::is_unavailable;
use ::debezium::value::{Type, UNREADABLE, is_iso_day, is_iso_moment, written};
use serde_json::value::RawValue;

use super::before::Belief;

/// What the schema of a topic's last change says of its values; without one, what the configuration does.
#[derive(Default)]
pub(crate) struct Written {
    /// None before the first change, empty without a schema.
    schema: Option<String>,
    /// That schema is a row's, not an envelope's around rows.
    is_of_row: bool,
    /// Nobody says which columns are a wall clock's.
    unsaid: bool,
    columns: Columns,
}

/// A schema as it stands around a change, and what it is of; none where the change stands alone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schema<'a> {
    Enveloped(Option<&'a RawValue>),
    Flattened(Option<&'a RawValue>),
    /// The key of a row: there is no more of it.
    Key(Option<&'a RawValue>),
}

impl Written {
    /// Takes the schema of a change for that of its values; without one no more is known of them than which are a
    /// `wall_clock`'s, if that is.
    pub(crate) fn learn(&mut self, schema: Schema<'_>, wall_clock: Option<&BTreeSet<String>>) {
        let (schema, is_of_row) = match schema {
            Schema::Enveloped(schema) => (schema, false),
            Schema::Flattened(schema) | Schema::Key(schema) => (schema, true),
        };
        let text = schema.map_or("", RawValue::get);
        if self.schema.as_deref() == Some(text) && self.is_of_row == is_of_row {
            return;
        }
        self.schema = Some(text.to_owned());
        self.is_of_row = is_of_row;
        self.unsaid = schema.is_none() && wall_clock.is_none();
        self.columns = match schema {
            Some(_) if is_of_row => Columns::of_row(text),
            Some(_) => Columns::of_envelope(text),
            None => {
                let unzoned = wall_clock.into_iter().flatten().map(|column| (column.clone(), Type::Unzoned));
                Columns { written: unzoned.collect(), ..Columns::default() }
            }
        };
    }

    fn is_schemaless(&self) -> bool {
        self.schema.as_deref().is_none_or(str::is_empty)
    }

    /// Whether a row before can only come from REPLICA IDENTITY FULL: it has a value where one that PostgreSQL did not tell
    /// would be null. A column of any other identity is NOT NULL.
    pub(crate) fn proves_whole(&self, before: &BTreeMap<Cow<'_, str>, &RawValue>) -> bool {
        let told = |value: &RawValue| value.get() != "null" && !is_unavailable(value.get());
        before.iter().any(|(name, value)| self.columns.nullable.contains(&**name) && told(value))
    }

    /// The columns of a row after whose value may stand for none at all, as far as the schema tells.
    pub(crate) fn maybe_missing<'r>(
        &self,
        after: Option<&'r BTreeMap<Cow<'_, str>, &RawValue>>,
        is_mysql: bool,
    ) -> Vec<&'r str> {
        let columns = after.into_iter().flatten();
        let doubtful = columns.filter(|(name, value)| self.columns.maybe_missing(name, value.get(), is_mysql));
        doubtful.map(|(name, _)| &**name).collect()
    }

    /// The change with its rows written out, and of the row before what is to be believed; as it is where nothing of it
    /// changes anything.
    pub(crate) fn out<'a>(
        &self,
        change: &'a [u8],
        belief: Option<&Belief<'_>>,
        maybe_missing: &[&str],
    ) -> Cow<'a, [u8]> {
        let may_be_iso = self.is_schemaless() && change.windows(2).any(|pair| pair == b"Z\"");
        if self.columns.written.is_empty() && belief.is_none() && !may_be_iso && maybe_missing.is_empty() {
            return Cow::Borrowed(change);
        }
        let Ok(Fields(mut fields)) = serde_json::from_slice::<Fields<'a>>(change) else {
            return Cow::Borrowed(change);
        };
        let said = belief.map(|belief| serde_json::value::to_raw_value(belief.name()).expect("a word becomes JSON"));
        let doubt = (!maybe_missing.is_empty())
            .then(|| serde_json::value::to_raw_value(maybe_missing).expect("names become JSON"));
        fields.retain(|(name, _)| name != IDENTITY && name != MAYBE_MISSING);
        fields.extend(said.as_ref().map(|said| (Cow::Borrowed(IDENTITY), &**said)));
        fields.extend(doubt.as_ref().map(|doubt| (Cow::Borrowed(MAYBE_MISSING), &**doubt)));
        let mut out = String::with_capacity(change.len() + 256);
        object::write(&mut out, &fields, |name, value, out| match (name, belief) {
            ("before", Some(belief)) => self.row(value, |column| belief.holds(column), out),
            ("before" | "after", _) => self.row(value, |_| true, out),
            _ => out.push_str(value),
        });
        Cow::Owned(out.into_bytes())
    }

    fn row(&self, row: &str, keep: impl Fn(&str) -> bool, out: &mut String) {
        let Ok(Fields(mut fields)) = serde_json::from_str::<Fields<'_>>(row) else { return out.push_str(row) };
        fields.retain(|(name, _)| keep(name));
        // No other mode than `isostring` writes a day so, and it does so with what has a zone and what has none.
        let is_iso = self.is_schemaless() && fields.iter().any(|(_, value)| is_iso_day(value.get()));
        object::write(out, &fields, |name, value, out| {
            let text = match self.columns.written.get(name) {
                Some(kind) => written(*kind, value),
                None if is_iso && is_iso_day(value) => written(Type::Unzoned, value),
                None if is_iso && self.unsaid && is_iso_moment(value) => Some(Cow::Borrowed(UNREADABLE)),
                None => None,
            };
            match text {
                Some(text) => out.extend(["\"", &*text, "\""]),
                None => out.push_str(value),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(schema: &str, change: &str) -> String {
        let mut written = Written::default();
        written.learn(Schema::Enveloped(Some(serde_json::from_str(schema).expect("JSON"))), None);
        String::from_utf8(written.out(change.as_bytes(), None, &[]).into_owned()).expect("text")
    }

    #[test]
    fn a_change_without_such_values_stays_as_it_is_written() {
        let change = r#"{ "op":"c",  "after":{"id":1} }"#;
        for schema in ["null", "7", "{}", r#"{"fields":[{"field":"after","fields":[{"field":"id","type":"int64"}]}]}"#]
        {
            assert_eq!(out(schema, change), change);
        }
    }

    #[test]
    fn a_new_schema_takes_the_place_of_the_old_one() {
        let schema = |name: &str| {
            let column = format!(r#"{{"field":"d","name":"{name}"}}"#);
            RawValue::from_string(format!(r#"{{"fields":[{{"field":"before","fields":[{column}]}}]}}"#)).expect("JSON")
        };
        let mut written = Written::default();
        let mut day = |name: &str| {
            written.learn(Schema::Enveloped(Some(&*schema(name))), None);
            String::from_utf8(written.out(br#"{"before":{"d":86400000}}"#, None, &[]).into_owned()).expect("text")
        };
        assert_eq!(day("io.debezium.time.Timestamp"), r#"{"before":{"d":"1970-01-02T00:00:00"}}"#);
        assert_eq!(day("io.debezium.time.MicroTimestamp"), r#"{"before":{"d":"1970-01-01T00:01:26.4"}}"#);
        assert_eq!(day("other"), r#"{"before":{"d":86400000}}"#);
        written.learn(Schema::Enveloped(None), None);
        assert!(written.columns.written.is_empty(), "nothing is known without a schema");
    }

    #[test]
    fn without_a_schema_a_wall_clock_is_one_where_the_configuration_says_so_and_else_refused() {
        let row = r#"{"d":"2026-01-06Z","at":"2026-01-06T08:00:00Z","seen":"2026-01-06T08:00:00.25Z","note":"Z"}"#;
        let change = format!(r#"{{"before":null,"after":{row},"op":"c"}}"#);
        let out = |change: &str, wall_clock: Option<&[&str]>| {
            let wall_clock = wall_clock.map(|columns| columns.iter().map(|column| (*column).to_owned()).collect());
            let mut written = Written::default();
            written.learn(Schema::Enveloped(None), wall_clock.as_ref());
            String::from_utf8(written.out(change.as_bytes(), None, &[]).into_owned()).expect("text")
        };
        let row = |at: &str, seen: &str| {
            format!(r#"{{"before":null,"after":{{"d":"2026-01-06","at":"{at}","seen":"{seen}","note":"Z"}},"op":"c"}}"#)
        };
        assert_eq!(out(&change, None), row(UNREADABLE, UNREADABLE));
        assert_eq!(out(&change, Some(&["at"])), row("2026-01-06T08:00:00", "2026-01-06T08:00:00.25Z"));
        assert_eq!(out(&change, Some(&[])), row("2026-01-06T08:00:00Z", "2026-01-06T08:00:00.25Z"));
        // Where no day shows the mode, an instant is one.
        let plain = change.replace("2026-01-06Z", "2026-01-06");
        assert_eq!(out(&plain, None), plain);
    }
}
