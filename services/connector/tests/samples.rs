//! The configuration we ship, and what the commands say.

use std::path::Path;

use connector::config::Config;

use super::stack::Setup;

fn sample() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config.sample.toml")
}

#[test]
fn the_sample_is_a_configuration_and_shows_the_defaults() {
    let config: Config = runtime::config::read(&sample()).expect("the sample is read");
    let defaults = connector::config::Limits::default();
    assert_eq!(format!("{:?}", config.limits), format!("{defaults:?}"));
}

/// The sample with its database, which needs a secret and is therefore a comment.
fn with_database(text: &str) -> String {
    with(text, "region.cdc")
}

/// The sample with one of the sources that need secrets, without the files it names.
fn with(text: &str, source: &str) -> String {
    let (before, after) = text.split_once(&format!("# [[{source}]]")).expect("in the sample");
    let (table, after) = after.split_once("\n\n").unwrap_or((after, ""));
    let table = table.lines().map(|line| line.trim_start_matches("# ")).filter(|line| !line.starts_with("ca ="));
    let before = before.replace("# [fhir_hook]\n# listen", "[fhir_hook]\nlisten");
    format!("{before}[[{source}]]{}\n\n{after}", table.collect::<Vec<_>>().join("\n"))
}

fn check(change: impl Fn(&str) -> String, expected: &str) {
    let setup = Setup::mllp("10");
    let path = setup.path("changed.toml");
    std::fs::create_dir_all(setup.path("14/positions")).expect("made");
    let folder = setup.folder.path().display().to_string();
    let text = change(&std::fs::read_to_string(sample()).expect("the sample"));
    std::fs::write(&path, text.replace("/var/lib/vardstrom", &folder)).expect("written");
    let expected = expected.replace("/var/lib/vardstrom", &folder);
    let mut command = setup.command("check");
    command.env("VARDSTROM_CDC_URL_14", "postgres://reader:secret@database.example:5432/care");
    command.env("KAFKA_PASSWORD", "secret");
    command.env("VARDSTROM_FHIR_TOKEN_14", "secret").env("VARDSTROM_FHIR_HOOK_14", "secret");
    let output = command.arg("--config").arg(&path).output().expect("it runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(said.contains(&expected), "{expected:?} not in {said}");
    assert!(!said.contains("secret"), "{said}");
    assert_eq!(
        output.status.code(),
        Some(if ["the configuration can", "tables from"].iter().any(|start| expected.starts_with(start)) {
            0
        } else {
            2
        }),
        "{said}"
    );
}

#[test]
fn a_wrong_configuration_is_refused_with_place_and_remedy() {
    check(str::to_owned, "the configuration can be used");
    check(|text| text.replace("2575\"", "2575\"\nfeeed = \"adt\""), "feeed");
    check(|text| text.replace("code = \"14\"", "code = \"15\""), "lanskod");
    check(|text| text.replace("SE2321000131-COSMIC", "COSMIC"), "not an HSA-id");
    check(|text| text.replace("\"24 MiB\"", "\"1 MiB\""), "in_flight");
    check(|text| text.replace("\"30s\"", "30"), "acknowledge");
    check(|text| text.replace("VARDSTROM_PARTITION_KEY", "VARDSTROM_NO_SUCH_KEY"), "VARDSTROM_NO_SUCH_KEY is not set");
    check(|text| text.replace("feed = \"waiting-times\"", ""), "missing field `feed`");
    check(|text| text.replace("\"waiting-times\"\npoll", "\"Waiting Times\"\npoll"), "not a feed");
    check(|text| text.replace("encoding = \"detect\"", "encoding = \"latin-1\""), "iso-8859-1");
    check(|text| text.replace("encoding = \"detect\"", "encodings = \"detect\""), "encodings");
    check(|text| text.replace("encoding = \"detect\"", "columns = [\"-\"]"), "a column name needs");
    check(|text| text.replace("table_file = \"4 GiB\"", "table_file = 4"), "table_file");
    check(with_database, "the configuration can be used");
    let changed = |from: &'static str, to: &'static str| move |text: &str| with_database(text).replace(from, to);
    check(changed("VARDSTROM_CDC_URL_14", "VARDSTROM_NO_SUCH_URL"), "VARDSTROM_NO_SUCH_URL is not set");
    check(changed("\"vardstrom_14\"", "\"Vardstrom-14\""), "not a slot's name");
    check(changed("\"care.bed\"]", "\"bed\"]"), "not a table");
    check(changed("\"care.bed\"]", "\"care.contact\"]"), "a table is written twice");
    check(changed("{ \"care.contact\" =", "{ \"care.person\" ="), "not in tables");
    check(changed("slot =", "ca = \"/nowhere/ca.pem\"\nslot ="), "/nowhere/ca.pem");
    let with_debezium = |text: &str| with(text, "region.debezium");
    check(with_debezium, "the configuration can be used");
    let changed = |from: &'static str, to: &'static str| move |text: &str| with_debezium(text).replace(from, to);
    check(changed("example:9092", "example"), "not a list of addresses");
    check(changed("\"vardstrom-14\"", "\"\""), "not a group's name");
    check(changed("keys = { \"journal.care.contact\"", "keys = { \"journal.care.bed\""), "not in topics");
    check(changed("full = [\"journal.care.contact\"", "full = [\"journal.care.bed\""), "not in topics");
    check(changed("wall_clock = { \"journal.care.contact", "wall_clock = { \"journal.care.bed"), "not in topics");
    check(changed("contact\" = \"waiting-times\"", "contact\" = \"Waiting times\""), "not a feed");
    check(changed("flattened = { \"journal.care.contact\"", "flattened = { \"journal.care.bed\""), "not in topics");
    check(changed("= \"__\"", "= \"\""), "set add.fields.prefix");
    check(changed("registry = \"http:", "registry = \"https:"), "registry.url: https needs the authority");
    let registry =
        |with: &'static str| changed("registry = \"http://registry.region.example:8080/apis/registry/v3\"", with);
    let table = |rest: &str| {
        format!("registry = {{ url = \"https://registry.example/apis/registry/v3\", {rest} }}").leak() as &str
    };
    check(
        registry(table("tls = { ca = \"/nowhere/ca.pem\" }")),
        "registry.tls.ca: read certificates from /nowhere/ca.pem",
    );
    check(registry(table("tsl = { ca = \"/nowhere/ca.pem\" }")), "unknown field `tsl`");
    let plain = "registry = { url = \"http://r.example/apis/registry/v3\", ";
    let login = format!("{plain}login = {{ user = \"a\", password = {{ env = \"PATH\" }} }} }}").leak();
    check(registry(login), "registry.login: a password in plain text");
    check(registry(format!("{plain}register = true }}").leak()), "registry.register: is for our own");
    check(registry(format!("{plain}register = false }}").leak()), "the configuration can be used");
    check(changed("\"content\"", "\"contents\""), "contents");
    check(changed("registry_ids = \"content\"", ""), "must say of Apicurio's own interface");
    check(changed("/apis/registry/v3", "/apis/ccompat/v7"), "and of no other");
    let with_fhir = |text: &str| with(text, "region.fhir");
    check(with_fhir, "the configuration can be used");
    let changed = |from: &'static str, to: &'static str| move |text: &str| with_fhir(text).replace(from, to);
    check(changed("VARDSTROM_FHIR_TOKEN_14", "VARDSTROM_NO_SUCH_TOKEN"), "VARDSTROM_NO_SUCH_TOKEN is not set");
    check(changed("\"https://fhir.example/r4\"", "\"fhir.example\""), "not an address");
    check(changed("\"https://fhir.example/r4\"", "\"https://fhir.example/r4?x=1\""), "neither a query");
    check(changed("base = \"https:", "ca = \"/nowhere/ca.pem\"\nbase = \"https:"), "/nowhere/ca.pem");
    check(changed("\"Location\", \"Patient\"", "\"Patient\", \"Patient\""), "each once");
    check(changed("\"Location\", \"Patient\"", "\"Observation\""), "Observation");
    check(changed("[fhir_hook]\nlisten = \"127.0.0.1:9102\"", ""), "add a [fhir_hook] table");
    check(changed("page = 100", "page = 0"), "between 1 and 1000");
    check(changed("page_size = \"8 MiB\"", "page_size = \"8 GiB\""), "64 MiB");
    check(changed("overlap = \"5m\"", "overlap = \"5d\""), "24h");
    check(changed("name = \"journal\"", "name = \"../journal\""), "not a name");
    check(
        |text| {
            text.replace(
                "# [region.mllp.tls]",
                "[region.mllp.tls]\ncertificate = \"/nowhere/c.pem\"\nkey = \"/nowhere/k.pem\"",
            )
        },
        "/nowhere/c.pem",
    );
    check(
        |text| {
            format!(
                "{text}\n[[region]]\ncode = \"14\"\nsource_system = \"SE2321000131-X\"\n[[region.mllp]]\nlisten = \"127.0.0.1:2576\"\n"
            )
        },
        "written twice",
    );
    check(
        |text| {
            format!(
                "{text}\n[[region]]\ncode = \"12\"\nsource_system = \"SE2321000131-X\"\n[[region.mllp]]\nlisten = \"127.0.0.1:2575\"\n"
            )
        },
        "own port",
    );
}

/// The sample with its SFTP server, which needs a key and is therefore a comment.
fn with_server(text: &str, key: &Path) -> String {
    let (before, rest) = text.split_once("# [[region.table]]").expect("in the sample");
    let (server, after) = rest.split_once("\n\n").expect("a blank line");
    let server = server.lines().map(|line| line.trim_start_matches("# ")).collect::<Vec<_>>().join("\n");
    let server = server.replace("/etc/vardstrom/sftp-key", &key.display().to_string());
    format!("{before}[[region.table]]{server}\n\n{after}")
}

#[test]
fn the_samples_server_can_be_used_and_what_is_wrong_with_it_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key");
    let made =
        std::process::Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    assert!(made.expect("ssh-keygen runs").success());
    let changed = |from: &'static str, to: &'static str| {
        let key = key.clone();
        move |text: &str| {
            let text = with_server(text, &key);
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        }
    };
    check(changed("port = 22", "port = 22"), "the configuration can be used");
    check(
        changed("port = 22", "port = 22"),
        "tables from vardstrom@sftp.example.se:22/outbox by way of /var/lib/vardstrom/14/",
    );
    check(changed("host_key = \"ssh-ed25519 AAAA", "host_key = \"ssh-ed25519 BAAA"), "not a host key");
    check(changed("folder = \"/outbox\"", "folder = \"outbox\""), "not a path from the root");
    check(changed("port = 22", "prot = 22"), "prot");
    check(|text| with_server(text, Path::new("/nowhere/key")), "/nowhere/key cannot be used");
    check(changed("14/fetched\"", "14/waiting-times\""), "the configuration can be used");
    let twice = |text: &str| {
        let text = with_server(text, &key);
        let (_, server) = text
            .split_once("# [[region.cdc]]")
            .map(|(before, _)| before)
            .and_then(|before| before.rsplit_once("[[region.table]]"))
            .expect("the server");
        format!("{text}\n[[region.table]]{server}")
    };
    check(twice, "another source fetches into this folder");
}

