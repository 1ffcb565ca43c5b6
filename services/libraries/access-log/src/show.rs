//! Entries to be read: by people and by programs.

use std::path::Path;

use jiff::Timestamp;

use crate::entry::Line;
use crate::error::Error;
use crate::field::Region;
use crate::files::{firsts, read_bounded, regions};
use crate::segment::{self, Segment};
use crate::verify::{Keys, verify};

/// Which entries are meant; what is not said is not asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this region.
    pub region: Option<Region>,
    /// About this person, by pseudonym.
    pub person: Option<String>,
    /// By this user.
    pub user: Option<String>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
}

impl Filter {
    fn takes(&self, line: &Line) -> bool {
        let is =
            |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|wanted| found == Some(wanted));
        is(&self.person, line.person.as_deref())
            && is(&self.user, Some(&line.user))
            && self.from.is_none_or(|from| line.time >= from)
            && self.to.is_none_or(|to| line.time < to)
    }
}

/// Gives each entry that is meant to `take`, region by region in the order of writing; a line that is none is left out and counted.
///
/// # Errors
/// When a file cannot be read, or `take` fails.
pub fn show<E: From<Error>>(
    folder: &Path,
    filter: &Filter,
    mut take: impl FnMut(&Line) -> Result<(), E>,
) -> Result<u64, E> {
    let mut unreadable = 0;
    for region in regions(folder)?.into_iter().filter(|region| filter.region.is_none_or(|wanted| wanted == *region)) {
        let place = folder.join(region.to_string());
        for first in firsts(&place)? {
            let path = place.join(segment::name(first));
            let bytes = read_bounded(&path).map_err(Error::file("read", &path))?;
            for raw in Segment::read(&bytes).raws {
                match &raw.line {
                    Some(line) if filter.takes(line) => take(line)?,
                    Some(_) => {}
                    None => unreadable += 1,
                }
            }
        }
    }
    Ok(unreadable)
}

/// Every entry of a writer's folder, region by region in the order of writing, once the log of each region has verified; all in
/// memory, for whoever compares them with what was answered. A writer that has entered nothing yet has none.
///
/// # Errors
/// When a file cannot be read, and when a log is not what was written.
pub fn entries(folder: &Path, keys: &Keys) -> Result<Vec<Line>, Error> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    for region in regions(folder)? {
        let place = folder.join(region.to_string());
        if let Some(wrong) = verify(place.as_path(), region, keys, &[])?.wrong {
            return Err(Error::Wrong { place, what: wrong.to_string() });
        }
    }
    let mut lines = Vec::new();
    let unreadable = show(folder, &Filter::default(), |line| -> Result<(), Error> {
        lines.push(line.clone());
        Ok(())
    })?;
    match unreadable {
        0 => Ok(lines),
        _ => Err(Error::Wrong { place: folder.to_owned(), what: format!("{unreadable} lines are no entries") }),
    }
}
