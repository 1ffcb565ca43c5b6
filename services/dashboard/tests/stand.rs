//! Where the whole program runs: a real Kafka, a real registry and a real PostgreSQL filled by the real store.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use local_stack::{Kafka, Postgres, Process, free_port};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use schemas::registry::{self, Server, server};
use schemas::{BedKind, CareType, CorrectionKind, Encoder, Kind, Subject, Timestamp};
use tempfile::TempDir;
use topics::Region;

use crate::fixture::{DAY, Declaration, MINUTE, Movement, Ward};

pub(crate) static KAFKA: LazyLock<Kafka> = LazyLock::new(|| Kafka::start().expect("Kafka starts"));
pub(crate) static POSTGRES: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().expect("PostgreSQL starts"));

/// Only a bound on waiting: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);
const SOURCE: &str = "SE2321000131-ADT";
pub(crate) const WARD: Ward<'_> = Ward {
    name: "Avdelning 1",
    hospital_code: "501010",
    hospital_name: "Östra sjukhuset",
    mvo: "101",
    care_type: CareType::Somatic,
};

/// The topics of one region or several, and whoever reads them. What is said and asked is about the first.
pub(crate) struct Stand {
    region: Region,
    /// Where the dashboard finds Kafka.
    pub(crate) bootstrap: String,
    pub(crate) regions: Vec<Region>,
    /// Tables of the dashboard's configuration beside those that it has in every stand.
    pub(crate) more: String,
    /// Where the dashboard is told to panic.
    pub(crate) panic_at: String,
    /// Into whose topics events go, when not into their own region's.
    pub(crate) stray: Option<Region>,
    /// How far the store believes to have read beyond where it has.
    pub(crate) store_ahead: i64,
    pub(crate) registry: Server,
    pub(crate) folder: TempDir,
    producer: ThreadedProducer<DefaultProducerContext>,
    pub(crate) origins: HashMap<Subject, i64>,
    pub(crate) database: String,
    pub(crate) port: u16,
    sent: u64,
    log: Vec<Sent>,
}

/// A record as it lies in Kafka.
struct Sent {
    topic: String,
    offset: i64,
    origin: String,
    payload: Vec<u8>,
}

fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_microsecond())
}

pub(crate) fn ago(span: i64) -> Timestamp {
    Timestamp(now().0 - span)
}

