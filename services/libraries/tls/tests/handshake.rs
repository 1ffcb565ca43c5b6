//! Each handshake that must fail fails, and is told in one sentence that names what is wrong.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConnection, ServerConnection, StreamOwned};
use settings::Check;
use tls::{Client, Listener, Refusal};

struct Files {
    folder: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Files {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let files = Self { folder: tempfile::tempdir().unwrap(), authority };
        fs::write(files.path("ca.pem"), files.authority.pem()).unwrap();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Certificate and key for this name, valid until this year.
    fn issue(&self, name: &str, until: i32) -> (PathBuf, PathBuf) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        let (chain_file, key_file) =
            (self.path(&format!("{name}-{until}.pem")), self.path(&format!("{name}-{until}.key")));
        fs::write(&chain_file, certificate.pem()).unwrap();
        fs::write(&key_file, key.serialize_pem()).unwrap();
        (chain_file, key_file)
    }

    fn listener(&self, name: &str, until: i32, client_ca: Option<PathBuf>) -> Listener {
        let (certificate, key) = self.issue(name, until);
        Listener { certificate, key, client_ca, client_optional: false }
    }
}

/// What comes of one exchange with a server of this machine that is called by this name.
fn exchange(listener: &Listener, client: &Client, name: &str) -> Result<String, Refusal> {
    let server = listener.config().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let (stream, _) = socket.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(server).unwrap(), stream);
        // Whether the handshake succeeds is the client's to say.
        let _ = stream.write_all(b"god morgon");
        let _ = stream.flush();
        let _ = stream.read(&mut [0; 16]);
    });
    let encryption = client.encryption(name).unwrap();
    let connection = ClientConnection::new(encryption.config, encryption.name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    let mut greeting = [0; 10];
    let read = stream.read_exact(&mut greeting);
    drop(stream);
    serving.join().unwrap();
    match read {
        Ok(()) => Ok(String::from_utf8(greeting.to_vec()).unwrap()),
        Err(error) => Err(Refusal::of(&error).unwrap_or_else(|| panic!("no refusal in {error:?}"))),
    }
}

const LATER: i32 = 2999;

#[test]
fn a_handshake_succeeds_only_with_the_right_authority_name_time_and_client_certificate() {
    let (ours, others) = (Files::new(), Files::new());
    let trusting = Client::trusting(ours.path("ca.pem"));
    let good = ours.listener("localhost", LATER, None);
    assert_eq!(exchange(&good, &trusting, "localhost"), Ok("god morgon".to_owned()));

    let check = |listener: &Listener, client: &Client, name: &str, expected: &str| {
        let refusal = exchange(listener, client, name).expect_err(expected).to_string();
        assert!(refusal.contains(expected), "{refusal}");
    };
    check(&good, &Client::trusting(others.path("ca.pem")), "localhost", "comes from no authority in the file `ca`");
    check(&good, &trusting, "kafka.example", "is for DnsName(\"localhost\") and not for kafka.example");
    check(&good, &trusting, "127.0.0.1", "not for 127.0.0.1");
    check(&ours.listener("localhost", 2001, None), &trusting, "localhost", "has expired; renew it");

    let strict = ours.listener("localhost", LATER, Some(ours.path("ca.pem")));
    check(&strict, &trusting, "localhost", "demands a client certificate; name `certificate` and `key`");
    let (certificate, key) = ours.issue("connector", LATER);
    assert!(exchange(&strict, &trusting.clone().showing(certificate, key), "localhost").is_ok());
    let (certificate, key) = ours.issue("late", 2001);
    check(&strict, &trusting.clone().showing(certificate, key), "localhost", "refuses our client certificate");
}

#[test]
fn files_that_cannot_be_used_are_named_with_their_key_and_never_quoted() {
    let files = Files::new();
    let (certificate, key) = files.issue("connector", LATER);
    let (_, other_key) = files.issue("processor", LATER);
    let text = files.path("note.txt");
    fs::write(&text, "hemligt").unwrap();
    let ca = files.path("ca.pem");
    let check = |client: Client, expected: &[&str]| {
        let fault = client.check().expect_err("it cannot be used").to_string();
        assert!(expected.iter().all(|part| fault.contains(part)) && !fault.contains("hemligt"), "{fault}");
    };
    let missing = Path::new("/nowhere/ca.pem");
    check(Client::trusting(missing), &["ca: read certificates from /nowhere/ca.pem", "No such file"]);
    check(Client::trusting(&text), &["ca: ", "note.txt holds no certificate; write a PEM file"]);
    check(Client::trusting(&ca).showing(&certificate, &text), &["key: read a private key from", "note.txt"]);
    check(Client::trusting(&ca).showing(&certificate, &other_key), &["certificate: ", "together"]);
    let alone = Client { key: None, ..Client::trusting(&ca).showing(&certificate, &key) };
    check(alone, &["key: a certificate and its key go together"]);
    Client::trusting(&ca).showing(&certificate, &key).check().expect("these can be used");
}
