//! The `dashboard` command; see the crate's README.

use std::process::ExitCode;

use clap::Parser;
use dashboard::command::CommandLine;

fn main() -> ExitCode {
    CommandLine::parse().execute()
}
