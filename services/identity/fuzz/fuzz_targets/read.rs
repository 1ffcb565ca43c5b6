//! Any text is read or refused, the guard sees every personnummer that is read, and a canonical form reads back to itself.
#![no_main]

use identity::{Claim, Date, Identifier, Key, Kind, Options, PartitionKey, Pseudonymiser, Purpose, Reserve, Subject, guard};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let reference = Date::new(2026, 1, 5).expect("a date");
    let options = Options { reference, interim: true, reserves: &Reserve::ALL, placeholders: &[] };
    if let Ok(identifier) = Identifier::read(text, None, &options) {
        if matches!(identifier.kind(), Kind::Personnummer | Kind::Samordningsnummer) {
            assert!(guard(text, &[]).is_some());
        }
    }
    let _ = guard(text, &[text]);
    assert!(guard(&identity::without_numbers(text), &[]).is_none());
    let _ = identity::HsaId::parse(text);
    let key = Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("a key");
    let Ok(subject) = Subject::read(Claim { system: "", kind: "", source: "", value: text }, &options) else { return };
    let token = Pseudonymiser::new("14", "v1", &key).expect("a region").subject(Purpose::Care, &subject);
    assert!(token.as_str().starts_with("r14.v1."));
    assert!((0..7).contains(&PartitionKey::new(&key).partition(&subject, 7)));
});
