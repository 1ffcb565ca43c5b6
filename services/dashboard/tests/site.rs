//! A dashboard's server in this process, on a free port, with a state and a clock of the test's choosing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use board::age::Limits;
use board::hiding::Rules;
use board::live::Live;
use dashboard::config::Stream;
use dashboard::hub::{Bounds, Hub};
use dashboard::metrics::Metrics;
use dashboard::{server, service};
use runtime::config::Http;
use runtime::health::Health;
use runtime::http;
use runtime::metrics::Registry;
use runtime::shutdown::Shutdown;
use schemas::Timestamp;

/// A running server; it ends with the value.
pub(crate) struct Site {
    pub hub: Arc<Hub>,
    pub address: SocketAddr,
    clock: Arc<AtomicI64>,
    shutdown: Shutdown,
    runtime: Option<tokio::runtime::Runtime>,
}

/// What differs between tests.
pub(crate) struct Setup {
    pub live: Live,
    pub now: Timestamp,
    pub rules: Rules,
    pub bounds: Bounds,
}

impl Setup {
    pub(crate) fn of(live: Live, now: Timestamp) -> Self {
        Self { live, now, rules: Rules::default(), bounds: Bounds { clients_max: 50, topics_max: 50 } }
    }
}

impl Site {
    pub(crate) fn start(setup: Setup) -> Self {
        Self::start_behind(|routes| routes, setup)
    }

    /// The same with something before its routes.
    pub(crate) fn start_behind(before: impl FnOnce(Router) -> Router, setup: Setup) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let clock = Arc::new(AtomicI64::new(setup.now.0));
        let told = clock.clone();
        let registry = Registry::new();
        let metrics = Metrics::register(&registry, "dashboard").unwrap();
        let hub = Arc::new(Hub::new(
            setup.live,
            Arc::new(move || Timestamp(told.load(Ordering::Relaxed))),
            Limits::default(),
            setup.rules,
            setup.bounds,
            metrics,
        ));
        hub.turn();
        let shutdown = Shutdown::manual();
        let routes = server::router(hub.clone());
        let stream = Stream { clients_max: setup.bounds.clients_max, topics_max: setup.bounds.topics_max };
        let mut listen = stream.housed(Http::at("127.0.0.1:0".parse().unwrap()));
        // All readers of a test have the address of this machine, as behind a proxy.
        listen.connections_per_address = listen.connections;
        let server = runtime
            .block_on(http::serve_behind(before, &listen, registry, Health::new(&[]), routes, shutdown.clone()))
            .unwrap();
        runtime.spawn(service::turn(hub.clone(), Health::new(&[]), shutdown.clone()));
        Self { hub, address: server.address(), clock, shutdown, runtime: Some(runtime) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn set_clock(&self, now: Timestamp) {
        self.clock.store(now.0, Ordering::Relaxed);
    }

    /// Status and body of an address.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut response = agent.get(format!("{}{path}", self.url())).call().unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shutdown.request();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
