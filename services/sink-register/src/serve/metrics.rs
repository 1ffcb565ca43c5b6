//! What is counted while parcels are served.

use runtime::metrics::{By, Counter};

runtime::labels! {
    /// How a request was answered.
    pub enum Answered("answer") {
        /// As it was asked.
        Done = "done",
        /// With a part of a file.
        Part = "part",
        /// 401: no token of a recipient.
        Unknown = "unknown",
        /// 403: a program that fetches for no recipient.
        Denied = "denied",
        /// 404: no such parcel or file, or another's.
        Absent = "absent",
        /// 400, 409, 416: the request is wrong.
        Wrong = "wrong",
        /// 503: too many at once, the ledger does not answer, or the parcel is not what it was.
        Unavailable = "unavailable",
    }
}

runtime::metrics! {
    /// What is counted while parcels are served.
    pub struct Metrics {
        /// Requests of recipients, by answer.
        pub answers: By<Answered, Counter> = "http_answers_total",
    }
}
