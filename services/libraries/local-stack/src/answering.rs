//! A server of HTTP/1.1 for tests, whose every answer a function gives: what stands in for a neighbour that cannot be had here.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::Error;

/// A peer that says nothing for so long is left; the next one waits meanwhile.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// The longest head or body of a request.
const PART_MAX: usize = 64 << 10;

/// What a peer asks.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request line and the headers, each with its line's end.
    pub head: String,
    /// What comes behind them.
    pub body: String,
}

/// The server; it has ended when this has been dropped. One request for each connection, one after the other.
pub struct Answering {
    address: SocketAddr,
    scheme: &'static str,
    ending: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

impl Answering {
    /// Starts one on a free port of 127.0.0.1, over TLS with an encryption; an answer is a status and a body of JSON.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start(
        encryption: Option<Arc<ServerConfig>>,
        answer: impl Fn(&Asked) -> (u16, String) + Send + 'static,
    ) -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::Port)?;
        let address = listener.local_addr().map_err(Error::Port)?;
        let scheme = if encryption.is_some() { "https" } else { "http" };
        let ending = Arc::new(AtomicBool::new(false));
        let server = thread::spawn({
            let ending = Arc::clone(&ending);
            move || {
                while let Ok((stream, _)) = listener.accept() {
                    if ending.load(Ordering::Relaxed) {
                        return;
                    }
                    // Who breaks off gets no answer.
                    let _ = serve(stream, encryption.clone(), &answer);
                }
            }
        });
        Ok(Self { address, scheme, ending, server: Some(server) })
    }

    /// Its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        // Nobody else may come.
        let woken = TcpStream::connect(self.address);
        if let Some(server) = self.server.take().filter(|_| woken.is_ok()) {
            let _ = server.join();
        }
    }
}

fn serve(
    stream: TcpStream,
    encryption: Option<Arc<ServerConfig>>,
    answer: &impl Fn(&Asked) -> (u16, String),
) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_write_timeout(Some(SILENCE_MAX))?;
    match encryption {
        None => exchange(stream, answer),
        Some(config) => {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            exchange(StreamOwned::new(connection, stream), answer)
        }
    }
}

fn exchange(mut stream: impl Read + Write, answer: &impl Fn(&Asked) -> (u16, String)) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
        if head.len() > PART_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = vec![0; length.unwrap_or_default().min(PART_MAX)];
    stream.read_exact(&mut body)?;
    let (status, text) = answer(&Asked { head, body: String::from_utf8_lossy(&body).into_owned() });
    let length = text.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
    stream.write_all(format!("{head}connection: close\r\n\r\n{text}").as_bytes())?;
    stream.flush()
}
