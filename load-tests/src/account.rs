//! Adds everything up from what Kafka and PostgreSQL hold, without asking the services.

use std::collections::{BTreeMap, HashMap, HashSet};

use rdkafka::error::KafkaError;
use runtime::{
    fate::FateCounts,
    origin::{EVENT_ID_HEADER, Origin},
};
use schemas::{Decoder, Parked, ParkedFate, Sha256, SourceRecord, content_hash};
use sealing::Place;
use uuid::Uuid;

use crate::{
    message::Message,
    poison::is_poison,
    stack::{Stack, source_system},
    topic_read::{self, Partition, Record},
};

/// Stands for the content of poison in the source topics.
const POISON: &[u8] = b"poison";

/// The group of a client that commits nothing.
pub(crate) const GROUP: &str = "account";

/// What a run left behind.
pub struct Account {
    /// Fates of the messages' source records, from the committed offsets.
    pub fates: FateCounts,
    /// Events of the messages in the store.
    pub events_stored: u64,
    /// Events on the common topics that the store had already.
    pub duplicates: u64,
    /// Stays without an end.
    pub open_stays: u64,
    /// Messages that left no trace at all.
    pub lost: u64,
    /// Event ids in the store that a live bed board is told.
    pub shown: HashSet<Uuid>,
    /// Each sum that does not add up, as a sentence.
    pub faults: Vec<String>,
}

