//! What a person is called who has a pseudonym by each of several keys of the region: by the first. So a change of the key changes
//! neither a recipient's pseudonyms nor what is added up per person.

use std::collections::HashMap;

use futures_util::{StreamExt, pin_mut};
use schemas::{Common, Encounter};
use timeline::first_pseudonyms;
use tokio_postgres::Transaction;
use topics::Region;
use uuid::Uuid;

use crate::error::{Attempt, Error};

/// The first pseudonym of each that is a later one. It is today's, also where an extract is made again as of earlier positions.
/// Memory: about 250 bytes for each person whom the store knows by two keys.
#[derive(Default)]
pub(super) struct Names(HashMap<Box<str>, Box<str>>);

/// They have no time, and are found by that.
const REKEYED: &str = "SELECT event_id, record FROM events WHERE region = $1 AND subject = 'encounter' \
    AND occurred_at = timestamptz 'epoch' AND trigger = $2";

impl Names {
    pub(super) async fn load(transaction: &Transaction<'_>, region: Region) -> Result<Self, Error> {
        let region = region.code();
        let attempt = || format!("read which pseudonyms of region {region} are of one identifier");
        // Before the rows: a second answer waits for the end of the first.
        let decoder = super::decoder(transaction).await?;
        let rows = transaction.query_raw(REKEYED, [region, Encounter::REKEYED]).await.attempt(attempt)?;
        pin_mut!(rows);
        let mut pairs = Vec::new();
        while let Some(row) = rows.next().await {
            let row = row.attempt(attempt)?;
            let event_id: Uuid = row.get(0);
            let event: Encounter<'_> =
                decoder.decode(row.get(1)).map_err(|source| Error::Undecodable { region, event_id, source })?;
            let former = event.prior_subject_tokens.first().copied();
            pairs.extend(
                event.envelope.subject_token.zip(former).map(|(one, other)| (Box::from(one), Box::from(other))),
            );
        }
        Ok(Self::of(&pairs))
    }

    fn of(pairs: &[(Box<str>, Box<str>)]) -> Self {
        let first = first_pseudonyms(pairs.iter().map(|(one, other)| (&**one, &**other)));
        Self(first.into_iter().map(|(token, first)| (token.into(), first.into())).collect())
    }

    /// Calls the persons of an event by their first pseudonyms.
    pub(super) fn give<'r, E: Common<'r>>(&'r self, event: &mut E) {
        if !self.0.is_empty() {
            event.rename(|token| self.0.get(token).map_or(token, |first| first));
        }
    }
}
