//! What stands in a log's folders: its regions, their segments, and reading them whole.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::error::Error;
use crate::field::Region;
use crate::segment;

/// Larger than any segment that a writer makes: a limit of 1 GiB and the last batch.
const SEGMENT_READ_MAX: u64 = 2 << 30;

/// The first entries of a region's segments, ascending.
pub(crate) fn firsts(folder: &Path) -> Result<Vec<u64>, Error> {
    let failed = || Error::file("look into", folder);
    let mut firsts = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed())? {
        let name = entry.map_err(failed())?.file_name();
        firsts.extend(name.to_str().and_then(segment::first));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// The regions that have a log in a folder, ascending.
pub(crate) fn regions(folder: &Path) -> Result<Vec<Region>, Error> {
    let failed = || Error::file("look into", folder);
    let mut regions = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let region = entry.file_name().to_str().and_then(|name| Region::new(name).ok());
        regions.extend(region.filter(|_| entry.path().is_dir()));
    }
    regions.sort_unstable();
    Ok(regions)
}

/// A file's bytes, where it is no larger than a segment can be.
pub(crate) fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let length = fs::metadata(path)?.len();
    if length > SEGMENT_READ_MAX {
        return Err(io::Error::other(format!("it has {length} bytes, which no segment has")));
    }
    fs::read(path)
}

/// Makes what was made in a folder durable.
pub(crate) fn sync(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::file("make durable", folder))
}
