use std::io::{Error, ErrorKind, Read};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use rustls::{ClientConnection, Stream};

use crate::client::Client;
use crate::refusal::Refusal;

/// How long the server may take for each step.
const WAIT_MAX: Duration = Duration::from_secs(2);

impl Client {
    /// Shakes hands once with a server that another library could not talk to, to learn why: few libraries say it as clearly.
    /// Blocks for seconds at most. `None` when the handshake succeeds, or what failed was not it.
    pub fn probe(&self, host: &str, port: u16) -> Option<Refusal> {
        let encryption = self.encryption(host).ok()?;
        let address = (host, port).to_socket_addrs().ok()?.next()?;
        let mut socket = TcpStream::connect_timeout(&address, WAIT_MAX).ok()?;
        socket.set_read_timeout(Some(WAIT_MAX)).ok()?;
        socket.set_write_timeout(Some(WAIT_MAX)).ok()?;
        let mut connection = ClientConnection::new(encryption.config, encryption.name).ok()?;
        // In TLS 1.3 a server that misses our certificate says so when we believe the handshake to be over.
        let error = Stream::new(&mut connection, &mut socket).read(&mut [0]).err()?;
        match Refusal::of(&error) {
            // Java's servers call a certificate that was not shown a bad one.
            Some(Refusal::CertificateRefused(_)) if self.certificate.is_none() => Some(Refusal::CertificateDemanded),
            // Who does not know the first message of a handshake closes.
            None if connection.is_handshaking() && is_closing(&error) => Some(Refusal::Plain),
            refusal => refusal,
        }
    }
}

fn is_closing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}
