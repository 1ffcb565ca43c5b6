//! Named points at which a test makes the program panic. Nothing in a release build.

use std::fmt::Display;

/// The variable that names them: `VARDSTROM_PANIC_AT=step region.14.source.adt/0/7`, several between commas.
pub const VARIABLE: &str = "VARDSTROM_PANIC_AT";

/// Panics when [`VARIABLE`] names this point and place. The place is asked for only where there is such a variable.
#[cfg(debug_assertions)]
pub fn reach<P: Display>(point: &'static str, place: impl FnOnce() -> P) {
    static WANTED: std::sync::LazyLock<Option<String>> = std::sync::LazyLock::new(|| std::env::var(VARIABLE).ok());
    if let Some(wanted) = &*WANTED {
        let here = format!("{point} {}", place());
        assert!(wanted.split(',').all(|wanted| wanted != here), "told to panic at {point}");
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub fn reach<P: Display>(_: &'static str, _: impl FnOnce() -> P) {}
