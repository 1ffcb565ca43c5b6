//! What every listener asks of a request, and says with every answer, over real sockets.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use runtime::config::{Check, Http, Period, Size};
use runtime::http::headers;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::strangers::{LONG, World};

/// Writes while the peer takes it, and reads what it says until it ends.
async fn exchange(stream: impl AsyncRead + AsyncWrite, request: &[u8]) -> String {
    let (mut reading, mut writing) = tokio::io::split(stream);
    let mut answer = Vec::new();
    let both = async {
        tokio::select! {
            // A peer that has had enough of it says so while we are writing.
            biased;
            _ = reading.read_to_end(&mut answer) => {}
            () = async { let _ = writing.write_all(request).await; std::future::pending().await } => {}
        }
    };
    timeout(LONG, both).await.expect("an answer or an end");
    String::from_utf8_lossy(&answer).into_owned()
}

impl World {
    /// The answer to one request from 127.0.0.`host`, over a connection of its own.
    async fn send(&self, host: u8, first: &str, fields: &str) -> String {
        let request = format!("{first} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{fields}\r\n");
        exchange(self.connect(host).await, request.as_bytes()).await
    }

    pub(crate) fn refused(&self, reason: &str) -> u64 {
        self.metric(&format!("vardstrom_http_requests_refused_total{{listener=\"http\",reason=\"{reason}\"}}"))
    }
}

pub(crate) fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

fn fields(answer: &str) -> HeaderMap {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    lines.map(|(name, value)| (HeaderName::try_from(name).unwrap(), value.parse().unwrap())).collect()
}

