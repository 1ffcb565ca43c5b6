//! What can go wrong while servers are found, fetched and started.

use std::{io, path::PathBuf};

/// Each message names the thing and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No port could be bound.
    #[error("find a free port on 127.0.0.1")]
    Port(#[source] io::Error),
    /// A file or folder could not be written.
    #[error("prepare {path}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A certificate cannot be made.
    #[error("make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// A key cannot be made.
    #[error("make a key")]
    Key,
    /// A program that must be installed is not.
    #[error("{program} was not found: {remedy}")]
    Missing {
        /// The program.
        program: &'static str,
        /// How to get it, or do without.
        remedy: &'static str,
    },
    /// A program could not be run at all.
    #[error("run {program}")]
    Run {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program.
        program: String,
        /// The end of what it printed.
        output: String,
    },
    /// A server did not answer in time.
    #[error("{server} did not answer within {seconds} s; its log ends: {log}")]
    NotReady {
        /// The server.
        server: String,
        /// How long it was given.
        seconds: u64,
        /// The end of its log.
        log: String,
    },
    /// The server belongs to somebody else.
    #[error("{server} was not started here (its address comes from the environment), so it is not stopped here")]
    External {
        /// The server.
        server: &'static str,
    },
}
