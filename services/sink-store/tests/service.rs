//! The whole program against a real broker: killed, doubled, cut off, stopped.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use local_stack::{Kafka, Postgres, Process, free_port};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use schemas::registry::{Server, server};
use schemas::{Kind, Verb};
use tempfile::TempDir;
use topics::Region;

use crate::world::{
    DAY, Dice, Feeder, KAFKA, MONDAY, Made, Visit, connect, content, count, database, objection, owned, weeks,
};

/// Only a bound on liveness: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);
const PARTITIONS: i32 = 2;

/// A region's topics, written as the processor writes them.
struct Topics {
    region: String,
    bootstrap: String,
    producer: ThreadedProducer<rdkafka::producer::DefaultProducerContext>,
    origins: HashMap<i32, i64>,
    sent: i64,
    registry: Server,
    folder: TempDir,
}

impl Topics {
    fn new(code: &str) -> Self {
        Self::on(KAFKA.bootstrap(), code)
    }

    /// The same on another Kafka.
    fn on(bootstrap: &str, code: &str) -> Self {
        let region: Region = code.parse().unwrap();
        let options =
            topics::Options { partitions: Some(PARTITIONS), replication_factor: Some(1), ..topics::Options::default() };
        topics::apply(bootstrap, &[region], &options).expect("topics are made");
        let producer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("linger.ms", "1")
            .create()
            .expect("a producer is made");
        Self {
            region: code.to_owned(),
            bootstrap: bootstrap.to_owned(),
            producer,
            origins: HashMap::new(),
            sent: 0,
            registry: server::spawn("127.0.0.1:0").unwrap(),
            folder: TempDir::new().unwrap(),
        }
    }

    fn send(&mut self, made: &Made, partition: i32) {
        let offset = self.origins.entry(partition).or_default();
        let origin = format!("region.{}.source.adt/{partition}/{offset}/0", self.region);
        *offset += 1;
        self.send_with(made, partition, &origin);
    }

    fn send_with(&mut self, made: &Made, partition: i32, origin: &str) {
        let subject = made.kind.subject().expect("an event");
        let topic = schemas::topic::common(&self.region, subject);
        let headers = OwnedHeaders::new().insert(Header { key: "origin", value: Some(origin) });
        let record: BaseRecord<'_, [u8], [u8]> =
            BaseRecord::to(&topic).partition(partition).payload(made.value.as_slice()).headers(headers);
        self.producer.send(record).map_err(|(error, _)| error).expect("the producer has room");
        self.sent += 1;
    }

    /// Says what a person says, as region-register does.
    fn say(&mut self, made: &Made, key: &str) {
        let topic = schemas::topic::objections(&self.region);
        let record: BaseRecord<'_, str, [u8]> = BaseRecord::to(&topic).key(key).payload(made.value.as_slice());
        self.producer.send(record).map_err(|(error, _)| error).expect("the producer has room");
        self.sent += 1;
    }

    fn flush(&self) {
        self.producer.flush(PATIENCE).expect("everything is acknowledged");
    }

    /// Starts a store for the region.
    fn store(&self, name: &str, url: &str) -> Running {
        self.store_of(name, url, &[&self.region], &[])
    }

    /// Starts a store for these regions, with more variables in its environment.
    fn store_of(&self, name: &str, url: &str, regions: &[&str], variables: &[(&str, &str)]) -> Running {
        let port = free_port().unwrap();
        let file = self.folder.path().join(format!("{name}.toml"));
        let text = format!(
            "[kafka]\nbootstrap = \"{}\"\n[registry]\nurl = \"{}\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n\
             [database]\nurl = {{ env = \"TEST_DATABASE\" }}\n[regions]\ncodes = {regions:?}\n\
             [store]\nbatch_records = 300\nwrite_interval = \"20ms\"\nprojection_interval = \"50ms\"\n",
            self.bootstrap,
            self.registry.url(),
        );
        std::fs::write(&file, text).unwrap();
        let command = owned(&[env!("CARGO_BIN_EXE_sink-store"), "run", "--config", file.to_str().unwrap()]);
        let environment: Vec<(String, String)> = [("TEST_DATABASE", url)]
            .iter()
            .chain(variables)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let process =
            Process::start(name, self.folder.path(), "TERM", &command, &environment).expect("the store starts");
        Running { process, port }
    }

