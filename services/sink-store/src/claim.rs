//! Taking over: raising the epoch of every position of some regions, and reading where to go on.

use std::collections::{BTreeMap, HashMap};

use runtime::origin::{Origin, Position, Watermarks};
use runtime::tail::Start;

use crate::error::{Attempt, Error};
use crate::session::{Session, writer_role};

const CLAIM: &str = "UPDATE delivery.progress SET epoch = epoch + 1, updated_at = now() WHERE region = $1 \
     RETURNING topic, partition, next_offset, epoch";
const CLAIM_NEW: &str = "INSERT INTO delivery.progress (region, topic, partition, next_offset, epoch) \
     VALUES ($1, $2, $3, 0, 1) ON CONFLICT DO NOTHING";
const MARKS: &str = "SELECT topic, origin_topic, origin_partition, origin_offset, origin_ordinal FROM delivery.origin \
     WHERE region = $1";

/// What an instance holds until a newer one claims it.
#[derive(Debug, Default)]
pub struct Claim {
    /// Epoch per source and partition.
    epochs: HashMap<(usize, i32), i64>,
    /// Next offset per source and partition.
    offsets: BTreeMap<(usize, i32), i64>,
    pub(crate) marks: Watermarks,
}

impl Claim {
    /// Claims every position of the regions' topics in one transaction: of two instances that start together one gets all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take(session: &Session, regions: &[String], topics: &[String]) -> Result<Self, Error> {
        let index: HashMap<&str, usize> = topics.iter().map(String::as_str).zip(0..).collect();
        let mut claim = Self::default();
        let client = session.client();
        let result = async {
            let all = || format!("claim the positions of regions {}", regions.join(", "));
            client.batch_execute("BEGIN").await.attempt(all)?;
            // Always in the same order, so that two claims wait for each other and never for ever.
            let mut sorted: Vec<&String> = regions.iter().collect();
            sorted.sort();
            for region in sorted {
                let claimed = claim.add(session, region, &index).await;
                claimed.map_err(|source| Error::Claim { region: region.clone(), source: source.into() })?;
            }
            client.batch_execute("COMMIT").await.attempt(all)
        };
        if let Err(error) = result.await {
            let _ = session.rollback().await;
            return Err(error);
        }
        Ok(claim)
    }

    async fn add(
        &mut self,
        session: &Session,
        region: &str,
        index: &HashMap<&str, usize>,
    ) -> Result<(), tokio_postgres::Error> {
        let client = session.client();
        client.batch_execute(&format!("SET LOCAL ROLE {}", writer_role(region))).await?;
        for row in client.query(CLAIM, &[&region]).await? {
            let Some(&source) = index.get(row.get::<_, &str>(0)) else { continue };
            let key = (source, row.get(1));
            self.offsets.insert(key, row.get(2));
            self.epochs.insert(key, row.get(3));
        }
        for row in client.query(MARKS, &[&region]).await? {
            let Some(&source) = index.get(row.get::<_, &str>(0)) else { continue };
            let ordinal = u32::try_from(row.get::<_, i32>(4)).unwrap_or_default();
            let position = Position { offset: row.get(3), ordinal };
            self.marks.restore(source, &Origin { topic: row.get(1), partition: row.get(2), position });
        }
        Ok(())
    }

    /// Where each topic is read from.
    #[must_use]
    pub fn starts(&self, topics: &[String]) -> Vec<Start> {
        let mut starts: Vec<Start> = topics.iter().map(Start::at_beginning).collect();
        for ((source, partition), offset) in &self.offsets {
            // A position that was made for a partition nothing was read from yet is its beginning, wherever that is.
            if *offset > 0 {
                starts[*source].offsets.insert(*partition, *offset);
            }
        }
        starts
    }

    /// Makes positions for partitions that are read for the first time.
    ///
    /// # Errors
    /// When the database does not answer, or somebody else has made one meanwhile.
    pub(crate) async fn extend(
        &mut self,
        session: &Session,
        (region, topic): (&str, &str),
        (index, partition): (usize, i32),
    ) -> Result<(), Error> {
        if self.epochs.contains_key(&(index, partition)) {
            return Ok(());
        }
        let client = session.client();
        let result = async {
            client.batch_execute(&format!("BEGIN; SET LOCAL ROLE {}", writer_role(region))).await?;
            let made = client.execute(CLAIM_NEW, &[&region, &topic, &partition]).await?;
            client.batch_execute("COMMIT").await?;
            Ok::<_, tokio_postgres::Error>(made)
        };
        match result.await {
            Ok(0) => Err(Error::Unclaimed { topic: topic.to_owned(), partition }),
            Ok(_) => {
                self.epochs.insert((index, partition), 1);
                Ok(())
            }
            Err(error) => {
                let _ = session.rollback().await;
                Err(error).attempt(|| format!("claim {topic} partition {partition}"))
            }
        }
    }

    /// The epoch under which a position may be moved.
    pub(crate) fn epoch(&self, key: (usize, i32)) -> i64 {
        // A position without epoch was not claimed: no row has this one, so the transaction is refused.
        self.epochs.get(&key).copied().unwrap_or(-1)
    }
}
