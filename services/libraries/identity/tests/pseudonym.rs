//! Tokens and partitions. The expected values were computed by another program from the formula in the module's head.

use identity::{
    Claim, Date, Key, Options, PartitionKey, PseudonymError, Pseudonymiser, Purpose, Subject, test_identity,
};
use proptest::prelude::*;

const PERSONNUMMER: &str = "1.2.752.129.2.1.3.1";

fn key() -> Key {
    Key::from_bytes(&std::array::from_fn(|at| at as u8)).ok().unwrap()
}

fn pseudonymiser() -> Pseudonymiser {
    Pseudonymiser::new("14", "v1", &key()).ok().unwrap()
}

fn subject<'a>(system: &'a str, value: &'a str) -> Subject<'a> {
    let options = Options::at(Date::new(2026, 1, 5).unwrap());
    Subject::read(Claim { system, kind: "", source: "", value }, &options).unwrap()
}

#[track_caller]
fn check(system: &str, value: &str, want: &str) {
    assert_eq!(pseudonymiser().subject(Purpose::Care, &subject(system, value)).as_str(), want);
}

#[test]
fn tokens_by_the_formula() {
    check(PERSONNUMMER, "198001012387", "r14.v1.qoq4us673xteqrb3dnscgdr4m4ew6s73");
    check("", "191500722390", "r14.v1.c2hf2xv4owhn5si5liam6td3wmrqxgba");
    check("SIMULATOR MRN", " MRN7 ", "r14.v1.ikhxwyav2rnbzlwkwehqheizue3qoouf");
    assert_eq!(pseudonymiser().opaque("Sal 7").as_str(), "x.rasb5yocr7rkg4uzbecdr7tlcwieceq5");
}

#[test]
fn a_token_is_one_of_its_region_key_and_system() {
    let token = |region, key_id, key: &Key, system| {
        Pseudonymiser::new(region, key_id, key).ok().unwrap().subject(Purpose::Care, &subject(system, "MRN7"))
    };
    let other = Key::from_bytes(&std::array::from_fn(|at| at as u8 + 1)).ok().unwrap();
    let one = token("14", "v1", &key(), "A");
    assert_eq!(one, token("14", "v1", &key(), "A"));
    assert_ne!(one.as_str()[7..], token("14", "v1", &other, "A").as_str()[7..]);
    assert_ne!(one.as_str()[7..], token("14", "v1", &key(), "B").as_str()[7..]);
    assert!(token("01", "v12345", &key(), "A").as_str().starts_with("r01.v12345."));
    assert_eq!(format!("{one} {one:?}"), format!("{0} {0}", one.as_str()));
}

#[test]
fn regions_and_key_ids_that_are_refused() {
    for region in ["", "1", "014", "1a", "åä"] {
        assert_eq!(Pseudonymiser::new(region, "v1", &key()).err(), Some(PseudonymError::Region));
    }
    for key_id in ["", "v", "1", "v1.2", "v123456", "vx"] {
        assert_eq!(Pseudonymiser::new("14", key_id, &key()).err(), Some(PseudonymError::KeyId));
    }
}

/// Numbers of every kind of subject: national ones, those of a region, an interim number that is its source's own, and a local one.
#[test]
fn what_is_kept_of_a_subject_has_its_pseudonym_by_every_key() {
    let other = Key::from_bytes(&std::array::from_fn(|at| at as u8 + 1)).ok().unwrap();
    let later = Pseudonymiser::new("14", "v2", &other).unwrap();
    let nobody = test_identity::number(7);
    for (system, value) in
        [(PERSONNUMMER, nobody.as_str()), ("", "18500101N120"), ("", "MRN7"), ("SIMULATOR MRN", "19 a")]
    {
        let subject = subject(system, value);
        let kept = identity::Kept::from_bytes(subject.kept().bytes()).unwrap();
        for pseudonymiser in [&pseudonymiser(), &later] {
            let token = pseudonymiser.subject(Purpose::Care, &subject);
            assert_eq!(pseudonymiser.of_kept(Purpose::Care, &kept), token, "{system}");
            assert_eq!(identity::key_id(token.as_str()), Some(pseudonymiser.key_id()));
        }
    }
    assert!([&b""[..], b"no system", b"no value\0"].iter().all(|bytes| identity::Kept::from_bytes(bytes).is_none()));
    assert_eq!(["r14", "r14.x1.a", "r14.v.a", "r14.v123456.a", ""].map(identity::key_id), [None; 5]);
}

#[test]
fn an_earlier_key_has_an_earlier_version_and_codes_can_be_of_another_key() {
    let other = Key::from_bytes(&std::array::from_fn(|at| at as u8 + 1)).ok().unwrap();
    let [v2, v9, v10] = ["v2", "v9", "v10"].map(|id| Pseudonymiser::new("14", id, &other).unwrap());
    assert_eq!((v10.follows(&v9), v10.follows(&v2)), (Ok(()), Ok(())));
    assert_eq!((v9.follows(&v10), v9.follows(&v9)), (Err(PseudonymError::NotEarlier), Err(PseudonymError::NotEarlier)));
    let code = pseudonymiser().opaque("Sal 7");
    assert_ne!(v2.opaque("Sal 7"), code);
    assert_eq!(v2.with_codes_of(&key()).opaque("Sal 7"), code);
}

#[test]
fn partitions_by_the_formula_and_evenly() {
    let partitions = PartitionKey::new(&key());
    assert_eq!(partitions.partition(&subject(PERSONNUMMER, "198001012387"), 7), 3);
    let mut counts = [0; 4];
    for index in 0..4_000 {
        let nobody = test_identity::number(index);
        counts[partitions.partition(&subject(PERSONNUMMER, nobody.as_str()), 4) as usize] += 1;
    }
    assert!(counts.iter().all(|count| (900..1_100).contains(count)), "{counts:?}");
    assert!((0..3).contains(&partitions.partition_of_text("AVD5^2^1", 3)));
    assert_eq!(partitions.partition_of_text("AVD5^2^1", 1), 0);
}

proptest! {
    #[test]
    fn one_person_one_token_one_partition(index in 0..test_identity::COUNT) {
        let nobody = test_identity::number(index);
        let reference = Date::new(2026, 1, 5).unwrap();
        let (tokens, partitions) = (pseudonymiser(), PartitionKey::new(&key()));
        let whole = subject(PERSONNUMMER, nobody.as_str());
        for text in [nobody.hyphenated(), nobody.short(reference)] {
            let other = subject("", &text);
            prop_assert_eq!(tokens.subject(Purpose::Care, &whole), tokens.subject(Purpose::Care, &other));
            prop_assert_eq!(partitions.partition(&whole, 11), partitions.partition(&other, 11));
            prop_assert!(whole == other);
        }
        let token = tokens.subject(Purpose::Care, &whole);
        prop_assert!(!token.as_str().contains(nobody.ten_digits()));
        prop_assert_eq!(token.as_str().len(), 39);
    }
}
