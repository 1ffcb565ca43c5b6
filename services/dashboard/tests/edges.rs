//! What every route says and asks for beside its content: headers, forms, cookies, and how often it may be asked.

use std::fs;
use std::path::Path;

use dashboard::config::Stream;
use dashboard::hub::Bounds;
use figures::report::Page;
use local_stack::agent;
use runtime::http::headers;

use crate::fixture;
use crate::site::{Setup, Site};

/// Routes whose path is put together in the source, by the expression; [`made`] has what they make.
const MADE: [&str; 5] = [
    "&format!(\"{page}/region/{{region}}\"",
    "&format!(\"{page}/region/{{region}}/sjukhus/{{hospital}}\"",
    "&page",
    "&path",
    // Of `Routes`, whose other routes all come from the places above.
    "pattern,methods)",
];

fn made() -> Vec<String> {
    let mut made = Vec::new();
    for kind in Page::ALL {
        made.push(format!("/api/v1/{}", kind.api()));
        let page = format!("/{{language}}/{}", kind.segment());
        made.push(format!("{page}/region/{{region}}"));
        made.push(format!("{page}/region/{{region}}/sjukhus/{{hospital}}"));
        made.push(page);
    }
    made
}

/// Every path that the sources give a route, with its methods as they are written.
pub(crate) fn routes() -> Vec<(String, String)> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let (mut found, mut put_together) = (Vec::new(), Vec::new());
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text: String = fs::read_to_string(&path).unwrap().split_whitespace().collect();
            for route in text.split(".route(").skip(1) {
                match route.strip_prefix('"').and_then(|route| route.split_once("\",")) {
                    Some((path, rest)) => found.push((path.to_owned(), rest.to_owned())),
                    None => put_together.push(MADE.iter().find(|made| route.starts_with(**made)).copied()),
                }
            }
        }
    }
    put_together.sort_unstable();
    assert_eq!(put_together, MADE.map(Some), "a route is put together in a new way: add what it makes");
    found.extend(made().into_iter().map(|path| (path, "get(".to_owned())));
    found
}

pub(crate) fn filled(path: &str) -> String {
    let names = [
        ("language", "sv"),
        ("region", "14"),
        ("hospital", "501010"),
        ("ward", "MED10"),
        ("unit", "MED10"),
        ("name", "x"),
        ("dataset", "costs"),
        ("table", "drg"),
    ];
    let path = names.iter().fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
    assert!(!path.contains('{'), "{path}: say what stands here");
    path
}

fn country() -> Site {
    Site::start(Setup::of(fixture::country(), fixture::now()))
}

#[test]
fn every_route_s_answer_has_the_headers_of_the_table() {
    let (site, agent, routes) = (country(), agent(), routes());
    assert!(routes.len() > 35, "{routes:?}");
    let more =
        ["/healthz", "/readyz", "/metrics", "/nothing", "/sv/nothing", "/sv?form=csv", "/sv/vantetider?form=csv"];
    for path in routes.iter().map(|(path, _)| filled(path)).chain(more.map(str::to_owned)) {
        // Of a stream only the head is waited for; a path that takes another method says so with the same headers.
        let answer = agent.get(format!("{}{path}", site.url())).call().unwrap();
        assert_eq!(headers::missing(answer.headers()), Vec::<&str>::new(), "{path}");
        let kind =
            answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
        let cached = answer.headers()["cache-control"].to_str().unwrap();
        assert!(cached.starts_with("no-store"), "{path} ({kind}) may be kept: {cached}");
    }
    let page = site.get("/sv").1;
    let style = page.split("/tillgang/").nth(2).and_then(|rest| rest.split('"').next()).unwrap();
    let answer = agent.get(format!("{}/tillgang/{style}", site.url())).call().unwrap();
    assert_eq!((answer.status().as_u16(), headers::missing(answer.headers())), (200, Vec::new()));
    assert!(
        answer.headers()["cache-control"].to_str().unwrap().starts_with("public"),
        "what is named by its content is kept"
    );
}

/// Method and address of each form of a page.
fn forms(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        rest.split('"').next().map(str::to_owned)
    };
    let tags = page.split("<form").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
    tags.map(|tag| {
        (attribute(tag, "method").expect("a form says its method"), attribute(tag, "action").unwrap_or_default())
    })
    .collect()
}

/// A `GET` changes nothing, so only what is sent with another method is asked where it comes from.
#[test]
fn one_form_changes_something_and_no_other_site_can_send_it() {
    let (site, agent, routes) = (country(), agent(), routes());
    let mut searching = 0;
    for (path, methods) in &routes {
        let changing = ["post(", "put(", "delete(", "patch(", "any("].iter().any(|method| methods.starts_with(method));
        assert_eq!(changing, path == "/installning", "{path}");
        if !changing && !path.starts_with("/strom/") && path != "/api/v1/stream" {
            let page = site.get(&filled(path)).1;
            for address in page.split(" formaction=\"").skip(1) {
                assert!(address.starts_with("/installning?"), "{path} has a button that sends elsewhere");
            }
            for (method, action) in forms(&page) {
                match method.as_str() {
                    "post" => assert!(action.starts_with("/installning?"), "{path}: {action}"),
                    "get" => searching += 1,
                    other => panic!("{path}: a form with {other}"),
                }
            }
        }
    }
    assert!(searching > 3, "{searching} forms that search were found");

    let send = |fields: &[(&str, &str)]| {
        let mut request = agent.post(format!("{}/installning?tema=morkt&till=%2Fsv", site.url()));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.send_empty().unwrap()
    };
    for fields in [
        &[("Sec-Fetch-Site", "cross-site")][..],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
    ] {
        let answer = send(fields);
        assert_eq!(answer.status().as_u16(), 403, "{fields:?}");
        assert!(!answer.headers().contains_key("set-cookie"), "{fields:?}");
    }
    let cookie = |fields: &[(&str, &str)]| {
        let answer = send(fields);
        assert_eq!(answer.status().as_u16(), 303, "{fields:?}");
        answer.headers()["set-cookie"].to_str().unwrap().to_owned()
    };
    let here = cookie(&[("Sec-Fetch-Site", "same-origin")]);
    assert!(
        here.contains("; HttpOnly; SameSite=Lax") && !here.contains("Secure"),
        "loopback speaks plain text: {here}"
    );
    let away = cookie(&[("Host", "tavla.region.example"), ("Origin", "https://tavla.region.example")]);
    assert!(away.contains("; HttpOnly; SameSite=Lax; Secure"), "{away}");
}

#[test]
fn two_thousand_readers_behind_one_address_load_the_board() {
    let bounds = Stream::default();
    let bounds = Bounds { clients_max: bounds.clients_max, topics_max: bounds.topics_max };
    let site = Site::start(Setup { bounds, ..Setup::of(fixture::country(), fixture::now()) });
    let (address, agent) = (format!("{}/sv", site.url()), agent());
    for reader in 0..2000 {
        let mut answer = agent.get(&address).call().unwrap();
        assert_eq!(answer.status().as_u16(), 200, "reader {reader}");
        // Read to its end, so that the connection serves the next.
        answer.body_mut().read_to_vec().unwrap();
    }
    // What a page loads beside itself takes nothing of that.
    for _ in 0..1000 {
        assert_eq!(agent.get(format!("{}/tillgang/x", site.url())).call().unwrap().status().as_u16(), 404);
    }
    let metrics = site.get("/metrics").1;
    assert!(
        metrics.contains("vardstrom_http_requests_refused_total{listener=\"http\",reason=\"rate\"} 0"),
        "{metrics}"
    );
}
