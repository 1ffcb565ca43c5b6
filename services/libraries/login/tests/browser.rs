//! A browser without a screen: cookies, redirects, and Keycloak's form.

use std::collections::BTreeMap;

use local_stack::PASSWORD;
use ureq::http::header;

use crate::stand::agent;

const REDIRECTS_MAX: usize = 12;

/// Cookies of 127.0.0.1, whatever the port, as browsers keep them.
pub(crate) struct Browser {
    agent: ureq::Agent,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Every `Set-Cookie` as it came.
    pub(crate) set: Vec<String>,
}

pub(crate) struct Page {
    pub(crate) status: u16,
    /// Where it came from in the end.
    pub(crate) url: String,
    /// Where it would lead to.
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new() -> Self {
        Self { agent: agent(), cookies: BTreeMap::new(), set: Vec::new() }
    }

    /// One answer; no redirect is followed.
    pub(crate) fn step(&mut self, url: &str, form: Option<&[(&str, &str)]>) -> Page {
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
        .unwrap_or_else(|error| panic!("{url}: {error}"));
        for set in answer.headers().get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            self.set.push(set.to_owned());
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() || set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        Page { status, url: url.to_owned(), location, body: answer.body_mut().read_to_string().unwrap() }
    }

    /// Follows redirects to their end.
    pub(crate) fn open(&mut self, url: &str) -> Page {
        let page = self.step(url, None);
        self.follow(page)
    }

    fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..REDIRECTS_MAX {
            let Some(to) = page.location.take() else { return page };
            let to = if to.starts_with('/') {
                let host = page.url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
                format!("{host}{to}")
            } else {
                to
            };
            page = self.step(&to, None);
        }
        panic!("more than {REDIRECTS_MAX} redirects, last to {}", page.url);
    }

    /// Opens an address of a service, and logs in at Keycloak's form.
    pub(crate) fn log_in(&mut self, url: &str, user: &str) -> Page {
        let form = self.open(url);
        assert!(form.url.contains("/realms/vardstrom/"), "{} {}", form.status, form.url);
        let action = attribute(&form.body, "action").unwrap_or_else(|| panic!("no form: {}", form.body));
        let page = self.step(&action, Some(&[("username", user), ("password", PASSWORD), ("credentialId", "")]));
        self.follow(page)
    }
}

/// The value of the first attribute of this name.
pub(crate) fn attribute(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("{name}=\""))?;
    Some(rest.split('"').next()?.replace("&amp;", "&"))
}
