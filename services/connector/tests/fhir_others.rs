//! FHIR servers of others that know nothing of this project, each with habits of its own.
//!
//! fhirsnake gives everything whatever is asked, in one answer, without times or versions. HAPI FHIR's plain server (its
//! providers in memory, not its JPA) passes over what it does not know, gives no times, and names a `next` that is a search
//! that it keeps. Medplum's router sorts and filters by time, counts, and names no `next`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use local_stack::{Process, free_port, libraries};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::stack::{Connector, Setup};

/// No other test writes into this feed of these regions.
const FEED: &str = "par";
/// Patients, and as many Encounters: more than two pages.
const EACH: usize = 250;
const PAGE: usize = 100;
/// Searches of all types that are looked at after everything has been sent.
const ROUNDS: usize = 6;
const READY_MAX: Duration = Duration::from_secs(120);
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fhir_others");

/// A server; it ends with this.
struct Other {
    process: Process,
    _folder: TempDir,
    port: u16,
}

impl Other {
    /// By a command for its port, run in a folder of its own.
    fn start(folder: TempDir, command: impl FnOnce(u16) -> Vec<String>) -> Self {
        let port = free_port().expect("a port");
        let within = ["env".to_owned(), "-C".to_owned(), folder.path().display().to_string()];
        let command: Vec<String> = within.into_iter().chain(command(port)).collect();
        let mut process = Process::start("fhir-server", folder.path(), "TERM", &command, &[]).expect("it starts");
        process.wait_for_port(port, READY_MAX).expect("it listens");
        Self { process, _folder: folder, port }
    }

    /// Requests of this beginning that it has written down.
    fn requests(&self, beginning: &str) -> usize {
        fs::read_to_string(self.process.log()).expect("a log").matches(beginning).count()
    }

    fn put(&self, resource: &Value) {
        let text = |key: &str| resource[key].as_str().expect("a type and an id");
        self.ask("PUT", &format!("{}/{}", text("resourceType"), text("id")), &resource.to_string());
    }

    fn ask(&self, method: &str, reference: &str, body: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        let head = format!(
            "{method} /{reference} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 20"), "{method} {reference}: {answer}");
    }
}

fn patient(index: usize, gender: &str) -> Value {
    json!({ "resourceType": "Patient", "id": format!("p{index}"), "gender": gender })
}

fn resources() -> Vec<Value> {
    let encounter = |index: usize| {
        json!({ "resourceType": "Encounter", "id": format!("e{index}"), "status": "in-progress",
                "class": { "code": "IMP" }, "subject": { "reference": format!("Patient/p{index}") } })
    };
    (0..EACH).map(|index| patient(index, "female")).chain((0..EACH).map(encounter)).collect()
}

/// Everything comes once, over many searches; a change comes once; a search of all types takes at most so many requests.
/// Of the server that has histories, what is deleted comes once too.
fn check(region: &'static str, other: &Other, deletions: bool, requests_max: usize) {
    let setup = Setup::mllp(region);
    let positions = setup.path("positions");
    fs::create_dir(&positions).expect("a folder");
    let setup = setup.and(&format!(
        "[[region.fhir]]\nname = \"other\"\nbase = \"http://127.0.0.1:{}\"\npositions = \"{}\"\nfeed = \"{FEED}\"\npoll = \"200ms\"\npage = {PAGE}\n\
         deletions = {deletions}\n",
        other.port,
        positions.display()
    ));
    let mut connector = setup.start();
    let stored = |connector: &Connector| {
        connector.metric(&format!("vardstrom_connector_records_stored_total{{feed=\"{FEED}\",region=\"{region}\"}}"))
    };
    let all = 2 * EACH;
    connector.wait("everything", |connector| stored(connector) >= all as f64);
    // Location comes first and is empty: a request for it for each search of all types.
    let (rounds, requests) = (other.requests("GET /Location"), other.requests("GET /"));
    connector.wait("more searches", |_| other.requests("GET /Location") >= rounds + ROUNDS);
    // The last one may still be under way.
    let (rounds, requests) = (other.requests("GET /Location") - rounds, other.requests("GET /") - requests);
    println!("{requests} requests for {rounds} searches of all types");
    assert!(requests <= (rounds + 1) * requests_max, "{requests} requests for {rounds} searches");
    assert_eq!(stored(&connector), all as f64, "nothing is sent again");
    other.put(&patient(7, "male"));
    connector.wait("the change", |connector| stored(connector) > all as f64);
    if deletions {
        other.ask("DELETE", "Encounter/e5", "");
        connector.wait("the deletion", |connector| stored(connector) > all as f64 + 1.0);
    }
    let rounds = other.requests("GET /Location");
    connector.wait("more searches", |_| other.requests("GET /Location") >= rounds + ROUNDS);
    let mut records = setup.records(FEED, all + 1);
    records.retain(|record| !String::from_utf8_lossy(&record.payload).contains("\"DELETE\""));
    assert_eq!(stored(&connector) - records.len() as f64, if deletions { 1.0 } else { 0.0 }, "the deletion comes once");
    // The history that has been seen repeats its first page as every other one: what is on it is sent, and that there is more
    // is said.
    let ready = connector.get("/readyz");
    assert_eq!(
        ready.contains("history-circle: the FHIR server's pages of the history of Encounter"),
        deletions,
        "{ready}"
    );
    assert_eq!(ready.starts_with("HTTP/1.1 200"), !deletions, "{ready}");
    let mut ids: Vec<_> = records.iter().map(|record| record.message_id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), records.len()), (all + 1, all + 1), "each version once");
    let named = |reference: &str| ids.iter().filter(|id| id.split('@').next() == Some(reference)).count();
    for index in 0..EACH {
        let versions = (named(&format!("Patient/p{index}")), named(&format!("Encounter/e{index}")));
        assert_eq!(versions, (if index == 7 { 2 } else { 1 }, 1), "of person {index}");
    }
    assert!(records.iter().filter(|record| record.message_id.starts_with("Encounter/")).all(|record| {
        let bundle: Value = serde_json::from_slice(&record.payload).expect("JSON");
        bundle["entry"][1]["resource"]["resourceType"] == "Patient"
    }));
}

