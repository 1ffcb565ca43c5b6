//! The commands that mend the way from a database whose changes are followed.

use clap::{Args, Subcommand};
use runtime::exit::Failure;

use crate::cdc::resnapshot::resnapshot;
use crate::config::Config;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Drop a slot that was lost, so that the snapshot of its tables is taken again.
    ///
    /// A connector that runs, or the next that starts, makes the slot anew and sends every row again, after a record for
    /// each table that says that what was known of its rows is void. Stop the connector first when it still follows the
    /// slot: PostgreSQL drops no slot that is in use.
    Resnapshot(Resnapshot),
}

#[derive(Args)]
pub(super) struct Resnapshot {
    /// Länskod of the region; must be in the configuration.
    #[arg(long, value_name = "NN")]
    region: topics::Region,
    /// The slot, as in the region's [[region.cdc]].
    #[arg(long, value_name = "NAME")]
    slot: String,
    #[command(flatten)]
    config: super::ConfigFile,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("region {region} has no [[region.cdc]] with slot {slot} in the configuration")]
    Slot { region: topics::Region, slot: String },
}

impl Command {
    pub(super) fn config(&self) -> &super::ConfigFile {
        let Self::Resnapshot(arguments) = self;
        &arguments.config
    }
}

/// Runs a command.
#[allow(clippy::print_stdout, reason = "the answer of the command")]
pub(super) async fn run(config: Config, command: &Command) -> Result<(), Failure> {
    let Command::Resnapshot(arguments) = command;
    let (code, slot) = (arguments.region, &arguments.slot);
    let region = config.region.iter().find(|region| region.code == code);
    let source = region.and_then(|region| region.cdc.iter().find(|source| source.slot == *slot));
    let source = source.ok_or_else(|| Failure::failed(Refused::Slot { region: code, slot: slot.clone() }))?;
    let done = resnapshot(code.code(), source).await.map_err(Failure::failed)?;
    let dropped = if done.dropped { "the slot is dropped" } else { "there was no slot to drop" };
    println!("{dropped}; the snapshot is taken again by the connector that runs, or the next that starts");
    Ok(())
}
