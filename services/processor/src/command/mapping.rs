//! The commands on a unit directory or a mapping package.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Failure, print, usage, warn};
use crate::directory::Directory;
use crate::mapping::{self, Program};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
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

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Check { file } if mapping::is_package(file) => check_package(file),
        Command::Check { file } => check_directory(file),
        Command::Test { package } => test(package),
        Command::Explain { package } => explain(package),
        Command::List => print(|output| mapping::shipped().try_for_each(|name| writeln!(output, "{name}"))),
    }
}

fn check_directory(file: &Path) -> Result<(), Failure> {
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

fn check_package(package: &Path) -> Result<(), Failure> {
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

fn test(package: &Path) -> Result<(), Failure> {
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

fn explain(package: &Path) -> Result<(), Failure> {
    let program = Program::load(package).map_err(|error| usage(&error))?;
    print(|output| write!(output, "{}", mapping::explain(&program)))
}
