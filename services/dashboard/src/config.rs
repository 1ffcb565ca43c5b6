//! The dashboard's configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use board::age::Limits;
use board::guide::Guide;
use board::hiding::Rules;
use board::restless::Restless;
use figures::report::Manner;
use figures::run_chart;
use login::Listening;
use runtime::config::{Check, Fault, Http, Kafka, Log, Period, Registry};
use runtime::tail;
use serde::Deserialize;
use topics::{Region, group};

use crate::hub::Bounds;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub(crate) kafka: Kafka,
    pub(crate) registry: Registry,
    /// Where pages, API, health and metrics are served.
    pub http: Http,
    /// Who may see it; without this table the service answers this machine alone.
    pub login: Option<login::Settings>,
    /// Where reads of what is not published, and denials, are entered before they are answered; with a provider of logins it
    /// may be missing only for a reason, `login.unlogged`.
    pub access_log: Option<access_log::Settings>,
    /// What is logged.
    #[serde(default)]
    pub log: Log,
    #[serde(default)]
    pub(crate) tail: tail::Settings,
    /// The central store; without it the board starts from the beginning of the topics and knows nothing usual.
    pub store: Option<postgresql::Settings>,
    /// What the board shows and holds.
    #[serde(default)]
    pub board: Board,
    /// When a source counts as ageing, stale and lost.
    #[serde(default)]
    pub freshness: Limits,
    #[serde(default)]
    pub(crate) stream: Stream,
    /// Below which number utlokaliserade are hidden, by länskod; a region that is not named hides nothing. `contacts`:
    /// fewer than these show no statistic on pages that compare units.
    #[serde(default)]
    pub hide_below: BTreeMap<Box<str>, u32>,
    /// When a monthly series stands out.
    #[serde(default)]
    pub run_rules: run_chart::Rules,
    /// What the page about the dashboard says of who runs it.
    #[serde(default)]
    pub about: About,
}

/// What the page about the dashboard says of who runs it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct About {
    /// Where shortcomings are reported: an e-mail address or an `https` address.
    pub contact: Option<Box<str>>,
}

/// Shorter silences are those of a batch on its way.
const SILENCE_MIN: Duration = Duration::from_secs(5);
/// The key of [`Config::hide_below`] that is no länskod.
const CONTACTS: &str = "contacts";

/// What the board shows and holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Board {
    /// The regions that are followed, by länskod.
    pub regions: Vec<Region>,
    /// How long closed episodes stay in memory; a ward's page shows seven days of them.
    pub memory: Period,
    /// An event that arrives later than this after it happened is logged on its ward's page.
    pub late_after: Period,
    /// The consumer group whose committed offsets carry the processors' fates; `<nn>` stands for a region's länskod, where each
    /// region's processor has a group of its own.
    pub processor_group: String,
    /// Feeds that are never silent for so long, by source system: a longer silence is told at once.
    pub never_silent_for: BTreeMap<Box<str>, Period>,
    /// A table of hospitals' places, `lanskod;sjukhuskod;sjukhus;latitud;longitud`, beside the one that is built in.
    pub hospitals: Option<PathBuf>,
    /// A table of names of medicinska verksamhetsområden, `code;sv;en`, beside the one that is built in.
    pub specialities: Option<PathBuf>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            regions: Region::all().collect(),
            memory: Period(Duration::from_secs(8 * 24 * 3600)),
            late_after: Period(Duration::from_secs(30 * 60)),
            processor_group: group::PROCESSOR.to_owned(),
            never_silent_for: BTreeMap::new(),
            hospitals: None,
            specialities: None,
        }
    }
}

/// Bounds of the streams.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stream {
    /// Most open streams.
    pub clients_max: usize,
    /// Most different addresses being read.
    pub topics_max: usize,
}

impl Default for Stream {
    fn default() -> Self {
        Self { clients_max: 2500, topics_max: 500 }
    }
}

