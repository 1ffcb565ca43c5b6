//! The registry client against the development registry, over a real socket.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use schemas::{
    Decoder, Kind,
    registry::{Client, Registered, client, development_id, development_id_current, server, subject},
};
use serde_json::{Value, json};

fn topic_of(kind: Kind) -> String {
    match kind {
        Kind::SourceRecord => "region.14.source.adt".to_owned(),
        Kind::Parked => "region.14.parked".to_owned(),
        Kind::Protection => "region.14.protected".to_owned(),
        Kind::Objection => "region.14.objections".to_owned(),
        common => format!("region.14.common.{}", common.subject().expect("a common one").name()),
    }
}

/// Sends one request as a plain HTTP client would: status, content type, JSON.
fn ask(method: &str, url: String, body: Option<Value>) -> (u16, String, Value) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
    let request = ureq::http::Request::builder().method(method).uri(url);
    let mut answer = match body {
        Some(body) => agent.run(request.body(body.to_string()).expect("request")),
        None => agent.run(request.body(()).expect("request")),
    }
    .expect("answer");
    let content_type = answer.headers()["content-type"].to_str().expect("ASCII").to_owned();
    let status = answer.status().as_u16();
    let text = answer.body_mut().read_to_string().expect("body");
    (status, content_type, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[test]
fn client_finds_every_kind_and_fetches_its_schema() {
    let server = server::spawn("127.0.0.1:0").expect("listens");
    let client = Client::new(server.url() + "/");
    for kind in Kind::ALL {
        let id = client.id_of(&topic_of(kind), kind).expect("known subject");
        assert_eq!(id, development_id_current(kind));
        let avsc = client.schema(id).expect("known id");
        assert_eq!(avsc, kind.avsc());
        Decoder::new().insert(id, &avsc).expect("a schema");
    }
}

#[test]
fn what_the_registry_does_not_know_is_refused_in_its_own_words() {
    let server = server::spawn("127.0.0.1:0").expect("listens");
    let client = Client::new(server.url());
    let refusal = |error: client::Error| match error {
        client::Error::Refused { code, status, .. } => (status, code),
        other => panic!("{other}"),
    };
    assert_eq!(refusal(client.schema(7).expect_err("unknown id")), (404, 40403));
    let registering = client.clone().registering(true);
    let person = "region.14.common.person";
    let registered = registering.id_of(person, Kind::Encounter);
    assert_eq!(refusal(registered.expect_err("a read-only registry")), (422, 42205));
    for topic in [person, "region.99.common.encounter"] {
        let error = client.id_of(topic, Kind::Encounter).expect_err("only looked up");
        assert!(error.passes(), "somebody may register it: {error}");
        let text = error.to_string();
        let subject = subject(topic);
        for part in ["version 2 of Encounter", &subject, &format!("`topics apply --registry {}`", server.url())] {
            assert!(text.contains(part), "{text}");
        }
    }
}

#[test]
fn the_development_registry_has_every_version_and_rule_already() {
    let server = server::spawn("127.0.0.1:0").expect("listens");
    let client = Client::new(server.url());
    for kind in Kind::ALL {
        let subject = subject(&topic_of(kind));
        let numbers: Vec<u32> = (1..=kind.versions().len() as u32).collect();
        assert_eq!(client.versions(&subject).expect("answered"), numbers);
        assert_eq!(client.compatibility(&subject).expect("answered").as_deref(), Some(kind.compatibility().as_str()));
        for (version, avsc) in numbers.into_iter().zip(kind.versions()) {
            let there = Registered { id: development_id(kind, version), version };
            assert_eq!(client.look_up(&subject, avsc).expect("answered"), Some(there));
            assert_eq!(client.register(&subject, avsc).expect("answered"), there.id);
        }
        let error = client.set_compatibility(&subject, kind.compatibility()).expect_err("read-only");
        assert!(matches!(error, client::Error::Refused { code: 42205, .. }), "{error}");
    }
    let nowhere = subject("region.99.parked");
    assert_eq!(client.versions(&nowhere).expect("answered"), [0_u32; 0]);
    assert_eq!(client.compatibility(&nowhere).expect("answered"), None);
}

#[test]
fn every_path_answers_as_the_confluent_interface_does() {
    let server = server::spawn("127.0.0.1:0").expect("listens");
    let url = |path: &str| server.url() + path;
    let check = |method: &str, path: &str, body: Option<Value>, status: u16, expected: Value| {
        let (got_status, content_type, got) = ask(method, url(path), body);
        assert_eq!(content_type, "application/vnd.schemaregistry.v1+json", "{method} {path}");
        assert_eq!((got_status, got), (status, expected), "{method} {path}");
    };
    let check_refusal = |method: &str, path: &str, body: Option<Value>, status: u16, code: u32| {
        let (got_status, content_type, got) = ask(method, url(path), body);
        assert_eq!(content_type, "application/vnd.schemaregistry.v1+json", "{method} {path}");
        assert_eq!((got_status, got["error_code"].as_u64()), (status, Some(u64::from(code))), "{method} {path}");
        assert!(got["message"].as_str().is_some_and(|message| !message.is_empty()), "{method} {path}");
    };
    let id = development_id_current(Kind::Encounter);
    let avsc = Kind::Encounter.avsc();
    let versions = Kind::Encounter.versions().len();
    let parsed: Value = serde_json::from_str(avsc).expect("JSON");
    let same = json!({ "schema": parsed.to_string() });
    let other = json!({ "schema": "\"string\"" });
    let encounter = "/subjects/region.14.common.encounter-value";
    let entry =
        json!({ "subject": subject("region.14.common.encounter"), "id": id, "version": versions, "schema": avsc });

    check("GET", "/schemas/types", None, 200, json!(["AVRO"]));
    check("GET", "/config", None, 200, json!({ "compatibilityLevel": "FULL_TRANSITIVE" }));
    check(
        "GET",
        "/config/region.14.source.adt-value",
        None,
        200,
        json!({ "compatibilityLevel": "BACKWARD_TRANSITIVE" }),
    );
    check("GET", "/mode", None, 200, json!({ "mode": "READONLY" }));
    check("GET", &format!("/schemas/ids/{id}"), None, 200, json!({ "schema": avsc }));
    check("GET", &format!("/schemas/ids/{id}?subject=x&fetchMaxId=false"), None, 200, json!({ "schema": avsc }));
    check("GET", &format!("/schemas/ids/{id}/schema"), None, 200, parsed.clone());
    check("GET", &format!("{encounter}/versions"), None, 200, (1..=versions).collect());
    check("GET", &format!("{encounter}/versions/{versions}"), None, 200, entry.clone());
    check("GET", &format!("{encounter}/versions/latest"), None, 200, entry.clone());
    check("GET", &format!("{encounter}/versions/{versions}/schema"), None, 200, parsed);
    check("POST", encounter, Some(same.clone()), 200, entry);
    check("POST", &format!("{encounter}/versions"), Some(same.clone()), 200, json!({ "id": id }));
    for path in [
        "/compatibility/subjects/region.14.common.encounter-value/versions",
        "/compatibility/subjects/region.14.common.encounter-value/versions/latest",
    ] {
        check("POST", path, Some(same.clone()), 200, json!({ "is_compatible": true }));
        check("POST", path, Some(other.clone()), 200, json!({ "is_compatible": false }));
        check_refusal("POST", path, Some(json!({ "schema": "{" })), 422, 42201);
    }

    check_refusal("GET", "/nowhere", None, 404, 404);
    check_refusal("GET", "/schemas/ids/1", None, 404, 40403);
    check_refusal("GET", "/schemas/ids/x", None, 404, 404);
    check_refusal("GET", "/subjects/region.02.parked-value/versions", None, 404, 40401);
    check_refusal("GET", "/subjects/region.14.common.encounter/versions", None, 404, 40401);
    check_refusal("GET", &format!("{encounter}/versions/{}", versions + 1), None, 404, 40402);
    check_refusal("GET", &format!("{encounter}/versions/0"), None, 422, 42202);
    check_refusal("GET", &format!("{encounter}/versions/x"), None, 422, 42202);
    check_refusal("POST", encounter, Some(other.clone()), 404, 40403);
    check_refusal("POST", encounter, Some(json!({ "no": 1 })), 422, 42201);
    check_refusal("POST", &format!("{encounter}/versions"), Some(other), 422, 42205);
    check_refusal("DELETE", encounter, None, 422, 42205);
    check_refusal("PUT", "/config", Some(json!({ "compatibility": "NONE" })), 422, 42205);
}

#[test]
fn every_listed_subject_is_answered() {
    let server = server::spawn("127.0.0.1:0").expect("listens");
    let (_, _, subjects) = ask("GET", server.url() + "/subjects", None);
    let subjects: Vec<String> = serde_json::from_value(subjects).expect("a list of names");
    assert_eq!(subjects.len(), 21 * 19);
    for subject in subjects {
        let (status, _, entry) = ask("GET", format!("{}/subjects/{subject}/versions/latest", server.url()), None);
        assert_eq!((status, entry["subject"].as_str()), (200, Some(subject.as_str())));
    }
}

/// Answers the first `failures` requests with 503 and the rest with a schema; counts them.
fn stumbling_registry(failures: u32) -> (String, Arc<AtomicU32>) {
    made_up_registry(move |_, count| match count {
        n if n < failures => ("503 Service Unavailable", r#"{"error_code":50301,"message":"electing"}"#),
        _ => ("200 OK", r#"{"schema":"\"string\""}"#),
    })
}

/// Answers as it is told, given the request and how many came before it; counts them.
fn made_up_registry(
    answer: impl Fn(&str, u32) -> (&'static str, &'static str) + Send + 'static,
) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..length]);
            let (status, body) = answer(&request, counted.fetch_add(1, Ordering::Relaxed));
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (url, count)
}

