//! What every answer of every listener says beside its content, to browsers and to what lies between: one table.
//!
//! | header | value | why |
//! |---|---|---|
//! | `Content-Security-Policy` | [`PAGE_POLICY`] for HTML, [`DATA_POLICY`] for the rest | pages run our own files only and nothing inline; data runs nothing |
//! | `Cache-Control` | `no-store`, unless the answer has its own | what is live or about persons stays in no cache |
//! | [`ALWAYS`] | as it stands there | no frame, no guessed type, no address told elsewhere, no device, no other site's hands on it |
//!
//! An answer may say for itself how it is cached; nothing else of this can be weakened by a route.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Of a page: scripts, styles and calls of our own origin, pictures of ours or written in the page; forms go to us.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Of everything else: if a browser shows it, it loads and runs nothing.
pub const DATA_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Said by every answer, whatever a route has set.
///
/// `same-origin` as the referrer, not `no-referrer`: with that, browsers send forms without saying from where.
pub const ALWAYS: [(HeaderName, &str); 7] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The policy of an answer of this media type.
fn policy(kind: Option<&HeaderValue>) -> &'static str {
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page { PAGE_POLICY } else { DATA_POLICY }
}

/// Gives an answer's headers what the table says.
pub(super) fn complete(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = policy(headers.get(CONTENT_TYPE));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// What an answer lacks of the table, by name; empty for one that a [`super::Listener`] gave. For tests of services.
pub fn missing(headers: &HeaderMap) -> Vec<&'static str> {
    let is = |name: &HeaderName, value: &str| headers.get(name).is_some_and(|found| found == value);
    let mut missing: Vec<&'static str> =
        ALWAYS.iter().filter(|(name, value)| !is(name, value)).map(|(_, value)| *value).collect();
    let policy = policy(headers.get(CONTENT_TYPE));
    if !is(&CONTENT_SECURITY_POLICY, policy) {
        missing.push(policy);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        missing.push("no-store");
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inline_is_allowed_and_nothing_is_weakened() {
        for policy in [PAGE_POLICY, DATA_POLICY] {
            assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
            assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src *"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
        assert_eq!(missing(&headers).len(), ALWAYS.len() + 1);
        complete(&mut headers);
        assert_eq!(missing(&headers), Vec::<&str>::new());
        assert_eq!(headers[CONTENT_SECURITY_POLICY], PAGE_POLICY);
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=60", "how it is cached is the answer's own");
        let mut headers = HeaderMap::new();
        complete(&mut headers);
        assert_eq!(
            (&headers[CONTENT_SECURITY_POLICY], &headers[CACHE_CONTROL]),
            (&DATA_POLICY.parse().unwrap(), &"no-store".parse().unwrap())
        );
    }
}
