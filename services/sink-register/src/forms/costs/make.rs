//! The figures of the latest statements in the store.

use std::collections::BTreeMap;

use parcel::Positions;
use schemas::{Cost, DecodeError};

use super::{Costs, LIMIT, Settings};
use crate::error::Error;
use crate::form::Request;
use crate::output::Output;
use crate::read::{Figures, Reader, Snapshot, Stored, Taken};

/// Reads and computes.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn make(
    snapshot: &Snapshot<'_>,
    request: &Request<'_>,
    origin: &Positions,
) -> Result<(Output, BTreeMap<String, u64>), Error> {
    let settings = Settings {
        region: request.region,
        year: request.period.to_string(),
        hide_below: request.hide_below.unwrap_or(LIMIT),
    };
    let mut figures = Costs::new(settings, request.pseudonyms.clone());
    let findings = snapshot.latest(origin, request.covers_protected, &mut figures).await?;
    Ok((figures.finish(), findings))
}

impl Figures for Costs {
    fn take<'r>(&mut self, reader: &'r Reader<'_>, stored: &Stored<'r>) -> Result<Taken<'r>, DecodeError> {
        let cost: Cost<'r> = reader.read(stored)?;
        let taken = Taken::of(&cost.envelope);
        if !taken.withdrawn {
            self.add_with(&cost, reader.may_leave(&cost.envelope));
        }
        Ok(taken)
    }
}
