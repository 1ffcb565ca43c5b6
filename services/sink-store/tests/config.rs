//! Configuration: the sample parses, what is wrong is named.

use std::path::Path;

use runtime::config::{Check, load, read};
use sink_store::config::Config;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config.sample.toml");

#[test]
fn the_sample_says_the_defaults() {
    let config: Config = read(Path::new(SAMPLE)).unwrap();
    assert_eq!(config.regions.all().len(), 21);
    config.store.check().unwrap();
    let defaults = sink_store::config::Settings::default();
    assert_eq!(format!("{:?}", config.store), format!("{defaults:?}"));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let sample = std::fs::read_to_string(SAMPLE).unwrap();
    let check = |from: &str, to: &str, expected: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(sample.contains(from), "{from}");
        std::fs::write(file.path(), sample.replacen(from, to, 1)).unwrap();
        let error = load::<Config>(file.path()).unwrap_err();
        let text = runtime::exit::chain(&error);
        assert!(text.contains(expected), "{text}");
    };
    check("codes = []", "codes = [\"14\", \"02\"]", "regions.codes.1: not a lanskod");
    check("shards = 1", "shards = 0", "store.shards: must be at least 1");
    check("shards = 1", "shards = 22", "store.shards: must be at most the number of regions");
    check("batch_records = 5000", "batch_records = 1000000", "batch_records: must be between 1 and");
    check("batch_records = 5000", "batch_record = 5000", "batch_record");
    check("write_interval = \"250ms\"", "write_interval = 100", "write_interval");
    check("write_interval = \"250ms\"", "write_interval = \"6s\"", "store.write_interval: must be at most 5s");
    check("{ env = \"DATABASE_URL\" }", "\"postgres://u:secret@h/d\"", "a secret is never written in the file");
    check(
        "url = \"http://127.0.0.1:8081\"",
        "url = \"https://registry.example\"",
        "registry.url: https needs the authority",
    );
    let encrypted = "bootstrap = \"127.0.0.1:9092\"\nclient = { \"security.protocol\" = \"SASL_SSL\" }";
    check("bootstrap = \"127.0.0.1:9092\"", encrypted, "kafka.client.security.protocol: is said by tls");
    check("{ env = \"DATABASE_URL\" }", "{ env = \"SURELY_NOT_SET\" }", "SURELY_NOT_SET is not set");
}
