//! The region's key has turned: the identities that the region keeps are told to the processor once more, which joins each to the
//! pseudonyms by all keys.
//!
//! Out of `region.<nn>.identities` into `region.<nn>.source.identities`, opened and sealed anew, because a sealed record opens at its
//! own place only. Pseudonyms and events are the processor's alone to make. What is left is seen from the topic itself: an identity that
//! the processor has joined is in it under the new pseudonym, too. So a run that was broken off is gone on with by the next.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use processor::pipeline::kept;
use processor::rules::Rule;
use runtime::broker;
use runtime::health::Health;
use runtime::producer::{self, Producer};
use runtime::shutdown::Shutdown;
use runtime::tail::Record;
use schemas::registry::Client;
use schemas::{Decoder, Encoder, Kind, SourceRecord, Timestamp};
use sealing::{Place, Refusal, Sealer, Unopened};

use crate::config::Config;
use crate::error::Error;
use crate::records;

/// Records that wait for Kafka's word, and as many before them that wait to be sent.
const WAITING_MAX: usize = 1_000;
/// Between two words of how far it has come.
const TOLD_EVERY: usize = 10_000;

/// What a rotation has found, and told once more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Pseudonyms by earlier keys.
    pub earlier: usize,
    /// Of these, identities that have none by the new key yet.
    pub left: usize,
    /// Records that do not open, or are none of ours: left out.
    pub unopened: usize,
}

/// The pseudonyms under which identities are kept.
#[derive(Default)]
struct Pseudonyms {
    current: HashSet<Box<str>>,
    earlier: HashSet<Box<str>>,
}

/// Tells the processor every identity once more that has no pseudonym by the key `to`; with `only_count` nothing is told.
///
/// # Errors
/// When `to` is not the region's key, a key is not in its configuration, or Kafka or the registry does not answer.
pub async fn rotate(
    config: &Config,
    to: &str,
    only_count: bool,
    shutdown: &Shutdown,
    progress: &mut dyn FnMut(usize, Rotated),
) -> Result<Rotated, Error> {
    let region = &config.region;
    if region.key_id != to {
        return Err(Error::NotTheKey { to: to.to_owned(), key_id: region.key_id.clone() });
    }
    if region.keeper()?.is_none() {
        return Err(Error::NothingKept { region: region.code.code() });
    }
    let pseudonyms = pseudonyms(config, to, shutdown)?;
    let mut rotated = Rotated { earlier: pseudonyms.earlier.len(), ..Rotated::default() };
    let topic = topics::name::source(region.code, kept::FEED);
    let (sender, receiver) = sync_channel(WAITING_MAX);
    let reading = thread::spawn({
        let (config, shutdown) = (config.clone(), shutdown.clone());
        move || read(&config, pseudonyms, &shutdown, &sender)
    });
    let producer = Producer::start(&config.kafka, producer::Settings::default(), Health::new(&[broker::COMPONENT]))?;
    let mut encoder =
        Encoder::new(Kind::SourceRecord, Client::connect(&config.registry)?.id_of(&topic, Kind::SourceRecord)?);
    let keys = region.sealing.as_ref().map(|sealing| sealing.keys(region.code.code())).transpose()?;
    let mut sealer = keys.map(|keys| Sealer::new(Arc::new(keys), topic.clone()));
    let mut waiting = VecDeque::new();
    for Found { partition, offset, source_system, received_at, payload } in receiver {
        rotated.left += 1;
        let Some(sealer) = sealer.as_mut().filter(|_| !only_count) else { continue };
        let plain = SourceRecord {
            region: region.code.code(),
            source_system: &source_system,
            feed: kept::FEED,
            format: schemas::Format::Delimited,
            message_id: "",
            received_at,
            recorded_at: None,
            source_position: &format!("identities/{partition}/{offset}"),
            payload: &payload,
            seal: None,
        };
        let sealed = sealer.seal(&plain, partition, now())?;
        let mut bytes = Vec::new();
        encoder.encode(&sealed, &mut bytes).map_err(|source| Error::EncodeIdentity { partition, offset, source })?;
        let record = producer::Record { topic: &topic, partition, key: None, headers: &[], payload: &bytes };
        waiting.push_back(producer.enqueue(record).await?);
        if waiting.len() >= WAITING_MAX
            && let Some(oldest) = waiting.pop_front()
        {
            oldest.await?;
        }
        if rotated.left.is_multiple_of(TOLD_EVERY) {
            progress(rotated.left, rotated);
        }
    }
    for delivery in waiting {
        delivery.await?;
    }
    producer.close().await;
    rotated.unopened = reading.join().map_err(|_| Error::Stopped)??;
    Ok(rotated)
}

