//! Whether a configuration can be used: its values agree with each other and with the environment and the files that they name.

mod debezium;
mod fhir;

use std::collections::HashSet;
use std::time::Duration;

use delimited::name::folded;
use runtime::config::{Check, Fault, Period, Size, check_connections, check_folder};

use crate::cdc;
use crate::config::{Cdc, Config, Limits, Mllp, Region, Table};
use crate::route::partition_key;

/// The shortest limit that makes sense for anything measured in time.
const PERIOD_MIN: Duration = Duration::from_millis(10);
/// The smallest longest message: below it, ordinary messages would be refused.
const MESSAGE_MIN: u64 = 4 << 10;
/// Kafka's default for the longest record is 1 MiB, with its overhead; the processor reads no longer message either.
const MESSAGE_MAX: u64 = 960 << 10;

impl Check for Config {
    fn check(&self) -> Result<(), Fault> {
        self.kafka.check().map_err(|fault| fault.under("kafka"))?;
        self.registry.check().map_err(|fault| fault.under("registry"))?;
        partition_key(&self.routing.key).map_err(|fault| fault.under("routing"))?;
        self.limits.check().map_err(|fault| fault.under("limits"))?;
        self.http.check_alone().map_err(|fault| fault.under("http"))?;
        if let Some(hook) = &self.fhir_hook {
            hook.check().map_err(|fault| fault.under("fhir_hook"))?;
            if hook.probes.is_some() {
                let message = "readiness and metrics are not served here; write it under [http]";
                return Err(Fault::new("fhir_hook.probes", message));
            }
        }
        if self.region.is_empty() {
            return Err(Fault::new("region", "no region; write at least one [[region]] table"));
        }
        let mut codes = HashSet::new();
        let mut hooks = HashSet::new();
        let mut listens = HashSet::new();
        let mut spools = HashSet::new();
        for (at, region) in self.region.iter().enumerate() {
            let table = format!("region.{at}");
            region.check().map_err(|fault| fault.under(&table))?;
            if !codes.insert(region.code) {
                return Err(Fault::new("code", "this region is written twice").under(&table));
            }
            for (server, fhir) in region.fhir.iter().enumerate().filter(|(_, fhir)| fhir.hook.is_some()) {
                let fault = if self.fhir_hook.is_none() {
                    Fault::new("hook", "nobody listens for it; add a [fhir_hook] table with listen")
                } else if hooks.insert(&fhir.name) {
                    continue;
                } else {
                    Fault::new("name", "a server of another region with a hook has this name; give each its own")
                };
                return Err(fault.under(&format!("{table}.fhir.{server}")));
            }
            for (listener, mllp) in region.mllp.iter().enumerate() {
                if mllp.listen.port() != 0 && !listens.insert(mllp.listen) {
                    let fault = Fault::new("listen", "another listener has this address; give each its own port");
                    return Err(fault.under(&format!("{table}.mllp.{listener}")));
                }
            }
            for (source, settings) in region.table.iter().enumerate() {
                if settings.sftp.is_some() && !spools.insert(&settings.path) {
                    let fault = Fault::new("path", "another source fetches into this folder; give each its own");
                    return Err(fault.under(&format!("{table}.table.{source}")));
                }
            }
        }
        Ok(())
    }
}

impl Check for Limits {
    fn check(&self) -> Result<(), Fault> {
        if !(MESSAGE_MIN..=MESSAGE_MAX).contains(&self.message.as_bytes()) {
            return Err(Fault::new("message", "must be between \"4 KiB\" and \"960 KiB\""));
        }
        if self.in_flight.as_bytes() < 4 * self.message.as_bytes() || self.in_flight > Size::mib(1024) {
            return Err(Fault::new("in_flight", "must be at least four times limits.message and at most \"1 GiB\""));
        }
        for (key, count, count_max) in [
            ("connections", self.connections, 65_536),
            ("connections_per_address", self.connections_per_address, 65_536),
            ("window", self.window, 65_536),
            ("files", self.files, 1_000_000),
        ] {
            if count == 0 || count > count_max {
                return Err(Fault::new(key, format!("must be between 1 and {count_max}")));
            }
        }
        for (key, period) in [
            ("idle", self.idle),
            ("unfinished", self.unfinished),
            ("silent", self.silent),
            ("acknowledge", self.acknowledge),
            ("stall", self.stall),
            ("drain", self.drain),
        ] {
            if period.0 < PERIOD_MIN {
                return Err(Fault::new(key, "must be at least \"10ms\""));
            }
        }
        Ok(())
    }
}

impl Check for Region {
    fn check(&self) -> Result<(), Fault> {
        check_source_system(&self.source_system)?;
        if self.mllp.is_empty() && self.others() == 0 {
            return Err(Fault::new(
                "mllp",
                "this region has no source; add [[region.mllp]], [[region.capacity]], [[region.replay]], \
                 [[region.table]], [[region.cdc]], [[region.fhir]], [[region.fhir_files]] or [[region.debezium]]",
            ));
        }
        if let Some(sealing) = &self.sealing {
            check_sealing(self.code, sealing).map_err(|fault| fault.under("sealing"))?;
        }
        for (at, mllp) in self.mllp.iter().enumerate() {
            mllp.check().map_err(|fault| fault.under(&format!("mllp.{at}")))?;
        }
        for (at, source) in self.capacity.iter().enumerate() {
            check_watched(&source.feed, source.source_system.as_deref(), source.poll)
                .map_err(|fault| fault.under(&format!("capacity.{at}")))?;
        }
        for (at, source) in self.replay.iter().enumerate() {
            check_watched(&source.feed, source.source_system.as_deref(), source.poll)
                .and_then(|()| check_folder("positions", &source.positions))
                .map_err(|fault| fault.under(&format!("replay.{at}")))?;
        }
        for (at, source) in self.table.iter().enumerate() {
            source.check().map_err(|fault| fault.under(&format!("table.{at}")))?;
        }
        check_each("cdc", &self.cdc, "slot", |source| &source.slot)?;
        check_each("fhir", &self.fhir, "name", |source| &source.name)?;
        for (at, source) in self.fhir_files.iter().enumerate() {
            source.check().map_err(|fault| fault.under(&format!("fhir_files.{at}")))?;
        }
        check_each("debezium", &self.debezium, "name", |source| &source.name)
    }
}

