//! Every sample we ship is read.

use processor::config::Config;

#[test]
fn the_sample_configuration_is_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config.sample.toml");
    let config: Config = runtime::config::read(path.as_ref()).expect("the sample configuration");
    assert_eq!(config.region.len(), 1);
    assert_eq!(processor::worker::routes(&config).len(), 4);
}

#[test]
fn a_misspelled_key_is_refused() {
    let text = include_str!("../config.sample.toml").replace("interim", "interimm");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    let error = runtime::config::read::<Config>(file.path()).expect_err("a misspelled key").to_string();
    assert!(error.contains("interimm"), "{error}");
}
