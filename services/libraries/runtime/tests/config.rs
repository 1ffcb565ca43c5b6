//! A configuration that is wrong is refused with file, line and key, before anything starts.

use std::fs;

use runtime::config::{self, Check, Fault, Period, Secret, Size};
use runtime::{producer, relay};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    kafka: config::Kafka,
    registry: config::Registry,
    http: config::Http,
    #[serde(default)]
    log: config::Log,
    relay: relay::Settings,
    #[serde(default)]
    producer: producer::Settings,
    #[serde(default)]
    region: Vec<Region>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Region {
    code: String,
    key: Secret,
}

impl Check for Config {
    fn check(&self) -> Result<(), Fault> {
        self.kafka.check().map_err(|fault| fault.under("kafka"))?;
        self.registry.check().map_err(|fault| fault.under("registry"))?;
        self.relay.check().map_err(|fault| fault.under("relay"))?;
        for (index, region) in self.region.iter().enumerate() {
            if region.code.len() != 2 {
                return Err(Fault::new(format!("region.{index}.code"), "not a lanskod; write for example \"14\""));
            }
            region.key.value().map_err(|fault| fault.under(&format!("region.{index}.key")))?;
        }
        Ok(())
    }
}

const GOOD: &str = r#"[kafka]
bootstrap = "127.0.0.1:9092,[::1]:9093"
[kafka.client]
"client.id" = "vård"
"socket.keepalive.enable" = true
[registry]
url = "http://127.0.0.1:8081"
[http]
listen = "127.0.0.1:0"
[log]
format = "json"
[relay]
group = "processor"
instance = "processor-1"
linger = "5ms"
[producer]
queue_size = "8 MiB"
[[region]]
code = "14"
key = { env = "PATH" }
"#;

fn load(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, text).unwrap();
    config::load(&path).map_err(|error| {
        let text = runtime::exit::chain(&error);
        text.strip_prefix(&format!("{}/", folder.path().display())).unwrap_or(&text).to_owned()
    })
}

#[test]
fn a_good_file_is_read_with_units_and_defaults() {
    let config = load(GOOD).unwrap();
    assert_eq!(config.http.listen.port(), 0);
    assert_eq!(config.log.level, config::LogLevel::Info);
    assert_eq!(config.relay.linger, Period::milliseconds(5));
    assert_eq!(config.relay.commit_interval, Period::milliseconds(200));
    assert_eq!(config.producer.queue_size, Size::mib(8));
    assert_eq!(config.kafka.client.len(), 2);
    assert!(config.kafka.tls.is_none(), "plain text unless the file says otherwise");
}

