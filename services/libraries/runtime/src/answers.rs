//! When Kafka last answered a client that reads, from librdkafka's statistics. Pure.
//!
//! A broker that is frozen, or behind a line that forwards nothing, keeps its connections: librdkafka notices only when a request
//! has waited for `socket.timeout.ms`, a minute. But who reads always has a question out with every broker that it reads from,
//! and a broker that works answers it within `fetch_wait`, also when there is nothing new.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde::Deserialize;

/// What of the statistics tells who answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Statistics<'a> {
    /// librdkafka's own clock, in microseconds.
    ts: i64,
    #[serde(borrow)]
    brokers: HashMap<&'a str, Broker<'a>>,
    #[serde(borrow)]
    pub(crate) topics: HashMap<&'a str, Topic<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Broker<'a> {
    nodeid: i32,
    state: &'a str,
    /// Answers so far.
    rx: u64,
    /// Questions that wait to be sent, and for an answer.
    outbuf_cnt: i64,
    waitresp_cnt: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Topic<'a> {
    #[serde(borrow)]
    pub(crate) partitions: HashMap<&'a str, Partition>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Partition {
    pub(crate) hi_offset: i64,
    /// The broker that is asked for it; -1 while nobody leads it.
    #[serde(default)]
    broker: i32,
    /// Whether it is read.
    #[serde(default)]
    desired: bool,
}

/// What was seen of each broker that is read from; as many as there are brokers.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    brokers: BTreeMap<i32, Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    rx: u64,
    /// When it last owed nothing, by librdkafka's clock.
    at: i64,
}

impl Answers {
    /// Takes the newest statistics: how long before them the broker that has been silent longest answered last. A broker that
    /// owes no answer is not silent, and nobody is where nothing is read.
    pub(crate) fn take(&mut self, statistics: &Statistics<'_>) -> Duration {
        let partitions = statistics.topics.values().flat_map(|topic| topic.partitions.values());
        let asked: BTreeSet<i32> = partitions.filter(|partition| partition.desired).map(|found| found.broker).collect();
        self.brokers.retain(|id, _| asked.contains(id));
        let now = statistics.ts;
        for id in asked {
            let seen = self.brokers.entry(id).or_insert(Seen { rx: 0, at: now });
            // -1 stands for nobody, and for the addresses that were configured.
            let found = statistics.brokers.values().find(|broker| broker.nodeid == id && id >= 0);
            let Some(broker) = found else { continue };
            let owes = broker.state != "UP" || broker.waitresp_cnt > 0 || broker.outbuf_cnt > 0;
            if broker.rx != seen.rx || !owes {
                *seen = Seen { rx: broker.rx, at: now };
            }
        }
        let oldest = self.brokers.values().map(|seen| seen.at).min().unwrap_or(now);
        Duration::from_micros(u64::try_from(now - oldest).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes statistics of brokers (id, state, answers, questions out) that each serve a partition; seconds of silence.
    fn take(answers: &mut Answers, second: i64, brokers: &[(i32, &str, u64, i64)], read: &[i32]) -> u64 {
        let named = |(id, state, rx, out): &(i32, &str, u64, i64)| {
            format!(
                r#""h:{id}/{id}":{{"nodeid":{id},"state":"{state}","rx":{rx},"outbuf_cnt":0,"waitresp_cnt":{out},"x":1}}"#
            )
        };
        let brokers: Vec<String> = brokers.iter().map(named).collect();
        let partition = |id: &i32| format!(r#""{}":{{"broker":{id},"desired":true,"hi_offset":7}}"#, id + 1);
        let partitions: Vec<String> = read.iter().map(partition).collect();
        let text = format!(
            r#"{{"ts":{},"brokers":{{{}}},"topics":{{"t":{{"partitions":{{{}}}}}}}}}"#,
            second * 1_000_000,
            brokers.join(","),
            partitions.join(",")
        );
        answers.take(&serde_json::from_str(&text).expect("statistics")).as_secs()
    }

    #[test]
    fn a_broker_is_silent_while_it_owes_an_answer_and_gives_none() {
        let mut answers = Answers::default();
        assert_eq!(take(&mut answers, 100, &[(1, "UP", 5, 1)], &[1]), 0);
        assert_eq!(take(&mut answers, 102, &[(1, "UP", 90, 1)], &[1]), 0);
        assert_eq!(take(&mut answers, 104, &[(1, "UP", 90, 1)], &[1]), 2);
        // The connection is given up after a minute, and the next one is not answered either.
        assert_eq!(take(&mut answers, 166, &[(1, "APIVERSION_QUERY", 90, 1)], &[1]), 64);
        assert_eq!(take(&mut answers, 168, &[(1, "UP", 91, 1)], &[1]), 0);
        // A reader that takes nothing asks nothing.
        assert_eq!(take(&mut answers, 190, &[(1, "UP", 91, 0)], &[1]), 0);
    }

    #[test]
    fn the_longest_silence_counts_of_those_that_are_read_from() {
        let mut answers = Answers::default();
        let at = |rx: u64| [(1, "UP", rx, 1), (2, "UP", 7, 1), (3, "DOWN", 0, 0)];
        take(&mut answers, 0, &at(1), &[1, 2]);
        assert_eq!(take(&mut answers, 10, &at(2), &[1, 2]), 10);
        // What the silent one led is led by the other now.
        assert_eq!(take(&mut answers, 12, &at(3), &[1]), 0);
        assert_eq!(take(&mut answers, 14, &at(3), &[]), 0);
        // Nobody leads it.
        assert_eq!(take(&mut answers, 16, &at(4), &[-1]), 0);
        assert_eq!(take(&mut answers, 20, &at(5), &[-1, 1]), 4);
    }

    #[test]
    fn a_client_that_reads_nothing_hears_no_silence() {
        let mut answers = Answers::default();
        assert_eq!(take(&mut answers, 0, &[(1, "UP", 1, 1)], &[]), 0);
        assert_eq!(take(&mut answers, 60, &[(1, "UP", 1, 1)], &[]), 0);
    }
}
