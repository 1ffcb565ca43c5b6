//! Our own answers: pages for browsers, JSON for programs. They need no style sheet, which is behind the login too.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Nothing is loaded, and no other page shows ours.
const CONTENT_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What is told to whom is not let in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notice<'a> {
    pub(crate) status: StatusCode,
    /// A word that programs can tell it by.
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    /// In Swedish.
    pub(crate) sv: &'a str,
    pub(crate) en: &'a str,
    /// Where to go on, and what the link says.
    pub(crate) link: Option<(&'a str, &'static str)>,
}

impl Notice<'_> {
    /// For a browser.
    pub(crate) fn page(&self) -> Response {
        let link = match self.link {
            Some((address, words)) => format!("<p><a href=\"{}\">{words}</a></p>", escape(address)),
            None => String::new(),
        };
        let page = format!(
            "<!DOCTYPE html>\n<html lang=\"sv\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width, initial-scale=1\"><title>{title} – Vårdström</title></head><body><main><h1>\
             {title}</h1><p>{}</p><p lang=\"en\">{}</p>{link}</main></body></html>\n",
            escape(self.sv),
            escape(self.en),
            title = self.title,
        );
        sealed((self.status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
    }

    /// For a program.
    pub(crate) fn json(&self) -> Response {
        let body = json!({ "error": self.code, "message": self.en }).to_string();
        sealed((self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
    }

    pub(crate) fn of(&self, is_page: bool) -> Response {
        if is_page { self.page() } else { self.json() }
    }
}

/// An answer that nobody keeps, shows in a frame or takes for something else.
pub(crate) fn sealed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
