//! The zone.

use std::sync::LazyLock;

use jiff::tz::TimeZone;

/// What the IANA time zone database calls it.
pub const NAME: &str = "Europe/Stockholm";

static ZONE: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZone::get(NAME).expect("the time zone database is inside the program (jiff, tzdb-bundle-always)")
});

/// The zone itself, for who has to know whether a time is doubtful.
///
/// # Panics
/// If the program was built without its time zone database, which the workspace's features rule out.
pub fn zone() -> &'static TimeZone {
    &ZONE
}
