//! What a configuration says of login: a provider, or plainly that there is none.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use access::{Policies, Role};
use data_encoding::BASE32_NOPAD;
use runtime::config::{Check, Fault, Http, Period, Secret};
use serde::{Deserialize, Deserializer, de};
use topics::Region;

use crate::secret;

/// The table `[login]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Why everybody who reaches the port may see everything: `"behind a proxy that has a login"`. Instead of a provider.
    pub none: Option<Box<str>>,
    /// Who knows the users.
    pub provider: Option<Provider>,
    /// How long a login holds.
    pub session: Sessions,
    /// Which claim makes which role; the first that fits counts.
    pub role: Vec<RoleRule>,
    /// The region of who works for a care provider, by the value of `healthCareProviderHsaId`.
    pub region: BTreeMap<Box<str>, Region>,
    /// The level of assurance that a value of `acr` means; a value that is not here means 0.
    pub assurance: BTreeMap<Box<str>, u8>,
    /// A folder of `.cedar` files, in place of the policies that are built in.
    pub policies: Option<PathBuf>,
    /// Why reads and denials are in no access log, beside a provider: `"a trial with invented patients"`. Instead of
    /// `[access_log]`.
    pub unlogged: Option<Box<str>>,
}

/// The OpenID provider, and what we are to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its issuer, as its tokens name it; `/.well-known/openid-configuration` is found under it.
    pub issuer: Box<str>,
    /// Our client id.
    pub client: Box<str>,
    /// Our client secret; a public client has none. The code is bound to the browser by PKCE in either case.
    pub secret: Option<Secret>,
    /// Where browsers reach this service, without a path: `https://board.example`.
    pub public_url: Box<str>,
    /// The audience that a bearer token must name; without it no bearer token is taken.
    pub audience: Option<Box<str>>,
    /// Only bearer tokens are taken that are bound to the certificate of the program that shows them (RFC 8705). One that is bound
    /// needs its certificate in any case.
    #[serde(default)]
    pub bound: bool,
    /// Whom we trust as the provider, for an https issuer.
    pub tls: Option<tls::Client>,
    /// How far the provider's clock may be from ours.
    #[serde(default = "skew")]
    pub clock_skew: Period,
}

/// The provider of a service that has no pages, and which of its tokens are taken: the table `[login]` of such a service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programs {
    /// Its issuer, as [`Provider::issuer`].
    pub issuer: Box<str>,
    /// The audience that a token must name.
    pub audience: Box<str>,
    /// Whom we trust as the provider, for an https issuer.
    pub tls: Option<tls::Client>,
    /// How far the provider's clock may be from ours.
    #[serde(default = "skew")]
    pub clock_skew: Period,
    /// As [`Provider::bound`].
    #[serde(default)]
    pub bound: bool,
}

/// How long a login holds, and how many there may be.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    /// Ends after so long without a request; an open page asks for itself, through its stream.
    pub idle: Period,
    /// Ends after so long in any case.
    pub absolute: Period,
    /// Most at a time; one more ends the one that has been idle for longest.
    pub count: usize,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { idle: Period::seconds(30 * 60), absolute: Period::seconds(12 * 3600), count: 10_000 }
    }
}

/// A claim that makes a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRule {
    /// The claim: a text, or a list of texts.
    pub claim: Box<str>,
    /// What it must be or hold.
    pub value: Box<str>,
    /// The role.
    #[serde(deserialize_with = "role")]
    pub role: Role,
}

fn skew() -> Period {
    Period::seconds(30)
}

fn role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    let name = Box::<str>::deserialize(deserializer)?;
    Role::of_name(&name).ok_or_else(|| {
        let names: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
        de::Error::custom(format!("`{name}` is no role; there are {}", names.join(", ")))
    })
}

/// Longest difference of clocks that is forgiven: a token would hold much longer than its issuer says.
const SKEW_MAX: Duration = Duration::from_secs(300);
const SESSIONS_MAX: usize = 1_000_000;

