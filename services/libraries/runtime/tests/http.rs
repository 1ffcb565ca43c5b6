//! Health, readiness and metrics over a real socket.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use axum::Router;
use axum::routing::get;
use runtime::health::Health;
use runtime::metrics::Registry;
use runtime::shutdown::Shutdown;
use runtime::{config, http, relay};

fn ask(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn health_readiness_and_metrics_are_served_until_shutdown() {
    let (registry, health, shutdown) = (Registry::new(), Health::new(&["kafka", "store"]), Shutdown::manual());
    let metrics = relay::Metrics::register(&registry, "test").unwrap();
    metrics.commits.inc_by(3);
    let own = Router::new().route("/api/v1/thing", get(|| async { "own" }));
    let listen = config::Http::at("127.0.0.1:0".parse().unwrap());
    let server = http::serve(&listen, registry, health.clone(), own, shutdown.clone()).await.unwrap();
    let address = server.address();
    let asked = tokio::task::spawn_blocking(move || {
        assert_eq!(ask(address, "/healthz"), (200, "ok\n".to_owned()));
        assert_eq!(ask(address, "/api/v1/thing"), (200, "own".to_owned()));
        assert_eq!(ask(address, "/nothing").0, 404);

        let (status, body) = ask(address, "/readyz");
        assert_eq!(status, 503);
        assert!(body.contains("\"component\":\"kafka\"") && body.contains("\"reason\":\"starting\""), "{body}");
        health.set_ready("kafka", true, "connected");
        health.set_ready("store", false, "PostgreSQL does not answer");
        assert_eq!(ask(address, "/readyz").0, 503);
        health.set_ready("store", true, "connected");
        assert_eq!(ask(address, "/readyz").0, 200);

        let (status, body) = ask(address, "/metrics");
        assert_eq!(status, 200);
        assert!(body.contains("vardstrom_test_commits_total 3"), "{body}");
    });
    asked.await.unwrap();

    let taken = config::Http::at(address);
    let error = http::serve(&taken, Registry::new(), Health::new(&[]), Router::new(), shutdown.clone()).await;
    assert!(error.unwrap_err().to_string().contains(&address.to_string()));

    shutdown.request();
    server.stopped().await;
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn every_metric_of_the_relay_has_a_help_text() {
    let registry = Registry::new();
    let metrics = relay::Metrics::register(&registry, "test").unwrap();
    metrics.records.of(&["t", "0", "mapped"]);
    metrics.events.of(&["t", "0"]);
    metrics.lag.of(&["t", "0"]);
    metrics.gone.of(&["t", "0"]);
    let families = registry.gather();
    assert_eq!(families.len(), 10);
    for family in families {
        assert!(family.name().starts_with("vardstrom_test_"), "{}", family.name());
        assert!(family.help().len() > 10, "{} has no help text", family.name());
    }
}
