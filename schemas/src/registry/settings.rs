//! How the registry is reached: the table `[registry]` that `topics` and every service read alike.

use ::settings::{Check, Fault, Secret};
use serde::Deserialize;

/// Where the schema registry answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Base address, for example `http://127.0.0.1:8081`.
    pub url: String,
    /// For `https`: the authority of its certificate, and our certificate where it demands one.
    pub tls: Option<tls::Client>,
    /// User and password, over `https` only.
    pub login: Option<Login>,
    /// Whether the service registers schemas that are not there, without their rule: for trials. `topics apply` does it else.
    #[serde(default)]
    pub register: bool,
}

/// A user of the registry, told in every question (HTTP's `Basic`, RFC 7617).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The user; without a colon.
    pub user: String,
    /// Its password, in the environment or a file.
    pub password: Secret,
}

impl Settings {
    /// A registry at this address in plain text, which is asked and not written to.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), tls: None, login: None, register: false }
    }
}

impl Check for Settings {
    fn check(&self) -> Result<(), Fault> {
        let (server, is_encrypted) = match (self.url.strip_prefix("http://"), self.url.strip_prefix("https://")) {
            (Some(server), _) => (server, false),
            (_, Some(server)) => (server, true),
            (None, None) => ("", false),
        };
        if !is_server(server) {
            return Err(Fault::new("url", "not an address; write for example \"http://127.0.0.1:8081\""));
        }
        match (&self.tls, is_encrypted) {
            (Some(tls), true) => tls.check().map_err(|fault| fault.under("tls"))?,
            (Some(_), false) => return Err(Fault::new("tls", "is for https; the address begins with http")),
            (None, true) => {
                let what = "https needs the authority of its certificate; add tls = { ca = \"FILE\" }";
                return Err(Fault::new("url", what));
            }
            (None, false) => {}
        }
        let Some(login) = &self.login else { return Ok(()) };
        if !is_encrypted {
            let what = "a password in plain text is read by whoever is on the way; write an https address and tls";
            return Err(Fault::new("login", what));
        }
        if login.user.is_empty() || login.user.contains(':') {
            return Err(Fault::new("login.user", "must not be empty and has no colon"));
        }
        login.password.value().map(drop).map_err(|fault| fault.under("login.password"))
    }
}

/// Whether this is host, port if need be, and path if need be.
fn is_server(text: &str) -> bool {
    let authority = text.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, "80"),
    };
    let letters = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#@".contains(&byte));
    letters && !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0)
}