impl Check for Settings {
    fn check(&self) -> Result<(), Fault> {
        let provider = match (&self.none, &self.provider) {
            (None, Some(provider)) => provider,
            (Some(reason), None) if reason.trim().is_empty() => {
                return Err(Fault::new(
                    "none",
                    "says no reason; write why, for example \"behind a proxy that has a login\"",
                ));
            }
            (Some(_), None) => return Ok(()),
            (Some(_), Some(_)) => return Err(Fault::new("none", "stands beside a provider; keep one of them")),
            (None, None) => {
                return Err(Fault::new("provider", "is missing; name one, or write `none = \"...\"` with the reason"));
            }
        };
        provider.check().map_err(|fault| fault.under("provider"))?;
        let Sessions { idle, absolute, count } = self.session;
        if idle.0 < Duration::from_secs(10) || idle > absolute {
            return Err(Fault::new("session.idle", "must be at least \"10s\" and not longer than absolute"));
        }
        if count == 0 || count > SESSIONS_MAX {
            return Err(Fault::new("session.count", format!("must lie between 1 and {SESSIONS_MAX}")));
        }
        if self.role.is_empty() {
            return Err(Fault::new("role", "has no entry, so nobody could do anything; add `[[login.role]]`"));
        }
        if self.region.is_empty() && self.role.iter().any(|rule| rule.role.is_regional()) {
            return Err(Fault::new("region", "is empty, and a role within a region is worth nothing without one"));
        }
        self.read_policies().map(drop)
    }
}

impl Settings {
    /// The policies that the file names, or those that are built in.
    pub(crate) fn read_policies(&self) -> Result<Policies, Fault> {
        let read = self.policies.as_deref().map_or_else(Policies::shipped, Policies::read);
        read.map_err(|error| Fault::new("policies", runtime::exit::chain(&error)))
    }

    /// Hash of what makes roles: the rules, regions and levels of assurance. In base 32 no hash reads as a personal number.
    pub(crate) fn roles_version(&self) -> String {
        let rules = format!("{:?} {:?} {:?}", self.role, self.region, self.assurance);
        BASE32_NOPAD.encode(&secret::digest(&rules)[..16])
    }

    /// Whether browsers come over https, so that cookies are for it alone.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.provider.as_ref().is_some_and(|provider| provider.public_url.starts_with("https://"))
    }
}

/// Where the provider is, whom we trust there, and how far its clock may be from ours.
fn check_issuer(issuer: &str, tls: Option<&tls::Client>, clock_skew: Period) -> Result<(), Fault> {
    match Address::of(issuer) {
        Some(Address { https: true, .. }) if tls.is_none() => {
            return Err(Fault::new(
                "tls",
                "is missing: name the authority of the provider's certificate, { ca = \"...\" }",
            ));
        }
        Some(Address { https, loopback }) if https || loopback => {}
        _ => return Err(Fault::new("issuer", "must begin with https://, or name this machine itself")),
    }
    if let Some(tls) = tls {
        tls.check().map_err(|fault| fault.under("tls"))?;
    }
    if clock_skew.0 > SKEW_MAX {
        return Err(Fault::new("clock_skew", "must be at most \"5m\""));
    }
    Ok(())
}

/// Whether a port asks its clients for certificates, without which no bound token can be shown.
fn check_bound(bound: bool, http: &Http) -> Result<(), Fault> {
    let asks = http.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    if !bound || asks {
        return Ok(());
    }
    Err(Fault::new("bound", "needs certificates that the port does not ask for; name tls.client_ca there"))
}

impl Check for Programs {
    fn check(&self) -> Result<(), Fault> {
        check_issuer(&self.issuer, self.tls.as_ref(), self.clock_skew)?;
        if self.audience.trim().is_empty() {
            return Err(Fault::new("audience", "must not be empty: tokens that are made for others would be taken"));
        }
        Ok(())
    }
}

