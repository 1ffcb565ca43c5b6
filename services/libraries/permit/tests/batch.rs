//! Points and answers on their way.

use linkage::{Evaluated, PermitId, Person, Seed, Unusable, blind, derive_key, evaluate};
use permit::{Answer, Batch, Blinds, NotABatch, NotOpened, NotTogether, POINTS_MAX};

use crate::made::{hub, key, permit, region, signers};

fn id() -> PermitId {
    PermitId::new("p17").unwrap()
}

/// Nobody was born in the year 0000.
fn person(number: u64) -> Person {
    Person::new(&id(), "1.2.752.129.2.1.3.1", format!("{number:012}").as_bytes()).unwrap()
}

#[test]
fn a_batch_is_read_as_it_was_signed_or_not_at_all() {
    let points: Vec<_> = (0..3).map(|number| blind(&person(number)).unwrap().1).collect();
    let batch = Batch::new(id(), region("14"), points.clone()).unwrap();
    let bytes = batch.sign(&key("region-14"));
    assert_eq!(Batch::read(&bytes, &signers()), Ok(batch.clone()));
    assert_eq!(Batch::read(&batch.sign(&key("region-01")), &signers()), Err(NotABatch::Signature));
    assert_eq!(Batch::read(&bytes[..bytes.len() - 1], &signers()), Err(NotABatch::Shape));
    assert_eq!(Batch::read(&[], &signers()), Err(NotABatch::Shape));
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        assert!(Batch::read(&altered, &signers()).is_err(), "byte {at}");
    }
    assert_eq!(Batch::new(id(), region("14"), Vec::new()), Err(NotABatch::Count));
    assert_eq!(Batch::new(id(), region("14"), vec![points[0]; POINTS_MAX + 1]), Err(NotABatch::Count));
}

/// Two regions, one person in both, through everything that travels.
#[test]
fn the_hub_puts_a_person_of_two_regions_together_and_nobody_else_opens_what_it_gets() {
    let hub = hub();
    let permit = permit(&hub);
    let secret = derive_key(&Seed::from_hex(&"0a0b".repeat(16)).unwrap(), &id());
    let mut found = Vec::new();
    let mut answers = Vec::new();
    for (code, numbers) in [("14", [1, 2]), ("01", [3, 2])] {
        let (blinds, points): (Vec<_>, Vec<_>) =
            numbers.map(|number| blind(&person(number)).unwrap()).into_iter().unzip();
        let batch = Batch::new(id(), region(code), points).unwrap();
        let batch = Batch::read(&batch.sign(&key(&format!("region-{code}"))), &signers()).unwrap();
        let rows = ["first", "second"].map(|row| format!("r{code}.v1.{row}")).into_iter().zip(blinds).collect();
        let blinds = Blinds { permit: id(), region: batch.region, batch: batch.digest.clone(), rows };
        let points = evaluate(&secret, &batch.points);
        let answer = Answer { permit: id(), region: batch.region, batch: batch.digest, points };

        let (sealed, beside) = (answer.seal(&permit).unwrap(), blinds.seal(&permit).unwrap());
        let (x, blind) = (answer.points[0].to_bytes(), blinds.rows[0].1.to_bytes());
        for (sealed, bytes) in [(&sealed, &x[..]), (&beside, &blind[..])] {
            assert!(!sealed.windows(bytes.len()).any(|window| window == bytes));
        }
        let another = crate::made::hub();
        assert!(matches!(Answer::open(&sealed, &another), Err(NotOpened::Sealed(_))));
        assert!(matches!(Blinds::open(&beside, &another), Err(NotOpened::Sealed(_))));
        // The one in place of the other.
        assert!(matches!(Answer::open(&beside, &hub), Err(NotOpened::Shape)));
        assert!(matches!(Blinds::open(&sealed, &hub), Err(NotOpened::Shape)));

        let opened = Answer::open(&sealed, &hub).unwrap();
        assert_eq!(opened, answer);
        let blinds = Blinds::open(&beside, &hub).unwrap();
        let finished = blinds.finish(&opened, "university").unwrap();
        let owned = finished.into_iter().map(|(region, person)| (region.to_owned(), person));
        found.push(owned.collect::<Vec<_>>());
        answers.push((blinds, opened));
    }
    let [first, second] = &found[..] else { panic!("two regions") };
    assert_eq!(first[0].0, "r14.v1.first");
    assert_eq!(first[1].1, second[1].1);
    assert!(first[0].1 != second[0].1 && first[0].1 != first[1].1 && second[0].1 != second[1].1);
    // Another batch's answer, and one that was altered to no point.
    assert_eq!(answers[0].0.finish(&answers[1].1, "university").err(), Some(NotTogether::Batch));
    let mut altered = answers[0].1.clone();
    altered.points[1] = Evaluated::from_bytes([0xff; 32]);
    let told = answers[0].0.finish(&altered, "university").err();
    assert_eq!(told, Some(NotTogether::Point { at: 1, source: Unusable::NotOnCurve }));
}
