//! The provider is away: nobody is let in, at start or later, and everything goes on by itself when it is back.

use std::sync::PoisonError;

use local_stack::free_port;

use crate::browser::Browser;
use crate::stand::{KEYCLOAK, Stand, eventually, keycloak};

#[test]
fn a_service_starts_without_its_provider_and_lets_nobody_in() {
    let nobody = format!("http://127.0.0.1:{}/realms/vardstrom", free_port().unwrap());
    let stand = Stand::before(&keycloak(), &nobody);
    for path in ["/sv/region/14", "/api/14", "/readyz", "/metrics"] {
        assert_eq!(stand.status(path), 503, "{path}");
    }
    let page = Browser::new().step(&format!("{}/sv/region/14", stand.url), None);
    assert!(page.status == 503 && page.body.contains("Inloggningen svarar inte"), "{}", page.body);
    assert_eq!(stand.status("/healthz"), 200);
}

#[test]
fn sessions_wait_while_the_provider_is_away_and_nobody_gets_in() {
    let mut keycloak = KEYCLOAK.write().unwrap_or_else(PoisonError::into_inner);
    let stand = Stand::start(&keycloak);
    let url = format!("{}/sv/region/14", stand.url);
    let mut browser = Browser::new();
    assert_eq!(browser.log_in(&url, "samordnare-14").status, 200);
    keycloak.stop_hard().unwrap();
    eventually("the provider's word has run out", || {
        let page = browser.step(&url, None);
        assert!(page.status == 200 || page.status == 503, "{}", page.status);
        (page.status == 503 && page.body.contains("Inloggningen svarar inte")).then_some(())
    });
    eventually("strangers are told", || (Browser::new().step(&url, None).status == 503).then_some(()));
    keycloak.start_again().unwrap();
    // The session goes on if Keycloak has kept it, and else its user logs in again.
    eventually("somebody is let in again", || (Browser::new().step(&url, None).status == 303).then_some(()));
    let found = eventually("the session's fate is known", || {
        let page = browser.step(&url, None);
        (page.status != 503).then_some(page.status)
    });
    assert!(found == 200 || found == 303, "{found}");
    assert_eq!(Browser::new().log_in(&url, "samordnare-14").status, 200);
}
