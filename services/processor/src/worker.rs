//! The shell around the pipeline: decodes source records, encodes what they become, and lets the relay move both.
//!
//! Everything that could be looked up is looked up before the first record: routes, schema ids, keys, directories. A record
//! costs no lock, no request and no allocation that its content does not call for.

use std::convert::Infallible;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use identity::{Kept, Token};
use runtime::failpoint;
use runtime::fate::Fate;
use runtime::relay::{Failure, Outputs, Record, Route, Step};
use schemas::registry::{self, Client};
use schemas::{
    Common, DecodeError, Decoder, EncodeError, Encoder, Format, InvalidSchema, Kind, Origin, Parked, ParkedFate,
    Protection, SourceRecord, Subject, Timestamp,
};
use sealing::{Away, Opener, Place, Refusal, Sealer, Unopened};
use topics::Region;

use crate::config::{Config, Feed, RegionConfig};
use crate::metrics::Metrics;
use crate::pipeline::{Outcome, Pipeline, Rejection, Sink, kept};
use crate::rules::Rule;
use crate::written::{Known, Written};

/// One record in so many is timed: two looks at the clock cost a tenth of what a record does.
const TIMED_EVERY: u64 = 64;

/// The output of what became no event; those of events come before it, in the order of [`Subject::ALL`].
const PARKED: usize = Subject::ALL.len();

/// The output of what events say of whose identity is protected.
const PROTECTED: usize = PARKED + 1;

/// What the output topics of a route carry, in the order in which a step names them.
pub const OUTPUTS: [Kind; PROTECTED + 1] = {
    let mut kinds = [Kind::Parked; PROTECTED + 1];
    kinds[PROTECTED] = Kind::Protection;
    let mut at = 0;
    while at < PARKED {
        kinds[at] = Subject::ALL[at].kind();
        at += 1;
    }
    kinds
};

/// The output of identities that the region keeps, behind those of [`OUTPUTS`]; a route of a region that keeps none has no such.
pub const IDENTITIES: usize = OUTPUTS.len();

/// Why a worker cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The registry gave no schema id.
    #[error("get the schema id for topic {topic}")]
    Registry {
        /// The topic.
        topic: String,
        /// Why.
        source: registry::client::Error,
    },
    /// A secret or a file of `[registry]` cannot be read any more.
    #[error("read how the schema registry is reached")]
    Settings(#[source] runtime::config::Fault),
    /// A region's key or directory cannot be used.
    #[error("make the pipeline of region {region}")]
    Region {
        /// Länskod.
        region: &'static str,
        /// Why.
        source: runtime::config::Fault,
    },
}

/// The processor's [`Step`].
pub struct Worker {
    regions: Vec<RegionWorker>,
    sources: Vec<Source>,
    decoder: Decoder,
    registry: Client,
    metrics: Metrics,
    steps: u64,
    written: Written,
}

struct RegionWorker {
    code: &'static str,
    opener: Opener,
    /// By which rules records were parked unopened; the first of each is logged.
    told: Vec<Rule>,
    pipeline: Pipeline,
    encoders: [Encoder; OUTPUTS.len()],
    keeping: Option<Keeping>,
}

/// How identities are kept.
struct Keeping {
    sealer: Sealer,
    encoder: Encoder,
}

/// What a route's records are.
struct Source {
    region: usize,
    feed: &'static str,
}

/// What is read and where it goes, in the order in which [`Worker`] expects it.
pub fn routes(config: &Config) -> Vec<Route> {
    let routes = |region: &RegionConfig| {
        let code = region.code;
        let kept = region.keep_identities.then(|| topics::name::identities(code));
        let outputs: Vec<String> = OUTPUTS.iter().map(|kind| output_topic(code, *kind)).chain(kept).collect();
        let inputs = region.feed_names().into_iter().map(move |feed| topics::name::source(code, feed));
        inputs.map(move |input| Route { input, outputs: outputs.clone() })
    };
    config.region.iter().flat_map(routes).collect()
}

fn output_topic(region: Region, kind: Kind) -> String {
    match (kind, kind.subject()) {
        (_, Some(subject)) => topics::name::common(region, subject),
        (Kind::Protection, None) => topics::name::protected(region),
        (_, None) => topics::name::parked(region),
    }
}

