//! The `sink-store` command; see the crate's README.

use std::process::ExitCode;

use sink_store::command::CommandLine;

fn main() -> ExitCode {
    runtime::command_line::parse::<CommandLine>().execute()
}
