//! Entries to be read: by people and by programs.

use std::path::Path;

use jiff::Timestamp;

use crate::entry::Line;
use crate::error::Error;
use crate::field::Region;
use crate::files::{firsts, read_bounded, regions};
use crate::segment::{self, Segment};

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
