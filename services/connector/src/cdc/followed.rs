//! Which tables the rows of a slot come from, kept beside its state.
//!
//! A table that is dropped takes its rows along without a word in the log, and one of the same name that is made after it
//! has rows that no snapshot has read; it is perhaps not even published. By its number it is known to be another.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::catalogue::Table;

/// Quoted name and number of each table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Followed(BTreeMap<String, u32>);

const HEADING: &str = "vardstrom cdc tables 1";

impl Followed {
    /// As the database has them.
    pub(super) fn of(tables: &[Table]) -> Self {
        Self(tables.iter().map(|table| (table.quoted(), table.oid)).collect())
    }

    /// The first table that is another now.
    pub(super) fn anew(&self, now: &Self) -> Option<&str> {
        let is_another = |(name, number): &(&String, &u32)| now.0.get(*name).is_some_and(|now| now != *number);
        self.0.iter().find(is_another).map(|(name, _)| name.as_str())
    }

    /// What is kept; none of a slot that an earlier release made.
    pub(super) fn load(path: &Path) -> io::Result<Option<Self>> {
        match fs::read_to_string(path) {
            Ok(text) => {
                parse(&text).map(Some).ok_or_else(|| io::Error::other("not a list of tables; move the file away"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps them, also over a power failure.
    pub(super) fn store(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("tables-new");
        let mut file = fs::File::create(&new)?;
        writeln!(file, "{HEADING}")?;
        for (name, number) in &self.0 {
            writeln!(file, "{number} {name}")?;
        }
        file.sync_all()?;
        drop(file);
        fs::rename(&new, path)?;
        // The new name is durable only with its folder.
        path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
    }
}

fn parse(text: &str) -> Option<Followed> {
    let mut lines = text.lines();
    (lines.next()? == HEADING).then_some(())?;
    let table = |line: &str| {
        let (number, name) = line.split_once(' ')?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    lines.map(table).collect::<Option<_>>().map(Followed)
}

/// Where they are kept, beside the state of the slot.
pub(super) fn path(state: &Path) -> PathBuf {
    state.with_extension("tables")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(tables: &[(&str, u32)]) -> Followed {
        Followed(tables.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect())
    }

    #[test]
    fn a_table_that_was_made_anew_is_found_and_one_that_came_later_is_not() {
        let kept = followed(&[("\"s\".\"a\"", 1), ("\"s\".\"b\"", 2)]);
        assert_eq!(kept.anew(&kept), None);
        assert_eq!(kept.anew(&followed(&[("\"s\".\"a\"", 1), ("\"s\".\"c\"", 7)])), None);
        assert_eq!(kept.anew(&followed(&[("\"s\".\"a\"", 1), ("\"s\".\"b\"", 9)])), Some("\"s\".\"b\""));
    }

    #[test]
    fn the_tables_are_kept_and_what_is_no_list_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = path(&folder.path().join("14-care.cdc"));
        assert_eq!(Followed::load(&path).expect("none"), None);
        let kept = followed(&[("\"s\".\"a table\"", 1), ("\"s\".\"b\"", u32::MAX)]);
        kept.store(&path).expect("stored");
        assert_eq!(Followed::load(&path).expect("kept"), Some(kept));
        for text in ["half", "vardstrom cdc tables 1\nx y"] {
            fs::write(&path, text).expect("written");
            assert!(Followed::load(&path).is_err(), "{text}");
        }
    }
}
