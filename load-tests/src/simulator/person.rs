//! A person of the invented country: a test identity with a name and an address.

use identity::test_identity::{self, TestIdentity};
use identity::{Date, Kind, Reserve, Sex};

use super::random::Random;
use super::wording;

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) index: u64,
    pub(super) number: TestIdentity,
    pub(super) given_name: &'static str,
    pub(super) surname: &'static str,
    pub(super) address: String,
    pub(super) telephone: String,
    pub(super) protected: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Adult,
    /// From 65.
    Old,
    /// Below 18.
    Child,
    /// Women of 18 to 45.
    Mother,
}

impl Person {
    /// The person of an index: the same every time it is asked.
    pub(super) fn new(index: u64) -> Self {
        let mut random = Random::new(index ^ 0x5EED_0F50_0000_0001);
        let number = test_identity::number(index);
        let names = if number.sex() == Sex::Female { &wording::WOMEN } else { &wording::MEN };
        let given_name = random.pick(names);
        let surname = random.pick(&wording::SURNAMES);
        let (street, house) = (random.pick(&wording::STREETS), 1 + random.below(98));
        // No post code begins with 0.
        let post_code = random.below(1_000);
        let address = format!("{street} {house}^^{}^^00{post_code:03}^SWE", random.pick(&wording::PLACES));
        let telephone = wording::telephone(random.below(1_000));
        let protected = random.one_in(200);
        Self { index, number, given_name, surname, address, telephone, protected }
    }

    pub(super) fn fits(&self, fit: Fit, today: Date) -> bool {
        let age = today.year().saturating_sub(self.number.birth().year());
        match fit {
            Fit::Adult => age >= 18,
            Fit::Old => age >= 65,
            Fit::Child => age < 18,
            Fit::Mother => self.number.sex() == Sex::Female && (18..=45).contains(&age),
        }
    }

    /// PID-8.
    pub(super) fn sex(&self) -> &'static str {
        if self.number.sex() == Sex::Female { "F" } else { "M" }
    }

    /// The OID of the person's number.
    pub(super) fn system(&self) -> &'static str {
        match self.number.kind() {
            Kind::Personnummer => "1.2.752.129.2.1.3.1",
            _ => "1.2.752.129.2.1.3.3",
        }
    }
}

/// A reserve number for a person who came without a name: (CX.1, CX.4). Where the region's numbering has a check digit, one of a
/// birth in the 2090s; else the hospital's own.
pub(super) fn reserve(region: &str, facility: &str, count: u64) -> (String, String) {
    let known = match region {
        "01" => Some(Reserve::Stockholm),
        "14" => Some(Reserve::VastraGotaland),
        _ => None,
    };
    let number = known.and_then(|known| Some((known, test_identity::reserve(known, count)?)));
    match number {
        Some((known, number)) => (number, format!("&{}&ISO", identity::System::Reserve(known).oid())),
        None => (format!("RES{region}{count:06}"), format!("{facility} RESERV")),
    }
}
