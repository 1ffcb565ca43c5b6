//! Any value of any of our schemas goes through our records without a change.

use std::{collections::HashMap, sync::LazyLock};

use apache_avro::{
    Schema,
    schema::{Name, ResolvedSchema},
    types::Value,
};
use proptest::{collection::vec, prelude::*};
use schemas::{Decoder, Kind};

use crate::value::{decoder_by_schema, record_bytes, schema, through, through_our_records, write};

/// Any value of a schema; maps have at most one entry, because their order is nobody's business.
fn any_value(schema: &Schema, names: &HashMap<Name, &Schema>) -> BoxedStrategy<Value> {
    match schema {
        Schema::Ref { name } => any_value(names[name], names),
        Schema::Null => Just(Value::Null).boxed(),
        Schema::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Schema::Int => any::<i32>().prop_map(Value::Int).boxed(),
        Schema::Long => any::<i64>().prop_map(Value::Long).boxed(),
        Schema::TimestampMicros => any::<i64>().prop_map(Value::TimestampMicros).boxed(),
        Schema::String => ".{0,12}".prop_map(Value::String).boxed(),
        Schema::Bytes => vec(any::<u8>(), 0..12).prop_map(Value::Bytes).boxed(),
        Schema::Fixed(fixed) => {
            let size = fixed.size;
            vec(any::<u8>(), size).prop_map(move |bytes| Value::Fixed(size, bytes)).boxed()
        }
        Schema::Enum(declared) => {
            let symbols = declared.symbols.clone();
            (0..symbols.len()).prop_map(move |index| Value::Enum(index as u32, symbols[index].clone())).boxed()
        }
        Schema::Array(array) => vec(any_value(&array.items, names), 0..4).prop_map(Value::Array).boxed(),
        Schema::Map(map) => {
            let entry = (".{0,8}", any_value(&map.types, names));
            vec(entry, 0..2).prop_map(|entries| Value::Map(entries.into_iter().collect())).boxed()
        }
        Schema::Union(union) => {
            let variants = (0..).zip(union.variants()).map(|(index, variant)| {
                any_value(variant, names).prop_map(move |value| Value::Union(index, Box::new(value)))
            });
            proptest::strategy::Union::new(variants).boxed()
        }
        Schema::Record(record) => {
            let names_of_fields: Vec<_> = record.fields.iter().map(|field| field.name.clone()).collect();
            let fields: Vec<_> = record.fields.iter().map(|field| any_value(&field.schema, names)).collect();
            fields.prop_map(move |values| Value::Record(names_of_fields.iter().cloned().zip(values).collect())).boxed()
        }
        other => panic!("{other:?} is not used in our schemas"),
    }
}

fn any_record() -> impl Strategy<Value = (Kind, Vec<u8>)> {
    let of_kind = |kind: Kind| {
        let schema = schema(kind.avsc());
        let values = any_value(&schema, ResolvedSchema::new(&schema).expect("our schemas are whole").get_names());
        values.prop_map(move |value| (kind, write(&schema, &value))).boxed()
    };
    proptest::strategy::Union::new(Kind::ALL.map(of_kind))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn our_records_carry_any_value_to_the_byte((kind, datum) in any_record()) {
        let bytes = record_bytes(kind, kind.versions().len() as u32, &datum);
        prop_assert_eq!(through_our_records(kind, &bytes), Ok(bytes));
    }

    #[test]
    fn rubbish_is_refused_or_read_but_never_a_panic(kind in 0..Kind::ALL.len(), datum in vec(any::<u8>(), 0..400)) {
        let kind = Kind::ALL[kind];
        let _ = through_our_records(kind, &record_bytes(kind, 1, &datum));
    }

    #[test]
    fn a_damaged_record_is_refused_or_read_but_never_a_panic(
        (kind, mut datum) in any_record(), at in any::<prop::sample::Index>(), with in any::<u8>(),
    ) {
        let at = at.index(datum.len());
        datum[at] = with;
        let _ = through_our_records(kind, &record_bytes(kind, 1, &datum));
    }

    /// What a record is does not depend on whether its struct or its schema is gone by.
    #[test]
    fn by_struct_and_by_schema_the_same_is_read(
        (kind, mut datum) in any_record(), at in any::<prop::sample::Index>(), with in any::<Option<u8>>(),
    ) {
        static BY_STRUCT: LazyLock<Decoder> = LazyLock::new(Decoder::development);
        static BY_SCHEMA: LazyLock<Decoder> = LazyLock::new(decoder_by_schema);
        let at = at.index(datum.len());
        datum[at] = with.unwrap_or(datum[at]);
        let bytes = record_bytes(kind, kind.versions().len() as u32, &datum);
        prop_assert_eq!(through(&BY_STRUCT, kind, &bytes), through(&BY_SCHEMA, kind, &bytes));
    }
}