impl Worker {
    /// Asks the registry for every schema id, reads keys and directories.
    pub fn new(config: &Config, metrics: Metrics) -> Result<Worker, Error> {
        let registry = Client::connect(&config.registry).map_err(Error::Settings)?;
        let mut regions = Vec::with_capacity(config.region.len());
        let mut sources = Vec::new();
        for (index, region) in config.region.iter().enumerate() {
            let code = region.code.code();
            let pipeline = region.pipeline().map_err(|source| Error::Region { region: code, source })?;
            let opener = region.opener().map_err(|source| Error::Region { region: code, source })?;
            let encoder = |topic: String, kind| {
                let id = registry.id_of(&topic, kind).map_err(|source| Error::Registry { topic, source })?;
                Ok::<_, Error>(Encoder::new(kind, id))
            };
            let mut encoders = Vec::with_capacity(OUTPUTS.len());
            for kind in OUTPUTS {
                encoders.push(encoder(output_topic(region.code, kind), kind)?);
            }
            let keeping = match region.keeper().map_err(|source| Error::Region { region: code, source })? {
                Some(sealer) => {
                    let encoder = encoder(topics::name::identities(region.code), Kind::SourceRecord)?;
                    Some(Keeping { sealer, encoder })
                }
                None => None,
            };
            // One encoder was pushed per output.
            let Ok(encoders) = <[Encoder; OUTPUTS.len()]>::try_from(encoders) else { unreachable!() };
            regions.push(RegionWorker { code, opener, told: Vec::new(), pipeline, encoders, keeping });
            sources.extend(region.feed_names().into_iter().map(|feed| Source { region: index, feed }));
        }
        Ok(Worker {
            regions,
            sources,
            decoder: Decoder::new(),
            registry,
            metrics,
            steps: 0,
            written: Written::default(),
        })
    }

    /// A worker of these pipelines without a registry: schema ids are the development registry's. One route per pipeline, the
    /// ADT feed. For benches and tests.
    pub fn offline(pipelines: Vec<(Region, Pipeline)>, metrics: Metrics) -> Worker {
        let sources = (0..pipelines.len()).map(|region| Source { region, feed: Feed::Adt.name() }).collect();
        let regions = pipelines.into_iter().map(|(region, pipeline)| RegionWorker {
            code: region.code(),
            opener: Opener::of_plain(),
            told: Vec::new(),
            pipeline,
            encoders: OUTPUTS.map(|kind| Encoder::new(kind, registry::development_id_current(kind))),
            keeping: None,
        });
        Worker {
            regions: regions.collect(),
            sources,
            decoder: Decoder::development(),
            registry: Client::new(""),
            metrics,
            steps: 0,
            written: Written::default(),
        }
    }

    /// Keeping the identities of its only region, sealed by this. For tests.
    #[must_use]
    pub fn keeping(mut self, sealer: Sealer) -> Worker {
        let encoder = Encoder::new(Kind::SourceRecord, registry::development_id_current(Kind::SourceRecord));
        self.regions[0].keeping = Some(Keeping { sealer, encoder });
        self
    }

    /// With a memory of so many of the links and marks that it has written. For tests.
    #[must_use]
    pub fn remembering(mut self, sums: usize) -> Worker {
        self.written = Written::holding(sums);
        self
    }

    /// Asks the registry about a schema id that is new, once per id.
    fn fetch_schema(&mut self, id: u32) -> Result<Fetched, Failure> {
        match self.registry.schema(id) {
            Ok(schema) => Ok(match self.decoder.insert(id, &schema) {
                Ok(()) => Fetched::Known,
                Err(InvalidSchema { .. }) => Fetched::NoSuch,
            }),
            Err(registry::client::Error::Refused { status: 404, .. }) => Ok(Fetched::NoSuch),
            // Of the record it says nothing: overloaded, or this service is not let in.
            Err(error) => Err(Failure::Retry(Box::new(error))),
        }
    }
}

enum Fetched {
    Known,
    NoSuch,
}

