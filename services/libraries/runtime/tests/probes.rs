//! Readiness and metrics of a service without a login, where other machines reach its port.

use std::fs;

use axum::Router;
use runtime::config::{Http, Probes};
use runtime::health::Health;
use runtime::http;
use runtime::metrics::Registry;
use runtime::shutdown::Shutdown;

use crate::edges::{ask_encrypted, authority, issued, status};
use crate::strangers::World;

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_read_by_who_shows_a_certificate_for_one_of_the_names() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (authority(), authority());
    let server = issued(&ours, "edge.test");
    for (name, text) in
        [("ca.pem", ours.pem()), ("clients.pem", theirs.pem()), ("edge.pem", server.chain), ("edge.key", server.key)]
    {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let tls = |client_optional| tls::Listener {
        certificate: folder.path().join("edge.pem"),
        key: folder.path().join("edge.key"),
        client_ca: Some(folder.path().join("clients.pem")),
        client_optional,
    };
    let probes = || Some(Probes { names: vec!["prometheus.test".into()], none: None });
    let world = World::start(|listen| {
        (listen.tls, listen.probes) = (Some(tls(true)), probes());
        (listen.connections, listen.connections_per_address) = (None, None);
    })
    .await;
    let (scraper, other) = (issued(&theirs, "prometheus.test"), issued(&theirs, "sender.test"));
    let self_made = issued(&ours, "prometheus.test");
    let ask = async |client, path| ask_encrypted(world.server.address(), folder.path(), client, path).await;
    for path in ["/metrics", "/readyz"] {
        assert_eq!(status(&ask(Some(&scraper), path).await.unwrap()), 200, "{path}");
        assert_eq!(status(&ask(Some(&other), path).await.unwrap()), 403, "{path}");
        assert_eq!(status(&ask(None, path).await.unwrap()), 403, "{path}");
        // Of an authority that is not asked for: the name in it counts for nothing.
        assert!(ask(Some(&self_made), path).await.is_none(), "{path}");
    }
    assert_eq!(world.refused("probe"), 4);
    // Whether the process lives, and the service's own routes, are another matter.
    for path in ["/healthz", "/page"] {
        assert_eq!(status(&ask(None, path).await.unwrap()), 200, "{path}");
    }
    // Where certificates are demanded, nobody gets as far without one.
    let world = World::start(|listen| (listen.tls, listen.probes) = (Some(tls(false)), probes())).await;
    let ask = async |client, path| ask_encrypted(world.server.address(), folder.path(), client, path).await;
    assert!(ask(None, "/healthz").await.is_none());
    assert_eq!(status(&ask(Some(&other), "/healthz").await.unwrap()), 200);
    assert_eq!(status(&ask(Some(&other), "/metrics").await.unwrap()), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_others_reach_is_not_taken_until_somebody_says_who_reads() {
    let listen = Http::at("0.0.0.0:0".parse().unwrap());
    let (registry, shutdown) = (Registry::new(), Shutdown::manual());
    let refused = http::serve(&listen, registry, Health::new(&[]), Router::new(), shutdown).await.unwrap_err();
    assert!(matches!(&refused, http::Error::Probes(fault) if fault.to_string().contains("/metrics")), "{refused:?}");
}
