//! What is printed and written down.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    fs,
};

use serde::Serialize;

use super::costs;

/// Figures of one kind over the rounds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of at least one figure.
    #[must_use]
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let at = |index: usize| figures.get(index).copied().unwrap_or(f64::NAN);
        Self { median: at(figures.len() / 2), min: at(0), max: at(figures.len().saturating_sub(1)) }
    }
}

/// One way to move records from topic to topic.
#[derive(Debug, Serialize)]
pub struct Moving {
    pub(crate) variant: &'static str,
    /// Source records read per second.
    pub messages_per_second: Spread,
    /// Records written per second.
    pub outputs_per_second: Spread,
    /// Processor time of the whole client process per source record, in microseconds.
    pub cpu_us_per_message: Spread,
    /// The most memory the process held, in MiB.
    pub memory_peak_mib: f64,
    /// Processor time beside the bare copy of the same round.
    pub cpu_beside_copy: Spread,
    /// Processor time beside the bare loop that writes the same outputs, of the same round.
    pub cpu_beside_outputs: Spread,
}

/// The store beside a bare COPY.
#[derive(Debug, Serialize)]
pub struct Storing {
    /// Rows per second through the store.
    pub store_rows_per_second: Spread,
    /// Rows per second by COPY alone.
    pub copy_rows_per_second: Spread,
    /// Store beside COPY, round by round.
    pub ratio: Spread,
}

/// Everything together.
#[derive(Debug, Serialize)]
pub struct Chain {
    /// Messages answered per second, as fast as the connections can.
    pub mllp_messages_per_second: f64,
    pub(crate) mllp_connections: usize,
    /// The rate of the run below.
    pub rate: f64,
    /// Messages of that run.
    pub messages: u64,
    /// Sender's last byte to the dashboard's event, median.
    pub p50_ms: Option<f64>,
    /// The same, 99th percentile.
    pub p99_ms: Option<f64>,
    /// The median of the messages sent in each second of the run.
    pub p50_by_second_ms: Vec<f64>,
    /// The 99th percentile of the messages sent in each second of the run.
    pub p99_by_second_ms: Vec<f64>,
    /// The most memory each service held in that run, in MiB.
    pub memory_peak_mib: BTreeMap<&'static str, f64>,
    /// Sums that did not add up; none in a good run.
    pub faults: Vec<String>,
}

/// A board that many watch.
#[derive(Debug, Serialize)]
pub struct Viewers {
    /// How many.
    pub viewers: usize,
    /// Messages per second while they watch.
    pub rate: f64,
    pub(crate) open: Watched,
    pub(crate) behind_login: Watched,
    /// Processor time of the dashboard behind a login beside without, of the same round, while watched.
    pub watching_ratio: Spread,
    /// The same while the streams open.
    pub opening_ratio: Spread,
}

/// What a dashboard used.
#[derive(Debug, Serialize)]
pub struct Watched {
    pub(crate) opening_ms_per_viewer: Spread,
    pub(crate) watching_percent_of_core: Spread,
    /// What each of them read, headers and the first page apart.
    pub kilobytes_per_viewer: Spread,
}

/// The country's page, read by many.
#[derive(Debug, Serialize)]
pub struct Streams {
    /// How many.
    pub viewers: usize,
    /// How many of them came first.
    pub few: usize,
    /// Messages per second all the time.
    pub rate: f64,
    /// To whom does not take gzip.
    pub plain: Streamed,
    /// To whom does.
    pub gzip: Streamed,
    /// Bytes of a compressed stream beside one that is not, of the same round.
    pub bytes_ratio: Spread,
    /// The same of the dashboard's processor time while all read.
    pub reading_ratio: Spread,
}

/// Streams of one kind.
#[derive(Debug, Serialize)]
pub struct Streamed {
    /// What came to each reader.
    pub kilobytes_per_second: Spread,
    /// Processor time of the dashboard while all read.
    pub reading_percent_of_core: Spread,
    pub(crate) at_start: Memory,
    pub(crate) with_few: Memory,
    pub(crate) with_all: Memory,
    pub(crate) afterwards: Memory,
}

