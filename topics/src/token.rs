//! Tokens in place of passwords: a client shows its secret to a token endpoint and the token that it gets to Kafka.
//!
//! In: the settings of SASL's OAUTHBEARER (RFC 7628) with the grant of client credentials (RFC 6749, 4.4). Out: a token with the
//! time when it expires, or one line that says what is wrong and holds neither secret nor token. librdkafka asks for the first
//! token when a client is made, for the next when four fifths of its life are over, and again 10 s after one that was not had;
//! the question blocks whoever serves the client's events for [`ANSWER_MAX`] at most.
#![expect(
    unsafe_code,
    reason = "rdkafka serves no events of a client that only asks, and has no call that gives it a token"
)]

use std::ffi::CString;
use std::ptr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::settings::{Check, Fault, Secret, chain};
use data_encoding::BASE64URL_NOPAD;
use rdkafka::bindings as native;
use rdkafka::client::{Client, ClientContext, OAuthToken};
use rdkafka::error::KafkaError;
use serde::Deserialize;
use zeroize::Zeroizing;

/// How long one question to the endpoint may take.
pub const ANSWER_MAX: Duration = Duration::from_secs(5);
/// The longest answer that is read; a token with many groups takes a few kB.
const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// A token is thrown away after a day, whatever it says, so that no sum of times overflows.
const LIFE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// What an endpoint may say of a refusal (RFC 6749, 5.2); other words are not repeated.
const REFUSALS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// Where tokens come from, and who asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its address; https, or http on this machine.
    pub url: String,
    /// For https: the authority of its certificate, and our certificate where it demands one.
    pub tls: Option<tls::Client>,
    /// Who we are there.
    pub client_id: String,
    /// What proves it, in the environment or a file; read for every token.
    pub client_secret: Secret,
    /// What the token is to be good for, where the endpoint wants to be told.
    pub scope: Option<String>,
}

/// Why there is no token. Holds neither secret nor token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A secret or a file cannot be read any more.
    #[error("ask the token endpoint {url}")]
    Settings {
        /// The endpoint.
        url: String,
        /// Which one.
        source: Fault,
    },
    /// Nobody answers.
    #[error("the token endpoint {url} does not answer")]
    Away {
        /// The endpoint.
        url: String,
        /// What was met.
        source: Box<ureq::Error>,
    },
    /// It is not the endpoint that was meant, or it wants to know us better.
    #[error("the token endpoint {url}: {refusal}")]
    Untrusted {
        /// The endpoint.
        url: String,
        /// What in the handshake was wrong.
        refusal: tls::Refusal,
    },
    /// It is overloaded or ill, or this is not its address.
    #[error("the token endpoint {url} answers {status}; is this its address?")]
    Failing {
        /// The endpoint.
        url: String,
        /// HTTP's status.
        status: u16,
    },
    /// It gives this client no token.
    #[error(
        "the token endpoint {url} gives client {client} no token ({why}); check client_id, client_secret and scope of kafka.sasl"
    )]
    Refused {
        /// The endpoint.
        url: String,
        /// The client.
        client: String,
        /// One of the words that there are for it, or the status.
        why: String,
    },
    /// What it says is no token.
    #[error(
        "what the token endpoint {url} answers is no token with a time when it expires (expires_in, or exp of a JWT); is this \
         its address?"
    )]
    NotUnderstood {
        /// The endpoint.
        url: String,
    },
    /// The token is of no use.
    #[error("the token endpoint {url} gives a token that has expired; set the clocks there and here, or mend it there")]
    Expired {
        /// The endpoint.
        url: String,
    },
    /// The Kafka client does not take it.
    #[error("the Kafka client does not take the token of {url}")]
    NotTaken {
        /// The endpoint.
        url: String,
        /// librdkafka's word for it.
        source: KafkaError,
    },
}

/// For callers who know no other error.
impl From<Error> for KafkaError {
    fn from(error: Error) -> Self {
        Self::ClientCreation(chain(&error))
    }
}

/// An answer, whether it has a token or not.
#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    expires_in: Option<u64>,
    error: Option<String>,
}