impl Step for Worker {
    fn step(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        self.steps += 1;
        let started = self.steps.is_multiple_of(TIMED_EVERY).then(Instant::now);
        let mut decoded = self.decoder.decode::<SourceRecord<'_>>(record.payload);
        if let Err(DecodeError::UnknownSchema(id)) = decoded
            && matches!(self.fetch_schema(id)?, Fetched::Known)
        {
            decoded = self.decoder.decode(record.payload);
        }
        failpoint::reach("step", || format!("{}/{}/{}", record.topic, record.partition, record.offset));
        let origin = Origin { topic: record.topic, partition: record.partition, offset: record.offset, ordinal: 0 };
        let source = &self.sources[record.route];
        let region = &mut self.regions[source.region];
        let known = self.written.of(record.route, record.partition);
        let mut sink = KafkaSink::new(outputs, &mut region.encoders, region.keeping.as_mut(), known);
        let place = Place { topic: record.topic, partition: record.partition };
        let unread = match &decoded {
            Ok(decoded) => match region.opener.open(decoded, place) {
                Ok(opened) => Ok(region.pipeline.process(&opened, origin, &mut sink)),
                Err(Unopened::Away(away)) => return Err(Failure::Retry(Box::new(away))),
                Err(Unopened::Refused(refusal)) => Err(tell(refusal, record, decoded, region.code, &mut region.told)),
            },
            Err(_) => Err(Rule::RecordUnreadable),
        };
        let outcome = match unread {
            Ok(outcome) => {
                self.metrics.count(&outcome, region.pipeline.found());
                outcome
            }
            Err(rule) => {
                let outcome = park_unread(rule, record, origin, region.code, source.feed, &mut sink);
                self.metrics.count(&outcome, &[]);
                outcome
            }
        };
        sink.finish()?;
        if let Some(started) = started {
            self.metrics.step_time.observe(started.elapsed().as_secs_f64());
        }
        Ok(outcome.fate())
    }

    fn set_aside(&mut self, record: &Record<'_>, outputs: &mut Outputs) -> Result<Fate, Failure> {
        let origin = Origin { topic: record.topic, partition: record.partition, offset: record.offset, ordinal: 0 };
        let source = &self.sources[record.route];
        let region = &mut self.regions[source.region];
        let known = self.written.of(record.route, record.partition);
        let mut sink = KafkaSink::new(outputs, &mut region.encoders, region.keeping.as_mut(), known);
        let outcome = park_unread(Rule::RecordPanicked, record, origin, region.code, source.feed, &mut sink);
        self.metrics.count(&outcome, &[]);
        sink.finish()?;
        Ok(outcome.fate())
    }

    fn forget(&mut self) {
        self.written.forget();
    }
}

/// The rule by which a record is parked unopened. The first of a region by each is logged.
fn tell(refusal: Refusal, record: &Record<'_>, source: &SourceRecord<'_>, region: &str, told: &mut Vec<Rule>) -> Rule {
    let rule = Rule::of_refusal(refusal);
    if !told.contains(&rule) {
        told.push(rule);
        let Record { topic, partition, offset, .. } = record;
        let found = match sealing::key_id(source) {
            Some(id) => format!("sealed with the key {id}"),
            None => "plain".to_owned(),
        };
        let (code, remedy) = (rule.code(), rule.entry().remedy.en);
        tracing::error!(
            region,
            topic,
            partition,
            offset,
            code,
            "{topic} partition {partition} offset {offset}, {found}: {code}; {remedy}; this and what follows is parked"
        );
    }
    rule
}

/// A record of which nothing is read: the topic says region and feed, Kafka the time.
fn park_unread(
    rule: Rule,
    record: &Record<'_>,
    origin: Origin<'_>,
    region: &str,
    feed: &str,
    sink: &mut KafkaSink<'_>,
) -> Outcome {
    let rejection = Rejection::new(rule, None);
    sink.parked(&Parked {
        region,
        source_system: "",
        feed,
        origin,
        received_at: Timestamp(record.timestamp_ms.unwrap_or_default().saturating_mul(1000)),
        fate: ParkedFate::Parked,
        rule: rejection.rule.code(),
        field: None,
        remedy: rejection.rule.entry().remedy.en,
    });
    Outcome::Rejected(rejection)
}

/// What a data key's hour goes by. No output depends on it: a sealed identity differs with each sealing.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Encodes what the pipeline makes into the relay's outputs.
struct KafkaSink<'s> {
    outputs: &'s mut Outputs,
    encoders: &'s mut [Encoder; OUTPUTS.len()],
    known: Known<'s>,
    /// What the record's events say of protection and is not known to be written: sum, key and encoded, each once.
    protections: Vec<(u128, String, Vec<u8>)>,
    /// Sums of persons that the record's links are about.
    told: Vec<u128>,
    keeping: Option<&'s mut Keeping>,
    /// Identities that are not known to be kept: key and encoded.
    identities: Vec<(Token, Vec<u8>)>,
    failed: Option<EncodeError>,
    away: Option<Away>,
}

