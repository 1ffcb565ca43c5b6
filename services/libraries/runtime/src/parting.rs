//! A Kafka client that is closed within bounds.
//!
//! rdkafka 0.39 waits in a consumer's drop until librdkafka has closed it, and librdkafka waits for the answer to a commit that
//! is under way: without a coordinator, because a broker has just gone, that is for ever. What was not committed is read again
//! at the next start, so nothing is lost by not waiting.

use std::ops::Deref;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A client that is closed on a thread of its own, for which nobody waits longer than was said.
#[derive(Debug)]
pub struct Parting<T: Send + 'static> {
    /// There until the drop.
    client: Option<T>,
    wait_max: Duration,
}

impl<T: Send + 'static> Parting<T> {
    /// Waits for its close no longer than this.
    pub fn new(client: T, wait_max: Duration) -> Self {
        Self { client: Some(client), wait_max }
    }
}

impl<T: Send + 'static> Deref for Parting<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.client.as_ref().expect("the client is there until the drop")
    }
}

impl<T: Send + 'static> Drop for Parting<T> {
    fn drop(&mut self) {
        let client = self.client.take();
        let (closed, is_closed) = mpsc::channel();
        let close = move || {
            drop(client);
            // Nobody may wait any more.
            let _ = closed.send(());
        };
        // Where no thread can be had it is closed here, for as long as it takes.
        let begun = thread::Builder::new().name("close".to_owned()).spawn(close);
        if begun.is_ok() && !self.wait_max.is_zero() && is_closed.recv_timeout(self.wait_max).is_err() {
            tracing::warn!("Kafka did not let the client close in time; what was not committed is read again");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    struct Slow(Duration);

    impl Drop for Slow {
        fn drop(&mut self) {
            thread::sleep(self.0);
        }
    }

    #[test]
    fn nobody_waits_for_a_client_that_does_not_close() {
        let begin = Instant::now();
        drop(Parting::new(Slow(Duration::from_secs(3600)), Duration::from_millis(50)));
        drop(Parting::new(Slow(Duration::from_secs(3600)), Duration::ZERO));
        assert!(begin.elapsed() < Duration::from_secs(600));
    }
}
