//! Identifiers of persons and what hides them in other texts.
#![no_main]

use identity::{Identifier, RegionRules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let rules = RegionRules::new("14", true, vec!["OKÄND".to_owned()]);
    let Some(today) = identity::Date::new(2026, 1, 6) else { return };
    let _ = Identifier::read(text, None, &rules.options(today));
    let _ = identity::is_placeholder(text, &[]);
    let _ = identity::HsaId::parse(text);
    let hidden = identity::without_numbers(text);
    assert!(
        identity::guard(&hidden, &[]).is_none() || !hidden.contains(text) || text.is_empty(),
        "what is hidden stays hidden"
    );
});
