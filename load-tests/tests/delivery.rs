//! Nothing lost, nothing doubled: whatever is killed, repeated or shuffled, the store ends up the same.

use std::{collections::HashSet, time::Duration};

use load_tests::{
    account,
    check_demo::{self, Outcome, Run},
    fault::Fault,
    message::Message,
    simulated,
    stack::{Keys, Options, Service, Stack},
};

const SEED: u64 = 7;
const MESSAGES: usize = 1_500;

fn check(
    messages: Vec<Message>,
    options: &Options,
    kills: &[(f64, Service)],
    inspect: &mut dyn FnMut(&Stack),
) -> Outcome {
    let faults = kills.iter().map(|(at, service)| (*at, Fault::Kill((*service).into(), Duration::ZERO))).collect();
    let run = Run { options: options.clone(), messages, connections: 6, rate: None, faults, poison: None };
    let outcome =
        check_demo::run(run, &mut |text| println!("{text}"), &mut |stack, _| inspect(stack)).expect("the run finishes");
    println!("{}", serde_json::to_string(&outcome.report).expect("a report is JSON"));
    assert!(outcome.faults.is_empty(), "does not add up: {:#?}", outcome.faults);
    assert_eq!(outcome.report.lost, 0);
    assert_eq!(outcome.ended, [], "nothing ends by itself");
    outcome
}

type Place = (String, String, Option<String>, Option<String>);

fn open_places(stack: &Stack) -> Vec<Place> {
    // Rubbish that can be read, with visit numbers of its own, is nobody in the country's eyes.
    let sql = "select region, unit, room, bed from episode_stay where ended_at is null and episode_id not like 'X%'";
    let rows = account::query(stack, sql);
    let mut places: Vec<Place> =
        rows.expect("the store answers").iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    places.sort();
    places
}

/// One stack after the other: two of them at once would starve each other on two cores.
#[test]
fn the_store_is_the_same_after_kills_and_after_everything_was_sent_twice() {
    let (messages, options, simulator) = simulated::few_regions(SEED, MESSAGES, Keys::random().expect("random bytes"));

    let mut open = Vec::new();
    let calm = check(messages.clone(), &options, &[], &mut |stack| {
        open = open_places(stack);
        crate::clients::plain_clients_read_each_event_once(stack);
        crate::clients::the_board_shows_what_the_store_holds(stack);
    });
    let fates = calm.report.mapped + calm.report.ignored + calm.report.refused + calm.report.parked;
    assert_eq!(fates, MESSAGES as u64, "without kills each message is one record");
    let distinct: HashSet<_> = messages.iter().map(Message::hash).collect();
    assert!(distinct.len() < messages.len(), "the simulated country sends some messages twice");
    let mut known: Vec<Place> = simulator
        .open_stays()
        .into_iter()
        .map(|stay| (stay.region.to_string(), stay.unit, stay.room, stay.bed))
        .collect();
    known.sort();
    assert_eq!(open, known, "which beds are taken, as the country knows it");

    let kills = [
        (0.15, Service::Connector),
        (0.30, Service::Processor),
        (0.45, Service::SinkStore),
        (0.55, Service::Dashboard),
        (0.65, Service::Processor),
        (0.75, Service::Connector),
        (0.85, Service::SinkStore),
    ];
    let killed = check(messages.clone(), &options, &kills, &mut |stack| {
        crate::clients::plain_clients_read_each_event_once(stack);
        crate::clients::the_board_shows_what_the_store_holds(stack);
    });
    assert_eq!(killed.fingerprint, calm.fingerprint, "the store after kills");

    let mut twice = messages.clone();
    twice.extend(messages.iter().rev().cloned());
    let twice = check(twice, &options, &[], &mut |_| {});
    assert_eq!(twice.report.events_stored, calm.report.events_stored);
    assert_eq!(twice.report.duplicates, calm.report.events_stored + 2 * calm.report.duplicates);
    assert_eq!(
        twice.fingerprint, calm.fingerprint,
        "the store after everything was sent twice, the second time backwards"
    );
}
