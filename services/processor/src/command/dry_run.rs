//! The command that tries a file of messages or a table.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use schemas::Timestamp;
use topics::Region;

use super::{Failure, usage, warn};
use crate::code_lists::CodeLists;
use crate::directory::Directory;
use crate::dry_run::{self, Input, Language};
use crate::mapping::{self, Program};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Länskod of the region whose rules hold.
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
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { region, mapping, code_lists, format, census, stays, language, file } = arguments;
    let package = mapping.as_deref().filter(|path| mapping::is_package(path));
    let program = package.map(Program::load).transpose().map_err(|error| usage(&error))?;
    let code_lists = code_lists.as_deref().map(CodeLists::with_folder).transpose().map_err(|error| usage(&error))?;
    if (census || stays) && program.is_some() {
        return Err(Failure::Usage("--census and --stays count stays of HL7 messages; a table has none".to_owned()));
    }
    let directory = match mapping.as_deref() {
        None => Directory::default(),
        Some(_) if program.is_some() => Directory::default(),
        Some(path) => {
            let (directory, warnings) = Directory::load(path, region.code()).map_err(|error| usage(&error))?;
            warn(path, &warnings);
            directory
        }
    };
    let input: Box<dyn Read> = if file == Path::new("-") { Box::new(io::stdin().lock()) } else { open(&file)? };
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

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
