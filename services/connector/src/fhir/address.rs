//! Where the server is, from the configuration, and whether an address that it names is still there.

use std::fmt;
use std::path::Path;

use ::fhir::reference::{is_id, is_type_name};
use runtime::config::Fault;
use tls::Encryption;

use crate::config::Fhir;

/// Where Debian and its kin keep the authorities that the machine trusts.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The base address of a FHIR server.
#[derive(Clone)]
pub(crate) struct Address {
    /// Name or address of the server.
    pub host: String,
    pub port: u16,
    /// The path before the resource types: empty, or with a leading and no trailing slash.
    pub path: String,
    /// How connections are encrypted: for `https`.
    pub tls: Option<Encryption>,
}

impl Address {
    /// Reads the base address, and the authority from its file.
    pub(crate) fn read(source: &Fhir) -> Result<Self, Fault> {
        let fault = |what: &str| Fault::new("base", format!("{what}; write for example \"https://fhir.example/r4\""));
        let parts = Parts::of(&source.base).ok_or_else(|| fault("not an address"))?;
        if parts.rest.contains(['?', '#']) || source.base.bytes().any(|byte| byte <= b' ' || byte >= 0x7F) {
            return Err(fault("the address of a server has neither a query nor blanks"));
        }
        let tls = match (parts.encrypted, &source.ca) {
            (true, ca) => {
                let trusting = tls::Client::trusting(ca.as_deref().unwrap_or(Path::new(SYSTEM_AUTHORITIES)));
                Some(trusting.encryption(parts.host).map_err(|error| error.fault())?)
            }
            (false, Some(_)) => return Err(Fault::new("ca", "is for https; the base address begins with http")),
            (false, None) => None,
        };
        let path = parts.rest.trim_end_matches('/').to_owned();
        Ok(Self { host: parts.host.to_owned(), port: parts.port, path, tls })
    }

    /// Host and port, for messages.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Host, and port where it is not the usual one, as a request names them.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.port, self.tls.is_some()) {
            (443, true) | (80, false) => host,
            (port, _) => format!("{host}:{port}"),
        }
    }

    /// The path and query of an address that the server names; `None` when it is on another host, port or scheme.
    pub(crate) fn within(&self, url: &str) -> Option<String> {
        if url.bytes().any(|byte| byte <= b' ' || byte >= 0x7F) {
            return None;
        }
        // Without a scheme: relative to the base, or to the origin.
        let rest = match Parts::of(url) {
            Some(parts) => {
                let same = parts.host.eq_ignore_ascii_case(&self.host) && parts.port == self.port;
                (same && parts.encrypted == self.tls.is_some()).then(|| parts.rest.to_owned())?
            }
            None if url.contains("://") || url.starts_with("//") => return None,
            None if url.starts_with('/') => url.to_owned(),
            None => format!("{}/{url}", self.path),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        Some(if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") })
    }

    /// `Type/id` of a reference to a resource of this server, whatever version it names; `None` for any other reference.
    pub(crate) fn reference(&self, reference: &str) -> Option<String> {
        let path;
        let relative = match Parts::of(reference) {
            Some(_) => {
                path = self.within(reference)?;
                path.strip_prefix(&self.path)?.strip_prefix('/')?
            }
            None => reference,
        };
        let named = ::fhir::reference::Address::of(relative).filter(|named| named.base.is_none())?;
        (is_type_name(named.kind) && is_id(named.id)).then(|| format!("{}/{}", named.kind, named.id))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())
    }
}

struct Parts<'a> {
    encrypted: bool,
    host: &'a str,
    port: u16,
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (encrypted, after) = match url.strip_prefix("https://") {
            Some(after) => (true, after),
            None => (false, url.strip_prefix("http://")?),
        };
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, rest) = after.split_at(end);
        // Whoever writes a name and password into an address means something that we do not do.
        if authority.contains('@') {
            return None;
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (authority, if encrypted { 443 } else { 80 }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty() && port != 0).then_some(Self { encrypted, host, port, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address { host: "fhir.example".to_owned(), port: 80, path: "/r4".to_owned(), tls: None }
    }

    #[test]
    fn an_address_that_the_server_names_must_be_its_own() {
        let address = address();
        let within = |url| address.within(url);
        assert_eq!(within("http://fhir.example/r4?page=2").as_deref(), Some("/r4?page=2"));
        assert_eq!(within("http://FHIR.example:80/other?page=2").as_deref(), Some("/other?page=2"));
        assert_eq!(within("Patient?page=2").as_deref(), Some("/r4/Patient?page=2"));
        assert_eq!(within("/r4/Patient?page=2").as_deref(), Some("/r4/Patient?page=2"));
        assert_eq!(within("http://fhir.example?page=2").as_deref(), Some("/?page=2"));
        for other in [
            "https://fhir.example/r4?page=2",
            "http://fhir.example:8080/r4",
            "http://fhir.example@other.example/r4",
            "http://other.example/r4",
            "http://fhir.example.other.example/r4",
            "//other.example/r4",
            "ftp://fhir.example/r4",
            "/r4?a b",
        ] {
            assert_eq!(within(other), None, "{other}");
        }
    }

    #[test]
    fn a_reference_is_read_in_every_notation() {
        let address = address();
        for text in [
            "Patient/1",
            "http://fhir.example/r4/Patient/1",
            "Patient/1/_history/2",
            "http://fhir.example:80/r4/Patient/1",
        ] {
            assert_eq!(address.reference(text).as_deref(), Some("Patient/1"), "{text}");
        }
        for text in [
            "#p",
            "urn:uuid:1",
            "Patient/",
            "Patient/1/2",
            "Patient/1?x",
            "http://other.example/r4/Patient/1",
            "../x/1",
        ] {
            assert_eq!(address.reference(text), None, "{text}");
        }
    }
}
