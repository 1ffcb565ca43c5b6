//! Gives a slot up and marks its snapshot to be taken again: for a slot that was lost.

use replication::{Purpose, Wire};

use super::address::address;
use super::catalogue;
use super::error::Error;
use super::state::{self, Loss, Lost, State};
use crate::config::Cdc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// Whether there was a slot to drop.
    pub dropped: bool,
}

/// Drops the slot, if there is one, and marks the snapshot to be taken again. The slot is made anew by the snapshot itself,
/// for it must begin exactly where the snapshot is.
pub(crate) async fn resnapshot(region: &str, source: &Cdc) -> Result<Done, Error> {
    let path = state::path(region, source);
    let kept = |source| Error::State { path: path.clone(), source };
    let state = State::load(&path).map_err(kept)?;
    let mut wire = Wire::connect(&address(source)?, Purpose::Replication).await?;
    let slot = catalogue::slot(&mut wire, &source.slot).await?;
    if slot.is_some_and(|slot| !slot.fits) {
        return Err(Lost { region: region.to_owned(), slot: source.slot.clone(), loss: Loss::Unfit }.into());
    }
    if slot.is_some() {
        wire.drop_slot(&source.slot).await?;
    }
    // After the slot is gone: a connector that runs must not find the mark and use the old one.
    state.again().store(&path).map_err(kept)?;
    wire.close().await;
    Ok(Done { dropped: slot.is_some() })
}
