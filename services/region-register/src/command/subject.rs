//! `region-register subject`: the verbs of persons, from the command line to records.

use std::path::PathBuf;

use access_log::Text;
use runtime::config::Fault;
use runtime::exit::Failure;
use runtime::shutdown::Shutdown;
use runtime::start;
use schemas::{Timestamp, Verb};

use super::{ConfigFile, print};
use crate::config::Config;
use crate::error::Error;
use crate::subject::{Before, Entered, Numbers, Word, enter, numbers, show};

const OPPOSED: &str = "patientdatalagen 7 kap. 2 §";
const OPTED_OUT: &str = "förordning (EU) 2025/327 art. 71";
/// Longer names of registers and purposes are none.
const NAME_MAX: usize = 40;

#[derive(clap::Subcommand)]
pub(super) enum Subject {
    /// Leave persons out of a quality register from now on (patientdatalagen 7 kap. 2 §).
    Oppose {
        /// The register, as extract definitions name it: rikshoft.
        #[arg(long, value_name = "NAME")]
        register: String,
        /// They oppose it no longer; what held until now stays known.
        #[arg(long)]
        withdraw: bool,
        /// Under which law or rule.
        #[arg(long, value_name = "TEXT", default_value = OPPOSED)]
        ground: String,
        /// The region's number of the case.
        #[arg(long = "case", value_name = "ID")]
        case_id: Option<String>,
        #[command(flatten)]
        who: Who,
    },
    /// Leave persons out of a secondary use from now on (EHDS, art. 71).
    OptOut {
        /// The purpose, as extract definitions name it: research; `all` is every one.
        #[arg(long, value_name = "NAME")]
        purpose: String,
        /// They opt out no longer; a permit that was approved meanwhile does not get them.
        #[arg(long)]
        withdraw: bool,
        /// Under which law or rule.
        #[arg(long, value_name = "TEXT", default_value = OPTED_OUT)]
        ground: String,
        /// The region's number of the case.
        #[arg(long = "case", value_name = "ID")]
        case_id: Option<String>,
        #[command(flatten)]
        who: Who,
    },
    /// Erase persons from the store, for good: by decision (patientdatalagen 8 kap. 4 §) or a register's own rule.
    Erase {
        /// Under which law or rule.
        #[arg(long, value_name = "TEXT")]
        ground: String,
        /// The number of the decision or case.
        #[arg(long = "case", value_name = "ID")]
        case_id: String,
        #[command(flatten)]
        who: Who,
    },
    /// Tell what the region's topics and this program's access log have of one person: by pseudonym, in counts and times.
    Show(One),
}

#[derive(clap::Args)]
pub(super) struct One {
    #[command(flatten)]
    file: ConfigFile,
    /// A file with the person's number; `-` or nothing is standard input.
    #[arg(value_name = "FILE")]
    numbers: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(super) struct Who {
    #[command(flatten)]
    file: ConfigFile,
    /// Numbers, one a line; `-` or nothing is standard input.
    #[arg(value_name = "FILE")]
    numbers: Option<PathBuf>,
    /// Say what would be entered and enter nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Subject {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let (verb, named, is_withdrawn, ground, case_id, who) = match self {
            Self::Oppose { register, withdraw, ground, case_id, who } => {
                (Verb::Oppose, Some(("--register", register)), withdraw, ground, case_id, who)
            }
            Self::OptOut { purpose, withdraw, ground, case_id, who } => {
                (Verb::OptOut, Some(("--purpose", purpose)), withdraw, ground, case_id, who)
            }
            Self::Erase { ground, case_id, who } => (Verb::Erase, None, false, ground, Some(case_id), who),
            Self::Show(one) => return one.show(),
        };
        let config = start::load(&who.file.config, |config: &Config| &config.log)?;
        let scope = named.map(|(argument, text)| name(argument, text)).transpose()?.unwrap_or_default();
        let ground = text("--ground", &ground)?;
        let case_id = case_id.map(|case_id| text("--case", &case_id)).transpose()?;
        let word = Word { verb, scope, is_withdrawn, ground, case_id };
        if config.access_log.is_none() {
            tracing::warn!(
                "what is entered is in no access log: add [access_log] with folder and key to the configuration"
            );
        }
        start::block_on(Some(1), async {
            let shutdown = Shutdown::install().map_err(Failure::failed)?;
            let at = Timestamp(jiff::Timestamp::now().as_microsecond());
            let named = who.read(&config, at)?;
            let before = Before::read(&config, &shutdown)?;
            let entered = enter(&config, &before, &named.persons, &word, at, who.dry_run).await?;
            print(&told(&named, entered, who.dry_run));
            if named.unreadable.is_empty() { Ok(()) } else { Err(Error::Nobody { lines: lines(&named) }.into()) }
        })
    }
}

