//! PostgreSQL: every region's reader, writer and register against every other region's rows.
//!
//! Who refuses is the server, and its own log has each refusal under the mark of the probe. Row-level security refuses nothing:
//! it hides, and what it hides is in no log.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use local_stack::Postgres;
use sink_store::probe::{Filled, Logins, Tally, planted};
use topics::Region;

use super::{Error, Surface};

/// What stands before each line of the server's log: the mark of a probe, and the code of an error.
const PREFIX: &str = "log_line_prefix=%a|%e|";

pub(super) fn run(regions: &[Region], say: &mut dyn FnMut(&str)) -> Result<Surface, Error> {
    say("starting PostgreSQL");
    let postgres = Postgres::start_own(&[PREFIX])?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(tried(&postgres, regions, say))
}

async fn tried(postgres: &Postgres, regions: &[Region], say: &mut dyn FnMut(&str)) -> Result<Surface, Error> {
    let mut surface = Surface::new("tables");
    let url = postgres.fresh_database()?;
    let codes: Vec<&str> = regions.iter().map(|region| region.code()).collect();
    let owned: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
    let session = sink_store::Session::open(&url).await?;
    sink_store::migrate(&session, &owned).await?;
    let filled = Filled::new(&url, &codes).await?;
    let mut logins = Vec::new();
    for code in &codes {
        logins.push(Logins::new(&url, code).await?);
    }
    say(&format!("{} tables with a row of each region; {} logins", filled.tables(), 3 * logins.len()));
    let mut all = Tally::default();
    for of in &logins {
        all.add(filled.tried(of).await?);
        say(&format!("region {}: {} probes so far, {} foreign rows", of.region(), all.probes, all.foreign));
    }
    for table in filled.changed(&url).await? {
        surface.fault(format!("table {table} is not what it was: something that was tried has stayed"));
    }
    let errors = errors(postgres.log()?)?;
    let is_logged = |denied: &(String, String)| errors.get(denied) == Some(&1);
    surface.count.logged = all.denied.iter().filter(|denied| is_logged(denied)).count() as u64;
    for (mark, code) in all.denied.iter().filter(|denied| !is_logged(denied)) {
        let lines = errors.get(&(mark.clone(), code.clone())).unwrap_or(&0);
        surface.fault(format!("probe {mark} was refused with {code}, and PostgreSQL's log has {lines} lines of it"));
    }
    surface.count.probes = all.probes;
    surface.count.allowed = all.allowed;
    surface.count.hidden = all.hidden;
    surface.count.denied = all.denied.len() as u64;
    surface.count.foreign = all.foreign;
    all.examples.into_iter().for_each(|hole| surface.fault(hole));

    if let ([own, other, ..], [of, ..]) = (codes.as_slice(), logins.as_slice()) {
        for wrong in planted(own, other) {
            wrong.build(&url).await?;
            let found = filled.tried(of).await?;
            let holes = found.examples.iter().filter(|hole| hole.contains(&wrong.hole)).count();
            // A hole that is found as an answer that differs, not as a row, counts as much.
            surface.plant(wrong.sql, holes as u64);
        }
        let (caught, all) = (surface.planted.iter().filter(|planted| planted.caught).count(), surface.planted.len());
        say(&format!("{caught} of {all} walls built wrong were noticed"));
    }
    Ok(surface)
}

/// How many errors the server's log has of each mark and code.
fn errors(log: &Path) -> io::Result<BTreeMap<(String, String), u64>> {
    let mut found = BTreeMap::new();
    for line in BufReader::new(File::open(log)?).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        let mut parts = line.splitn(3, '|');
        if let (Some(mark), Some(code), Some(text)) = (parts.next(), parts.next(), parts.next())
            && text.starts_with("ERROR:")
        {
            *found.entry((mark.to_owned(), code.to_owned())).or_default() += 1;
        }
    }
    Ok(found)
}
