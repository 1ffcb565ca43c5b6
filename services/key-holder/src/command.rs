//! The command line, and what each command does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use runtime::exit::{self, Failure};
use runtime::shutdown::Shutdown;
use runtime::start;

use crate::config::Config;
use crate::error::Error;
use crate::holder::{Holder, Refusal, statement};
use crate::serve;

const EXAMPLES: &str = "\
What parties have signed with `permit`, and what regions have blinded with `region-register blind`, in files that came by hand:
  key-holder enter p17.request
  key-holder enter p17.14.approve
  key-holder evaluate p17_14_1.batch --out p17_14_1.answer.age
  key-holder show

Or, where regions reach it, until SIGTERM or Ctrl-C:
  key-holder serve

The configuration is key-holder.toml in this folder, or --config, or KEY_HOLDER_CONFIG; config.sample.toml explains every key.

Exit codes: 0 done; 1 failed or refused; 2 wrong usage or configuration.";

/// Holds the keys of permits, and evaluates blinded points with them while a permit, the region's approval and the budget allow it.
#[derive(Parser)]
#[command(after_help = EXAMPLES)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Take statements and batches over HTTP, until SIGTERM or Ctrl-C.
    Serve(ConfigFile),
    /// Enter a signed statement in the ledger. The end of a permit destroys its key.
    Enter {
        #[command(flatten)]
        file: ConfigFile,
        /// The statement.
        #[arg(value_name = "FILE")]
        statement: PathBuf,
    },
    /// Evaluate a signed batch, and write the answer, sealed to the hub.
    Evaluate {
        #[command(flatten)]
        file: ConfigFile,
        /// The batch.
        #[arg(value_name = "FILE")]
        batch: PathBuf,
        /// Where the answer is written; a file that is there is not replaced.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print how each permit stands in each of its regions, and what was spent.
    Show(ConfigFile),
    /// Read and check the configuration; start nothing.
    Check(ConfigFile),
}

#[derive(Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "key-holder.toml", env = "KEY_HOLDER_CONFIG")]
    config: PathBuf,
}

impl CommandLine {
    /// Does what was asked.
    pub fn execute(self) -> ExitCode {
        exit::code(execute(self.command))
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    let now = Timestamp::now();
    match command {
        Command::Serve(file) => {
            let config = load(&file)?;
            start::block_on(None, async {
                Ok(serve::run(config, Shutdown::install().map_err(Failure::failed)?).await?)
            })
        }
        Command::Enter { file, statement: path } => {
            let entered = open(&file, now)?.enter(&statement(&path).map_err(failure)?, now).map_err(failure)?;
            print(&format!("entered: permit {}\n", entered.permit));
            Ok(())
        }
        Command::Evaluate { file, batch, out } => evaluate(&mut open(&file, now)?, &batch, &out, now),
        Command::Show(file) => {
            print(&open(&file, now)?.show(now));
            Ok(())
        }
        Command::Check(file) => {
            load(&file)?;
            print("the configuration can be used\n");
            Ok(())
        }
    }
}

fn evaluate(holder: &mut Holder, batch: &Path, out: &Path, now: Timestamp) -> Result<(), Failure> {
    let bytes = fs::read(batch).map_err(Error::file("read", batch))?;
    // Before anything is charged.
    let mut file = fs::File::create_new(out).map_err(Error::file("make", out))?;
    let evaluated = match holder.evaluate(&bytes, now) {
        Ok(evaluated) => evaluated,
        Err(refusal) => {
            drop(fs::remove_file(out));
            return Err(failure(refusal));
        }
    };
    std::io::Write::write_all(&mut file, &evaluated.sealed).map_err(Error::file("write", out))?;
    print(&format!("evaluated: {} points\n", evaluated.points));
    Ok(())
}

fn load(file: &ConfigFile) -> Result<Config, Failure> {
    Ok(start::load(&file.config, |config: &Config| &config.log)?)
}

fn open(file: &ConfigFile, now: Timestamp) -> Result<Holder, Failure> {
    Ok(Holder::open(&load(file)?, now)?)
}

fn failure(refusal: Refusal) -> Failure {
    Failure::failed(refusal)
}

#[expect(clippy::print_stdout, reason = "a command's answer belongs on stdout")]
fn print(text: &str) {
    print!("{text}");
}
