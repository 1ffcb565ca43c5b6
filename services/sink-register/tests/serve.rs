//! Recipients fetch what was delivered for them, and nothing else, and the ledger knows it first.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use crate::world::{
    Database, Desk, Feeder, V1, connect, content, database, entries, entry, logged, login, month, with_access_log,
};

pub(crate) const NAME: &str = "waiting-times_14_2026-02_v1";
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const OTHER_TOKEN: &str = "fedcba9876543210fedcba9876543210";

/// A desk whose recipient fetches, beside another recipient that does; region 14's parcel is made.
fn desk(database: &Database) -> Desk {
    let desk = Desk::new(database);
    let config = fs::read_to_string(desk.path("sink-register.toml")).unwrap();
    let other = desk.path("other").display().to_string();
    let config = format!(
        "{}token = {{ env = \"TEST_TOKEN\" }}\n[[recipient]]\nname = \"other\"\nfolder = \"{other}\"\n\
         token = {{ env = \"TEST_OTHER_TOKEN\" }}\n[serve]\nlisten = \"127.0.0.1:0\"\n",
        config.replace("level = \"warn\"", "level = \"info\"")
    );
    fs::write(desk.path("sink-register.toml"), config).unwrap();
    desk.run(&[]);
    desk
}

/// The program, serving; killed at the end.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

