//! What nothing is computed with.

use linkage::{Blind, Blinded, Evaluated, NotABlind, PermitId, Seed, SeedError, Unusable, finish};

/// The generator of P-256.
const GENERATOR: &str = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";

fn bytes(hex: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()
}

#[test]
fn points_are_read_or_refused() {
    let good = bytes(GENERATOR);
    assert_eq!(Blinded::from_bytes(&good).unwrap().to_bytes().as_slice(), good);
    let check = |bytes: &[u8], want| assert_eq!(Blinded::from_bytes(bytes), Err(want));
    check(&[], Unusable::Shape);
    check(&[0], Unusable::Identity);
    check(&[0; 33], Unusable::Shape);
    check(&good[..32], Unusable::Shape);
    check(&[&good[..], &[0]].concat(), Unusable::Shape);
    let mut uncompressed = vec![0x04; 65];
    uncompressed[1..33].copy_from_slice(&good[1..]);
    check(&uncompressed, Unusable::Shape);
    // x = 5 has a y; of x = 1 and of x = the field's prime there is none.
    let of_x = |x: u8| [&[2][..], &[0; 31], &[x]].concat();
    assert!(Blinded::from_bytes(&of_x(5)).is_ok());
    check(&of_x(1), Unusable::NotOnCurve);
    check(&bytes("02ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"), Unusable::NotOnCurve);
}

#[test]
fn an_answer_that_is_no_point_is_refused() {
    let permit = PermitId::new("p17").unwrap();
    let blind = Blind::from_bytes(&[7; 32]).unwrap();
    let mut x = [0; 32];
    x[31] = 1;
    assert_eq!(finish(&blind, Evaluated::from_bytes(x), &permit, "register"), Err(Unusable::NotOnCurve));
    assert_eq!(finish(&blind, Evaluated::from_bytes([0xff; 32]), &permit, "register"), Err(Unusable::NotOnCurve));
}

#[test]
fn blinds_seeds_and_names_are_read_or_refused() {
    assert_eq!(Blind::from_bytes(&[0; 32]).err(), Some(NotABlind));
    assert_eq!(Blind::from_bytes(&[0xff; 32]).err(), Some(NotABlind));
    assert_eq!(*Blind::from_bytes(&[7; 32]).unwrap().to_bytes(), [7; 32]);
    assert_eq!(Seed::from_hex(&"0a".repeat(32)).err(), Some(SeedError::Placeholder));
    assert_eq!(Seed::from_hex("0a0b").err(), Some(SeedError::Shape));
    assert!(Seed::from_hex(&format!(" {}\n", "0a0B".repeat(16))).is_ok());
    for name in ["", "17", "P17", "p 17", "p17.v1", "-p", "pé", &"p".repeat(33)] {
        assert!(PermitId::new(name).is_err(), "{name}");
    }
    for name in ["p", "p17", "hdab-2027-42", &"p".repeat(32)] {
        assert_eq!(PermitId::new(name).unwrap().as_str(), name);
    }
}
