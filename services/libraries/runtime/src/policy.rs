//! The one place that knows what an error of Kafka means and leads to: try again, or stop and say what to do.
//!
//! Records are never skipped: what a record's own content leads to is its [`crate::fate::Fate`], decided by the step.
//! librdkafka retries by itself what the protocol calls retriable, so little arrives here that another try would mend.

use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode as Code;

/// The code of an answer that has not come in time.
pub const LATE: Code = Code::OperationTimedOut;
/// The code of a record that is not sent because the producer closes.
pub(crate) const CLOSING: Code = Code::PurgeQueue;

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It passes; go on, the client tries again.
    Retry,
    /// Trying again changes nothing. End the process; what was not committed is read again at the next start.
    Stop {
        /// What the operator should do.
        remedy: &'static str,
    },
}

/// For errors while reading, committing or talking to the group.
pub fn on_read(code: Code) -> Action {
    match code {
        code if is_missing(code) => stop(MISSING_TOPIC),
        code if is_out_of_range(code) || code == Code::LogTruncation => stop(OFFSET_GONE),
        Code::Fenced | Code::FencedInstanceId | Code::UnreleasedInstanceId => stop(INSTANCE_TWICE),
        Code::InconsistentGroupProtocol | Code::UnsupportedAssignor => stop(FOREIGN_MEMBER),
        code => on_any(code),
    }
}

/// For a record that Kafka did not take, after all of librdkafka's own attempts.
pub fn on_delivery(code: Code) -> Action {
    match code {
        code if is_missing(code) => stop(MISSING_TOPIC),
        Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::MessageBatchTooLarge => stop(TOO_LARGE),
        Code::InvalidTimestamp => stop(CLOCK),
        Code::InvalidRecord | Code::PolicyViolation => stop(SETTINGS),
        code => match on_any(code) {
            Action::Retry => stop("start again; what was not acknowledged is read and sent again"),
            action => action,
        },
    }
}

fn on_any(code: Code) -> Action {
    match code {
        code if lacks_right(code) => {
            stop("grant this service's Kafka user the right that is named; `topics acl` prints all that it needs")
        }
        // A certificate is renewed and a user is made at the brokers, and one of several may be behind: every try is a new
        // one. What is wrong is said at once, see [`estrangement`].
        code if is_stranger(code) => Action::Retry,
        Code::Fatal | Code::GaplessGuarantee | Code::OutOfOrderSequenceNumber | Code::InvalidProducerEpoch => {
            stop("start again; what was not acknowledged is read and sent again")
        }
        Code::UnsupportedVersion | Code::UnsupportedFeature | Code::InvalidRequiredAcks => {
            stop("the broker is too old or set up otherwise; Apache Kafka 3.9 or later is needed")
        }
        // Everything else is about reachability, leadership or load, and passes.
        _ => Action::Retry,
    }
}

const fn lacks_right(code: Code) -> bool {
    matches!(
        code,
        Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
    )
}

const fn is_stranger(code: Code) -> bool {
    matches!(code, Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism | Code::SSL)
}

/// Why a broker and we do not know each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estrangement {
    /// The handshake of TLS fails, or the connection breaks where a broker ends it for want of a certificate.
    Handshake,
    /// The broker does not take the user, its password or the mechanism.
    Authentication,
}

/// What a line of librdkafka's log about a failed connection says of it; `None` where the broker is only away. Of a consumer
/// it reports the code alone, so its words are all there is; the tests against a real broker hold them.
pub fn estrangement(line: &str) -> Option<Estrangement> {
    let says = |words: &[&str]| words.iter().any(|word| line.contains(word));
    if says(&["SASL authentication error", "mechanism handshake failed"]) {
        return Some(Estrangement::Authentication);
    }
    let of_tls =
        ["SSL handshake failed", "Failed to verify broker certificate", "SSL routines", "requesting ApiVersion"];
    says(&of_tls).then_some(Estrangement::Handshake)
}

fn is(error: &KafkaError, wanted: fn(Code) -> bool) -> bool {
    error.rdkafka_error_code().is_some_and(wanted)
}

/// Whether Kafka does not let this user in, or not do this.
pub fn is_denied(error: &KafkaError) -> bool {
    is(error, |code| lacks_right(code) || is_stranger(code))
}

/// Whether the broker and we do not know each other.
pub fn is_estranged(error: &KafkaError) -> bool {
    is(error, is_stranger)
}

/// Whether no broker can be reached at all.
pub fn are_all_down(error: &KafkaError) -> bool {
    is(error, |code| code == Code::AllBrokersDown)
}

/// Whether a broker was not reached, or did not answer in time.
pub fn is_unreached(error: &KafkaError) -> bool {
    is(error, |code| matches!(code, Code::AllBrokersDown | Code::BrokerTransportFailure | LATE | Code::Resolve))
}

/// Whether the broker does not know the request.
pub fn is_unsupported(error: &KafkaError) -> bool {
    is(error, |code| matches!(code, Code::UnsupportedFeature | Code::UnsupportedVersion))
}

/// Whether the group has no coordinator for the moment.
pub fn lacks_coordinator(error: &KafkaError) -> bool {
    is(error, |code| {
        matches!(code, Code::CoordinatorLoadInProgress | Code::CoordinatorNotAvailable | Code::NotCoordinator)
    })
}