struct Answer {
    status: u16,
    body: Vec<u8>,
    range: Option<String>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

impl Server {
    pub(crate) fn start(desk: &Desk) -> Self {
        let mut command = desk.command(&["serve"]);
        command.env("TEST_TOKEN", TOKEN).env("TEST_OTHER_TOKEN", OTHER_TOKEN).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            let (_, address) = line.split_once("listening for HTTP on ")?;
            Some(address.split_whitespace().next()?.to_owned())
        });
        // Nobody else reads what it says, and a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("it listens") }
    }

    fn ask(&self, token: &str, path: &str, range: Option<&str>) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request = agent.get(format!("http://{}/v1/parcels{path}", self.address));
        if !token.is_empty() {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if let Some(range) = range {
            request = request.header("Range", range);
        }
        Self::read(request.call().expect("an answer"))
    }

    /// The status of an answer that has no body.
    fn head(&self, token: &str, path: &str) -> u16 {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.head(format!("http://{}/v1/parcels{path}", self.address));
        let answer = request.header("Authorization", format!("Bearer {token}")).call().expect("an answer");
        answer.status().as_u16()
    }

    fn confirm(&self, token: &str, path: &str, body: &[u8]) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.post(format!("http://{}/v1/parcels{path}", self.address));
        Self::read(request.header("Authorization", format!("Bearer {token}")).send(body).expect("an answer"))
    }

    fn read(mut response: ureq::http::Response<ureq::Body>) -> Answer {
        let range = response.headers().get("content-range").map(|value| value.to_str().unwrap().to_owned());
        Answer { status: response.status().as_u16(), body: response.body_mut().read_to_vec().unwrap(), range }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // kill -9: what it has promised it has kept already.
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

pub(crate) async fn filled() -> Database {
    let database = database(&["14"]).await;
    Feeder::new(&database, "14").await.feed(&month(10)).await;
    database
}

fn receipt(desk: &Desk) -> Value {
    let manifest = content(&desk.path(V1))["manifest.json"].clone();
    let sha256 = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(&manifest));
    json!({ "parcel": NAME, "manifest_sha256": sha256 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_fetches_its_parcel_and_confirms_it_and_the_ledger_has_each_step_once() {
    let desk = desk(&filled().await);
    let server = Server::start(&desk);
    assert_eq!(server.ask(TOKEN, "", None).json(), json!({ "parcels": [] }), "made is not delivered");
    assert_eq!(server.ask(TOKEN, &format!("/{NAME}"), None).status, 404);
    assert!(desk.done(&["deliver", V1]).starts_with("offered "));
    assert!(desk.done(&["deliver", V1]).starts_with("offered "));
    let listed = server.ask(TOKEN, "", None).json();
    assert_eq!(listed["parcels"].as_array().map(Vec::len), Some(1));
    assert_eq!((&listed["parcels"][0]["parcel"], &listed["parcels"][0]["version"]), (&json!(NAME), &json!(1)));
    assert_eq!(entries(&desk), [entry("made", 1)], "what is offered has not left");

    let files = server.ask(TOKEN, &format!("/{NAME}"), None).json();
    let expected = content(&desk.path(V1));
    assert_eq!(files["files"].as_array().map(Vec::len), Some(expected.len()));
    let fetched = desk.path("fetched").join(NAME);
    fs::create_dir_all(&fetched).unwrap();
    for file in files["files"].as_array().unwrap() {
        let (name, bytes) = (file["name"].as_str().unwrap(), file["bytes"].as_u64().unwrap());
        // In two parts, as after a connection that broke.
        let half = bytes / 2;
        let path = format!("/{NAME}/{name}");
        let first = server.ask(TOKEN, &path, Some(&format!("bytes=0-{}", half.max(1) - 1)));
        let second = server.ask(TOKEN, &path, Some(&format!("bytes={}-", half.max(1))));
        assert_eq!((first.status, second.status), (206, 206), "{name}");
        assert_eq!(second.range, Some(format!("bytes {}-{}/{bytes}", half.max(1), bytes - 1)));
        let whole = [first.body, second.body].concat();
        assert_eq!(whole, expected[name], "{name}");
        let answer = server.ask(TOKEN, &path, None);
        assert_eq!((answer.status, &answer.body), (200, &whole), "{name}");
        fs::write(fetched.join(name), whole).unwrap();
    }
    desk.done(&["verify", fetched.to_str().unwrap(), "--identity", "identity.txt"]);
    assert_eq!(entries(&desk), [entry("made", 1), entry("delivered", 1)], "fetched often, delivered once");

    let place = format!("/{NAME}/receipt");
    let mut wrong = receipt(&desk);
    wrong["manifest_sha256"] = json!("0".repeat(64));
    assert_eq!(server.confirm(TOKEN, &place, wrong.to_string().as_bytes()).status, 409);
    assert_eq!(server.confirm(TOKEN, &place, b"received, thank you").status, 400);
    assert_eq!(server.confirm(TOKEN, &place, &[b' '; 5000]).status, 413);
    assert_eq!(entries(&desk).len(), 2, "a wrong receipt is none");
    for _ in 0..2 {
        let answer = server.confirm(TOKEN, &place, receipt(&desk).to_string().as_bytes());
        assert_eq!((answer.status, answer.json()), (200, json!({ "received": receipt(&desk) })));
    }
    let all = [entry("made", 1), entry("delivered", 1), entry("received", 1)];
    assert_eq!(entries(&desk), all);
    assert!(desk.done(&["deliver", V1]).starts_with("already delivered "));
    // Killed and started again: what was entered is entered, and the parcel is still there.
    drop(server);
    let server = Server::start(&desk);
    assert_eq!(server.ask(TOKEN, &format!("/{NAME}/manifest.json"), None).body, expected["manifest.json"]);
    assert_eq!(server.confirm(TOKEN, &place, receipt(&desk).to_string().as_bytes()).status, 200);
    assert_eq!(entries(&desk), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_what_is_not_its_own() {
    let desk = desk(&filled().await);
    desk.done(&["deliver", V1]);
    let server = Server::start(&desk);
    let paths = ["", &format!("/{NAME}"), &format!("/{NAME}/manifest.json"), "/nothing"];
    for token in ["", "guessed", &TOKEN[1..], &format!("{TOKEN}0"), &TOKEN.to_uppercase()] {
        for path in paths {
            assert_eq!(server.ask(token, path, None).status, 401, "{token} {path}");
        }
        assert_eq!(server.confirm(token, &format!("/{NAME}/receipt"), b"{}").status, 401);
    }
    // Another recipient cannot even tell that it exists; nor can a parcel be had that was put into the wrong folder.
    assert_eq!(server.ask(OTHER_TOKEN, "", None).json(), json!({ "parcels": [] }));
    let copy = desk.path("other").join(NAME);
    fs::create_dir_all(&copy).unwrap();
    for (name, bytes) in content(&desk.path(V1)) {
        fs::write(copy.join(name), bytes).unwrap();
    }
    assert_eq!(server.ask(OTHER_TOKEN, "", None).json(), json!({ "parcels": [] }));
    for path in &paths[1..] {
        assert_eq!(server.ask(OTHER_TOKEN, path, None).status, 404, "{path}");
    }
    let confirmed = server.confirm(OTHER_TOKEN, &format!("/{NAME}/receipt"), receipt(&desk).to_string().as_bytes());
    assert_eq!(confirmed.status, 404);
    for path in [
        format!("/{NAME}/nothing.csv"),
        format!("/{NAME}/..%2F{NAME}.receipt.json"),
        format!("/..%2Fdelivery%2F{NAME}"),
        "/..%2F..%2Fetc/passwd".to_owned(),
        format!("/.{NAME}.partial"),
        format!("/{NAME}.receipt.json"),
    ] {
        assert_eq!(server.ask(TOKEN, &path, None).status, 404, "{path}");
    }
    let beyond = server.ask(TOKEN, &format!("/{NAME}/manifest.json"), Some("bytes=99999999-"));
    assert_eq!(beyond.status, 416);
    assert_eq!(entries(&desk), [entry("made", 1)], "nothing has left");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_that_the_ledger_does_not_have_and_nothing_that_was_changed() {
    let database = filled().await;
    let desk = desk(&database);
    desk.done(&["deliver", V1]);
    let superuser = connect(&database.superuser).await;
    superuser.batch_execute("REVOKE INSERT ON register.ledger FROM vardstrom_register_r14").await.unwrap();
    let server = Server::start(&desk);
    let path = format!("/{NAME}/waits_by_step.csv");
    let answer = server.ask(TOKEN, &path, None);
    assert_eq!(answer.status, 503);
    let expected = content(&desk.path(V1))["waits_by_step.csv"].clone();
    assert!(!answer.body.windows(8).any(|piece| expected.windows(8).any(|other| piece == other)));
    superuser.batch_execute("GRANT INSERT ON register.ledger TO vardstrom_register_r14").await.unwrap();
    assert_eq!(server.ask(TOKEN, &path, None).body, expected);
    assert_eq!(entries(&desk), [entry("made", 1), entry("delivered", 1)]);
    drop(server);
    let offered = desk.path("delivery").join(NAME).join("waits_by_step.csv");
    fs::write(&offered, "other").unwrap();
    let server = Server::start(&desk);
    assert_eq!(server.ask(TOKEN, &path, None).status, 503, "it is not what was signed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_log_has_each_file_before_it_leaves_and_each_refusal_before_it_is_told() {
    let desk = desk(&filled().await);
    with_access_log(&desk);
    desk.done(&["deliver", V1]);
    assert_eq!(logged(&desk, "deliver", "14"), [], "what is offered has not left");
    let server = Server::start(&desk);
    let path = format!("/{NAME}/waits_by_step.csv");
    assert_eq!(server.ask(TOKEN, &path, None).status, 200);
    assert_eq!(server.ask(TOKEN, &path, Some("bytes=0-3")).status, 206);
    assert_eq!(server.ask("guessed", &path, None).status, 401);
    assert_eq!(server.ask(OTHER_TOKEN, &path, None).status, 404);
    assert_eq!(server.ask(OTHER_TOKEN, "/19121212-1212", None).status, 404);
    let nothing = format!("/{NAME}/nothing.csv");
    assert_eq!(server.ask(TOKEN, &nothing, None).status, 404);
    // Without a byte that leaves there is no entry that one did.
    assert_eq!(server.head(TOKEN, &path), 405);
    let line = |result: &str, user: &str, what: &str| (result.to_owned(), user.to_owned(), what.to_owned());
    let fetched = line("disclosed", "skr", &format!("parcel {NAME}/waits_by_step.csv"));
    assert_eq!(logged(&desk, "serve", "14"), [fetched.clone(), fetched.clone()]);
    let refused = [
        line("denied", "unknown", "parcel of nobody"),
        line("denied", "other", &format!("parcel {NAME}")),
        line("denied", "other", access_log::WITHHELD),
        line("denied", "skr", &format!("parcel {NAME}/nothing.csv")),
    ];
    assert_eq!(logged(&desk, "serve", "00"), refused);

    // The folder is away: nothing leaves, and nobody is told anything.
    fs::rename(desk.path("access"), desk.path("away")).unwrap();
    let expected = content(&desk.path(V1))["waits_by_step.csv"].clone();
    for token in [TOKEN, "guessed", OTHER_TOKEN] {
        let answer = server.ask(token, &path, None);
        assert_eq!(answer.status, 503, "{token}");
        assert!(!answer.body.windows(8).any(|piece| expected.windows(8).any(|other| piece == other)));
    }
    assert_eq!(server.ask(TOKEN, &nothing, None).status, 503);
    fs::rename(desk.path("away"), desk.path("access")).unwrap();
    assert_eq!(server.ask(TOKEN, &path, None).body, expected);
    assert_eq!(logged(&desk, "serve", "14").len(), 3);
    // Killed without a word, and started again: nothing is lost.
    drop(server);
    let server = Server::start(&desk);
    assert_eq!(server.ask(TOKEN, &path, None).status, 200);
    assert_eq!(logged(&desk, "serve", "14").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_fill_the_access_log() {
    const ASKED: usize = 1_200;
    let desk = desk(&filled().await);
    with_access_log(&desk);
    let config = fs::read_to_string(desk.path("sink-register.toml")).unwrap();
    // Each asks by a connection of its own, and the bound counts those that are not yet closed.
    let rates =
        "requests_per_second = 100000\nrequests_burst = 100000\nconnections = 2000\nconnections_per_address = 2000";
    fs::write(desk.path("sink-register.toml"), config.replace("[serve]\n", &format!("[serve]\n{rates}\n"))).unwrap();
    let server = Server::start(&desk);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..ASKED / 30 {
            scope.spawn(|| (0..30).for_each(|_| assert_eq!(server.ask("guessed", "", None).status, 401)));
        }
    });
    let seconds = began.elapsed().as_secs() as usize + 1;
    let lines = logged(&desk, "serve", "00");
    assert!(lines.iter().all(|(result, user, _)| result == "denied" && user == "unknown"));
    let crowds = lines.iter().filter_map(|(.., what)| what.strip_suffix(" requests")?.parse::<usize>().ok());
    let (crowds, requests) = crowds.fold((0, 0), |(crowds, sum), requests| (crowds + 1, sum + requests));
    let alone = lines.len() - crowds;
    assert!(
        alone <= 1_000 + seconds && crowds <= seconds,
        "{alone} entries of their own and {crowds} shared in {seconds} s"
    );
    assert_eq!(alone + requests, ASKED, "each is in an entry");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_could_serve_nobody_does_not_start() {
    let desk = desk(&filled().await);
    let refused = |token: &str, other: &str, expected: &str| {
        let output = desk.command(&["serve"]).env("TEST_TOKEN", token).env("TEST_OTHER_TOKEN", other).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && text.contains(expected), "{text}");
        assert!(token.is_empty() || !text.contains(token), "{text}");
    };
    refused("guess", OTHER_TOKEN, "the token of recipient skr is too short");
    refused(TOKEN, TOKEN, "the token of recipient other is too short, or another's");
    refused("", OTHER_TOKEN, "TEST_TOKEN is set but empty");
    let config = fs::read_to_string(desk.path("sink-register.toml")).unwrap();
    let without = config.replace("[serve]\nlisten = \"127.0.0.1:0\"\n", "");
    fs::write(desk.path("sink-register.toml"), without).unwrap();
    refused(TOKEN, OTHER_TOKEN, "nothing is served: add [serve]");
    let folder = desk.path("delivery").display().to_string();
    fs::write(desk.path("sink-register.toml"), config.replace(&format!("folder = \"{folder}\"\n"), "")).unwrap();
    refused(TOKEN, OTHER_TOKEN, "parcels that are fetched are offered from a folder");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_login_has_no_role_for_a_parcels_region_does_not_start_and_says_the_grant() {
    let database = filled().await;
    let mut desk = desk(&database);
    desk.done(&["deliver", V1]);
    desk.url = login(&database.superuser, "register_of_none", &[]).await;
    let mut serve = desk.command(&["serve"]);
    let output = serve.env("TEST_TOKEN", TOKEN).env("TEST_OTHER_TOKEN", OTHER_TOKEN).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let grant = format!("`GRANT vardstrom_register_r14 TO register_of_none_{}`", std::process::id());
    assert!(output.status.code() == Some(1) && text.contains(&grant), "{text}");
}
