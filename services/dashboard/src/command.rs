//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::service;

/// The live bed board: pages, JSON API and streams from the common topics.
#[derive(Parser)]
#[command(
    name = "dashboard",
    after_help = "Examples:\n  dashboard check --config services/dashboard/config.sample.toml\n  VARDSTROM_STORE_URL=postgres://reader@127.0.0.1/vardstrom dashboard run --config dashboard.toml\n\nExit codes: 0 ended when asked to, 1 failed, 2 wrong usage or configuration."
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the board until stopped. The log names the address.
    Run {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Read and check the configuration, start nothing.
    Check {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

impl CommandLine {
    /// Does what was asked.
    pub fn execute(self) -> ExitCode {
        match self.command {
            Command::Run { config } => service::run(&config),
            Command::Check { config } => service::check(&config),
        }
    }
}
