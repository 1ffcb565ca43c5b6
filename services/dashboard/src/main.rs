//! The `dashboard` command; see the crate's README.

use std::process::ExitCode;

use dashboard::command::CommandLine;

fn main() -> ExitCode {
    runtime::command_line::parse::<CommandLine>().execute()
}