/// What the dashboard held.
#[derive(Debug, Serialize)]
pub struct Memory {
    /// In memory at all.
    pub resident_mib: Spread,
    /// Of that, what no file holds.
    pub own_mib: Spread,
}

/// One way to protect the chain.
#[derive(Debug, Serialize)]
pub struct Walled {
    pub(crate) variant: &'static str,
    /// Processor time for each message in microseconds, by service; `Kafka` is the broker's.
    pub cpu_us_per_message: BTreeMap<&'static str, Spread>,
    /// Of all of them together, beside the plain chain of the same round.
    pub beside_plain: Spread,
    /// Sender's last byte to the dashboard's event, median.
    pub p50_ms: Spread,
    /// The same, 99th percentile.
    pub p99_ms: Spread,
}

/// The machine.
#[derive(Debug, Serialize)]
pub struct Machine {
    pub(crate) processors: usize,
    pub(crate) model: String,
    /// Memory in MiB.
    pub memory_mib: u64,
    pub(crate) kernel: String,
}

impl Machine {
    /// This one, as far as it tells.
    #[must_use]
    pub fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
            value.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        Self {
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            model: field(&read("/proc/cpuinfo"), "model name"),
            memory_mib: memory.trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) / 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processors, model, memory_mib, kernel } = self;
        write!(formatter, "{processors} x {model}, {memory_mib} MiB, Linux {kernel}; everything on this machine")
    }
}

/// All figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// Rounds of each comparison.
    pub rounds: usize,
    /// Whether source records of tables and of the chain were sealed.
    pub is_sealed: bool,
    /// From topic to topic.
    pub moving: Vec<Moving>,
    /// Into the store.
    pub storing: Option<Storing>,
    /// A declared mapping beside one that is written by hand.
    pub mapping: Option<super::mapping::Mapping>,
    /// A register extract of a large region.
    pub extract: Option<super::extract::Extract>,
    /// Tables to the store.
    pub sources: Option<super::sources::Sources>,
    /// From sender to board.
    pub chain: Option<Chain>,
    /// Many viewers.
    pub viewers: Option<Viewers>,
    /// Streams of one page that many read.
    pub streams: Option<Streams>,
    /// The chain, protected in each way.
    pub walls: Vec<Walled>,
    /// When little comes.
    pub rest: Option<super::rest::Rest>,
    /// A board that starts again.
    pub restart: Option<super::restart::Restart>,
}

