//! The command line, and what each command does.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Parser, Subcommand};
use runtime::relay::gap;
use schemas::{Severity, Timestamp};
use topics::Region;

use crate::code_lists::CodeLists;
use crate::config::Config;
use crate::directory::{self, Directory};
use crate::dry_run::{self, Input, Language};
use crate::mapping::{self, Program};
use crate::rules::{Entry, Rule, TABLE, Text};
use crate::service;
use crate::worker;

/// HL7 v2 ADT, FHIR R4 and table rows to pseudonymised common events.
#[derive(Debug, Parser)]
#[command(
    name = "processor",
    version,
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
    /// Read and check a configuration, with its keys and mapping files, and stop.
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
    Gap {
        /// The configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Go on behind the gaps.
        #[arg(long)]
        accept: bool,
    },
    /// Try a file of messages without Kafka: one JSON line per message on stdout, a summary on stderr.
    ///
    /// Prints no person's identifier: pseudonyms are shown as person-1, person-2 …, and a code that holds a personal number as
    /// guarded-1. A message that is refused or parked does not make the command fail; a file without any message does.
    DryRun {
        /// Lanskod of the region whose rules hold.
        #[arg(long, value_name = "NN")]
        region: Region,
        /// The region's unit directory, or the mapping package of a table: a file, or the name of a shipped one.
        #[arg(long, value_name = "FILE|PACKAGE")]
        mapping: Option<PathBuf>,
        /// Folder of code lists in place of the shipped ones.
        #[arg(long, value_name = "FOLDER")]
        code_lists: Option<PathBuf>,
        /// What the file holds; without it the first character decides: JSON is FHIR.
        #[arg(long, value_enum)]
        format: Option<Input>,
        /// Print the open stays after the whole file instead, as sorted JSON lines.
        #[arg(long)]
        census: bool,
        /// Print every stay after the whole file instead, ended ones too, as sorted JSON lines.
        #[arg(long, conflicts_with = "census")]
        stays: bool,
        /// Language of meanings and remedies.
        #[arg(long, value_enum, default_value = "en")]
        language: Language,
        /// The messages, or the table when --mapping is a package; `-` reads standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Work on a unit directory or a mapping package.
    Mapping {
        #[command(subcommand)]
        command: MappingCommand,
    },
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

#[derive(Debug, Subcommand)]
enum MappingCommand {
    /// Read a unit directory or a mapping package and say what it holds, or where it is wrong.
    Check {
        /// The file, or the name of a shipped package.
        #[arg(value_name = "FILE|PACKAGE")]
        file: PathBuf,
    },
    /// Run a mapping package's own example rows.
    Test {
        /// The file, or the name of a shipped package.
        #[arg(value_name = "PACKAGE")]
        package: PathBuf,
    },
    /// Show field by field where each common field comes from, and the rules.
    Explain {
        /// The file, or the name of a shipped package.
        #[arg(value_name = "PACKAGE")]
        package: PathBuf,
    },
    /// List the shipped packages.
    List,
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
            Command::Gap { config, accept } => gap(&config, accept),
            Command::DryRun { region, mapping, code_lists, format, census, stays, language, file } => {
                let files = Files { mapping: mapping.as_deref(), code_lists: code_lists.as_deref() };
                dry_run(region, files, Shown { format, census, stays, language }, &file)
            }
            Command::Mapping { command: MappingCommand::Check { file } } if mapping::is_package(&file) => {
                package_check(&file)
            }
            Command::Mapping { command: MappingCommand::Check { file } } => mapping_check(&file),
            Command::Mapping { command: MappingCommand::Test { package } } => package_test(&package),
            Command::Mapping { command: MappingCommand::Explain { package } } => package_explain(&package),
            Command::Mapping { command: MappingCommand::List } => {
                print(|output| mapping::shipped().try_for_each(|name| writeln!(output, "{name}")))
            }
            Command::Rules { language } => print(|output| list(output, language)),
            Command::Explain { code } => explain(&code),
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

fn gap(config: &Path, accept: bool) -> Result<(), Failure> {
    runtime::logs::init(&runtime::config::Log::default());
    let config = runtime::config::load::<Config>(config).map_err(|error| usage(&error))?;
    let Config { kafka, relay, .. } = &config;
    let failed = |error: runtime::relay::Error| Failure::Failed(runtime::exit::chain(&error));
    let gaps = gap::find(kafka, relay, &worker::routes(&config)).map_err(failed)?;
    let count: u64 = gaps.iter().map(gap::Gap::count).sum();
    print(|output| {
        for gap in &gaps {
            let (topic, partition, last) = (&gap.topic, gap.partition, gap.oldest - 1);
            writeln!(output, "{topic} partition {partition}: {} records gone, {} to {last}", gap.count(), gap.first)?;
        }
        writeln!(output, "{count} records gone in {} partitions", gaps.len())
    })?;
    if gaps.is_empty() {
        return Ok(());
    }
    if !accept {
        return Err(Failure::Failed("have the sources send that time again, then run this with --accept".to_owned()));
    }
    gap::accept(kafka, relay, &gaps).map_err(failed)?;
    print(|output| writeln!(output, "accepted; the group {} goes on behind them", relay.group))
}

/// What a dry run reads besides the file that is tried.
struct Files<'a> {
    mapping: Option<&'a Path>,
    code_lists: Option<&'a Path>,
}

/// How a file is read and what is shown of it.
struct Shown {
    format: Option<Input>,
    census: bool,
    stays: bool,
    language: Language,
}

fn dry_run(
    region: Region,
    Files { mapping, code_lists }: Files<'_>,
    Shown { format, census, stays, language }: Shown,
    file: &Path,
) -> Result<(), Failure> {
    let package = mapping.filter(|path| mapping::is_package(path));
    let program = package.map(Program::load).transpose().map_err(|error| usage(&error))?;
    let code_lists = code_lists.map(CodeLists::with_folder).transpose().map_err(|error| usage(&error))?;
    if (census || stays) && program.is_some() {
        return Err(Failure::Usage("--census and --stays count stays of HL7 messages; a table has none".to_owned()));
    }
    let directory = match mapping {
        None => Directory::default(),
        Some(_) if program.is_some() => Directory::default(),
        Some(path) => {
            let (directory, warnings) = Directory::load(path, region.code()).map_err(|error| usage(&error))?;
            warn(path, &warnings);
            directory
        }
    };
    let input: Box<dyn Read> = if file == Path::new("-") { Box::new(io::stdin().lock()) } else { open(file)? };
    let options = dry_run::Options {
        region: region.code().to_owned(),
        directory,
        program,
        code_lists,
        format,
        census,
        stays,
        language,
        received_at: now(),
    };
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match dry_run::run(options, input, &mut output) {
        Ok(summary) => {
            let _ = write!(io::stderr(), "{summary}");
            Ok(())
        }
        // Whoever read us has seen enough, as `head` does.
        Err(dry_run::Error::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Failed(format!("{}: {}", file.display(), runtime::exit::chain(&error)))),
    }
}

fn open(file: &Path) -> Result<Box<dyn Read>, Failure> {
    let cannot = |error: io::Error| Failure::Usage(format!("cannot open {}: {error}", file.display()));
    let opened = File::open(file).map_err(cannot)?;
    if opened.metadata().map_err(cannot)?.is_dir() {
        return Err(Failure::Usage(format!("{} is a folder; name a file of messages, or - for stdin", file.display())));
    }
    Ok(Box::new(opened))
}

fn mapping_check(file: &Path) -> Result<(), Failure> {
    let (directory, warnings) = Directory::check(file).map_err(|error| usage(&error))?;
    warn(file, &warnings);
    print(|output| {
        writeln!(output, "{}: {} units, {} warnings", file.display(), directory.unit_count(), warnings.len())?;
        let said = |field: Option<String>, without: &str| field.unwrap_or_else(|| without.to_owned());
        let responsible = directory.responsible_unit.as_ref().map(|table| table.field.to_string());
        let protection = directory.protection.as_ref().map(|table| table.field.to_string());
        let municipality = directory.municipality.as_ref().map(ToString::to_string);
        writeln!(output, "responsible unit: {}", said(responsible, "not sent, nobody is counted as utlokaliserad"))?;
        writeln!(
            output,
            "protected identity: PD1-12{}",
            protection.map(|field| format!(", {field}")).unwrap_or_default()
        )?;
        writeln!(output, "municipality: {}", said(municipality, "not read"))
    })
}

fn package_check(package: &Path) -> Result<(), Failure> {
    let program = Program::load(package).map_err(|error| usage(&error))?;
    print(|output| {
        writeln!(
            output,
            "{}: {} {}, feed {}, {} columns to {} events",
            package.display(),
            program.name(),
            program.version(),
            program.feed(),
            program.columns().count(),
            program.target().name()
        )
    })
}

fn package_test(package: &Path) -> Result<(), Failure> {
    let mut program = Program::load(package).map_err(|error| usage(&error))?;
    let tried = mapping::try_examples(&mut program).map_err(|error| Failure::Failed(runtime::exit::chain(&error)))?;
    let failed = tried.iter().filter(|tried| !tried.differences.is_empty()).count();
    print(|output| {
        for tried in &tried {
            let verdict = if tried.differences.is_empty() { "holds" } else { "DIFFERS" };
            writeln!(output, "{:<8} {}", verdict, tried.name)?;
            for difference in &tried.differences {
                writeln!(output, "         {}:{}: {difference}", package.display(), tried.line)?;
            }
        }
        writeln!(output, "{} examples, {failed} differ", tried.len())
    })?;
    if tried.is_empty() {
        return Err(Failure::Failed("the package has no [[example]]; add rows and what they must become".to_owned()));
    }
    if failed > 0 { Err(Failure::Failed(format!("{failed} of {} examples differ", tried.len()))) } else { Ok(()) }
}

fn package_explain(package: &Path) -> Result<(), Failure> {
    let program = Program::load(package).map_err(|error| usage(&error))?;
    print(|output| write!(output, "{}", mapping::explain(&program)))
}

fn warn(file: &Path, warnings: &[directory::Warning]) {
    for warning in warnings {
        let _ = writeln!(io::stderr(), "processor: warning: {}:{}: {}", file.display(), warning.line, warning.what);
    }
}

fn list(output: &mut dyn Write, language: Language) -> io::Result<()> {
    let of_messages = TABLE.iter().map(|entry| (entry.code, entry.effect.name(), entry.severity, &entry.meaning));
    for (code, effect, severity, meaning) in of_messages {
        writeln!(output, "{code:<26} {effect:<8} {:<8} {}", self::severity(severity), language.of(meaning))?;
    }
    for entry in timeline::FindingRule::ALL.iter().map(|rule| rule.entry()) {
        let severity = severity(entry.severity);
        writeln!(output, "{:<26} timeline {severity:<8} {}", entry.code, language.of(&entry.meaning))?;
    }
    Ok(())
}

fn explain(code: &str) -> Result<(), Failure> {
    let of_timeline = timeline::FindingRule::ALL.iter().map(|rule| rule.entry()).find(|entry| entry.code == code);
    if let Some(entry) = of_timeline {
        return told(entry.code, "found among a visit's events", entry.severity, &entry.meaning, &entry.remedy);
    }
    let Some(rule) = Rule::of_code(code) else {
        let near = nearest(code).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return Err(Failure::Usage(format!("there is no rule {code:?}{near} `processor rules` lists all")));
    };
    let entry = rule.entry();
    told(entry.code, entry.effect.name(), entry.severity, &entry.meaning, &entry.remedy)
}

fn told(code: &str, effect: &str, severity: Severity, meaning: &Text, remedy: &Text) -> Result<(), Failure> {
    print(|output| {
        writeln!(output, "{code}: {effect}, {}", self::severity(severity))?;
        writeln!(output)?;
        writeln!(output, "{}\n  Åtgärd: {}", meaning.sv, remedy.sv)?;
        writeln!(output)?;
        writeln!(output, "{}\n  Remedy: {}", meaning.en, remedy.en)
    })
}

/// The rule that shares most pairs of letters with what was typed, if it shares half of them.
fn nearest(code: &str) -> Option<&'static str> {
    let pairs = || code.as_bytes().windows(2);
    let shared = |entry: &&Entry| {
        let pairs_in_rule = entry.code.as_bytes().windows(2);
        let in_typed = pairs_in_rule.clone().filter(|pair| pairs().any(|typed| typed == *pair)).count();
        // A longer rule holds more pairs by chance.
        (2 * in_typed).saturating_sub(pairs_in_rule.count())
    };
    TABLE.iter().max_by_key(shared).filter(|entry| shared(entry) > 0).map(|entry| entry.code)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
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

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
