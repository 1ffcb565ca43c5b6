//! A client for programs, and a browser without a screen: cookies, redirects, and Keycloak's form.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use ureq::http::{HeaderMap, HeaderValue, header};

use crate::{Error, PASSWORD};

const REDIRECTS_MAX: usize = 12;
/// A bound for a machine that has much else to do, not a promise.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// A client that takes every status, follows nothing, and waits a minute for an answer.
#[must_use]
pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(ANSWER_MAX))
        .build()
        .into()
}

/// An access token that an issuer gives to a program for its client credentials, by an agent that may show a certificate.
///
/// # Errors
/// When nobody answers, or what is answered holds no token.
pub fn token(agent: &ureq::Agent, issuer: &str, client: &str, secret: &str) -> Result<String, Error> {
    let failed = |what: String| failed(format!("a token for {client}: {what}"));
    let form = [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret)];
    let answer = agent.post(format!("{issuer}/protocol/openid-connect/token")).send_form(form);
    let text = answer.and_then(|mut answer| answer.body_mut().read_to_string());
    let text = text.map_err(|error| failed(error.to_string()))?;
    let answer: Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    answer["access_token"].as_str().map(str::to_owned).ok_or_else(|| failed(format!("there is none in {text}")))
}

/// Cookies of 127.0.0.1, whatever the port, as browsers keep them.
pub struct Browser {
    agent: ureq::Agent,
    /// By name.
    pub cookies: BTreeMap<String, String>,
    /// Every `Set-Cookie` as it came.
    pub set: Vec<String>,
}

/// What was answered.
pub struct Page {
    /// The status.
    pub status: u16,
    /// Where it came from in the end.
    pub url: String,
    /// Where it would lead to.
    pub location: Option<String>,
    /// The text.
    pub body: String,
}

impl Default for Browser {
    fn default() -> Self {
        Self { agent: agent(), cookies: BTreeMap::new(), set: Vec::new() }
    }
}

impl Browser {
    /// One answer; no redirect is followed.
    ///
    /// # Errors
    /// When nobody answers, or what is answered is no text.
    pub fn step(&mut self, url: &str, form: Option<&[(&str, &str)]>) -> Result<Page, Error> {
        let failed = |error: ureq::Error| failed(format!("{url}: {error}"));
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut answer = match form {
            Some(form) => {
                let asked = self.agent.post(url).header(header::COOKIE, &cookies);
                asked.header(header::ACCEPT, "text/html").send_form(form.iter().copied())
            }
            None => {
                let asked = self.agent.get(url).header(header::COOKIE, &cookies);
                asked.header(header::ACCEPT, "text/html").call()
            }
        }
        .map_err(failed)?;
        self.keep(answer.headers());
        let location = answer.headers().get(header::LOCATION).and_then(text);
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_string().map_err(failed)?;
        Ok(Page { status, url: url.to_owned(), location, body })
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for set in headers.get_all(header::SET_COOKIE).iter().filter_map(text) {
            if let Some((name, value)) = set.split(';').next().and_then(|cookie| cookie.split_once('=')) {
                if value.is_empty() || set.contains("Max-Age=0") {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
            }
            self.set.push(set);
        }
    }

    /// Follows redirects to their end.
    ///
    /// # Errors
    /// As [`Self::step`], and when there is no end.
    pub fn open(&mut self, url: &str) -> Result<Page, Error> {
        let page = self.step(url, None)?;
        self.follow(page)
    }

    fn follow(&mut self, mut page: Page) -> Result<Page, Error> {
        for _ in 0..REDIRECTS_MAX {
            let Some(to) = page.location.take() else { return Ok(page) };
            let to = if to.starts_with('/') {
                let host = page.url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
                format!("{host}{to}")
            } else {
                to
            };
            page = self.step(&to, None)?;
        }
        Err(failed(format!("more than {REDIRECTS_MAX} redirects, last to {}", page.url)))
    }

    /// Opens an address of a service, and logs in at Keycloak's form.
    ///
    /// # Errors
    /// As [`Self::open`], and when it does not lead to the form.
    pub fn log_in(&mut self, url: &str, user: &str) -> Result<Page, Error> {
        let form = self.open(url)?;
        let action = attribute(&form.body, "action").filter(|_| form.url.contains("/realms/vardstrom/"));
        let action = action.ok_or_else(|| failed(format!("{} {} is no form of Keycloak's", form.status, form.url)))?;
        let page = self.step(&action, Some(&[("username", user), ("password", PASSWORD), ("credentialId", "")]))?;
        self.follow(page)
    }
}

fn failed(output: String) -> Error {
    Error::Failed { program: "the client".to_owned(), output }
}

fn text(value: &HeaderValue) -> Option<String> {
    value.to_str().ok().map(str::to_owned)
}

/// The value of the first attribute of this name.
#[must_use]
pub fn attribute(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("{name}=\""))?;
    Some(rest.split('"').next()?.replace("&amp;", "&"))
}
