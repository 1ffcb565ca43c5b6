//! Asks the server, one question at a time on one connection, with every wait and every answer bounded.
//!
//! On hyper, which serves the metrics already: a client with more of its own would log addresses, and an id in an address
//! may be a person's number.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, HOST, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use runtime::config::Fault;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::bundle;
use super::error::Error;
use crate::config::Fhir;

/// How long a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// A connection to the server, made when it is needed.
pub(super) struct Client {
    address: Address,
    authorisation: Option<HeaderValue>,
    wait_max: Duration,
    connection: Option<SendRequest<Empty<Bytes>>>,
}

pub(super) struct Question<'a> {
    pub path: &'a str,
    /// What it is, for messages: names of types only.
    pub what: &'a str,
    /// The longest answer that is read.
    pub bytes_max: u64,
}

pub(super) enum Answer {
    Found(Bytes),
    /// It does not exist, not any more, or not for us.
    Missing(Error),
    /// A 4xx: it does not do what was asked for.
    Refused(Error),
}

impl Client {
    /// Nothing is asked yet.
    pub(super) fn new(source: &Fhir) -> Result<Self, Fault> {
        Ok(Self {
            address: Address::read(source)?,
            authorisation: authorisation(source)?,
            wait_max: source.timeout.0,
            connection: None,
        })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Asks. An error says that the server is away, is busy, or does not know us.
    pub(super) async fn ask(&mut self, question: &Question<'_>) -> Result<Answer, Error> {
        match tokio::time::timeout(self.wait_max, self.exchange(question)).await {
            Ok(answer) => answer,
            Err(_) => {
                self.connection = None;
                let (place, what) = (self.address.place(), question.what.to_owned());
                Err(Error::Slow { place, what, waited: self.wait_max })
            }
        }
    }

    async fn exchange(&mut self, question: &Question<'_>) -> Result<Answer, Error> {
        let response = match self.on_the_kept_connection(question).await {
            Some(response) => response,
            None => self.on_a_new_connection(question).await?,
        };
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(seconds);
        let bytes_max = usize::try_from(question.bytes_max).unwrap_or(usize::MAX);
        let body = match Limited::new(response.into_body(), bytes_max).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                self.connection = None;
                if error.is::<LengthLimitError>() {
                    return Err(Error::Oversized { what: question.what.to_owned(), bytes_max: question.bytes_max });
                }
                return Err(self.broken(io::Error::other(error)));
            }
        };
        let what = question.what.to_owned();
        let issues = || bundle::issues(&body);
        match status {
            200..=299 => Ok(Answer::Found(body)),
            403 | 404 | 410 => Ok(Answer::Missing(Error::Refused { what, status, issues: issues() })),
            401 => Err(Error::Unauthorised { what, status, issues: issues() }),
            429 | 503 => Err(Error::Busy { what, status, retry_after }),
            500.. => Err(Error::Failed { what, status, issues: issues() }),
            _ => Ok(Answer::Refused(Error::Refused { what, status, issues: issues() })),
        }
    }

    /// Nothing, when there is none, or when the server has closed it: that says nothing, and a question may be asked twice.
    async fn on_the_kept_connection(&mut self, question: &Question<'_>) -> Option<Response<Incoming>> {
        let mut kept = self.connection.take()?;
        kept.ready().await.ok()?;
        let response = self.send(&mut kept, question.path).await.ok()?;
        self.connection = Some(kept);
        Some(response)
    }

    async fn on_a_new_connection(&mut self, question: &Question<'_>) -> Result<Response<Incoming>, Error> {
        let mut connection = match tokio::time::timeout(CONNECT_MAX, self.connect()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(self.broken(error)),
            Err(_) => return Err(self.broken(io::ErrorKind::TimedOut.into())),
        };
        let sent = self.send(&mut connection, question.path).await;
        let response = sent.map_err(|error| self.broken(io::Error::other(error)))?;
        self.connection = Some(connection);
        Ok(response)
    }

    async fn send(
        &self,
        connection: &mut SendRequest<Empty<Bytes>>,
        path: &str,
    ) -> Result<Response<Incoming>, hyper::Error> {
        let mut request = Request::new(Empty::new());
        // Only paths that the address has judged come here.
        *request.uri_mut() = path.parse().unwrap_or_default();
        let headers: &mut HeaderMap = request.headers_mut();
        if let Ok(host) = HeaderValue::from_str(&self.address.authority()) {
            headers.insert(HOST, host);
        }
        headers.insert(ACCEPT, HeaderValue::from_static("application/fhir+json"));
        // Some servers answer a search that was asked a moment ago from memory.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Some(authorisation) = &self.authorisation {
            headers.insert(AUTHORIZATION, authorisation.clone());
        }
        connection.send_request(request).await
    }

    async fn connect(&self) -> io::Result<SendRequest<Empty<Bytes>>> {
        let stream = TcpStream::connect((self.address.host.as_str(), self.address.port)).await?;
        stream.set_nodelay(true)?;
        match &self.address.tls {
            None => handshake(stream).await,
            Some(tls) => {
                let connector = TlsConnector::from(tls.config.clone());
                handshake(connector.connect(tls.name.clone(), stream).await?).await
            }
        }
    }

    fn broken(&self, source: io::Error) -> Error {
        Error::Connection { place: self.address.place(), source }
    }
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> io::Result<SendRequest<Empty<Bytes>>> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(async move {
        // Ends with the sender; whoever asks hears of what went wrong.
        let _ = connection.await;
    });
    Ok(sender)
}

/// The token as a header that no log shows.
pub(super) fn authorisation(source: &Fhir) -> Result<Option<HeaderValue>, Fault> {
    let Some(token) = &source.token else { return Ok(None) };
    let value = token.value().map_err(|fault| fault.under("token"))?;
    let mut header = HeaderValue::from_str(&format!("Bearer {}", value.expose()))
        .map_err(|_| Fault::new("token", format!("{} holds signs that no header may have", token.name())))?;
    header.set_sensitive(true);
    Ok(Some(header))
}

/// Retry-After, in seconds or as a time.
fn seconds(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    until.duration_since(jiff::Timestamp::now()).try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_in_two_ways_how_long_to_wait() {
        assert_eq!(seconds(&HeaderValue::from_static("7")), Some(Duration::from_secs(7)));
        let late = seconds(&HeaderValue::from_static("Fri, 01 Jan 2100 00:00:00 GMT")).expect("a time");
        assert!(late > Duration::from_secs(86_400));
        assert_eq!(seconds(&HeaderValue::from_static("soon")), None);
    }
}
