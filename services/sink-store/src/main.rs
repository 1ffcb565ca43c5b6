//! The `sink-store` command; see the crate's README.

use std::process::ExitCode;

use clap::Parser;
use sink_store::command::CommandLine;

fn main() -> ExitCode {
    CommandLine::parse().execute()
}
