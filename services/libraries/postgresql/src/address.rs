use std::fmt;
use std::str::FromStr;

use tokio_postgres::config::{ChannelBinding, Config, Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Where a database is, how to log in, and how its server is known. Cannot be printed with its password.
#[derive(Clone)]
pub struct Address {
    /// Says whether the connection is encrypted.
    pub(crate) config: Config,
    /// Trusts nobody where it is not.
    pub(crate) encryption: MakeRustlsConnect,
}

/// Why an address cannot be used, in words that follow "the address" and never quote it.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It is not one.
    #[error("cannot be read; write postgres://user:password@host:5432/database")]
    Unreadable,
    /// It names no server.
    #[error("has no host; write postgres://user:password@host:5432/database")]
    NoHost,
    /// A parameter stands in it twice.
    #[error("has {0} twice; keep one")]
    Twice(&'static str),
    /// It asks for encryption without verification.
    #[error(
        "demands encryption without knowing the server; write sslmode=verify-full and name the server's authority, \
         or sslmode=disable for a server on this machine"
    )]
    Unverified,
    /// Verification without an authority.
    #[error(
        "demands encryption and names no authority; add tls = {{ ca = \"FILE\" }} to the configuration, or sslrootcert=FILE \
         to the address"
    )]
    NoAuthority,
    /// An authority without verification.
    #[error(
        "is of plain text and the server's authority is named; write sslmode=verify-full, or take the authority out"
    )]
    Plain,
    /// The authority stands in two places.
    #[error("names sslrootcert, and the configuration names tls; keep one")]
    AuthorityTwice,
    /// A certificate or key without an authority.
    #[error("names sslcert or sslkey and no sslrootcert; add it")]
    CertificateAlone,
    /// A file's path that we do not decode.
    #[error("has a file with % in its path; name the files in the configuration, or call them otherwise")]
    Encoded,
    /// TLS through a socket file.
    #[error(
        "demands encryption and names a socket or an address without a host; name the host that the server's certificate has"
    )]
    NoName,
    /// Files cannot be used.
    #[error("cannot be encrypted")]
    Files(#[source] tls::Error),
}

const PARAMETERS: [&str; 4] = ["sslmode", "sslrootcert", "sslcert", "sslkey"];

impl Address {
    /// Reads an address; `tls` is the configuration's.
    ///
    /// # Errors
    /// When it is none, or asks for what cannot be done or does not protect.
    pub fn read(url: &str, tls: Option<&tls::Client>) -> Result<Self, Unusable> {
        let (rest, [mode, ca, certificate, key]) = taken_apart(url)?;
        // The driver's own message may quote the address, and with it the password.
        let mut config: Config = rest.parse().map_err(|_| Unusable::Unreadable)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(Unusable::NoHost);
        }
        let named = match (ca, certificate.is_some() || key.is_some()) {
            (Some(ca), _) => {
                let path = |path: String| path.into();
                Some(tls::Client { ca: ca.into(), certificate: certificate.map(path), key: key.map(path) })
            }
            (None, true) => return Err(Unusable::CertificateAlone),
            (None, false) => None,
        };
        let files = match (named, tls) {
            (Some(_), Some(_)) => return Err(Unusable::AuthorityTwice),
            (named, tls) => named.or_else(|| tls.cloned()),
        };
        let encryption = match (mode.as_deref(), files) {
            (Some("require" | "verify-ca"), _) => return Err(Unusable::Unverified),
            (Some("verify-full"), None) => return Err(Unusable::NoAuthority),
            (Some("verify-full") | None, Some(files)) => Some(files),
            (Some("disable" | "prefer"), Some(_)) => return Err(Unusable::Plain),
            (Some("disable" | "prefer") | None, None) => None,
            (Some(_), _) => return Err(Unusable::Unreadable),
        };
        let encryption = match encryption {
            None if config.get_channel_binding() == ChannelBinding::Require => return Err(Unusable::NoAuthority),
            None => {
                config.ssl_mode(SslMode::Disable);
                tls::trusting_nobody()
            }
            Some(files) => {
                let is_named = |host: &Host| matches!(host, Host::Tcp(_));
                if config.get_hosts().is_empty() || !config.get_hosts().iter().all(is_named) {
                    return Err(Unusable::NoName);
                }
                config.ssl_mode(SslMode::Require);
                files.config()
            }
        };
        Ok(Self { config, encryption: MakeRustlsConnect::new(encryption.map_err(Unusable::Files)?) })
    }

    /// Whether what passes is encrypted, with a server that is known.
    pub fn is_encrypted(&self) -> bool {
        self.config.get_ssl_mode() == SslMode::Require
    }
}

