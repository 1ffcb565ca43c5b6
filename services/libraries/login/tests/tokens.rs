//! Bearer tokens of programs.

use data_encoding::BASE64URL_NOPAD;
use local_stack::{Keycloak, agent};

use crate::stand::{Stand, eventually, keycloak};

/// A token of client credentials.
pub(crate) fn token(keycloak: &Keycloak, client: &str, secret: &str) -> String {
    local_stack::token(&agent(), &keycloak.issuer(), client, secret).unwrap()
}

/// Status and challenge.
pub(crate) fn ask(stand: &Stand, path: &str, authorisation: &str) -> (u16, String) {
    let answer = agent().get(format!("{}{path}", stand.url)).header("authorization", authorisation).call().unwrap();
    let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), challenge.unwrap_or_default())
}

#[test]
fn a_programs_token_opens_what_its_role_may_call() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let bearer = format!("Bearer {}", token(&keycloak, "analys-14", "analys-secret"));
    for (path, status) in
        [("/api/14", 200), ("/api/01", 403), ("/sv/region/14", 403), ("/strom/14", 403), ("/metrics", 403)]
    {
        assert_eq!(ask(&stand, path, &bearer).0, status, "{path}");
    }
    let scraper = format!("bearer {}", token(&keycloak, "prometheus", "prometheus-secret"));
    assert_eq!(ask(&stand, "/metrics", &scraper).0, 200);
    assert_eq!(ask(&stand, "/api/14", &scraper).0, 403);
    let nobody = format!("Bearer {}", token(&keycloak, "utan-roll", "utan-secret"));
    assert_eq!(ask(&stand, "/api/14", &nobody), (403, String::new()), "known, and nothing here");
    eventually("the token expires", || {
        let (status, challenge) = ask(&stand, "/metrics", &scraper);
        (status == 401)
            .then(|| assert!(challenge.contains("invalid_token") && challenge.contains("expired"), "{challenge}"))
    });
}

#[test]
fn a_token_that_does_not_hold_opens_nothing() {
    let keycloak = keycloak();
    let stand = Stand::start(&keycloak);
    let good = token(&keycloak, "analys-14", "analys-secret");
    let [head, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let text = |part: &str| String::from_utf8(BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap();
    let pack = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let other_region = pack(&text(payload).replace("SE2321000131-0001", "SE2321000016-0001"));
    let unsigned = pack("{\"alg\":\"none\"}");
    let shared = pack("{\"alg\":\"HS256\"}");
    let unknown_key = pack("{\"alg\":\"RS256\",\"kid\":\"nobody\"}");
    let elsewhere = token(&keycloak, "annan-mottagare", "annan-secret");
    for (what, wrong) in [
        ("changed", format!("Bearer {head}.{other_region}.{signature}")),
        ("unsigned", format!("Bearer {unsigned}.{payload}.")),
        ("signed with a shared secret", format!("Bearer {shared}.{payload}.{signature}")),
        ("of a key that is not known", format!("Bearer {unknown_key}.{payload}.{signature}")),
        ("for another audience", format!("Bearer {elsewhere}")),
        ("no token", "Bearer abc".to_owned()),
        ("empty", "Bearer ".to_owned()),
        ("of another scheme", "Basic dXNlcjpwYXNzd29yZA".to_owned()),
        ("too long", format!("Bearer {}", "a".repeat(20_000))),
    ] {
        let (status, challenge) = ask(&stand, "/api/14", &wrong);
        // A head of 20,000 bytes may be refused before it gets here.
        assert!(status == 401 || (what == "too long" && status == 431), "{what}: {status}");
        assert!(status == 431 || challenge.contains("error=\"invalid_token\""), "{what}: {challenge}");
    }
    assert_eq!(ask(&stand, "/api/14", &format!("Bearer {good}")).0, 200);
}
