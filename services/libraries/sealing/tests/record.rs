//! Records: there and back, and every way in which one may not be what was sealed for its place.

use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;
use schemas::{Format, Seal, SourceRecord, Timestamp};
use sealing::{DATA_KEYS_MAX, Keys, Opener, Place, Refusal, Sealer, Unopened};

use crate::{NOW, PLACE, TOPIC, key, keys, opener, plain, sealer};

proptest! {
    #[test]
    fn any_record_comes_back_as_it_was(
        message_id in ".{0,40}", source_position in ".{0,40}", payload in prop::collection::vec(any::<u8>(), 0..2000),
        received in any::<i64>(), recorded in any::<Option<i64>>(), partition in any::<i32>(), format in 0..4_usize,
    ) {
        let format = [Format::Hl7v2, Format::Delimited, Format::Debezium, Format::Fhir][format];
        let (received_at, recorded_at) = (Timestamp(received), recorded.map(Timestamp));
        let record = SourceRecord {
            message_id: &message_id,
            source_position: &source_position,
            payload: &payload,
            received_at,
            recorded_at,
            format,
            ..plain()
        };
        let mut sealer = sealer(1);
        let sealed = sealer.seal(&record, partition, NOW).expect("sealed");
        prop_assert_eq!((sealed.message_id, sealed.source_position), ("", ""));
        let mut opener = opener(1);
        let opened = opener.open(&sealed, Place { partition, ..PLACE }).map_err(|_| ());
        prop_assert!(opened == Ok(record));
    }

    #[test]
    fn what_nobody_sealed_is_refused_and_never_a_panic(
        payload in prop::collection::vec(any::<u8>(), 0..200), data_key in prop::collection::vec(any::<u8>(), 50..70),
        counter in any::<i64>(), key_id in "s1|.{0,5}",
    ) {
        let seal = Some(Seal { key_id: &key_id, data_key: &data_key, counter });
        let record = SourceRecord { payload: &payload, seal, ..plain() };
        let expected = if key_id == "s1" { Refusal::KeyWrong } else { Refusal::KeyUnknown };
        prop_assert_eq!(opener(1).open(&record, PLACE).map(|_| ()), Err(expected.into()));
    }
}

#[test]
fn nothing_that_a_source_wrote_can_be_read_of_a_sealed_record() {
    let record = SourceRecord { payload: b"PID|1||199001012385\r", message_id: "199001012385", ..plain() };
    let mut sealer = sealer(1);
    let sealed = sealer.seal(&record, 3, NOW).expect("sealed");
    let text = String::from_utf8_lossy(sealed.payload);
    assert!(!text.contains("199001012385") && !text.contains("file.hl7"));
    // Four bytes of length twice, and the tag.
    let inside = record.payload.len() + record.message_id.len() + record.source_position.len();
    assert_eq!(sealed.payload.len(), inside + 8 + 16);
}

/// What becomes of a record that was changed on its way.
fn check(what: &str, expected: Refusal, change: impl FnOnce(&mut SourceRecord<'_>, &mut Place<'_>)) {
    let (mut sealer, mut opener) = (sealer(1), opener(1));
    let mut sealed = sealer.seal(&plain(), 3, NOW).expect("sealed");
    let mut place = PLACE;
    change(&mut sealed, &mut place);
    let opened = opener.open(&sealed, place).map(|_| ());
    assert_eq!(opened, Err(Unopened::Refused(expected)), "{what}");
}

fn with<'r>(record: &mut SourceRecord<'r>, change: impl FnOnce(&mut Seal<'r>)) {
    change(record.seal.as_mut().expect("it is sealed"));
}

#[test]
fn a_record_opens_at_its_place_and_nowhere_else() {
    check("another topic", Refusal::Broken, |_, place| place.topic = "region.14.source.capacity");
    check("another partition", Refusal::Broken, |_, place| place.partition = 2);
    check("another region", Refusal::Broken, |record, _| record.region = "01");
    check("another sender", Refusal::Broken, |record, _| record.source_system = "SE2321000131-OTHER");
    check("another feed", Refusal::Broken, |record, _| record.feed = "fhir");
    // Where one text ends and the next begins is bound, too.
    check("texts moved", Refusal::Broken, |record, _| {
        record.source_system = "SE2321000131-TESTa";
        record.feed = "dt";
    });
    for format in [Format::Delimited, Format::Debezium, Format::Fhir] {
        check("another format", Refusal::Broken, |record, _| record.format = format);
    }
    check("received later", Refusal::Broken, |record, _| record.received_at.0 += 1);
    check("recorded in 1970", Refusal::Broken, |record, _| record.recorded_at = Some(Timestamp(0)));
    check("the seal taken off", Refusal::Plain, |record, _| record.seal = None);
    check("another count", Refusal::Broken, |record, _| with(record, |seal| seal.counter += 1));
    check("no count", Refusal::Broken, |record, _| with(record, |seal| seal.counter = -1));
    check("nothing", Refusal::Broken, |record, _| record.payload = &[]);
    check("no data key", Refusal::KeyWrong, |record, _| with(record, |seal| seal.data_key = &[]));
    check("a key that is not here", Refusal::KeyUnknown, |record, _| with(record, |seal| seal.key_id = "s2"));
}

