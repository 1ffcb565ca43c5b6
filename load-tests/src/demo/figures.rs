//! Published figures of the months before: files of some regions, as their offices leave them, through connector, processor
//! and store, and the register's program on what arrives.

use std::{
    fs, io,
    path::PathBuf,
    sync::mpsc::Sender,
    time::{Duration, Instant},
};

use runtime::shutdown::Shutdown;
use topics::Region;

use crate::{
    account, check_register,
    message::Message,
    simulator::{Simulator, Tables},
    stack::{Programs, Stack, Table},
};

/// Regions that have published; the others show what a page looks like without.
const REGIONS: [&str; 3] = ["01", "12", "14"];
/// Feed, mapping package, the column that keeps rows in order, the extract that is made of it.
const FEEDS: [(&str, &str, &str); 3] = [
    ("waiting-times", "vardkontakt_id", "waiting-times"),
    ("kpp", "kontakt_id", "kpp"),
    ("par", "vardkontakt_id", "hip-fracture"),
];
/// How long the rows may take to the store.
const STORED_MAX: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The files of the regions that publish, and the stays that they speak of.
pub(super) struct Files {
    regions: Vec<(Region, Tables)>,
}

impl Files {
    /// Has the simulator make them.
    pub(super) fn new(simulator: &mut Simulator, start_micros: i64) -> Self {
        let regions = Region::all().filter(|region| REGIONS.contains(&region.code()));
        Self { regions: regions.filter_map(|region| Some((region, simulator.tables(region, start_micros)?))).collect() }
    }

    /// The drop folders that a stack needs for them.
    pub(super) fn tables(&self) -> impl Iterator<Item = (Region, Vec<Table>)> + '_ {
        let tables = || FEEDS.map(|(feed, key, _)| Table { feed, package: feed.to_owned(), key }).to_vec();
        self.regions.iter().map(move |(region, _)| (*region, tables()))
    }

    /// The messages of the stays.
    pub(super) fn messages(&mut self) -> Vec<Message> {
        let messages = self.regions.iter_mut().flat_map(|(_, tables)| std::mem::take(&mut tables.messages));
        messages.map(Message::from).collect()
    }
}

impl Files {
    /// Everything that it takes to publish them, apart from the stack.
    pub(super) fn publishing(self, stack: &Stack) -> Result<Publishing, check_register::Error> {
        let parcels = stack.folder().join("parcels");
        fs::create_dir_all(&parcels).map_err(|source| check_register::Error::File {
            attempt: "make",
            path: parcels.clone(),
            source,
        })?;
        let (mut drops, mut runs, mut rows) = (Vec::new(), Vec::new(), 0);
        for (region, tables) in self.regions {
            for ((feed, _, extract), files) in FEEDS.into_iter().zip([tables.waits, tables.costs, tables.codes]) {
                for (back, (period, text)) in files.into_iter().enumerate() {
                    rows += text.lines().count().saturating_sub(1) as i64;
                    drops.push((stack.drop_folder(region, feed).join(format!("{feed}-{period}")), text));
                    // Beds are of what the messages told, so only of the last month.
                    let beds = (extract == "hip-fracture" && back == 0).then(|| (back, region, period.clone(), "beds"));
                    runs.extend(beds);
                    runs.push((back, region, period, extract));
                }
            }
        }
        // The newest of every page first.
        runs.sort_by_key(|(back, ..)| *back);
        Ok(Publishing {
            config: check_register::register_config(stack, &parcels)?,
            programs: stack.programs(),
            database_url: stack.database_url().to_owned(),
            parcels,
            drops,
            runs,
            rows,
        })
    }
}

/// Files to drop, and extracts to make once their rows are in the store.
pub(super) struct Publishing {
    programs: Programs,
    database_url: String,
    config: PathBuf,
    parcels: PathBuf,
    drops: Vec<(PathBuf, String)>,
    runs: Vec<(usize, Region, String, &'static str)>,
    rows: i64,
}

impl Publishing {
    /// Drops, waits, publishes, until the wish to stop; tells in a line what came of it.
    pub(super) fn run(&self, shutdown: &Shutdown, told: &Sender<String>) {
        let line = match self.publish(shutdown) {
            Ok(0) => return,
            Ok(count) => format!(
                "published: {count} extracts of waits, costs, hip fractures and beds of regions {}",
                REGIONS.join(", ")
            ),
            Err(error) => format!("figures are not published: {}", runtime::exit::chain(error.as_ref())),
        };
        // Whoever listened has ended with the demo.
        let _ = told.send(line);
    }

    fn publish(&self, shutdown: &Shutdown) -> Result<usize, Box<dyn std::error::Error>> {
        self.drops.iter().try_for_each(drop_text)?;
        let deadline = Instant::now() + STORED_MAX;
        while self.stored()? < self.rows {
            if Instant::now() > deadline {
                return Err(
                    format!("their {} rows were not in the store after {} s", self.rows, STORED_MAX.as_secs()).into()
                );
            }
            if shutdown.sleep(LOOK_EVERY) {
                return Ok(0);
            }
        }
        let (config, parcels) = (self.config.display().to_string(), self.parcels.display().to_string());
        for (_, region, period, extract) in &self.runs {
            if shutdown.requested() {
                return Ok(0);
            }
            let region = region.to_string();
            let arguments = [
                "run",
                "--config",
                &config,
                "--region",
                &region,
                "--period",
                period,
                "--extract",
                extract,
                "--out",
                &parcels,
            ];
            self.programs.run("an extract", "sink-register", &arguments)?;
        }
        Ok(self.runs.len())
    }

    fn stored(&self) -> Result<i64, account::Error> {
        let rows = account::query_at(
            &self.database_url,
            "select count(*) from events where subject in ('wait', 'cost', 'clinical')",
        )?;
        Ok(rows.first().map_or(0, |row| row.get(0)))
    }
}

/// Under a name that nobody watches, then under its own, as a careful sender does.
fn drop_text((path, text): &(PathBuf, String)) -> io::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, text)?;
    fs::rename(part, path.with_extension("csv"))
}