/// Checks each of a region's sources of this kind, and that no two have the same value of `key`.
fn check_each<S: Check>(kind: &str, sources: &[S], key: &str, value: fn(&S) -> &String) -> Result<(), Fault> {
    let mut values = HashSet::new();
    for (at, source) in sources.iter().enumerate() {
        let table = format!("{kind}.{at}");
        source.check().map_err(|fault| fault.under(&table))?;
        if !values.insert(value(source)) {
            let what = format!("another source of this region has this {key}; give each its own");
            return Err(Fault::new(key, what).under(&table));
        }
    }
    Ok(())
}

impl Check for Table {
    fn check(&self) -> Result<(), Fault> {
        check_watched(&self.feed, self.source_system.as_deref(), self.poll)?;
        check_folder("positions", &self.positions)?;
        // A name without letters would be found in every header cell without letters.
        for (key, names) in [("columns", self.columns.as_slice()), ("key", self.key.as_slice())] {
            if names.iter().any(|name| folded(name).is_empty()) {
                return Err(Fault::new(key, "a column name needs a letter or a digit"));
            }
        }
        let Some(server) = &self.sftp else { return Ok(()) };
        // What is not there of the folder that files are fetched into is made.
        if let Some(there) = self.path.ancestors().find(|folder| folder.exists()) {
            check_folder("path", there)?;
        }
        server.check().map_err(|fault| fault.under("sftp"))
    }
}

/// PostgreSQL's bound on the length of a name.
const NAME_MAX: usize = 63;
/// Followed tables of one slot.
const CDC_TABLES_MAX: usize = 1000;

impl Check for Cdc {
    fn check(&self) -> Result<(), Fault> {
        check_feed(&self.feed)?;
        self.source_system.as_deref().map_or(Ok(()), check_source_system)?;
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if self.slot.is_empty() || self.slot.len() > NAME_MAX || !self.slot.bytes().all(letter) {
            return Err(Fault::new("slot", "not a slot's name; write a-z, 0-9 and _, for example \"vardstrom_14\""));
        }
        let name = |text: &str| !text.is_empty() && text.len() <= NAME_MAX && !text.contains(['\0', '\n', '\r']);
        if !name(&self.publication) {
            return Err(Fault::new("publication", "not a name; write for example \"vardstrom\""));
        }
        if self.tables.is_empty() || self.tables.len() > CDC_TABLES_MAX {
            return Err(Fault::new("tables", format!("must name between 1 and {CDC_TABLES_MAX} tables")));
        }
        let mut tables = HashSet::new();
        for table in &self.tables {
            if !table.split_once('.').is_some_and(|(schema, table)| name(schema) && name(table)) {
                return Err(Fault::new("tables", "not a table; write schema and name, for example \"public.contact\""));
            }
            if !tables.insert(table) {
                return Err(Fault::new("tables", "a table is written twice"));
            }
        }
        if self.keys.keys().any(|table| !tables.contains(table)) {
            return Err(Fault::new("keys", "names a table that is not in tables"));
        }
        check_folder("positions", &self.positions)?;
        cdc::address(self).map(|_| ())
    }
}

impl Check for Mllp {
    fn check(&self) -> Result<(), Fault> {
        check_feed(&self.feed)?;
        check_connections(self.connections, self.connections_per_address)?;
        self.source_system.as_deref().map_or(Ok(()), check_source_system)?;
        match &self.tls {
            Some(tls) => tls.check().map_err(|fault| fault.under("tls")),
            None => Ok(()),
        }
    }
}

fn check_sealing(region: topics::Region, settings: &sealing::Settings) -> Result<(), Fault> {
    if settings.required.is_some() {
        return Err(Fault::new(
            "required",
            "is for the processor and the region-register; the connector seals all it writes",
        ));
    }
    settings.keys(region.code()).map(|_| ())
}

fn check_watched(feed: &str, source_system: Option<&str>, poll: Period) -> Result<(), Fault> {
    check_feed(feed)?;
    source_system.map_or(Ok(()), check_source_system)?;
    if poll.0 < PERIOD_MIN {
        return Err(Fault::new("poll", "must be at least \"10ms\""));
    }
    Ok(())
}

fn check_feed(feed: &str) -> Result<(), Fault> {
    let letters = feed.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if feed.is_empty() || feed.len() > 32 || !letters {
        return Err(Fault::new("feed", "not a feed; write a name of the catalogue, for example \"adt\""));
    }
    Ok(())
}

/// The shape of an HSA-id, told with tolerance: ids with a wrong check digit or length are in use.
fn check_source_system(id: &str) -> Result<(), Fault> {
    let shape = |id: &str| {
        let (owner, own) = id.strip_prefix("SE")?.split_once('-')?;
        let digits = (10..=11).contains(&owner.len()) && owner.bytes().all(|byte| byte.is_ascii_digit());
        let letters = !own.is_empty() && own.len() <= 18 && own.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (digits && letters).then_some(())
    };
    shape(id).ok_or_else(|| Fault::new("source_system", "not an HSA-id; write for example \"SE2321000131-COSMIC\""))
}