#[test]
fn every_mistake_is_found_at_its_line_and_key() {
    let check = |from: &str, to: &str, expected: &[&str]| {
        assert!(GOOD.contains(from), "the test changes something that is there: {from}");
        let error = load(&GOOD.replace(from, to)).expect_err(to);
        for part in expected {
            assert!(error.contains(part), "`{part}` not in `{error}`");
        }
    };
    check("bootstrap =", "bootstrp =", &["config.toml:2: kafka.bootstrp", "unknown field", "bootstrap"]);
    check("[log]\n", "[logg]\n", &["config.toml:10: logg", "unknown field `logg`"]);
    check("linger = \"5ms\"", "linger = 5", &["config.toml:15: relay.linger", "duration"]);
    check("linger = \"5ms\"", "linger = \"5 mils\"", &["config.toml:15: relay.linger", "5 mils"]);
    check("\"8 MiB\"", "8", &["config.toml:17: producer.queue_size", "64 MiB"]);
    check("\"8 MiB\"", "\"8 MB\"", &["config.toml:17: producer.queue_size", "64 MiB"]);
    check("\"json\"", "\"jsn\"", &["config.toml:11: log.format", "jsn", "text"]);
    check("url = \"http", "url = \"htp", &["config.toml:7: registry.url", "http://127.0.0.1:8081"]);
    check("url = \"http", "url = \"https", &["config.toml:7: registry.url", "add tls = { ca"]);
    check(
        "[http]\n",
        "login = { user = \"a\", password = { env = \"PATH\" } }\n[http]\n",
        &["registry.login", "plain text"],
    );
    check("[http]\n", "tls = { ca = \"/ca.pem\" }\n[http]\n", &["registry.tls", "is for https"]);
    for address in
        ["http://", "http://:8081", "http://registry:0", "http://a:b@registry", "http://registry 1", "registry:8081"]
    {
        check("http://127.0.0.1:8081", address, &["config.toml:7: registry.url", "not an address"]);
    }
    check("\"127.0.0.1:9092,", "\"SSL://127.0.0.1:9092,", &["config.toml:2: kafka.bootstrap", "kafka.tls"]);
    for name in ["security.protocol", "ssl.ca.location", "enable.ssl.certificate.verification", "sasl.password"] {
        let line = format!("\"{name}\" = \"x\"\n\"client.id\"");
        check("\"client.id\"", &line, &["config.toml:4: kafka.client", name, "tls = { ca, certificate, key }"]);
    }
    let client = "[kafka.client]\n";
    let with = |line: &str| format!("{line}\n{client}");
    let sasl = |mechanism: &str, password: &str| {
        format!("sasl = {{ mechanism = \"{mechanism}\", user = \"a\", password = {{ {password} }} }}")
    };
    let good = sasl("PLAIN", "env = \"PATH\"");
    check(client, &with(&good), &["config.toml:3: kafka.sasl", "plain text", "add tls"]);
    for (mechanism, why) in [("GSSAPI", "no Kerberos"), ("scram", "no such mechanism")] {
        check(client, &with(&sasl(mechanism, "env = \"PATH\"")), &["config.toml:3", why, "SCRAM-SHA-512"]);
    }
    check(client, &with(&sasl("OAUTHBEARER", "env = \"PATH\"")), &["config.toml:3", "goes with token_endpoint"]);
    let tokens = |mechanism: &str, endpoint: &str, more: &str| {
        let id = "client_id = \"a\", client_secret = { env = \"PATH\" }";
        format!("sasl = {{ mechanism = \"{mechanism}\", token_endpoint = \"{endpoint}\", {id}{more} }}")
    };
    let loopback = "http://127.0.0.1:8080/token";
    check(client, &with(&tokens("PLAIN", loopback, "")), &["config.toml:3", "PLAIN goes with user and password"]);
    check(client, &with(&tokens("OAUTHBEARER", loopback, "")), &["config.toml:3: kafka.sasl", "plain text", "add tls"]);
    check(client, &with(&tokens("OAUTHBEARER", loopback, ", audience = \"x\"")), &["config.toml:3", "audience"]);
    let missing = "tls = { ca = \"/nowhere/ca.pem\" }";
    check(client, &with(missing), &["config.toml:3: kafka.tls.ca", "/nowhere/ca.pem", "No such file"]);
    let polls = "\"max.poll.interval.ms\" = 1000\n\"client.id\"";
    check("\"client.id\"", polls, &["kafka.client", "together", "max.poll.interval.ms"]);
    let in_flight = "\"max.in.flight\" = 10\n\"client.id\"";
    check("\"client.id\"", in_flight, &["kafka.client", "together", "max.in.flight"]);
    check("127.0.0.1:9092,", "127.0.0.1,", &["config.toml:2: kafka.bootstrap", "127.0.0.1:9092"]);
    check("\"client.id\"", "\"acks\"", &["config.toml:4: kafka.client.acks", "delivery protocol"]);
    check("\"client.id\"", "\"clint.id\"", &["config.toml:4: kafka.client.clint.id", "No such configuration"]);
    check("true", "\"perhaps\"", &["config.toml:5: kafka.client.socket.keepalive.enable", "true or false"]);
    check("true", "{ env = \"VARDSTROM_NOT_SET\" }", &["config.toml:5: kafka.client", "VARDSTROM_NOT_SET is not set"]);
    check("instance = \"processor-1\"\n", "", &["missing field `instance`"]);
    check("processor-1", "a b", &["config.toml:14: relay.instance", "letters"]);
    check("code = \"14\"", "code = \"1400\"", &["config.toml:19: region.0.code", "lanskod"]);
    check("\"PATH\"", "\"VARDSTROM_NOT_SET\"", &["config.toml:20: region.0.key", "VARDSTROM_NOT_SET is not set"]);
    check("[http]\n", "[http\n", &["config.toml:8"]);
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let error = load(&GOOD.replace("{ env = \"PATH\" }", "\"0123456789abcdef\"")).unwrap_err();
    assert!(error.contains("config.toml:20: region.key") && error.contains("{ env = \"NAME\" }"), "{error}");
    assert!(!error.contains("0123456789abcdef"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let error = config::load::<Config>("/nowhere/at-all.toml".as_ref()).unwrap_err();
    let text = runtime::exit::chain(&error);
    assert!(text.contains("read configuration file /nowhere/at-all.toml: No such file"), "{text}");
}
