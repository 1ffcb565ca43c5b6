//! One Keycloak for all tests, and a small service behind its login for each.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use access::{Action, Dataset, Part};
use access_log::{Key, Keys, Line};
use axum::Router;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::{StreamExt, stream};
use local_stack::{Keycloak, agent, free_port};
use login::{Asked, Login, Settings, Site, Standing};
use runtime::config::{Check, Http};
use runtime::health::Health;
use runtime::http;
use runtime::metrics::Registry;
use runtime::shutdown::Shutdown;
use tempfile::TempDir;
use topics::Region;

/// Who stops it for a while holds it for writing.
pub(crate) static KEYCLOAK: LazyLock<RwLock<Keycloak>> =
    LazyLock::new(|| RwLock::new(Keycloak::start().expect("Keycloak starts")));

pub(crate) fn keycloak() -> RwLockReadGuard<'static, Keycloak> {
    KEYCLOAK.read().unwrap_or_else(PoisonError::into_inner)
}

#[derive(serde::Deserialize)]
struct File {
    login: Settings,
}

/// The seed that checkpoints of a stand's access log are signed with.
const SEED: &str = "0707070707070707070707070707070707070707070707070707070707070707";
/// The name of the stand, and of its log's folder.
const SERVICE: &str = "stand";

/// A service behind a login; it ends with the value.
pub(crate) struct Stand {
    pub(crate) url: String,
    /// Where its access log is, which is about everything.
    pub(crate) log: TempDir,
    shutdown: Shutdown,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Stand {
    /// Behind the shared Keycloak, and ready.
    pub(crate) fn start(keycloak: &Keycloak) -> Self {
        let stand = Self::before(keycloak, &keycloak.issuer());
        eventually("the provider is known", || (stand.status("/api/14") == 401).then_some(()));
        stand
    }

    /// Behind whatever is at this address, with the settings for the realm.
    pub(crate) fn before(keycloak: &Keycloak, issuer: &str) -> Self {
        let at = Http::at(format!("127.0.0.1:{}", free_port().unwrap()).parse().unwrap());
        let url = format!("http://{}", at.listen);
        let text = keycloak.login_settings(&url).replace(&keycloak.issuer(), issuer);
        Self::at(&at, url, &text)
    }

    /// At a port, with the settings of this text; it is reached under this address.
    pub(crate) fn at(at: &Http, url: String, settings: &str) -> Self {
        let File { login: settings } = toml::from_str(settings).unwrap();
        settings.check().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (registry, shutdown) = (Registry::new(), Shutdown::manual());
        let log = TempDir::new().unwrap();
        let table = format!("folder = {:?}\nkey = {{ file = {:?} }}\n", log.path(), log.path().join("seed"));
        std::fs::write(log.path().join("seed"), SEED).unwrap();
        let opened = toml::from_str::<access_log::Settings>(&table).unwrap().open(SERVICE).unwrap();
        let site = Site { service: SERVICE, asks, home };
        let login = Login::open(Some(&settings), Some(Arc::new(opened)), site, &registry).unwrap();
        let health = Health::new(login.components());
        let mut at = at.clone();
        // Whoever comes is this machine.
        (at.connections, at.connections_per_address) = (Some(256), Some(256));
        at.requests_burst = NonZeroU32::new(10_000);
        let before = |routes| login.around(routes);
        runtime
            .block_on(http::serve_behind(before, &at, registry, health.clone(), routes(), shutdown.clone()))
            .unwrap();
        runtime.spawn(login.keep(health, shutdown.clone()));
        Self { url, log, shutdown, runtime: Some(runtime) }
    }

    /// What its access log has, in the order of regions and then of time; it verifies.
    pub(crate) fn entries(&self) -> Vec<Line> {
        let keys = Keys { log: vec![Key::parse(SEED).unwrap().public()], witnesses: Vec::new() };
        access_log::entries(&self.log.path().join(SERVICE), &keys).unwrap()
    }

    /// What comes into the log while something is done, in the order of regions and then of time.
    pub(crate) fn entered<T>(&self, done: impl FnOnce() -> T) -> (T, Vec<Line>) {
        let before: BTreeSet<_> = self.entries().iter().map(|line| (line.region, line.entry)).collect();
        let made = done();
        let mut lines = self.entries();
        lines.retain(|line| !before.contains(&(line.region, line.entry)));
        (made, lines)
    }

    /// The status for a program that shows nothing.
    pub(crate) fn status(&self, path: &str) -> u16 {
        agent().get(format!("{}{path}", self.url)).call().unwrap().status().as_u16()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.shutdown.request();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn asks(request: &Parts) -> Option<Asked> {
    let path = request.uri.path();
    let asked = |action, dataset, region: Option<&str>| {
        let region = region.map(str::parse).transpose().ok()?;
        Some(Asked { action, part: Part { dataset, region } })
    };
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    Site::probes(path).or_else(|| match segments.as_slice() {
        [""] => asked(Action::Read, Dataset::About, None),
        ["sv"] => asked(Action::Read, Dataset::Beds, None),
        ["sv", "region", region] | ["strom", region] => asked(Action::Read, Dataset::Beds, Some(region)),
        ["sv", "vantetider"] => asked(Action::Read, Dataset::Waiting, None),
        ["sv", "datakvalitet", region] => asked(Action::Read, Dataset::Quality, Some(region)),
        ["sv", "drift"] => asked(Action::Read, Dataset::Operations, None),
        ["api", region] => asked(Action::Call, Dataset::Beds, Some(region)),
        _ => None,
    })
}

fn home(region: Region) -> String {
    format!("/sv/region/{region}")
}

fn routes() -> Router {
    let page = || async {
        match login::standing() {
            Some(Standing::In(role, region)) => format!("{} {}", role.name(), region.map_or("-", Region::code)),
            other => format!("{other:?}"),
        }
    };
    let ticking = || async {
        let ticks = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Some((Ok::<_, std::convert::Infallible>("data: tick\n\n"), ()))
        });
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(ticks.boxed())).into_response()
    };
    Router::new()
        .route("/", get(page))
        .route("/sv", get(page))
        .route("/sv/region/{region}", get(page))
        .route("/sv/vantetider", get(page))
        .route("/sv/datakvalitet/{region}", get(page))
        .route("/sv/drift", get(page))
        .route("/sv/forgotten", get(page))
        .route("/api/{region}", get(page))
        .route("/strom/{region}", get(ticking))
        .fallback(|| async { StatusCode::NOT_FOUND })
}

/// Asks again until there is an answer; a bound for a machine that has much else to do, not a promise.
pub(crate) fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(180);
    while Instant::now() < deadline {
        if let Some(found) = found() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!("waited in vain: {what}");
}