/// Whether Kafka takes no offsets from outside because somebody is in the group.
pub(crate) fn has_members(error: &KafkaError) -> bool {
    is(error, |code| {
        matches!(
            code,
            Code::UnknownMemberId | Code::IllegalGeneration | Code::RebalanceInProgress | Code::FencedInstanceId
        )
    })
}

/// Kafka's word for an error; for one that has none, that something failed.
pub(crate) fn code(error: &KafkaError) -> Code {
    error.rdkafka_error_code().unwrap_or(Code::Fail)
}

/// Whether a topic or one of its partitions is not there.
pub(crate) const fn is_missing(code: Code) -> bool {
    matches!(code, Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition)
}

/// Whether the topic does not hold the position that is read from.
pub(crate) const fn is_out_of_range(code: Code) -> bool {
    matches!(code, Code::AutoOffsetReset | Code::OffsetOutOfRange)
}

/// Whether the queue of what is to be sent has no room for the moment.
pub(crate) const fn is_full(code: Code) -> bool {
    matches!(code, Code::QueueFull)
}

/// Whether a record was given up because its time was over.
pub(crate) const fn is_overdue(code: Code) -> bool {
    matches!(code, Code::MessageTimedOut)
}

/// Whether a record was thrown away unsent because the producer closes.
pub(crate) const fn is_purged(code: Code) -> bool {
    matches!(code, Code::PurgeQueue | Code::PurgeInflight)
}

/// Whether the group takes another process for the one of this name.
pub(crate) const fn is_fence(code: Code) -> bool {
    matches!(code, Code::Fenced | Code::FencedInstanceId)
}

/// Whether a code says no more than that the producer has given up.
pub(crate) const fn is_consequence(code: Code) -> bool {
    matches!(code, Code::Fatal) || is_purged(code)
}

const fn stop(remedy: &'static str) -> Action {
    Action::Stop { remedy }
}

pub(crate) const MISSING_TOPIC: &str = "create the topics with `topics apply`, then start again";
const TOO_LARGE: &str = "raise the topic's max.message.bytes in the catalogue, run `topics apply`, then start again";
/// A record bears the time of the host that writes it; a broker takes none from more than an hour ahead.
const CLOCK: &str = "Kafka refuses the time of the record, which is this host's: its clock is ahead of the broker's by more than \
                     the topic's message.timestamp.after.max.ms, or behind by more than message.timestamp.before.max.ms. Set \
                     the clocks (NTP), then start again";
const SETTINGS: &str = "the topic's settings refuse the record (a compacted topic wants keys); compare them with the catalogue, \
                        see `topics plan`, then start again";
const INSTANCE_TWICE: &str = "another process runs with the same instance name; give each its own";
const FOREIGN_MEMBER: &str = "a member with another assignment strategy is in the consumer group; stop it";
pub(crate) const OFFSET_GONE: &str = "the position is no longer in the topic because its retention has passed it or the topic was \
                           made anew; records may be missing: have the sources send that time again where they can. A \
                           processor goes on from the oldest record after `processor gap --accept`, which counts the gap; \
                           for a store see its README";

#[cfg(test)]
mod tests {
    use super::{Action, Code, Estrangement, estrangement, on_delivery, on_read};

    #[test]
    fn a_broker_that_is_away_is_not_one_that_does_not_know_us() {
        let refused = "ssl://127.0.0.1:9093/bootstrap: Connect to ipv4#127.0.0.1:9093 failed: Connection refused";
        assert_eq!(estrangement(refused), None);
        let closed = "sasl_ssl://127.0.0.1:9093/1: Disconnected (after 60001ms in state UP)";
        assert_eq!(estrangement(closed), None);
        let failed = "ssl://127.0.0.1:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed";
        assert_eq!(estrangement(failed), Some(Estrangement::Handshake));
        let user = "sasl_ssl://127.0.0.1:9093/bootstrap: SASL authentication error: Authentication failed";
        assert_eq!(estrangement(user), Some(Estrangement::Authentication));
    }

    #[test]
    fn what_passes_is_retried_and_what_does_not_says_what_to_do() {
        let remedy = |action| match action {
            Action::Retry => "",
            Action::Stop { remedy } => remedy,
        };
        assert_eq!(on_read(Code::AllBrokersDown), Action::Retry);
        assert_eq!(on_read(Code::LeaderNotAvailable), Action::Retry);
        // A certificate is renewed at the broker, and the service goes on by itself.
        assert_eq!(on_read(Code::SSL), Action::Retry);
        assert_eq!(on_read(Code::Authentication), Action::Retry);
        assert!(remedy(on_read(Code::UnknownTopicOrPartition)).contains("topics apply"));
        assert!(remedy(on_read(Code::AutoOffsetReset)).contains("retention"));
        assert!(remedy(on_read(Code::FencedInstanceId)).contains("instance name"));
        assert!(remedy(on_delivery(Code::MessageSizeTooLarge)).contains("max.message.bytes"));
        // A start would not set the clock.
        assert!(remedy(on_delivery(Code::InvalidTimestamp)).contains("clock"));
        // A failed delivery is never passed over, whatever its cause.
        assert!(remedy(on_delivery(Code::RequestTimedOut)).contains("start again"));
    }
}
