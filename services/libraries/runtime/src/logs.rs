//! Logs: one line per event to stderr, with the same facts as fields. Never anything about a person.

use std::panic;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

use crate::config::{Log, LogFormat, LogLevel};

/// Starts logging to stderr, once per process; a second call changes nothing.
///
/// Also replaces the panic hook: a panic's message may quote the record at hand, so only its place is written.
pub fn init(log: &Log) {
    let level = match log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let builder = fmt().with_max_level(level).with_writer(std::io::stderr).with_target(false);
    let started = match log.format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
    if started.is_err() {
        return;
    }
    panic::set_hook(Box::new(|info| match info.location() {
        Some(place) => {
            tracing::error!(file = place.file(), line = place.line(), "panicked at {}:{}", place.file(), place.line());
        }
        None => tracing::error!("panicked at an unknown place"),
    }));
}
