//! Named points at which a test stops the program, to kill it there with SIGKILL. Nothing in a release build.

/// Waits to be killed when `SINK_REGISTER_STOP_AT` names this point.
#[cfg(debug_assertions)]
pub(crate) fn reach(point: &'static str) {
    if std::env::var("SINK_REGISTER_STOP_AT").is_ok_and(|wanted| wanted == point) {
        tracing::warn!(point, "stopped at {point}");
        // Longer than any test waits; a forgotten variable does not hang for ever.
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub(crate) const fn reach(_: &'static str) {}
