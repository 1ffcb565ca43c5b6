//! Brokers, the registry, and the connector as a child process.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use local_stack::Kafka;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use schemas::registry::{Server, server};
use schemas::{Decoder, Format, Kind, SourceRecord};
use sealing::{Opener, Place};
use tempfile::TempDir;

/// Nothing here takes this long unless it hangs.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// The broker that all tests share; nobody harms it.
pub(crate) static KAFKA: LazyLock<Kafka> = LazyLock::new(|| Kafka::start().expect("Kafka starts"));

static REGISTRY: LazyLock<Server> = LazyLock::new(|| server::spawn("127.0.0.1:0").expect("the registry starts"));

/// A key for tests.
pub(crate) const PARTITION_KEY: &str = "6b1c0e6f3a9d44c7b0f2a1958e7d3c2410fe5a6b7c8d9e0f1a2b3c4d5e6f7081";

/// What differs between the connectors of the tests.
pub(crate) struct Setup {
    pub bootstrap: String,
    pub region: &'static str,
    /// Lines of `[limits]`.
    pub limits: String,
    /// The region's sources, as TOML.
    pub sources: String,
    /// Lines of `[fhir_hook]`.
    pub hook: String,
    /// A secret, by the name of its variable.
    pub secret: Option<(&'static str, String)>,
    pub folder: TempDir,
}

impl Setup {
    /// One MLLP listener on the shared broker. Every test has a region of its own.
    pub(crate) fn mllp(region: &'static str) -> Self {
        Self::on(KAFKA.bootstrap(), region)
    }