impl Endpoint {
    /// A new token, asked for now: blocks for [`ANSWER_MAX`] at most.
    pub fn token(&self) -> Result<OAuthToken, Error> {
        let (url, client) = (self.url.clone(), self.client_id.clone());
        let settings = |source| Error::Settings { url: self.url.clone(), source };
        let agent = tls::agent(self.tls.as_ref(), ANSWER_MAX).map_err(|fault| settings(fault.under("tls")))?;
        let secret = self.client_secret.value().map_err(|fault| settings(fault.under("client_secret")))?;
        // Both are encoded before they are joined (RFC 6749, 2.3.1), so that anything may stand in either.
        let login = tls::basic(&form_encoded(&client), &form_encoded(secret.expose()));
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        let question = agent.post(&url).config().max_redirects(0).max_redirects_will_error(false).build();
        let question = question.header("authorization", login.expect("letters, digits and % can stand in a header"));
        let mut answer = match question.header("accept", "application/json").send_form(form) {
            Ok(answer) => answer,
            Err(source) => {
                return Err(match tls::Refusal::of_question(&source) {
                    Some(refusal) => Error::Untrusted { url, refusal },
                    None => Error::Away { url, source: Box::new(source) },
                });
            }
        };
        let status = answer.status().as_u16();
        let read = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_json::<Answer>().ok();
        match (status, read) {
            (200, Some(Answer { access_token: Some(token), expires_in, .. })) => {
                self.judged(token, expires_in, SystemTime::now())
            }
            (200, _) => Err(Error::NotUnderstood { url }),
            (400 | 401 | 403, read) => {
                let word = read.and_then(|answer| answer.error).filter(|word| REFUSALS.contains(&word.as_str()));
                Err(Error::Refused { url, client, why: word.unwrap_or_else(|| format!("HTTP {status}")) })
            }
            _ => Err(Error::Failing { url, status }),
        }
    }

    /// A token with the time when it expires: what the answer says, and no later than the token itself does.
    fn judged(&self, token: String, life: Option<u64>, now: SystemTime) -> Result<OAuthToken, Error> {
        let url = || self.url.clone();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::NotUnderstood { url: url() });
        }
        let own = expires_at(&token).map(|at| UNIX_EPOCH + at.min(Duration::from_secs(u32::MAX.into())));
        let told = life.map(|life| now + Duration::from_secs(life).min(LIFE_MAX));
        let at = told.into_iter().chain(own).min().ok_or_else(|| Error::NotUnderstood { url: url() })?;
        let at = at.min(now + LIFE_MAX);
        if at <= now {
            return Err(Error::Expired { url: url() });
        }
        let millis = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let lifetime_ms = i64::try_from(millis).unwrap_or(i64::MAX);
        Ok(OAuthToken { token, principal_name: self.client_id.clone(), lifetime_ms })
    }

    /// Gives a client a token, asked for now, where nobody serves its events: one that only asks, and is gone before the token is.
    pub(crate) fn log_in<C: ClientContext>(&self, client: &Client<C>) -> Result<(), Error> {
        let OAuthToken { token, principal_name, lifetime_ms } = self.token()?;
        let (Ok(token), Ok(name)) = (CString::new(token), CString::new(principal_name)) else {
            return Err(Error::NotUnderstood { url: self.url.clone() });
        };
        // SAFETY: the client lives for as long as it is borrowed, and librdkafka copies both texts, which end where they should;
        // there are no extensions, and no room is given for its message, which may quote what it was given.
        let code = unsafe {
            native::rd_kafka_oauthbearer_set_token(
                client.native_ptr(),
                token.as_ptr(),
                lifetime_ms,
                name.as_ptr(),
                ptr::null_mut(),
                0,
                ptr::null_mut(),
                0,
            )
        };
        match code {
            native::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
            code => Err(Error::NotTaken { url: self.url.clone(), source: KafkaError::Global(code.into()) }),
        }
    }
}

impl Check for Endpoint {
    fn check(&self) -> Result<(), Fault> {
        let of_this_machine = |host: &str| ["127.0.0.1", "localhost", "[::1]"].contains(&host);
        match (self.url.strip_prefix("http://"), self.url.strip_prefix("https://"), &self.tls) {
            (_, Some(server), Some(tls)) if is_server(server) => tls.check().map_err(|fault| fault.under("tls"))?,
            (_, Some(server), None) if is_server(server) => {
                let what = "https needs the authority of its certificate; add tls = { ca = \"FILE\" } to sasl";
                return Err(Fault::new("token_endpoint", what));
            }
            (Some(server), _, None) if is_server(server) && of_this_machine(host_of(server)) => {}
            (Some(server), _, None) if is_server(server) => {
                let what = "a secret in plain text is read by whoever is on the way; write an https address and tls";
                return Err(Fault::new("token_endpoint", what));
            }
            (Some(_), _, Some(_)) => return Err(Fault::new("tls", "is for https; the address begins with http")),
            _ => {
                let what = "not an address; write for example \"https://login.example/oauth2/token\"";
                return Err(Fault::new("token_endpoint", what));
            }
        }
        if self.client_id.is_empty() || self.client_id.contains('\0') {
            return Err(Fault::new("client_id", "must not be empty"));
        }
        self.client_secret.value().map(drop).map_err(|fault| fault.under("client_secret"))
    }
}

