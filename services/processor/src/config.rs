//! The processor's configuration. A sample is in `config.sample.toml`; `processor check` reads one without starting.

use std::path::PathBuf;
use std::sync::Arc;

use runtime::config::{Check, Fault, Http, Kafka, Log, Registry, Secret};
use runtime::exit::Failure;
use runtime::relay;
use sealing::{Opener, Sealer};
use serde::Deserialize;
use topics::Region;

use crate::code_lists::CodeLists;
use crate::directory::{Directory, Warning};
use crate::mapping::Program;
use crate::pipeline::{Pipeline, Settings, kept};

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub(crate) kafka: Kafka,
    /// Where the schema registry answers.
    pub registry: Registry,
    /// Where health and metrics are served.
    pub http: Http,
    /// What is logged, and how.
    #[serde(default)]
    pub log: Log,
    pub(crate) relay: relay::Settings,
    /// The regions that this process serves.
    pub region: Vec<RegionConfig>,
}

/// One region.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionConfig {
    /// Länskod.
    pub code: Region,
    /// The region's pseudonymisation key, 64 hexadecimal digits.
    pub key: Secret,
    /// The key's version, `v1`; stands in every pseudonym.
    pub key_id: String,
    /// Keys that were the region's before: whoever a record names is joined to the pseudonyms by them, while they stand here.
    #[serde(default)]
    pub earlier_keys: Vec<EarlierKey>,
    /// What codes of texts that hold numbers are made with, as of a visit number that is a personal number; without it, with `key`.
    pub code_key: Option<Secret>,
    /// The region's unit directory; without it codes stay as they are.
    pub mapping: Option<PathBuf>,
    /// Mapping packages of the region's tables: names of shipped ones or files. Each brings its feed.
    #[serde(default)]
    pub packages: Vec<PathBuf>,
    /// Folder of the region's code lists, in place of the shipped ones of the same systems.
    pub code_lists: Option<PathBuf>,
    /// The feeds that are read besides those of the packages.
    #[serde(default = "Feed::usual")]
    pub feeds: Vec<Feed>,
    /// Whether the region uses interim numbers (T-nummer).
    #[serde(default)]
    pub interim: bool,
    /// What the region writes for a number that is not known, besides what every region does, in any notation. The
    /// connector must have the same.
    #[serde(default)]
    pub placeholders: Vec<String>,
    /// With what its sealed source records are opened; without it plain ones are read, and sealed ones parked.
    pub sealing: Option<sealing::Settings>,
    /// Whether the region keeps of whom its pseudonyms are, sealed and for good: without it nothing of an identity is kept for longer
    /// than the source topics keep theirs, and a key that turns reaches only who comes meanwhile.
    #[serde(default)]
    pub keep_identities: bool,
}

/// A key that was the region's before.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierKey {
    /// Its version, as it stands in its pseudonyms.
    pub id: String,
    /// 64 hexadecimal digits.
    pub key: Secret,
}

/// A feed that the processor can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Feed {
    /// HL7 v2 ADT.
    Adt,
    /// Capacity rows.
    Capacity,
    /// Identities that the region keeps, told once more.
    Identities,
    /// FHIR R4 resources.
    Fhir,
}

impl Feed {
    /// Every feed that is read without a package.
    pub const ALL: [Feed; 4] = [Feed::Adt, Feed::Capacity, Feed::Fhir, Feed::Identities];

    /// The feed's name in topic names.
    pub fn name(self) -> &'static str {
        match self {
            Feed::Adt => "adt",
            Feed::Capacity => "capacity",
            Feed::Fhir => "fhir",
            Feed::Identities => kept::FEED,
        }
    }

    /// What is read where the region names no feeds: FHIR only where it says so.
    fn usual() -> Vec<Feed> {
        vec![Feed::Adt, Feed::Capacity]
    }
}