    pub(crate) fn on(bootstrap: &str, region: &'static str) -> Self {
        let options = topics::Options { partitions: Some(2), replication_factor: Some(1), ..Default::default() };
        topics::apply(bootstrap, &[region.parse().expect("a region")], &options).expect("topics are made");
        Self {
            bootstrap: bootstrap.to_owned(),
            region,
            limits: String::new(),
            sources: "[[region.mllp]]\nlisten = \"127.0.0.1:0\"\n".to_owned(),
            hook: String::new(),
            secret: None,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    pub(crate) fn limits(mut self, lines: &str) -> Self {
        self.limits = lines.to_owned();
        self
    }

    /// More keys of the MLLP listener, or further sources.
    pub(crate) fn and(mut self, lines: &str) -> Self {
        writeln!(self.sources, "{lines}").expect("a string takes everything");
        self
    }

    pub(crate) fn sources(mut self, lines: &str) -> Self {
        self.sources = lines.to_owned();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn config(&self) -> PathBuf {
        let path = self.path("connector.toml");
        let text = format!(
            "[kafka]\nbootstrap = \"{}\"\n[registry]\nurl = \"{}\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
             [fhir_hook]\nlisten = \"127.0.0.1:0\"\n{}\n[log]\nlevel = \"debug\"\n[routing]\nkey = {{ env = \"VARDSTROM_PARTITION_KEY\" }}\n[limits]\n{}\n\
             [[region]]\ncode = \"{}\"\nsource_system = \"SE2321000131-TEST\"\n{}\n",
            self.bootstrap,
            REGISTRY.url(),
            self.hook,
            self.limits,
            self.region,
            self.sources,
        );
        std::fs::write(&path, text).expect("the configuration is written");
        path
    }

    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_connector"));
        command.arg(name).env("VARDSTROM_PARTITION_KEY", PARTITION_KEY).stderr(Stdio::piped()).stdout(Stdio::piped());
        command.envs(self.secret.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the connector and waits until its sources are open.
    pub(crate) fn start(&self) -> Connector {
        self.open(self.start_unready())
    }

    /// Waits until its sources are open.
    pub(crate) fn open(&self, mut connector: Connector) -> Connector {
        connector.wait("every source to be open", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
        // The log comes through a pipe of its own, and may come later.
        if self.sources.contains("region.mllp") {
            connector
                .wait("the listener's address", |connector| connector.log_address("listening for MLLP on ").is_some());
        }
        connector.mllp = connector.log_address("listening for MLLP on ");
        connector
    }

    /// Starts the connector and waits only for its own HTTP server.
    pub(crate) fn start_unready(&self) -> Connector {
        let mut command = self.command("run");
        command.arg("--config").arg(self.config());
        self.start_by(command)
    }

    /// The same, by a command of the test's own.
    pub(crate) fn start_by(&self, mut command: Command) -> Connector {
        let mut connector = Connector::of(command.spawn().expect("the connector starts"));
        connector.wait("HTTP", |connector| connector.log_address("listening for HTTP on ").is_some());
        connector.http = connector.log_address("listening for HTTP on ");
        connector
    }

    /// Everything in the region's source topic, once `count` records are there; fails when they do not come.
    pub(crate) fn records(&self, feed: &str, count: usize) -> Vec<Recorded> {
        records(&self.bootstrap, self.region, feed, count, &mut Opener::of_plain())
    }
}

/// A running connector; killed at the end.
pub(crate) struct Connector {
    pub child: Child,
    log: Arc<Mutex<String>>,
    http: Option<SocketAddr>,
    mllp: Option<SocketAddr>,
}

impl Connector {
    pub(crate) fn of(mut child: Child) -> Self {
        let log = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stderr.take().expect("piped"));
        let kept = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut kept = kept.lock().expect("not poisoned");
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        Self { child, log, http: None, mllp: None }
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("not poisoned").clone()
    }

    /// Where FHIR servers call.
    pub(crate) fn fhir_hook(&self) -> SocketAddr {
        self.log_address("listening for FHIR notifications on ").expect("it listens")
    }

    /// Waits until its log says so: the log comes through a pipe of its own.
    pub(crate) fn wait_log(&self, words: &str) {
        let start = Instant::now();
        while !self.log().contains(words) {
            assert!(start.elapsed() < LONG, "{words:?} is not in the log:\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn log_address(&self, after: &str) -> Option<SocketAddr> {
        let log = self.log();
        let at = log.find(after)? + after.len();
        log[at..].split_whitespace().next()?.parse().ok()
    }

    pub(crate) fn wait(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !done(self) {
            let ended = self.child.try_wait().expect("asked").is_some();
            assert!(!ended && start.elapsed() < LONG, "waiting for {what}; ended: {ended}; log:\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let address = self.http.expect("HTTP is open");
        let Ok(mut stream) = TcpStream::connect(address) else { return String::new() };
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let mut answer = String::new();
        match stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer)) {
            Ok(_) => answer,
            Err(_) => String::new(),
        }
    }

    /// The value of a metric, written with its labels.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no metric {name}")).trim().parse().expect("a number")
    }

    pub(crate) fn connect(&self) -> Sender {
        Sender::to(self.mllp.expect("MLLP is open"))
    }

    /// Every MLLP port, in the order of the configuration.
    pub(crate) fn mllp_ports(&self) -> Vec<SocketAddr> {
        let log = self.log();
        let after = log.split("listening for MLLP on ").skip(1);
        after.filter_map(|rest| rest.split_whitespace().next()?.parse().ok()).collect()
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.http.expect("HTTP is open")
    }

    pub(crate) fn mllp(&self) -> SocketAddr {
        self.mllp.expect("MLLP is open")
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("there");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("kill -9");
        self.child.wait().expect("ended");
    }

    /// SIGTERM, and wait.
    pub(crate) fn stop(&mut self) -> i32 {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
        self.ended()
    }

    /// Waits until it has ended; gives its exit code.
    pub(crate) fn ended(&mut self) -> i32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("asked") {
                return status.code().unwrap_or(-1);
            }
            assert!(start.elapsed() < LONG, "does not stop; log:\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A source system on one connection.
pub(crate) struct Sender<S = TcpStream> {
    pub stream: S,
    buffer: Vec<u8>,
}

impl Sender {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the connector accepts");
        stream.set_read_timeout(Some(LONG)).expect("set");
        stream.set_nodelay(true).expect("set");
        Self::over(stream)
    }

    /// Whether an answer comes within this time.
    pub(crate) fn answers_within(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).expect("set");
        let mut byte = [0];
        let read = self.stream.read(&mut byte);
        self.stream.set_read_timeout(Some(LONG)).expect("set");
        match read {
            Ok(1) => {
                self.buffer.push(byte[0]);
                true
            }
            Ok(_) => panic!("the connection was closed"),
            Err(_) => false,
        }
    }

    /// Whether the connector closes the connection.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0) | Err(_))
    }
}

impl<S: Read + Write> Sender<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    pub(crate) fn send(&mut self, message: &[u8]) {
        self.stream.write_all(&framed(message)).expect("the connector reads");
    }

    /// The next answer, unframed, as text.
    pub(crate) fn answer(&mut self) -> String {
        self.try_answer().expect("an answer")
    }

    pub(crate) fn try_answer(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == 0x1C) {
                let frame: Vec<u8> = self.buffer.drain(..=end).collect();
                let start = frame.iter().position(|byte| *byte == 0x0B).expect("framed");
                return Some(String::from_utf8_lossy(&frame[start + 1..frame.len() - 1]).into_owned());
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) | Err(_) => return None,
                Ok(read) => self.buffer.extend_from_slice(&bytes[..read]),
            }
        }
    }

