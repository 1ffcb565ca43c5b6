//! The `processor` command; see the crate's README.

use std::process::ExitCode;

use clap::Parser;
use processor::command::CommandLine;

fn main() -> ExitCode {
    CommandLine::parse().execute()
}
