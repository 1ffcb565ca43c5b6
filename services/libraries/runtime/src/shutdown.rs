//! The wish to stop, seen by threads and by async tasks alike.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Exit code after a second signal: what had been read but not committed is read again at the next start.
pub const EXIT_FORCED: i32 = 130;

/// The wish to stop. Cheap to clone; all clones share one state. Once requested it stays so.
#[derive(Clone, Debug)]
pub struct Shutdown {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    requested: Mutex<bool>,
    changed: Condvar,
    sender: watch::Sender<bool>,
}

impl Shutdown {
    /// A wish that only [`Shutdown::request`] makes.
    pub fn manual() -> Self {
        let shared =
            Shared { requested: Mutex::new(false), changed: Condvar::new(), sender: watch::Sender::new(false) };
        Self { shared: Arc::new(shared) }
    }

    /// A wish that SIGTERM and SIGINT make as well; a second signal leaves the process at once. Needs a tokio runtime.
    pub fn install() -> std::io::Result<Self> {
        let shutdown = Self::manual();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let requester = shutdown.clone();
        tokio::spawn(async move {
            loop {
                let name = tokio::select! { _ = terminate.recv() => "SIGTERM", _ = interrupt.recv() => "SIGINT" };
                if requester.requested() {
                    tracing::warn!(signal = name, "second signal, leaving without draining");
                    std::process::exit(EXIT_FORCED);
                }
                tracing::info!(signal = name, "stopping");
                requester.request();
            }
        });
        Ok(shutdown)
    }

    /// Makes the wish.
    pub fn request(&self) {
        *self.shared.requested.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.changed.notify_all();
        self.shared.sender.send_replace(true);
    }

    /// Whether the wish has been made.
    pub fn requested(&self) -> bool {
        *self.shared.sender.borrow()
    }

    /// Waits for the wish, in a task.
    pub async fn wait(&self) {
        let mut receiver = self.shared.sender.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = receiver.wait_for(|requested| *requested).await;
    }

    /// Waits for the wish, in a task, at most so long; true when it has been made.
    pub async fn within(&self, duration: Duration) -> bool {
        tokio::time::timeout(duration, self.wait()).await.is_ok()
    }

    /// Sleeps on a thread, at most so long; true when the wish has been made.
    pub fn sleep(&self, duration: Duration) -> bool {
        let guard = self.shared.requested.lock().unwrap_or_else(PoisonError::into_inner);
        let (guard, _) = self
            .shared
            .changed
            .wait_timeout_while(guard, duration, |requested| !*requested)
            .unwrap_or_else(PoisonError::into_inner);
        *guard
    }
}