#[test]
fn check_says_what_is_opened_and_what_is_not_there_now() {
    let missing =
        "tables from /var/lib/vardstrom/14/waiting-times (now: No such file or directory (os error 2); it is looked";
    check(str::to_owned, missing);
    let there = "tables from /var/lib/vardstrom/14/positions to region.14.source.waiting-times";
    check(|text| text.replace("14/waiting-times\"", "14/positions\""), there);
}

/// Which source is added to the sample, what is changed there into what, the database's address; the key, and what is said.
type Refused<'t> = (&'t str, &'t str, String, Option<String>, &'t str, &'t str);

/// What this build cannot do is refused before the start, by `check` and by `run`, with the key and what helps.
#[test]
fn what_cannot_be_done_is_refused_at_its_key_by_check_and_by_run() {
    let encrypted = "\"security.protocol\" = \"ssl\"";
    let sasl = "sasl = { mechanism = \"PLAIN\", user = \"a\", password = { env = \"PATH\" } }";
    let no_client = "bootstrap = \"127.0.0.1:9092\"\n";
    let kafka = |lines: &str| format!("{no_client}client = {{ {lines} }}\n");
    let url = |parameters: &str| format!("postgres://reader:secret@database.example:5432/care?{parameters}");
    let cases: [Refused<'_>; 29] = [
        ("", no_client, kafka(encrypted), None, "kafka.client.security.protocol", "is said by tls"),
        (
            "",
            no_client,
            kafka("\"ssl.ca.location\" = \"/x.pem\""),
            None,
            "kafka.client.ssl.ca.location",
            "is said by tls",
        ),
        ("", no_client, format!("{no_client}{sasl}\n"), None, "kafka.sasl", "plain text"),
        ("", "127.0.0.1:9092", "SSL://127.0.0.1:9093".into(), None, "kafka.bootstrap", "kafka.tls"),
        ("", "http://127.0.0.1:8081", "https://registry.example".into(), None, "registry.url", "add tls"),
        ("", "http://127.0.0.1:8081", "http://".into(), None, "registry.url", "not an address"),
        (
            "region.debezium",
            "kafka = {",
            format!("kafka = {{ client = {{ {encrypted} }},"),
            None,
            "region.0.debezium.0.kafka.client.security.protocol",
            "is said by tls",
        ),
        (
            "region.debezium",
            "example:9092",
            "example:9092,SASL_SSL://b:9093".into(),
            None,
            "region.0.debezium.0.kafka.bootstrap",
            "kafka.tls",
        ),
        ("region.cdc", "slot", "slot".into(), Some(url("sslmode=require")), "region.0.cdc.0.ca", "authority"),
        (
            "region.cdc",
            "slot",
            "slot".into(),
            Some(url("sslmode=verify-full")),
            "region.0.cdc.0.url",
            "always verified",
        ),
        (
            "region.cdc",
            "slot",
            "slot".into(),
            Some(url("channel_binding=require")),
            "region.0.cdc.0.url",
            "only sslmode",
        ),
        (
            "region.cdc",
            "slot",
            "slot".into(),
            Some(url("target_session_attrs=read-write")),
            "region.0.cdc.0.url",
            "only sslmode",
        ),
        (
            "region.cdc",
            "slot",
            "slot".into(),
            Some(url("options=-csearch_path%3Dx")),
            "region.0.cdc.0.url",
            "only sslmode",
        ),
        ("region.cdc", "slot", "slot".into(), Some(url("hostaddr=127.0.0.1")), "region.0.cdc.0.url", "only sslmode"),
        (
            "region.cdc",
            "slot",
            "slot".into(),
            Some("postgres://a:secret@b,c/d".into()),
            "region.0.cdc.0.url",
            "one host",
        ),
        ("region.cdc", "slot", "slot".into(), Some("postgres:///d?host=/run".into()), "region.0.cdc.0.url", "sockets"),
        ("region.cdc", "VARDSTROM_CDC_URL_14", "VARDSTROM_NO_SUCH".into(), None, "region.0.cdc.0.url", "is not set"),
        (
            "region.cdc",
            "slot =",
            "ca = \"/nowhere/ca.pem\"\nslot =".into(),
            None,
            "region.0.cdc.0.ca",
            "/nowhere/ca.pem",
        ),
        (
            "region.cdc",
            "/var/lib/vardstrom/14/positions\"\nfeed = \"waiting-times\"\n\n#",
            "/nowhere\"\nfeed = \"adt\"\n\n#".into(),
            None,
            "region.0.cdc.0.positions",
            "/nowhere cannot be used",
        ),
        (
            "region.fhir",
            "\nname",
            "\nca = \"/nowhere/ca.pem\"\nname".into(),
            None,
            "region.0.fhir.0.ca",
            "/nowhere/ca.pem",
        ),
        (
            "region.fhir",
            "https://fhir.example/r4",
            "ftp://fhir.example/r4".into(),
            None,
            "region.0.fhir.0.base",
            "not an address",
        ),
        ("region.fhir", "_FHIR_TOKEN_14", "_NO_SUCH".into(), None, "region.0.fhir.0.token", "is not set"),
        ("region.fhir", "_FHIR_HOOK_14", "_NO_SUCH".into(), None, "region.0.fhir.0.hook", "is not set"),
        (
            "region.fhir",
            "/var/lib/vardstrom/14/positions\"\nfeed = \"fhir\"\npoll = \"30s\"",
            "/nowhere\"\nfeed = \"fhir\"\npoll = \"30s\"".into(),
            None,
            "region.0.fhir.0.positions",
            "/nowhere cannot be used",
        ),
        (
            "",
            "/var/lib/vardstrom/14/positions\"\nfeed = \"fhir\"",
            "/nowhere\"\nfeed = \"fhir\"".into(),
            None,
            "region.0.fhir_files.0.positions",
            "/nowhere cannot be used",
        ),
        (
            "",
            "/var/lib/vardstrom/14/positions\"\nfeed = \"adt\"",
            "/nowhere\"\nfeed = \"adt\"".into(),
            None,
            "region.0.replay.0.positions",
            "/nowhere cannot be used",
        ),
        (
            "",
            "/var/lib/vardstrom/14/positions\"\nfeed = \"waiting",
            "/nowhere\"\nfeed = \"waiting".into(),
            None,
            "region.0.table.0.positions",
            "/nowhere cannot be used",
        ),
        (
            "",
            "/var/lib/vardstrom/14/positions\"\nfeed = \"waiting",
            "/etc/passwd\"\nfeed = \"waiting".into(),
            None,
            "region.0.table.0.positions",
            "/etc/passwd is not a folder",
        ),
        ("", "VARDSTROM_PARTITION_KEY", "VARDSTROM_NO_SUCH".into(), None, "routing.key", "is not set"),
    ];
    let setup = Setup::mllp("10");
    std::fs::create_dir_all(setup.path("14/positions")).expect("made");
    let text = std::fs::read_to_string(sample()).expect("the sample");
    for (source, from, to, address, key, said) in cases {
        let text = if source.is_empty() { text.clone() } else { with(&text, source) };
        assert!(text.contains(from), "the test changes something that is there: {from}");
        let changed =
            text.replacen(from, &to, 1).replace("/var/lib/vardstrom", &setup.folder.path().display().to_string());
        let path = setup.path("changed.toml");
        std::fs::write(&path, changed).expect("written");
        for name in ["check", "run"] {
            let mut command = setup.command(name);
            command.env("VARDSTROM_FHIR_TOKEN_14", "secret").env("VARDSTROM_FHIR_HOOK_14", "secret");
            command.env("VARDSTROM_CDC_URL_14", address.clone().unwrap_or_else(|| url("sslmode=prefer")));
            let output = command.arg("--config").arg(&path).output().expect("it runs");
            let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert_eq!(output.status.code(), Some(2), "{name} with {to}: {told}");
            assert!(
                told.contains(key) && told.contains(said),
                "{name} with {to} says neither {key} nor {said}: {told}"
            );
            assert!(!told.contains("secret"), "{told}");
        }
    }
}

#[test]
fn help_teaches() {
    let setup = Setup::mllp("10");
    let output = setup.command("--help").output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    for word in ["replay", "table", "check", "Exit codes", "acks=all"] {
        assert!(text.contains(word), "{word} not in {text}");
    }
}

#[test]
fn a_missing_topic_is_told_and_ends_the_process() {
    let setup = Setup::mllp("10").sources("[[region.mllp]]\nlisten = \"127.0.0.1:0\"\nfeed = \"no-such-feed\"");
    let output = setup.command("run").arg("--config").arg(setup.config()).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("region.10.source.no-such-feed") && said.contains("topics apply"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}