pub(crate) fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Stand {
    pub(crate) fn new(code: &str) -> Self {
        Self::of(&[code])
    }

    pub(crate) fn of(codes: &[&str]) -> Self {
        Self::on(KAFKA.bootstrap(), codes)
    }

    /// The same on another Kafka.
    pub(crate) fn on(bootstrap: &str, codes: &[&str]) -> Self {
        let regions: Vec<Region> = codes.iter().map(|code| code.parse().unwrap()).collect();
        make_topics_on(bootstrap, &regions);
        Self::without_topics_on(bootstrap, &regions)
    }

    pub(crate) fn without_topics(regions: &[Region]) -> Self {
        Self::without_topics_on(KAFKA.bootstrap(), regions)
    }

    fn without_topics_on(bootstrap: &str, regions: &[Region]) -> Self {
        let codes: Vec<String> = regions.iter().map(|region| region.code().to_owned()).collect();
        let database = database(&POSTGRES, &codes);
        Self {
            region: regions[0],
            bootstrap: bootstrap.to_owned(),
            regions: regions.to_vec(),
            more: String::new(),
            panic_at: String::new(),
            stray: None,
            store_ahead: 0,
            registry: server::spawn("127.0.0.1:0").unwrap(),
            folder: TempDir::new().unwrap(),
            producer: ClientConfig::new()
                .set("bootstrap.servers", bootstrap)
                .set("linger.ms", "1")
                .create()
                .expect("a producer is made"),
            origins: HashMap::new(),
            database,
            port: free_port().unwrap(),
            sent: 0,
            log: Vec::new(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn dashboard(&self) -> Process {
        let file = self.folder.path().join("dashboard.toml");
        let text = format!(
            "[kafka]\nbootstrap = \"{}\"\n[registry]\nurl = \"{}\"\n[http]\nlisten = \"127.0.0.1:{}\"\n\
             [store]\nurl = {{ env = \"TEST_STORE\" }}\n[board]\nregions = {:?}\n{}",
            self.bootstrap,
            self.registry.url(),
            self.port,
            self.regions.iter().map(|region| region.code()).collect::<Vec<_>>(),
            self.more
        );
        std::fs::write(&file, text).unwrap();
        let command =
            [env!("CARGO_BIN_EXE_dashboard"), "run", "--config", file.to_str().unwrap()].map(str::to_owned).to_vec();
        let environment = [("TEST_STORE", &self.database), (runtime::failpoint::VARIABLE, &self.panic_at)]
            .map(|(name, value)| (name.to_owned(), value.clone()));
        Process::start("dashboard", self.folder.path(), "TERM", &command, &environment).expect("the dashboard starts")
    }

    /// Puts everything sent so far into the store, by the store's own code.
    pub(crate) fn store_everything(&self) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for region in &self.regions {
            runtime.block_on(self.store_region(region.code().to_owned()));
        }
    }

    async fn store_region(&self, region: String) {
        let mut store = sink_store::Store::open(&self.database, std::slice::from_ref(&region)).await.unwrap();
        for kind in [Kind::Encounter, Kind::BedCapacity] {
            let id = registry::development_id_current(kind);
            store.add_schema(&region, id, kind.avsc()).await.unwrap();
        }
        let records: Vec<sink_store::Record<'_>> = self
            .log
            .iter()
            .filter_map(|sent| {
                let source = store.sources().iter().position(|source| source.topic == sent.topic)?;
                Some(sink_store::Record {
                    source,
                    partition: 0,
                    offset: sent.offset + self.store_ahead,
                    origin: Some(sent.origin.as_bytes()),
                    value: &sent.payload,
                })
            })
            .collect();
        store.write(&region, &records).await.unwrap();
        let session = sink_store::Session::open(&self.database).await.unwrap();
        while sink_store::project(&session, store.decoder(), &region).await.unwrap().batches > 0 {}
    }

    fn send(&mut self, subject: Subject, payload: &[u8], event_id: &str) {
        let offset = self.origins.entry(subject).or_default();
        let topic = topics::name::common(self.stray.unwrap_or(self.region), subject);
        let topic_offset = self.log.iter().filter(|sent| sent.topic == topic).count();
        let origin = format!("{}/0/{offset}/0", topics::name::source(self.region, subject.name()));
        *offset += 1;
        let headers = OwnedHeaders::new()
            .insert(Header { key: "origin", value: Some(&origin) })
            .insert(Header { key: "event_id", value: Some(event_id) });
        let record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(&topic).partition(0).payload(payload).headers(headers);
        let sent = Sent {
            topic: topic.clone(),
            offset: i64::try_from(topic_offset).unwrap(),
            origin: origin.clone(),
            payload: payload.to_vec(),
        };
        self.log.push(sent);
        self.producer.send(record).map_err(|(error, _)| error).expect("the producer has room");
        self.producer.flush(PATIENCE).expect("everything is acknowledged");
    }

    pub(crate) fn declare(&mut self, disponibla: i32) {
        let mut encoder = Encoder::new(Kind::BedCapacity, registry::development_id_current(Kind::BedCapacity));
        let mut bytes = Vec::new();
        let id = uuid::Uuid::from_u128(7).to_string();
        Declaration {
            region: self.region.code(),
            source_system: SOURCE,
            unit: "AVD1",
            ward: WARD,
            telephone: Some("010-441 00 00"),
            faststallda: Some(disponibla + 1),
            disponibla: Some(disponibla),
            stangda: Some(1),
            reason: Some(schemas::ClosedReason::Personal),
            from: Timestamp(now().0 - DAY),
            to: None,
            not_receiving: None,
            ingested: now(),
        }
        .with(&id, |statement| encoder.encode(statement, &mut bytes).unwrap());
        self.send(Subject::BedCapacity, &bytes, &id);
    }

    /// Sends a movement and gives its event id.
    pub(crate) fn movement(&mut self, trigger: &str, episode: &str, at: Timestamp) -> String {
        self.sent += 1;
        let mut encoder = Encoder::new(Kind::Encounter, registry::development_id_current(Kind::Encounter));
        let mut bytes = Vec::new();
        let mut id = String::new();
        let region = self.region;
        Movement {
            region: region.code(),
            source_system: SOURCE,
            trigger,
            episode: episode.to_owned(),
            at,
            ingested: now(),
            unit: "AVD1",
            bed: "1",
            ward: WARD,
            responsible: None,
            bed_kind: BedKind::Disponibel,
            correction: CorrectionKind::New,
            occurred_given: true,
            person: None,
            facility: None,
        }
        .with(self.sent, |event| {
            id = event.envelope.event_id.to_owned();
            encoder.encode(event, &mut bytes).unwrap();
        });
        self.send(Subject::Encounter, &bytes, &id);
        id
    }

    pub(crate) fn admit(&mut self) -> String {
        let episode = format!("e{}", self.sent);
        self.movement("A01", &episode, ago(5 * MINUTE))
    }

    /// Turns to another region for a while.
    pub(crate) fn within<T>(&mut self, region: usize, then: impl FnOnce(&mut Self) -> T) -> T {
        let held = std::mem::replace(&mut self.region, self.regions[region]);
        let found = then(self);
        self.region = held;
        found
    }

    /// Status and text of an address, once the dashboard answers at all.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        eventually("the dashboard answers", || {
            let mut answer = agent.get(format!("{}{path}", self.url())).call().ok()?;
            Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
        })
    }

    pub(crate) fn wait_for_metric(&self, line: &str) {
        let named = format!("vardstrom_dashboard_{line}");
        eventually(line, || self.get("/metrics").1.lines().any(|found| found == named).then_some(()));
    }

    /// Waits until the second region has failed; the board is ready all the same, and names it.
    pub(crate) fn wait_for_failure(&self, reason: &str) {
        let code = self.regions[1].code();
        eventually("the failed region is named", || {
            let (status, text) = self.get("/readyz");
            (status == 200 && text.contains(&format!("region {code} is read again")) && text.contains(reason))
                .then_some(())
        });
        self.wait_for_metric(&format!("region_failed{{region=\"{code}\"}} 1"));
        self.wait_for_metric(&format!("region_failed{{region=\"{}\"}} 0", self.regions[0].code()));
    }

    /// The first region is read as it was from the start, whatever became of the second.
    pub(crate) fn first_went_on_untouched(&self) {
        let log = std::fs::read_to_string(self.folder.path().join("dashboard.log")).unwrap();
        let parted = |region: Region| log.contains(&format!("region {region} goes on by itself"));
        assert!(parted(self.regions[1]) && !parted(self.regions[0]), "{log}");
    }

    pub(crate) fn ready(&self) {
        let url = format!("{}/readyz", self.url());
        eventually("the board is ready", || ureq::get(&url).call().ok());
    }

    pub(crate) fn unit(&self) -> Option<serde_json::Value> {
        let url = format!("{}/api/v1/regions/{}/units/AVD1", self.url(), self.region);
        let text = ureq::get(&url).call().ok()?.body_mut().read_to_string().ok()?;
        let answer: serde_json::Value = serde_json::from_str(&text).ok()?;
        Some(answer["unit"]["now"].clone())
    }

    pub(crate) fn wait_for(&self, belagda: i64) {
        eventually(&format!("{belagda} patients"), || (self.unit()?["belagda"] == belagda).then_some(()));
    }
}

/// A database of the store for these regions.
pub(crate) fn database(postgres: &Postgres, codes: &[String]) -> String {
    let database = postgres.fresh_database().expect("a database is made");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let session = sink_store::Session::open(&database).await.expect("the database answers");
        sink_store::migrate(&session, codes).await.expect("migrations apply");
    });
    database
}

pub(crate) fn make_topics(regions: &[Region]) {
    make_topics_on(KAFKA.bootstrap(), regions);
}

fn make_topics_on(bootstrap: &str, regions: &[Region]) {
    let options = topics::Options { partitions: Some(2), replication_factor: Some(1), ..topics::Options::default() };
    topics::apply(bootstrap, regions, &options).expect("topics are made");
}
