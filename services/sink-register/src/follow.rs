//! Extracts that are kept up to date: every extract, region and recent period is made again in turns, until somebody asks
//! to stop. A turn that finds nothing new leaves no trace.

use std::path::PathBuf;
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::Date;
use runtime::shutdown::Shutdown;
use topics::Region;

use crate::config::Config;
use crate::definition::{Definition, Definitions};
use crate::deliver::deliver;
use crate::error::Error;
use crate::make::{Made, Order, Outcome, Task, run};
use crate::session::Session;
use parcel::{Period, PeriodKind};

/// Most periods before the present one that are looked at in a turn.
pub(crate) const BACK_MAX: u8 = 36;

/// What is kept up to date, and how often.
#[derive(Clone, Debug)]
pub(crate) struct Follow {
    pub folder: PathBuf,
    pub regions: Vec<Region>,
    pub extracts: Vec<String>,
    /// Periods before the present one; at most [`BACK_MAX`].
    pub back: u8,
    /// From the end of a turn to the next.
    pub pause: Duration,
    /// Whether a new parcel is delivered at once.
    pub deliver: bool,
    /// Whether the first turn may begin series anew with another key. Later ones may not: somebody has to say it again.
    pub new_pseudonyms: bool,
}

/// Goes on until `shutdown`. What cannot be made in a turn is logged and tried again in the next.
///
/// # Errors
/// When the configuration or a definition is wrong, or the login has no role for a region: no later turn would mend that.
pub(crate) async fn follow(
    config: &Config,
    definitions: &Definitions,
    task: &Follow,
    shutdown: &Shutdown,
) -> Result<(), Error> {
    let definitions: Vec<&Definition> =
        task.extracts.iter().map(|name| definitions.named(name)).collect::<Result<_, _>>()?;
    // A database that is away is waited for, turn by turn; a role that is missing is told at once.
    match started(config, task).await {
        Err(error @ Error::RoleMissing { .. }) => return Err(error),
        Err(error) => tracing::warn!("{}", runtime::exit::chain(&error)),
        Ok(()) => {}
    }
    let mut new_pseudonyms = task.new_pseudonyms;
    loop {
        turn(config, &definitions, task, new_pseudonyms, shutdown).await?;
        new_pseudonyms = false;
        if shutdown.within(task.pause).await {
            return Ok(());
        }
    }
}

async fn started(config: &Config, task: &Follow) -> Result<(), Error> {
    Session::connect(&config.address()?).await?.check(&task.regions).await
}

/// Between two parcels a wish to stop is heard; a parcel that is being made is made to its end.
async fn turn(
    config: &Config,
    definitions: &[&Definition],
    task: &Follow,
    new_pseudonyms: bool,
    shutdown: &Shutdown,
) -> Result<(), Error> {
    let mut counts = [0_u32; 3];
    let today = swedish_time::date(jiff::Timestamp::now().as_microsecond());
    for region in &task.regions {
        for definition in definitions {
            for period in periods(definition.period, today, task.back) {
                if shutdown.requested() {
                    return Ok(());
                }
                let order = Order { definition, region: *region, period, flags: &config.flags };
                match one(config, order, task, new_pseudonyms).await {
                    Ok(Outcome::Made) => counts[0] += 1,
                    Ok(Outcome::Unchanged) => counts[1] += 1,
                    // Most regions have no statements of most periods.
                    Err(Error::Empty { .. }) => {}
                    Err(error) if error.is_usage() => return Err(error),
                    Err(error) => {
                        counts[2] += 1;
                        tracing::error!(
                            extract = definition.name,
                            region = region.code(),
                            period = period.to_string(),
                            "not made; the next turn tries again: {}",
                            runtime::exit::chain(&error)
                        );
                    }
                }
            }
        }
    }
    let [made, unchanged, failed] = counts;
    tracing::info!(made, unchanged, failed, "turn done");
    Ok(())
}

/// With a connection of its own, so that one that was lost costs one parcel.
async fn one(config: &Config, order: Order<'_>, task: &Follow, new_pseudonyms: bool) -> Result<Outcome, Error> {
    let mut session = Session::connect(&config.address()?).await?;
    let Made { outcome, place, manifest } =
        run(&mut session, config, Task { order, folder: &task.folder, reason: None, as_of: None, new_pseudonyms })
            .await?;
    if outcome == Outcome::Made {
        tracing::info!(parcel = manifest.name(), replaces = manifest.replaces, "made");
    }
    if task.deliver {
        // Asked in every turn: what could not be delivered is tried again, what was delivered is known.
        deliver(&mut session, config, &place).await?;
    }
    Ok(outcome)
}

/// The present period and those before it, the oldest first.
fn periods(kind: PeriodKind, today: Date, back: u8) -> Vec<Period> {
    let text = |back: u8| match kind {
        PeriodKind::Month => today.saturating_sub(i32::from(back).months()).strftime("%Y-%m").to_string(),
        PeriodKind::Year => today.saturating_sub(i32::from(back).years()).strftime("%Y").to_string(),
    };
    (0..=back).rev().filter_map(|back| text(back).parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::periods;
    use parcel::PeriodKind;

    #[test]
    fn the_present_period_comes_last() {
        let texts = |kind, back| {
            let periods = periods(kind, date(2026, 3, 31), back);
            periods.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(texts(PeriodKind::Month, 3), "2025-12 2026-01 2026-02 2026-03");
        assert_eq!(texts(PeriodKind::Year, 1), "2025 2026");
        assert_eq!(texts(PeriodKind::Month, 0), "2026-03");
    }
}