/// What is in the topic now. A record without value takes its identity out of it.
fn pseudonyms(config: &Config, to: &str, shutdown: &Shutdown) -> Result<Pseudonyms, Error> {
    let mut found = Pseudonyms::default();
    let is_earlier = |key_id: &str| config.region.earlier_keys.iter().any(|earlier| earlier.id == key_id);
    each(config, shutdown, &mut |_, record| {
        let token = token(record).ok_or_else(|| unreadable(config, record))?;
        let key_id = identity::key_id(token).ok_or_else(|| unreadable(config, record))?;
        let set = match key_id {
            _ if key_id == to => &mut found.current,
            _ if is_earlier(key_id) => &mut found.earlier,
            _ if record.payload().is_empty() => return Ok(()),
            _ => {
                let (partition, offset) = (record.partition(), record.offset());
                return Err(Error::KeyNotHere { key_id: key_id.to_owned(), partition, offset });
            }
        };
        if record.payload().is_empty() {
            set.remove(token);
        } else {
            set.insert(token.into());
        }
        Ok(())
    })?;
    Ok(found)
}

/// An identity, opened.
struct Found {
    partition: i32,
    offset: i64,
    source_system: String,
    received_at: Timestamp,
    payload: zeroize::Zeroizing<Vec<u8>>,
}

/// Gives each identity that is left, once; says how many records do not open.
fn read(
    config: &Config,
    mut pseudonyms: Pseudonyms,
    shutdown: &Shutdown,
    sender: &SyncSender<Found>,
) -> Result<usize, Error> {
    let topic = topics::name::identities(config.region.code);
    let pipeline = config.region.pipeline()?;
    let mut opener = config.region.opener()?;
    let mut unopened = 0;
    each(config, shutdown, &mut |decoder, record| {
        let (partition, offset) = (record.partition(), record.offset());
        let is_left =
            !record.payload().is_empty() && token(record).is_some_and(|token| pseudonyms.earlier.contains(token));
        if !is_left {
            return Ok(());
        }
        let source: SourceRecord<'_> = decoder.decode(record.payload()).map_err(|_| unreadable(config, record))?;
        let turned = match opener.open(&source, Place { topic: &topic, partition }) {
            Ok(opened) => pipeline.turned(opened.payload).map(|token| (token, opened)),
            Err(Unopened::Away(away)) => return Err(away.into()),
            Err(Unopened::Refused(Refusal::Plain | Refusal::Broken)) => None,
            Err(Unopened::Refused(refusal @ (Refusal::KeyUnknown | Refusal::KeyWrong))) => {
                let rule = Rule::of_refusal(refusal);
                let key_id = sealing::key_id(&source).unwrap_or_default().to_owned();
                return Err(Error::NoKey {
                    partition,
                    offset,
                    key_id,
                    code: rule.code(),
                    remedy: rule.entry().remedy.en,
                });
            }
        };
        let Some((turned, opened)) = turned else {
            unopened += 1;
            return Ok(());
        };
        // Of several records of one identity one is enough, and of one that is joined already none.
        if pseudonyms.current.insert(turned.as_str().into()) {
            let source_system = opened.source_system.to_owned();
            let payload = opened.payload.to_vec().into();
            // Who does not listen any more has an error of its own.
            let _ = sender.send(Found { partition, offset, source_system, received_at: opened.received_at, payload });
        }
        Ok(())
    })?;
    Ok(unopened)
}

fn each(
    config: &Config,
    shutdown: &Shutdown,
    take: &mut dyn FnMut(&Decoder, &Record<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let topics = [topics::name::identities(config.region.code)];
    records::each(&config.kafka, &config.registry, &topics, shutdown, |decoder, record| take(decoder, record)).map(drop)
}

fn token<'r>(record: &'r Record<'_>) -> Option<&'r str> {
    std::str::from_utf8(record.key()?).ok()
}

fn unreadable(config: &Config, record: &Record<'_>) -> Error {
    Error::unreadable(&topics::name::identities(config.region.code), record)
}

fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_microsecond())
}
