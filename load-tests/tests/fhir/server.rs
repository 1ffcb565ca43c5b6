//! HAPI FHIR, a server that knows nothing of this project: fetched once by Maven into the cache folder, run by Java.

use std::{thread, time::Duration};

use local_stack::{Process, free_port, libraries};
use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fhir/FhirServer.java");
/// The last version whose subscriptions are published beside it.
const VERSION: &str = "8.8.0";
const READY_MAX: Duration = Duration::from_secs(240);
const PAUSE: Duration = Duration::from_millis(200);

/// The server; it ends with this.
pub(super) struct FhirServer {
    _process: Process,
    _folder: TempDir,
    base: String,
}

impl FhirServer {
    /// Starts it, empty.
    pub(super) fn start() -> Self {
        let jars = [
            ["ca.uhn.hapi.fhir", "hapi-fhir-jpaserver-base", VERSION],
            ["com.h2database", "h2", "2.3.232"],
            ["org.eclipse.jetty.ee10", "jetty-ee10-servlet", "12.0.25"],
        ];
        let jars = libraries(&format!("hapi-fhir-server-{VERSION}"), &jars, 290).expect("HAPI FHIR");
        let folder = TempDir::with_prefix("vardstrom-fhir-").expect("a folder");
        let port = free_port().expect("a port");
        let mut command: Vec<String> =
            ["java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"].map(str::to_owned).to_vec();
        command.extend([format!("{}/*", jars.display()), PROGRAM.to_owned(), port.to_string()]);
        let mut process = Process::start("fhir-server", folder.path(), "TERM", &command, &[]).expect("it starts");
        process.wait_for_port(port, READY_MAX).expect("it listens");
        Self { _process: process, _folder: folder, base: format!("http://127.0.0.1:{port}/fhir") }
    }

    /// Before the resource types.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Writes resources under the ids that they have, all or none.
    pub(super) fn put(&self, resources: &[Value]) {
        let entry = |resource: &Value| {
            let text = |key: &str| resource[key].as_str().expect("a type and an id");
            let url = format!("{}/{}", text("resourceType"), text("id"));
            json!({ "resource": resource, "request": { "method": "PUT", "url": url } })
        };
        let entries: Vec<Value> = resources.iter().map(entry).collect();
        self.post("", &json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries }));
    }

    /// Deletes a resource that no other refers to.
    pub(super) fn delete(&self, reference: &str) {
        ureq::delete(format!("{}/{reference}", self.base)).call().expect("deleted");
    }

    /// Has the server call an address whenever an Encounter changes; returns when it does.
    pub(super) fn subscribe(&self, endpoint: &str, header: &str) {
        let subscription = self.post(
            "/Subscription",
            &json!({ "resourceType": "Subscription", "status": "requested", "reason": "test", "criteria": "Encounter?",
                     "channel": { "type": "rest-hook", "endpoint": endpoint, "header": [header] } }),
        );
        let url = format!("{}/Subscription/{}", self.base, subscription["id"].as_str().expect("an id"));
        for _ in 0..300 {
            let text = ureq::get(&url).call().expect("an answer").into_body().read_to_string().expect("text");
            let subscription: Value = serde_json::from_str(&text).expect("JSON");
            if subscription["status"] == "active" {
                return;
            }
            thread::sleep(PAUSE);
        }
        panic!("the subscription is not active after a minute");
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let answer = ureq::post(format!("{}{path}", self.base))
            .header("Content-Type", "application/fhir+json")
            .config()
            .http_status_as_error(false)
            .build()
            .send(body.to_string())
            .expect("an answer");
        let status = answer.status();
        let text = answer.into_body().read_to_string().expect("text");
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }
}