fn count(number: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(number)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_answer_has_the_headers_of_the_table() {
    let world = World::start(|listen| {
        listen.answer = Some(Period::milliseconds(300));
        listen.requests_burst = count(20);
        listen.requests_per_second = count(1);
    })
    .await;
    for (first, sent, expected) in [
        ("GET /healthz", "", 200),
        ("GET /readyz", "", 200),
        ("GET /metrics", "", 200),
        ("GET /page", "", 200),
        ("GET /nothing", "", 404),
        ("POST /healthz", "", 405),
        ("POST /echo", "Content-Length: 99999999\r\n", 413),
        ("POST /echo", "Sec-Fetch-Site: cross-site\r\n", 403),
        ("GET /slow", "", 503),
    ] {
        let answer = world.send(1, first, sent).await;
        assert_eq!(status(&answer), expected, "{first} {answer}");
        assert_eq!(headers::missing(&fields(&answer)), Vec::<&str>::new(), "{first} {answer}");
    }
    let page = fields(&world.send(1, "GET /page", "").await);
    assert_eq!(page["content-security-policy"], headers::PAGE_POLICY, "what the route has set does not stand");
    assert_eq!(
        (&page["x-frame-options"], &page["cache-control"]),
        (&"DENY".parse().unwrap(), &"no-store".parse().unwrap())
    );
    while status(&world.send(1, "GET /page", "").await) != 429 {}
    let answer = world.send(1, "GET /page", "").await;
    assert_eq!(headers::missing(&fields(&answer)), Vec::<&str>::new(), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_too_often_is_told_when_to_come_again() {
    let world = World::start(|listen| {
        listen.requests_burst = count(5);
        // So slow that the test cannot outlast it.
        listen.requests_per_second = count(1);
        listen.unlimited = &["/page"];
    })
    .await;
    let mut refused = Vec::new();
    for _ in 0..40 {
        let answer = world.send(1, "GET /nothing", "").await;
        if status(&answer) == 429 {
            refused.push(fields(&answer)["retry-after"].to_str().unwrap().parse::<u64>().unwrap());
        }
    }
    assert!(!refused.is_empty() && refused.iter().all(|wait| (1..=2).contains(wait)), "{refused:?}");
    assert_eq!(world.refused("rate"), refused.len() as u64);
    // Nobody else pays for it, and neither probes nor what is exempt are refused.
    assert_eq!(status(&world.send(2, "GET /nothing", "").await), 404);
    for _ in 0..20 {
        assert_eq!(status(&world.send(1, "GET /healthz", "").await), 200);
        assert_eq!(status(&world.send(1, "GET /page", "").await), 200);
    }
    // Credentials cost something to look at: only health is exempt with them.
    let mut refused = [0; 3];
    for _ in 0..40 {
        for (path, refused) in ["/healthz", "/readyz", "/page"].iter().zip(&mut refused) {
            let answer = world.send(1, &format!("GET {path}"), "Authorization: Bearer forged\r\n").await;
            *refused += u32::from(status(&answer) == 429);
        }
    }
    assert!(refused[0] == 0 && refused[1] > 0 && refused[2] > 0, "{refused:?}");
    // A stranger's word for whom it asks is not believed.
    let forged = "X-Forwarded-For: 198.51.100.7\r\n";
    let answers = [world.send(1, "GET /nothing", forged).await, world.send(1, "GET /nothing", forged).await];
    assert!(answers.iter().any(|answer| status(answer) == 429));
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_each_reader_is_one_client() {
    let world = World::start(|listen| {
        (listen.requests_burst, listen.requests_per_second) = (count(2), count(1));
        listen.proxies = vec![IpAddr::from([127, 0, 0, 1])];
        listen.client_header = Some("X-Forwarded-For".into());
        assert!(listen.check().is_ok());
    })
    .await;
    for reader in 1..30 {
        let answer = world.send(1, "GET /page", &format!("X-Forwarded-For: 9.9.9.9, 192.0.2.{reader}\r\n")).await;
        assert_eq!(status(&answer), 200, "reader {reader}");
    }
    let mut refused = 0;
    for _ in 0..30 {
        refused += u32::from(status(&world.send(1, "GET /page", "X-Forwarded-For: 192.0.2.77\r\n").await) == 429);
    }
    assert!(refused > 0, "one reader has one reader's share");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_its_length_and_its_number_of_fields() {
    let world = World::start(|_| {}).await;
    let many: String = (0..10_000).map(|number| format!("X-{number}: 1\r\n")).collect();
    assert_eq!(status(&world.send(1, "GET /page", &many).await), 431);
    let hundred: String = (0..101).map(|number| format!("X-{number}: 1\r\n")).collect();
    assert_eq!(status(&world.send(1, "GET /page", &hundred).await), 431);
    let long = format!("X-Long: {}\r\n", "x".repeat(10 << 20));
    assert_eq!(status(&world.send(1, "GET /page", &long).await), 431);
    let address = format!("GET /{}", "x".repeat(10 << 20));
    assert!([414, 431].contains(&status(&world.send(1, &address, "").await)));
    assert_eq!(status(&world.send(1, "GET /page", &format!("Cookie: {}\r\n", "x".repeat(16 << 10))).await), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_an_end_is_left_at_its_bound() {
    let world = World::start(|listen| listen.body_max = Some(Size::kib(64))).await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut request = b"POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..200 {
        request.extend_from_slice(chunk.as_bytes());
    }
    // To a route that reads it, and to one that does not.
    let answer = exchange(world.connect(1).await, &request).await;
    assert!(answer.is_empty() || status(&answer) == 413, "{answer}");
    let unread = String::from_utf8(request).unwrap().replacen("/echo", "/page", 1);
    exchange(world.connect(1).await, unread.as_bytes()).await;
    let answer = world.send(1, "POST /echo", "Content-Length: 65537\r\n").await;
    assert_eq!((status(&answer), world.refused("body")), (413, 1));
    let whole = format!("Content-Length: 65536\r\n\r\n{}", "x".repeat(65_536));
    assert_eq!(status(&world.send(1, "POST /echo", &whole).await), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_begins_in_time_or_is_given_up_and_a_stream_goes_on() {
    let short = Period::milliseconds(300);
    let world = World::start(|listen| listen.answer = Some(short)).await;
    let answer = world.send(1, "GET /slow", "").await;
    assert_eq!((status(&answer), world.refused("slow")), (503, 1));
    assert!(fields(&answer).contains_key("retry-after"));
    let mut stream = world.connect(1).await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    let (start, mut bytes) = (Instant::now(), vec![0; 64 << 10]);
    while start.elapsed() < 4 * short.0 {
        assert!(timeout(LONG, stream.read(&mut bytes)).await.unwrap().unwrap() > 0, "a stream that has begun was cut");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_not_spoken_so_that_a_connection_is_one_request() {
    let world = World::start(|_| {}).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    let answer = exchange(world.connect(1).await, preface).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    let upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
    assert_eq!(status(&world.send(1, "GET /page", upgrade).await), 200, "an upgrade is not taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_changes_nothing() {
    let world = World::start(|listen| listen.origins = vec!["https://tavla.region.test".into()]).await;
    for (sent, expected) in [
        ("Sec-Fetch-Site: cross-site\r\nOrigin: https://evil.test\r\n", 403),
        ("Origin: https://evil.test\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Sec-Fetch-Site: same-origin\r\n", 200),
        ("Origin: http://test\r\n", 200),
        ("Origin: https://tavla.region.test\r\n", 200),
        ("", 200),
    ] {
        assert_eq!(
            status(&world.send(1, "POST /echo", &format!("{sent}Content-Length: 0\r\n")).await),
            expected,
            "{sent}"
        );
        assert_eq!(status(&world.send(1, "GET /page", sent).await), 200, "reading is nobody's harm: {sent}");
    }
    assert_eq!(world.refused("foreign"), 3);
}

pub(crate) struct Identity {
    pub(crate) chain: String,
    pub(crate) key: String,
}

pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub(crate) fn issued(authority: &CertifiedIssuer<'_, KeyPair>, name: &str) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    Identity { chain: certificate.pem(), key: key.serialize_pem() }
}

/// The answer over TLS of a listener called `edge.test`; nothing when the handshake fails.
pub(crate) async fn ask_encrypted(
    address: SocketAddr,
    folder: &std::path::Path,
    client: Option<&Identity>,
    path: &str,
) -> Option<String> {
    let mut settings = tls::Client { ca: folder.join("ca.pem"), certificate: None, key: None };
    if let Some(identity) = client {
        fs::write(folder.join("client.pem"), &identity.chain).unwrap();
        fs::write(folder.join("client.key"), &identity.key).unwrap();
        settings.certificate = Some(folder.join("client.pem"));
        settings.key = Some(folder.join("client.key"));
    }
    let encryption = settings.encryption("edge.test").unwrap();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let stream = TlsConnector::from(Arc::clone(&encryption.config)).connect(encryption.name, stream).await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\n\r\n");
    Some(exchange(stream, request.as_bytes()).await).filter(|answer| !answer.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_with_a_certificate_speaks_tls_and_asks_for_the_client_s() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (authority(), authority());
    let server = issued(&ours, "edge.test");
    fs::write(folder.path().join("ca.pem"), ours.pem()).unwrap();
    fs::write(folder.path().join("clients.pem"), theirs.pem()).unwrap();
    fs::write(folder.path().join("edge.pem"), &server.chain).unwrap();
    fs::write(folder.path().join("edge.key"), &server.key).unwrap();
    let table = |client_ca| tls::Listener {
        certificate: folder.path().join("edge.pem"),
        key: folder.path().join("edge.key"),
        client_ca,
        client_optional: false,
    };
    let short = Period::seconds(3);
    let world = World::start(|listen| (listen.tls, listen.header) = (Some(table(None)), short)).await;
    let answer = ask_encrypted(world.server.address(), folder.path(), None, "/page").await.expect("an answer");
    assert_eq!((status(&answer), headers::missing(&fields(&answer))), (200, Vec::new()));
    // Plain text and silence are no handshake, and take no place for long.
    assert!(!world.send(1, "GET /page", "").await.starts_with("HTTP/1.1 200"));
    let mut silent = world.connect(1).await;
    timeout(LONG, silent.read_to_end(&mut Vec::new())).await.expect("it is left").unwrap_or_default();
    assert_eq!(world.turned("handshake"), 2);

    let clients = Some(folder.path().join("clients.pem"));
    let world = World::start(|listen: &mut Http| listen.tls = Some(table(clients))).await;
    let (known, stranger) = (issued(&theirs, "sender.test"), issued(&ours, "stranger.test"));
    let ask = async |client| ask_encrypted(world.server.address(), folder.path(), client, "/page").await;
    assert_eq!(status(&ask(Some(&known)).await.expect("an answer")), 200);
    assert!(ask(None).await.is_none() && ask(Some(&stranger)).await.is_none());
    let start = Instant::now();
    while world.turned("handshake") < 2 {
        assert!(start.elapsed() < LONG);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    let listen = || Http::at("127.0.0.1:0".parse().unwrap());
    let refused = |change: fn(&mut Http)| {
        let mut http = listen();
        change(&mut http);
        http.check().expect_err("refused").to_string()
    };
    assert!(listen().check().is_ok());
    assert!(refused(|http| http.proxies = vec![IpAddr::from([127, 0, 0, 1])]).contains("client_header"));
    assert!(refused(|http| http.client_header = Some("X-Forwarded-For".into())).contains("client_header"));
    assert!(refused(|http| http.origins = vec!["tavla.region.test".into()]).contains("origins"));
    assert!(refused(|http| http.origins = vec!["https://tavla.region.test/".into()]).contains("origins"));
    assert!(refused(|http| http.answer = Some(Period::milliseconds(1))).contains("answer"));
    let missing = |http: &mut Http| {
        http.tls = Some(tls::Listener {
            certificate: "/nowhere.pem".into(),
            key: "/nowhere.key".into(),
            client_ca: None,
            client_optional: false,
        });
    };
    assert!(refused(missing).contains("tls"));
}
