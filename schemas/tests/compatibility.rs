//! Every version of a schema keeps its kind's promise to every other, and the check can tell.

use apache_avro::schema_compatibility::SchemaCompatibility;
use schemas::{Compatibility, Decoder, Encounter, Kind};
use serde_json::{Value, json};

use crate::{
    examples,
    value::{read, read_as, schema, write},
};

fn keeps(rule: Compatibility, older: &str, newer: &str) -> bool {
    let (older, newer) = (schema(older), schema(newer));
    match rule {
        Compatibility::BackwardTransitive => SchemaCompatibility::can_read(&older, &newer).is_ok(),
        Compatibility::FullTransitive => SchemaCompatibility::mutual_read(&older, &newer).is_ok(),
    }
}

#[test]
fn every_pair_of_versions_keeps_the_rule() {
    for kind in Kind::ALL {
        for (newer, new) in kind.versions().iter().enumerate() {
            for (older, old) in kind.versions()[..=newer].iter().enumerate() {
                assert!(keeps(kind.compatibility(), old, new), "{kind:?} versions {} and {}", older + 1, newer + 1);
            }
        }
    }
}

/// Apicurio answers a version that differs from another only in documentation, defaults, aliases or an enum's default with the
/// other's id and stores nothing: such a version would be in our folder and in no registry.
#[test]
fn no_two_versions_have_the_same_structure() {
    for kind in Kind::ALL {
        let structures: Vec<String> = kind.versions().iter().map(|avsc| structure(avsc)).collect();
        for (newer, new) in structures.iter().enumerate() {
            let twin = structures[..newer].iter().position(|old| old == new);
            assert_eq!(twin.map(|older| older + 1), None, "{kind:?} version {} is the same to a registry", newer + 1);
        }
    }
}

/// Avro's Parsing Canonical Form.
fn structure(avsc: &str) -> String {
    schema(avsc).canonical_form()
}

#[test]
fn a_structure_is_what_is_encoded_and_nothing_said_of_it() {
    let check = |what: &str, edit: &dyn Fn(&mut Value), same: bool| {
        let is_same = structure(&edited(Kind::Encounter, edit)) == structure(Kind::Encounter.avsc());
        assert_eq!(is_same, same, "{what}");
    };
    let at = |schema: &mut Value, name: &str, edit: &dyn Fn(&mut Value)| {
        let index = field(schema, name);
        edit(&mut schema["fields"][index]);
    };
    check("documentation", &|schema| schema["doc"] = json!("other"), true);
    check("an alias", &|schema| at(schema, "trigger", &|field| field["aliases"] = json!(["cause"])), true);
    check("a default", &|schema| at(schema, "trigger", &|field| field["default"] = json!("A01")), true);
    let guess = |field: &mut Value| field["type"]["default"] = field["type"]["symbols"][0].clone();
    check("an enum's default", &|schema| at(schema, "patient_class", &guess), true);
    let grow = |field: &mut Value| field["type"]["symbols"].as_array_mut().expect("symbols").push(json!("NEW"));
    check("an enum's symbol", &|schema| at(schema, "patient_class", &grow), false);
    check("a field", &|schema| add(schema, "trigger", json!({ "name": "new", "type": "int", "default": 0 })), false);
}

/// Changes the current schema of a kind as `edit` does to its JSON.
fn edited(kind: Kind, edit: impl Fn(&mut Value)) -> String {
    let mut json: Value = serde_json::from_str(kind.avsc()).expect("JSON");
    edit(&mut json);
    json.to_string()
}

fn field(json: &mut Value, name: &str) -> usize {
    let fields = json["fields"].as_array().expect("fields");
    fields.iter().position(|field| field["name"] == name).unwrap_or_else(|| panic!("no field {name}"))
}

fn remove(json: &mut Value, name: &str) {
    let index = field(json, name);
    json["fields"].as_array_mut().expect("fields").remove(index);
}

fn add(json: &mut Value, before: &str, added: Value) {
    let index = field(json, before);
    json["fields"].as_array_mut().expect("fields").insert(index, added);
}

