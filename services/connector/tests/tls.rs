//! Encrypted listeners.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::fhir;
use super::fhir_server::FhirServer;
use super::stack::{Connector, LONG, Sender, Setup, message};

pub(crate) struct Identity {
    pub certificate: CertificateDer<'static>,
    pub key: KeyPair,
}

pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("an authority")
}

pub(crate) fn issued(authority: &CertifiedIssuer<'_, KeyPair>, name: &str) -> Identity {
    let key = KeyPair::generate().expect("a key");
    let parameters = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    let certificate = parameters.signed_by(&key, authority).expect("signed");
    Identity { certificate: certificate.der().clone(), key }
}

pub(crate) fn pem(certificate: &CertificateDer<'_>) -> String {
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in base64(certificate).as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).expect("ASCII"));
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number =
            chunk.iter().chain([&0, &0]).take(3).fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        for place in 0..4 {
            let letter = LETTERS[number >> (18 - 6 * place) & 63];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

type Encrypted = StreamOwned<ClientConnection, TcpStream>;

fn connect(connector: &Connector, trusted: &CertificateDer<'static>, client: Option<&Identity>) -> Sender<Encrypted> {
    Sender::over(encrypted(connector.mllp(), trusted, client))
}

fn encrypted(address: SocketAddr, trusted: &CertificateDer<'static>, client: Option<&Identity>) -> Encrypted {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(client.key.serialize_der()));
            builder.with_client_auth_cert(vec![client.certificate.clone()], key).expect("a client")
        }
    };
    let name = "connector.test".try_into().expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    let stream = TcpStream::connect(address).expect("accepted");
    stream.set_read_timeout(Some(LONG)).expect("set");
    StreamOwned::new(connection, stream)
}

/// Sends without insisting: a handshake that is refused fails at the first write or read.
fn is_answered(mut sender: Sender<Encrypted>, id: &str) -> bool {
    let sent = sender.stream.write_all(&super::stack::framed(&message(id, 1)));
    sent.is_ok() && sender.try_answer().is_some_and(|answer| answer.contains(&format!("MSA|AA|{id}")))
}

#[test]
fn a_listener_is_encrypted_and_asks_for_client_certificates() {
    let (ours, theirs, strangers) = (authority(), authority(), authority());
    let server = issued(&ours, "connector.test");
    let mut setup = Setup::mllp("12");
    for (name, text) in [
        ("server.pem", pem(&server.certificate)),
        ("server.key", server.key.serialize_pem()),
        ("clients.pem", theirs.pem()),
    ] {
        std::fs::write(setup.path(name), text).expect("written");
    }
    let tls = format!(
        "[region.mllp.tls]\ncertificate = {:?}\nkey = {:?}\n",
        setup.path("server.pem"),
        setup.path("server.key")
    );
    setup = setup.and(&tls);
    let connector = setup.start();
    assert!(is_answered(connect(&connector, ours.der(), None), "1"));
    assert!(!is_answered(connect(&connector, strangers.der(), None), "2"), "the server is not who it should be");
    drop(connector);

    let clients = format!("client_ca = {:?}\n", setup.path("clients.pem"));
    let setup = setup.and(&clients);
    let mut connector = setup.start();
    assert!(is_answered(connect(&connector, ours.der(), Some(&issued(&theirs, "sender.test"))), "3"));
    assert!(!is_answered(connect(&connector, ours.der(), None), "4"));
    assert!(!is_answered(connect(&connector, ours.der(), Some(&issued(&strangers, "sender.test"))), "5"));
    connector.wait("two refusals", |connector| {
        connector.metric("vardstrom_connector_mllp_connections_turned_total{reason=\"handshake\"}") == 2.0
    });
    let ids: Vec<_> = setup.records("adt", 2).into_iter().map(|record| record.message_id).collect();
    assert_eq!(ids, ["1", "3"]);
}

/// The status of a notification; none when the handshake or the exchange fails.
fn notified(mut stream: Encrypted, secret: &str) -> Option<u16> {
    let request = format!(
        "POST /fhir/notify/journal HTTP/1.1\r\nHost: connector.test\r\nAuthorization: {secret}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer.split(' ').nth(1)?.parse().ok()
}

#[test]
fn the_fhir_hook_is_encrypted_and_asks_for_client_certificates() {
    let (ours, theirs) = (authority(), authority());
    let server = issued(&ours, "connector.test");
    let fhir = FhirServer::start();
    let more = "poll = \"1h\"\ntypes = [\"Location\"]\nhook = { env = \"VARDSTROM_FHIR_HOOK\" }";
    let mut setup = fhir::setup("21", &fhir.base(), more);
    setup.secret = Some(("VARDSTROM_FHIR_HOOK", "bell-4711".to_owned()));
    for (name, text) in [
        ("hook.pem", pem(&server.certificate)),
        ("hook.key", server.key.serialize_pem()),
        ("clients.pem", theirs.pem()),
    ] {
        std::fs::write(setup.path(name), text).expect("written");
    }
    let tls = format!("tls = {{ certificate = {:?}, key = {:?}", setup.path("hook.pem"), setup.path("hook.key"));
    setup.hook = format!("{tls} }}");
    let connector = setup.start();
    let call = |client, secret| notified(encrypted(connector.fhir_hook(), ours.der(), client), secret);
    assert_eq!(call(None, "Bearer bell-4711"), Some(200));
    assert_eq!(call(None, "Bearer wrong"), Some(401));
    let mut plain = TcpStream::connect(connector.fhir_hook()).expect("accepted");
    let mut answer = Vec::new();
    let _ = plain.write_all(b"POST /fhir/notify/journal HTTP/1.1\r\nHost: x\r\n\r\n");
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "the hook answers in plain text");
    drop(connector);

    setup.hook = format!("{tls}, client_ca = {:?} }}", setup.path("clients.pem"));
    let mut connector = setup.start();
    let call = |client| notified(encrypted(connector.fhir_hook(), ours.der(), client), "Bearer bell-4711");
    let (known, stranger) = (issued(&theirs, "journal.test"), issued(&ours, "stranger.test"));
    assert_eq!(call(Some(&known)), Some(200));
    assert_eq!(call(None), None);
    assert_eq!(call(Some(&stranger)), None);
    connector.wait("two refusals", |connector| {
        connector.metric("vardstrom_http_connections_turned_total{listener=\"fhir-hook\",reason=\"handshake\"}") == 2.0
    });
}