    /// Sends and waits for the answer's code and the id it names, as `AA 17`.
    pub(crate) fn exchange(&mut self, message: &[u8]) -> String {
        self.send(message);
        code(&self.answer())
    }
}

/// MSA-1 and MSA-2.
pub(crate) fn code(answer: &str) -> String {
    let msa =
        answer.split('\r').find_map(|line| line.strip_prefix("MSA|")).unwrap_or_else(|| panic!("no MSA in {answer:?}"));
    msa.split('|').take(2).collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    [b"\x0B".as_slice(), message, b"\x1C\r"].concat()
}

/// An admission of the person with this index.
pub(crate) fn message(id: &str, person: u64) -> Vec<u8> {
    message_with(id, person, "")
}

/// The same, with more fields after MSH-12.
pub(crate) fn message_with(id: &str, person: u64, more: &str) -> Vec<u8> {
    let number = identity::test_identity::number(person);
    format!(
        "MSH|^~\\&|SIM|HOSPITAL|VS|REGION|20260105004015||ADT^A01|{id}|P|2.5{more}\rEVN|A01|20260105004015\r\
         PID|1||{}^^^&1.2.752.129.2.1.3.1&ISO^PNR||Testsson^Test\rPV1|1|I|51A^1^2||||||||||||||||{id}\r",
        number.as_str()
    )
    .into_bytes()
}

/// A record of a source topic.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub partition: i32,
    pub has_key: bool,
    pub format: Format,
    pub message_id: String,
    pub position: String,
    pub recorded_at: Option<i64>,
    pub payload: Vec<u8>,
    /// The record as it lies in Kafka.
    pub raw: Vec<u8>,
}

pub(crate) fn records(bootstrap: &str, region: &str, feed: &str, count: usize, opener: &mut Opener) -> Vec<Recorded> {
    let topic = format!("region.{region}.source.{feed}");
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "connector-tests")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .create()
        .expect("a consumer");
    let start = Instant::now();
    let metadata = consumer.fetch_metadata(Some(&topic), LONG).expect("metadata");
    let mut partitions = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        partitions.add_partition_offset(&topic, partition.id(), Offset::Beginning).expect("an offset");
    }
    consumer.assign(&partitions).expect("assigned");
    let mut decoder = Decoder::new();
    let id = schemas::registry::development_id_current(Kind::SourceRecord);
    decoder.insert(id, Kind::SourceRecord.avsc()).expect("our schema");
    let mut found = Vec::new();
    let mut ends = 0;
    while found.len() < count || ends < partitions.count() {
        assert!(start.elapsed() < LONG, "{} of {count} records in {topic}", found.len());
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(record)) => {
                let value = record.payload().expect("a value");
                let decoded: SourceRecord<'_> = decoder.decode(value).expect("a source record");
                let place = Place { topic: &topic, partition: record.partition() };
                let decoded = opener.open(&decoded, place).expect("it opens");
                assert_eq!((decoded.region, decoded.feed), (region, feed));
                found.push(Recorded {
                    partition: record.partition(),
                    has_key: record.key().is_some(),
                    format: decoded.format,
                    message_id: decoded.message_id.to_owned(),
                    position: decoded.source_position.to_owned(),
                    recorded_at: decoded.recorded_at.map(|time| time.0),
                    payload: decoded.payload.to_vec(),
                    raw: value.to_vec(),
                });
            }
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => ends += 1,
            Some(Err(_)) | None => {}
        }
    }
    found
}

/// The offset that a position file holds; 0 when there is none.
pub(crate) fn kept_offset(path: &Path) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("offset ")).map_or(0, |offset| offset.parse().expect("a number"))
}

/// Waits until a position file has moved.
pub(crate) fn wait_for_offset(path: &Path) {
    let start = Instant::now();
    while kept_offset(path) == 0 {
        assert!(start.elapsed() < LONG, "{} does not move", path.display());
        thread::sleep(Duration::from_millis(2));
    }
}