impl One {
    fn show(self) -> Result<(), Failure> {
        let who = Who { file: self.file, numbers: self.numbers, dry_run: true };
        let config = start::load(&who.file.config, |config: &Config| &config.log)?;
        if config.access_log.is_none() {
            tracing::warn!(
                "that this is looked up is in no access log: add [access_log] with folder and key to the configuration"
            );
        }
        start::block_on(Some(1), async {
            let shutdown = Shutdown::install().map_err(Failure::failed)?;
            let named = who.read(&config, Timestamp(jiff::Timestamp::now().as_microsecond()))?;
            let (Some(person), 1) = (named.persons.iter().next(), named.persons.len()) else {
                return Err(Failure::usage(Error::NotOne { persons: named.persons.len() }));
            };
            let before = Before::read(&config, &shutdown)?;
            print(&show(&config, &before, person, &shutdown)?);
            Ok(())
        })
    }
}

impl Who {
    fn read(&self, config: &Config, at: Timestamp) -> Result<Numbers, Failure> {
        let pipeline = config.region.pipeline().map_err(|fault| Failure::failed(fault.under("region")))?;
        // A number that was typed as the file's name is not repeated.
        let is_number = |file: &&PathBuf| file.to_str().is_some_and(|name| !pipeline.pseudonyms(name, at).is_empty());
        if self.numbers.as_ref().filter(is_number).is_some() {
            return Err(Failure::usage(Error::Argument));
        }
        numbers(self.numbers.as_deref(), &pipeline, at).map_err(|source| Failure::failed(Error::Numbers { source }))
    }
}

/// What was read and what came of it, in counts.
fn told(named: &Numbers, entered: Entered, is_dry: bool) -> String {
    let Numbers { persons, read, unreadable } = named;
    let mut told = format!("{read} lines name {} persons, {} lines name nobody\n", persons.len(), unreadable.len());
    let would = if is_dry { "would be " } else { "" };
    told += &format!("{would}entered: {}; already so: {}\n", entered.written, entered.already);
    if entered.erased > 0 {
        told += &format!("{} are erased: nothing else is kept of them\n", entered.erased);
    }
    told
}

/// The first lines that name nobody.
fn lines(named: &Numbers) -> String {
    const SHOWN: usize = 20;
    let mut lines: Vec<String> = named.unreadable.iter().take(SHOWN).map(u64::to_string).collect();
    if named.unreadable.len() > SHOWN {
        lines.push("…".to_owned());
    }
    lines.join(", ")
}

/// A text that is written down, in which no personal number stands. It is not repeated.
fn text(argument: &'static str, given: &str) -> Result<Text, Failure> {
    Text::new(given).map_err(|unfit| Failure::usage(Fault::new(argument, unfit.to_string())))
}

/// The name of a register or a purpose: no digits, and so no number.
fn name(argument: &'static str, text: String) -> Result<String, Failure> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    if !text.is_empty() && text.len() <= NAME_MAX && text.bytes().all(plain) {
        return Ok(text);
    }
    let message = format!("must be 1 to {NAME_MAX} lower case letters and hyphens, as extract definitions name it");
    Err(Failure::usage(Fault::new(argument, message)))
}