/// Connections beside the streams: pages, files, the API, probes. A page's browser opens up to six and lets them rest.
const CONNECTIONS_OTHER: usize = 500;
/// One address gets as many as a third of the streams, so that it takes neither every stream nor every place; and so many
/// at least, for two or three browsers.
const ADDRESS_SHARE: usize = 3;
const PER_ADDRESS_MIN: usize = 16;
/// Behind a proxy all readers are one client, unless the file says otherwise: each may load a page at the same moment, and
/// then one every ten seconds.
const PAGE_EVERY_SECONDS: u32 = 10;
/// What a page loads beside itself, once a year, and streams, which have a bound of their own.
const UNLIMITED: &[&str] = &["/tillgang/", "/strom/", "/api/v1/stream"];

impl Stream {
    /// A port with places for every stream and for who loads pages, and requests enough for all of them.
    pub fn housed(&self, mut http: Http) -> Http {
        http.connections.get_or_insert(self.clients_max + CONNECTIONS_OTHER);
        http.connections_per_address.get_or_insert(self.clients_max.div_ceil(ADDRESS_SHARE).max(PER_ADDRESS_MIN));
        let readers = u32::try_from(self.clients_max).unwrap_or(u32::MAX);
        http.usually(readers / PAGE_EVERY_SECONDS, readers);
        http.unlimited = UNLIMITED;
        http
    }
}

impl Config {
    pub(crate) fn rules(&self) -> Rules {
        let regions = self.hide_below.iter().filter(|(region, _)| &***region != CONTACTS);
        Rules::new(regions.map(|(region, limit)| (region.clone(), *limit)))
    }

    /// How published figures are shown.
    pub fn manner(&self) -> Manner {
        let usual = Manner::default();
        Manner {
            contacts_min: self.hide_below.get(CONTACTS).copied().unwrap_or(usual.contacts_min),
            rules: self.run_rules,
            contact: self.about.contact.clone(),
        }
    }

    /// Feeds that are never silent for long.
    pub fn restless(&self) -> Restless {
        Restless::new(self.board.never_silent_for.iter().map(|(source, longest)| (source.clone(), longest.0)))
    }

    /// Names of specialities and places of hospitals: those built in, and those of the tables that are named.
    pub(crate) fn guide(&self) -> Result<Guide, Fault> {
        let mut guide = Guide::default();
        let read = |key: &str, path: &Path| {
            std::fs::read_to_string(path)
                .map_err(|error| Fault::new(key, format!("{} cannot be read: {error}", path.display())))
        };
        let wrong = |key: &str, path: &Path, what| Fault::new(key, format!("{}: {what}", path.display()));
        if let Some(path) = &self.board.hospitals {
            let key = "board.hospitals";
            guide.add_hospitals(&read(key, path)?).map_err(|what| wrong(key, path, what))?;
        }
        if let Some(path) = &self.board.specialities {
            let key = "board.specialities";
            guide.add_specialities(&read(key, path)?).map_err(|what| wrong(key, path, what))?;
        }
        Ok(guide)
    }

    fn has_provider(&self) -> bool {
        self.login.as_ref().is_some_and(|login| login.provider.is_some())
    }

    /// Where pages are served, with places for all readers unless the file says otherwise.
    pub fn http(&self) -> Http {
        let mut http = self.http.clone();
        if !self.has_provider() {
            return self.stream.housed(http);
        }
        // A stream is an entry of the access log like its page, and so is what is denied anywhere: nothing is asked for without
        // a bound. Each reader has a token for a page and its stream.
        let (per_second, burst) = self.stream.housed(Http::at(http.listen)).rate();
        http.usually(per_second.get().saturating_mul(2), burst.get().saturating_mul(2));
        let mut http = self.stream.housed(http);
        http.unlimited = &[];
        http
    }

    /// The bounds of the hub.
    pub fn bounds(&self) -> Bounds {
        Bounds { clients_max: self.stream.clients_max, topics_max: self.stream.topics_max }
    }
}

