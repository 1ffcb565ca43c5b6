//! One connection: the server's key is compared before anything is said, then requests and their answers.

use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, AuthResult, Handle};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelStream, Preferred};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config::{HostKey, Server, fingerprint};
use crate::error::{Error, Status};
use crate::wire::{self, Answer, Request};

/// From a name to an open SFTP session.
const CONNECT_MAX: Duration = Duration::from_secs(20);
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// A silent server is asked whether it is there this often, and is gone after three times.
const KEEPALIVE: Duration = Duration::from_secs(10);

const POSIX_RENAME: &[u8] = b"posix-rename@openssh.com";
const FSYNC: &[u8] = b"fsync@openssh.com";

/// An SFTP session. A future of it that was dropped leaves an answer behind that nobody waits for: drop the session
/// then, too.
pub struct Session {
    pub(crate) place: String,
    stream: ChannelStream<client::Msg>,
    number: u32,
    /// Answers that are awaited and handles that are open.
    loose: usize,
    /// Whether a rename may take the place of another file.
    pub(crate) can_replace: bool,
    /// Whether a file can be made durable.
    pub(crate) can_sync: bool,
    /// The connection ends with it.
    _connection: Handle<Guard>,
}

impl Session {
    /// Connects, compares the server's key, logs in, and opens SFTP.
    ///
    /// # Errors
    /// When the server is away, shows another key, or does not let us in.
    pub async fn connect(server: &Server) -> Result<Self, Error> {
        let place = server.place();
        let silent = || Error::Silent { place: place.clone(), seconds: CONNECT_MAX.as_secs() };
        tokio::time::timeout(CONNECT_MAX, open(server)).await.map_err(|_| silent())?
    }

    /// Whether nothing is under way and nothing is open. After an error that is not so, other answers may still come:
    /// the session is to be dropped.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.loose == 0
    }

    /// A number for the next request.
    pub(crate) fn next(&mut self) -> u32 {
        self.number = self.number.wrapping_add(1);
        self.number
    }

    pub(crate) async fn send(&mut self, request: Request) -> Result<(), Error> {
        self.loose += 1;
        let bytes = request.finish();
        let written = tokio::time::timeout(ANSWER_MAX, self.stream.write_all(&bytes)).await;
        written.map_err(|_| self.silent())?.map_err(|source| self.broken(source))
    }

    /// The next answer, and the number of its request.
    pub(crate) async fn receive(&mut self) -> Result<(u32, Answer), Error> {
        let read = tokio::time::timeout(ANSWER_MAX, packet(&mut self.stream)).await;
        let packet = read.map_err(|_| self.silent())?.map_err(|source| self.broken(source))?;
        let packet = packet.ok_or_else(|| self.nonsense("an answer of an impossible length"))?;
        let answer = wire::answer(&packet).ok_or_else(|| self.nonsense("an answer that is not SFTP version 3"))?;
        self.loose = self.loose.saturating_sub(1);
        Ok(answer)
    }

    /// Asks and waits; nothing else may be under way.
    pub(crate) async fn ask(&mut self, kind: u8, fill: impl FnOnce(Request) -> Request) -> Result<Answer, Error> {
        let number = self.next();
        self.send(fill(Request::new(kind, number))).await?;
        match self.receive().await? {
            (found, answer) if found == number => Ok(answer),
            _ => Err(self.nonsense("an answer to another question")),
        }
    }

    /// Asks for something to be done.
    pub(crate) async fn demand(
        &mut self,
        attempt: &'static str,
        kind: u8,
        fill: impl FnOnce(Request) -> Request,
    ) -> Result<(), Error> {
        let answer = self.ask(kind, fill).await?;
        self.done(attempt, &answer)
    }

    /// Whether an answer says that something was done.
    pub(crate) fn done(&self, attempt: &'static str, answer: &Answer) -> Result<(), Error> {
        match answer {
            Answer::Status(wire::STATUS_OK) => Ok(()),
            other => Err(self.unexpected(attempt, other)),
        }
    }

    pub(crate) async fn open(
        &mut self,
        attempt: &'static str,
        kind: u8,
        fill: impl FnOnce(Request) -> Request,
    ) -> Result<Vec<u8>, Error> {
        match self.ask(kind, fill).await? {
            Answer::Handle(handle) => {
                self.loose += 1;
                Ok(handle)
            }
            other => Err(self.unexpected(attempt, &other)),
        }
    }

    pub(crate) async fn close(&mut self, handle: &[u8]) -> Result<(), Error> {
        self.demand("close", wire::CLOSE, |request| request.text(handle)).await?;
        self.loose = self.loose.saturating_sub(1);
        Ok(())
    }

    /// An answer that is a refusal, or nonsense.
    pub(crate) fn unexpected(&self, attempt: &'static str, answer: &Answer) -> Error {
        match answer {
            Answer::Status(code) if *code != wire::STATUS_OK => Error::Status { attempt, status: Status::of(*code) },
            _ => self.nonsense("an answer to another question"),
        }
    }

    pub(crate) fn nonsense(&self, what: &'static str) -> Error {
        Error::Protocol { place: self.place.clone(), what }
    }

    fn silent(&self) -> Error {
        Error::Silent { place: self.place.clone(), seconds: ANSWER_MAX.as_secs() }
    }

    fn broken(&self, source: std::io::Error) -> Error {
        Error::Broken { place: self.place.clone(), source }
    }
}

