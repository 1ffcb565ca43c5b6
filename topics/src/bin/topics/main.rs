//! `topics check|plan|apply|acl|flow`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to the person who ran it")]

mod acl;

use std::{
    fs,
    io::{IsTerminal, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use schemas::registry::Client;
use topics::{Catalogue, Change, Options, Plan, Region, breaches, flow, registry};

/// Declare, check, plan and apply Kafka topics and their schemas.
///
/// The declaration is topics/catalogue.toml and is compiled in. Topics are created, grown and altered, schemas registered;
/// nothing is ever deleted.
#[derive(Parser)]
#[command(name = "topics", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the catalogue against its rules; needs no Kafka.
    Check {
        /// A catalogue file to check in place of the one compiled in.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Say what apply would change, and change nothing.
    Plan(Target),
    /// Make the topics as declared, and register their schemas.
    Apply(Target),
    /// Say who may do what in Kafka, compare it with the cluster, or make it so.
    Acl(acl::Acl),
    /// Draw the map of services and topics.
    Flow {
        /// Write it between the markers of this document in place of printing it.
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
}

#[derive(Args)]
struct Target {
    /// A file with the tables [kafka] and [registry] that services have, for encryption and passwords; config.sample.toml
    /// explains every key.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bootstrap", "registry"])]
    config: Option<PathBuf>,
    /// Kafka's address, in plain text. Default: that in KAFKA_BOOTSTRAP, or 127.0.0.1:9092.
    #[arg(long)]
    bootstrap: Option<String>,
    /// The schema registry's address, for example http://127.0.0.1:8081: schemas are registered under <topic>-value.
    #[arg(long, value_name = "URL", value_parser = address)]
    registry: Option<String>,
    /// Only this region's topics, by länskod; may be given more than once. Default: all 21.
    #[arg(long = "region", value_name = "NN")]
    regions: Vec<Region>,
    /// Partitions of every topic, in place of the catalogue's.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Copies of every partition, in place of the catalogue's; 1 for a single broker.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=i64::from(i16::MAX)))]
    replication_factor: Option<i32>,
}

const EXAMPLES: &str = "\
Examples:
  topics check
  topics plan --bootstrap kafka:9092 --registry http://registry:8081
  topics apply --bootstrap 127.0.0.1:9092 --replication-factor 1 --region 14 --region 01
  topics apply --config topics.toml
  topics acl --region 14 --principals certificate --subject 'CN=<name>,O=Region,C=SE'
  topics acl check --config admin.toml
  topics acl --config admin.toml --apply --passwords /etc/vardstrom/passwords
  topics flow --write README.md

Exit codes: 0 done, 1 failed, the catalogue breaks a rule or access differs, 2 wrong arguments or configuration";

fn main() -> ExitCode {
    match run(settings::command_line::parse::<Arguments>().command) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            failure.code
        }
    }
}

/// What ended the program, and its exit code.
struct Failure {
    message: String,
    code: ExitCode,
}

impl Failure {
    /// For a wrong argument or configuration.
    fn usage(message: String) -> Self {
        Self { message, code: ExitCode::from(2) }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self { message, code: ExitCode::FAILURE }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Check { file } => Ok(check(file.as_deref())?),
        Command::Plan(target) => {
            let Neighbours { bootstrap, options, registry: client } = target.neighbours()?;
            let plan = topics::plan(&bootstrap, &target.regions(), &options).map_err(chain)?;
            print(&plan, "would change");
            match client {
                Some(client) => {
                    print_schemas(&registry::plan(&client, &target.regions()).map_err(chain)?, "would change")
                }
                None => println!("schemas were not compared; {WITHOUT_REGISTRY}"),
            }
            Ok(if plan.conflicts.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Apply(target) => {
            let Neighbours { bootstrap, options, registry: client } = target.neighbours()?;
            // Before anything is changed: the registry may be away.
            let schemas = client.as_ref().map(|client| registry::plan(client, &target.regions())).transpose();
            let schemas = schemas.map_err(chain)?;
            let plan = topics::apply(&bootstrap, &target.regions(), &options).map_err(chain)?;
            print(&plan, "changed");
            match client.zip(schemas) {
                Some((client, schemas)) => {
                    registry::apply(&client, &schemas).map_err(chain)?;
                    print_schemas(&schemas, "changed");
                }
                None => println!("schemas were not registered; {WITHOUT_REGISTRY}"),
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Acl(acl) => acl::run(&acl),
        Command::Flow { write: None } => {
            print!("{}", flow::diagram(&Catalogue::load()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Flow { write: Some(path) } => Ok(draw(&path)?),
    }
}

fn check(file: Option<&Path>) -> Result<ExitCode, String> {
    let catalogue = match file {
        None => Catalogue::load(),
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| format!("reading {}: {error}", path.display()))?;
            Catalogue::parse(&text).map_err(|error| format!("{}: {}", path.display(), chain(error)))?
        }
    };
    let found = breaches(&catalogue);
    for breach in &found {
        println!("{} {breach}", paint("!", RED));
    }
    println!("{} topic patterns, {} breaches", catalogue.declarations.len(), found.len());
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn draw(path: &Path) -> Result<ExitCode, String> {
    let name = path.display();
    let document = fs::read_to_string(path).map_err(|error| format!("reading {name}: {error}"))?;
    let drawn = flow::drawn_into(&document, &Catalogue::load())
        .ok_or_else(|| format!("{name} has no place for the map; add the lines {} and {}", flow::BEGIN, flow::END))?;
    if drawn != document {
        fs::write(path, drawn).map_err(|error| format!("writing {name}: {error}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(plan: &Plan, verb: &str) {
    for change in &plan.changes {
        let (sign, colour) = match change {
            Change::Create(_) => ("+", GREEN),
            Change::AddPartitions { .. } | Change::Alter { .. } => ("~", YELLOW),
        };
        println!("{} {change}", paint(sign, colour));
    }
    for conflict in &plan.conflicts {
        println!("{} {conflict}", paint("!", RED));
    }
    println!(
        "{} topics declared, {verb} {}, {} in the way",
        plan.topic_count,
        plan.changes.len(),
        plan.conflicts.len()
    );
}

/// What a person should know who named no registry.
const WITHOUT_REGISTRY: &str = "add --registry URL: services look their schemas up and wait until they are there \
                                (the development registry, `registry serve`, has them)";

fn print_schemas(plan: &registry::Plan, verb: &str) {
    for change in &plan.changes {
        let (sign, colour) = match change {
            registry::Change::Register { .. } => ("+", GREEN),
            registry::Change::SetCompatibility { .. } => ("~", YELLOW),
        };
        println!("{} {change}", paint(sign, colour));
    }
    for note in &plan.notes {
        println!("{} {note}", paint("?", YELLOW));
    }
    println!(
        "{} subjects declared, {verb} {}, {} to look at",
        plan.subject_count,
        plan.changes.len(),
        plan.notes.len()
    );
}

const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;

/// Colour for people at a terminal who have not asked to be spared (no-color.org).
fn paint(text: &str, colour: u8) -> String {
    if stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) {
        return format!("\x1b[{colour}m{text}\x1b[0m");
    }
    text.to_owned()
}

fn address(text: &str) -> Result<String, String> {
    match text.starts_with("http://") {
        true => Ok(text.to_owned()),
        false => Err("write its address, for example http://127.0.0.1:8081".to_owned()),
    }
}

fn chain(error: impl std::error::Error) -> String {
    settings::chain(&error)
}

/// Kafka's address in plain text: that of the command line, else of the environment, else a broker's on this machine.
fn bootstrap(argument: Option<&String>) -> String {
    let variable = || std::env::var("KAFKA_BOOTSTRAP").ok().filter(|address| !address.is_empty());
    argument.cloned().or_else(variable).unwrap_or_else(|| "127.0.0.1:9092".to_owned())
}

/// Whom plan and apply talk to.
struct Neighbours {
    bootstrap: String,
    options: Options,
    registry: Option<Client>,
}

impl Target {
    fn regions(&self) -> Vec<Region> {
        if self.regions.is_empty() { Region::all().collect() } else { self.regions.clone() }
    }

    fn neighbours(&self) -> Result<Neighbours, Failure> {
        let mut options =
            Options { partitions: self.partitions, replication_factor: self.replication_factor, ..Options::default() };
        let Some(path) = &self.config else {
            let bootstrap = bootstrap(self.bootstrap.as_ref());
            return Ok(Neighbours { bootstrap, options, registry: self.registry.as_ref().map(Client::new) });
        };
        let file: topics::Settings = settings::load(path).map_err(|error| Failure::usage(chain(error)))?;
        let registry = file.registry.as_ref().map(Client::connect).transpose();
        let registry = registry.map_err(|fault| Failure::usage(chain(fault.under("registry"))))?;
        let bootstrap = file.kafka.bootstrap.clone();
        options.kafka = Some(file.kafka);
        Ok(Neighbours { bootstrap, options, registry })
    }
}