/// Whether this is a host, a port if need be, and a path if need be.
fn is_server(text: &str) -> bool {
    let letters = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"#@".contains(&byte));
    letters && !host_of(text).is_empty()
}

fn host_of(server: &str) -> &str {
    let place = server.split(['/', '?']).next().unwrap_or_default();
    place.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(place, |(host, _)| host)
}

/// When a JSON web token says that it expires, since 1970 (RFC 7519, 4.1.4); nothing of another token.
fn expires_at(token: &str) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let claims = BASE64URL_NOPAD.decode(token.split('.').nth(1)?.as_bytes()).ok()?;
    Duration::try_from_secs_f64(serde_json::from_slice::<Claims>(&claims).ok()?.exp.max(0.0)).ok()
}

/// As a form writes a text (`application/x-www-form-urlencoded`).
fn form_encoded(text: &str) -> Zeroizing<String> {
    let mut encoded = Zeroizing::new(String::with_capacity(3 * text.len()));
    for byte in text.bytes() {
        match byte {
            b'*' | b'-' | b'.' | b'_' => encoded.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => encoded.push(byte.into()),
            b' ' => encoded.push('+'),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Endpoint {
        let (client_id, client_secret) = ("sink-store".to_owned(), Secret::in_env("PATH"));
        Endpoint { url: url.to_owned(), tls: None, client_id, client_secret, scope: None }
    }

    #[test]
    fn a_secret_goes_over_https_or_stays_on_this_machine() {
        let check = |url: &str, expected: &str| {
            let said = endpoint(url).check().err().map(|fault| fault.to_string()).unwrap_or_default();
            assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{url}: {said}");
        };
        check("http://127.0.0.1:8080/token", "");
        check("http://localhost/token", "");
        check("http://[::1]:8080/token", "");
        check("http://login.example/token", "plain text");
        check("http://127.0.0.1.example/token", "plain text");
        check("http://localhost@login.example/token", "not an address");
        check("https://login.example/token", "add tls");
        check("https:///token", "not an address");
        check("login.example/token", "not an address");
        let with_files =
            Endpoint { tls: Some(tls::Client::trusting("/nowhere/ca.pem")), ..endpoint("http://localhost/") };
        assert!(with_files.check().unwrap_err().to_string().contains("is for https"));
    }

    #[test]
    fn a_token_is_good_until_the_first_time_that_is_said() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let jwt = |claims: &str| format!("e30.{}.x", BASE64URL_NOPAD.encode(claims.as_bytes()));
        let until = |token: &str, life| {
            let judged = endpoint("http://localhost/").judged(token.to_owned(), life, now);
            judged.map(|token| token.lifetime_ms / 1000).map_err(|error| error.to_string())
        };
        assert_eq!(until("opaque", Some(300)), Ok(1_000_300));
        assert_eq!(until(&jwt(r#"{"exp":1000060}"#), Some(300)), Ok(1_000_060));
        assert_eq!(until(&jwt(r#"{"exp":1000060.5}"#), None), Ok(1_000_060));
        assert_eq!(until(&jwt(r#"{"exp":1e300}"#), Some(300)), Ok(1_000_300));
        assert_eq!(until("opaque", Some(u64::MAX)), Ok(1_086_400));
        let refused = |token: &str, life, expected: &str| {
            let said = until(token, life).unwrap_err();
            assert!(said.contains(expected) && !said.contains(token), "{said}");
        };
        refused(&jwt(r#"{"exp":999999}"#), Some(300), "has expired");
        refused("opaque", Some(0), "has expired");
        refused("opaque", None, "no token with a time");
        refused("two words", Some(300), "no token with a time");
    }

    #[test]
    fn anything_can_stand_in_a_secret() {
        assert_eq!(*form_encoded("a-b_1.*"), "a-b_1.*");
        assert_eq!(*form_encoded("å:&= +"), "%C3%A5%3A%26%3D+%2B");
    }
}
