//! Keeps following a database: through outages, restarts, and faults that somebody has to mend.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use replication::{Address, Purpose, Wire};
use runtime::health::Health;

use super::address::address;
use super::catalogue::{self, Database};
use super::changes;
use super::error::Error;
use super::followed::{self, Followed};
use super::sending::Slot;
use super::snapshot::{self, Origin};
use super::state::{self, Loss, Lost, State, Step};
use crate::config::Cdc;
use crate::files::Interrupted;
use crate::follow::{PAUSE_MAX, Upkeep, Words};
use crate::intake::Feed;
use crate::metrics::SlotCounts;

/// How often it is looked, while a database is followed, whether it can still be: whether its tables are the same and are
/// published, and a new partition says what it must.
const LOOK_INTERVAL: Duration = PAUSE_MAX;

/// Follows a database until shutdown.
pub(crate) async fn follow(feed: Arc<Feed>, source: Cdc, health: Health) {
    let counts = feed.intake.metrics.of_slot(feed.region(), &source.slot);
    let words = Words {
        component: format!("cdc {}", source.slot),
        slot: Some(&source.slot),
        away: "the database is away",
        back: "the database is followed again",
        repeats: Some("a change was not stored in time; going on from the last one that was"),
        faults_in_order: true,
        ..Words::default()
    };
    let mut upkeep = Upkeep::new(&feed, health, words, &counts.connected, &counts.outages);
    let path = state::path(feed.region(), &source);
    let source = Source { feed: &feed, source: &source, path, counts };
    while feed.intake.wait_open().await
        && let Err(error) = source.attempt(&mut upkeep).await
        && upkeep.again(&error).await
    {}
}

struct Source<'a> {
    feed: &'a Feed,
    source: &'a Cdc,
    path: PathBuf,
    counts: SlotCounts,
}

impl Source<'_> {
    /// From a new connection to whatever ends it.
    async fn attempt(&self, upkeep: &mut Upkeep<'_>) -> Result<(), Error> {
        let (feed, source) = (self.feed, self.source);
        let (region, name) = (feed.region(), source.slot.as_str());
        let address = address(source)?;
        let (mut wire, database) = tokio::select! {
            opened = open(&address, source) => opened?,
            () = feed.intake.shutdown.wait() => return Err(Interrupted::Stopping.into()),
        };
        let slot = Slot { feed, name, database: &database.name, domains: &database.domains };
        let state = State::load(&self.path).map_err(|source| self.unkept(source))?;
        let lost = |loss| Lost { region: region.to_owned(), slot: name.to_owned(), loss };
        let counts = self.counts.clone();
        let step = state.next(database.slot).map_err(lost)?;
        let followed = Followed::of(&database.tables);
        let kept = followed::path(&self.path);
        if !matches!(step, Step::Make { .. }) {
            let before = Followed::load(&kept).map_err(|source| self.unkept(source))?;
            if let Some(table) = before.as_ref().and_then(|before| before.anew(&followed)) {
                return Err(lost(Loss::Anew(table.to_owned())).into());
            }
            if before.as_ref() != Some(&followed) {
                followed.store(&kept).map_err(|source| self.unkept(source))?;
            }
        }
        let rows = match step {
            Step::Follow => None,
            Step::Make { generation, drop } => {
                // Before the slot is made: one that exists without a state counts as somebody else's.
                State::Begun { generation }.store(&self.path).map_err(|source| self.unkept(source))?;
                followed.store(&kept).map_err(|source| self.unkept(source))?;
                tracing::info!(region, slot = name, "making slot {name} and taking its snapshot");
                Some((generation, Origin::New { drop }))
            }
            Step::Again { generation, beginning } => {
                tracing::info!(
                    region,
                    slot = name,
                    "the snapshot of slot {name} was interrupted; reading the rows again"
                );
                Some((generation, Origin::Kept(beginning)))
            }
        };
        if let Some((generation, origin)) = rows {
            let void_first = generation > 1;
            let task = snapshot::Task { address: &address, database: &database, slot, origin, void_first };
            let mut made = |beginning| {
                let kept = State::Made { generation, beginning }.store(&self.path);
                kept.map_err(|source| self.unkept(source))?;
                upkeep.well();
                Ok(())
            };
            tokio::select! {
                taken = snapshot::take(&task, &mut wire, &counts, &mut made) => taken?,
                () = feed.intake.shutdown.wait() => return Err(Interrupted::Stopping.into()),
            }
            State::Sent { generation }.store(&self.path).map_err(|source| self.unkept(source))?;
            tracing::info!(region, slot = name, "the snapshot is stored; following the changes");
        }
        tokio::select! {
            ended = changes::follow(slot, &database, &source.publication, wire, &counts, || upkeep.well()) => ended,
            fault = look(&address, source, &followed, lost) => Err(fault),
        }
    }

    fn unkept(&self, source: std::io::Error) -> Error {
        Error::State { path: self.path.clone(), source }
    }
}

/// Looks at the database now and then, over connections of its own, until it can no longer be followed. One that does not
/// answer is no fault: the stream ends when the database is away.
async fn look(address: &Address, source: &Cdc, followed: &Followed, lost: impl Fn(Loss) -> Lost) -> Error {
    loop {
        tokio::time::sleep(LOOK_INTERVAL).await;
        let Ok(mut wire) = Wire::connect(address, Purpose::Query).await else { continue };
        let examined = catalogue::examine(&mut wire, source).await;
        wire.close().await;
        match examined {
            Ok(database) => {
                if let Some(table) = followed.anew(&Followed::of(&database.tables)) {
                    return lost(Loss::Anew(table.to_owned())).into();
                }
            }
            Err(fault @ Error::Catalogue(_)) => return fault,
            Err(_) => {}
        }
    }
}

/// A connection to a database that can be followed.
async fn open(address: &Address, source: &Cdc) -> Result<(Wire, Database), Error> {
    let mut wire = Wire::connect(address, Purpose::Replication).await?;
    let database = catalogue::examine(&mut wire, source).await?;
    Ok((wire, database))
}
