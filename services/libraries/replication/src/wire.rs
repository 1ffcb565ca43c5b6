//! One connection to PostgreSQL: simple queries, and the stream of a replication slot.
//!
//! Of its own because `tokio-postgres` does not speak the replication protocol. Every value comes as text, with the same
//! session settings for a query and for the stream, so that a row has one notation whichever way it comes.
//!
//! Memory is bounded by [`FRAME_BYTES_MAX`]: of a longer message only its head is kept, and its size.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use postgres_protocol::authentication::{md5_hash, sasl};
use postgres_protocol::message::frontend;
use tls::Encryption;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::address::Address;
use crate::error::{Error, refused};
use crate::lsn::Lsn;
use crate::streamed::Streamed;

/// A row whose message is longer can never become a record: no payload is longer than 960 KiB, and PostgreSQL's text is at
/// most twice as long as what we write of it, for the old and the new row together.
const FRAME_BYTES_MAX: usize = 8 << 20;
/// What is kept of a longer message: enough to know its transaction and its table.
const HEAD_BYTES: usize = 64;
const READ_BYTES: usize = 64 << 10;
/// How long a connection, an encryption or a write may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// How long an answer may take. Creating a slot waits for every transaction that is open.
const ANSWER_MAX: Duration = Duration::from_secs(600);
/// Microseconds from 1970 to 2000, where PostgreSQL's clock begins.
pub(crate) const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// How values are written: independent of what server, database or role are set to. Without `row_security` a table of which
/// the role may not see every row is an error, and not a table with fewer rows.
const SESSION: &str = "-c row_security=off -c datestyle=ISO -c timezone=UTC -c intervalstyle=iso_8601 -c extra_float_digits=1 \
                       -c bytea_output=hex -c statement_timeout=0 -c lock_timeout=0 \
                       -c idle_in_transaction_session_timeout=0";

/// What the connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// SQL only.
    Query,
    /// SQL and replication.
    Replication,
}

/// One message of the server.
#[derive(Debug)]
struct Frame {
    tag: u8,
    /// Its content; only the head when `size` is more.
    body: Bytes,
    size: usize,
}

impl Frame {
    /// Its bytes, when only the head is here.
    fn oversized(&self) -> Option<usize> {
        (self.size > self.body.len()).then_some(self.size)
    }
}

/// One row of an answer.
#[derive(Debug)]
pub struct Row {
    /// Its values as text; none when the row was too long.
    pub cells: Vec<Option<Bytes>>,
    /// Bytes, when it was too long to be kept.
    pub oversized: Option<usize>,
}

