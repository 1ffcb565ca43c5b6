//! The same small job by other stream processors, beside the bare copy loop and the processor with everything that it does.
//!
//! The job and the programs are `load-tests/peers`. All read the same invented messages from two partitions of one broker, in
//! rounds that take turns, each round a process of its own. Every process is looked at from outside, ours like theirs
//! (`round`). An independent program says what the answer is, and every record that a peer wrote goes into a digest that must be
//! equal (`answer`): a peer that answers differently is left out, and so is one whose tools are not there (`build`).

mod answer;
mod build;
mod round;
mod table;

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use local_stack::Kafka;
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication, TopicResult},
    client::DefaultClientContext,
    consumer::BaseConsumer,
    error::{KafkaError, KafkaResult},
    producer::{BaseRecord, Producer},
};
use schemas::Subject;
use topics::Region;

use crate::{
    bench::{Error, relaying, report::Machine},
    simulator::{self, Kind},
    topic_read,
};
use answer::Answer;
use round::{Task, Timed};
pub use table::Report;

/// Where the messages are for peers, as they are.
const INPUT_TOPIC: &str = "bench.peers.input";
/// The first of them, for who takes hundreds of microseconds for each.
const INPUT_TOPIC_SHORT: &str = "bench.peers.input.short";
const OUTPUT_TOPIC: &str = "bench.peers.output";
/// Messages that differ; after those they repeat.
const DIFFERENT: usize = 50_000;
/// How often a round is run that others disturb, before it is given up.
const TRIES_MAX: usize = 3;
/// How long a new topic's partitions may take to answer.
const TOPIC_MAX: Duration = Duration::from_secs(30);
/// Nobody's key: the messages are invented, too.
const KEY: &str = "00112233445566778899aabbccddeeff";

/// What to compare.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Messages of a round; a tenth of them for HAPI's parser, but 20,000 at least.
    #[arg(long, default_value_t = 300_000)]
    messages: u64,
    /// Rounds of each.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Percent of a core that other processes may take in a round; with more it is thrown away and run again.
    #[arg(long, default_value_t = 5.0)]
    others_max: f64,
    /// Only this one; repeatable.
    #[arg(long, value_enum)]
    only: Vec<Name>,
    /// Where the figures are written.
    #[arg(long, default_value = "target/bench-peers.json")]
    pub json: PathBuf,
}

/// Who moves the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    /// A plain consumer and a plain producer.
    Copy,
    /// Our processor.
    Processor,
    /// Kafka Streams with the parser that is written by hand.
    KafkaStreams,
    /// Kafka Streams with HAPI HL7v2.
    KafkaStreamsHapi,
    /// Flink.
    Flink,
    /// The Benthos engine.
    Benthos,
    /// Quix Streams.
    Quix,
}

impl Name {
    const ALL: [Self; 7] = [
        Self::Copy,
        Self::Processor,
        Self::KafkaStreams,
        Self::KafkaStreamsHapi,
        Self::Flink,
        Self::Benthos,
        Self::Quix,
    ];

    const fn is_ours(self) -> bool {
        matches!(self, Self::Copy | Self::Processor)
    }

    fn messages(self, all: u64) -> u64 {
        if self == Self::KafkaStreamsHapi { (all / 10).max(20_000).min(all) } else { all }
    }
}

/// Who takes part, and what the rounds said.
struct Entry {
    name: Name,
    title: String,
    /// How a peer is started.
    command: Vec<String>,
    timed: Vec<Timed>,
    /// Rounds that others disturbed.
    thrown_away: usize,
    /// Why there are no (more) rounds.
    left_out: Option<String>,
}

/// What all rounds share.
struct Ground<'a> {
    kafka: &'a Kafka,
    registry: &'a str,
    region: Region,
    admin: AdminClient<DefaultClientContext>,
    folder: &'a Path,
    messages: u64,
    different: u64,
    others_max: f64,
    /// What peers must have written, of all messages and of the short topic's.
    answers: [Answer; 2],
}

