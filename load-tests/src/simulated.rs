//! Stacks and messages for runs without a file: what the simulator invents, in the shape that a run takes.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use topics::Region;

use crate::{
    message::Message,
    simulator::{self, Plan, Sent, Simulator},
    stack::{Board, Keys, Options},
};

/// Event time between two live messages of the whole country.
pub const STEP_MICROS: i64 = 1_000_000;

/// 2026-01-05T06:00:00Z: runs that are compared must not depend on the clock.
const START_MICROS: i64 = 1_767_592_800_000_000;

/// Partitions of each topic as the catalogue has them; tests take more, so that there is something to keep apart.
#[must_use]
pub fn partitions() -> u32 {
    u32::try_from(topics::Catalogue::load().partitions).unwrap_or(1)
}

/// A stack for one region without unit directory or capacity, as an integration engineer's first day.
#[must_use]
pub fn one_region(region: Region, keys: Keys) -> Options {
    Options {
        regions: vec![region],
        partitions: 2,
        dashboard_port: None,
        mappings: BTreeMap::new(),
        capacities: BTreeMap::new(),
        hospitals: None,
        tables: BTreeMap::new(),
        databases: BTreeMap::new(),
        sources: BTreeMap::new(),
        servers: None,
        encrypted: false,
        sealed: true,
        apart: false,
        login: false,
        everywhere: false,
        board: Board::default(),
        walled: false,
        keys,
        processor: None,
        planted: None,
    }
}

/// All regions around now, with `count` messages of which half fill the beds.
#[must_use]
pub fn country(seed: u64, count: usize, partitions: u32, keys: Keys) -> (Vec<Message>, Options, Simulator) {
    let (messages, options, simulator) = live(seed, count, Region::all().collect(), keys);
    (messages, Options { partitions, ..options }, simulator)
}

/// These regions around now, likewise.
#[must_use]
pub fn live(seed: u64, count: usize, regions: Vec<Region>, keys: Keys) -> (Vec<Message>, Options, Simulator) {
    // The half of the messages that is live ends now, not in the future.
    let start_micros = now_micros() - i64::try_from(count / 2).unwrap_or(0) * STEP_MICROS;
    made(&Plan { seed, start_micros, regions }, count, keys)
}

fn made(plan: &Plan, count: usize, keys: Keys) -> (Vec<Message>, Options, Simulator) {
    let (sent, simulator) = simulator::run(plan, count, STEP_MICROS);
    let options = options(&plan.regions, &simulator, keys);
    (sent.into_iter().map(Message::from).collect(), options, simulator)
}

/// Three regions at a fixed time: the same seed gives the same bytes on every day.
#[must_use]
pub fn few_regions(seed: u64, count: usize, keys: Keys) -> (Vec<Message>, Options, Simulator) {
    let regions = Region::all().filter(|region| ["09", "10", "14"].contains(&region.code())).collect();
    made(&fixed_plan(seed, regions), count, keys)
}

/// A plan at a fixed time.
#[must_use]
pub fn fixed_plan(seed: u64, regions: Vec<Region>) -> Plan {
    Plan { seed, start_micros: START_MICROS, regions }
}

/// A stack for these regions with the simulator's unit directories and first capacity files.
#[must_use]
pub fn options(regions: &[Region], simulator: &Simulator, keys: Keys) -> Options {
    Options {
        regions: regions.to_vec(),
        partitions: 2,
        dashboard_port: None,
        mappings: regions.iter().map(|region| (*region, simulator.mapping_file(*region))).collect(),
        capacities: regions.iter().map(|region| (*region, simulator.capacity_file(*region))).collect(),
        hospitals: Some(simulator.hospitals_file()),
        tables: BTreeMap::new(),
        databases: BTreeMap::new(),
        sources: BTreeMap::new(),
        servers: None,
        encrypted: false,
        sealed: true,
        apart: false,
        login: false,
        everywhere: false,
        board: Board::default(),
        walled: false,
        keys,
        processor: None,
        planted: None,
    }
}

/// UTC microseconds of this moment.
#[must_use]
pub fn now_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

impl From<Sent> for Message {
    fn from(sent: Sent) -> Self {
        Self { region: sent.region, content: sent.content }
    }
}