impl RegionConfig {
    /// Names of all feeds that are read.
    pub fn feed_names(&self) -> Vec<&'static str> {
        let is_named = self.feeds.contains(&Feed::Identities);
        let kept = (self.keep_identities && !is_named).then_some(Feed::Identities);
        let mut names: Vec<&'static str> = self.feeds.iter().copied().chain(kept).map(Feed::name).collect();
        // A package that cannot be read is refused when its pipeline is made.
        let packaged =
            self.packages.iter().filter_map(|package| Program::load(package).ok().map(|program| program.feed()));
        for feed in packaged {
            if !names.contains(&feed) {
                names.push(feed);
            }
        }
        names
    }

    /// Logs that plain records are used beside sealed ones, and what is odd in the unit directory. A configuration is checked, and
    /// its pipelines made, before there is a log.
    pub fn log_warnings(&self) {
        if self.sealing.as_ref().is_some_and(|sealing| sealing.required == Some(false)) {
            let region = self.code.code();
            tracing::warn!(region, "plain source records of region {region} are used, too: sealing.required is false");
        }
        // A directory that cannot be read is refused when its pipeline is made.
        let (Some(path), Ok((_, warnings))) = (&self.mapping, self.directory()) else { return };
        for warning in warnings {
            tracing::warn!(
                region = self.code.code(),
                file = %path.display(),
                line = warning.line,
                "mapping file {}:{}: {}",
                path.display(),
                warning.line,
                warning.what
            );
        }
    }

    /// What opens the region's source records.
    ///
    /// # Errors
    /// When a sealing key cannot be read or is none.
    pub fn opener(&self) -> Result<Opener, Fault> {
        match &self.sealing {
            Some(settings) => settings.opener(self.code.code()).map_err(|fault| fault.under("sealing")),
            None => Ok(Opener::of_plain()),
        }
    }

    /// What seals the identities that the region keeps; nothing where it keeps none.
    ///
    /// # Errors
    /// When there is no sealing key, or it cannot be read.
    pub fn keeper(&self) -> Result<Option<Sealer>, Fault> {
        if !self.keep_identities {
            return Ok(None);
        }
        let Some(sealing) = &self.sealing else {
            let what = "identities are kept sealed or not at all: give the region's sealing, too";
            return Err(Fault::new("keep_identities", what));
        };
        let keys = sealing.keys(self.code.code()).map_err(|fault| fault.under("sealing"))?;
        Ok(Some(Sealer::new(Arc::new(keys), topics::name::identities(self.code))))
    }

    /// Tells the id of each sealing key and whether it opens, and whether plain records are read.
    ///
    /// # Errors
    /// When a key cannot be read, or does not open.
    pub fn try_sealing(&self, tell: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let opener = self.opener().map_err(Failure::usage)?;
        let tried = opener.keys().tried(&mut |line| tell(&format!("region {}: {line}", self.code)));
        if !opener.is_required() {
            tell(&format!("region {}: plain source records are read: no sealing is required", self.code));
        }
        tried.map_err(Failure::failed)
    }

    fn directory(&self) -> Result<(Directory, Vec<Warning>), Fault> {
        let Some(path) = &self.mapping else { return Ok((Directory::default(), Vec::new())) };
        Directory::load(path, self.code.code()).map_err(|error| Fault::new("mapping", runtime::exit::chain(&error)))
    }

    /// Reads the key and the unit directory and makes the pipeline.
    pub fn pipeline(&self) -> Result<Pipeline, Fault> {
        let key = key_at("key", &self.key)?;
        let (directory, _) = self.directory()?;
        let lists = self.code_lists.as_deref().map(CodeLists::with_folder).transpose();
        let lists = lists.map_err(|error| Fault::new("code_lists", runtime::exit::chain(&error)))?;
        let mut programs: Vec<Program> = Vec::with_capacity(self.packages.len());
        for (at, package) in self.packages.iter().enumerate() {
            let key = format!("packages.{at}");
            let program = Program::load(package).map_err(|error| Fault::new(&key, runtime::exit::chain(&error)))?;
            let has_reader = [Feed::Adt, Feed::Fhir, Feed::Identities].iter().any(|feed| feed.name() == program.feed());
            if has_reader || programs.iter().any(|other| other.feed() == program.feed()) {
                let what = format!("the feed {} has a reader already; give each package its own feed", program.feed());
                return Err(Fault::new(&key, what));
            }
            programs.push(program);
        }
        let pipeline = Pipeline::new(Settings {
            region: self.code.code().to_owned(),
            key,
            key_id: self.key_id.clone(),
            directory,
            programs,
            interim: self.interim,
        })
        .map_err(|error| Fault::new("key_id", error.to_string()))?;
        let pipeline = if self.keep_identities { pipeline.keeping_identities() } else { pipeline };
        let pipeline = self.keyed(pipeline)?.with_placeholders(self.placeholders.clone());
        Ok(match lists {
            Some(lists) => pipeline.with_code_lists(Arc::new(lists)),
            None => pipeline,
        })
    }

    /// With the earlier keys, and that of codes.
    fn keyed(&self, mut pipeline: Pipeline) -> Result<Pipeline, Fault> {
        let mut earlier = Vec::with_capacity(self.earlier_keys.len());
        for (at, EarlierKey { id, key }) in self.earlier_keys.iter().enumerate() {
            earlier.push((id.clone(), key_at(&format!("earlier_keys.{at}.key"), key)?));
        }
        match &self.code_key {
            Some(key) => pipeline = pipeline.with_codes_of(&key_at("code_key", key)?),
            None if earlier.is_empty() => {}
            None => {
                let what = "is missing where earlier_keys stand: a visit number that holds a personal number is known by a code of \
                            the key that the region had first; give that key, or visits and contacts with such numbers are others";
                return Err(Fault::new("code_key", what));
            }
        }
        pipeline.with_earlier_keys(earlier).map_err(|error| Fault::new("earlier_keys", error.to_string()))
    }
}

/// The key that stands at a place of the region's table.
fn key_at(place: &str, secret: &Secret) -> Result<identity::Key, Fault> {
    let value = secret.value().map_err(|fault| fault.under(place))?;
    identity::Key::from_hex(value.expose())
        .map_err(|error| Fault::new(place, format!("{} in {}", error, secret.name())))
}

impl Check for Config {
    fn check(&self) -> Result<(), Fault> {
        self.kafka.check().map_err(|fault| fault.under("kafka"))?;
        self.registry.check().map_err(|fault| fault.under("registry"))?;
        self.http.check_alone().map_err(|fault| fault.under("http"))?;
        self.relay.check().map_err(|fault| fault.under("relay"))?;
        if self.region.is_empty() {
            return Err(Fault::new("region", "no region; write at least one [[region]]"));
        }
        for (at, region) in self.region.iter().enumerate() {
            let table = format!("region.{at}");
            if self.region[..at].iter().any(|other| other.code == region.code) {
                return Err(Fault::new("code", "the region is listed twice").under(&table));
            }
            if region.feeds.is_empty() && region.packages.is_empty() {
                return Err(Fault::new("feeds", "no feed; name adt, capacity or fhir, or a package").under(&table));
            }
            region.pipeline().map_err(|fault| fault.under(&table))?;
            region.opener().map_err(|fault| fault.under(&table))?;
            region.keeper().map_err(|fault| fault.under(&table))?;
        }
        Ok(())
    }
}
