//! The three steps together.

use std::collections::HashSet;

use linkage::{Evaluated, Key, NotNational, PermitId, Person, Pseudonym, Seed, blind, derive_key, evaluate, finish};
use proptest::prelude::*;

const PERSONNUMMER: &str = "1.2.752.129.2.1.3.1";
const SAMORDNINGSNUMMER: &str = "1.2.752.129.2.1.3.3";

fn seed(text: &str) -> Seed {
    Seed::from_hex(&text.repeat(16)).unwrap()
}

fn permit(name: &str) -> PermitId {
    PermitId::new(name).unwrap()
}

/// The way of one person, with a new blind.
fn pseudonym(key: &Key, permit: &PermitId, numbering: &str, value: &str, recipient: &str) -> Pseudonym {
    let (blind, blinded) = blind(&Person::new(permit, numbering, value.as_bytes()).unwrap()).unwrap();
    let evaluated = evaluate(key, &[blinded]);
    finish(&blind, evaluated[0], permit, recipient).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The year is 0000, in which nobody was born: these numbers are nobody's.
    #[test]
    fn one_person_has_one_pseudonym_and_everything_else_differs(number in 0_u64..100_000_000, other in 0_u64..100_000_000) {
        prop_assume!(number != other);
        let (value, other) = (format!("{number:012}"), format!("{other:012}"));
        let (p17, p18) = (permit("p17"), permit("p18"));
        let key = derive_key(&seed("0a0b"), &p17);
        let one = pseudonym(&key, &p17, PERSONNUMMER, &value, "register");
        prop_assert_eq!(&pseudonym(&key, &p17, PERSONNUMMER, &value, "register"), &one);
        let others = [
            pseudonym(&key, &p17, PERSONNUMMER, &other, "register"),
            pseudonym(&key, &p17, SAMORDNINGSNUMMER, &value, "register"),
            pseudonym(&key, &p17, PERSONNUMMER, &value, "university"),
            pseudonym(&key, &p18, PERSONNUMMER, &value, "register"),
            pseudonym(&derive_key(&seed("0a0b"), &p18), &p18, PERSONNUMMER, &value, "register"),
            pseudonym(&derive_key(&seed("0a0b"), &p18), &p17, PERSONNUMMER, &value, "register"),
            pseudonym(&derive_key(&seed("0c0d"), &p17), &p17, PERSONNUMMER, &value, "register"),
            pseudonym(&derive_key(&seed("0a0b").with(&[1; 32]), &p17), &p17, PERSONNUMMER, &value, "register"),
            pseudonym(&derive_key(&seed("0a0b").with(&[2; 32]), &p17), &p17, PERSONNUMMER, &value, "register"),
        ];
        let shown = |pseudonym: &Pseudonym| pseudonym.as_str().rsplit('.').next().unwrap().to_owned();
        let all: HashSet<String> = others.iter().chain([&one]).map(shown).collect();
        prop_assert_eq!(all.len(), others.len() + 1);
    }
}

/// What the key holder sees of a person twice, and what the hub has without the key holder's answer.
#[test]
fn without_the_permits_key_there_is_no_pseudonym_and_two_blinds_show_nothing_in_common() {
    let p17 = permit("p17");
    let person = || Person::new(&p17, PERSONNUMMER, b"000000000017").unwrap();
    let (first, first_point) = blind(&person()).unwrap();
    let (second, second_point) = blind(&person()).unwrap();
    assert_ne!(first_point, second_point);
    let key = derive_key(&seed("0a0b"), &p17);
    let answers = evaluate(&key, &[first_point, second_point]);
    assert_ne!(answers[0], answers[1]);
    let right = finish(&first, answers[0], &p17, "register").unwrap();
    assert_eq!(finish(&second, answers[1], &p17, "register").unwrap(), right);
    // The blinded point in place of an answer, and an answer with another's blind.
    let unanswered = Evaluated::from_bytes(first_point.to_bytes()[1..].try_into().unwrap());
    assert_ne!(finish(&first, unanswered, &p17, "register").unwrap(), right);
    assert_ne!(finish(&second, answers[0], &p17, "register").unwrap(), right);
}

#[test]
fn a_batch_keeps_its_order() {
    let p17 = permit("p17");
    let key = derive_key(&seed("0a0b"), &p17);
    let points: Vec<_> = (0..9_u8)
        .map(|n| blind(&Person::new(&p17, PERSONNUMMER, format!("00000000000{n}").as_bytes()).unwrap()).unwrap().1)
        .collect();
    let one_by_one: Vec<_> = points.iter().flat_map(|point| evaluate(&key, std::slice::from_ref(point))).collect();
    assert_eq!(evaluate(&key, &points), one_by_one);
    assert!(evaluate(&key, &[]).is_empty());
}

#[test]
fn only_national_numbers_are_linked() {
    let p17 = permit("p17");
    for national in [PERSONNUMMER, SAMORDNINGSNUMMER, "1.2.752.74.9.1"] {
        assert!(Person::new(&p17, national, b"000000000017").is_ok());
    }
    // Stockholm's and Värmland's reserve numbers, an interim number, a hospital's own.
    for local in ["1.2.752.97.3.1.3", "1.2.752.74.9.2", "interim", "SE2321000131-E1", ""] {
        assert_eq!(Person::new(&p17, local, b"000000000017").err(), Some(NotNational::Numbering));
    }
    for value in ["0000000017", "00000000-0017", "00000000a017", "0000000000017", ""] {
        assert_eq!(Person::new(&p17, PERSONNUMMER, value.as_bytes()).err(), Some(NotNational::Value));
    }
}
