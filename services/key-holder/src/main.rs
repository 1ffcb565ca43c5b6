//! The `key-holder` command; see the crate's README.

use std::process::ExitCode;

use key_holder::command::CommandLine;

fn main() -> ExitCode {
    runtime::command_line::parse::<CommandLine>().execute()
}
