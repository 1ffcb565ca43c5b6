//! Named points at which a test lets the program panic. Nothing in a release build.

/// Panics when `DASHBOARD_PANIC_AT` names this point and place: `point place`, several between commas.
#[cfg(debug_assertions)]
pub(crate) fn reach(point: &'static str, place: impl std::fmt::Display) {
    static WANTED: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("DASHBOARD_PANIC_AT").ok());
    if let Some(wanted) = &*WANTED {
        let here = format!("{point} {place}");
        assert!(wanted.split(',').all(|wanted| wanted != here), "told to panic at {point}");
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(crate) fn reach(_: &'static str, _: impl std::fmt::Display) {}
