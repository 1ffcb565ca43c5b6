//! What is counted of login.

use runtime::labels;
use runtime::metrics::{By, Counter, Gauge};

labels! {
    /// Why a request was not answered.
    pub(crate) enum Refusal("reason") {
        /// No login and no token, or none that holds.
        Unknown = "unknown",
        /// Known, and the policies do not allow it.
        Denied = "denied",
        /// Nobody vouches: the provider is away.
        Away = "away",
        /// The access log does not take an entry about it.
        Unlogged = "unlogged",
    }
}

runtime::metrics! {
    /// What is counted of login, the same in every service that has one.
    pub(crate) struct Metrics {
        /// Sessions that are held.
        pub(crate) sessions: Gauge = "sessions",
        /// Requests that were refused, by reason.
        pub(crate) refused: By<Refusal, Counter> = "requests_refused_total",
    }
}
