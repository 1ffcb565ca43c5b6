//! What a process has used, as Linux tells it.

use std::{fs, io, path::Path, time::Duration};

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

#[cfg(test)]
mod tests {
    use super::{memory, memory_peak_kib, processor_time};

    #[test]
    fn this_process_has_used_something() {
        assert!(processor_time("self").unwrap().as_nanos() > 0);
        let held = memory("self").unwrap();
        assert!(held.own_kib > 100 && held.resident_kib > held.own_kib);
        assert!(memory_peak_kib("self").unwrap() >= held.resident_kib);
        assert!(processor_time("0").is_err());
    }
}
