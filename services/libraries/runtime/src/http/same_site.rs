//! Whether a request that changes something was sent by a page of another site.
//!
//! Decided by what browsers say of where a request comes from (`Sec-Fetch-Site`, else `Origin`), not by a token in the page:
//! pages are rendered once for all readers and can carry none. Beside it stands `SameSite` of every cookie ([`super::cookie`]).
//! Who says neither is no browser: it sends no cookie that it was not given for this, and is let through. A `GET` changes
//! nothing, so the forms that search and filter need none of it.

use axum::http::{HeaderMap, Method};

/// Whether it is to be refused. `origins` are further addresses that our pages are read under, such as a proxy's.
pub(super) fn is_foreign(method: &Method, headers: &HeaderMap, origins: &[Box<str>]) -> bool {
    if method.is_safe() {
        return false;
    }
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("null"));
    let origin = text("origin");
    if origin.is_some_and(|origin| origins.iter().any(|ours| origin.eq_ignore_ascii_case(ours))) {
        return false;
    }
    match text("sec-fetch-site") {
        Some("same-origin" | "none") => false,
        Some(_) => true,
        // A browser that says it only over HTTPS, or is old.
        None => origin.is_some_and(|origin| !is_of_host(origin, text("host"))),
    }
}

fn is_of_host(origin: &str, host: Option<&str>) -> bool {
    origin.split_once("://").zip(host).is_some_and(|((_, origin), host)| origin.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: Method, said: &[(&'static str, &'static str)], expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert("host", "tavla.test:8080".parse().unwrap());
        for (name, value) in said {
            headers.insert(*name, value.parse().unwrap());
        }
        assert_eq!(is_foreign(&method, &headers, &["https://tavla.region.test".into()]), expected, "{method} {said:?}");
    }

    #[test]
    fn another_site_s_page_changes_nothing() {
        for site in ["cross-site", "same-site", "strange"] {
            check(Method::POST, &[("sec-fetch-site", site)], true);
            check(Method::DELETE, &[("sec-fetch-site", site), ("origin", "http://tavla.test:8080")], true);
            check(Method::GET, &[("sec-fetch-site", site)], false);
        }
        for site in ["same-origin", "none"] {
            check(Method::POST, &[("sec-fetch-site", site)], false);
        }
        for (origin, foreign) in [
            ("http://tavla.test:8080", false),
            ("https://TAVLA.test:8080", false),
            ("http://tavla.test", true),
            ("http://tavla.test:8080.evil.test", true),
            ("https://evil.test", true),
            ("null", true),
            ("", true),
        ] {
            check(Method::POST, &[("origin", origin)], foreign);
            check(Method::PUT, &[("origin", origin)], foreign);
        }
        // A proxy that names another host is named in the configuration.
        check(Method::POST, &[("origin", "https://tavla.region.test")], false);
        check(Method::POST, &[("origin", "https://tavla.region.test"), ("sec-fetch-site", "same-site")], false);
        // No browser: a FHIR server's notification, a recipient's receipt.
        check(Method::POST, &[], false);
    }
}
