//! Debezium topics of a region's own Kafka that speaks TLS: who is not let in is told why as everywhere else, and waits.

use std::path::Path;

use local_stack::{Authority, Issuer, Kafka};
use serde_json::json;

use super::debezium::{Theirs, envelope};

#[test]
fn a_kafka_that_does_not_know_us_is_told_in_our_words_and_waited_for() {
    let (authority, others) = (Authority::new().expect("an authority"), Authority::new().expect("an authority"));
    let issuer = Issuer::start(None).expect("an issuer");
    let kafka = Kafka::start_trusting(&authority, &issuer).expect("Kafka starts");
    let ports = kafka.encrypted().expect("encrypted ports");
    let theirs = Theirs::new(kafka.bootstrap(), "journal.encrypted.contact");
    theirs.write(0, "1", Some(&envelope("c", json!({ "id": 1 })).to_string()));
    theirs.flush();
    let folder = authority.ca().parent().expect("a folder").to_owned();
    let secret = |name: &str, content: &str| {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("written");
        format!("{{ file = {path:?} }}")
    };
    let tls = |place: &str, ca: &Path| format!("bootstrap = \"{place}\", tls = {{ ca = {ca:?} }}");
    let user = |password: &str| {
        let password = secret("password", password);
        format!("sasl = {{ mechanism = \"SCRAM-SHA-512\", user = \"{}\", password = {password} }}", ports.user)
    };
    let client = |content: &str| {
        let (url, id, content) = (issuer.url(), Issuer::CLIENT, secret("secret", content));
        format!(
            "sasl = {{ mechanism = \"OAUTHBEARER\", token_endpoint = \"{url}\", client_id = \"{id}\", \
             client_secret = {content}, scope = \"kafka\" }}"
        )
    };
    let refused = |kafka: String, expected: &str| {
        let mut connector = theirs.setup_by("14", &kafka, "").start_unready();
        connector.wait(expected, |connector| connector.get("/readyz").contains(expected));
        connector.wait_log(expected);
        for foreign in ["SSL routines", "hemligt", "Client creation"] {
            assert!(!connector.log().contains(foreign), "{foreign}: {}", connector.log());
        }
        assert_eq!(connector.stop(), 0);
    };
    let ca = authority.ca();
    refused(tls(&ports.certificates, &others.ca()), "no authority in the file `ca`");
    refused(tls(&ports.certificates.replace("127.0.0.1", "localhost"), &ca), "and not for localhost");
    refused(tls(&ports.expired, &ca), "its certificate has expired");
    refused(tls(&ports.certificates, &ca), "demands a client certificate");
    refused(tls(kafka.bootstrap(), &ca), "does not speak TLS on this port");
    refused(
        format!("{}, {}", tls(&ports.users, &ca), user("hemligt")),
        "does not let user vardstrom in; check kafka.sasl",
    );
    refused(format!("{}, {}", tls(&ports.tokens, &ca), client("hemligt")), "no token (invalid_client)");

    // It is mended while the connector waits.
    let wrong = format!("{}, {}", tls(&ports.tokens, &ca), client("hemligt"));
    let setup = theirs.setup_by("14", &wrong, "");
    let mut connector = setup.start_unready();
    connector.wait("the reason", |connector| connector.get("/readyz").contains("no token (invalid_client)"));
    secret("secret", Issuer::SECRET);
    connector.wait("the offsets", |_| theirs.committed()[0] == 1);
    connector.wait("readiness", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(setup.records("ward-capacity", 1).len(), 1);
    assert_eq!(connector.stop(), 0);
}
