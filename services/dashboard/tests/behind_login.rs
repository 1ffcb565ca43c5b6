//! The whole program behind a real Keycloak and with an access log: nobody is answered without a role, each read of a ward and each
//! denial is one entry, and without an entry nothing is answered.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use access::expected::{CARE, OTHER, STATISTICS, expected};
use access::{Channel, Class, Principal, Question, Role};
use access_log::{Key, Keys, Line};
use dashboard::{asks, openapi};
use local_stack::{Browser, Keycloak, Process, agent, token};
use serde_json::Value;

use crate::edges::{filled, routes};
use crate::stand::{Stand, WARD, eventually};

/// The seed that checkpoints of the access log are signed with.
const SEED: &str = "0707070707070707070707070707070707070707070707070707070707070707";
/// Users of region 14: name, role, purpose of the commission.
const USERS: [(&str, Role, &str); 3] = [
    ("samordnare-14", Role::Coordinator, CARE),
    ("nationell-14", Role::NationalAnalyst, STATISTICS),
    ("drift-14", Role::Operator, OTHER),
];
/// Who asks while the program is killed.
const READERS: usize = 4;

/// A header by which somebody is known.
type Shown = (&'static str, String);

/// The program, with a ward and a patient in each of two regions.
struct Site {
    keycloak: Keycloak,
    stand: Stand,
    running: Process,
}

impl Site {
    fn start() -> Self {
        let keycloak = Keycloak::start().expect("Keycloak starts");
        let mut stand = Stand::of(&["14", "01"]);
        for region in 0..2 {
            stand.within(region, |stand| {
                stand.declare(4);
                stand.admit();
            });
        }
        let [log, seed] = ["access", "seed"].map(|name| stand.folder.path().join(name));
        fs::create_dir(&log).unwrap();
        fs::write(&seed, SEED).unwrap();
        let login = keycloak.login_settings(&stand.url());
        stand.more = format!("[access_log]\nfolder = {log:?}\nkey = {{ file = {seed:?} }}\n{login}");
        let running = stand.dashboard();
        let site = Self { keycloak, stand, running };
        site.wait();
        site
    }

    /// Waits for the provider, and for the wards of both regions.
    fn wait(&self) {
        let url = format!("{}/api/v1/regions", self.stand.url());
        eventually("the provider is known", || (agent().get(&url).call().ok()?.status() == 401).then_some(()));
        let national = self.log_in("nationell-14");
        for region in &self.stand.regions {
            let path = format!("/api/v1/regions/{region}/units/AVD1");
            eventually("the ward is on the board", || {
                let answer: Value = serde_json::from_str(&self.ask(&path, Some(&national)).1).ok()?;
                (answer["unit"]["now"]["belagda"] == 1).then_some(())
            });
        }
    }

    fn log_in(&self, user: &str) -> Shown {
        let mut browser = Browser::default();
        browser.log_in(&format!("{}/sv/definitioner", self.stand.url()), user).unwrap();
        ("cookie", format!("vardstrom={}", browser.cookies["vardstrom"]))
    }

    fn program(&self, client: &str, secret: &str) -> Shown {
        let token = token(&agent(), &self.keycloak.issuer(), client, secret).unwrap();
        ("authorization", format!("Bearer {token}"))
    }

    /// Status and text; no text of a stream, which does not end.
    fn ask(&self, path: &str, shown: Option<&Shown>) -> (u16, String) {
        let mut request = agent().get(format!("{}{path}", self.stand.url()));
        if let Some((name, value)) = shown {
            request = request.header(*name, value);
        }
        let mut answer = request.call().unwrap();
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_endless = kind.starts_with("text/event-stream");
        let text = if is_endless { String::new() } else { answer.body_mut().read_to_string().unwrap() };
        (answer.status().as_u16(), text)
    }

    /// What the access log has, in the order of regions and then of time; it verifies.
    fn entries(&self) -> Vec<Line> {
        let keys = Keys { log: vec![Key::parse(SEED).unwrap().public()], witnesses: Vec::new() };
        access_log::entries(&self.stand.folder.path().join("access/dashboard"), &keys).unwrap()
    }

    /// What comes into the log while something is done.
    fn entered<T>(&self, done: impl FnOnce() -> T) -> (T, Vec<Line>) {
        let before = self.entries();
        let made = done();
        let mut lines = self.entries();
        lines.retain(|line| !before.contains(line));
        (made, lines)
    }

    /// That an address is answered so, and that the log has just this one entry more: region, result, user, role, what. Gives the
    /// text, and the entry's ground.
    #[track_caller]
    fn one(&self, path: &str, shown: Option<&Shown>, status: u16, entry: [&str; 5]) -> (String, String) {
        let ((found, text), lines) = self.entered(|| self.ask(path, shown));
        assert_eq!((found, lines.len()), (status, 1), "{path}: {lines:?}");
        let Line { region, result, user, role, resource, ground, .. } = &lines[0];
        assert_eq!(
            [&*region.to_string(), &*result.to_string(), user.as_str(), role.as_str(), resource.as_str()],
            entry
        );
        (text, ground.clone())
    }
}

#[test]
fn nobody_is_answered_without_a_role_and_nothing_without_its_entry() {
    let mut site = Site::start();
    denials_and_reads(&site);
    every_address(&site);
    killed(&mut site);
    unwritable(&site);
}

fn denials_and_reads(site: &Site) {
    let ward = |text: &str| text.contains(WARD.name) || text.contains("AVD1");
    let (own, other) = ("/api/v1/units?region=14", "/api/v1/units?region=01");
    let strange = ["00", "denied", "unknown", "stranger", "call beds of 14"];
    let (text, _) = site.one(own, None, 401, strange);
    assert!(!ward(&text), "{text}");

    let program = site.program("analys-14", "analys-secret");
    let [user, role] = ["program analys-14", "region-analyst"];
    let (text, _) = site.one(own, Some(&program), 200, ["14", "allowed", user, role, "/api/v1/units"]);
    assert!(ward(&text), "{text}");
    let (text, _) = site.one(other, Some(&program), 403, ["01", "denied", user, role, "/api/v1/units"]);
    assert!(!ward(&text), "{text}");

    // It holds for two seconds.
    let scraper = site.program("prometheus", "prometheus-secret");
    assert_eq!(site.ask("/metrics", Some(&scraper)).0, 200);
    eventually("the token expires", || (site.ask("/metrics", Some(&scraper)).0 == 401).then_some(()));
    let (text, ground) = site.one(own, Some(&scraper), 401, strange);
    assert!(!ward(&text) && ground.contains("expired"), "{ground}");

    let coordinator = site.log_in("samordnare-14");
    let [user, role] = [site.keycloak.employee("samordnare-14").unwrap(), "coordinator"];
    let page = "/sv/region/14";
    let (text, ground) = site.one(page, Some(&coordinator), 200, ["14", "allowed", user, role, page]);
    assert!(ward(&text) && ground.starts_with(CARE), "{ground}");
    let page = "/sv/region/01";
    let (text, _) = site.one(page, Some(&coordinator), 403, ["01", "denied", user, role, page]);
    assert!(!ward(&text), "{text}");
}

/// Every address that the program has a route for: who may see it is answered, nobody else is, and each denial and each read of wards or
/// events is one entry.
fn every_address(site: &Site) {
    let mut paths: Vec<String> = routes().iter().map(|(path, _)| filled(path)).collect();
    let described: Value = serde_json::from_str(openapi::OPENAPI).unwrap();
    for path in described["paths"].as_object().unwrap().keys().map(|path| filled(path)) {
        assert!(paths.contains(&path), "{path} is described and has no route");
    }
    paths.extend(["/sv", "/sv/region/01", "/sv/nothing", "/metrics", "/readyz"].map(str::to_owned));

    let (status, lines) = site.entered(|| site.ask("/healthz", None).0);
    assert_eq!((status, lines.len()), (200, 0), "who lives tells nobody anything");
    // Whoever comes with a browser is led to the login, and is denied nothing yet.
    let (_, lines) = site.entered(|| {
        for path in &paths {
            let page = Browser::default().step(&format!("{}{path}", site.stand.url()), None).unwrap();
            let to = page.location.unwrap_or_default();
            assert!(page.status == 303 && to.starts_with(&site.keycloak.issuer()), "{path}: {} {to}", page.status);
        }
    });
    assert_eq!(lines.len(), 0);

    let nobody = site.program("utan-roll", "utan-secret");
    let mut askers = vec![("a stranger", None, None, 401), ("utan-roll", Some(nobody), None, 403)];
    for (user, role, purpose) in USERS {
        let region = Some(site.stand.regions[0]);
        let principal = Principal { role, region, purpose: purpose.into(), assurance: 3 };
        askers.push((user, Some(site.log_in(user)), Some(principal), 403));
    }
    for (who, shown, principal, refusal) in askers {
        let (answers, lines) =
            site.entered(|| -> Vec<_> { paths.iter().map(|path| site.ask(path, shown.as_ref())).collect() });
        let (mut denied, mut read) = (0, 0);
        for (path, (status, text)) in paths.iter().zip(answers) {
            let asked = asks::asked(&path.parse().unwrap());
            let may = principal.clone().zip(asked).is_some_and(|(principal, asked)| {
                let (action, part) = (asked.action, asked.part);
                expected(&Question { principal, action, part, channel: Channel::Session })
            });
            assert_eq!(status == refusal, !may, "{who} asks for {path}: {status}");
            assert!(may || !text.contains(WARD.name), "{who} asks for {path}: {text}");
            let is_unpublished =
                asked.is_some_and(|asked| matches!(asked.part.dataset.class(), Class::Unit | Class::Event));
            denied += usize::from(!may);
            read += usize::from(status == 200 && is_unpublished);
        }
        println!("{who}: {denied} of {} addresses denied, {read} reads of wards and events", paths.len());
        assert_eq!(lines.len(), denied + read, "{who}");
    }
}

/// Whatever was answered before a `kill -9` is in the log, and stays there.
fn killed(site: &mut Site) {
    let (name, value) = site.program("analys-14", "analys-secret");
    let url = format!("{}/api/v1/units?region=14", site.stand.url());
    let (before, told) = (site.entries(), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                let agent = agent();
                while let Ok(mut answer) = agent.get(&url).header(name, &value).call() {
                    let is_told = answer.status() == 200 && answer.body_mut().read_to_string().is_ok();
                    told.fetch_add(usize::from(is_told), Ordering::Relaxed);
                }
            });
        }
        thread::sleep(Duration::from_millis(500));
        site.running.kill().unwrap();
    });
    let (after, told) = (site.entries(), told.into_inner());
    let entered = after.len() - before.len();
    println!("killed after {told} answers, with {entered} entries");
    assert!(told > 0 && (told..=told + READERS).contains(&entered), "{told} answers, {entered} entries");
    site.running = site.stand.dashboard();
    site.wait();
    let again = site.entries();
    for line in before.iter().chain(&after) {
        assert!(again.contains(line), "{line:?} is gone");
    }
}

