//! What a permit may say.

use permit::{Budget, Permit};

use crate::made::{hub, permit, region};

#[test]
fn a_record_is_taken_or_its_field_is_named() {
    let hub = hub();
    assert_eq!(permit(&hub).check(), Ok(()));
    let check = |field: &str, change: fn(&mut Permit)| {
        let mut permit = permit(&hub);
        change(&mut permit);
        assert_eq!(permit.check().unwrap_err().field, field);
    };
    check("purpose", |permit| permit.purpose.clear());
    // A test number of the Tax Agency's series.
    check("population", |permit| permit.population = "patient 198001012387".to_owned());
    check("recipient", |permit| permit.recipient = " ".to_owned());
    check("fields", |permit| permit.fields.clear());
    check("last_day", |permit| permit.last_day = permit.first_day.yesterday().unwrap());
    check("regions", |permit| permit.regions.clear());
    check("regions", |permit| {
        permit.regions.insert(region("14"), Budget { points: 0, usual_day: 1 });
    });
    check("hub_key", |permit| permit.hub_key = "age1".to_owned());
}

#[test]
fn another_record_has_another_digest_and_a_record_is_read_as_it_was_written() {
    let one = permit(&hub());
    let text = serde_json::to_string(&one).unwrap();
    let read: Permit = serde_json::from_str(&text).unwrap();
    assert_eq!((read.digest(), &read), (one.digest(), &one));
    let mut other = one.clone();
    other.fields.push("age".to_owned());
    assert_ne!(other.digest(), one.digest());
    assert!(serde_json::from_str::<Permit>(&text.replacen("{", "{\"more\":1,", 1)).is_err());
}
