//! The registry over https: who is trusted, and who is let in.

use std::{
    io::{Read, Write},
    net::TcpListener,
};

use local_stack::{Authority, Certificate};
use rustls::{ServerConnection, StreamOwned};
use schemas::registry::{Client, Login, Server, Settings, client, server};
use settings::{Check, Secret};

fn listener(shown: &Certificate, client_ca: Option<std::path::PathBuf>) -> tls::Listener {
    tls::Listener { certificate: shown.certificate.clone(), key: shown.key.clone(), client_ca }
}

fn serve(listener: &tls::Listener) -> Server {
    server::spawn_over("127.0.0.1:0", Some(listener)).expect("the registry starts")
}

fn settings(url: impl Into<String>, tls: tls::Client) -> Settings {
    Settings { tls: Some(tls), ..Settings::at(url) }
}

fn ask(settings: &Settings) -> Result<String, client::Error> {
    settings.check().expect("the settings can be used");
    Client::connect(settings).expect("a client").schema(101)
}

#[test]
fn only_the_registry_that_was_meant_is_asked() {
    let authority = Authority::new().expect("an authority");
    let trusting = tls::Client::trusting(authority.ca());
    let good = serve(&listener(&authority.issue(&["127.0.0.1"]).expect("issued"), None));
    assert!(ask(&settings(good.url(), trusting.clone())).is_ok());
    let refused = |settings: &Settings, expected: &str| {
        let error = ask(settings).expect_err(expected);
        assert!(matches!(error, client::Error::Untrusted { .. }), "{error:?}");
        assert!(error.passes(), "a service waits until it is mended");
        assert!(error.to_string().contains(expected), "{error}");
    };
    let others = Authority::new().expect("an authority");
    refused(&settings(good.url(), tls::Client::trusting(others.ca())), "no authority in the file `ca`");
    refused(&settings(good.url().replace("127.0.0.1", "localhost"), trusting.clone()), "and not for localhost");
    let expired = serve(&listener(&authority.issue_expired(&["127.0.0.1"]).expect("issued"), None));
    refused(&settings(expired.url(), trusting.clone()), "its certificate has expired");

    let strict = serve(&listener(&authority.issue(&["127.0.0.1"]).expect("issued"), Some(authority.ca())));
    refused(&settings(strict.url(), trusting.clone()), "it demands a client certificate");
    let own = authority.issue(&["processor"]).expect("issued");
    assert!(ask(&settings(strict.url(), trusting.showing(&own.certificate, &own.key))).is_ok());
}

#[test]
fn user_and_password_go_with_every_question() {
    let authority = Authority::new().expect("an authority");
    let config = listener(&authority.issue(&["127.0.0.1"]).expect("issued"), None).config().expect("usable");
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", socket.local_addr().expect("an address"));
    let serving = std::thread::spawn(move || {
        let (stream, _) = socket.accept().expect("a connection");
        let mut stream = StreamOwned::new(ServerConnection::new(config).expect("a connection"), stream);
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).expect("a request");
            head.push(byte[0]);
        }
        let body = r#"{"schema":"\"string\""}"#;
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).expect("an answer");
        stream.flush().expect("an answer");
        String::from_utf8(head).expect("a text")
    });
    // A variable that every process has, in place of a password.
    let login = Login { user: "processor".to_owned(), password: Secret::in_env("PATH") };
    let settings = Settings { login: Some(login), ..settings(url, tls::Client::trusting(authority.ca())) };
    assert_eq!(ask(&settings).expect("answered"), "\"string\"");
    let head = serving.join().expect("it served");
    let pair = format!("processor:{}", std::env::var("PATH").expect("a path"));
    let expected = format!("authorization: Basic {}\r\n", data_encoding::BASE64.encode(pair.as_bytes()));
    assert!(head.contains(&expected), "{head}");
}
