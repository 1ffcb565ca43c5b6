//! The access log: each read of what is not published and each denial is one entry, and without it nothing is answered.

use std::fs;
use std::io::{BufRead, BufReader};
use std::time::Duration;

use access_log::{Line, Outcome};
use local_stack::agent;

use crate::browser::Browser;
use crate::stand::{Stand, eventually, keycloak};
use crate::tokens::{ask, token};

/// What an entry says of who, what and why; the version of the policies left out.
fn told(line: &Line) -> [String; 7] {
    let ground = line.ground.split(", version").next().unwrap_or_default();
    let texts = [&line.user, &line.role, &line.dataset, &line.resource, ground].map(ToString::to_string);
    let [user, role, dataset, resource, ground] = texts;
    [line.region.to_string(), format!("{} {}", line.action, line.result), user, role, dataset, resource, ground]
}

/// That something is answered so, and that the log has just this one entry more.
#[track_caller]
fn one(stand: &Stand, expected: u16, entry: [&str; 7], asked: impl FnOnce() -> u16) -> Line {
    let (status, mut lines) = stand.entered(asked);
    assert_eq!((status, lines.len()), (expected, 1), "{:?}", lines.iter().map(told).collect::<Vec<_>>());
    let line = lines.remove(0);
    assert_eq!(told(&line), entry);
    line
}

#[track_caller]
fn none(stand: &Stand, expected: u16, asked: impl FnOnce() -> u16) {
    let (status, lines) = stand.entered(asked);
    assert_eq!((status, lines.len()), (expected, 0), "{:?}", lines.iter().map(told).collect::<Vec<_>>());
}

#[test]
fn each_denial_is_one_entry_that_says_who_what_and_why() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let begun = stand.entries();
    let [region, what, .., resource, _] = told(&begun[0]);
    assert_eq!((&*region, &*what), ("00", "change policy policy changed"));
    let version = resource.strip_prefix("policies, version ").and_then(|rest| rest.split(';').next()).unwrap();
    // Without a token, and with one that does not hold.
    let stranger = |why| ["00", "read denied", "unknown", "stranger", "beds", "call beds of 14", why];
    let nothing = stranger("none: nothing was shown that holds");
    one(&stand, 401, nothing, || stand.status("/api/14"));
    one(&stand, 401, stranger("none: it is no JSON web token"), || ask(&stand, "/api/14", "Bearer abc").0);
    let nowhere = ["00", "read denied", "unknown", "stranger", "none", "an address that is not known"];
    let [a, b, c, d, e, f] = nowhere;
    one(&stand, 401, [a, b, c, d, e, f, nothing[6]], || stand.status("/patient/191212121212"));
    let scraper = format!("Bearer {}", token(&keycloak, "prometheus", "prometheus-secret"));
    let denied = |region, user, role, path, why| [region, "read denied", user, role, "beds", path, why];
    let why = "no purpose; allowed by no policy";
    one(&stand, 403, denied("14", "program prometheus", "operator", "/api/14", why), || {
        ask(&stand, "/api/14", &scraper).0
    });
    eventually("the token expires", || (ask(&stand, "/metrics", &scraper).0 == 401).then_some(()));
    let (status, lines) = stand.entered(|| ask(&stand, "/api/14", &scraper).0);
    assert_eq!((status, lines.len()), (401, 1));
    let [.., user, _, _, _, ground] = told(&lines[0]);
    assert!(user == "unknown" && ground.contains("expired"), "{user}: {ground}");
    // Another region's; nobody here.
    let program = format!("Bearer {}", token(&keycloak, "analys-14", "analys-secret"));
    let line = one(&stand, 403, denied("01", "program analys-14", "region-analyst", "/api/01", why), || {
        ask(&stand, "/api/01", &program).0
    });
    assert_eq!((line.care_unit.as_str(), line.commission), ("SE2321000131-0001", None));
    assert!(line.ground.ends_with(&format!(", version {version}")), "{}", line.ground);
    let nobody = format!("Bearer {}", token(&keycloak, "utan-roll", "utan-secret"));
    let line = one(&stand, 403, denied("14", "program utan-roll", "none", "/api/14", "none: no role"), || {
        ask(&stand, "/api/14", &nobody).0
    });
    assert_eq!(line.care_unit, "process: stand");
    // What may not stand in the log is not repeated.
    let [.., resource, _] = told(&stand.entered(|| ask(&stand, "/sv/patient/191212121212", &program)).1[0]);
    assert_eq!(resource, "withheld");
    // Somebody who has logged in.
    let mut browser = Browser::new();
    browser.log_in(&format!("{}/sv/region/14", stand.url), "samordnare-14");
    let why = "Vård och behandling; allowed by no policy";
    let who = "SE2321000131-E001";
    let line = one(&stand, 403, denied("01", who, "coordinator", "/sv/region/01", why), || {
        browser.step(&format!("{}/sv/region/01", stand.url), None).status
    });
    assert_eq!(line.commission.as_deref(), Some("SE2321000131-C001"));
}

