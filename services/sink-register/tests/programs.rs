//! Recipients whose programs a provider of logins knows: a real Keycloak, over TLS.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use local_stack::{Certificate, Keycloak, token};
use serde_json::{Value, json};

use crate::serve::{NAME, OTHER_TOKEN, Server, TOKEN, filled};
use crate::world::{Desk, V1, content, logged, with_access_log};

/// A desk whose recipients fetch by programs, and one of them by a token of ours too; region 14's parcel is delivered.
async fn desk(login: &str, serve: &str) -> Desk {
    let desk = Desk::new(&filled().await);
    let config = fs::read_to_string(desk.path("sink-register.toml")).unwrap();
    let folder = |name: &str| desk.path(name).display().to_string();
    let config = format!(
        "{}program = \"hamtar-skr\"\n\
         [[recipient]]\nname = \"other\"\nfolder = \"{}\"\ntoken = {{ env = \"TEST_OTHER_TOKEN\" }}\nprogram = \"hamtar-kort\"\n\
         [[recipient]]\nname = \"bound\"\nfolder = \"{}\"\nprogram = \"hamtar-bunden\"\n\
         [login]\n{login}\naudience = \"vardstrom-parcels\"\nclock_skew = \"1s\"\n\
         [serve]\nlisten = \"127.0.0.1:0\"\n{serve}\n",
        config.replace("level = \"warn\"", "level = \"info\""),
        folder("other"),
        folder("bound"),
    );
    fs::write(desk.path("sink-register.toml"), config).unwrap();
    with_access_log(&desk);
    desk.run(&[]);
    assert!(desk.done(&["deliver", V1]).starts_with("offered "));
    desk
}

/// A client that trusts this authority, and shows this certificate or none.
fn agent(ca: &Path, shown: Option<&Certificate>) -> ureq::Agent {
    let files = tls::Client {
        ca: ca.to_owned(),
        certificate: shown.map(|shown| shown.certificate.clone()),
        key: shown.map(|shown| shown.key.clone()),
    };
    tls::agent(Some(&files), Duration::from_secs(60)).unwrap()
}

/// A token that the provider gives to a program.
fn given(agent: &ureq::Agent, keycloak: &Keycloak, program: &str, secret: &str) -> String {
    token(agent, &keycloak.encrypted_issuer(), program, secret).unwrap()
}

/// Status, challenge and body.
fn ask(agent: &ureq::Agent, url: &str, token: &str) -> (u16, String, Vec<u8>) {
    let mut answer = agent.get(url).header("Authorization", format!("Bearer {token}")).call().unwrap();
    let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), challenge.unwrap_or_default(), answer.body_mut().read_to_vec().unwrap())
}

fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(120);
    while Instant::now() < deadline {
        if let Some(found) = found() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("waited in vain: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_fetches_its_recipients_parcels_with_its_own_token_and_nothing_else() {
    let keycloak = tokio::task::spawn_blocking(|| Keycloak::start().expect("Keycloak starts")).await.unwrap();
    let authority = keycloak.authority();
    let shown = authority.issue(&["127.0.0.1"]).unwrap();
    let desk = desk(
        &format!("issuer = \"{}\"\ntls = {{ ca = {:?} }}", keycloak.encrypted_issuer(), authority.ca()),
        &format!(
            "tls = {{ certificate = {:?}, key = {:?}, client_ca = {:?}, client_optional = true }}",
            shown.certificate,
            shown.key,
            authority.ca()
        ),
    )
    .await;
    let server = Server::start(&desk);
    let url = |path: &str| format!("https://{}/v1/parcels{path}", server.address);
    let (own, another) = (authority.issue(&["bound.test"]).unwrap(), authority.issue(&["other.test"]).unwrap());
    let plain = agent(&authority.ca(), None);
    let skr = given(&plain, &keycloak, "hamtar-skr", "hamtar-secret");
    eventually("the provider is known", || (ask(&plain, &url(""), &skr).0 == 200).then_some(()));

    let (path, expected) = (format!("/{NAME}/waits_by_step.csv"), content(&desk.path(V1))["waits_by_step.csv"].clone());
    let listed: Value = serde_json::from_slice(&ask(&plain, &url(""), &skr).2).unwrap();
    assert_eq!(listed["parcels"][0]["parcel"], json!(NAME));
    assert_eq!(ask(&plain, &url(&path), &skr).2, expected);
    let fetched = ("disclosed".to_owned(), "skr".to_owned(), format!("parcel {NAME}/waits_by_step.csv"));
    assert_eq!(logged(&desk, "serve", "14"), [fetched]);

    // Another recipient's program has its own parcels, of which there are none, until its token expires.
    let other = given(&plain, &keycloak, "hamtar-kort", "hamtar-kort-secret");
    assert_eq!(ask(&plain, &url(&path), &other).0, 404);
    let challenge = eventually("the token expires", || {
        let (status, challenge, _) = ask(&plain, &url(""), &other);
        (status == 401).then_some(challenge)
    });
    assert_eq!(challenge, "Bearer error=\"invalid_token\", error_description=\"the token has expired\"");
    // The same recipient by a token of ours, to which the provider has nothing to say.
    assert_eq!(ask(&plain, &url(&path), OTHER_TOKEN).0, 404);

    // A token that is bound to a certificate, with it, with another and with none.
    let bound = given(&agent(&authority.ca(), Some(&own)), &keycloak, "hamtar-bunden", "hamtar-bunden-secret");
    assert_eq!(ask(&agent(&authority.ca(), Some(&own)), &url(""), &bound).0, 200);
    for shown in [Some(&another), None] {
        let (status, challenge, _) = ask(&agent(&authority.ca(), shown), &url(""), &bound);
        assert!(status == 401 && challenge.contains("the token is bound to a"), "{status} {challenge}");
    }
    // A program that is known and fetches for nobody; a token for another service, one that was guessed, and one of nobody's.
    let nobody = given(&plain, &keycloak, "hamtar-ingen", "hamtar-ingen-secret");
    assert_eq!(ask(&plain, &url(&path), &nobody).0, 403);
    let elsewhere = given(&plain, &keycloak, "analys-14", "analys-secret");
    for token in [&elsewhere, "guessed", TOKEN] {
        let (status, challenge, _) = ask(&plain, &url(&path), token);
        assert!(status == 401 && challenge.contains("invalid_token"), "{status} {challenge}");
    }

    // Each of them stands in the access log.
    let line = |user: &str, what: &str| ("denied".to_owned(), user.to_owned(), what.to_owned());
    let (stranger, absent) = (line("unknown", "parcel of nobody"), line("other", &format!("parcel {NAME}")));
    let refused: Vec<_> = [
        vec![absent.clone(), stranger.clone(), absent],
        vec![stranger.clone(); 2],
        vec![line("hamtar-ingen", "parcel of nobody")],
        vec![stranger; 3],
    ]
    .concat();
    let entered = logged(&desk, "serve", "00");
    // While the provider was not known yet nobody was denied anything.
    assert_eq!(entered, refused);
    // Without the log nobody is told anything.
    fs::rename(desk.path("access"), desk.path("away")).unwrap();
    for token in [&nobody, &elsewhere, &skr] {
        assert_eq!(ask(&plain, &url(&path), token).0, 503);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_lets_no_program_in_and_keeps_no_token_of_ours_out() {
    let port = local_stack::free_port().unwrap();
    let desk = desk(&format!("issuer = \"http://127.0.0.1:{port}/realms/vardstrom\""), "").await;
    let server = Server::start(&desk);
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let url = |path: &str| format!("http://{}{path}", server.address);
    // Such as a provider could have given, and one that none could.
    let claims = json!({
        "iss": format!("http://127.0.0.1:{port}/realms/vardstrom"), "aud": "vardstrom-parcels", "sub": "a",
        "exp": 4_102_444_800_i64, "iat": 1_767_225_600, "azp": "hamtar-skr",
    });
    let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    let token = format!("{}.{}.AAAA", part("{\"alg\":\"RS256\"}"), part(&claims.to_string()));
    assert_eq!(ask(&agent, &url("/v1/parcels"), &token).0, 503);
    assert_eq!(ask(&agent, &url("/v1/parcels"), "guessed").0, 401);
    assert_eq!(ask(&agent, &url("/v1/parcels"), OTHER_TOKEN).0, 200);
    let ready = eventually("the provider was asked", || {
        let (status, _, body) = ask(&agent, &url("/readyz"), "");
        let body = String::from_utf8(body).unwrap();
        (!body.contains("starting")).then_some((status, body))
    });
    assert!(ready.0 == 503 && ready.1.contains("\"component\":\"login\""), "{ready:?}");
    let guessed = ("denied".to_owned(), "unknown".to_owned(), "parcel of nobody".to_owned());
    assert_eq!(logged(&desk, "serve", "00"), [guessed], "nothing is decided of whom nobody can know yet");
}
