//! `permit request|approve|revoke|expire|finish`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to the person who ran it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use access_log::Key;
use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use linkage::PermitId;
use permit::{AUTHORITY, Answer, Blinds, Change, Permit, Statement, region_signer};
use settings::chain;
use topics::Region;
use zeroize::Zeroizing;

const EXAMPLES: &str = "\
A permit from its request to its end; what travels between its parties are files. The authority asks:
  permit request p17.json --key-file authority.key > p17.request
Each region reads the record and approves it, or takes that back:
  permit approve p17.json --region 14 --key-file region-14.key > p17.14.approve
  permit revoke p17 --region 14 --key-file region-14.key > p17.14.revoke
The key holder enters what was said. Then the region blinds its persons, and the key holder evaluates them:
  key-holder enter p17.14.approve
  region-register blind p17.json --key-file region-14.key --out p17 < numbers
  key-holder evaluate p17/p17_14_1.batch --out p17_14_1.answer.age
The hub gets the answer and, from the region, the blinds; it prints the region's pseudonym and the permit's of each person:
  permit finish p17.json --blinds p17_14_1.blinds.age --answer p17_14_1.answer.age --identity hub.txt
Before its time the authority ends it:
  permit expire p17 --key-file authority.key > p17.expire

Exit codes: 0 done; 1 failed, or not what it should be; 2 wrong arguments, or a record that cannot be permitted";

/// Ask for, approve, revoke and end permits, and put together what they allow.
#[derive(Parser)]
#[command(name = "permit", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// As the authority: sign a request. Prints the statement.
    Request {
        /// The permit's record, JSON.
        #[arg(value_name = "FILE")]
        permit: PathBuf,
        #[command(flatten)]
        key: KeyFile,
    },
    /// As a region: approve a permit, by the record that was read. Prints the statement.
    Approve {
        /// The permit's record, JSON.
        #[arg(value_name = "FILE")]
        permit: PathBuf,
        /// The region's länskod.
        #[arg(long, value_name = "NN")]
        region: Region,
        #[command(flatten)]
        key: KeyFile,
    },
    /// As a region: refuse a permit, or take an approval back. Prints the statement.
    Revoke {
        /// The permit's name.
        #[arg(value_name = "NAME", value_parser = PermitId::new)]
        permit: PermitId,
        /// The region's länskod.
        #[arg(long, value_name = "NN")]
        region: Region,
        #[command(flatten)]
        key: KeyFile,
    },
    /// As the authority: end a permit. Prints the statement.
    Expire {
        /// The permit's name.
        #[arg(value_name = "NAME", value_parser = PermitId::new)]
        permit: PermitId,
        #[command(flatten)]
        key: KeyFile,
    },
    /// As the hub: print for each person of a batch the region's pseudonym and the permit's, with a tab between.
    Finish {
        /// The permit's record, JSON.
        #[arg(value_name = "FILE")]
        permit: PathBuf,
        /// The region's sealed blinds.
        #[arg(long, value_name = "FILE")]
        blinds: PathBuf,
        /// The key holder's sealed answer.
        #[arg(long, value_name = "FILE")]
        answer: PathBuf,
        /// The hub's secret age key.
        #[arg(long, value_name = "AGE_KEY_FILE")]
        identity: PathBuf,
    },
}

#[derive(Args)]
struct KeyFile {
    /// The signer's Ed25519 seed: a file of 64 hexadecimal digits.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
}

/// What is said, and the exit code.
struct Failure(String, u8);

fn main() -> ExitCode {
    match run(settings::command_line::parse::<Arguments>().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(message, code)) => {
            eprintln!("error: {message}");
            ExitCode::from(code)
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Request { permit, key } => {
            let permit = record(&permit)?;
            say(AUTHORITY, &key, permit.id.clone(), Change::Request(Box::new(permit)))
        }
        Command::Approve { permit, region, key } => {
            let permit = record(&permit)?;
            let approve = Change::Approve { region, record: permit.digest() };
            say(&region_signer(region), &key, permit.id, approve)
        }
        Command::Revoke { permit, region, key } => say(&region_signer(region), &key, permit, Change::Revoke { region }),
        Command::Expire { permit, key } => say(AUTHORITY, &key, permit, Change::Expire),
        Command::Finish { permit, blinds, answer, identity } => {
            let permit = record(&permit)?;
            let hub = hub(&identity)?;
            let blinds = Blinds::open(&bytes(&blinds)?, &hub).map_err(|error| failed(&blinds, &error))?;
            let opened = Answer::open(&bytes(&answer)?, &hub).map_err(|error| failed(&answer, &error))?;
            if blinds.permit != permit.id {
                return Err(Failure(format!("the blinds are of permit {}", blinds.permit), 1));
            }
            for (region, person) in
                blinds.finish(&opened, &permit.recipient).map_err(|error| failed(&answer, &error))?
            {
                println!("{region}\t{person}");
            }
            Ok(())
        }
    }
}

/// Signs and prints a statement.
fn say(signer: &str, key: &KeyFile, permit: PermitId, change: Change) -> Result<(), Failure> {
    let no_key = || {
        let what = "is not 64 hexadecimal digits; make them with `openssl rand -hex 32`";
        Failure(format!("{} {what}", key.key_file.display()), 2)
    };
    let key = Key::parse(&Zeroizing::new(text(&key.key_file)?)).ok_or_else(no_key)?;
    print!("{}", Statement { at: Timestamp::now(), permit, change }.sign(signer, &key));
    Ok(())
}

fn record(path: &Path) -> Result<Permit, Failure> {
    let text = text(path)?;
    Permit::read(&text).map_err(|error| Failure(format!("{}: {}", path.display(), chain(&error)), 2))
}

fn hub(path: &Path) -> Result<age::x25519::Identity, Failure> {
    let text = Zeroizing::new(text(path)?);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let no_key = || Failure(format!("{} holds no age key, as `age-keygen` writes it", path.display()), 2);
    line.and_then(|line| line.parse().ok()).ok_or_else(no_key)
}

fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| failed(path, &error))
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure(format!("{}: {}", path.display(), chain(error)), 1)
}
