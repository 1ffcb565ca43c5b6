//! What is printed and written down.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Arguments, Entry, Name, TRIES_MAX, answer::Answer, round::Timed};
use crate::bench::report::{Machine, Spread, spread};

/// What a reader must know before comparing two lines.
const ASYMMETRIES: [&str; 10] = [
    "Peers take seven fields as they stand into one small record. Our processor judges the whole message, reads times and identifiers,\n    \
     looks for identities in what it keeps, and writes its common events with headers: more records and several times the bytes.",
    "Peers read the messages' own bytes; ours reads source records, the same messages in their Avro envelope.",
    "Peers make one HMAC of the first identifier as it stands; ours one of each person's identifiers in normal form, content hashes, event ids.",
    "Our processor commits each record's fate with its offset, and readers drop what comes twice. Peers are at least once, every second.",
    "The bare copy writes the bytes that it read, once, without keys and headers.",
    "Kafka Streams and Flink have two threads, Benthos as many as there are cores, Quix one for the job. Messages/s depend on that and on\n    \
     the broker beside them; CPU a message does less.",
    "The Java peers have 512 MiB of heap and otherwise Java's own settings; what they compile after a tenth is in their figure.",
    "The Kafka and Avro parts of Benthos are this project's plugins over franz-go and hamba/avro: the engine alone has none.",
    "Quix and our programs use librdkafka, Java peers Kafka's own client; all without compression, acks=all, linger 5 ms.",
    "HAPI reads every message into a tree of version 2.5, without validation; its rounds are a tenth as long.",
];

/// All figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    date: String,
    machine: Machine,
    rounds: usize,
    messages: u64,
    others_max: f64,
    bytes_per_message: f64,
    answer: Answer,
    rows: Vec<Row>,
    left_out: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
struct Row {
    who: String,
    rounds: usize,
    thrown_away: usize,
    messages: u64,
    messages_per_second: Spread,
    cpu_us_per_message: Spread,
    cpu_us_with_start: Spread,
    memory_peak_mib: f64,
    broker_us_per_message: Spread,
    /// Of a core, the most in a round that counts.
    others_share_max: f64,
    /// Median beside that of our processor, where it took part.
    cpu_beside_ours: Option<f64>,
}

impl Report {
    pub(super) fn new(
        machine: Machine,
        arguments: &Arguments,
        entries: &[Entry],
        answer: &Answer,
        bytes_per_message: f64,
    ) -> Self {
        let median = |entry: &Entry| Spread::of(entry.timed.iter().map(|timed| timed.cpu_us_per_message)).median;
        let ours = entries.iter().find(|entry| entry.name == Name::Processor && !entry.timed.is_empty()).map(median);
        let rows = entries.iter().filter(|entry| entry.left_out.is_none()).map(|entry| {
            let over = |figure: fn(&Timed) -> f64| Spread::of(entry.timed.iter().map(figure));
            Row {
                who: entry.title.clone(),
                rounds: entry.timed.len(),
                thrown_away: entry.thrown_away,
                messages: entry.name.messages(arguments.messages),
                messages_per_second: over(|timed| timed.messages_per_second),
                cpu_us_per_message: over(|timed| timed.cpu_us_per_message),
                cpu_us_with_start: over(|timed| timed.cpu_us_with_start),
                memory_peak_mib: over(|timed| timed.memory_peak_mib).max,
                broker_us_per_message: over(|timed| timed.broker_us_per_message),
                others_share_max: over(|timed| timed.others_share).max,
                cpu_beside_ours: ours.map(|ours| median(entry) / ours),
            }
        });
        let left_out = entries.iter().filter_map(|entry| Some((entry.title.clone(), entry.left_out.clone()?)));
        Self {
            date: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
            machine,
            rounds: arguments.rounds,
            messages: arguments.messages,
            others_max: arguments.others_max,
            bytes_per_message,
            answer: answer.clone(),
            rows: rows.collect(),
            left_out: left_out.collect(),
        }
    }

    /// For people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        let Self { machine, answer, .. } = self;
        // Writing to a String cannot fail.
        let mut line = |arguments: std::fmt::Arguments<'_>| {
            let _ = writeln!(text, "{arguments}");
        };
        line(format_args!("{}, {machine}; median of {} rounds [min..max]", self.date, self.rounds));
        line(format_args!(
            "{} messages of {:.0} bytes; peers' answer: {} records of {:.0} bytes, digest {}, equal in every round that counts",
            self.messages,
            self.bytes_per_message,
            answer.records,
            answer.bytes as f64 / answer.records as f64,
            &answer.digest[..16],
        ));
        line(format_args!(""));
        line(format_args!(
            "{:28} {:>24} {:>6} {:>22} {:>10} {:>28} {:>6} {:>9} {:>8} {:>9}",
            "",
            "CPU us/message",
            "/ours",
            "with start",
            "messages",
            "messages/s",
            "MiB",
            "broker us",
            "others %",
            "thrown"
        ));
        for row in &self.rows {
            if row.rounds == 0 {
                line(format_args!("{:28} no quiet round of {}", row.who, row.thrown_away));
                continue;
            }
            line(format_args!(
                "{:28} {:>24} {:>6} {:>22} {:>10} {:>28} {:>6.0} {:>9.2} {:>8.1} {:>9}",
                row.who,
                spread(row.cpu_us_per_message, 2),
                row.cpu_beside_ours.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
                spread(row.cpu_us_with_start, 2),
                row.messages,
                spread(row.messages_per_second, 0),
                row.memory_peak_mib,
                row.broker_us_per_message.median,
                row.others_share_max * 100.0,
                format!("{} of {}", row.thrown_away, row.rounds + row.thrown_away),
            ));
        }
        line(format_args!(""));
        line(format_args!(
            "A round in which others took more than {:.0} % of a core is thrown away and run again, {TRIES_MAX} times at most.",
            self.others_max
        ));
        line(format_args!(
            "CPU a message: all threads, from the moment at which a tenth was written; with start: the whole process."
        ));
        for asymmetry in ASYMMETRIES {
            line(format_args!("  * {asymmetry}"));
        }
        for (who, why) in &self.left_out {
            line(format_args!("left out: {who}: {why}"));
        }
        text
    }
}