/// Builds who can be built, and runs the rounds.
///
/// # Errors
/// When a server, the independent program or a round of ours fails.
///
/// # Panics
/// Never: region 14 exists.
pub fn measure(arguments: &Arguments, progress: &mut dyn FnMut(&str)) -> Result<Report, Error> {
    let folder = tempfile::Builder::new().prefix("vardstrom-peers-").tempdir().map_err(io("a folder"))?;
    let region: Region = "14".parse().expect("a lanskod");
    let wanted = |name: &Name| arguments.only.is_empty() || arguments.only.contains(name);
    let mut entries: Vec<Entry> =
        Name::ALL.into_iter().filter(wanted).map(|name| entry(name, folder.path(), progress)).collect();

    progress("simulating messages");
    let messages = messages(region);
    let file = folder.path().join("messages");
    fs::write(&file, messages.iter().flat_map(|message| [message.as_slice(), b"\n\n"]).collect::<Vec<_>>().concat())
        .map_err(io("the messages"))?;
    progress("working out the answer by an independent program");
    let all = arguments.messages;
    let short = Name::KafkaStreamsHapi.messages(all);
    let answers = [answer::expected(&file, all)?, answer::expected(&file, short)?];

    progress("starting Apache Kafka");
    let kafka = Kafka::start_own()?;
    let registry = schemas::registry::server::spawn("127.0.0.1:0").map_err(io("the schema registry"))?;
    progress(&format!("writing {all} messages, as they are and as source records"));
    let admin: AdminClient<_> = ClientConfig::new().set("bootstrap.servers", kafka.bootstrap()).create()?;
    relaying::prepare(kafka.bootstrap(), region, &messages, all, None)?;
    for (topic, count) in [(INPUT_TOPIC, all), (INPUT_TOPIC_SHORT, short)] {
        create(&admin, kafka.bootstrap(), topic)?;
        fill(kafka.bootstrap(), topic, &messages, count)?;
    }
    let ground = Ground {
        kafka: &kafka,
        registry: &registry.url(),
        region,
        admin,
        folder: folder.path(),
        messages: all,
        different: messages.len() as u64,
        others_max: arguments.others_max,
        answers,
    };
    for round in 0..arguments.rounds {
        // Who begins changes, so that nobody always comes behind the same one.
        let count = entries.len().max(1);
        for at in 0..entries.len() {
            let entry = &mut entries[(at + round) % count];
            if entry.left_out.is_none() {
                progress(&format!("{}, round {} of {}", entry.title, round + 1, arguments.rounds));
                ground.turn(entry, round, progress)?;
            }
        }
    }
    let bytes_per_message = messages.iter().map(Vec::len).sum::<usize>() as f64 / messages.len() as f64;
    Ok(Report::new(Machine::here(), arguments, &entries, &ground.answers[0], bytes_per_message))
}

fn entry(name: Name, folder: &Path, progress: &mut dyn FnMut(&str)) -> Entry {
    let mut entry = Entry {
        name,
        title: build::title(name),
        command: Vec::new(),
        timed: Vec::new(),
        thrown_away: 0,
        left_out: None,
    };
    if !name.is_ours() {
        progress(&format!("building {}", entry.title));
        match build::build(name, folder) {
            Ok(command) => entry.command = command,
            Err(error) => leave_out(&mut entry, &runtime::exit::chain(&error), progress),
        }
    }
    entry
}

fn leave_out(entry: &mut Entry, why: &str, progress: &mut dyn FnMut(&str)) {
    progress(&format!("{} is left out: {why}", entry.title));
    entry.left_out = Some(why.to_owned());
}

/// What one region's record systems send, without what is no proper message: what to make of that is a matter of taste.
fn messages(region: Region) -> Vec<Vec<u8>> {
    let plan = simulator::Plan { seed: 1, start_micros: 1_767_225_600_000_000, regions: vec![region] };
    let (sent, _) = simulator::run(&plan, DIFFERENT, 100_000);
    let is_rubbish = |kind: Kind| matches!(kind, Kind::Rubbish(_));
    // Some are sent again.
    let rubbish: HashSet<Vec<u8>> =
        sent.iter().filter(|sent| is_rubbish(sent.kind)).map(|sent| sent.content.clone()).collect();
    sent.into_iter().map(|sent| sent.content).filter(|content| !rubbish.contains(content)).collect()
}

