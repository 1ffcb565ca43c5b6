//! Metrics as fields of one struct per crate, declared by [`crate::metrics!`]; a field's doc comment is its help text.
//!
//! Names are `vardstrom_<service>_<thing>_<unit>[_total]`. A label's values are a closed enum declared by
//! [`crate::labels!`] and all start at zero ([`By`]), or a small set known at start, such as topics ([`Family`]).

use std::collections::HashMap;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::core::Collector;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts};

pub use prometheus::{Error, Gauge as FloatGauge, Histogram, IntCounter as Counter, IntGauge as Gauge, Registry};

/// Upper bounds in seconds: from one record's processing, fine around the promise of 250 ms, to an outage of minutes.
pub const SECONDS: [f64; 19] = [
    0.000_01, 0.000_03, 0.000_1, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1.0, 2.5, 10.0,
    60.0, 300.0,
];

/// Declares a struct of metrics and its `register(&Registry, service)`.
///
/// ```text
/// runtime::metrics! {
///     /// What the connector counts.
///     pub struct Metrics {
///         /// Messages received.
///         pub received: Counter = "messages_received_total",
///         /// Messages answered, by answer.
///         pub answered: By<Answer, Counter> = "messages_answered_total",
///     }
/// }
/// ```
#[macro_export]
macro_rules! metrics {
    (
        $(#[$outer:meta])*
        $vis:vis struct $name:ident {
            $( $(#[doc = $help:literal])+ $field_vis:vis $field:ident : $metric:ty = $suffix:literal ),+ $(,)?
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Debug)]
        $vis struct $name {
            $( $(#[doc = $help])+ $field_vis $field: $metric ),+
        }

        impl $name {
            /// Registers every metric as `vardstrom_<service>_<name>`; an error means that one is registered already.
            $vis fn register(
                registry: &$crate::metrics::Registry,
                service: &str,
            ) -> Result<Self, $crate::metrics::Error> {
                Ok(Self {
                    $( $field: <$metric as $crate::metrics::Metric>::register(
                        registry,
                        &format!("vardstrom_{service}_{}", $suffix),
                        concat!($($help),+).trim(),
                    )? ),+
                })
            }
        }
    };
}

/// Declares a closed set of label values: `labels! { /// doc
/// pub enum Answer("answer") { /// doc
/// Accepted = "accepted" } }`.
#[macro_export]
macro_rules! labels {
    (
        $(#[$outer:meta])*
        $vis:vis enum $name:ident($label:literal) {
            $( $(#[$inner:meta])* $value:ident = $text:literal ),+ $(,)?
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name { $( $(#[$inner])* $value ),+ }

        impl $crate::metrics::Label for $name {
            const NAME: &'static str = $label;
            const ALL: &'static [Self] = &[ $( Self::$value ),+ ];

            fn index(self) -> usize {
                self as usize
            }

            fn value(self) -> &'static str {
                match self { $( Self::$value => $text ),+ }
            }
        }
    };
}

/// A closed set of label values. [`crate::labels!`] writes the implementation.
pub trait Label: Copy + 'static {
    /// The label's name.
    const NAME: &'static str;
    /// Every value, in order of [`Label::index`].
    const ALL: &'static [Self];
    /// Position in [`Label::ALL`].
    fn index(self) -> usize;
    /// The text of the value.
    fn value(self) -> &'static str;
}

/// Label names whose values are known only at start, such as topics. A type without values.
pub trait Keys: 'static {
    /// The labels' names.
    const NAMES: &'static [&'static str];
}

/// Labels `topic` and `partition`.
#[derive(Clone, Copy, Debug)]
pub enum TopicPartition {}

impl Keys for TopicPartition {
    const NAMES: &'static [&'static str] = &["topic", "partition"];
}

/// Label `topic`.
#[derive(Clone, Copy, Debug)]
pub enum Topic {}

impl Keys for Topic {
    const NAMES: &'static [&'static str] = &["topic"];
}

/// Label `region`, the länskod.
#[derive(Clone, Copy, Debug)]
pub enum Region {}

impl Keys for Region {
    const NAMES: &'static [&'static str] = &["region"];
}

/// Label `rule`, the code of a validation rule.
#[derive(Clone, Copy, Debug)]
pub enum Rule {}

impl Keys for Rule {
    const NAMES: &'static [&'static str] = &["rule"];
}

/// A field of a metrics struct: anything that can be registered under a name with a help text.
pub trait Metric: Sized {
    /// Creates and registers it.
    fn register(registry: &Registry, name: &str, help: &str) -> Result<Self, Error>;
}

/// A metric that can exist once per combination of label values.
pub trait Member: Sized {
    /// All the members.
    type Members: Collector + Clone + 'static;
    /// Creates the set, empty.
    fn members(name: &str, help: &str, labels: &[&str]) -> Result<Self::Members, Error>;
    /// The member with these label values; created at zero when first asked for.
    fn of(members: &Self::Members, values: &[&str]) -> Result<Self, Error>;
    /// Forgets the member with these label values.
    fn remove(members: &Self::Members, values: &[&str]);
}

macro_rules! member {
    ($metric:ty, $members:ty, $options:expr) => {
        impl Metric for $metric {
            fn register(registry: &Registry, name: &str, help: &str) -> Result<Self, Error> {
                let metric = <$metric>::with_opts($options(name, help))?;
                registry.register(Box::new(metric.clone()))?;
                Ok(metric)
            }
        }

        impl Member for $metric {
            type Members = $members;

            fn members(name: &str, help: &str, labels: &[&str]) -> Result<Self::Members, Error> {
                <$members>::new($options(name, help).into(), labels)
            }

            fn of(members: &Self::Members, values: &[&str]) -> Result<Self, Error> {
                members.get_metric_with_label_values(values)
            }

            fn remove(members: &Self::Members, values: &[&str]) {
                // An error says only that there was none.
                let _ = members.remove_label_values(values);
            }
        }
    };
}

fn histogram(name: &str, help: &str) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(SECONDS.to_vec())
}

member!(Counter, IntCounterVec, Opts::new);
member!(Gauge, IntGaugeVec, Opts::new);
member!(FloatGauge, GaugeVec, Opts::new);
member!(Histogram, HistogramVec, histogram);

/// One metric per value of a closed label; every value is there from the start.
#[derive(Clone, Debug)]
pub struct By<L, M> {
    members: Vec<M>,
    label: PhantomData<L>,
}

impl<L: Label, M> By<L, M> {
    /// The metric of this value; an array access.
    pub fn of(&self, label: L) -> &M {
        &self.members[label.index()]
    }
}

impl<L: Label, M: Member> Metric for By<L, M> {
    fn register(registry: &Registry, name: &str, help: &str) -> Result<Self, Error> {
        let all = M::members(name, help, &[L::NAME])?;
        registry.register(Box::new(all.clone()))?;
        let members = L::ALL.iter().map(|label| M::of(&all, &[label.value()])).collect::<Result<_, _>>()?;
        Ok(Self { members, label: PhantomData })
    }
}

/// Metrics by label values that are known only at start. Ask once and keep the member; asking takes a lock.
#[derive(Clone, Debug)]
pub struct Family<K, M: Member> {
    members: M::Members,
    /// By values, who took the metric last, as a number that grows.
    takers: Arc<Mutex<HashMap<Vec<String>, u64>>>,
    keys: PhantomData<K>,
}

impl<K: Keys, M: Member> Family<K, M> {
    /// The metric of these values, in the order of the keys' names.
    ///
    /// # Panics
    /// When the count of values differs from the count of names, which is a mistake in the calling code.
    pub fn of(&self, values: &[&str]) -> M {
        M::of(&self.members, values).expect("as many label values as label names are given")
    }

    /// The metric of these values, begun anew for whoever holds what they name now. It goes with the holder, unless somebody has
    /// taken it meanwhile: what they name may come to one before the other knows that it is gone.
    pub fn take(&self, values: &[&str]) -> Taken<M> {
        let key: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let mut takers = lock(&self.takers);
        let turn = takers.get(&key).map_or(0, |turn| turn + 1);
        takers.insert(key.clone(), turn);
        M::remove(&self.members, values);
        Taken { member: self.of(values), members: self.members.clone(), takers: Arc::clone(&self.takers), key, turn }
    }
}

/// A metric of a [`Family`] that is somebody's for as long as this lives.
pub struct Taken<M: Member> {
    member: M,
    members: M::Members,
    takers: Arc<Mutex<HashMap<Vec<String>, u64>>>,
    key: Vec<String>,
    turn: u64,
}

impl<M: Member> Deref for Taken<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.member
    }
}