    /// Waits until everything sent is stored and computed.
    async fn wait(&self, url: &str, running: &mut Running) {
        let client = connect(url).await;
        let started = Instant::now();
        loop {
            let read = count(&client, "SELECT COALESCE(sum(next_offset), 0)::int8 FROM delivery.progress").await;
            let dirty = count(&client, "SELECT count(*) FROM delivery.dirty").await;
            if read == self.sent && dirty == 0 {
                return;
            }
            let log = running.process.log_end();
            assert!(started.elapsed() < PATIENCE, "{read} of {} read, {dirty} dirty\n{log}", self.sent);
            assert!(running.process.is_running(), "{log}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

struct Running {
    process: Process,
    port: u16,
}

impl Running {
    fn get(&self, path: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return String::new() };
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let mut answer = String::new();
        let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer));
        answer
    }

    async fn wait_ready(&mut self, ready: bool) {
        let wanted = if ready { "HTTP/1.1 200" } else { "HTTP/1.1 503" };
        let started = Instant::now();
        while !self.get("/readyz").starts_with(wanted) {
            assert!(started.elapsed() < PATIENCE, "{}\n{}", self.get("/readyz"), self.process.log_end());
            assert!(self.process.is_running(), "{}", self.process.log_end());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn wait_gone(&mut self) {
        let started = Instant::now();
        while self.process.is_running() {
            assert!(started.elapsed() < PATIENCE, "{}", self.process.log_end());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// What the store says when the events come one way, whole, and nothing goes wrong.
async fn expected(region: &str, events: &[Made]) -> String {
    let url = database(&[region]).await;
    Feeder::new(&url, region).await.feed(events).await;
    content(&url).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_it_stores_everything_once() {
    let seed = 4_711;
    let mut dice = Dice(seed);
    let mut events = weeks("03", seed, 700);
    dice.shuffle(&mut events);
    let mut topics = Topics::new("03");
    let url = database(&["03"]).await;
    let mut store = topics.store("store", &url);
    let client = connect(&url).await;
    let (mut kills, mut doubled) = (0, 0);
    let mut between = Vec::new();
    for part in events.chunks(250) {
        for made in part {
            topics.send(made, i32::try_from(dice.roll(2)).unwrap());
            if dice.roll(20) == 0 {
                // The source sends it again, to either partition.
                topics.send(made, i32::try_from(dice.roll(2)).unwrap());
                doubled += 1;
            }
        }
        topics.flush();
        tokio::time::sleep(Duration::from_millis(200 + dice.roll(900))).await;
        store.process.kill().expect("it was running");
        kills += 1;
        between.push(count(&client, "SELECT COALESCE(sum(next_offset), 0)::int8 FROM delivery.progress").await);
        store = topics.store("store", &url);
    }
    topics.wait(&url, &mut store).await;
    assert!(kills >= 8, "{kills} kills");
    assert!(between.windows(2).any(|pair| pair[0] < pair[1]), "some instances stored something: {between:?}");
    assert_eq!(content(&url).await, expected("03", &events).await, "seed {seed}");
    let stored = count(&client, "SELECT count(*) FROM events").await;
    assert_eq!(stored, i64::try_from(events.len()).unwrap());
    assert_eq!(count(&client, "SELECT sum(count)::int8 FROM delivery.duplicates").await, doubled);
    assert_eq!(count(&client, "SELECT count(*) FROM delivery.rejected").await, 0);
    store.process.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_instance_that_wakes_up_after_another_took_over_stops_and_doubles_nothing() {
    let events = weeks("04", 8, 200);
    let mut topics = Topics::new("04");
    let url = database(&["04"]).await;
    let mut old = topics.store("old", &url);
    let (first, second) = events.split_at(events.len() / 2);
    first.iter().for_each(|made| topics.send(made, 0));
    topics.flush();
    topics.wait(&url, &mut old).await;
    old.process.pause().unwrap();
    let mut new = topics.store("new", &url);
    new.wait_ready(true).await;
    second.iter().for_each(|made| topics.send(made, 0));
    topics.flush();
    topics.wait(&url, &mut new).await;
    old.process.signal("CONT").unwrap();
    old.wait_gone().await;
    assert!(old.process.log_end().contains("a newer instance has taken over"), "{}", old.process.log_end());
    assert!(new.process.is_running());
    assert_eq!(content(&url).await, expected("04", &events).await);
    let client = connect(&url).await;
    assert_eq!(count(&client, "SELECT count(*) FROM delivery.duplicates").await, 0);
    new.process.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_persons_say_comes_out_of_kafka_into_its_table() {
    let mut topics = Topics::new("13");
    let url = database(&["13"]).await;
    let mut store = topics.store("store", &url);
    for (at, held) in [(MONDAY, &[(MONDAY, None)][..]), (MONDAY + DAY, &[(MONDAY, Some(MONDAY + DAY))])] {
        topics.say(&objection("13", "s1", Verb::OptOut, "research", held, at), "s:s1 opt-out research");
    }
    topics.say(&objection("13", "s2", Verb::Oppose, "rikshoft", &[(MONDAY, None)], MONDAY), "s:s2 oppose rikshoft");
    topics.send(&Visit::new("A01", MONDAY, "s1", "E1").to("AVA", "1").made("13"), 0);
    topics.flush();
    topics.wait(&url, &mut store).await;
    store.process.kill().unwrap();
    let client = connect(&url).await;
    let rows =
        client.query("SELECT format('%s %s', subject_token, upper_inf(held)) FROM objection ORDER BY 1", &[]).await;
    let rows: Vec<String> = rows.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(rows, ["s1 f", "s2 t"]);
    // From where it was, after a kill.
    let mut store = topics.store("again", &url);
    topics.say(&objection("13", "s2", Verb::Oppose, "rikshoft", &[], MONDAY + DAY), "s:s2 oppose rikshoft");
    topics.flush();
    topics.wait(&url, &mut store).await;
    assert_eq!(count(&client, "SELECT count(*) FROM objection WHERE isempty(held)").await, 1);

    // A decision erases one of them; what comes of that one later is left out, also by the next instance.
    topics.say(&objection("13", "s1", Verb::Erase, "", &[], MONDAY), "s:s1 erase ");
    topics.flush();
    let started = Instant::now();
    while count(&client, "SELECT count(*) FROM delivery.erased WHERE done").await == 0 {
        assert!(started.elapsed() < PATIENCE, "{}", store.process.log_end());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for instance in ["still", "later"] {
        topics.send(&Visit::new("A03", MONDAY + DAY, "s1", "E1").to("AVA", instance).made("13"), 0);
        topics.flush();
        topics.wait(&url, &mut store).await;
        let left = "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM episode_stay) + (SELECT count(*) FROM episode_link)";
        assert_eq!(count(&client, left).await, 0, "{instance}");
        store.process.kill().unwrap();
        store = topics.store(instance, &url);
    }
    assert_eq!(count(&client, "SELECT count(*) FROM objection").await, 1);
    store.wait_ready(true).await;
    assert!(store.get("/metrics").contains("vardstrom_store_erased_events_total"), "it is counted");
    store.process.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_postgresql_restarts_it_waits_and_goes_on() {
    let mut postgres = Postgres::start().expect("PostgreSQL starts");
    let url = postgres.fresh_database().unwrap();
    let session = sink_store::Session::open(&url).await.unwrap();
    sink_store::migrate(&session, &owned(&["05"])).await.unwrap();
    let events = weeks("05", 15, 300);
    let mut topics = Topics::new("05");
    let mut store = topics.store("store", &url);
    store.wait_ready(true).await;
    for (n, part) in events.chunks(events.len() / 3 + 1).enumerate() {
        part.iter().for_each(|made| topics.send(made, i32::try_from(n % 2).unwrap()));
        topics.flush();
        tokio::time::sleep(Duration::from_millis(60)).await;
        if postgres.stop_hard().is_ok() {
            store.wait_ready(false).await;
            postgres.start_again().expect("PostgreSQL starts again");
        } else {
            // A server that is not ours: cut every connection instead.
            let client = connect(&url).await;
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
            client.execute(cut, &[]).await.unwrap();
        }
    }
    topics.wait(&url, &mut store).await;
    store.wait_ready(true).await;
    assert_eq!(content(&url).await, expected("05", &events).await);
    store.process.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_registry_goes_away_known_schemas_are_stored_and_a_new_one_is_waited_for() {
    let url = database(&["10"]).await;
    let events = weeks("10", 5, 100);
    let (known, new): (Vec<&Made>, Vec<&Made>) = events.iter().partition(|made| made.kind == Kind::Encounter);
    assert!(known.len() > 2 && !new.is_empty(), "{} and {}", known.len(), new.len());
    let mut topics = Topics::new("10");
    let mut store = topics.store("store", &url);
    let (first, rest) = known.split_at(1);
    topics.send(first[0], 0);
    topics.flush();
    topics.wait(&url, &mut store).await;
    let address = topics.registry.url().trim_start_matches("http://").to_owned();
    topics.registry = server::spawn("127.0.0.1:0").unwrap();

    rest.iter().for_each(|made| topics.send(made, 0));
    topics.flush();
    topics.wait(&url, &mut store).await;
    store.wait_ready(true).await;
    new.iter().for_each(|made| topics.send(made, 1));
    topics.flush();
    store.wait_ready(false).await;
    assert!(store.get("/readyz").contains("asking the schema registry at"), "{}", store.get("/readyz"));

    let _back = server::spawn(address).unwrap();
    topics.wait(&url, &mut store).await;
    store.wait_ready(true).await;
    let client = connect(&url).await;
    assert_eq!(count(&client, "SELECT count(*) FROM delivery.rejected").await, 0, "nothing was set aside");
    assert_eq!(content(&url).await, expected("10", &events).await);
    store.process.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_writers_records_are_set_aside_and_counted() {
    let mut topics = Topics::new("06");
    let url = database(&["06"]).await;
    let client = connect(&url).await;
    let visit = |n: i64| Visit::new("A01", MONDAY + n * DAY, "s", "E").to("AVA", "1").made("06");
    topics.send(&visit(1), 0);
    topics.send(&Made { kind: Kind::Encounter, value: b"no avro at all".to_vec() }, 0);
    let mut unknown = visit(2);
    unknown.value[1..5].copy_from_slice(&77_777_u32.to_be_bytes());
    topics.send(&unknown, 0);
    topics.send_with(&visit(3), 0, "nonsense");
    topics.send_with(&visit(4), 0, "region.06.source.adt/0/0/0");
    topics.send(&visit(5), 0);
    topics.flush();
    let mut store = topics.store("store", &url);
    topics.wait(&url, &mut store).await;
    store.wait_ready(true).await;
    assert_eq!(count(&client, "SELECT count(*) FROM events").await, 2);
    let rows = client.query("SELECT reason FROM delivery.rejected ORDER BY record_offset", &[]).await.unwrap();
    let reasons: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(reasons, ["not-decodable", "schema-unknown", "origin-malformed"]);
    let started = Instant::now();
    let metrics = loop {
        let metrics = store.get("/metrics");
        if metrics.contains("vardstrom_store_lag_records{region=\"06\"} 0") || started.elapsed() > PATIENCE {
            break metrics;
        }
    };
    for line in [
        "vardstrom_store_rows_total 2",
        "vardstrom_store_replayed_total 1",
        "vardstrom_store_rejected_total{reason=\"not-decodable\"} 1",
        "vardstrom_store_rejected_total{reason=\"schema-unknown\"} 1",
        "vardstrom_store_rejected_total{reason=\"row-refused\"} 0",
        "vardstrom_store_transactions_total{path=\"safe\"} 0",
        "vardstrom_store_end_to_end_seconds_count 2",
        "vardstrom_store_lag_records{region=\"06\"} 0",
        "vardstrom_store_workers_connected 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} not in\n{metrics}");
    }
    let log = std::fs::read_to_string(store.process.log()).unwrap();
    assert!(!log.contains("no avro at all") && !log.contains("nonsense"), "{log}");
    store.process.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_at_which_the_store_panics_is_set_aside_and_the_others_are_stored() {
    let mut topics = Topics::new("09");
    let url = database(&["09"]).await;
    let client = connect(&url).await;
    for n in 0..3 {
        topics.send(&Visit::new("A01", MONDAY + n * DAY, "s", &format!("E{n}")).to("AVA", "1").made("09"), 0);
    }
    topics.flush();
    let point = "store region.09.common.encounter/0/1";
    let mut store = topics.store_of("store", &url, &["09"], &[(runtime::failpoint::VARIABLE, point)]);
    topics.wait(&url, &mut store).await;
    assert_eq!(count(&client, "SELECT count(*) FROM events").await, 2);
    let row = client.query_one("SELECT topic, record_offset, reason FROM delivery.rejected", &[]).await.unwrap();
    let set_aside = (row.get::<_, &str>(0), row.get::<_, i64>(1), row.get::<_, &str>(2));
    assert_eq!(set_aside, ("region.09.common.encounter", 1, "panicked"));
    store.process.stop();
}

/// Two regions in one shard: what fails for the first is looked after by itself and mended, and the second is stored all along.
async fn check_domain(codes: [&str; 2], breaks: impl AsyncFn(&str), mends: impl AsyncFn(&str)) {
    let (mut failing, mut other) = (Topics::new(codes[0]), Topics::new(codes[1]));
    let url = database(&codes).await;
    let client = connect(&url).await;
    let stored = async |code: &str, wanted: i64, store: &mut Running| {
        let sql = format!("SELECT COALESCE(sum(next_offset), 0)::int8 FROM delivery.progress WHERE region = '{code}'");
        let started = Instant::now();
        while count(&client, &sql).await != wanted {
            assert!(started.elapsed() < PATIENCE, "region {code}\n{}", store.process.log_end());
            assert!(store.process.is_running(), "{}", store.process.log_end());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let send = |topics: &mut Topics, n: i64| {
        let code = topics.region.clone();
        topics.send(&Visit::new("A01", MONDAY + n * DAY, "s", &format!("E{n}")).to("AVA", "1").made(&code), 0);
        topics.flush();
    };
    let mut store = other.store_of("store", &url, &codes, &[]);
    send(&mut failing, 0);
    send(&mut other, 0);
    stored(codes[0], 1, &mut store).await;
    breaks(&url).await;
    for n in 1..4 {
        send(&mut failing, n);
        send(&mut other, n);
        stored(codes[1], n + 1, &mut store).await;
    }
    let started = Instant::now();
    let failed = format!("vardstrom_store_region_failed{{region=\"{}\"}} 1", codes[0]);
    while !store.get("/metrics").contains(&failed) || !store.get("/readyz").contains(&format!("region-{}", codes[0])) {
        assert!(started.elapsed() < PATIENCE, "{}\n{}", store.get("/metrics"), store.process.log_end());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    mends(&url).await;
    stored(codes[0], 4, &mut store).await;
    store.wait_ready(true).await;
    let well = format!("vardstrom_store_region_failed{{region=\"{}\"}} 0", codes[0]);
    while !store.get("/metrics").contains(&well) {
        assert!(started.elapsed() < PATIENCE, "{}", store.process.log_end());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    store.process.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_whose_rows_the_database_refuses_stops_no_other() {
    let run = async |url: &str, sql: &str| connect(url).await.batch_execute(sql).await.expect(sql);
    let breaks = async |url: &str| run(url, "ALTER TABLE events_r17 RENAME TO events_r17_away").await;
    let mends = async |url: &str| run(url, "ALTER TABLE events_r17_away RENAME TO events_r17").await;
    check_domain(["17", "18"], breaks, mends).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_whose_projection_fails_stops_no_other() {
    let run = async |url: &str, sql: &str| connect(url).await.batch_execute(sql).await.expect(sql);
    let breaks = async |url: &str| {
        run(url, "ALTER TABLE episode_stay ADD CONSTRAINT no_19 CHECK (region <> '19') NOT VALID").await
    };
    let mends = async |url: &str| run(url, "ALTER TABLE episode_stay DROP CONSTRAINT no_19").await;
    check_domain(["19", "20"], breaks, mends).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_without_topics_is_waited_for_and_stops_no_other() {
    let mut topics = Topics::new("21");
    let url = database(&["21", "22"]).await;
    let mut store = topics.store_of("store", &url, &["21", "22"], &[]);
    topics.send(&Visit::new("A01", MONDAY, "s", "E").to("AVA", "1").made("21"), 0);
    topics.flush();
    topics.wait(&url, &mut store).await;
    assert!(store.get("/readyz").contains("region.22.common"), "{}", store.get("/readyz"));
    let _others = Topics::new("22");
    store.wait_ready(true).await;
    store.process.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_it_leaves_rows_and_projections_in_step() {
    let mut topics = Topics::new("07");
    let url = database(&["07"]).await;
    let client = connect(&url).await;
    let events = weeks("07", 2, 500);
    let mut store = topics.store("store", &url);
    store.wait_ready(true).await;
    events.iter().for_each(|made| topics.send(made, 1));
    topics.flush();
    tokio::time::sleep(Duration::from_millis(150)).await;
    store.process.signal("TERM").unwrap();
    store.wait_gone().await;
    assert_eq!(count(&client, "SELECT count(*) FROM delivery.dirty").await, 0, "{}", store.process.log_end());
    let mut store = topics.store("store", &url);
    topics.wait(&url, &mut store).await;
    assert_eq!(content(&url).await, expected("07", &events).await);
    store.process.stop();
}

/// Projections that begin while records wait compute the same components again and again; those that never begin leave them dirty.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_backlog_touches_is_computed_once_and_what_trickles_in_soon() {
    let mut topics = Topics::new("24");
    let url = database(&["24"]).await;
    let events = weeks("24", 24, 1_000);
    // What a patient's events touch comes in many batches, as over days.
    let mixed = (0..50).flat_map(|first| events.iter().skip(first).step_by(50));
    mixed.for_each(|made| topics.send(made, 0));
    topics.flush();
    let mut store = topics.store("store", &url);
    topics.wait(&url, &mut store).await;
    let client = connect(&url).await;
    let sql = "SELECT count(*) FROM events WHERE subject IN ('encounter', 'person')";
    let of_patients = count(&client, sql).await;
    let metrics = store.get("/metrics");
    let computed = metrics.lines().find_map(|line| line.strip_prefix("vardstrom_store_projection_events_total "));
    let computed: i64 = computed.expect("it is counted").parse().unwrap();
    assert!(computed <= of_patients * 5 / 4, "{computed} events were read to compute what {of_patients} say");
    for n in 0..20 {
        topics
            .send(&Visit::new("A01", MONDAY + DAY, &format!("late{n}"), &format!("L{n}")).to("AVA", "1").made("24"), 1);
        topics.flush();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    topics.wait(&url, &mut store).await;
    store.process.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_migrated_is_said_and_waited_for() {
    let topics = Topics::new("08");
    let url = crate::world::POSTGRES.fresh_database().unwrap();
    let mut store = topics.store("store", &url);
    let started = Instant::now();
    while !store.get("/readyz").contains("run `sink-store migrate`") {
        assert!(started.elapsed() < PATIENCE, "{}", store.process.log_end());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let session = sink_store::Session::open(&url).await.unwrap();
    sink_store::migrate(&session, &owned(&["08"])).await.unwrap();
    store.wait_ready(true).await;
    store.process.stop();
}

/// What is promised of readiness.
const TOLD_WITHIN: Duration = Duration::from_secs(15);

/// Readiness says this in time.
async fn told_in_time(store: &Running, begun: Instant, reason: &str) {
    loop {
        let answer = store.get("/readyz");
        if answer.starts_with("HTTP/1.1 503") && answer.contains(reason) {
            return;
        }
        assert!(begun.elapsed() < TOLD_WITHIN, "{reason}: {answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_table_is_told_within_15_s_with_and_without_events_that_wait_for_it() {
    let url = database(&["25"]).await;
    let mut topics = Topics::new("25");
    let mut store = topics.store("store", &url);
    store.wait_ready(true).await;
    let events = weeks("25", 21, 300);
    let (first, rest) = events.split_at(events.len() / 2);
    first.iter().for_each(|made| topics.send(made, 0));
    topics.flush();
    topics.wait(&url, &mut store).await;
    let mut holder = connect(&url).await;

    // Nobody can read it, and nothing comes.
    let lock = holder.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE events_r25 IN ACCESS EXCLUSIVE MODE").await.unwrap();
    told_in_time(&store, Instant::now(), "another session has locked a table").await;
    lock.rollback().await.unwrap();
    store.wait_ready(true).await;

    // Nobody can write it: readers do not notice.
    let lock = holder.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE events_r25 IN SHARE MODE").await.unwrap();
    let begun = Instant::now();
    rest.iter().for_each(|made| topics.send(made, 0));
    topics.flush();
    told_in_time(&store, begun, "a lock that another session holds, for").await;
    // The one that waits is the worker; who looks leaves nobody behind that waits.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let waiting = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                   WHERE NOT l.granted AND d.datname = current_database()";
    assert_eq!(count(&connect(&url).await, waiting).await, 1);
    lock.rollback().await.unwrap();
    topics.wait(&url, &mut store).await;
    store.wait_ready(true).await;
    assert_eq!(content(&url).await, expected("25", &events).await);
    store.process.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_kafka_is_told_within_15_s() {
    let mut kafka = Kafka::start_own().expect("Kafka starts");
    let url = database(&["23"]).await;
    let mut topics = Topics::on(kafka.bootstrap(), "23");
    let mut store = topics.store("store", &url);
    store.wait_ready(true).await;
    // Silence of the sources is no reason.
    let quiet = Instant::now();
    while quiet.elapsed() < TOLD_WITHIN {
        let answer = store.get("/readyz");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    kafka.pause().unwrap();
    told_in_time(&store, Instant::now(), "no answer of Kafka was taken for").await;
    kafka.resume().unwrap();
    store.wait_ready(true).await;
    let events = weeks("23", 22, 30);
    events.iter().for_each(|made| topics.send(made, 0));
    topics.flush();
    topics.wait(&url, &mut store).await;
    store.process.stop();
}
