//! The program against a Kafka and a registry that speak TLS.

use std::{fs, process::Command};

use local_stack::{Authority, Issuer, Kafka};
use schemas::registry::server;

#[test]
fn topics_and_schemas_are_applied_over_tls_as_a_user() {
    let authority = Authority::new().expect("an authority");
    let issuer = Issuer::start(None).expect("an issuer");
    let kafka = Kafka::start_trusting(&authority, &issuer).expect("Kafka starts");
    let ports = kafka.encrypted().expect("it has encrypted ports");
    let shown = authority.issue(&["127.0.0.1"]).expect("a certificate");
    let listener =
        tls::Listener { certificate: shown.certificate, key: shown.key, client_ca: None, client_optional: false };
    let registry = server::spawn_over("127.0.0.1:0", Some(&listener)).expect("the registry starts");
    let folder = authority.ca().parent().expect("a folder").to_owned();
    let (password, file) = (folder.join("password"), folder.join("topics.toml"));
    let user = format!("SCRAM-SHA-512\", user = \"{}\", password", ports.user);
    let client = format!(
        "OAUTHBEARER\", token_endpoint = \"{}\", client_id = \"{}\", scope = \"kafka\", client_secret",
        issuer.url(),
        Issuer::CLIENT
    );
    let check_as = |place: &str, who: &str, ca: &std::path::Path, secret: &str, code: i32, expected: &str| {
        fs::write(&password, secret).expect("written");
        let text = format!(
            "[kafka]\nbootstrap = \"{place}\"\ntls = {{ ca = {ca:?} }}\n\
             sasl = {{ mechanism = \"{who} = {{ file = {password:?} }} }}\n\
             [registry]\nurl = \"{}\"\ntls = {{ ca = {:?} }}\n",
            registry.url(),
            authority.ca()
        );
        fs::write(&file, text).expect("written");
        let output = Command::new(env!("CARGO_BIN_EXE_topics"))
            .args(["plan", "--region", "14", "--replication-factor", "1", "--config"])
            .arg(&file)
            .output()
            .expect("runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(expected) && !said.contains(secret), "{said}");
    };
    let check = |ca: &std::path::Path, secret: &str, code, expected: &str| {
        check_as(&ports.users, &user, ca, secret, code, expected);
    };
    check(&authority.ca(), ports.password, 0, "19 topics declared, would change 19, 0 in the way");
    check(&authority.ca(), ports.password, 0, "19 subjects declared, would change 0, 0 to look at");
    let others = Authority::new().expect("an authority");
    check(&others.ca(), ports.password, 1, "its certificate comes from no authority in the file `ca`");
    check(&authority.ca(), "fel-hemlighet", 1, "does it let user vardstrom in with what kafka.sasl names?");
    let check = |secret: &str, code, expected: &str| {
        check_as(&ports.tokens, &client, &authority.ca(), secret, code, expected);
    };
    check(Issuer::SECRET, 0, "19 topics declared, would change 19, 0 in the way");
    check("fel-hemlighet", 1, "gives client vardstrom no token (invalid_client)");
    issuer.behave(|manner| manner.audience = "another".to_owned());
    check(Issuer::SECRET, 1, "does it let client vardstrom of http://127.0.0.1");
}
