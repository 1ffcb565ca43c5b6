//! The `region-register` command; see the crate's README.

use std::process::ExitCode;

use region_register::command::CommandLine;

fn main() -> ExitCode {
    runtime::command_line::parse::<CommandLine>().execute()
}
