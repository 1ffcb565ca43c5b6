//! How long it is waited before the next try.

use std::time::Duration;

/// Pauses between tries, each twice as long as the last.
pub(crate) struct Pause {
    min: Duration,
    max: Duration,
    next: Duration,
}

impl Pause {
    /// From the shortest to the longest.
    pub(crate) const fn between(min: Duration, max: Duration) -> Self {
        Self { min, max, next: min }
    }

    /// Begins with the shortest again.
    pub(crate) const fn reset(&mut self) {
        self.next = self.min;
    }

    pub(crate) fn take(&mut self) -> Duration {
        let pause = self.next;
        self.next = self.max.min(pause * 2);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_begin_again() {
        let mut pause = Pause::between(Duration::from_millis(200), Duration::from_secs(1));
        assert_eq!([0; 5].map(|_| pause.take().as_millis()), [200, 400, 800, 1000, 1000]);
        pause.reset();
        assert_eq!(pause.take().as_millis(), 200);
    }
}
