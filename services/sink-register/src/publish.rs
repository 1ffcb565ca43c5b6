//! Which figures of a parcel are published: those without a row per person, as the parcel has them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::Error;
use parcel::{FileEntry, Manifest};

/// A longer file stays in the parcel: pages show figures, not rows.
const FILE_MAX: u64 = 4 << 20;

/// The texts of a parcel's files that pages and queries may read, by name.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn files(folder: &Path, manifest: &Manifest) -> Result<BTreeMap<String, String>, Error> {
    let text = |file: &FileEntry| {
        let path = folder.join(&file.name);
        let text = fs::read_to_string(&path);
        text.map(|text| (file.name.clone(), text)).map_err(|source| Error::File { attempt: "read", path, source })
    };
    manifest.files.iter().filter(|file| is_published(file)).map(text).collect()
}

fn is_published(file: &FileEntry) -> bool {
    !file.personal && !file.encrypted && file.name.ends_with(".csv") && file.bytes <= FILE_MAX
}

#[cfg(test)]
mod tests {
    use super::{FILE_MAX, is_published};
    use parcel::FileEntry;

    #[test]
    fn only_figures_are_published() {
        let file = |name: &str, bytes, personal| FileEntry {
            name: name.to_owned(),
            rows: 1,
            sha256: String::new(),
            bytes,
            personal,
            encrypted: personal,
        };
        assert!(is_published(&file("kpi_total.csv", FILE_MAX, false)));
        assert!(!is_published(&file("kpi_total.csv", FILE_MAX + 1, false)));
        assert!(!is_published(&file("contacts.csv", 10, true)));
        assert!(!is_published(&file("measure_reports.json", 10, false)));
    }
}
