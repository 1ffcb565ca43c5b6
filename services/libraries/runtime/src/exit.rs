//! How a service's process ends: 0 done, 1 failed, 2 wrong usage or configuration.

use std::error::Error;
use std::process::ExitCode;

pub use settings::chain;

use crate::config;

/// Why a process ends in failure.
#[derive(Debug)]
pub enum Failure {
    /// Whoever typed the command or wrote the configuration has to change it; exit code 2.
    Usage(Box<dyn Error + Send + Sync>),
    /// Something that retrying cannot mend; exit code 1.
    Failed(Box<dyn Error + Send + Sync>),
}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self::usage(error)
    }
}

impl Failure {
    /// A failure with exit code 2.
    pub fn usage(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Usage(Box::new(error))
    }

    /// A failure with exit code 1.
    pub fn failed(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// Logs the failure, once and with every cause, and gives the process's exit code.
pub fn code(result: Result<(), Failure>) -> ExitCode {
    let (error, code) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Usage(error)) => (error, ExitCode::from(2)),
        Err(Failure::Failed(error)) => (error, ExitCode::FAILURE),
    };
    tracing::error!("{}", chain(error.as_ref()));
    code
}
