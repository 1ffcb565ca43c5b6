//! The `region-register` command; see the crate's README.

use std::process::ExitCode;

use clap::Parser;
use region_register::command::CommandLine;

fn main() -> ExitCode {
    CommandLine::parse().execute()
}
