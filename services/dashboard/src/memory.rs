//! Memory that nobody uses any more goes back to the system.
//!
//! glibc gives back by itself only what lies at the end of a heap. What thousands of readers took lies between pieces that are still
//! used when they leave, and would stay with the process for good.

use std::time::Duration;

use runtime::shutdown::Shutdown;

/// Often enough that a crowd that has left is not seen for long.
const EVERY: Duration = Duration::from_secs(10);

/// Gives back now and then, until shutdown.
pub(crate) async fn keep_small(shutdown: Shutdown) {
    while !shutdown.within(EVERY).await {
        // It goes through every heap, which the reactor must not wait for.
        let _ = tokio::task::spawn_blocking(give_back).await;
    }
}

#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "the allocator is not asked for this by the standard library")]
fn give_back() {
    unsafe extern "C" {
        // malloc_trim(3) of glibc.
        safe fn malloc_trim(kept: usize) -> std::ffi::c_int;
    }
    // Whether there was anything is not asked.
    malloc_trim(0);
}

/// Other allocators give back by themselves, or cannot be asked.
#[cfg(not(target_env = "gnu"))]
const fn give_back() {}
