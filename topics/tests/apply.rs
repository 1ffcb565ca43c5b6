//! Planning and applying on a real Kafka.

use std::time::{Duration, Instant};

use topics::{Catalogue, Change, Error, Kafka, Options, Region, Setting, apply, plan};

use crate::KAFKA;

fn regions(codes: &[&str]) -> Vec<Region> {
    codes.iter().map(|code| code.parse().expect("a lanskod")).collect()
}

fn options(partitions: i32) -> Options {
    Options { partitions: Some(partitions), replication_factor: Some(1), ..Options::default() }
}

#[test]
fn applying_twice_changes_nothing() {
    let (bootstrap, regions) = (KAFKA.bootstrap(), regions(&["01", "14"]));
    let topic_count = 2 * Catalogue::load().declarations.len();

    let planned = plan(bootstrap, &regions, &options(2)).expect("plans");
    assert_eq!(planned.changes.len(), topic_count);
    assert!(planned.changes.iter().all(|change| matches!(change, Change::Create(_))), "{planned:?}");
    assert_eq!(plan(bootstrap, &regions, &options(2)).expect("plans"), planned, "planning changes nothing");

    assert_eq!(apply(bootstrap, &regions, &options(2)).expect("applies"), planned);
    let again = apply(bootstrap, &regions, &options(2)).expect("applies");
    assert_eq!((again.topic_count, again.changes, again.conflicts), (topic_count, vec![], vec![]));
}

#[test]
fn topics_grow_and_never_shrink() {
    let (bootstrap, regions) = (KAFKA.bootstrap(), regions(&["03"]));
    apply(bootstrap, &regions, &options(1)).expect("applies");

    let grown = apply(bootstrap, &regions, &options(3)).expect("applies");
    assert_eq!(grown.changes.len(), 19);
    let grows = |change: &Change| matches!(change, Change::AddPartitions { from: 1, to: 3, .. });
    assert!(grown.changes.iter().all(grows), "{grown:?}");
    assert_eq!(apply(bootstrap, &regions, &options(3)).expect("applies").changes, []);

    let error = apply(bootstrap, &regions, &options(2)).expect_err("cannot shrink");
    assert!(matches!(&error, Error::Conflicts(conflicts) if conflicts.len() == 19), "{error}");
    assert!(error.to_string().contains("region.03.source.adt has 3 partitions and 2 are declared"), "{error}");
    assert_eq!(plan(bootstrap, &regions, &options(3)).expect("plans").changes, [], "nothing was changed");
}

#[test]
fn settings_are_put_right_and_foreign_ones_are_kept() {
    let (bootstrap, regions) = (KAFKA.bootstrap(), regions(&["04"]));
    apply(bootstrap, &regions, &options(1)).expect("applies");
    set(bootstrap, "region.04.parked", &[("retention.ms", "1000"), ("max.message.bytes", "2000000")]);

    let changed = apply(bootstrap, &regions, &options(1)).expect("applies");
    let [Change::Alter { topic, differences, settings }] = changed.changes.as_slice() else { panic!("{changed:?}") };
    assert_eq!(topic, "region.04.parked");
    assert_eq!(differences["retention.ms"], (Some("1000".to_owned()), "2592000000".to_owned()));
    assert_eq!(settings["max.message.bytes"], "2000000");
    assert_eq!(apply(bootstrap, &regions, &options(1)).expect("applies").changes, []);

    set(bootstrap, "region.04.parked", &[("retention.ms", "1000")]);
    let planned = plan(bootstrap, &regions, &options(1)).expect("plans");
    let [Change::Alter { settings, .. }] = planned.changes.as_slice() else { panic!("{planned:?}") };
    assert_eq!(settings.get("max.message.bytes"), None, "the operator took it back");
}

/// A broker that did not compact would take it.
#[test]
fn a_compacted_topic_takes_no_record_without_a_key() {
    use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
    let (bootstrap, regions) = (KAFKA.bootstrap(), regions(&["06"]));
    apply(bootstrap, &regions, &options(1)).expect("applies");
    let refused = Refused::default();
    let mut config = rdkafka::ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    let producer: ThreadedProducer<_> = config.create_with_context(refused.clone()).expect("a producer");
    let send = |topic: &str, key: Option<&str>| {
        let mut record = BaseRecord::to(topic).payload("value");
        record.key = key;
        producer.send(record).map_err(|(error, _)| error).expect("queued");
        producer.flush(Duration::from_secs(60)).expect("answered");
        std::mem::take(&mut *refused.0.lock().expect("whole"))
    };
    let protected = "region.06.protected";
    assert_eq!(send(protected, Some("key")), [None]);
    assert_eq!(send(protected, None), [Some(rdkafka::types::RDKafkaErrorCode::InvalidRecord)]);
    assert_eq!(send("region.06.parked", None), [None]);
}

/// What became of each record.
#[derive(Clone, Default)]
struct Refused(std::sync::Arc<std::sync::Mutex<Vec<Option<rdkafka::types::RDKafkaErrorCode>>>>);

impl rdkafka::ClientContext for Refused {}

impl rdkafka::producer::ProducerContext for Refused {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &rdkafka::message::DeliveryResult<'_>, (): ()) {
        let code = result.as_ref().err().and_then(|(error, _)| error.rdkafka_error_code());
        self.0.lock().expect("whole").push(code);
    }
}

#[test]
fn more_copies_than_brokers_is_refused_with_a_remedy() {
    let options = Options { replication_factor: Some(3), ..Options::default() };
    let error = apply(KAFKA.bootstrap(), &regions(&["05"]), &options).expect_err("one broker");
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    assert!(error.to_string().contains("use --replication-factor 1"), "{error}");
}

#[test]
fn a_wrong_client_setting_is_named() {
    let client = [("no.such.setting".to_owned(), Setting::Plain("1".to_owned()))].into();
    let kafka = Some(Kafka { client, ..Kafka::at("127.0.0.1:9") });
    let error = plan("127.0.0.1:9", &regions(&["05"]), &Options { kafka, ..options(1) }).expect_err("refused");
    assert!(matches!(error, Error::Settings { .. }), "{error:?}");
}

/// Replaces a topic's settings, as an operator might by hand, and waits until the broker shows them.
fn set(bootstrap: &str, topic: &str, settings: &[(&str, &str)]) {
    use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
    let client: AdminClient<_> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", bootstrap).create().expect("a client");
    let mut altered = AlterConfig::new(ResourceSpecifier::Topic(topic));
    for (name, value) in settings {
        altered = altered.set(name, value);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    // Blocking inside of a runtime must work too: tests and services may call `apply` from one.
    let results = runtime.block_on(client.alter_configs([&altered], &AdminOptions::new())).expect("answered");
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let deadline = Instant::now() + Duration::from_secs(30);
    let region = topics::name::region_of(topic).expect("a topic of ours");
    while plan(bootstrap, &[region], &options(1)).expect("plans").changes.is_empty() {
        assert!(Instant::now() < deadline, "the broker does not show {settings:?}");
    }
}
