//! Many readers of a dashboard's streams, each over a connection of its own.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
    task::JoinSet,
};

use super::Error;
use crate::stack::Board;

/// Those that open their stream at a time, as after a restart behind a proxy.
const OPENING: usize = 50;
const OPEN_MAX: Duration = Duration::from_secs(120);

/// Open streams; who drops it goes away with all of them.
pub(super) struct Crowd {
    address: SocketAddr,
    turns: Arc<Semaphore>,
    wanted: usize,
    opened: Arc<AtomicUsize>,
    bytes: Arc<AtomicU64>,
    streams: JoinSet<io::Result<()>>,
}

pub(super) fn failed(said: String) -> Error {
    Error::Round { variant: "viewers", output: said }
}

/// What a dashboard says under `[http]` for viewers that all come from one address and ask at once.
pub(super) fn board(viewers: usize) -> Board {
    let connections = viewers + 100;
    let http = format!(
        "connections = {connections}\nconnections_per_address = {connections}\n\
         requests_per_second = 100000\nrequests_burst = 100000\n"
    );
    Board { http, ..Board::default() }
}

impl Crowd {
    /// Nobody yet.
    pub(super) fn at(url: &str) -> Result<Self, Error> {
        let address = url.trim_start_matches("http://").parse();
        Ok(Self {
            address: address.map_err(|error| failed(format!("{url} is no address of the dashboard: {error}")))?,
            turns: Arc::new(Semaphore::new(OPENING)),
            wanted: 0,
            opened: Arc::default(),
            bytes: Arc::default(),
            streams: JoinSet::new(),
        })
    }

    /// The request for a stream with these lines of header, each of which ends with `\r\n`.
    pub(super) fn request(&self, path: &str, header: &str) -> Arc<str> {
        let host = self.address;
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n{header}\r\n").into()
    }

    /// So many more, who take these requests in turn; returns when all have been answered.
    pub(super) async fn open(&mut self, requests: &[Arc<str>], count: usize) -> Result<(), Error> {
        self.wanted += count;
        for request in requests.iter().cycle().take(count) {
            let (address, request, turns) = (self.address, Arc::clone(request), Arc::clone(&self.turns));
            let (opened, bytes) = (Arc::clone(&self.opened), Arc::clone(&self.bytes));
            self.streams.spawn(async move { view(address, &request, &turns, &opened, &bytes).await });
        }
        let deadline = Instant::now() + OPEN_MAX;
        while self.opened.load(Ordering::Relaxed) < self.wanted {
            self.check()?;
            if Instant::now() > deadline {
                return Err(failed(format!("{} answered, and no more in time", self.opened())));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.check()
    }

    /// What they have read so far, without the beginning of each answer.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// An error if a stream has ended, for none ends by itself.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        let Some(ended) = self.streams.try_join_next() else { return Ok(()) };
        let why = match ended {
            Ok(Err(error)) => error.to_string(),
            _ => "its reader has ended".to_owned(),
        };
        Err(failed(format!("{} answered, and one ended: {why}", self.opened())))
    }

    fn opened(&self) -> String {
        format!("{} of {} streams", self.opened.load(Ordering::Relaxed), self.wanted)
    }
}

/// Reads one stream for as long as it goes on.
async fn view(
    address: SocketAddr,
    request: &str,
    turns: &Semaphore,
    opened: &AtomicUsize,
    bytes: &AtomicU64,
) -> io::Result<()> {
    let turn = turns.acquire().await;
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut buffer = vec![0; 16 << 10];
    let count = stream.read(&mut buffer).await?;
    let answer = &buffer[..count];
    if !answer.starts_with(b"HTTP/1.1 200 ") {
        let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
        return Err(io::Error::other(String::from_utf8_lossy(line).into_owned()));
    }
    opened.fetch_add(1, Ordering::Relaxed);
    drop(turn);
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => bytes.fetch_add(count as u64, Ordering::Relaxed),
        };
    }
}