impl<'s> KafkaSink<'s> {
    fn new(
        outputs: &'s mut Outputs,
        encoders: &'s mut [Encoder; OUTPUTS.len()],
        keeping: Option<&'s mut Keeping>,
        known: Known<'s>,
    ) -> Self {
        let (protections, told, identities) = (Vec::new(), Vec::new(), Vec::new());
        Self { outputs, encoders, known, protections, told, keeping, identities, failed: None, away: None }
    }

    /// Puts what was said of protection behind all events: an event's place among the outputs is what it always was, and whoever
    /// compares origins knows it again.
    fn finish(mut self) -> Result<(), Failure> {
        let protections = self.protections.iter().map(|(_, key, bytes)| (PROTECTED, key.as_bytes(), bytes));
        let identities = self.identities.iter().map(|(token, bytes)| (IDENTITIES, token.as_bytes(), bytes));
        for (output, key, bytes) in protections.chain(identities) {
            let pushed = self.outputs.push(output, Some(key), None, |into| {
                into.extend_from_slice(bytes);
                Ok::<(), Infallible>(())
            });
            let Ok(()) = pushed;
        }
        if let Some(away) = self.away {
            // The record is tried again as a whole.
            self.outputs.clear();
            return Err(Failure::Retry(Box::new(away)));
        }
        if let Some(error) = self.failed {
            return Err(Failure::Stop(Box::new(error)));
        }
        for sum in self.protections.iter().map(|(sum, ..)| sum).chain(&self.told) {
            self.known.keep(*sum);
        }
        Ok(())
    }

    fn push<R: schemas::Record>(&mut self, output: usize, key: Option<&str>, event_id: Option<&str>, record: &R) {
        let encoder = &mut self.encoders[output];
        let mut failed = None;
        let pushed = self.outputs.push(output, key.map(str::as_bytes), event_id, |bytes| {
            failed = encoder.encode(record, bytes).err();
            Ok::<(), Infallible>(())
        });
        let Ok(()) = pushed;
        self.failed = self.failed.or(failed);
    }
}

impl Sink for KafkaSink<'_> {
    fn event<'e, E: Common<'e>>(&mut self, event: &E) {
        self.push(E::SUBJECT as usize, event.key(), Some(event.envelope().event_id), event);
    }

    fn protection(&mut self, said: &Protection<'_>) {
        let sum = self.known.sum(said);
        if self.known.has(sum) || self.protections.iter().any(|(known, ..)| *known == sum) {
            return;
        }
        let mut bytes = Vec::new();
        match self.encoders[PROTECTED].encode(said, &mut bytes) {
            Ok(()) => self.protections.push((sum, said.key(), bytes)),
            Err(error) => self.failed = self.failed.or(Some(error)),
        }
    }

    fn has_told(&mut self, token: &Token) -> bool {
        let sum = self.known.sum_of(token);
        let has = self.known.has(sum);
        if !has {
            self.told.push(sum);
        }
        has
    }

    fn identity(&mut self, source: &SourceRecord<'_>, token: &Token, kept: &Kept) {
        let Some(Keeping { sealer, encoder }) = self.keeping.as_deref_mut() else { return };
        let payload = kept::payload(token, kept);
        let plain = SourceRecord {
            region: source.region,
            source_system: source.source_system,
            feed: kept::FEED,
            format: Format::Delimited,
            message_id: "",
            received_at: source.received_at,
            recorded_at: None,
            source_position: "",
            payload: payload.as_bytes(),
            seal: None,
        };
        let mut bytes = Vec::new();
        match sealer.seal(&plain, self.known.partition(), now()) {
            Ok(sealed) => match encoder.encode(&sealed, &mut bytes) {
                Ok(()) => self.identities.push((*token, bytes)),
                Err(error) => self.failed = self.failed.or(Some(error)),
            },
            Err(away) => self.away = Some(away),
        }
    }

    fn parked(&mut self, record: &Parked<'_>) {
        self.push(PARKED, None, None, record);
    }
}