/// While the log cannot be written, whoever asks for a ward is told that and nothing else; it goes on by itself.
fn unwritable(site: &Site) {
    let coordinator = site.log_in("samordnare-14");
    let [place, away] = ["access/dashboard", "access/away"].map(|name| site.stand.folder.path().join(name));
    fs::rename(&place, &away).unwrap();
    let asked =
        ["/sv/region/14", "/sv/region/14?form=csv", "/sv/region/01", "/strom/sv/region/14", "/api/v1/units?region=14"];
    let answers = asked.map(|path| (path, site.ask(path, Some(&coordinator))));
    let stranger = ("a stranger", site.ask("/api/v1/units?region=14", None));
    for (what, (status, text)) in answers.into_iter().chain([stranger]) {
        assert!(status == 503 && text.contains("the access log cannot be written"), "{what}: {status} {text}");
        assert!(!text.contains(WARD.name) && !text.contains("AVD1"), "{what}: {text}");
    }
    assert_eq!(site.ask("/sv/definitioner", Some(&coordinator)).0, 200, "what is everybody's is no secret");
    fs::rename(&away, &place).unwrap();
    eventually("it goes on", || {
        let (status, text) = site.ask("/sv/region/14", Some(&coordinator));
        (status == 200 && text.contains(WARD.name)).then_some(())
    });
    eventually("it says how many were not", || {
        let is_said = |line: &Line| line.resource.contains("requests without an answer");
        site.entries().iter().any(is_said).then_some(())
    });
}
