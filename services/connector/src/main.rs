//! The `connector` command; see the crate's README.

use std::process::ExitCode;

use connector::command::CommandLine;

fn main() -> ExitCode {
    runtime::command_line::parse::<CommandLine>().execute()
}
