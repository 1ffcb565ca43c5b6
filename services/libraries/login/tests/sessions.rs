//! What becomes of a session: it is renewed, it ends with the provider's, and streams end with it.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use local_stack::agent;

use crate::browser::{Browser, attribute};
use crate::stand::{Stand, eventually, keycloak};

/// How long what Keycloak says holds here, by the realm.
const LIFETIME: Duration = Duration::from_secs(10);

#[test]
fn a_session_is_renewed_and_its_stream_goes_on_until_logout() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let url = |path: &str| format!("{}{path}", stand.url);
    let mut browser = Browser::new();
    browser.log_in(&url("/sv/region/14"), "samordnare-14");
    let cookie = format!("vardstrom={}", browser.cookies["vardstrom"]);
    let stream = agent().get(url("/strom/14")).header("cookie", &cookie).call().unwrap();
    assert_eq!(stream.status(), 200);
    let mut lines = BufReader::new(stream.into_body().into_reader()).lines();
    // Twice as long as the provider's word holds: it was asked again.
    let started = Instant::now();
    while started.elapsed() < LIFETIME * 2 {
        lines.next().expect("the stream goes on").unwrap();
    }
    assert_eq!(browser.open(&url("/sv/region/14")).status, 200);
    browser.step(&url("/utloggning"), Some(&[]));
    let ended = lines.find(Result::is_err).is_none();
    assert!(ended, "the stream ends in order");
}

#[test]
fn a_session_ends_when_the_provider_has_ended_it() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let url = |path: &str| format!("{}{path}", stand.url);
    let mut browser = Browser::new();
    browser.log_in(&url("/sv/region/01"), "samordnare-01");
    let ours = browser.cookies["vardstrom"].clone();
    // Another service of the same provider logs the user out: Keycloak asks whether it is meant.
    let form = browser.open(&format!("{}/protocol/openid-connect/logout", keycloak.issuer()));
    let action = attribute(&form.body, "action").expect("a form");
    let code = form.body.split("name=\"session_code\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let code = code.expect("its code").to_owned();
    let host = keycloak.issuer();
    let host = host.split("/realms").next().unwrap();
    let action = if action.starts_with('/') { format!("{host}{action}") } else { action };
    let said = browser.step(&action, Some(&[("session_code", &code), ("confirmLogout", "Logout")]));
    assert!(said.status < 400, "{} {}", said.status, said.body);
    eventually("the session ends here", || {
        let asked = agent().get(url("/api/01")).header("cookie", format!("vardstrom={ours}"));
        (asked.call().unwrap().status() == 401).then_some(())
    });
}
