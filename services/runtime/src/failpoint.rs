//! A named point at which a test makes the program panic. Nothing in a release build.

/// The variable that names the point: `VARDSTROM_PANIC_AT=step region.14.source.adt/0/7`.
pub const VARIABLE: &str = "VARDSTROM_PANIC_AT";

/// Panics when [`VARIABLE`] names this point and this record.
#[cfg(debug_assertions)]
pub fn reach(point: &str, topic: &str, partition: i32, offset: i64) {
    use std::sync::OnceLock;
    static WANTED: OnceLock<Option<String>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| std::env::var(VARIABLE).ok());
    if wanted.as_ref().is_some_and(|wanted| *wanted == format!("{point} {topic}/{partition}/{offset}")) {
        panic!("a test wants it");
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub const fn reach(_: &str, _: &str, _: i32, _: i64) {}
