//! The commands that make extracts, plan, run and follow, and the one that opens what they have encrypted.

use std::io::{self, BufRead as _};
use std::path::Path;

use runtime::exit::Failure;
use runtime::shutdown::Shutdown;

use super::{Asked, ConfigFile, block_on, load, open, print};
use crate::config::Config;
use crate::definition::Definitions;
use crate::disclosure;
use crate::error::Error;
use crate::follow::{self, Follow};
use crate::make::{self, Order, Outcome, Task};
use crate::show::plan_text;
use parcel::Series;
use parcel::made_text;
use topics::Region;

pub(super) fn plan(asked: &Asked, out: Option<&Path>) -> Result<(), Failure> {
    let config = load(&asked.file)?;
    let definitions = Definitions::load(config.definitions.folder.as_deref())?;
    let order = order(asked, &definitions, &config)?;
    block_on(async {
        let plan = make::plan(&mut open(&config).await?, &config, order, out).await?;
        let series = Series { extract: asked.extract.clone(), region: asked.region, period: asked.period };
        print(&plan_text(&plan, |version| series.name(version)));
        Ok(())
    })
}

pub(super) fn run(
    asked: &Asked,
    folder: &Path,
    as_of: Option<&Path>,
    reason: &str,
    new_pseudonyms: bool,
) -> Result<(), Failure> {
    let config = load(&asked.file)?;
    let definitions = Definitions::load(config.definitions.folder.as_deref())?;
    let task =
        Task { order: order(asked, &definitions, &config)?, folder, reason: Some(reason), as_of, new_pseudonyms };
    block_on(async {
        let made = make::run(&mut open(&config).await?, &config, task).await?;
        print(&made_text(made.outcome == Outcome::Made, &made.place, &made.manifest));
        Ok(())
    })
}

pub(super) fn follow(file: &ConfigFile, task: &Follow) -> Result<(), Failure> {
    let config = load(file)?;
    let definitions = Definitions::load(config.definitions.folder.as_deref())?;
    if task.deliver {
        disclosure::warn_without(&config);
    }
    block_on(async {
        let shutdown = Shutdown::install().map_err(Failure::failed)?;
        Ok(follow::follow(&config, &definitions, task, &shutdown).await?)
    })
}

/// Prints what each line of stdin is under the series' keys, the newest first.
pub(super) fn reveal(file: &ConfigFile, region: Region, extract: &str) -> Result<(), Failure> {
    let config = load(file)?;
    let definitions = Definitions::load(config.definitions.folder.as_deref())?;
    let keys = config.pseudonyms(definitions.named(extract)?, region)?;
    for (number, text) in io::stdin().lock().lines().enumerate() {
        let attempt = "read the values on";
        let text = text.map_err(|source| Error::File { attempt, path: "stdin".into(), source })?;
        let opened = keys.iter().find_map(|key| key.opened(text.trim()));
        let sealed = || Error::NotSealed { extract: extract.to_owned(), line: number + 1 };
        print(&format!("{}\n", opened.ok_or_else(sealed)?));
    }
    Ok(())
}

fn order<'a>(asked: &Asked, definitions: &'a Definitions, config: &'a Config) -> Result<Order<'a>, Error> {
    let definition = definitions.named(&asked.extract)?;
    if asked.period.kind() != definition.period {
        let (extract, wanted) = (definition.name.clone(), definition.period);
        return Err(Error::PeriodKind { extract, wanted, period: asked.period });
    }
    Ok(Order { definition, region: asked.region, period: asked.period, flags: &config.flags })
}