#[test]
fn an_altered_byte_is_found_wherever_it_is() {
    let (mut sealer, mut opener) = (sealer(1), opener(1));
    let sealed = sealer.seal(&plain(), 3, NOW).expect("sealed");
    let seal = sealed.seal.expect("sealed");
    for at in 0..sealed.payload.len() {
        let mut payload = sealed.payload.to_vec();
        payload[at] ^= 0x20;
        let altered = SourceRecord { payload: &payload, ..sealed.clone() };
        assert_eq!(opener.open(&altered, PLACE).map(|_| ()), Err(Refusal::Broken.into()), "byte {at}");
    }
    for at in 0..seal.data_key.len() {
        let mut data_key = seal.data_key.to_vec();
        data_key[at] ^= 1;
        let altered = SourceRecord { seal: Some(Seal { data_key: &data_key, ..seal }), ..sealed.clone() };
        assert_eq!(opener.open(&altered, PLACE).map(|_| ()), Err(Refusal::KeyWrong.into()), "byte {at} of the key");
    }
    assert!(opener.open(&sealed, PLACE).is_ok());
}

#[test]
fn a_payload_opens_in_no_other_record() {
    let (mut one, mut other) = (sealer(1), sealer(1));
    let mut opener = opener(1);
    let first = one.seal(&plain(), 3, NOW).expect("sealed");
    let later = SourceRecord { received_at: Timestamp(NOW.0 + 1), ..plain() };
    let second = other.seal(&later, 3, NOW).expect("sealed");
    let moved = SourceRecord { payload: first.payload, ..second.clone() };
    assert_eq!(opener.open(&moved, PLACE).map(|_| ()), Err(Refusal::Broken.into()));
    let moved = SourceRecord { payload: first.payload, seal: first.seal, ..second.clone() };
    assert_eq!(opener.open(&moved, PLACE).map(|_| ()), Err(Refusal::Broken.into()));
}

#[test]
fn a_key_is_the_regions_and_its_own() {
    let mut sealer = sealer(1);
    let sealed = sealer.seal(&plain(), 3, NOW).expect("sealed");
    let refused = |mut opener: Opener| opener.open(&sealed, PLACE).map(|_| ());
    assert_eq!(refused(opener(2)), Err(Refusal::KeyWrong.into()));
    assert_eq!(refused(Opener::of_plain()), Err(Refusal::KeyUnknown.into()));
    let of_another_region = Keys::one("01", "s1", &key(1)).expect("a key");
    assert_eq!(refused(Opener::new(of_another_region, true)), Err(Refusal::KeyWrong.into()));
    // The same key by another id: an id is bound, so that a record cannot be given another's.
    let renamed = SourceRecord { seal: sealed.seal.map(|seal| Seal { key_id: "s2", ..seal }), ..sealed.clone() };
    let mut by_new_name = Opener::new(Keys::one("14", "s2", &key(1)).expect("a key"), true);
    assert_eq!(by_new_name.open(&renamed, PLACE).map(|_| ()), Err(Refusal::KeyWrong.into()));
}

#[test]
fn a_plain_record_is_used_only_where_none_has_to_be_sealed() {
    let record = plain();
    assert_eq!(opener(1).open(&record, PLACE).map(|_| ()), Err(Refusal::Plain.into()));
    assert!(Opener::new(keys(1), false).open(&record, PLACE).is_ok_and(|opened| opened == record));
    assert!(Opener::of_plain().open(&record, PLACE).is_ok_and(|opened| opened == record));
}

#[test]
fn records_of_more_data_keys_than_are_kept_open_in_any_order() {
    let keys = Arc::new(keys(1));
    let count = DATA_KEYS_MAX + 20;
    let mut sealers: Vec<_> = (0..count).map(|_| Sealer::new(Arc::clone(&keys), TOPIC.to_owned())).collect();
    let plain = plain();
    let sealed: Vec<_> = sealers.iter_mut().map(|sealer| sealer.seal(&plain, 3, NOW).expect("sealed")).collect();
    let mut opener = opener(1);
    for record in sealed.iter().chain(sealed.iter().rev()).chain(&sealed) {
        assert!(opener.open(record, PLACE).is_ok());
    }
}

#[test]
fn no_nonce_comes_twice_under_one_data_key() {
    let keys = Arc::new(keys(1));
    let mut seen = HashSet::new();
    for _start in 0..20 {
        let mut sealer = Sealer::new(Arc::clone(&keys), TOPIC.to_owned());
        // Three hours, and the clock set back in between.
        for at in [0, 1, 0, 2] {
            for _record in 0..50 {
                let sealed = sealer.seal(&plain(), 3, Timestamp(NOW.0 + at * 3_600_000_000)).expect("sealed");
                let seal = sealed.seal.expect("sealed");
                assert!(seen.insert((seal.data_key.to_vec(), seal.counter)));
            }
        }
    }
    let data_keys: HashSet<_> = seen.iter().map(|(data_key, _)| data_key).collect();
    assert_eq!(data_keys.len(), 20 * 4);
}