#[test]
fn a_login_that_is_refused_is_one_entry() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let page = format!("{}/sv/region/14", stand.url);
    let entry = ["00", "log in denied", "SE2321000131-E016", "none", "none", "the login", "none: no role"];
    let line = one(&stand, 403, entry, || Browser::new().log_in(&page, "utan-roll").status);
    assert_eq!(line.commission.as_deref(), Some("SE2321000131-C016"));
    let mut browser = Browser::new();
    let led = browser.step(&page, None).location.unwrap();
    let state = led.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let entry =
        ["00", "log in denied", "unknown", "stranger", "none", "the login", "none: the provider did not let them in"];
    let back = format!("{}/inloggning/svar?error=access_denied&state={state}", stand.url);
    one(&stand, 403, entry, || browser.step(&back, None).status);
}

#[test]
fn each_read_of_what_is_not_published_is_one_entry_and_no_other_is() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let url = |path: &str| format!("{}{path}", stand.url);
    // Who is led to the login is denied nothing yet, and who lives tells nobody anything.
    none(&stand, 303, || Browser::new().step(&url("/sv/region/14"), None).status);
    none(&stand, 200, || stand.status("/healthz"));
    let mut browser = Browser::new();
    browser.log_in(&url("/sv/vantetider"), "samordnare-14");
    let read = |path| {
        let why = "Vård och behandling; allowed by coordinator-own-region";
        ["14", "read allowed", "SE2321000131-E001", "coordinator", "beds", path, why]
    };
    let line = one(&stand, 200, read("/sv/region/14"), || browser.step(&url("/sv/region/14?vy=vagg"), None).status);
    assert_eq!(line.result, Outcome::Allowed);
    assert_eq!(line.commission.as_deref(), Some("SE2321000131-C001"));
    assert_eq!(line.care_unit, "SE2321000131-0001");
    one(&stand, 200, read("/api/14"), || browser.step(&url("/api/14"), None).status);
    for (path, status) in [("/sv/vantetider", 200), ("/", 303)] {
        none(&stand, status, || browser.step(&url(path), None).status);
    }
    // A stream is an entry when it begins, and however much comes of it.
    let cookie = format!("vardstrom={}", browser.cookies["vardstrom"]);
    one(&stand, 200, read("/strom/14"), || {
        let stream = agent().get(url("/strom/14")).header("cookie", &cookie).call().unwrap();
        let status = stream.status().as_u16();
        let lines = BufReader::new(stream.into_body().into_reader()).lines();
        assert_eq!(lines.take(12).filter(|line| line.as_ref().is_ok_and(|line| line == "data: tick")).count(), 6);
        status
    });
    // The whole country's wards are in the log of no region.
    let mut analyst = Browser::new();
    analyst.log_in(&url("/sv/vantetider"), "nationell-14");
    let why = "Statistik; allowed by national-analyst";
    let entry = ["00", "read allowed", "SE2321000131-E007", "national-analyst", "beds", "/sv", why];
    one(&stand, 200, entry, || analyst.step(&url("/sv"), None).status);
}

