//! Encrypted listeners.

use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

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

fn connect(
    connector: &Connector,
    trusted: &CertificateDer<'static>,
    client: Option<&Identity>,
) -> Sender<StreamOwned<ClientConnection, TcpStream>> {
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
    let stream = TcpStream::connect(connector.mllp()).expect("accepted");
    stream.set_read_timeout(Some(LONG)).expect("set");
    Sender::over(StreamOwned::new(connection, stream))
}

/// Sends without insisting: a handshake that is refused fails at the first write or read.
fn is_answered(mut sender: Sender<StreamOwned<ClientConnection, TcpStream>>, id: &str) -> bool {
    use std::io::Write;
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