impl Report {
    /// For people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let mut line = |arguments: std::fmt::Arguments<'_>| {
            let _ = writeln!(text, "{arguments}");
        };
        line(format_args!(
            "{}; median of {} rounds [min..max]{}",
            self.machine,
            self.rounds,
            if self.is_sealed { "; tables and chain with sealed records" } else { "" }
        ));
        if !self.moving.is_empty() {
            line(format_args!(""));
            line(format_args!(
                "{:20} {:>24} {:>10} {:>22} {:>18} {:>20} {:>6}",
                "topic to topic",
                "messages/s",
                "outputs/s",
                "CPU us/message",
                "CPU/bare copy",
                "CPU/same outputs",
                "MiB"
            ));
            for moving in &self.moving {
                line(format_args!(
                    "{:20} {:>24} {:>10.0} {:>22} {:>18} {:>20} {:>6.1}",
                    moving.variant,
                    spread(moving.messages_per_second, 0),
                    moving.outputs_per_second.median,
                    spread(moving.cpu_us_per_message, 2),
                    spread(moving.cpu_beside_copy, 2),
                    spread(moving.cpu_beside_outputs, 2),
                    moving.memory_peak_mib
                ));
            }
        }
        if let Some(storing) = &self.storing {
            line(format_args!(""));
            line(format_args!("{:28} {:>26}", "into PostgreSQL", "rows/s"));
            line(format_args!("{:28} {:>26}", "bare binary COPY", spread(storing.copy_rows_per_second, 0)));
            line(format_args!("{:28} {:>26}", "sink-store", spread(storing.store_rows_per_second, 0)));
            line(format_args!("{:28} {:>26}", "sink-store / COPY", spread(storing.ratio, 2)));
        }
        if let Some(mapping) = &self.mapping {
            line(format_args!(""));
            line(format_args!("{:28} {:>26}", "waiting-time row to event", "ns per row"));
            line(format_args!("{:28} {:>26}", "mapped by hand", spread(mapping.by_hand_ns, 0)));
            line(format_args!("{:28} {:>26}", "mapped by the package", spread(mapping.declared_ns, 0)));
            line(format_args!("{:28} {:>26}", "package / hand", spread(mapping.ratio, 2)));
        }
        if let Some(extract) = &self.extract {
            line(format_args!(""));
            line(format_args!("extract of {} waits", extract.contacts));
            line(format_args!("{:28} {:>24.1} s", "stored in", extract.store_seconds));
            line(format_args!("{:28} {:>24.1} s", "first run", extract.first_seconds));
            line(format_args!("{:28} {:>24.1} s", "second run, unchanged", extract.second_seconds));
        }
        if let Some(sources) = &self.sources {
            line(format_args!(""));
            line(format_args!("{:28} {:>26}", format!("{} waits to the store", sources.rows), "per second"));
            line(format_args!("{:28} {:>26.0}", "rows of a delimited file", sources.delimited_rows_per_second));
            line(format_args!("{:28} {:>26.0}", "rows of a snapshot", sources.snapshot_rows_per_second));
            line(format_args!("{:28} {:>26.0}", "changes of rows", sources.changes_per_second));
            line(format_args!("CPU us/row of a snapshot: {}", costs::line(&sources.snapshot_cpu_us, 1)));
            line(format_args!("CPU us/change: {}", costs::line(&sources.change_cpu_us, 1)));
            line(format_args!("kept, bytes/row of a snapshot: {}", costs::line(&sources.snapshot_bytes, 0)));
        }
        if let Some(chain) = &self.chain {
            line(format_args!(""));
            line(format_args!(
                "MLLP: {:.0} messages/s answered over {} connections",
                chain.mllp_messages_per_second, chain.mllp_connections
            ));
            let milliseconds =
                |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |value| format!("{value:.1} ms"));
            line(format_args!(
                "sender to board at {:.0} messages/s ({} messages): p50 {}, p99 {}",
                chain.rate,
                chain.messages,
                milliseconds(chain.p50_ms),
                milliseconds(chain.p99_ms)
            ));
            let seconds: Vec<String> = chain.p99_by_second_ms.iter().map(|ms| format!("{ms:.0}")).collect();
            line(format_args!("p99 second by second, ms: {}", seconds.join(" ")));
            let memory: Vec<String> =
                chain.memory_peak_mib.iter().map(|(service, mib)| format!("{service} {mib:.1}")).collect();
            line(format_args!("peak memory in that run, MiB: {}", memory.join(", ")));
            for fault in &chain.faults {
                line(format_args!("does not add up: {fault}"));
            }
        }
        if let Some(viewers) = &self.viewers {
            line(format_args!(""));
            line(format_args!(
                "{:40} {:>22} {:>24} {:>22}",
                format!("{} viewers, {:.0} messages/s", viewers.viewers, viewers.rate),
                "CPU ms to open each",
                "% of a core, watching",
                "kB each"
            ));
            for (name, watched) in [("without login", &viewers.open), ("login and access log", &viewers.behind_login)] {
                line(format_args!(
                    "{name:40} {:>22} {:>24} {:>22}",
                    spread(watched.opening_ms_per_viewer, 2),
                    spread(watched.watching_percent_of_core, 1),
                    spread(watched.kilobytes_per_viewer, 0)
                ));
            }
            line(format_args!(
                "{:40} {:>22} {:>24}",
                "login / without",
                spread(viewers.opening_ratio, 2),
                spread(viewers.watching_ratio, 2)
            ));
        }
        if let Some(streams) = &self.streams {
            line(format_args!(""));
            line(format_args!(
                "{:40} {:>20} {:>24}",
                format!("{} streams of /sv, {:.0} messages/s", streams.viewers, streams.rate),
                "kB/s each",
                "% of a core"
            ));
            let kinds = [("not compressed", &streams.plain), ("gzip", &streams.gzip)];
            for (name, streamed) in kinds {
                line(format_args!(
                    "{name:40} {:>20} {:>24}",
                    spread(streamed.kilobytes_per_second, 2),
                    spread(streamed.reading_percent_of_core, 1)
                ));
            }
            line(format_args!(
                "{:40} {:>20} {:>24}",
                "gzip / not compressed",
                spread(streams.bytes_ratio, 2),
                spread(streams.reading_ratio, 2)
            ));
            line(format_args!(
                "{:40} {:>20} {:>20} {:>20} {:>20}",
                "the dashboard's memory, MiB",
                "at start",
                format!("{} streams", streams.few),
                format!("{} streams", streams.viewers),
                "all have left"
            ));
            for (name, streamed) in kinds {
                let each = [&streamed.at_start, &streamed.with_few, &streamed.with_all, &streamed.afterwards];
                let mut row = |name: &str, of: fn(&Memory) -> Spread| {
                    let [start, few, all, after] = each.map(|memory| spread(of(memory), 0));
                    line(format_args!("{name:40} {start:>20} {few:>20} {all:>20} {after:>20}"));
                };
                row(name, |memory| memory.resident_mib);
                row("    without pages of files", |memory| memory.own_mib);
            }
        }
        if let Some(plain) = self.walls.first() {
            line(format_args!(""));
            let mut head = format!("{:16}", "CPU us/message");
            for part in plain.cpu_us_per_message.keys() {
                let _ = write!(head, " {part:>16}");
            }
            line(format_args!("{head} {:>20} {:>18} {:>18}", "together/plain", "p50 ms", "p99 ms"));
            for walled in &self.walls {
                let mut row = format!("{:16}", walled.variant);
                for used in walled.cpu_us_per_message.values() {
                    let _ = write!(row, " {:>16}", spread(*used, 0));
                }
                line(format_args!(
                    "{row} {:>20} {:>18} {:>18}",
                    spread(walled.beside_plain, 2),
                    spread(walled.p50_ms, 0),
                    spread(walled.p99_ms, 0)
                ));
            }
        }
        if let Some(rest) = &self.rest {
            let each: Vec<String> =
                rest.cpu_percent.iter().map(|(name, percent)| format!("{name} {percent:.1}")).collect();
            let milliseconds =
                |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |value| format!("{value:.1} ms"));
            line(format_args!(""));
            line(format_args!(
                "at rest: {} messages/s over all regions, {} messages, {} of them shown",
                rest.rate, rest.messages, rest.shown
            ));
            line(format_args!("percent of one core   {:6.1}  ({})", rest.sum_percent(), each.join(", ")));
            line(format_args!(
                "sender to board       p50 {}, p99 {}",
                milliseconds(rest.p50_ms),
                milliseconds(rest.p99_ms)
            ));
        }
        if let Some(restart) = &self.restart {
            line(format_args!(""));
            restart.lines().iter().for_each(|text| line(format_args!("{text}")));
        }
        text
    }
}

pub(super) fn spread(spread: Spread, digits: usize) -> String {
    let Spread { median, min, max } = spread;
    format!("{median:.digits$} [{min:.digits$}..{max:.digits$}]")
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn a_spread_is_of_the_rounds() {
        let spread = Spread::of([3.0, 1.0, 2.0]);
        assert_eq!((spread.median, spread.min, spread.max), (2.0, 1.0, 3.0));
    }
}
