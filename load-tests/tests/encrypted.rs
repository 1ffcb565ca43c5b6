//! The whole chain over TLS: Kafka with a user's password, the registry by https, the store with its certificate verified.

use load_tests::{
    account,
    check_demo::{self, Run},
    simulated,
    stack::{Keys, Options},
};

const SEED: u64 = 11;
const MESSAGES: usize = 400;

#[test]
fn nothing_is_lost_when_every_neighbour_is_spoken_to_over_tls() {
    let (messages, options, _) = simulated::few_regions(SEED, MESSAGES, Keys::random().expect("random bytes"));
    let options = Options { encrypted: true, ..options };
    let run = Run { options, messages, connections: 4, rate: None, faults: Vec::new(), poison: None };
    let mut sessions = Vec::new();
    let outcome = check_demo::run(run, &mut |text| println!("{text}"), &mut |stack, _| {
        let sql = "select a.application_name, bool_and(s.ssl) from pg_stat_activity a join pg_stat_ssl s using (pid) \
                   where a.application_name like 'vardstrom-%' group by 1 order by 1";
        let rows = account::query(stack, sql).expect("the store answers");
        sessions.extend(rows.iter().map(|row| (row.get::<_, String>(0), row.get::<_, bool>(1))));
    })
    .expect("the run finishes");
    assert!(outcome.faults.is_empty(), "does not add up: {:#?}", outcome.faults);
    assert_eq!((outcome.report.sent, outcome.report.lost), (MESSAGES as u64, 0));
    assert_eq!(outcome.ended, [], "nothing ends by itself");
    assert!(sessions.iter().any(|(name, _)| name == "vardstrom-sink-store"), "{sessions:?}");
    assert!(sessions.iter().all(|(_, is_encrypted)| *is_encrypted), "{sessions:?}");
}
