//! What a peer that means no good, or is broken, can take of an HTTP listener: never another's place for long.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::routing::{get, post};
use runtime::config::{Http, Period};
use runtime::health::Health;
use runtime::http::{self, Server};
use runtime::metrics::{self, Registry};
use runtime::shutdown::Shutdown;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Nothing here takes this long unless it hangs.
pub(crate) const LONG: Duration = Duration::from_secs(30);
const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";

pub(crate) struct World {
    pub(crate) server: Server,
    registry: Registry,
    _shutdown: Shutdown,
}

impl World {
    pub(crate) async fn start(change: impl FnOnce(&mut Http)) -> Self {
        let mut listen = Http::at("127.0.0.1:0".parse().unwrap());
        (listen.connections, listen.connections_per_address) = (Some(12), Some(4));
        change(&mut listen);
        let (registry, shutdown) = (Registry::new(), Shutdown::manual());
        let own = Router::new()
            .route("/echo", post(|body: Bytes| async { body }))
            .route("/endless", get(|| async { Body::from_stream(Endless) }))
            .route(
                "/page",
                get(|| async { ([(header::CONTENT_TYPE, "text/html"), (header::X_FRAME_OPTIONS, "ALLOW")], "<p>") }),
            )
            .route("/slow", get(|| async { tokio::time::sleep(Duration::from_millis(1500)).await }));
        let server = http::serve(&listen, registry.clone(), Health::new(&[]), own, shutdown.clone()).await.unwrap();
        Self { server, registry, _shutdown: shutdown }
    }

    /// A connection from 127.0.0.`host`.
    pub(crate) async fn connect(&self, host: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, host), 0))).unwrap();
        timeout(LONG, socket.connect(self.server.address())).await.unwrap().unwrap()
    }

    /// Asks over a new connection until there is an answer: one may come in the moment in which a place changes hands.
    async fn probe(&self, host: u8) {
        let start = Instant::now();
        while !ask(&mut self.connect(host).await).await.starts_with("HTTP/1.1 200") {
            assert!(start.elapsed() < LONG, "a probe is served");
        }
    }

    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = metrics::text(&self.registry).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no metric {name} in\n{text}")).parse().unwrap()
    }

    pub(crate) fn turned(&self, reason: &str) -> u64 {
        self.metric(&format!("vardstrom_http_connections_turned_total{{listener=\"http\",reason=\"{reason}\"}}"))
    }

    async fn wait_open(&self, open: u64) {
        let start = Instant::now();
        while self.metric("vardstrom_http_connections{listener=\"http\"}") != open {
            assert!(start.elapsed() < LONG, "{}", self.metric("vardstrom_http_connections{listener=\"http\"}"));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A body that is always ready with more.
struct Endless;

impl futures_util::Stream for Endless {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(Some(Ok(Bytes::from_static(&[b'x'; 4096]))))
    }
}

async fn ask(stream: &mut TcpStream) -> String {
    // A connection that was refused fails here or at the read.
    let _ = stream.write_all(REQUEST).await;
    let mut answer = vec![0; 4096];
    let read = timeout(LONG, stream.read(&mut answer)).await.expect("an answer or an end").unwrap_or_default();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(LONG, stream.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_of_strangers_shut_nobody_out() {
    let world = World::start(|_| {}).await;
    let mut honest = world.connect(1).await;
    assert!(ask(&mut honest).await.starts_with("HTTP/1.1 200"));
    // One stranger with more than there are places, then more strangers than there are places for their shares.
    let mut idle = Vec::new();
    for host in [2, 3, 4, 5] {
        for _ in 0..50 {
            idle.push(world.connect(host).await);
        }
        world.probe(1).await;
    }
    assert!(ask(&mut honest).await.starts_with("HTTP/1.1 200"), "who was there before stays");
    assert!(world.metric("vardstrom_http_connections{listener=\"http\"}") <= 12 + 16);
    assert!(world.turned("replaced") + world.turned("full") + world.turned("address-full") > 100);
    // A load balancer's probes come from one address, many and short, and each is answered.
    for _ in 0..100 {
        world.probe(1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_under_way_keep_their_places_and_the_rest_is_refused_and_counted() {
    let world = World::start(|_| {}).await;
    let mut busy = Vec::new();
    for _ in 0..4 {
        let mut stream = world.connect(2).await;
        stream.write_all(b"GET /slow HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
        busy.push(stream);
    }
    world.wait_open(4).await;
    // The requests must have been read before the fifth comes.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(ask(&mut world.connect(2).await).await, "", "its share is taken");
    assert_eq!(world.turned("address-full"), 1);
    assert!(ask(&mut world.connect(1).await).await.starts_with("HTTP/1.1 200"));
    for stream in &mut busy {
        let mut answer = [0; 12];
        timeout(LONG, stream.read_exact(&mut answer)).await.unwrap().unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_a_body_and_the_next_request_have_their_times() {
    let short = Period::milliseconds(300);
    let world = World::start(|listen| (listen.header, listen.idle) = (short, short)).await;
    // Nothing at all; a head that never ends, however it drips; a request and then nothing.
    let mut silent = world.connect(1).await;
    assert!(is_closed(&mut silent).await);
    let mut dripping = world.connect(1).await;
    let start = Instant::now();
    while dripping.write_all(b"x").await.is_ok() {
        assert!(start.elapsed() < LONG, "a head that drips is read for ever");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(world.turned("header"), 2);
    let mut used = world.connect(1).await;
    assert!(ask(&mut used).await.starts_with("HTTP/1.1 200"));
    assert!(is_closed(&mut used).await);
    assert_eq!(world.turned("idle"), 1);
    // A body that never comes.
    let mut promised = world.connect(1).await;
    promised.write_all(b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n1234").await.unwrap();
    let mut answer = String::new();
    timeout(LONG, promised.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    // An answer that takes longer than both to make is not cut.
    let mut slow = world.connect(1).await;
    slow.write_all(b"GET /slow HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    let mut answer = [0; 12];
    timeout(LONG, slow.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_nothing_of_its_answer_is_left_and_one_that_reads_is_not() {
    let world = World::start(|listen| listen.idle = Period::milliseconds(300)).await;
    let request = b"GET /endless HTTP/1.1\r\nHost: test\r\n\r\n";
    let mut reading = world.connect(1).await;
    reading.write_all(request).await.unwrap();
    let mut stuck = world.connect(1).await;
    stuck.write_all(request).await.unwrap();
    world.wait_open(2).await;
    let mut bytes = vec![0; 64 << 10];
    let start = Instant::now();
    while world.metric("vardstrom_http_connections{listener=\"http\"}") != 1 {
        assert!(start.elapsed() < LONG, "a peer that reads nothing keeps its place");
        assert!(timeout(LONG, reading.read(&mut bytes)).await.unwrap().unwrap() > 0);
    }
    assert!(timeout(LONG, reading.read(&mut bytes)).await.unwrap().unwrap() > 0, "who reads is served on");
}