impl FromStr for Address {
    type Err = Unusable;

    fn from_str(url: &str) -> Result<Self, Unusable> {
        Self::read(url, None)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("hosts", &self.config.get_hosts()).finish_non_exhaustive()
    }
}

/// The address without the parameters of TLS, of which the driver knows one, and these parameters.
fn taken_apart(url: &str) -> Result<(String, [Option<String>; 4]), Unusable> {
    let mut taken = [const { None }; 4];
    // A question mark before the host belongs to a password.
    let from = url.find('@').unwrap_or_default();
    let Some(at) = url[from..].find('?').map(|at| from + at) else { return Ok((url.to_owned(), taken)) };
    let mut rest = Vec::new();
    for parameter in url[at + 1..].split('&') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let Some(n) = PARAMETERS.iter().position(|known| *known == name) else {
            rest.push(parameter);
            continue;
        };
        if value.contains('%') {
            return Err(Unusable::Encoded);
        }
        if taken[n].replace(value.to_owned()).is_some() {
            return Err(Unusable::Twice(PARAMETERS[n]));
        }
    }
    let rest = rest.join("&");
    let separator = if rest.is_empty() { "" } else { "?" };
    Ok((format!("{}{separator}{rest}", &url[..at]), taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(url: &str, tls: Option<&tls::Client>) -> Option<String> {
        Address::read(url, tls).err().map(|unusable| unusable.to_string())
    }

    #[test]
    fn what_does_not_protect_or_cannot_be_done_is_refused_without_the_address() {
        let check = |parameters: &str, expected: Option<&str>| {
            let url = format!("postgres://u:hemligt@localhost/d{parameters}");
            match (said(&url, None), expected) {
                (None, None) => {}
                (Some(what), Some(expected)) => {
                    assert!(what.contains(expected) && !what.contains("hemligt"), "{what}");
                }
                (what, _) => panic!("{url}: {what:?}"),
            }
        };
        check("", None);
        check("?sslmode=disable", None);
        check("?sslmode=prefer&application_name=x", None);
        check("?sslmode=require", Some("verify-full"));
        check("?sslmode=verify-ca", Some("verify-full"));
        check("?sslmode=verify-full", Some("names no authority"));
        check("?sslmode=verify-ful", Some("cannot be read"));
        check("?sslmode=disable&sslmode=verify-full", Some("sslmode twice"));
        check("?sslmode=disable&sslrootcert=/ca.pem", Some("plain text and the server's authority is named"));
        check("?sslmode=verify-full&sslcert=/c.pem", Some("no sslrootcert"));
        check("?sslmode=verify-full&sslrootcert=%2Fca.pem", Some("% in its path"));
        check("?sslmode=verify-full&sslrootcert=/nowhere/ca.pem", Some("cannot be encrypted"));
        check("?channel_binding=require", Some("names no authority"));
        assert_eq!(said("postgres://u:a?sslmode=x@localhost/d", None), None, "a password may hold anything");
        assert!(said("postgres://", None).unwrap().starts_with("has no host"));
        assert!(said("postgres://u:p@localhost:x/d", None).unwrap().starts_with("cannot be read"));
    }

    #[test]
    fn the_authority_of_the_configuration_and_the_address_agree() {
        let tls = tls::Client::trusting("/nowhere/ca.pem");
        let check = |url: &str, expected: &str| {
            let what = said(url, Some(&tls)).expect("refused");
            assert!(what.contains(expected), "{what}");
        };
        check("postgres://u:p@localhost/d?sslmode=disable", "plain text and the server's authority is named");
        check("postgres://u:p@localhost/d?sslrootcert=/ca.pem", "keep one");
        check("postgres://u:p@%2Frun%2Fpostgresql/d", "names a socket");
        check("postgres://u:p@localhost/d", "cannot be encrypted");
    }
}