#[test]
fn a_stumbling_registry_is_asked_again_and_a_lying_one_is_not() {
    let (url, count) = stumbling_registry(2);
    assert_eq!(Client::new(url).schema(1).expect("third attempt"), "\"string\"");
    assert_eq!(count.load(Ordering::Relaxed), 3);

    let (url, count) = stumbling_registry(u32::MAX);
    let error = Client::new(url).schema(1).expect_err("never well");
    assert!(matches!(error, client::Error::Refused { status: 503, code: 50301, .. }), "{error}");
    assert_eq!(count.load(Ordering::Relaxed), 5, "the number of attempts is bounded");

    let (url, count) = stumbling_registry(0);
    let error = Client::new(url).id_of("region.14.parked", Kind::Parked).expect_err("not an id");
    assert!(matches!(error, client::Error::NotUnderstood { .. }), "{error}");
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[test]
fn a_registry_that_has_only_just_started_is_not_believed_to_lack_a_schema() {
    const NO_SCHEMA: (&str, &str) = ("404 Not Found", r#"{"error_code":40403,"message":"Schema not found"}"#);
    let (url, count) = made_up_registry(|_, count| match count {
        0..3 => NO_SCHEMA,
        _ => ("200 OK", r#"{"schema":"\"string\""}"#),
    });
    assert_eq!(Client::new(url).schema(1).expect("fourth attempt"), "\"string\"");
    assert_eq!(count.load(Ordering::Relaxed), 4);

    let (url, _) = made_up_registry(|request, _| match request.starts_with("GET /subjects ") {
        true => ("200 OK", "[]"),
        false => NO_SCHEMA,
    });
    let error = Client::new(&url).schema(1).expect_err("it knows nothing yet");
    assert!(matches!(error, client::Error::Empty { .. }) && error.passes(), "{error}");
    assert!(error.to_string().contains(&format!("`topics apply --registry {url}`")), "{error}");

    let (url, count) = made_up_registry(|request, _| match request.starts_with("GET /subjects ") {
        true => ("200 OK", r#"["region.14.parked-value"]"#),
        false => NO_SCHEMA,
    });
    let client = Client::new(url);
    for _ in 0..3 {
        let error = client.clone().schema(1).expect_err("it knows others");
        assert!(matches!(error, client::Error::Refused { status: 404, .. }) && !error.passes(), "{error}");
        assert_eq!(count.load(Ordering::Relaxed), 6, "believed for a while: a stranger may write many such records");
    }
}

#[test]
fn nobody_there_is_an_error_that_names_the_address() {
    let free = TcpListener::bind("127.0.0.1:0").expect("listens").local_addr().expect("address");
    let error = Client::new(format!("http://{free}")).schema(1).expect_err("nobody there");
    assert!(matches!(error, client::Error::Unreachable { .. }));
    assert!(error.to_string().contains(&free.to_string()), "{error}");
}

/// Starts the program; its first line says where it listens.
fn program(listen: &str) -> (Child, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_registry"))
        .args(["serve", "--listen", listen])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    BufReader::new(program.stdout.take().expect("piped")).read_line(&mut line).expect("readable");
    (program, line.trim().to_owned())
}

#[test]
fn the_program_answers_until_it_is_asked_to_stop() {
    let (mut registry, line) = program("127.0.0.1:0");
    let url = line.strip_prefix("listening ").expect("the first line says where").to_owned();
    assert_eq!(Client::new(&url).id_of("region.25.parked", Kind::Parked).expect("answered"), 601);

    let (taken, line) = program(url.strip_prefix("http://").expect("an address"));
    let output = taken.wait_with_output().expect("ended");
    assert_eq!((output.status.code(), line.as_str()), (Some(1), ""));
    assert!(String::from_utf8_lossy(&output.stderr).contains("serving the registry on 127.0.0.1:"));

    let asked = Command::new("kill").arg(registry.id().to_string()).status().expect("kill runs");
    assert!(asked.success());
    assert_eq!(registry.wait().expect("ended").code(), Some(0));
}