/// What could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Kafka.
    #[error("read Kafka")]
    Kafka(#[from] KafkaError),
    /// PostgreSQL.
    #[error("read PostgreSQL")]
    Postgres(#[from] tokio_postgres::Error),
    /// PostgreSQL does not answer.
    #[error("connect to PostgreSQL")]
    Connect(#[from] postgresql::Fault),
    /// Its address is none.
    #[error("the database's address {0}")]
    Address(#[from] postgresql::Unusable),
    /// No thread or socket for the reading.
    #[error("start a database client")]
    Client(#[from] std::io::Error),
}

/// Whether everything that is in the source topics has arrived in the store.
///
/// # Errors
/// When a server does not answer.
pub fn is_drained(stack: &Stack) -> Result<bool, Error> {
    let client = topic_read::client(stack.bootstrap(), GROUP)?;
    let source = topic_read::ends(&client, &|topic| topic.contains(".source."))?;
    let committed = committed(stack, source.keys())?;
    if source.iter().any(|(at, end)| committed.get(at).map_or(0, |(offset, _)| *offset) < *end) {
        return Ok(false);
    }
    let common = topic_read::ends(&client, &|topic| topic.contains(".common."))?;
    let rows = query(
        stack,
        "select topic, partition, next_offset, (select count(*) from delivery.dirty) from delivery.progress",
    )?;
    let progress: BTreeMap<Partition, i64> = rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect();
    let dirty: i64 = rows.first().map_or(0, |row| row.get(3));
    Ok(dirty == 0 && common.iter().all(|(at, end)| *end == 0 || progress.get(at).is_some_and(|next| next >= end)))
}

/// Counts everything and compares every sum. `messages` are those that were sent, repeats included; `poisoned` is how many
/// records of poison each of its topics got.
///
/// # Errors
/// When a server does not answer.
pub fn account(stack: &Stack, messages: &[Message], poisoned: u64) -> Result<Account, Error> {
    let client = topic_read::client(stack.bootstrap(), GROUP)?;
    let mut faults = Vec::new();

    // What reached Kafka, by coordinates.
    let decoder = Decoder::development();
    let mut openers = stack.openers();
    let mut source: HashMap<(String, i32, i64), Sha256> = HashMap::new();
    let ends = topic_read::ends(&client, &|topic| topic.ends_with(".source.adt"))?;
    topic_read::read(
        &client,
        &ends,
        &mut |record: Record| match decoder.decode::<SourceRecord<'_>>(&record.payload) {
            Ok(read) => {
                let place = Place { topic: &record.topic, partition: record.partition };
                match openers.get_mut(read.region).and_then(|opener| opener.open(&read, place).ok()) {
                    Some(opened) => {
                        let hash = content_hash(opened.payload);
                        source.insert((record.topic, record.partition, record.offset), hash);
                    }
                    None => faults.push(format!("a record of {} does not open", record.topic)),
                }
            }
            Err(_) if is_poison(&record) => {
                source.insert((record.topic, record.partition, record.offset), content_hash(POISON));
            }
            Err(_) => faults.push(format!("a record of {} cannot be decoded", record.topic)),
        },
    )?;
    let in_kafka: HashSet<Sha256> = source.values().copied().collect();

    // What the processor says became of it.
    let mut fates = FateCounts::default();
    for (at, (_, metadata)) in committed(stack, ends.keys())? {
        if ends.get(&at) == Some(&0) {
            continue;
        }
        match metadata.parse::<FateCounts>() {
            Ok(counts) => fates.merge(&counts),
            Err(_) => faults.push(format!("the committed offset of {} {} carries no fates", at.0, at.1)),
        }
    }

    // What was parked, by coordinates; a record that was written again after a crash counts once.
    let mut parked: HashMap<(String, i32, i64), ParkedFate> = HashMap::new();
    let parked_ends = topic_read::ends(&client, &|topic| topic.ends_with(".parked"))?;
    topic_read::read(&client, &parked_ends, &mut |record| match decoder.decode::<Parked<'_>>(&record.payload) {
        Ok(read) => {
            let origin = read.origin;
            parked.insert((origin.topic.to_owned(), origin.partition, origin.offset), read.fate);
        }
        Err(_) => faults.push(format!("a record of {} cannot be decoded", record.topic)),
    })?;

    // What is on the common topics, each event once by its origin, and what is in the store.
    let mut events: HashSet<(String, Vec<u8>)> = HashSet::new();
    let mut announced: HashSet<Uuid> = HashSet::new();
    let mut foreign = 0;
    let common_ends = topic_read::ends(&client, &|topic| topic.contains(".common."))?;
    topic_read::read(&client, &common_ends, &mut |record| {
        if is_poison(&record) {
            foreign += 1;
            return;
        }
        let header = |name: &str| record.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        announced.extend(header(EVENT_ID_HEADER).and_then(|value| Uuid::try_parse_ascii(&value).ok()));
        match header("origin") {
            Some(origin) if contains(&origin, b".source.adt/") => {
                events.insert((record.topic.clone(), origin));
            }
            Some(_) => {}
            None => faults.push(format!("a record of {} has no origin", record.topic)),
        }
    })?;
    // Of a parked record there is only whom it marks as protected, which no fate counts as an event.
    let is_of_parked = |origin: &[u8]| {
        let at = Origin::parse(origin).map(|at| (at.topic.to_owned(), at.partition, at.position.offset));
        at.is_ok_and(|at| parked.contains_key(&at))
    };
    let marks = events.iter().filter(|(_, origin)| is_of_parked(origin)).count() as u64;
    let rows = query(stack, "select event_id, subject from events where origin_topic like '%.source.adt'")?;
    let stored: HashSet<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    let shown = rows.iter().filter(|row| row.get::<_, &str>(1) != "person").map(|row| row.get(0)).collect();
    let open_stays: i64 = query(stack, "select count(*) from episode_stay where ended_at is null")?[0].get(0);

    // Record by record: stored, parked, or among the ignored.
    let parked_hashes: HashSet<Sha256> =
        parked.keys().filter_map(|coordinates| source.get(coordinates)).copied().collect();
    let ids: HashMap<Sha256, Vec<Uuid>> =
        messages.iter().map(|message| (message.hash(), message.event_ids(&source_system(message.region)))).collect();
    let is_stored = |hash: &Sha256| ids.get(hash).is_some_and(|ids| ids.iter().any(|id| stored.contains(id)));
    let untraced: HashSet<Sha256> =
        ids.keys().copied().filter(|hash| !is_stored(hash) && !parked_hashes.contains(hash)).collect();
    let untraced_records = source.values().filter(|hash| untraced.contains(*hash)).count() as u64;
    let not_in_kafka = ids.keys().filter(|hash| !in_kafka.contains(*hash)).count() as u64;
    let lost = not_in_kafka + untraced_records.saturating_sub(fates.ignored);

    let mut equal = |what: &str, one: u64, other: u64| {
        if one != other {
            faults.push(format!("{what}: {one} is not {other}"));
        }
    };
    let stored_records = source.values().filter(|hash| is_stored(hash)).count() as u64;
    let parked_as = |fate| parked.iter().filter(|(at, held)| source.contains_key(*at) && **held == fate).count() as u64;
    equal("sum of fates and records in the source topics", fates.consumed(), source.len() as u64);
    equal("mapped and source records with an event in the store", fates.mapped, stored_records);
    equal("refused and records in the parked topics", fates.refused, parked_as(ParkedFate::Refused));
    equal("parked and records in the parked topics", fates.parked, parked_as(ParkedFate::Parked));
    equal("ignored and source records without a trace", fates.ignored, untraced_records);
    equal("events by the fates and events on the common topics", fates.events + marks, events.len() as u64);
    equal("messages that are not in Kafka and none", not_in_kafka, 0);
    equal("stored events that no topic has and none", stored.difference(&announced).count() as u64, 0);
    let poison_in_source = source.values().filter(|hash| **hash == content_hash(POISON)).count() as u64;
    equal("poison in the source topics and poison that was written", poison_in_source, poisoned);
    equal("poison on the common topics and poison that was written", foreign, poisoned);
    let rejected: i64 = query(stack, "select count(*) from delivery.rejected")?[0].get(0);
    equal("records that the store rejected and poison", u64::try_from(rejected).unwrap_or(0), poisoned);
    let duplicates = (events.len() as u64).saturating_sub(stored.len() as u64);
    // Capacity files are read again after a restart of the connector; they are not messages.
    let sql = "select coalesce(sum(count), 0)::bigint from delivery.duplicates where topic not like '%.bed-capacity'";
    let counted: i64 = query(stack, sql)?[0].get(0);
    equal(
        "duplicates by the topics and duplicates counted by the store",
        duplicates,
        u64::try_from(counted).unwrap_or(0),
    );
    Ok(Account {
        fates,
        events_stored: stored.len() as u64,
        duplicates,
        open_stays: u64::try_from(open_stays).unwrap_or(0),
        lost,
        shown,
        faults,
    })
}

/// How far the processors have come: offset and metadata per partition, of whichever group reads it.
///
/// # Errors
/// When Kafka does not answer.
pub(crate) fn committed<'a>(
    stack: &Stack,
    partitions: impl IntoIterator<Item = &'a Partition> + Clone,
) -> Result<BTreeMap<Partition, (i64, String)>, KafkaError> {
    let mut all: BTreeMap<Partition, (i64, String)> = BTreeMap::new();
    for group in stack.processor_groups() {
        let client = topic_read::client(stack.bootstrap(), &group)?;
        for (at, committed) in topic_read::committed(&client, partitions.clone())? {
            if all.get(&at).is_none_or(|(offset, _)| *offset < committed.0) {
                all.insert(at, committed);
            }
        }
    }
    Ok(all)
}

/// Runs one query as the database's owner.
///
/// # Errors
/// When PostgreSQL does not answer.
pub fn query(stack: &Stack, sql: &str) -> Result<Vec<tokio_postgres::Row>, Error> {
    query_at(stack.database_url(), sql)
}

/// The same at this address.
///
/// # Errors
/// As there.
pub(crate) fn query_at(url: &str, sql: &str) -> Result<Vec<tokio_postgres::Row>, Error> {
    connected(url, async |client| client.query(sql, &[]).await)
}

fn connected<T>(
    url: &str,
    ask: impl AsyncFnOnce(&tokio_postgres::Client) -> Result<T, tokio_postgres::Error>,
) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = url.parse::<postgresql::Address>()?.connect("load-tests").await?;
        Ok(ask(&client).await?)
    })
}

/// Runs statements as the database's owner.
///
/// # Errors
/// When PostgreSQL does not answer, or refuses.
pub(crate) fn execute(stack: &Stack, sql: &str) -> Result<(), Error> {
    connected(stack.database_url(), async |client| client.batch_execute(sql).await)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
