//! The figures of the latest statements in the store.

use std::collections::BTreeMap;

use parcel::Positions;
use schemas::{DecodeError, Wait};

use super::{PilotFigures, Settings, WaitingTimes};
use crate::error::Error;
use crate::form::Request;
use crate::hiding::LIMIT;
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
    let mut figures = WaitingTimes::new(settings(request), request.pseudonyms);
    let findings = snapshot.latest(origin, request.covers_protected, &mut figures).await?;
    Ok((figures.finish(), findings))
}

/// The same of the pilots' figures.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn make_pilots(
    snapshot: &Snapshot<'_>,
    request: &Request<'_>,
    origin: &Positions,
) -> Result<(Output, BTreeMap<String, u64>), Error> {
    let mut figures = PilotFigures::new(settings(request));
    let findings = snapshot.latest(origin, request.covers_protected, &mut figures).await?;
    Ok((figures.finish(), findings))
}

fn settings(request: &Request<'_>) -> Settings {
    Settings {
        region: request.region,
        period: request.period.month(),
        definition_version: request.version.to_owned(),
        hide_below: request.hide_below.unwrap_or(LIMIT),
        earlier: request.earlier.clone(),
    }
}

impl Figures for PilotFigures {
    fn take<'r>(&mut self, reader: &'r Reader<'_>, stored: &Stored<'r>) -> Result<Taken<'r>, DecodeError> {
        let wait: Wait<'r> = reader.read(stored)?;
        let taken = Taken::of(&wait.envelope);
        if !taken.withdrawn {
            self.add(&wait);
        }
        Ok(taken)
    }
}

impl Figures for WaitingTimes {
    fn take<'r>(&mut self, reader: &'r Reader<'_>, stored: &Stored<'r>) -> Result<Taken<'r>, DecodeError> {
        let wait: Wait<'r> = reader.read(stored)?;
        let taken = Taken::of(&wait.envelope);
        if !taken.withdrawn {
            self.count(&wait);
            if reader.may_leave(&wait.envelope) {
                self.add_row(&wait);
            }
        }
        Ok(taken)
    }
}