impl<M: Member> Drop for Taken<M> {
    fn drop(&mut self) {
        let takers = lock(&self.takers);
        if takers.get(&self.key) == Some(&self.turn) {
            M::remove(&self.members, &self.key.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked with it had changed nothing by halves.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Keys, M: Member> Metric for Family<K, M> {
    fn register(registry: &Registry, name: &str, help: &str) -> Result<Self, Error> {
        let members = M::members(name, help, K::NAMES)?;
        registry.register(Box::new(members.clone()))?;
        Ok(Self { members, takers: Arc::default(), keys: PhantomData })
    }
}

/// One part of a gauge to which several add; it goes with the part.
#[derive(Debug)]
pub struct Part {
    sum: Gauge,
    own: i64,
}

impl Part {
    /// Nothing of it yet.
    pub fn of(sum: &Gauge) -> Self {
        Self { sum: sum.clone(), own: 0 }
    }

    /// What this part comes to now.
    pub fn set(&mut self, own: i64) {
        self.sum.add(own - self.own);
        self.own = own;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// Everything registered, in the text format that Prometheus reads.
pub fn text(registry: &Registry) -> Result<String, Error> {
    prometheus::TextEncoder::new().encode_to_string(&registry.gather())
}

#[cfg(test)]
mod tests {
    use super::{By, Counter, Family, Gauge, Histogram, Part, Registry, TopicPartition, text};

    labels! {
        /// An answer.
        enum Answer("answer") {
            /// Yes.
            Accepted = "accepted",
            /// No.
            Refused = "refused",
        }
    }

    metrics! {
        /// Metrics of a test.
        struct Metrics {
            /// Messages received,
            /// every one of them.
            received: Counter = "messages_received_total",
            /// Messages answered, by answer.
            answered: By<Answer, Counter> = "messages_answered_total",
            /// Records not yet read.
            lag: Family<TopicPartition, Gauge> = "lag_records",
            /// Records read and not settled.
            pending: Gauge = "pending_records",
            /// Time from one thing to another.
            delay: Histogram = "delay_seconds",
        }
    }

    #[test]
    fn doc_comments_are_help_texts_and_closed_labels_start_at_zero() {
        let registry = Registry::new();
        let metrics = Metrics::register(&registry, "test").unwrap();
        metrics.received.inc();
        metrics.answered.of(Answer::Refused).inc_by(2);
        metrics.lag.of(&["a", "0"]).set(7);
        metrics.lag.take(&["b", "0"]).set(9);
        let before = metrics.lag.take(&["c", "0"]);
        before.set(3);
        let now = metrics.lag.take(&["c", "0"]);
        drop(before);
        now.set(4);
        metrics.delay.observe(0.2);
        let [mut one, mut other] = [(); 2].map(|()| Part::of(&metrics.pending));
        one.set(8);
        other.set(5);
        other.set(2);
        drop(one);
        let text = text(&registry).unwrap();
        for line in [
            "# HELP vardstrom_test_messages_received_total Messages received, every one of them.",
            "vardstrom_test_messages_received_total 1",
            "vardstrom_test_messages_answered_total{answer=\"accepted\"} 0",
            "vardstrom_test_messages_answered_total{answer=\"refused\"} 2",
            "vardstrom_test_lag_records{partition=\"0\",topic=\"a\"} 7",
            "vardstrom_test_lag_records{partition=\"0\",topic=\"c\"} 4",
            "vardstrom_test_pending_records 2",
            "vardstrom_test_delay_seconds_bucket{le=\"0.2\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} not in\n{text}");
        }
        assert!(!text.contains("topic=\"b\""));
    }

    #[test]
    fn a_metric_is_registered_once() {
        let registry = Registry::new();
        Metrics::register(&registry, "test").unwrap();
        assert!(Metrics::register(&registry, "test").is_err());
        assert!(Metrics::register(&registry, "other").is_ok());
    }
}
