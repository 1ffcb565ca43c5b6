//! What a process has used, as Linux tells it.

use std::{fs, io, path::Path, time::Duration};

/// Linux counts a process's time in hundredths of a second for its parent.
const TICK_MILLISECONDS: u64 = 10;

/// Processor time of all threads of a process that still run, from the scheduler's own count in nanoseconds.
///
/// # Errors
/// When the process is gone.
pub fn processor_time(process: &str) -> io::Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(Path::new("/proc").join(process).join("task"))? {
        // A thread may end between the listing and the reading.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        nanoseconds += text.split(' ').next().and_then(|count| count.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Processor time of a server with its processes, those that have ended too.
///
/// # Errors
/// When the server is gone.
pub fn family_time(process: u32) -> io::Result<Duration> {
    let folder = Path::new("/proc").join(process.to_string());
    let mut time = processor_time(&process.to_string())?;
    for task in fs::read_dir(folder.join("task"))? {
        let Ok(children) = fs::read_to_string(task?.path().join("children")) else { continue };
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            // A session may end meanwhile.
            time += family_time(child).unwrap_or_default();
        }
    }
    let stat = fs::read_to_string(folder.join("stat"))?;
    // Behind the name, which may hold anything: the fields from the third on; the 16th and 17th are of children that have ended.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u64 = fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(time + Duration::from_millis(ticks * TICK_MILLISECONDS))
}

/// The most memory a process has held so far, in KiB.
///
/// # Errors
/// When the process is gone.
pub fn memory_peak_kib(process: &str) -> io::Result<u64> {
    of_status(process, "VmHWM:")
}

/// What a process holds now.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// In memory at all, with the pages of its program and of libraries.
    pub resident_kib: u64,
    /// Of that, what no file holds.
    pub own_kib: u64,
}

/// What a process holds now.
///
/// # Errors
/// When the process is gone.
pub fn memory(process: &str) -> io::Result<Memory> {
    Ok(Memory { resident_kib: of_status(process, "VmRSS:")?, own_kib: of_status(process, "RssAnon:")? })
}

fn of_status(process: &str, name: &str) -> io::Result<u64> {
    let status = fs::read_to_string(Path::new("/proc").join(process).join("status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let count = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
    count.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("no {name} in /proc")))
}

/// Bytes of the files under a folder whose path is `wanted`.
///
/// # Errors
/// When a folder cannot be read.
pub fn folder_bytes(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            bytes += folder_bytes(&path, wanted)?;
        } else if wanted(&path.to_string_lossy()) {
            // A segment may be deleted meanwhile.
            bytes += fs::metadata(&path).map_or(0, |file| file.len());
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, process::Command, time::Duration};

    use super::{family_time, folder_bytes, memory, memory_peak_kib, processor_time};

    #[test]
    fn this_process_has_used_something() {
        assert!(processor_time("self").unwrap().as_nanos() > 0);
        let held = memory("self").unwrap();
        assert!(held.own_kib > 100 && held.resident_kib > held.own_kib);
        assert!(memory_peak_kib("self").unwrap() >= held.resident_kib);
        assert!(processor_time("0").is_err());
    }

    #[test]
    fn a_child_that_has_ended_counts_to_its_family() {
        let before = family_time(std::process::id()).unwrap();
        let busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        assert!(Command::new("sh").args(["-c", busy]).status().unwrap().success());
        let used = family_time(std::process::id()).unwrap() - before;
        assert!(used > Duration::from_millis(50), "{used:?}");
    }

    #[test]
    fn bytes_are_of_the_files_that_are_wanted() {
        let folder = tempfile::TempDir::new().unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        for (name, bytes) in [("a.log", 3), ("a.index", 5), ("deep/b.log", 7)] {
            fs::write(folder.path().join(name), vec![0; bytes]).unwrap();
        }
        assert_eq!(folder_bytes(folder.path(), &|name| name.ends_with(".log")).unwrap(), 10);
        assert!(folder_bytes(Path::new("/nowhere"), &|_| true).is_err());
    }
}
