//! The registry over https: who is trusted, and who is let in.

use local_stack::{Answering, Authority, Certificate};
use schemas::registry::{Client, Login, Server, Settings, client, server};
use settings::{Check, Secret};

fn listener(shown: &Certificate, client_ca: Option<std::path::PathBuf>) -> tls::Listener {
    tls::Listener { certificate: shown.certificate.clone(), key: shown.key.clone(), client_ca, client_optional: false }
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
    // A variable that every process has, in place of a password.
    let login = Login { user: "processor".to_owned(), password: Secret::in_env("PATH") };
    let pair = format!("processor:{}", std::env::var("PATH").expect("a path"));
    let expected = format!("authorization: Basic {}", data_encoding::BASE64.encode(pair.as_bytes()));
    let server = Answering::start(Some(config), move |asked| match asked.head.lines().any(|line| line == expected) {
        true => (200, r#"{"schema":"\"string\""}"#.to_owned()),
        false => (401, r#"{"error_code":40101,"message":"who?"}"#.to_owned()),
    });
    let server = server.expect("it starts");
    let without = settings(server.url(), tls::Client::trusting(authority.ca()));
    let refused = ask(&without).expect_err("nobody is let in without");
    assert!(matches!(refused, client::Error::Refused { status: 401, .. }), "{refused:?}");
    assert_eq!(ask(&Settings { login: Some(login), ..without }).expect("answered"), "\"string\"");
}