impl Row {
    /// A value as text; empty for NULL.
    pub fn text(&self, at: usize) -> &str {
        let cell = self.cells.get(at).and_then(Option::as_ref);
        cell.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection.
pub struct Wire {
    stream: Box<dyn Stream>,
    buffer: BytesMut,
    /// Bytes of a message that is too long, still to be passed over, and its head.
    passing: Option<(Frame, usize)>,
}

impl Wire {
    /// Connects and logs in.
    pub async fn connect(address: &Address, purpose: Purpose) -> Result<Self, Error> {
        let place = address.place();
        let connected = timeout(HANDSHAKE_MAX, async {
            let tcp = TcpStream::connect((address.host.as_str(), address.port))
                .await
                .map_err(|source| Error::Connect { place: place.clone(), source })?;
            tcp.set_nodelay(true)?;
            let stream: Box<dyn Stream> = match &address.tls {
                Some(tls) => Box::new(encrypted(tcp, tls, &place).await?),
                None => Box::new(tcp),
            };
            let mut wire = Self { stream, buffer: BytesMut::with_capacity(READ_BYTES), passing: None };
            wire.log_in(address, purpose).await?;
            Ok(wire)
        });
        connected.await.unwrap_or(Err(Error::Silent))
    }

    async fn log_in(&mut self, address: &Address, purpose: Purpose) -> Result<(), Error> {
        let mut parameters = vec![
            ("user", address.user.as_str()),
            ("database", address.database.as_str()),
            ("application_name", address.application),
            ("client_encoding", "UTF8"),
            ("options", SESSION),
        ];
        if purpose == Purpose::Replication {
            parameters.push(("replication", "database"));
        }
        let mut out = BytesMut::new();
        frontend::startup_message(parameters, &mut out)?;
        self.write(&out).await?;
        let mut scram: Option<sasl::ScramSha256> = None;
        loop {
            let mut frame = self.frame().await?;
            match frame.tag {
                b'R' => self.prove(address, frame.body, &mut scram).await?,
                b'Z' => return Ok(()),
                b'E' => return Err(refused(&mut frame.body)),
                // Parameters, the key for cancelling, notices.
                _ => {}
            }
        }
    }

    async fn prove(
        &mut self,
        address: &Address,
        mut body: Bytes,
        scram: &mut Option<sasl::ScramSha256>,
    ) -> Result<(), Error> {
        const UNEXPECTED: Error = Error::Unexpected("authentication request");
        let password = address.password();
        let password = password.as_slice();
        let kind = body.try_get_i32().map_err(|_| UNEXPECTED)?;
        let mut out = BytesMut::new();
        match (kind, scram.as_mut()) {
            (0, _) => return Ok(()),
            (3, _) if address.tls.is_some() => frontend::password_message(password, &mut out)?,
            (3, _) => return Err(Error::Authentication("the password in the clear without encryption")),
            (5, _) if body.len() >= 4 => {
                let hash = md5_hash(address.user.as_bytes(), password, [body[0], body[1], body[2], body[3]]);
                frontend::password_message(hash.as_bytes(), &mut out)?;
            }
            (10, _) => {
                if !body.split(|byte| *byte == 0).any(|mechanism| mechanism == b"SCRAM-SHA-256") {
                    return Err(Error::Authentication("another mechanism than SCRAM-SHA-256"));
                }
                let first = sasl::ScramSha256::new(password, sasl::ChannelBinding::unsupported());
                frontend::sasl_initial_response(sasl::SCRAM_SHA_256, first.message(), &mut out)?;
                *scram = Some(first);
            }
            (11, Some(scram)) => {
                scram.update(&body)?;
                frontend::sasl_response(scram.message(), &mut out)?;
            }
            (12, Some(scram)) => return Ok(scram.finish(&body)?),
            (11 | 12, None) => return Err(UNEXPECTED),
            _ => return Err(Error::Authentication("an unknown proof")),
        }
        self.write(&out).await
    }

    /// Sends one statement; its rows come from [`Self::row`].
    pub async fn ask(&mut self, statement: &str) -> Result<(), Error> {
        let mut out = BytesMut::new();
        frontend::query(statement, &mut out)?;
        self.write(&out).await
    }

    /// The next row of the statement's answer; `None` at its end.
    pub async fn row(&mut self) -> Result<Option<Row>, Error> {
        let mut refusal = None;
        loop {
            let mut frame = timeout(ANSWER_MAX, self.frame()).await.map_err(|_| Error::Silent)??;
            match frame.tag {
                b'D' if frame.oversized().is_some() => {
                    return Ok(Some(Row { cells: Vec::new(), oversized: frame.oversized() }));
                }
                b'D' => {
                    let cells = cells(&mut frame.body).ok_or(Error::Unexpected("row"))?;
                    return Ok(Some(Row { cells, oversized: None }));
                }
                b'E' => refusal = Some(refused(&mut frame.body)),
                b'Z' => return refusal.map_or(Ok(None), Err),
                _ => {}
            }
        }
    }

    /// All rows of a statement whose answer is short.
    pub async fn rows(&mut self, statement: &str) -> Result<Vec<Row>, Error> {
        self.ask(statement).await?;
        let mut rows = Vec::new();
        while let Some(row) = self.row().await? {
            rows.push(row);
        }
        Ok(rows)
    }

    /// Sends the statement that starts a stream, and waits until the stream has begun.
    pub(crate) async fn copy_both(&mut self, statement: &str) -> Result<(), Error> {
        self.ask(statement).await?;
        loop {
            let mut frame = timeout(ANSWER_MAX, self.frame()).await.map_err(|_| Error::Silent)??;
            match frame.tag {
                b'W' => return Ok(()),
                b'E' => return Err(refused(&mut frame.body)),
                b'Z' => return Err(Error::Unexpected("start of the stream")),
                _ => {}
            }
        }
    }

    /// The next piece of the stream. May be cancelled without losing anything.
    pub async fn streamed(&mut self) -> Result<Streamed, Error> {
        loop {
            let mut frame = self.frame().await?;
            match frame.tag {
                b'd' => {
                    let oversized = frame.oversized();
                    return Streamed::read(frame.body, oversized);
                }
                b'E' => return Err(refused(&mut frame.body)),
                b'c' | b'C' => return Err(Error::Closed),
                _ => {}
            }
        }
    }

    /// Tells the server that everything up to `stored` is stored; `answer` asks it for a sign of life.
    pub async fn confirm(&mut self, stored: Lsn, now_micros: i64, answer: bool) -> Result<(), Error> {
        let mut out = BytesMut::with_capacity(39);
        out.put_u8(b'd');
        out.put_i32(4 + 34);
        out.put_u8(b'r');
        for _ in ["written", "flushed", "applied"] {
            out.put_u64(stored.0);
        }
        out.put_i64(now_micros - EPOCH_MICROS);
        out.put_u8(answer.into());
        self.write(&out).await
    }

    /// Says goodbye, so that the slot is free at once.
    pub async fn close(mut self) {
        let mut out = BytesMut::new();
        frontend::copy_done(&mut out);
        frontend::terminate(&mut out);
        // The server notices a broken connection, too, only later.
        let _ = self.write(&out).await;
        let _ = timeout(HANDSHAKE_MAX, self.stream.shutdown()).await;
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = timeout(HANDSHAKE_MAX, async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        });
        Ok(written.await.map_err(|_| Error::Silent)??)
    }

    /// The next message. May be cancelled without losing anything: what has been read is in `self`.
    async fn frame(&mut self) -> Result<Frame, Error> {
        loop {
            if let Some((_, left)) = &mut self.passing {
                let passed = self.buffer.len().min(*left);
                self.buffer.advance(passed);
                *left -= passed;
                if *left == 0
                    && let Some((frame, _)) = self.passing.take()
                {
                    return Ok(frame);
                }
            } else if self.buffer.len() >= 5 {
                let length = u32::from_be_bytes([self.buffer[1], self.buffer[2], self.buffer[3], self.buffer[4]]);
                let size = (length as usize).checked_sub(4).ok_or(Error::Unexpected("message length"))?;
                if size > FRAME_BYTES_MAX {
                    if self.buffer.len() >= 5 + HEAD_BYTES {
                        let tag = self.buffer[0];
                        self.buffer.advance(5);
                        let body = self.buffer.split_to(HEAD_BYTES).freeze();
                        self.passing = Some((Frame { tag, body, size }, size - HEAD_BYTES));
                        continue;
                    }
                } else if self.buffer.len() >= 5 + size {
                    let tag = self.buffer[0];
                    self.buffer.advance(5);
                    return Ok(Frame { tag, body: self.buffer.split_to(size).freeze(), size });
                }
            }
            self.buffer.reserve(READ_BYTES);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(Error::Closed);
            }
        }
    }
}

