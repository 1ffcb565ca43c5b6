//! The command line, and what each command does.

mod dry_run;
mod gap;
mod mapping;
mod rules;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::directory::Warning;
use crate::dry_run::Language;
use crate::service;

/// HL7 v2 ADT, FHIR R4 and table rows to pseudonymised common events.
#[derive(Debug, Parser)]
#[command(
    name = "processor",
    after_help = "\
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.

Examples:
  processor dry-run --region 14 messages.hl7 | jq .
  processor dry-run --region 14 --mapping units-14.toml --census messages.hl7
  processor mapping check units-14.toml
  processor mapping explain waiting-times
  processor dry-run --region 14 --mapping waiting-times january.csv
  processor dry-run --region 14 --format fhir encounters.ndjson
  processor explain episode-missing
  processor run --config processor.toml"
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service until SIGTERM or SIGINT.
    Run {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Read and check a configuration, with its keys and mapping files, say whether its sealing keys open, and stop.
    Check {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Say which records Kafka has lost before this group read them, and accept that.
    ///
    /// A processor that was away for longer than its topics keep ends with the position that is gone. Have the sources send that
    /// time again where they can; then --accept lets it go on from the oldest record, and counts what is missing for good. Stop
    /// every processor of the group first. Without --accept nothing is changed, and the exit code is 1 where there is a gap.
    Gap(gap::Arguments),
    /// Try a file of messages without Kafka: one JSON line per message on stdout, a summary on stderr.
    ///
    /// Prints no person's identifier: pseudonyms are shown as person-1, person-2 …, and a code that holds a personal number as
    /// guarded-1. A message that is refused or parked does not make the command fail; a file without any message does, and so
    /// does one in which nothing can be read.
    DryRun(dry_run::Arguments),
    /// Work on a unit directory or a mapping package.
    #[command(subcommand)]
    Mapping(mapping::Command),
    /// List every rule: code, what it does, severity, meaning.
    Rules {
        /// Language of the meanings.
        #[arg(long, value_enum, default_value = "en")]
        language: Language,
    },
    /// Say what a rule means and what to do about it, in both languages.
    Explain {
        /// The rule's code, for example episode-missing.
        #[arg(value_name = "CODE")]
        code: String,
    },
}

/// Why a command failed, by exit code.
enum Failure {
    /// Exit code 1.
    Failed(String),
    /// Exit code 2.
    Usage(String),
}

const EXIT_FAILED: u8 = 1;
const EXIT_USAGE: u8 = 2;

impl CommandLine {
    /// Does what was asked.
    pub fn execute(self) -> ExitCode {
        let done = match self.command {
            Command::Run { config } => return service::run(&config),
            Command::Check { config } => return service::check(&config),
            Command::Gap(arguments) => gap::run(&arguments),
            Command::DryRun(arguments) => dry_run::run(arguments),
            Command::Mapping(command) => mapping::run(&command),
            Command::Rules { language } => rules::list(language),
            Command::Explain { code } => rules::explain(&code),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure::Failed(message)) => fail(&message, EXIT_FAILED),
            Err(Failure::Usage(message)) => fail(&message, EXIT_USAGE),
        }
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    // Nothing can be done about a standard error that is closed.
    let _ = writeln!(io::stderr(), "processor: {message}");
    ExitCode::from(code)
}

fn warn(file: &Path, warnings: &[Warning]) {
    for warning in warnings {
        let _ = writeln!(io::stderr(), "processor: warning: {}:{}: {}", file.display(), warning.line, warning.what);
    }
}

fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    match write(&mut output).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("cannot write: {error}")))
        }
        _ => Ok(()),
    }
}

fn usage(error: &dyn std::error::Error) -> Failure {
    Failure::Usage(runtime::exit::chain(error))
}