impl Programs {
    /// The check of both, with the port at which tokens are shown.
    pub fn check_at(&self, http: &Http) -> Result<(), Fault> {
        self.check()?;
        check_bound(self.bound, http)
    }
}

impl Check for Provider {
    fn check(&self) -> Result<(), Fault> {
        check_issuer(&self.issuer, self.tls.as_ref(), self.clock_skew)?;
        let path = self.public_url.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
        match Address::of(&self.public_url) {
            Some(Address { https, loopback }) if (https || loopback) && !path => {}
            _ => {
                let message = "must be https:// and a host without a path; http:// for this machine itself alone";
                return Err(Fault::new("public_url", message));
            }
        }
        if let Some(secret) = &self.secret {
            secret.value().map_err(|fault| fault.under("secret"))?;
        }
        if self.audience.as_ref().is_some_and(|audience| *audience == self.client || audience.trim().is_empty()) {
            // Else an ID token, which is made for the login, could be sent as an access token.
            return Err(Fault::new("audience", "must be a name of the API's own, other than the client's"));
        }
        if self.bound && self.audience.is_none() {
            return Err(Fault::new("bound", "is about bearer tokens, of which none is taken; name an audience"));
        }
        Ok(())
    }
}

/// What matters of an address.
struct Address {
    https: bool,
    loopback: bool,
}

impl Address {
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = rest.split(['/', '?', '#']).next()?;
        if host.is_empty() || host.contains('@') {
            return None;
        }
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let name = name.map_or(host, |(name, _)| name);
        let loopback = name == "localhost"
            || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        Some(Self { https, loopback })
    }
}

/// A service that asks whether it may listen: [`Listening::check`].
#[derive(Clone, Copy, Debug)]
pub struct Listening<'a> {
    /// Its table `[http]`: where.
    pub http: &'a Http,
    /// Its table `[login]`, if it has one.
    pub login: Option<&'a Settings>,
    /// Its table `[access_log]`, if it has one.
    pub access_log: Option<&'a access_log::Settings>,
}

impl Check for Listening<'_> {
    /// Without a login a service answers this machine alone, unless its configuration says why not; with one, who reads what is
    /// entered, unless it says why not.
    fn check(&self) -> Result<(), Fault> {
        let http = self.http;
        if http.probes.is_some() {
            let message = "the login stands before readiness and metrics, too; leave this out";
            return Err(Fault::new("http.probes", message));
        }
        let Some(login) = self.login else {
            return if http.listen.ip().is_loopback() {
                Ok(())
            } else {
                Err(Fault::new(
                    "http.listen",
                    "answers other machines, and there is no login; configure [login], listen on 127.0.0.1, or write \
                     [login] none = \"...\" with the reason why none is needed here",
                ))
            };
        };
        login.check().map_err(|fault| fault.under("login"))?;
        let bound = login.provider.as_ref().is_some_and(|provider| provider.bound);
        check_bound(bound, http).map_err(|fault| fault.under("login.provider"))?;
        match (&login.provider, self.access_log, &login.unlogged) {
            (Some(_), None, None) => Err(Fault::new(
                "access_log",
                "is missing: whoever logs in is entered there; add [access_log] with folder and key, or write [login] \
                 unlogged = \"...\" with the reason why nobody is",
            )),
            (_, Some(_), Some(_)) => Err(Fault::new("login.unlogged", "stands beside [access_log]; keep one of them")),
            (None, _, Some(_)) => {
                Err(Fault::new("login.unlogged", "is said without a provider, and without one nobody is entered"))
            }
            (_, Some(log), None) => {
                log.check().and_then(|()| log.signing_key().map(drop)).map_err(|fault| fault.under("access_log"))
            }
            (Some(_), None, Some(reason)) if reason.trim().is_empty() => Err(Fault::new(
                "login.unlogged",
                "says no reason; write why, for example \"a trial with invented patients\"",
            )),
            (Some(_), None, Some(_)) | (None, None, None) => Ok(()),
        }
    }
}
