//! What is not a record is refused with the reason, and without its content.

use schemas::{DecodeError, Decoder, EncodeError, Encoder, Kind, Parked, Person, registry::development_id_current};

use crate::{
    examples,
    value::{record_bytes, through_our_records},
};

fn decode(bytes: &[u8]) -> DecodeError {
    Decoder::development().decode::<Parked>(bytes).map(drop).expect_err("not a record")
}

#[test]
fn the_header_is_checked_first() {
    for length in 0..5 {
        assert_eq!(decode(&[0; 5][..length]), DecodeError::TooShort { length });
    }
    assert_eq!(decode(&[1, 0, 0, 2, 89, 0]), DecodeError::WrongMagic { found: 1 });
    assert_eq!(decode(b"{\"region\":\"14\"}"), DecodeError::WrongMagic { found: b'{' });
    assert_eq!(decode(&[0, 0, 0, 0, 7, 0]), DecodeError::UnknownSchema(7));
    assert_eq!(decode(&[0, 255, 255, 255, 255, 0]), DecodeError::UnknownSchema(u32::MAX));
    let nothing = Decoder::new().decode::<Parked>(&record_bytes(Kind::Parked, 1, &[])).map(drop);
    assert_eq!(nothing, Err(DecodeError::UnknownSchema(601)));
}

#[test]
fn every_shorter_or_longer_record_is_refused() {
    for examples::Example { kind, name, datum, .. } in examples::all().0 {
        let whole = record_bytes(kind, kind.versions().len() as u32, &datum);
        let schema_id = development_id_current(kind);
        for length in 5..whole.len() {
            let refused = through_our_records(kind, &whole[..length]);
            assert_eq!(refused, Err(DecodeError::DoesNotFit { schema_id }), "{kind:?} {name} cut at {length}");
        }
        for extra in 1..4 {
            let longer = [whole.as_slice(), &[0; 3][..extra]].concat();
            let refused = through_our_records(kind, &longer);
            assert_eq!(refused, Err(DecodeError::TrailingBytes { schema_id, length: extra }), "{kind:?} {name}");
        }
    }
}

#[test]
fn a_record_of_another_kind_is_refused() {
    for examples::Example { kind, name, datum, .. } in examples::all().0 {
        if kind != Kind::Parked {
            let bytes = record_bytes(kind, kind.versions().len() as u32, &datum);
            let schema_id = development_id_current(kind);
            let refused = Decoder::development().decode::<Parked>(&bytes).map(drop);
            assert_eq!(refused, Err(DecodeError::DoesNotFit { schema_id }), "{kind:?} {name}");
        }
    }
    let person = examples::all().0.into_iter().find(|example| example.kind == Kind::Person).expect("an example");
    let bytes = record_bytes(Kind::Person, 1, &person.datum);
    let person: Person = Decoder::development().decode(&bytes).expect("a person");
    let mut out = b"kept".to_vec();
    let refused = Encoder::new(Kind::Parked, 601).encode(&person, &mut out);
    assert_eq!(refused, Err(EncodeError::WrongKind { encoder: Kind::Parked, record: Kind::Person }));
    assert_eq!(out, b"kept");
}

#[test]
fn a_length_that_promises_gigabytes_costs_nothing() {
    // An array count of 2^62 and a string length of 2^40, in place of the first field and everything after it.
    for length in [1_u64 << 62, 1 << 40, 1 << 31] {
        let mut datum = Vec::new();
        let mut rest = length << 1;
        while rest >= 0x80 {
            datum.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        datum.push(rest as u8);
        for kind in Kind::ALL {
            assert!(through_our_records(kind, &record_bytes(kind, 1, &datum)).is_err(), "{kind:?} {length}");
        }
    }
}

#[test]
fn reasons_hold_numbers_and_nothing_of_the_content() {
    let words = [
        DecodeError::TooShort { length: 3 }.to_string(),
        DecodeError::WrongMagic { found: 7 }.to_string(),
        DecodeError::UnknownSchema(9).to_string(),
        DecodeError::DoesNotFit { schema_id: 201 }.to_string(),
        DecodeError::TrailingBytes { schema_id: 201, length: 2 }.to_string(),
    ];
    assert_eq!(
        words,
        [
            "record of 3 bytes is shorter than the five of the Confluent header",
            "record starts with byte 7 in place of the Confluent header's 0",
            "schema id 9 is not known to this decoder",
            "datum does not fit schema id 201",
            "2 bytes follow the datum of schema id 201",
        ]
    );
    assert!(Decoder::new().insert(3, "{").is_err());
}