/// Where what is fetched is kept.
fn cache(name: &str) -> PathBuf {
    let folder =
        env::var_os("VARDSTROM_CACHE").map_or_else(|| Path::new(FILES).join("../../../../.cache"), PathBuf::from);
    folder.join(name)
}

/// Done once: the mark holds what was asked for.
fn fetched(folder: &Path, wanted: &str, fetch: impl FnOnce()) {
    let mark = folder.join("complete");
    if fs::read_to_string(&mark).ok().as_deref() != Some(wanted) {
        fetch();
        fs::write(mark, wanted).expect("the cache folder can be written");
    }
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

#[test]
fn fhirsnake_is_read_whole_with_every_search_and_what_it_says_is_sent_once() {
    let environment = cache("fhirsnake");
    let python = environment.join("bin/python");
    let requirements = Path::new(FILES).join("requirements.txt");
    fetched(&environment, &fs::read_to_string(&requirements).expect("there"), || {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&requirements));
    });
    let place = run(Command::new(&python).args(["-c", "import fhirsnake; print(fhirsnake.__path__[0])"]));
    let folder = TempDir::with_prefix("vardstrom-fhir-").expect("a folder");
    for resource in resources() {
        let text = |key: &str| resource[key].as_str().expect("text").to_owned();
        let within = folder.path().join("resources").join(text("resourceType"));
        fs::create_dir_all(&within).expect("made");
        fs::write(within.join(format!("{}.json", text("id"))), resource.to_string()).expect("written");
    }
    let other = Other::start(folder, |port| {
        let python = fs::canonicalize(environment).expect("there").join("bin/python").display().to_string();
        let port = port.to_string();
        ["-m", "uvicorn", "main:app", "--app-dir", &place, "--host", "127.0.0.1", "--port", &port]
            .into_iter()
            .fold(vec![python], |command, word| [command, vec![word.to_owned()]].concat())
    });
    check("01", &other, false, 7);
}

#[test]
#[ignore = "fetches 70 MB; make check-fhir-servers"]
fn hapis_plain_server_is_led_by_its_next_and_what_it_says_is_sent_once() {
    const VERSION: &str = "8.8.0";
    let jar = |name| ["ca.uhn.hapi.fhir", name, VERSION];
    let jars = [
        jar("hapi-fhir-server"),
        jar("hapi-fhir-structures-r4"),
        jar("hapi-fhir-caching-caffeine"),
        ["org.eclipse.jetty.ee10", "jetty-ee10-servlet", "12.0.25"],
    ];
    let jars = libraries(&format!("hapi-fhir-plain-server-{VERSION}"), &jars, 70).expect("HAPI FHIR");
    let jars = fs::canonicalize(jars).expect("there");
    let other = Other::start(TempDir::with_prefix("vardstrom-fhir-").expect("a folder"), |port| {
        let program = format!("{FILES}/PlainFhirServer.java");
        ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", &format!("{}/*", jars.display())]
            .map(str::to_owned)
            .into_iter()
            .chain([program, port.to_string()])
            .collect()
    });
    resources().iter().for_each(|resource| other.put(resource));
    // Its own pages, of Patients, of Encounters and of the history of Encounters; and the histories of four other types.
    const OWN_PAGE: usize = 50;
    check("03", &other, true, 5 + 4 + 3 * EACH.div_ceil(OWN_PAGE));
}

#[test]
#[ignore = "fetches 20 MB; make check-fhir-servers"]
fn medplums_router_is_led_by_time_and_what_it_says_is_sent_once() {
    const VERSION: &str = "5.2.13";
    let folder = cache("medplum-fhir-router");
    fetched(&folder, VERSION, || {
        fs::create_dir_all(&folder).expect("made");
        let packages = ["fhir-router", "core", "definitions"].map(|name| format!("@medplum/{name}@{VERSION}"));
        run(Command::new("npm").args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&folder).args(packages));
    });
    // Its packages are looked for beside the program.
    let program = fs::canonicalize(&folder).expect("there").join("medplum.mjs");
    fs::copy(Path::new(FILES).join("medplum.mjs"), &program).expect("copied");
    let other = Other::start(TempDir::with_prefix("vardstrom-fhir-").expect("a folder"), |port| {
        ["node".to_owned(), program.display().to_string(), port.to_string()].to_vec()
    });
    resources().iter().for_each(|resource| other.put(resource));
    // Three pages each of Patients and Encounters, and one more where a page's last time begins the next.
    check("04", &other, false, 5 + 2 * (EACH.div_ceil(PAGE) + 1));
}
