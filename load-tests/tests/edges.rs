//! Whoever listens does it through the doors that are bounded, and what changes something over HTTP is a short list.

use crate::sources::{files_with, sources};

/// Bounds, times, headers and rates are the listener's own (`runtime::http`), so that no route can be without them.
#[test]
fn nobody_serves_http_or_accepts_connections_but_the_runtime() {
    // The schema registry lies before the runtime, and serves schemas in trials: a known gap of its README.
    const REGISTRY: &str = "schemas/src/registry/server.rs";
    let mut serving = files_with(&["axum::serve(", ".serve_connection(", "auto::Builder", "http2::Builder"]);
    serving.retain(|path| !path.starts_with("load-tests/"));
    assert_eq!(serving, [REGISTRY, "services/libraries/runtime/src/http/connection.rs"]);
    let mut accepting = files_with(&["TcpListener::bind", "TcpListener::from_std", "UnixListener::bind"]);
    // Servers that tests start on this machine.
    accepting.retain(|path| !path.starts_with("services/libraries/local-stack/") && !path.starts_with("load-tests/"));
    // The first is the program that gives the second its port.
    assert_eq!(accepting, ["schemas/src/bin/registry.rs", REGISTRY, "services/libraries/runtime/src/door.rs"]);
}

/// What stands before the parenthesis that ends a call.
fn inside(call: &str) -> &str {
    let mut depth = 0;
    let end = call.find(|letter: char| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        depth < 0
    });
    &call[..end.unwrap_or(call.len())]
}

/// A change that is asked for with a cookie is refused to other sites' pages; one with a secret in its head needs no more.
#[test]
fn what_changes_something_over_http_is_listed() {
    const METHODS: [&str; 6] = ["post(", "put(", "patch(", "delete(", "any(", "on(MethodFilter"];
    let mut found = Vec::new();
    for (path, text) in sources() {
        if path.starts_with("load-tests/") || !text.contains("axum::routing") {
            continue;
        }
        let text: String = text.split_whitespace().collect();
        for route in text.split(".route(").skip(1) {
            let (at, methods) = inside(route).split_once(',').expect("a path and its methods");
            if METHODS.iter().any(|method| methods.starts_with(method) || methods.contains(&format!(").{method}"))) {
                found.push(format!("{path} {at}"));
            }
        }
    }
    let expected = [
        // With a secret in the head of the request.
        "services/connector/src/fhir/hook.rs \"/fhir/notify/{name}\"",
        "services/connector/src/fhir/hook.rs \"/fhir/notify/{name}/{*resource}\"",
        // With a cookie: the forms that change something, which are the theme's and the one that ends a session.
        "services/dashboard/src/server.rs \"/installning\"",
        // Signed by whoever asks.
        "services/key-holder/src/serve.rs \"/v1/statements\"",
        "services/key-holder/src/serve.rs \"/v1/batches\"",
        "services/libraries/login/src/conversation.rs LOGOUT",
        "services/sink-register/src/serve.rs \"/v1/parcels/{parcel}/receipt\"",
    ];
    // The registry answers everybody alike and keeps nothing that it is sent.
    found.retain(|route| !route.starts_with("schemas/"));
    assert_eq!(found, expected);
}
