//! What everybody on a machine sees of its processes, and what the central services hold in memory.

use std::{fs, os::unix::fs::FileExt};

use crate::{
    search::Sheet,
    stack::{Service, Stack},
};

/// The services behind the processor, which need no identity even while they work.
const CENTRAL: [Service; 3] = [Service::Registry, Service::SinkStore, Service::Dashboard];

pub(super) fn search(stack: &Stack, sheet: &mut Sheet<'_>) {
    let services: Vec<u32> = stack.members().into_iter().filter_map(|member| stack.process_id(member)).collect();
    assert_eq!(services.len(), stack.members().len(), "every service runs");
    let servers = stack.server_ids();
    assert!(servers.len() > 1, "brokers and a database server of the run's own");
    let started_by_servers = children(&servers);
    for id in services.into_iter().chain(servers) {
        sheet.scan("command line", &fs::read(format!("/proc/{id}/cmdline")).expect("a command line"));
        sheet.scan("environment", &fs::read(format!("/proc/{id}/environ")).expect("an environment"));
    }
    for id in started_by_servers {
        // PostgreSQL ends processes of its own beside us.
        sheet.scan("command line", &fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default());
        sheet.scan("environment", &fs::read(format!("/proc/{id}/environ")).unwrap_or_default());
    }
    for member in stack.members().into_iter().filter(|member| CENTRAL.contains(&member.service)) {
        memory(stack.process_id(member).expect("it runs"), sheet);
    }
}

/// The processes that these have started.
fn children(parents: &[u32]) -> Vec<u32> {
    let ids = fs::read_dir("/proc").expect("/proc").flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
    ids.filter(|id| {
        let status = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // Its name may hold anything; behind it stand a state and the parent.
        let behind = status.rsplit_once(')').map_or("", |(_, behind)| behind);
        behind.split_whitespace().nth(1).and_then(|parent| parent.parse().ok()).is_some_and(|id| parents.contains(&id))
    })
    .collect()
}

/// All memory of a process that it may write and that is no file's: heap, stacks, buffers.
fn memory(id: u32, sheet: &mut Sheet<'_>) {
    let maps = fs::read_to_string(format!("/proc/{id}/maps")).expect("what a process has mapped");
    let file = fs::File::open(format!("/proc/{id}/mem"))
        .expect("the memory of a process of our own (as root, or with kernel.yama.ptrace_scope at most 1)");
    let mut bytes = Vec::new();
    let mut read = 0;
    for line in maps.lines() {
        // from-until rwxp offset device inode path
        let mut fields = line.split_whitespace();
        let (range, rights) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        let is_anonymous = fields.nth(2) == Some("0");
        let bound = |text: &str| u64::from_str_radix(text, 16).ok();
        let Some((from, until)) = range.split_once('-').and_then(|(from, until)| Some((bound(from)?, bound(until)?)))
        else {
            continue;
        };
        if !rights.starts_with("rw") || !is_anonymous {
            continue;
        }
        bytes.resize(usize::try_from(until - from).expect("it fits in an address space"), 0);
        // It goes on while we read: what it has given back meanwhile cannot be read.
        if file.read_exact_at(&mut bytes, from).is_ok() {
            read += bytes.len();
            sheet.scan("memory", &bytes);
        }
    }
    assert!(read > 0, "the memory of process {id} could not be read");
}
