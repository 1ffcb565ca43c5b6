//! What an event costs on its way: processor time of each part of a stack, and bytes that are kept.

use std::{collections::BTreeMap, io, time::Duration};

use super::{Error, usage};
use crate::{
    account, check_demo,
    stack::{Service, Stack},
};

pub(super) const POSTGRESQL: &str = "PostgreSQL";

/// Processor time so far of the broker, of PostgreSQL with its sessions, and of every service.
pub(super) fn used(stack: &Stack) -> Result<BTreeMap<String, Duration>, Error> {
    let services =
        Service::ALL.into_iter().filter_map(|service| Some((service.program().to_owned(), stack.process_id(service)?)));
    let brokers = stack.broker_ids().into_iter().map(|id| ("broker".to_owned(), id));
    let mut used = BTreeMap::new();
    for (name, id) in services.chain(brokers) {
        *used.entry(name).or_default() += process(usage::processor_time(&id.to_string()))?;
    }
    if let Some(id) = stack.postgres_id() {
        used.insert(POSTGRESQL.to_owned(), process(usage::family_time(id))?);
    }
    Ok(used)
}

/// Bytes on disk for each event: of the events, of their indexes, of everything that is computed of them, and of Kafka's topics
/// where they are this run's own.
pub(super) fn kept(stack: &Stack, events: u64) -> Result<BTreeMap<String, f64>, Error> {
    let sql = "select case when c.relname ~ '^events_r' then 'events, rows' else 'computed' end, \
                      sum(pg_table_size(c.oid))::float8, sum(pg_indexes_size(c.oid))::float8 \
                 from pg_class c join pg_namespace n on n.oid = c.relnamespace \
                where c.relkind = 'r' and n.nspname in ('public', 'delivery') group by 1";
    let mut kept = BTreeMap::new();
    for row in account::query(stack, sql).map_err(check_demo::Error::from)? {
        let (part, rows, indexes): (String, f64, f64) = (row.get(0), row.get(1), row.get(2));
        let is_computed = part == "computed";
        kept.insert(part, if is_computed { rows + indexes } else { rows });
        if !is_computed {
            kept.insert("events, indexes".to_owned(), indexes);
        }
    }
    if let Some(folder) = stack.kafka_folder() {
        for (part, mark) in [("Kafka, source", ".source."), ("Kafka, common", ".common.")] {
            let bytes = usage::folder_bytes(folder, &|name| name.contains(mark) && name.ends_with(".log"))
                .map_err(|source| Error::Io { what: "the topics' files", source })?;
            kept.insert(part.to_owned(), bytes as f64);
        }
    }
    Ok(kept.into_iter().map(|(part, bytes)| (part, bytes / events as f64)).collect())
}

/// Processor time in microseconds for each of so many events, by part.
pub(super) fn each(
    before: &BTreeMap<String, Duration>,
    after: &BTreeMap<String, Duration>,
    events: u64,
) -> BTreeMap<String, f64> {
    let spent = |(part, after): (&String, &Duration)| {
        let used = after.saturating_sub(before.get(part).copied().unwrap_or_default());
        (part.clone(), used.as_secs_f64() * 1e6 / events as f64)
    };
    after.iter().map(spent).collect()
}

/// Figures by part, for people.
pub(super) fn line(parts: &BTreeMap<String, f64>, digits: usize) -> String {
    let parts: Vec<String> = parts.iter().map(|(part, value)| format!("{part} {value:.digits$}")).collect();
    parts.join("; ")
}

pub(super) fn process<T>(result: io::Result<T>) -> Result<T, Error> {
    result.map_err(|source| Error::Io { what: "/proc", source })
}
