//! Bearer tokens that are bound to a certificate, from a Keycloak over TLS.

use std::time::Duration;

use local_stack::{Certificate, Keycloak, free_port, token};
use runtime::config::Http;

use crate::stand::{Stand, eventually, keycloak};

/// A client that shows this certificate, or none.
fn agent(keycloak: &Keycloak, shown: Option<&Certificate>) -> ureq::Agent {
    let files = tls::Client {
        ca: keycloak.authority().ca(),
        certificate: shown.map(|shown| shown.certificate.clone()),
        key: shown.map(|shown| shown.key.clone()),
    };
    tls::agent(Some(&files), Duration::from_secs(60)).unwrap()
}

/// A service over TLS that asks its clients for certificates; where `bound`, every token has to be.
fn encrypted(keycloak: &Keycloak, bound: bool) -> Stand {
    let shown = keycloak.authority().issue(&["127.0.0.1"]).unwrap();
    let mut at = Http::at(format!("127.0.0.1:{}", free_port().unwrap()).parse().unwrap());
    at.tls = Some(tls::Listener {
        certificate: shown.certificate,
        key: shown.key,
        client_ca: Some(keycloak.authority().ca()),
        client_optional: true,
    });
    let url = format!("https://{}", at.listen);
    let provider = format!("tls = {{ ca = {:?} }}\nbound = {bound}\naudience = ", keycloak.authority().ca());
    let settings = keycloak.login_settings(&url).replace(&keycloak.issuer(), &keycloak.encrypted_issuer());
    let stand = Stand::at(&at, url, &settings.replace("audience = ", &provider));
    let agent = agent(keycloak, None);
    eventually("the provider is known", || {
        (agent.get(format!("{}/api/14", stand.url)).call().unwrap().status() == 401).then_some(())
    });
    stand
}

#[test]
fn a_bound_token_opens_nothing_but_with_its_own_certificate() {
    let keycloak = keycloak();
    let issue = |name| keycloak.authority().issue(&[name]).unwrap();
    let (own, other) = (issue("program.test"), issue("other.test"));
    let issuer = keycloak.encrypted_issuer();
    let bound = token(&agent(&keycloak, Some(&own)), &issuer, "bunden-14", "bunden-secret").unwrap();
    let free = token(&agent(&keycloak, None), &issuer, "analys-14", "analys-secret").unwrap();
    let ask = |stand: &Stand, shown: Option<&Certificate>, token: &str| {
        let asked = agent(&keycloak, shown).get(format!("{}/api/14", stand.url));
        let answer = asked.header("authorization", format!("Bearer {token}")).call().unwrap();
        let said = answer.headers().get("www-authenticate").map(|said| said.to_str().unwrap().to_owned());
        (answer.status().as_u16(), said.unwrap_or_default())
    };
    let stand = encrypted(&keycloak, false);
    for (shown, token, status, said) in [
        (Some(&own), &bound, 200, ""),
        (Some(&other), &bound, 401, "the token is bound to another certificate"),
        (None, &bound, 401, "the token is bound to a certificate, and none was shown"),
        (None, &free, 200, ""),
        (Some(&other), &free, 200, ""),
    ] {
        let (found, challenge) = ask(&stand, shown, token);
        assert!(found == status && challenge.contains(said), "{said}: {found} {challenge}");
        assert!(status == 200 || challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    let strict = encrypted(&keycloak, true);
    assert_eq!(ask(&strict, Some(&own), &bound).0, 200);
    for shown in [None, Some(&own)] {
        let (found, challenge) = ask(&strict, shown, &free);
        assert!(found == 401 && challenge.contains("the token is bound to no certificate"), "{found} {challenge}");
    }
}
