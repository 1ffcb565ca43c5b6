//! What many viewers of one board take of memory. The board is another process, so that nothing else is measured.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dashboard::hub::Bounds;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::browser::admit;
use crate::fixture;
use crate::site::{Setup, Site};

const VIEWERS: usize = 500;
const UPDATES: usize = 30;

/// Admits a patient for each line that it reads, and says so; ends with its input.
#[test]
#[ignore = "the board of the test of viewers, which starts it"]
fn a_board_that_is_watched() {
    let bounds = Bounds { clients_max: VIEWERS + 10, topics_max: 50 };
    let site = Site::start(Setup { bounds, ..Setup::of(fixture::country(), fixture::now()) });
    println!("\nat {}", site.address);
    for (number, _) in (0..).zip(std::io::stdin().lines()) {
        admit(&site, number);
        println!("\nat {}", site.address);
    }
}

struct Board {
    child: Child,
    says: BufReader<ChildStdout>,
    address: String,
}

impl Board {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "watched::a_board_that_is_watched", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let says = BufReader::new(child.stdout.take().unwrap());
        let mut board = Self { child, says, address: String::new() };
        board.listen();
        board
    }

    fn listen(&mut self) {
        let mut line = String::new();
        while !line.starts_with("at ") {
            line.clear();
            assert_ne!(self.says.read_line(&mut line).unwrap(), 0, "the board has ended");
        }
        self.address = line["at ".len()..].trim().to_owned();
    }

    fn update(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        self.listen();
        std::thread::sleep(Duration::from_millis(50));
    }

    /// Resident memory that is its own, in MiB; not the test program's code.
    fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn view(address: String, opened: Arc<AtomicUsize>, bytes: Arc<AtomicUsize>) {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let asked = format!("GET /strom/sv/region/14 HTTP/1.1\r\nHost: {address}\r\nAccept-Encoding: gzip\r\n\r\n");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut buffer = vec![0; 16 << 10];
    let count = stream.read(&mut buffer).await.unwrap();
    assert!(buffer[..count].starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&buffer[..count]));
    opened.fetch_add(1, Ordering::Relaxed);
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        bytes.fetch_add(count, Ordering::Relaxed);
    }
}

/// Opens all, shows them updates and closes them. Memory at its most, and how many bytes came to each.
fn crowd(board: &mut Board) -> (f64, usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (opened, bytes) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
    for _ in 0..VIEWERS {
        runtime.spawn(view(board.address.clone(), opened.clone(), bytes.clone()));
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while opened.load(Ordering::Relaxed) < VIEWERS {
        assert!(Instant::now() < deadline, "{} viewers came", opened.load(Ordering::Relaxed));
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut most: f64 = 0.0;
    for _ in 0..UPDATES {
        board.update();
        most = most.max(board.resident());
    }
    runtime.shutdown_timeout(Duration::from_secs(1));
    (0..5).for_each(|_| board.update());
    (most, bytes.load(Ordering::Relaxed) / VIEWERS)
}

#[test]
fn five_hundred_viewers_take_little_memory_and_the_next_no_more() {
    let mut board = Board::start();
    (0..5).for_each(|_| board.update());
    let before = board.resident();
    let (first, each) = crowd(&mut board);
    for _ in 0..2 {
        crowd(&mut board);
    }
    let (fourth, _) = crowd(&mut board);
    println!(
        "{before:.0} MiB before, {first:.0} with {VIEWERS} viewers, {fourth:.0} with the fourth {VIEWERS}; {each} bytes to each"
    );
    assert!(each > 20_000, "{each} bytes came to each");
    assert!(first < before + 40.0, "{before:.0} MiB before, {first:.0} with {VIEWERS} viewers");
    assert!(
        fourth < first + 8.0,
        "{first:.0} MiB with the first viewers, {fourth:.0} with the fourth: who leaves leaves something"
    );
}
