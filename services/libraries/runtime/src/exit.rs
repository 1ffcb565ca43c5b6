//! How a service's process ends: 0 done, 1 failed, 2 wrong usage or configuration.

use std::error::Error;
use std::process::ExitCode;

use crate::config;

/// Why a process ends in failure.
#[derive(Debug)]
pub enum Failure {
    /// The configuration cannot be used; exit code 2.
    Config(config::Error),
    /// Something that retrying cannot mend; exit code 1.
    Failed(Box<dyn Error + Send + Sync>),
}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self::Config(error)
    }
}

impl Failure {
    /// A failure with exit code 1.
    pub fn failed(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// Logs the failure, once and with every cause, and gives the process's exit code.
pub fn code(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Config(error)) => {
            tracing::error!("{}", chain(&error));
            ExitCode::from(2)
        }
        Err(Failure::Failed(error)) => {
            tracing::error!("{}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes on one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
