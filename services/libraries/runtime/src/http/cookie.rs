//! What every cookie of ours says beside its name and value.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::HOST;

const PLAIN: &str = "; Path=/; HttpOnly; SameSite=Lax";
const SECURE: &str = "; Path=/; HttpOnly; SameSite=Lax; Secure";

/// The attributes of a cookie that answers a request: no script reads it, no other site's form brings it, and it crosses the
/// network encrypted only. `Secure` is left out where the request is for this machine's own loopback address, which some
/// browsers do not count as secure.
pub fn attributes(request: &HeaderMap) -> &'static str {
    let host = request.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if is_loopback(host) { PLAIN } else { SECURE }
}

/// Whether the value of a `Host` header is a name of this machine's own loopback address.
pub fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_secure_unless_it_stays_on_this_machine() {
        for (host, plain) in [
            ("127.0.0.1:8080", true),
            ("localhost", true),
            ("LOCALHOST:80", true),
            ("[::1]:8080", true),
            ("[::1]", true),
            ("127.0.0.1.evil.test", false),
            ("localhost.evil.test:80", false),
            ("tavla.region.test", false),
            ("10.0.0.7:8080", false),
            ("[2001:db8::1]:80", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            let attributes = attributes(&headers);
            assert_eq!(!attributes.contains("; Secure"), plain, "{host}");
            assert!(attributes.contains("; HttpOnly") && attributes.contains("; SameSite=Lax"));
        }
        assert!(super::attributes(&HeaderMap::new()).ends_with("; Secure"));
    }
}
