//! Pages: nobody without a login, everybody what the role may see.

use local_stack::agent;

use crate::browser::{Browser, attribute};
use crate::stand::{Stand, keycloak};

#[test]
fn nobody_is_answered_without_a_login_but_for_health() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    for path in ["/", "/sv/region/14", "/strom/14", "/api/14", "/readyz", "/metrics", "/sv/forgotten", "/none"] {
        let answer = agent().get(format!("{}{path}", stand.url)).call().unwrap();
        assert_eq!(answer.status(), 401, "{path}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"vardstrom\"");
        // A browser is led to the provider, with what the provider needs to bind the answer to it.
        let led = Browser::new().step(&format!("{}{path}", stand.url), None);
        let to = led.location.unwrap();
        assert!(led.status == 303 && to.starts_with(&keycloak.issuer()), "{path}: {to}");
        for part in ["response_type=code", "code_challenge_method=S256", "state=", "nonce=", "scope=openid"] {
            assert!(to.contains(part), "{part} is not in {to}");
        }
    }
    assert_eq!(stand.status("/healthz"), 200);
}

#[test]
fn somebody_logs_in_sees_the_own_region_and_logs_out() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let url = |path: &str| format!("{}{path}", stand.url);
    let mut browser = Browser::new();
    let page = browser.log_in(&url("/sv/region/14?vy=vagg"), "samordnare-14");
    assert_eq!((page.status, page.body.as_str()), (200, "coordinator 14"));
    assert_eq!(page.url, url("/sv/region/14?vy=vagg"));
    let set = browser.set.iter().find(|set| set.starts_with("vardstrom=")).expect("a session");
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
    assert!(!browser.cookies.contains_key("vardstrom-inloggning"), "the login in progress is over");

    let mut status = |path: &str| browser.open(&url(path)).status;
    assert_eq!(status("/sv/region/14"), 200);
    assert_eq!(status("/sv/region/01"), 403);
    assert_eq!(status("/api/14"), 200);
    assert_eq!(status("/api/01"), 403);
    assert_eq!(status("/sv/drift"), 403);
    assert_eq!(status("/metrics"), 403);
    assert_eq!(status("/readyz"), 403);
    // A route that nobody has named is closed, and so is what is no route at all.
    assert_eq!(status("/sv/forgotten"), 403);
    assert_eq!(status("/none"), 403);
    assert_eq!(browser.open(&url("/")).url, url("/sv/region/14"), "the front page leads to the own region");
    let denied = browser.open(&url("/sv/region/01"));
    assert_eq!(attribute(&denied.body, "href").as_deref(), Some("/sv/region/14"));

    // Any site can lead a browser here, which logs nobody out.
    let farewell = browser.step(&url("/utloggad"), None);
    assert!(farewell.status == 200 && browser.cookies.contains_key("vardstrom"), "{}", farewell.status);

    let id = browser.cookies["vardstrom"].clone();
    let left = browser.step(&url("/utloggning"), Some(&[]));
    assert_eq!(left.status, 200);
    assert!(!browser.cookies.contains_key("vardstrom"));
    // Whose session is over already has its cookie taken, too.
    let (mut late, set) = (Browser::new(), "vardstrom=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    late.step(&url("/utloggning"), Some(&[]));
    assert!(late.set.iter().any(|found| found == set), "{:?}", late.set);
    let with_id = |id: &str| {
        let asked = agent().get(url("/api/14")).header("cookie", format!("vardstrom={id}"));
        asked.call().unwrap().status().as_u16()
    };
    assert_eq!((with_id(&id), with_id(""), with_id("x")), (401, 401, 401));
    let there = attribute(&left.body, "href").unwrap();
    assert!(there.starts_with(&keycloak.issuer()) && there.contains("id_token_hint="), "{there}");
    let end = browser.open(&there);
    assert_eq!((end.status, end.url), (200, url("/utloggad")));
    let again = browser.open(&url("/sv/region/14"));
    assert!(again.url.contains("/realms/vardstrom/"), "the provider has forgotten the login, too: {}", again.url);
}

