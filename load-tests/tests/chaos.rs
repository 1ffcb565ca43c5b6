//! Services, brokers, PostgreSQL and the registry are killed in turn; nothing is lost, doubled or leaked.

use load_tests::{
    chaos::{self, Plan},
    schedule::Extent,
    stack::Servers,
};

#[test]
fn nothing_is_lost_while_services_brokers_and_servers_are_killed() {
    let extent = Extent {
        kills: 8,
        pauses: 1,
        database_stops: 1,
        registry_kills: 1,
        one_broker: 1,
        two_brokers: 1,
        rolls: 1,
        full_disks: 0,
    };
    let servers = Servers { brokers: 3, kafka_folder: std::env::temp_dir() };
    let plan = Plan { seed: 10, messages: 1_500, rate: None, extent, poison_every: Some(100), apart: false, servers };
    let report = chaos::run(plan, &mut |text| println!("{text}")).expect("the run finishes");
    println!("{}", serde_json::to_string(&report).expect("a report is JSON"));
    assert!(report.holds(), "{report:#?}");
    assert!(report.poisoned >= 10, "{report:#?}");
    assert_eq!(report.struck.values().sum::<usize>(), 14);
    assert_eq!(report.bound_95, Some(3.0 / 1_500.0));
}

#[test]
fn a_region_whose_own_services_are_killed_loses_nothing_and_takes_nothing_from_its_neighbour() {
    let extent = Extent { kills: 6, ..Extent::default() };
    let servers = Servers { brokers: 1, kafka_folder: std::env::temp_dir() };
    let plan =
        Plan { seed: 11, messages: 600, rate: Some(60.0), extent, poison_every: Some(100), apart: true, servers };
    let report = chaos::run(plan, &mut |text| println!("{text}")).expect("the run finishes");
    println!("{}", serde_json::to_string(&report).expect("a report is JSON"));
    assert!(report.holds(), "{report:#?}");
    let killed: Vec<_> = report.struck.into_iter().collect();
    assert_eq!(killed, [("connector", 2), ("processor", 2), ("sink-store", 2)]);
    // Nothing that both need was away, and the board heard of every message.
    assert_eq!(report.undisturbed.0, report.undisturbed.1);
    assert!(report.p99_undisturbed_ms.values().all(Option::is_some));
}
