//! A line to Kafka that can be cut: from then on nothing is forwarded, and every connection stays open.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// The line. Its threads end with the test's process.
pub(crate) struct Line {
    port: u16,
    cut: Arc<AtomicBool>,
}

impl Line {
    /// To a broker on this machine, which tells its clients this address, `host:port`. They are told the line's instead.
    pub(crate) fn to(bootstrap: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicBool::new(false));
        let (host, broker) = bootstrap.rsplit_once(':').unwrap();
        // As Kafka writes an address: the host, and the port in four bytes.
        let told = |port: u16| [host.as_bytes(), &u32::from(port).to_be_bytes()].concat();
        let (from, to) = (told(broker.parse().unwrap()), told(port));
        let (address, is_cut) = (bootstrap.to_owned(), cut.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(broker) = TcpStream::connect(&address) else { continue };
                let (asks, answers) = (client.try_clone().unwrap(), broker.try_clone().unwrap());
                let (cut, from, to) = (is_cut.clone(), from.clone(), to.clone());
                thread::spawn(move || forward(asks, broker, &cut, &[], &[]));
                let cut = is_cut.clone();
                thread::spawn(move || forward(answers, client, &cut, &from, &to));
            }
        });
        Self { port, cut }
    }

    pub(crate) fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Forwards nothing, or forwards again.
    pub(crate) fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }
}

/// Message by message, so that what is replaced is never split.
fn forward(mut source: TcpStream, mut target: TcpStream, cut: &AtomicBool, from: &[u8], to: &[u8]) {
    let mut message = || -> io::Result<()> {
        let mut size = [0; 4];
        source.read_exact(&mut size)?;
        let mut bytes = vec![0; u32::from_be_bytes(size) as usize];
        source.read_exact(&mut bytes)?;
        for start in 0..(bytes.len() + 1).saturating_sub(from.len().max(1)) {
            if !from.is_empty() && bytes[start..].starts_with(from) {
                bytes[start..start + to.len()].copy_from_slice(to);
            }
        }
        while cut.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
        target.write_all(&[&size[..], &bytes].concat())
    };
    while message().is_ok() {}
    let _ = target.shutdown(std::net::Shutdown::Both);
    let _ = source.shutdown(std::net::Shutdown::Both);
}
