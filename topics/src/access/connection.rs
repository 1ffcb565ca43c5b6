//! A connection to one broker that speaks Kafka's protocol by `kafka-protocol`'s types.
//!
//! librdkafka's Rust binding has no requests for access rules, SCRAM users and quotas. One question is on its way at a time;
//! an answer is waited for no longer than [`ANSWER_MAX`] and may be no larger than [`SIZE_MAX`].

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use kafka_protocol::{
    messages::{
        ApiKey, RequestHeader, ResponseHeader, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest,
        SaslHandshakeResponse,
    },
    protocol::{Decodable, Encodable, HeaderVersion, StrBytes},
};
use rustls::{ClientConnection, StreamOwned};

use super::{
    Error,
    scram::{Exchange, SHA_256, SHA_512},
};
use crate::{Kafka, Mechanism, Password, Sasl};

/// How long a connection may take: somebody may sit at a terminal with a misspelled address.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// The largest answer in bytes that is read.
const SIZE_MAX: usize = 64 << 20;
/// What this client calls itself.
const CLIENT: &str = "vardstrom-topics";

/// A connection to one broker, encrypted and logged in as the configuration says.
pub struct Connection {
    stream: Stream,
    address: String,
    number: i32,
}

enum Stream {
    Plain(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Connection {
    /// Connects to the first of the bootstrap addresses that answers, and logs in. `client`'s further settings do not count.
    ///
    /// # Errors
    /// When none answers, it is not trusted, or the user is not let in.
    pub fn open(kafka: &Kafka) -> Result<Self, Error> {
        let mut last = None;
        for address in kafka.bootstrap.split(',').map(str::trim) {
            match Self::connect(kafka, address) {
                Ok(connection) => return Ok(connection),
                // Another broker would say the same of who we are.
                Err(error @ (Error::Unreached { .. } | Error::Untrusted { .. })) => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| settings::Fault::new("bootstrap", "names no broker").into()))
    }

    fn connect(kafka: &Kafka, address: &str) -> Result<Self, Error> {
        let attempt = "connecting";
        let failed = |source: io::Error| match tls::Refusal::of(&source) {
            Some(refusal) => Error::Untrusted { attempt, address: address.to_owned(), refusal },
            None => Error::Unreached { attempt, address: address.to_owned(), source },
        };
        let resolved = address.to_socket_addrs().map_err(failed)?.next();
        let resolved = resolved.ok_or_else(|| failed(io::ErrorKind::AddrNotAvailable.into()))?;
        let socket = TcpStream::connect_timeout(&resolved, CONNECT_MAX).map_err(failed)?;
        socket.set_read_timeout(Some(ANSWER_MAX)).map_err(failed)?;
        socket.set_write_timeout(Some(ANSWER_MAX)).map_err(failed)?;
        socket.set_nodelay(true).map_err(failed)?;
        let stream = match &kafka.tls {
            None => Stream::Plain(socket),
            Some(tls) => {
                let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
                let host = host.trim_start_matches('[').trim_end_matches(']');
                let encryption = tls.encryption(host).map_err(|error| Error::Encryption(Box::new(error)))?;
                let session = ClientConnection::new(encryption.config, encryption.name)
                    .map_err(|error| Error::Encryption(Box::new(error)))?;
                let mut stream = StreamOwned::new(session, socket);
                while stream.conn.is_handshaking() {
                    stream.conn.complete_io(&mut stream.sock).map_err(failed)?;
                }
                Stream::Encrypted(Box::new(stream))
            }
        };
        let mut connection = Self { stream, address: address.to_owned(), number: 0 };
        if let Some(sasl) = &kafka.sasl {
            connection.log_in(sasl)?;
        }
        Ok(connection)
    }

    /// Asks, and waits for the answer. Which answer belongs to a question and its version is the caller's to know.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is another than `A`.
    pub fn ask<Q, A>(&mut self, key: ApiKey, version: i16, question: &Q) -> Result<A, Error>
    where
        Q: Encodable + HeaderVersion,
        A: Decodable + HeaderVersion,
    {
        let attempt = "asking";
        let unreadable = |address: &str, reason: String| Error::Answer { attempt, address: address.to_owned(), reason };
        self.number = self.number.wrapping_add(1);
        let header = RequestHeader::default()
            .with_request_api_key(key as i16)
            .with_request_api_version(version)
            .with_correlation_id(self.number)
            .with_client_id(Some(StrBytes::from_static_str(CLIENT)));
        let mut text = BytesMut::from(&[0; 4][..]);
        let encoded = header.encode(&mut text, Q::header_version(version));
        encoded
            .and_then(|()| question.encode(&mut text, version))
            .map_err(|error| unreadable(&self.address, error.to_string()))?;
        let length = u32::try_from(text.len() - 4).map_err(|error| unreadable(&self.address, error.to_string()))?;
        text[..4].copy_from_slice(&length.to_be_bytes());
        let mut answer = self.exchange(&text).map_err(|source| match tls::Refusal::of(&source) {
            Some(refusal) => Error::Untrusted { attempt, address: self.address.clone(), refusal },
            None => Error::Unreached { attempt, address: self.address.clone(), source },
        })?;
        let header = ResponseHeader::decode(&mut answer, A::header_version(version));
        let header = header.map_err(|error| unreadable(&self.address, error.to_string()))?;
        if header.correlation_id != self.number {
            return Err(unreadable(&self.address, "it answers another question".to_owned()));
        }
        A::decode(&mut answer, version).map_err(|error| unreadable(&self.address, error.to_string()))
    }

    fn exchange(&mut self, text: &[u8]) -> io::Result<Bytes> {
        let stream: &mut dyn ReadWrite = match &mut self.stream {
            Stream::Plain(stream) => stream,
            Stream::Encrypted(stream) => stream.as_mut(),
        };
        stream.write_all(text)?;
        stream.flush()?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > SIZE_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("an answer of {length} bytes")));
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer)?;
        Ok(answer.into())
    }

    fn log_in(&mut self, sasl: &Sasl) -> Result<(), Error> {
        let address = self.address.clone();
        let refused = |reason: String| Error::Login { address: address.clone(), who: sasl.who(), reason };
        let mechanism = sasl.mechanism().name();
        let handshake = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism));
        let answer: SaslHandshakeResponse = self.ask(ApiKey::SaslHandshake, 1, &handshake)?;
        if answer.error_code != 0 {
            let known: Vec<_> = answer.mechanisms.iter().map(|name| name.as_str().to_owned()).collect();
            return Err(refused(format!("it takes {} and not {mechanism}", known.join(", "))));
        }
        let Password { mechanism, user, password } = match sasl {
            Sasl::Password(password) => password,
            // RFC 7628, 3.1.
            Sasl::Token(endpoint) => {
                let text = format!("n,,\x01auth=Bearer {}\x01\x01", endpoint.token()?.token);
                // What it says of a token that it refuses is no reason that a person reads.
                return match self.authenticate(text)?.map_err(refused)?.as_str() {
                    "" => Ok(()),
                    _ => Err(refused("it refuses the token".to_owned())),
                };
            }
        };
        let password = password.value().map_err(|fault| fault.under("sasl.password"))?;
        let hash = match mechanism {
            Mechanism::Plain => {
                let text = format!("\0{user}\0{}", password.expose());
                return self.authenticate(text)?.map(drop).map_err(refused);
            }
            Mechanism::ScramSha256 => SHA_256,
            Mechanism::ScramSha512 => SHA_512,
            Mechanism::OauthBearer => return Err(refused("a password is no token".to_owned())),
        };
        let (exchange, first) = Exchange::begin(hash, user, password.expose()).map_err(|source| Error::Unreached {
            attempt: "reading random bytes",
            address: address.clone(),
            source,
        })?;
        let challenge = self.authenticate(first)?.map_err(&refused)?;
        let (proof, expected) = exchange.prove(&challenge).map_err(|reason| refused(reason.to_owned()))?;
        if self.authenticate(proof)?.map_err(&refused)? != expected {
            return Err(refused("it does not prove that it knows the password".to_owned()));
        }
        Ok(())
    }

    /// One step of a login; inside what the broker answers, or why it ends the login.
    fn authenticate(&mut self, text: String) -> Result<Result<String, String>, Error> {
        let step = SaslAuthenticateRequest::default().with_auth_bytes(text.into());
        let answer: SaslAuthenticateResponse = self.ask(ApiKey::SaslAuthenticate, 2, &step)?;
        if answer.error_code != 0 {
            let reason = answer.error_message.as_ref().map_or("it refuses the user", |reason| reason.as_str());
            return Ok(Err(reason.to_owned()));
        }
        Ok(String::from_utf8(answer.auth_bytes.to_vec()).map_err(|_| "its answer is not text".to_owned()))
    }
}

trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}
