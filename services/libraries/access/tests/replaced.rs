//! Policies of others, in a folder.

use std::fs;

use access::{Action, Channel, Dataset, Part, Policies, Principal, Question, Role};

fn read(text: &str) -> Result<Policies, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("own.cedar"), text).unwrap();
    Policies::read(folder.path()).map_err(|error| error.to_string())
}

fn operator_reads(dataset: Dataset) -> Question {
    let principal = Principal { role: Role::Operator, region: None, purpose: "".into(), assurance: 3 };
    Question { principal, action: Action::Read, part: Part { dataset, region: None }, channel: Channel::Session }
}

#[test]
fn a_folder_takes_the_place_of_what_is_built_in() {
    let own = "@id(\"mine\")\npermit (principal, action, resource) when { resource.dataset == Dataset::\"beds\" };";
    let (own, shipped) = (read(own).unwrap(), Policies::shipped().unwrap());
    assert_ne!(own.version(), shipped.version());
    let beds = own.decide(&operator_reads(Dataset::Beds));
    assert!(beds.allowed && *beds.policies == ["mine".into()] && beds.version == *own.version());
    assert!(!own.decide(&operator_reads(Dataset::Operations)).allowed);
    assert!(!shipped.decide(&operator_reads(Dataset::Beds)).allowed);
    // Remembered answers are the same answers.
    assert_eq!(own.decide(&operator_reads(Dataset::Beds)), beds);
}

#[test]
fn what_the_schema_does_not_know_is_refused_at_start() {
    for (text, said) in [
        ("permit (principal, action, resource);", "no @id"),
        ("@id(\"a\") permit (principal, action, resource", "own.cedar"),
        ("@id(\"a\") permit (principal, action, resource) when { principal.role == Role::\"operatr\" };", "operatr"),
        ("@id(\"a\") permit (principal, action, resource) when { principal.rol == Role::\"operator\" };", "rol"),
        ("@id(\"a\") permit (principal, action == Action::\"raed\", resource);", "raed"),
        ("@id(\"a\") permit (principal, action, resource) when { resource.region == principal.region };", "region"),
        ("@id(\"a\") permit (principal, action, resource);\n@id(\"a\") permit (principal, action, resource);", "a"),
        ("@id(\"a\") permit (principal == ?principal, action, resource);", "template"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(said) && error.contains("own.cedar"), "{text}: {error}");
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(Policies::read(empty.path()).unwrap_err().to_string().contains("no .cedar file"));
}

#[test]
fn the_schema_has_every_value_of_the_program() {
    let policies = Policies::shipped().unwrap();
    // A value that the schema lacks cannot be asked for, and what cannot be asked for is not allowed.
    for &role in Role::ALL {
        for region in topics::Region::all() {
            let principal = Principal { role, region: Some(region), purpose: "".into(), assurance: 0 };
            let part = Part { dataset: Dataset::About, region: Some(region) };
            for &channel in Channel::ALL {
                let question = Question { principal: principal.clone(), action: Action::Read, part, channel };
                assert!(policies.decide(&question).allowed, "{question:?}");
            }
        }
    }
}

#[test]
fn a_change_of_any_policy_or_name_is_another_version() {
    let one = |name, text| Policies::of([(name, text)]).unwrap().version().clone();
    let text = "@id(\"a\") permit (principal, action, resource);";
    let changed = "@id(\"b\") permit (principal, action, resource);";
    assert_eq!(one("a.cedar", text), one("a.cedar", text));
    assert_ne!(one("a.cedar", text), one("a.cedar", changed));
    assert_ne!(one("a.cedar", text), one("b.cedar", text));
}