/// User, and the statuses of the addresses in [`ADDRESSES`].
const SEEN: [(&str, [u16; 8]); 16] = [
    ("samordnare-14", [200, 403, 200, 200, 200, 403, 200, 403]),
    ("analytiker-14", [200, 403, 200, 200, 200, 403, 200, 403]),
    ("dataansvarig-14", [200, 403, 200, 200, 200, 403, 403, 403]),
    ("integration-14", [403, 403, 403, 200, 403, 403, 403, 403]),
    ("dataskyddsombud-14", [403, 403, 200, 200, 200, 200, 403, 403]),
    ("drift-14", [403, 403, 403, 200, 200, 200, 403, 200]),
    ("nationell-14", [200, 200, 200, 200, 200, 403, 200, 403]),
    ("samordnare-01", [403, 200, 200, 200, 200, 403, 403, 403]),
    ("analytiker-01", [403, 200, 200, 200, 200, 403, 403, 403]),
    ("dataansvarig-01", [403, 200, 200, 200, 200, 403, 403, 403]),
    ("integration-01", [403, 403, 403, 403, 200, 403, 403, 403]),
    ("dataskyddsombud-01", [403, 403, 200, 200, 200, 200, 403, 403]),
    ("drift-01", [403, 403, 403, 200, 200, 200, 403, 200]),
    ("nationell-01", [200, 200, 200, 200, 200, 403, 200, 403]),
    // A password alone is level 2.
    ("losenord-14", [403, 403, 403, 403, 403, 403, 403, 403]),
    ("", [303; 8]),
];
const ADDRESSES: [&str; 8] = [
    "/sv/region/14",
    "/sv/region/01",
    "/sv/vantetider",
    "/sv/datakvalitet/14",
    "/sv/datakvalitet/01",
    "/sv/drift",
    "/api/14",
    "/metrics",
];

#[test]
fn every_role_of_two_regions_sees_what_is_written_here() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    for (user, expected) in SEEN {
        let mut browser = Browser::new();
        if !user.is_empty() {
            browser.log_in(&format!("{}/", stand.url), user);
        }
        let seen = ADDRESSES.map(|path| browser.step(&format!("{}{path}", stand.url), None).status);
        assert_eq!(seen, expected, "{user}");
    }
}

#[test]
fn who_has_no_role_gets_no_session() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let mut browser = Browser::new();
    let page = browser.log_in(&format!("{}/sv/region/14", stand.url), "utan-roll");
    assert!(page.status == 403 && page.body.contains("ingen roll"), "{} {}", page.status, page.body);
    assert!(!browser.cookies.contains_key("vardstrom"));
}

#[test]
fn an_answer_to_another_login_opens_nothing() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let url = |path: &str| format!("{}{path}", stand.url);
    // Without a login in progress; with another's state.
    assert_eq!(Browser::new().step(&url("/inloggning/svar?code=a&state=b"), None).status, 400);
    let (mut victim, mut other) = (Browser::new(), Browser::new());
    let state = |page: crate::browser::Page| {
        page.location.unwrap().split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned()
    };
    let first = state(victim.step(&url("/sv/region/14"), None));
    let second = state(other.step(&url("/sv/region/14"), None));
    assert_ne!(first, second);
    assert_eq!(victim.step(&url(&format!("/inloggning/svar?code=a&state={second}")), None).status, 400);
    // The own state with a code that the provider never gave.
    state(victim.step(&url("/sv/region/14"), None));
    let own = state(victim.step(&url("/sv/region/14"), None));
    let page = victim.step(&url(&format!("/inloggning/svar?code=a&state={own}")), None);
    assert_eq!(page.status, 403);
    assert!(!victim.cookies.contains_key("vardstrom"));
    // The provider's refusal.
    let own = state(victim.step(&url("/sv/region/14"), None));
    let page = victim.step(&url(&format!("/inloggning/svar?error=access_denied&state={own}")), None);
    assert_eq!(page.status, 403);
}