#[test]
fn without_an_entry_nothing_is_shown_or_told_and_it_comes_back_by_itself() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let url = |path: &str| format!("{}{path}", stand.url);
    let mut browser = Browser::new();
    assert_eq!(browser.log_in(&url("/sv/region/14"), "samordnare-14").body, "coordinator 14");
    let probe = || {
        let scraper = format!("Bearer {}", token(&keycloak, "prometheus", "prometheus-secret"));
        let mut answer = agent().get(url("/readyz")).header("authorization", scraper).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    eventually("everything is ready", || (probe().0 == 200).then_some(()));
    let (place, away) = (stand.log.path().join("stand"), stand.log.path().join("away"));
    let before = stand.entries().len();
    fs::rename(&place, &away).unwrap();
    let mut stranger = agent().get(url("/api/14")).call().unwrap();
    let stranger = (stranger.status().as_u16(), stranger.body_mut().read_to_string().unwrap());
    let asked = ["/sv/region/14", "/sv/region/01", "/strom/14"].map(|path| browser.step(&url(path), None));
    let answers = asked.map(|page| (page.status, page.body));
    for (status, body) in answers.iter().chain([&stranger]) {
        assert!(*status == 503 && body.contains("the access log cannot be written"), "{status} {body}");
        assert!(!body.contains("coordinator") && !body.contains("tick"), "{body}");
    }
    assert_eq!(browser.step(&url("/sv/vantetider"), None).status, 200, "what is published is no secret");
    let (status, said) = eventually("it says so", || Some(probe()).filter(|(status, _)| *status == 503));
    assert!(status == 503 && said.contains("access-log") && !said.contains("E001"), "{said}");
    fs::rename(&away, &place).unwrap();
    eventually("nobody asks, and it is ready again", || (probe().0 == 200).then_some(()));
    let lines = stand.entries();
    let about: Vec<_> = lines.iter().map(told).filter(|told| told[5].contains("without an answer")).collect();
    let about: Vec<_> = about.iter().map(|told| (&*told[0], &*told[5])).collect();
    let [one, two] = ["1 requests without an answer", "2 requests without an answer"];
    assert_eq!(about, [("00", one), ("01", one), ("14", two)]);
    assert_eq!(lines.len(), before + 3, "nothing of what was refused is there");
    assert_eq!(browser.step(&url("/sv/region/14"), None).body, "coordinator 14");
    // One region's log alone: others' entries, which are written, do not make it well.
    fs::rename(place.join("14"), &away).unwrap();
    assert_eq!(browser.step(&url("/sv/region/14"), None).status, 503);
    assert_eq!(browser.step(&url("/sv/region/01"), None).status, 403);
    eventually("it says so", || (probe().0 == 503).then_some(()));
    std::thread::sleep(Duration::from_secs(5));
    let (status, said) = probe();
    assert!(status == 503 && said.contains("14: "), "{said}");
    fs::rename(&away, place.join("14")).unwrap();
    eventually("nobody asks, and it is ready again", || (probe().0 == 200).then_some(()));
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

#[test]
fn entries_are_as_many_as_reads_and_denials_whoever_asks_for_what() {
    const ASKED: usize = 400;
    const ADDRESSES: [&str; 12] = [
        "/",
        "/sv",
        "/sv/region/14",
        "/sv/region/01",
        "/sv/vantetider",
        "/sv/drift",
        "/sv/forgotten",
        "/api/14",
        "/api/01",
        "/metrics",
        "/readyz",
        "/healthz",
    ];
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let mut askers = vec![("authorization", "Bearer abc".to_owned()), ("x-nothing", String::new())];
    for (client, secret) in [("analys-14", "analys-secret"), ("utan-roll", "utan-secret")] {
        askers.push(("authorization", format!("Bearer {}", token(&keycloak, client, secret))));
    }
    for user in ["samordnare-14", "analytiker-01", "nationell-14", "drift-14", "losenord-14"] {
        let mut browser = Browser::new();
        browser.log_in(&format!("{}/sv/vantetider", stand.url), user);
        askers.push(("cookie", format!("vardstrom={}", browser.cookies["vardstrom"])));
    }
    let accepts = ["text/html", "application/json"];
    let (counts, lines) = stand.entered(|| {
        let ask = |seed: u64| {
            let (mut dice, agent, mut counts) = (Dice(seed), agent(), [0, 0, 0]);
            for _ in 0..ASKED / 4 {
                let (name, value) = &askers[dice.below(askers.len())];
                let path = ADDRESSES[dice.below(ADDRESSES.len())];
                let asked = agent.get(format!("{}{path}", stand.url)).header(*name, value);
                let status = asked.header("accept", accepts[dice.below(2)]).call().unwrap().status().as_u16();
                let is_unpublished = path == "/sv" || path.contains("/region/") || path.starts_with("/api/");
                match status {
                    401 | 403 => counts[0] += 1,
                    200 if is_unpublished => counts[1] += 1,
                    200 | 303 => counts[2] += 1,
                    _ => panic!("{path}: {status}"),
                }
            }
            counts
        };
        let asked: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..=4).map(|seed| scope.spawn(move || ask(seed))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        asked.into_iter().fold([0; 3], |[a, b, c], [d, e, f]| [a + d, b + e, c + f])
    });
    let [denied, read, other] = counts;
    assert!(denied + read + other == ASKED && denied > 50 && read > 20 && other > 50, "{counts:?}");
    let of = |result| lines.iter().filter(|line| line.result == result).count();
    assert_eq!((of(Outcome::Denied), of(Outcome::Allowed), lines.len()), (denied, read, denied + read));
}

#[test]
fn strangers_share_entries_when_they_are_many_and_each_is_in_one() {
    const STRANGERS: usize = 60;
    const EACH: usize = 20;
    let stand = Stand::start(&keycloak());
    let (_, lines) = stand.entered(|| {
        std::thread::scope(|scope| {
            for _ in 0..STRANGERS {
                scope.spawn(|| {
                    let agent = agent();
                    for _ in 0..EACH {
                        assert_eq!(agent.get(format!("{}/api/14", stand.url)).call().unwrap().status(), 401);
                    }
                });
            }
        });
    });
    let shared: Vec<usize> =
        lines.iter().filter_map(|line| line.resource.strip_suffix(" requests")?.parse().ok()).collect();
    let alone = lines.len() - shared.len();
    assert_eq!(alone + shared.iter().sum::<usize>(), STRANGERS * EACH, "{shared:?}");
    assert!((999..1100).contains(&alone) && (1..20).contains(&shared.len()), "{alone} alone, {shared:?}");
}