async fn encrypted(
    mut tcp: TcpStream,
    tls: &Encryption,
    place: &str,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Error> {
    let mut out = BytesMut::new();
    frontend::ssl_request(&mut out);
    tcp.write_all(&out).await?;
    if tcp.read_u8().await? != b'S' {
        return Err(Error::Unencrypted { place: place.to_owned() });
    }
    let connector = tokio_rustls::TlsConnector::from(tls.config.clone());
    let connected = connector.connect(tls.name.clone(), tcp).await;
    connected.map_err(|source| Error::Connect { place: place.to_owned(), source })
}

/// The values of a row: a count, then a length and bytes each, a negative length for NULL.
fn cells(body: &mut Bytes) -> Option<Vec<Option<Bytes>>> {
    let count = usize::from(body.try_get_u16().ok()?);
    let mut cells = Vec::with_capacity(count);
    for _ in 0..count {
        cells.push(match usize::try_from(body.try_get_i32().ok()?) {
            Ok(length) if length <= body.len() => Some(body.split_to(length)),
            Ok(_) => return None,
            Err(_) => None,
        });
    }
    Some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(bytes: Vec<u8>) -> Wire {
        Wire {
            stream: Box::new(tokio::io::join(std::io::Cursor::new(bytes), tokio::io::sink())),
            buffer: BytesMut::new(),
            passing: None,
        }
    }

    #[tokio::test]
    async fn a_message_that_is_too_long_is_passed_over_and_the_next_is_whole() {
        let long = FRAME_BYTES_MAX + 1;
        let mut bytes = vec![b'D'];
        bytes.extend((long as u32 + 4).to_be_bytes());
        bytes.extend(vec![7; long]);
        bytes.extend([b'Z', 0, 0, 0, 5, b'I']);
        let mut wire = wire(bytes);
        let frame = wire.frame().await.expect("a head");
        assert!(frame.oversized() == Some(long) && frame.body.len() == HEAD_BYTES);
        let frame = wire.frame().await.expect("a message");
        assert_eq!((frame.tag, frame.oversized(), &frame.body[..]), (b'Z', None, b"I".as_slice()));
        assert!(matches!(wire.frame().await, Err(Error::Closed)));
    }
}
