//! Named points at which a test makes the program panic or stand still. Nothing in a release build.

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

/// The variable that names the point at which to stand still.
pub const STOP: &str = "VARDSTROM_STOP_AT";

/// Waits to be killed when [`STOP`] names this point.
#[cfg(debug_assertions)]
pub fn stop(point: &'static str) {
    if std::env::var(STOP).is_ok_and(|wanted| wanted == point) {
        tracing::warn!(point, "stopped at {point}");
        // Longer than any test waits; a forgotten variable does not hang for ever.
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub const fn stop(_: &'static str) {}