impl Ground<'_> {
    /// One round, again where others disturbed it.
    fn turn(&self, entry: &mut Entry, round: usize, progress: &mut dyn FnMut(&str)) -> Result<(), Error> {
        for attempt in 0..TRIES_MAX {
            let group = format!("bench-peers-{round}-{attempt}");
            let timed = if entry.name.is_ours() {
                self.time(self.ours(entry, &group)?)?
            } else {
                match self.peer(entry, &group) {
                    Ok(timed) => timed,
                    Err(error) => {
                        leave_out(entry, &runtime::exit::chain(&error), progress);
                        return Ok(());
                    }
                }
            };
            progress(&format!(
                "  {:.2} us a message, {:.0} messages/s, others {:.1} % of a core",
                timed.cpu_us_per_message,
                timed.messages_per_second,
                timed.others_share * 100.0
            ));
            if timed.others_share * 100.0 <= self.others_max {
                entry.timed.push(timed);
                return Ok(());
            }
            progress("  thrown away: others took too much");
            entry.thrown_away += 1;
        }
        Ok(())
    }

    fn time(&self, mut task: Task<'_>) -> Result<Timed, Error> {
        let folder = tempfile::tempdir_in(self.folder).map_err(io("a folder"))?;
        task.environment.push(("PEER_FOLDER".to_owned(), folder.path().display().to_string()));
        round::time(&task, &client(self.kafka.bootstrap())?, &self.kafka.process_ids(), folder.path())
    }

    fn ours<'e>(&self, entry: &'e Entry, group: &str) -> Result<Task<'e>, Error> {
        let (variant, watched) = match entry.name {
            Name::Copy => (relaying::Variant::Copy, relaying::COPY_TOPIC.to_owned()),
            _ => (relaying::Variant::Processor, topics::name::common(self.region, Subject::Encounter)),
        };
        let (command, key) = relaying::command(&relaying::Round {
            variant,
            bootstrap: self.kafka.bootstrap().to_owned(),
            registry: self.registry.to_owned(),
            group: format!("{group}-{}", build::folder(entry.name)),
            count: self.messages,
            different: self.different,
            region: self.region,
            threads: 1,
        })?;
        let (name, environment, messages) = (entry.title.as_str(), vec![key], self.messages);
        Ok(Task { name, command, environment, watched, messages, written: None })
    }

    /// A round of a peer with a topic of its own, which must hold the answer and nothing else.
    fn peer(&self, entry: &Entry, group: &str) -> Result<Timed, Error> {
        let is_short = entry.name == Name::KafkaStreamsHapi;
        let expected = &self.answers[usize::from(is_short)];
        let output = format!("{OUTPUT_TOPIC}.{group}.{}", build::folder(entry.name));
        create(&self.admin, self.kafka.bootstrap(), &output)?;
        let environment = [
            ("BOOTSTRAP", self.kafka.bootstrap()),
            ("INPUT", if is_short { INPUT_TOPIC_SHORT } else { INPUT_TOPIC }),
            ("OUTPUT", &output),
            ("GROUP", &output),
            ("SCHEMA", &build::peers().join("visit.avsc").display().to_string()),
            ("KEY", KEY),
        ];
        let timed = self.time(Task {
            name: &entry.title,
            command: entry.command.clone(),
            environment: environment.map(|(name, value)| (format!("PEER_{name}"), value.to_owned())).into(),
            watched: output.clone(),
            messages: entry.name.messages(self.messages),
            written: Some(expected.records),
        })?;
        let written = answer::written(&client(self.kafka.bootstrap())?, &output)?;
        wait(self.admin.delete_topics(&[&output], &AdminOptions::new()))?;
        if written == *expected {
            return Ok(timed);
        }
        Err(Error::Peer {
            name: entry.title.clone(),
            output: format!("wrong answer: {written:?} and not {expected:?}"),
        })
    }
}

fn io(what: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::Io { what, source }
}

fn wait(answer: impl Future<Output = KafkaResult<Vec<TopicResult>>>) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(io("a runtime"))?;
    for done in runtime.block_on(answer)? {
        done.map_err(|(_, code)| KafkaError::AdminOp(code))?;
    }
    Ok(())
}

fn client(bootstrap: &str) -> Result<BaseConsumer, Error> {
    Ok(topic_read::client(bootstrap, "bench-peers")?)
}

/// Makes a topic and waits until its partitions answer.
fn create(admin: &AdminClient<DefaultClientContext>, bootstrap: &str, topic: &str) -> Result<(), Error> {
    let new = NewTopic::new(topic, relaying::PARTITIONS, TopicReplication::Fixed(1));
    wait(admin.create_topics([&new], &AdminOptions::new()))?;
    let start = Instant::now();
    loop {
        // A client that has not seen the topic once may go on not seeing it, so each time it is a new one.
        match round::written(&client(bootstrap)?, topic) {
            Err(_) if start.elapsed() < TOPIC_MAX => thread::sleep(Duration::from_millis(50)),
            answer => return answer.map(drop),
        }
    }
}

/// Writes the messages in turn over the partitions, from the start again after the last.
fn fill(bootstrap: &str, topic: &str, messages: &[Vec<u8>], count: u64) -> Result<(), Error> {
    let producer = relaying::producer(bootstrap)?;
    for (index, payload) in (0..count).zip(messages.iter().cycle()) {
        let partition = (index % relaying::PARTITIONS as u64) as i32;
        while producer.send(BaseRecord::<(), [u8]>::to(topic).partition(partition).payload(payload)).is_err() {
            producer.poll(Duration::from_millis(5));
        }
    }
    Ok(producer.flush(Duration::from_secs(120))?)
}