/// One packet without its length; `None` when the length is impossible.
async fn packet(stream: &mut ChannelStream<client::Msg>) -> std::io::Result<Option<Vec<u8>>> {
    let length = stream.read_u32().await? as usize;
    if length == 0 || length > wire::PACKET_BYTES_MAX {
        return Ok(None);
    }
    let mut packet = vec![0; length];
    stream.read_exact(&mut packet).await?;
    Ok(Some(packet))
}

async fn open(server: &Server) -> Result<Session, Error> {
    let place = server.place();
    let key =
        server.private_key().map_err(|source| Error::Key { path: server.key.clone(), source: Box::new(source) })?;
    let address = (server.host.as_str(), server.port);
    let unreachable = |source| Error::Unreachable { place: place.clone(), source };
    let socket = TcpStream::connect(address).await.map_err(unreachable)?;
    socket.set_nodelay(true).map_err(unreachable)?;
    let mut connection = client::connect_stream(Arc::new(settings(&server.host_key)), socket, Guard::new(server))
        .await
        .map_err(|refusal| refusal.told(server))?;
    let ssh = |source| Error::Ssh { place: place.clone(), source: Box::new(source) };
    let key = PrivateKeyWithHashAlg::new(key, None);
    match connection.authenticate_publickey(&server.user, key).await.map_err(ssh)? {
        AuthResult::Success => {}
        AuthResult::Failure { .. } => {
            return Err(Error::Refused { place: place.clone(), user: server.user.clone() });
        }
    }
    let channel = connection.channel_open_session().await.map_err(ssh)?;
    // Without asking for an answer: a server without SFTP closes the channel, which the first answer tells.
    channel.request_subsystem(false, "sftp").await.map_err(ssh)?;
    let stream = channel.into_stream();
    let mut session =
        Session { place, stream, number: 0, loose: 0, can_replace: false, can_sync: false, _connection: connection };
    session.send(Request::new(wire::INIT, wire::VERSION)).await?;
    match session.receive().await {
        Ok((_, Answer::Version { version: wire::VERSION, extensions })) => {
            session.can_replace = extensions.iter().any(|name| name == POSIX_RENAME);
            session.can_sync = extensions.iter().any(|name| name == FSYNC);
            Ok(session)
        }
        Ok(_) => Err(session.nonsense("another version of SFTP than 3")),
        Err(Error::Broken { place, .. }) => Err(Error::NoSftp { place }),
        Err(error) => Err(error),
    }
}

/// Of the host keys that a server has, only one of the pinned type is asked for.
fn settings(pinned: &HostKey) -> client::Config {
    client::Config {
        keepalive_interval: Some(KEEPALIVE),
        preferred: Preferred { key: vec![pinned.algorithm()].into(), ..Preferred::default() },
        ..client::Config::default()
    }
}

struct Guard {
    pinned: HostKey,
}

/// Why the connection was not made.
#[derive(Debug)]
enum Refusal {
    OtherKey(String),
    Ssh(russh::Error),
}

impl From<russh::Error> for Refusal {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

impl Refusal {
    fn told(self, server: &Server) -> Error {
        let place = server.place();
        match self {
            Self::OtherKey(found) => Error::HostKey { place, pinned: server.host_key.fingerprint(), found },
            Self::Ssh(source @ russh::Error::NoCommonAlgo { .. }) => {
                Error::Incompatible { place, source: Box::new(source) }
            }
            Self::Ssh(source) => Error::Ssh { place, source: Box::new(source) },
        }
    }
}

impl Guard {
    fn new(server: &Server) -> Self {
        Self { pinned: server.host_key.clone() }
    }
}

impl client::Handler for Guard {
    type Error = Refusal;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Refusal> {
        match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } if self.pinned.is(key) => Ok(true),
            PublicKeyOrCertificate::PublicKey { key, .. } => Err(Refusal::OtherKey(fingerprint(key))),
            PublicKeyOrCertificate::Certificate(_) => Err(Refusal::OtherKey("of a certificate".to_owned())),
        }
    }
}
