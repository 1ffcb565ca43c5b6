//! When what goes wrong: decided by a seed, so that a run can be made again.

use std::time::Duration;

use topics::Region;

use crate::{
    fault::Fault,
    simulator::random::Random,
    stack::{Member, Servers, Service},
};

/// How often each kind of fault comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// `kill -9` of a service other than the registry; where one region is the aim, of its own.
    pub kills: usize,
    /// All brokers pause.
    pub pauses: usize,
    /// An immediate stop of PostgreSQL.
    pub database_stops: usize,
    /// The registry is away.
    pub registry_kills: usize,
    /// One broker is killed.
    pub one_broker: usize,
    /// Two brokers at once are killed: nobody can write.
    pub two_brokers: usize,
    /// All brokers are restarted in turn.
    pub rolls: usize,
    /// Kafka's disk is full.
    pub full_disks: usize,
}

/// The services that are killed in turn: all, and those of which a region may have its own.
const KILLED: [Service; 4] = [Service::Connector, Service::Processor, Service::SinkStore, Service::Dashboard];
const KILLED_OF_REGION: [Service; 3] = [Service::Connector, Service::Processor, Service::SinkStore];

/// The longest of the short times, and the times of what takes its time.
const SHORT_MAX_MS: u64 = 500;
const AWAY_MS: (i64, i64) = (1_000, 4_000);

/// Faults in a random order, spread over the messages; a fault of brokers that the run has not is left out. With an `aim` only
/// this region's own services are killed.
#[must_use]
pub fn of(extent: Extent, servers: &Servers, aim: Option<Region>, seed: u64) -> Vec<(f64, Fault)> {
    let mut random = Random::new(seed);
    let brokers = servers.brokers;
    let killed: &[Service] = if aim.is_some() { &KILLED_OF_REGION } else { &KILLED };
    let mut faults = Vec::new();
    let mut add = |count: usize, random: &mut Random, fault: &dyn Fn(usize, &mut Random) -> Fault| {
        faults.extend((0..count).map(|number| fault(number, random)));
    };
    add(extent.kills, &mut random, &|number, random| {
        let member = Member { service: killed[number % killed.len()], region: aim };
        Fault::Kill(member, Duration::from_millis(random.below(SHORT_MAX_MS)))
    });
    add(extent.pauses, &mut random, &|_, random| Fault::Pause(away(random)));
    add(extent.database_stops, &mut random, &|_, random| Fault::Database(away(random)));
    add(extent.registry_kills, &mut random, &|_, random| Fault::Kill(Service::Registry.into(), away(random)));
    add(extent.one_broker, &mut random, &|number, random| Fault::Brokers(vec![number % brokers], away(random)));
    if brokers > 2 {
        add(extent.two_brokers, &mut random, &|number, random| {
            Fault::Brokers(vec![number % brokers, (number + 1) % brokers], away(random))
        });
    }
    add(extent.rolls, &mut random, &|_, random| Fault::Roll(Duration::from_millis(random.below(SHORT_MAX_MS))));
    add(extent.full_disks, &mut random, &|_, random| Fault::DiskFull(away(random)));
    for last in (1..faults.len()).rev() {
        faults.swap(last, random.below(last as u64 + 1) as usize);
    }
    let count = faults.len() as f64;
    // The first and the last of the messages are left in peace, so that every fault meets some on both sides.
    (0_u32..).zip(faults).map(|(number, fault)| (0.05 + 0.9 * f64::from(number) / count, fault)).collect()
}

fn away(random: &mut Random) -> Duration {
    Duration::from_millis(random.between(AWAY_MS.0, AWAY_MS.1).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_seed_decides_everything_and_nothing_is_left_out() {
        let servers = Servers { brokers: 3, kafka_folder: PathBuf::new() };
        let extent = Extent { kills: 40, pauses: 2, two_brokers: 3, rolls: 1, ..Extent::default() };
        let faults = of(extent, &servers, None, 7);
        assert_eq!(faults, of(extent, &servers, None, 7));
        assert_ne!(faults, of(extent, &servers, None, 8));
        let count = |wanted: fn(&Fault) -> bool| faults.iter().filter(|(_, fault)| wanted(fault)).count();
        assert_eq!(count(|fault| matches!(fault, Fault::Kill(member, _) if member.service == Service::Processor)), 10);
        assert_eq!(count(|fault| matches!(fault, Fault::Brokers(which, _) if which.len() == 2)), 3);
        assert_eq!((count(|fault| matches!(fault, Fault::Pause(_))), faults.len()), (2, 46));
        assert!(faults.is_sorted_by(|(one, _), (other, _)| one < other));
        assert!(faults.iter().all(|(share, _)| (0.05..0.95).contains(share)));

        let aim = topics::Region::all().next();
        let aimed = of(extent, &servers, aim, 7);
        let kills =
            aimed.iter().filter_map(|(_, fault)| if let Fault::Kill(member, _) = fault { Some(member) } else { None });
        assert!(kills.into_iter().all(|member| member.region == aim && member.service != Service::Dashboard));
        assert_eq!(aimed.iter().filter(|(_, fault)| !fault.is_shared()).count(), 40);
    }
}
