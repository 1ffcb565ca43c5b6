//! The command that tells and accepts what Kafka has lost before it was read.

use std::path::PathBuf;

use clap::Args;
use runtime::relay::gap;

use super::{Failure, print, usage};
use crate::config::Config;
use crate::worker;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Go on behind the gaps.
    #[arg(long)]
    accept: bool,
}

pub(super) fn run(Arguments { config, accept }: &Arguments) -> Result<(), Failure> {
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
    if !*accept {
        return Err(Failure::Failed("have the sources send that time again, then run this with --accept".to_owned()));
    }
    gap::accept(kafka, relay, &gaps).map_err(failed)?;
    print(|output| writeln!(output, "accepted; the group {} goes on behind them", relay.group))
}
