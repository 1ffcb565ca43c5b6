//! What an extract of a large region takes: from statements in PostgreSQL to a signed parcel, by the program itself.

use std::{path::Path, process::Command, time::Instant};

use local_stack::Postgres;
use schemas::{Kind, Subject, registry};
use serde::Serialize;
use sink_store::{Record, Store};
use topics::Region;

use super::{Error, mapping};
use crate::stack;

/// Rows of one transaction, as the store takes them under load.
const BATCH: usize = 5_000;
const PERIOD: &str = "2026-02";

/// Seconds of an extract.
#[derive(Debug, Serialize)]
pub struct Extract {
    pub(crate) contacts: usize,
    pub(crate) store_seconds: f64,
    /// The first run: reads, computes, encrypts, writes, enters the ledger.
    pub first_seconds: f64,
    /// A second run, which finds that nothing has changed.
    pub second_seconds: f64,
}

/// Fills a new database and runs the extract twice.
///
/// # Errors
/// When PostgreSQL or the program refuses something.
pub fn measure(contacts: usize, progress: &mut dyn FnMut(&str)) -> Result<Extract, Error> {
    let region = Region::all().find(|region| region.code() == "14").ok_or(Error::Mapping("region 14".to_owned()))?;
    progress("starting PostgreSQL");
    let postgres = Postgres::start()?;
    let url = postgres.fresh_database()?;
    run("sink-store", &["migrate", "--database-url", &url], &[])?;
    progress(&format!("storing {contacts} waits"));
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::Io { what: "a runtime", source })?;
    runtime.block_on(fill(&url, region, contacts))?;
    let store_seconds = started.elapsed().as_secs_f64();

    let io = |what| move |source| Error::Io { what, source };
    let folder = tempfile::tempdir().map_err(io("a folder"))?;
    let config = config(folder.path()).map_err(io("the extract's configuration"))?;
    let environment = [
        ("BENCH_DATABASE", url.as_str()),
        ("BENCH_SEED", &"07".repeat(32)),
        ("BENCH_PSEUDONYM_KEY", &"0f1e2d3c".repeat(8)),
    ];
    let out = folder.path().join("parcels").display().to_string();
    let arguments =
        ["run", "--config", &config, "--region", "14", "--period", PERIOD, "--extract", "waiting-times", "--out", &out];
    let mut timed = |what: &str| {
        progress(what);
        let started = Instant::now();
        run("sink-register", &arguments, &environment).map(|()| started.elapsed().as_secs_f64())
    };
    let first_seconds = timed("making the extract")?;
    let second_seconds = timed("making it again")?;
    Ok(Extract { contacts, store_seconds, first_seconds, second_seconds })
}

/// What the processor makes of so many rows, through the store.
async fn fill(url: &str, region: Region, contacts: usize) -> Result<(), Error> {
    let failed = |error| Error::Store(Box::new(error));
    let mut store = Store::open(url, &[region.code().to_owned()]).await.map_err(failed)?;
    let schema = registry::development_id_current(Kind::Wait);
    store.add_schema(region.code(), schema, Kind::Wait.avsc()).await.map_err(failed)?;
    let source = store.sources().iter().position(|source| source.subject == Subject::Wait).unwrap_or_default();
    let mut mapped = mapping::Events::new(region)?;
    let mut next = 0;
    while next < contacts {
        let count = BATCH.min(contacts - next);
        let mut values = Vec::with_capacity(count);
        for number in next..next + count {
            let offset = i64::try_from(number).unwrap_or(i64::MAX);
            let origin = format!("{}/0/{number}/0", mapping::ORIGIN_TOPIC).into_bytes();
            values.push((mapped.event(number, offset)?, origin, offset));
        }
        let records: Vec<Record<'_>> = values
            .iter()
            .map(|(value, origin, offset)| Record {
                source,
                partition: 0,
                offset: *offset,
                origin: Some(origin),
                value,
            })
            .collect();
        store.write(region.code(), &records).await.map_err(failed)?;
        next += count;
    }
    Ok(())
}

fn config(folder: &Path) -> std::io::Result<String> {
    let identity = age::x25519::Identity::generate();
    let text = format!(
        "[database]\nurl = {{ env = \"BENCH_DATABASE\" }}\n[log]\nlevel = \"warn\"\n[signing]\n\
         seed = {{ env = \"BENCH_SEED\" }}\n\
         [pseudonyms]\nkeys = [{{ id = \"bench\", key = {{ env = \"BENCH_PSEUDONYM_KEY\" }} }}]\n[[recipient]]\nname = \"skr\"\nage_key = \"{}\"\n",
        identity.to_public()
    );
    let path = folder.join("sink-register.toml");
    std::fs::write(&path, text)?;
    Ok(path.display().to_string())
}

fn run(program: &'static str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), Error> {
    let io = |source| Error::Io { what: program, source };
    let output = Command::new(stack::program(program).map_err(io)?)
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .map_err(io)?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Round { variant: program, output: String::from_utf8_lossy(&output.stderr).into_owned() })
}
