//! A broker's encrypted ports.

use std::path::Path;

use crate::{Authority, Certificate, Error, free_port, issuer};

/// The ports of a broker that speaks TLS, each as `host:port`, and a user that it knows.
#[derive(Debug, Clone)]
pub struct Encrypted {
    /// For users with passwords (SASL_SSL with SCRAM-SHA-256, SCRAM-SHA-512 or PLAIN).
    pub users: String,
    /// For clients with certificates of the authority (SSL).
    pub certificates: String,
    /// For nobody: its certificate has expired.
    pub expired: String,
    /// For clients with tokens (SASL_SSL with OAUTHBEARER); nobody is let in where no issuer is trusted.
    pub tokens: String,
    /// The user.
    pub user: &'static str,
    /// Its password.
    pub password: &'static str,
}

/// What stands in a broker's properties of its encrypted ports.
pub(crate) struct Properties {
    /// Behind `listeners` and `advertised.listeners`.
    pub listeners: String,
    /// `listener.security.protocol.map`.
    pub protocols: &'static str,
    /// By which port brokers speak with each other.
    pub between_brokers: &'static str,
    pub lines: String,
    /// Of Java.
    pub options: Vec<String>,
    /// There is an authorizer.
    pub walled: bool,
}

const USER: &str = "vardstrom";
const PASSWORD: &str = "skyddat-av-tls";
const OPEN: &str =
    "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,USERS:SASL_SSL,CERTIFICATES:SSL,EXPIRED:SSL,TOKENS:SASL_SSL";
const WALLED: &str = "CONTROLLER:SSL,PLAINTEXT:PLAINTEXT,USERS:SASL_SSL,CERTIFICATES:SSL,EXPIRED:SSL,TOKENS:SASL_SSL";
const WALL: &str = "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
listener.name.controller.ssl.client.auth=required
";
const MODULES: &str = "org.apache.kafka.common.security";

impl Encrypted {
    pub(crate) fn new() -> Result<Self, Error> {
        let place = || Ok::<_, Error>(format!("127.0.0.1:{}", free_port()?));
        Ok(Self {
            users: place()?,
            certificates: place()?,
            expired: place()?,
            tokens: place()?,
            user: USER,
            password: PASSWORD,
        })
    }

    /// What the storage is formatted with: the user's two proofs.
    pub(crate) fn credentials(&self) -> [String; 2] {
        ["SCRAM-SHA-256", "SCRAM-SHA-512"]
            .map(|mechanism| format!("{mechanism}=[name={},password={}]", self.user, self.password))
    }

    /// `keys`: tokens signed with them are taken on a port of their own. `walled`: an authorizer that lets nobody do anything without
    /// a rule, but the brokers, who show their certificate to each other, and the user. Whoever comes by the port for plain text is
    /// `User:ANONYMOUS`.
    pub(crate) fn properties(
        &self,
        authority: &Authority,
        keys: Option<&Path>,
        walled: bool,
    ) -> Result<Properties, Error> {
        let (good, expired) = (authority.issue(&["127.0.0.1"])?, authority.issue_expired(&["127.0.0.1"])?);
        let store = |prefix: &str, certificate: &Certificate| {
            format!("{prefix}ssl.keystore.type=PEM\n{prefix}ssl.keystore.location={}\n", certificate.both.display())
        };
        let tokens = keys.map(token_lines).unwrap_or_default();
        let wall = match walled {
            true => format!("{WALL}super.users=User:CN=127.0.0.1;User:{}\n", self.user),
            false => String::new(),
        };
        let lines = format!(
            "{wall}{}{}{tokens}ssl.truststore.type=PEM
ssl.truststore.location={}
listener.name.certificates.ssl.client.auth=required
sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512,PLAIN
listener.name.users.scram-sha-256.sasl.jaas.config={MODULES}.scram.ScramLoginModule required;
listener.name.users.scram-sha-512.sasl.jaas.config={MODULES}.scram.ScramLoginModule required;
listener.name.users.plain.sasl.jaas.config={MODULES}.plain.PlainLoginModule required user_{}=\"{}\";
",
            store("", &good),
            store("listener.name.expired.", &expired),
            authority.ca().display(),
            self.user,
            self.password
        );
        let mut listeners =
            format!(",USERS://{},CERTIFICATES://{},EXPIRED://{}", self.users, self.certificates, self.expired);
        if keys.is_some() {
            listeners.push_str(&format!(",TOKENS://{}", self.tokens));
        }
        let options = keys.map(|keys| format!("-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={}", url(keys)));
        let options = options.into_iter().collect();
        let (protocols, between_brokers) = if walled { (WALLED, "CERTIFICATES") } else { (OPEN, "PLAINTEXT") };
        Ok(Properties { listeners, protocols, between_brokers, lines, options, walled })
    }
}

/// Tokens of the issuer with these keys are taken, and a connection ends with its token.
fn token_lines(keys: &Path) -> String {
    let (keys, name, audience) = (url(keys), issuer::NAME, issuer::AUDIENCE);
    let own = "listener.name.tokens.oauthbearer";
    format!(
        "listener.name.tokens.sasl.enabled.mechanisms=OAUTHBEARER
{own}.sasl.jaas.config={MODULES}.oauthbearer.OAuthBearerLoginModule required;
{own}.sasl.server.callback.handler.class={MODULES}.oauthbearer.OAuthBearerValidatorCallbackHandler
{own}.sasl.oauthbearer.jwks.endpoint.url={keys}
{own}.sasl.oauthbearer.expected.issuer={name}
{own}.sasl.oauthbearer.expected.audience={audience}
{own}.connections.max.reauth.ms=60000
"
    )
}

fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}