impl Check for Config {
    fn check(&self) -> Result<(), Fault> {
        self.kafka.check().map_err(|fault| fault.under("kafka"))?;
        self.registry.check().map_err(|fault| fault.under("registry"))?;
        self.http.check().map_err(|fault| fault.under("http"))?;
        let (login, access_log) = (self.login.as_ref(), self.access_log.as_ref());
        Listening { http: &self.http, login, access_log }.check()?;
        if access_log.is_some() && !self.has_provider() {
            return Err(Fault::new("access_log", "is of no use without [login.provider]: nobody could be named in it"));
        }
        if let Some(store) = &self.store {
            store.check().map_err(|fault| fault.under("store"))?;
        }
        if !self.freshness.in_order() {
            return Err(Fault::new(
                "freshness.warn_after",
                "must not be longer than error_after, nor that than lost_after",
            ));
        }
        self.guide()?;
        if self.board.regions.is_empty() {
            return Err(Fault::new("board.regions", "names no region; leave it out to follow all 21"));
        }
        if self.board.processor_group.is_empty() {
            return Err(Fault::new("board.processor_group", "must not be empty; leave it out for \"processor\""));
        }
        if self.board.memory.0 < Duration::from_secs(7 * 24 * 3600) {
            return Err(Fault::new("board.memory", "a ward's page shows seven days; use \"8d\" or more"));
        }
        if let Some((source, _)) = self.board.never_silent_for.iter().find(|(_, longest)| longest.0 < SILENCE_MIN) {
            return Err(Fault::new(
                format!("board.never_silent_for.{source}"),
                format!("must be at least {SILENCE_MIN:?}"),
            ));
        }
        for (name, value) in [("clients_max", self.stream.clients_max), ("topics_max", self.stream.topics_max)] {
            if value == 0 || value > 100_000 {
                return Err(Fault::new(format!("stream.{name}"), "must lie between 1 and 100000"));
            }
        }
        let rules = self.run_rules;
        for (name, value) in [("one_side", rules.one_side), ("trend", rules.trend), ("points_min", rules.points_min)] {
            if !(3..=25).contains(&value) {
                return Err(Fault::new(format!("run_rules.{name}"), "must lie between 3 and 25"));
            }
        }
        if let Some(contact) = &self.about.contact
            && !contact.starts_with("https://")
            && (contact.chars().any(char::is_whitespace) || contact.matches('@').count() != 1)
        {
            return Err(Fault::new("about.contact", "must be an e-mail address or begin with https://"));
        }
        for region in self.hide_below.keys().filter(|region| &***region != CONTACTS) {
            if region.parse::<Region>().is_err() {
                return Err(Fault::new(format!("hide_below.{region}"), "is not a lanskod, nor `contacts`"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.sample.toml");
        let mut config: Config = runtime::config::read(&path).unwrap();
        assert_eq!(config.board.regions.len(), Region::COUNT);
        assert!(config.http.listen.ip().is_loopback());
        let places = config.http().bounds();
        assert_eq!((places.connections, places.per_address), (3000, 834));
        assert_eq!(
            config.stream.housed(Http::at(config.http.listen)).bounds(),
            places,
            "the sample says what is usual"
        );
        let (per_second, burst) = config.http().rate();
        assert_eq!((per_second.get(), burst.get()), (250, 2500));
        config.stream.clients_max = 100;
        let places = config.stream.housed(Http::at(config.http.listen)).bounds();
        assert_eq!((places.connections, places.per_address), (600, 34));
        assert_eq!((config.manner().contacts_min, config.rules().limits().count()), (20, 0));
    }

    #[test]
    fn what_cannot_be_shown_is_refused() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.sample.toml");
        let sample: Config = runtime::config::read(&path).unwrap();
        let refused = |change: fn(&mut Config)| {
            let mut config = sample.clone();
            // The sample names a variable that tests do not set.
            config.store = None;
            config.check().unwrap();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(refused(|config| config.about.contact = Some("ring oss".into())).contains("about.contact"));
        let short = refused(|config| {
            config.board.never_silent_for.insert("SE1".into(), Period::seconds(4));
        });
        assert!(short.contains("board.never_silent_for.SE1: must be at least 5s"), "{short}");
        let absent = refused(|config| config.board.hospitals = Some("/nowhere/hospitals.csv".into()));
        assert!(absent.contains("board.hospitals: /nowhere/hospitals.csv cannot be read"), "{absent}");
        assert!(refused(|config| config.run_rules.trend = 2).contains("run_rules.trend"));
        let wrong = refused(|config| {
            config.hide_below.insert("kontakter".into(), 20);
        });
        assert!(wrong.contains("hide_below.kontakter"), "{wrong}");
    }

    #[test]
    fn other_machines_are_answered_with_a_login_or_a_reason() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.sample.toml");
        let mut config: Config = runtime::config::read(&path).unwrap();
        config.store = None;
        config.http.listen = "0.0.0.0:8080".parse().unwrap();
        let refused = config.check().unwrap_err().to_string();
        assert!(refused.starts_with("http.listen") && refused.contains("[login]"), "{refused}");
        let login = |text| Some(toml::from_str::<login::Settings>(text).unwrap());
        config.login = login("none = \"behind a proxy that has a login\"");
        config.check().unwrap();
        config.login = login("none = \" \"");
        assert!(config.check().unwrap_err().to_string().starts_with("login.none"));
        config.login = login("");
        assert!(config.check().unwrap_err().to_string().starts_with("login.provider"));
    }

    #[test]
    fn whoever_logs_in_is_entered_or_the_file_says_why_not() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.sample.toml");
        let mut config: Config = runtime::config::read(&path).unwrap();
        config.store = None;
        let provider = "[provider]\nissuer = \"http://127.0.0.1:1/realm\"\nclient = \"board\"\n\
                        public_url = \"http://127.0.0.1:2\"\n\
                        [[role]]\nclaim = \"azp\"\nvalue = \"probe\"\nrole = \"operator\"\n";
        let with_login = |text: &str| Some(toml::from_str::<login::Settings>(text).unwrap());
        let refused = |config: &Config| config.check().unwrap_err().to_string();
        config.login = with_login(provider);
        let said = refused(&config);
        assert!(said.starts_with("access_log") && said.contains("unlogged"), "{said}");
        config.login = with_login(&format!("unlogged = \"a trial with invented patients\"\n{provider}"));
        config.check().unwrap();
        config.login = with_login(&format!("unlogged = \" \"\n{provider}"));
        assert!(refused(&config).starts_with("login.unlogged"));

        let seed = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(seed.path(), "07".repeat(32)).unwrap();
        let log = format!("folder = \"access\"\nkey = {{ file = {:?} }}\n", seed.path());
        config.access_log = Some(toml::from_str(&log).unwrap());
        assert!(refused(&config).starts_with("login.unlogged"), "both are said");
        config.login = with_login(provider);
        config.check().unwrap();
        // Streams are entries, and so is whatever is denied: nothing is without a bound.
        let http = config.http();
        let (per_second, burst) = http.rate();
        assert_eq!((per_second.get(), burst.get(), http.unlimited), (500, 5000, &[][..]));
        std::fs::write(seed.path(), "seven").unwrap();
        assert!(refused(&config).starts_with("access_log.key"));
        config.login = with_login("none = \"behind a proxy that has a login\"");
        assert!(refused(&config).starts_with("access_log"), "nobody could be named");
        assert_eq!(config.http().unlimited, UNLIMITED);
    }

    #[test]
    fn a_misspelled_key_is_refused() {
        let folder = std::env::temp_dir().join(format!("dashboard-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("config.toml");
        let sample = include_str!("../config.sample.toml");
        std::fs::write(&path, sample.replace("clients_max", "client_max")).unwrap();
        let error = runtime::config::read::<Config>(&path).unwrap_err();
        assert!(runtime::exit::chain(&error).contains("client_max"), "{error}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
