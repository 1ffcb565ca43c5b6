//! What the tests share: a permit of three regions, keys and signers.

use std::collections::BTreeMap;

use access_log::Key;
use jiff::Timestamp;
use jiff::civil::date;
use linkage::PermitId;
use permit::{AUTHORITY, Budget, Change, KEY_HOLDER, Permit, Signers, Statement, region_signer};
use topics::Region;

/// The permit's end, in seconds since 1970.
pub(crate) const END: i64 = 1_000;

pub(crate) fn region(code: &str) -> Region {
    code.parse().unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

pub(crate) fn hub() -> age::x25519::Identity {
    age::x25519::Identity::generate()
}

/// Of regions 01, 12 and 14.
pub(crate) fn permit(hub: &age::x25519::Identity) -> Permit {
    let budget = Budget { points: 100, usual_day: 10 };
    Permit {
        id: PermitId::new("p17").unwrap(),
        purpose: "hip fractures and what came before them".to_owned(),
        population: "admitted with S72.0 to S72.2".to_owned(),
        fields: vec!["admitted".to_owned(), "diagnosis".to_owned()],
        first_day: date(2025, 1, 1),
        last_day: date(2026, 12, 31),
        regions: BTreeMap::from(["01", "12", "14"].map(|code| (region(code), budget))),
        recipient: "university".to_owned(),
        hub_key: hub.to_public().to_string(),
        end: at(END),
        opt_out_override: None,
    }
}

/// The key of a signer: another for each name.
pub(crate) fn key(name: &str) -> Key {
    let digits: String = name.bytes().chain([0; 32]).take(32).map(|byte| format!("{byte:02x}")).collect();
    Key::parse(&digits).unwrap()
}

pub(crate) fn signers() -> Signers {
    let named = [AUTHORITY.to_owned(), KEY_HOLDER.to_owned()];
    let regions = ["01", "12", "14", "20"].map(|code| region_signer(region(code)));
    named.into_iter().chain(regions).fold(Signers::default(), |signers, name| {
        let public = key(&name).public();
        signers.with(name, public)
    })
}

pub(crate) fn statement(seconds: i64, change: Change) -> Statement {
    Statement { at: at(seconds), permit: PermitId::new("p17").unwrap(), change }
}
