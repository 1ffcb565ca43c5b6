//! What every command begins with: its configuration, the log, and threads for its tasks.

use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::runtime::Builder;

use crate::config::{self, Check, Log};
use crate::exit::Failure;
use crate::logs;

/// How long a task's blocking calls may keep a process that is done.
const BLOCKED_MAX: Duration = Duration::from_secs(2);

/// Reads and checks a configuration and starts the log as `log` of it says; as usual where it cannot be used.
pub fn load<T: DeserializeOwned + Check>(path: &Path, log: impl FnOnce(&T) -> &Log) -> Result<T, config::Error> {
    let loaded = config::load(path);
    logs::init(loaded.as_ref().map_or(&Log::default(), log));
    loaded
}

/// Runs a task with so many threads for what it spawns; without a number, one for each core.
pub fn block_on(threads: Option<usize>, task: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let mut builder = Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads);
    }
    let runtime = builder.enable_all().build().map_err(Failure::failed)?;
    let result = runtime.block_on(task);
    // A blocking call of a client library that hangs must not keep a process that is done.
    runtime.shutdown_timeout(BLOCKED_MAX);
    result
}
