//! Where the database is and how to log in, from the URL in the environment.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use runtime::config::{Fault, SecretValue};
use rustls::RootCertStore;
use rustls_pki_types::ServerName;
use tokio_postgres::config::{Host, SslMode};

use crate::config::Cdc;

/// Where the database is and how to log in. Cannot be printed with its password.
pub struct Address {
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The role.
    pub user: String,
    /// The database.
    pub database: String,
    /// How the connection is encrypted, if it is.
    pub tls: Option<Encryption>,
    url: SecretValue,
}

/// The server must show a certificate of our authority, for its name.
#[derive(Clone)]
pub struct Encryption {
    /// The authority.
    pub config: Arc<rustls::ClientConfig>,
    /// The server's name.
    pub name: ServerName<'static>,
}

/// The port that PostgreSQL has by default.
const PORT: u16 = 5432;

impl Address {
    /// Reads the URL from the environment and the authority from its file.
    pub fn read(source: &Cdc) -> Result<Self, Fault> {
        let url = source.url.value().map_err(|fault| fault.under("url"))?;
        let config = parsed(&url)?;
        let [Host::Tcp(host)] = config.get_hosts() else {
            return Err(Fault::new("url", "needs one host; a slot lives on one server, and sockets are not supported"));
        };
        let host = host.clone();
        let missing = |what: &str| Fault::new("url", format!("has no {what}; {SHAPE}"));
        let user = config.get_user().ok_or_else(|| missing("user"))?.to_owned();
        let database = config.get_dbname().ok_or_else(|| missing("database"))?.to_owned();
        let port = config.get_ports().first().copied().unwrap_or(PORT);
        let mut ours = tokio_postgres::Config::new();
        ours.host(&host).user(&user).dbname(&database).ssl_mode(config.get_ssl_mode());
        for port in config.get_ports() {
            ours.port(*port);
        }
        if let Some(password) = config.get_password() {
            ours.password(password);
        }
        if config != ours {
            let what = "has a parameter that this connection does not know; of parameters only sslmode is known";
            return Err(Fault::new("url", what));
        }
        let tls = match &source.ca {
            Some(ca) => Some(encryption(ca, &host)?),
            None if config.get_ssl_mode() == SslMode::Require => {
                return Err(Fault::new(
                    "ca",
                    "the URL demands encryption; name the PEM file of the server's authority",
                ));
            }
            None => None,
        };
        Ok(Self { host, port, user, database, tls, url })
    }

    /// Host and port, for messages.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The password; empty when there is none. Lives as short as the caller lets it.
    pub fn password(&self) -> Vec<u8> {
        parsed(&self.url).ok().and_then(|config| config.get_password().map(<[u8]>::to_vec)).unwrap_or_default()
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())
    }
}

const SHAPE: &str = "write postgres://user:password@host:5432/database";

/// The driver's own message may quote the URL, and with it the password: it is not passed on.
fn parsed(url: &SecretValue) -> Result<tokio_postgres::Config, Fault> {
    if url.expose().contains("sslmode=verify") {
        let what =
            "sslmode is disable, prefer or require; with ca, the server's certificate and its name are always verified";
        return Err(Fault::new("url", what));
    }
    url.expose().parse().map_err(|_| Fault::new("url", format!("cannot be read; {SHAPE}")))
}

/// Encryption with a server that must show a certificate of the authorities in this PEM file, for its name.
pub(crate) fn encryption(ca: &Path, host: &str) -> Result<Encryption, Fault> {
    let fault = |error: &dyn std::error::Error| Fault::new("ca", runtime::exit::chain(error));
    let mut roots = RootCertStore::empty();
    for certificate in tls::certificates("ca", ca).map_err(|error| fault(&error))? {
        roots.add(certificate).map_err(|error| fault(&error))?;
    }
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| fault(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| fault(&error))?;
    Ok(Encryption { config: Arc::new(config), name })
}
