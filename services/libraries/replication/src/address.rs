//! Where the database is and how to log in, from the URL in the environment.

use std::fmt;

use runtime::config::{Fault, Secret, SecretValue};
use tls::Encryption;
use tokio_postgres::config::{Host, SslMode};

/// Where the database is and how to log in. Cannot be printed with its password.
pub struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) database: String,
    /// Who connects, in the server's view of its connections.
    pub(crate) application: &'static str,
    pub(crate) tls: Option<Encryption>,
    demands_encryption: bool,
    url: SecretValue,
}

/// The port that PostgreSQL has by default.
const PORT: u16 = 5432;

impl Address {
    /// Reads the URL from the environment; `application` is how the server's operator sees the connection.
    ///
    /// # Errors
    /// Under the key `url`, when it is missing, is no URL, or asks for what is not done here. It is never quoted.
    pub fn read(url: &Secret, application: &'static str) -> Result<Self, Fault> {
        let url = url.value().map_err(|fault| fault.under("url"))?;
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
        let demands_encryption = config.get_ssl_mode() == SslMode::Require;
        Ok(Self { host, port, user, database, application, tls: None, demands_encryption, url })
    }

    /// The same, over a connection that is encrypted so.
    #[must_use]
    pub fn encrypted(self, encryption: Encryption) -> Self {
        Self { tls: Some(encryption), ..self }
    }

    /// Whether the URL says that the connection must be encrypted.
    pub fn demands_encryption(&self) -> bool {
        self.demands_encryption
    }

    /// Name or address of the server.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Host and port, for messages.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The password; empty when there is none. Lives as short as the caller lets it.
    pub(crate) fn password(&self) -> Vec<u8> {
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
