//! Listens to the dashboard's event stream and notes when each event was shown.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;
use uuid::Uuid;

/// A listener on its own thread; it comes back when the dashboard does.
pub(crate) struct Watch {
    seen: Arc<Mutex<HashMap<Uuid, Instant>>>,
    connected: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
}

#[derive(Deserialize)]
struct Applied {
    events: Vec<Uuid>,
}

impl Watch {
    /// Listens to `<dashboard>/api/v1/stream`.
    #[must_use]
    pub(crate) fn start(dashboard: &str) -> Self {
        let watch = Self { seen: Arc::default(), connected: Arc::default(), stop: Arc::default() };
        let (seen, connected, stop) = (Arc::clone(&watch.seen), Arc::clone(&watch.connected), Arc::clone(&watch.stop));
        let url = format!("{dashboard}/api/v1/stream");
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                // The stream ends when the dashboard does; either way the next round connects again.
                let _ = listen(&url, &seen, &connected);
                connected.store(false, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(50));
            }
        });
        watch
    }

    /// Whether the stream is open now.
    #[must_use]
    pub(crate) fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// When each event was shown first.
    #[must_use]
    pub(crate) fn seen(&self) -> HashMap<Uuid, Instant> {
        self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn listen(
    url: &str,
    seen: &Mutex<HashMap<Uuid, Instant>>,
    connected: &AtomicBool,
) -> Result<(), Box<dyn std::error::Error>> {
    let response = ureq::get(url).call()?;
    connected.store(true, Ordering::Relaxed);
    for line in BufReader::new(response.into_body().into_reader()).lines() {
        let line = line?;
        let Some(data) = line.strip_prefix("data:") else { continue };
        let Ok(applied) = serde_json::from_str::<Applied>(data) else { continue };
        let now = Instant::now();
        let mut seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for event in applied.events {
            seen.entry(event).or_insert(now);
        }
    }
    Ok(())
}
