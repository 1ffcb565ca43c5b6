//! What persons say of the use of their data: one transaction with the position, fenced by the same epoch as events.

use std::collections::BTreeMap;

use schemas::stored::{self, storable};
use schemas::{Node, Objection, Verb};
use tokio_postgres::types::ToSql;

use super::{REJECT, Store, failure};
use crate::batch::{Record, Rejection, schema_id};
use crate::error::{Attempt, Error};
use crate::session::{Purpose, Session};
use crate::time::Time;

const OBJECTION: &str = include_str!("../sql/objection.sql");
const ERASED: &str = include_str!("../sql/erased.sql");
const MOVE: &str = "UPDATE delivery.progress SET next_offset = $4, updated_at = now() \
     WHERE region = $1 AND topic = $2 AND partition = $3 AND epoch = $5";

/// What records of objections became.
#[derive(Debug, Default)]
pub struct Heard {
    /// Statements that hold now, where they did not before.
    pub changed: u64,
    /// Somebody is to be erased: `Store::erase` does it.
    pub erasing: bool,
    /// Records set aside.
    pub rejected: Vec<Rejection>,
}

impl Store {
    /// Takes what persons say, in the order it was read. Either all of it happens or nothing; the latest statement of a person, verb
    /// and scope holds, in whatever order they come.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn hear(&mut self, region: &str, records: &[Record<'_>]) -> Result<Heard, Error> {
        let mut next: BTreeMap<(usize, i32), i64> = BTreeMap::new();
        for record in records {
            next.insert((record.source, record.partition), record.offset + 1);
        }
        for key in next.keys() {
            self.claim.extend(&self.session, (region, &self.topics[key.0]), *key).await?;
        }
        let attempt = || format!("write what persons say to region {region}");
        self.session.begin(region, Purpose::Write).await.attempt(attempt)?;
        let heard = self.write_heard(region, records, &next).await;
        if heard.is_err() {
            self.session.rollback().await.attempt(attempt)?;
            return heard;
        }
        self.session.commit().await.attempt(attempt)?;
        if heard.as_ref().is_ok_and(|heard| heard.erasing) {
            self.erasing.insert(region.to_owned());
        }
        heard
    }

    async fn write_heard(
        &self,
        region: &str,
        records: &[Record<'_>],
        next: &BTreeMap<(usize, i32), i64>,
    ) -> Result<Heard, Error> {
        let failed = |source: tokio_postgres::Error| failure(region, source.into());
        let mut heard = Heard::default();
        for record in records {
            match self.objection(region, record) {
                // Somebody took a record out by hand: what it said holds until something else is said.
                Ok(None) => {}
                Ok(Some(objection)) => {
                    heard.changed += hold(&self.session, region, &objection).await.map_err(failed)?;
                    heard.erasing |= objection.verb == Verb::Erase;
                }
                Err(rejection) => {
                    let (topics, partitions) = ([self.topics[record.source].as_str()], [record.partition]);
                    let (offsets, reasons) = ([record.offset], [rejection.code()]);
                    let reject = self.session.prepared(region, REJECT).await.map_err(failed)?;
                    let parameters: [&(dyn ToSql + Sync); 5] =
                        [&region, &&topics[..], &&partitions[..], &&offsets[..], &&reasons[..]];
                    self.session.client().execute(&reject, &parameters).await.map_err(failed)?;
                    heard.rejected.push(rejection);
                }
            }
        }
        for (key, next_offset) in next {
            let (topic, epoch) = (&self.topics[key.0], self.claim.epoch(*key));
            let statement = self.session.prepared(region, MOVE).await.map_err(failed)?;
            let moved = self.session.client().execute(&statement, &[&region, topic, &key.1, next_offset, &epoch]).await;
            if moved.map_err(failed)? == 0 {
                return Err(Error::Superseded { topics: topic.clone() });
            }
        }
        Ok(heard)
    }

    /// What a record says; nothing of one without value.
    fn objection<'r>(&self, region: &str, record: &Record<'r>) -> Result<Option<Objection<'r>>, Rejection> {
        if record.value.is_empty() {
            return Ok(None);
        }
        if schema_id(record.value).is_some_and(|id| self.unusable.contains(&id)) {
            return Err(Rejection::SchemaUnknown);
        }
        let objection: Objection<'_> = self.decoder.decode(record.value).map_err(|_| Rejection::NotDecodable)?;
        if objection.region != region {
            return Err(Rejection::RegionForeign);
        }
        let times = objection.held.iter().flat_map(|held| [Some(held.since), held.until]).flatten();
        let is_backwards = objection.held.iter().any(|held| held.until.is_some_and(|until| until <= held.since));
        if is_backwards || !times.chain([objection.stated_at]).all(Time::is_storable) {
            return Err(Rejection::TimeImpossible);
        }
        Ok(Some(objection))
    }
}

/// Has a statement hold, unless a later one does. Whether it holds now and did not.
async fn hold(session: &Session, region: &str, objection: &Objection<'_>) -> Result<u64, tokio_postgres::Error> {
    let (token, scope) = (storable(objection.subject_token), storable(objection.scope));
    let (ground, case_id) = (storable(objection.ground), objection.case_id.map(storable));
    let stated_at = Time::from(objection.stated_at);
    if objection.verb == Verb::Erase {
        let node = stored::node("", Node::Person(objection.subject_token));
        let statement = session.prepared(region, ERASED).await?;
        let parameters: [&(dyn ToSql + Sync); 5] = [&region, &node, &&*ground, &case_id.as_deref(), &stated_at];
        return session.client().execute(&statement, &parameters).await;
    }
    let since: Vec<Time> = objection.held.iter().map(|held| held.since.into()).collect();
    let until: Vec<Option<Time>> = objection.held.iter().map(|held| held.until.map(Time::from)).collect();
    let statement = session.prepared(region, OBJECTION).await?;
    let verb = objection.verb.name();
    let parameters: [&(dyn ToSql + Sync); 9] =
        [&region, &&*token, &verb, &&*scope, &since, &until, &&*ground, &case_id.as_deref(), &stated_at];
    session.client().execute(&statement, &parameters).await
}