#[test]
fn a_breaking_change_is_seen() {
    let check = |what: &str, edit: &dyn Fn(&mut Value), backward: bool, full: bool| {
        let newer = edited(Kind::Encounter, edit);
        let old = Kind::Encounter.avsc();
        let found =
            [Compatibility::BackwardTransitive, Compatibility::FullTransitive].map(|rule| keeps(rule, old, &newer));
        assert_eq!(found, [backward, full], "{what}");
    };
    check("nothing", &|_| {}, true, true);
    let optional = || json!({ "name": "new", "type": ["null", "string"], "default": null });
    check("a new field with a default", &|schema| add(schema, "trigger", optional()), true, true);
    let required = || json!({ "name": "new", "type": "string" });
    check("a new field without a default", &|schema| add(schema, "trigger", required()), false, false);
    check("a field with a default goes away", &|schema| remove(schema, "mvo"), true, true);
    check("a field without a default goes away", &|schema| remove(schema, "trigger"), true, false);
    let rename = |schema: &mut Value| {
        let index = field(schema, "trigger");
        schema["fields"][index]["name"] = json!("cause");
    };
    check("a new name", &rename, false, false);
    let retype = |schema: &mut Value| {
        let index = field(schema, "trigger");
        schema["fields"][index]["type"] = json!("int");
    };
    check("another type", &retype, false, false);
    let require = |schema: &mut Value| {
        let index = field(schema, "mvo");
        schema["fields"][index] = json!({ "name": "mvo", "type": "string" });
    };
    // The checker asks only that some branch can be read; the golden datums, which hold nulls, see this one.
    check("what was optional is required", &require, true, true);
    let example = examples::all().0.into_iter().find(|example| example.name == "merged").expect("an example");
    let (old, newer) = (schema(Kind::Encounter.avsc()), schema(&edited(Kind::Encounter, require)));
    assert!(read_as(&old, &newer, &example.datum).is_err(), "a null cannot be read as text");
    let resize = |schema: &mut Value| {
        let index = field(schema, "content_hash");
        schema["fields"][index]["type"]["size"] = json!(20);
    };
    check("a fixed of another size", &resize, false, false);
}

#[test]
fn a_record_of_tomorrows_version_is_read_by_todays_structs() {
    let tomorrow = edited(Kind::Encounter, |schema| {
        add(schema, "trigger", json!({ "name": "new", "type": ["null", "string"], "default": null }));
        let class = field(schema, "patient_class");
        schema["fields"][class]["type"]["symbols"].as_array_mut().expect("symbols").push(json!("ASTRONAUT"));
        remove(schema, "mvo");
    });
    assert!(keeps(Compatibility::FullTransitive, Kind::Encounter.avsc(), &tomorrow));
    let newer = schema(&tomorrow);
    let example = examples::all().0.into_iter().find(|example| example.name == "admitted").expect("an example");
    let today = schema(Kind::Encounter.avsc());
    let mut value = read_as(&today, &newer, &example.datum).expect("tomorrow reads today");
    let apache_avro::types::Value::Record(fields) = &mut value else { panic!("a record") };
    for (name, value) in fields {
        use apache_avro::types::Value as Avro;
        match name.as_str() {
            "new" => *value = Avro::Union(1, Box::new(Avro::String("of tomorrow".to_owned()))),
            "patient_class" => *value = Avro::Enum(7, "ASTRONAUT".to_owned()),
            _ => {}
        }
    }
    let datum = write(&newer, &value);
    assert_eq!(read(&newer, &datum), value);

    let mut decoder = Decoder::new();
    decoder.insert(9, &tomorrow).expect("a schema");
    let bytes = [&[0, 0, 0, 0, 9], datum.as_slice()].concat();
    let encounter: Encounter = decoder.decode(&bytes).expect("today's struct reads tomorrow's record");
    assert_eq!(encounter.patient_class, schemas::PatientClass::Unknown);
    assert_eq!((encounter.mvo, encounter.unit_name), (None, Some("Avdelning 41 Medicin")));
}
