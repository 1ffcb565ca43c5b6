//! The `connector` command; see the crate's README.

use std::process::ExitCode;

use clap::Parser;
use connector::command::CommandLine;

fn main() -> ExitCode {
    CommandLine::parse().execute()
}
