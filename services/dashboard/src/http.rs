//! What pages, streams and API share of HTTP.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::assets::{PAGE_CSS, PAGE_JS};

/// What an address says after its question mark.
pub(crate) type Params = Query<HashMap<String, String>>;

/// How long a client waits before it asks again for what is still being read, in seconds.
pub(crate) const AGAIN_AFTER: &str = "5";

/// The answer with the tag of its content, or 304 without it for a program that has it. The content is what the figures are,
/// without when they were asked for; compressed or not it is the same, so the tag is a weak one.
pub(crate) fn tagged(asked: &HeaderMap, content: &(impl Hash + ?Sized), answer: impl FnOnce() -> Response) -> Response {
    let mut hasher = DefaultHasher::new();
    // Another build may write the same figures otherwise.
    [env!("CARGO_PKG_VERSION"), env!("DASHBOARD_COMMIT"), PAGE_CSS, PAGE_JS].hash(&mut hasher);
    content.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    let mut response = if has(asked, &tag) { StatusCode::NOT_MODIFIED.into_response() } else { answer() };
    let weak = HeaderValue::from_str(&format!("W/{tag}")).expect("hexadecimal digits");
    response.headers_mut().insert(header::ETAG, weak);
    response
}

/// Whether a client says that it has the tag, by the weak comparison of `If-None-Match` (RFC 9110, 13.1.2).
fn has(asked: &HeaderMap, tag: &str) -> bool {
    let values = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_content_gets_no_other() {
        let ask = |held: &str| {
            let mut asked = HeaderMap::new();
            if !held.is_empty() {
                asked.insert(header::IF_NONE_MATCH, held.parse().unwrap());
            }
            asked
        };
        let answer = |held: &str, content: &str| tagged(&ask(held), content, || "figures".into_response());
        let first = answer("", "a");
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        let strong = tag.strip_prefix("W/").unwrap();
        for held in [&*tag, strong, "*", &format!("\"x\", {tag}")] {
            assert_eq!(answer(held, "a").status(), StatusCode::NOT_MODIFIED, "{held}");
            assert_eq!(answer(held, "a").headers()[header::ETAG], tag);
        }
        assert_eq!(answer(&tag, "b").status(), StatusCode::OK, "other content");
        assert_eq!(answer("\"x\"", "a").status(), StatusCode::OK);
    }
}
