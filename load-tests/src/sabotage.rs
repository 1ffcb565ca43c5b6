//! Faults that are planted in what a run left behind: accounts that do not find them prove nothing.

use std::{fs::OpenOptions, io::Write as _, time::Duration};

use rdkafka::{
    ClientConfig,
    producer::{BaseProducer, BaseRecord, Producer},
};
use schemas::Subject;

use crate::{
    account::{self, execute},
    canary::Canaries,
    check_demo::Error,
    message::Message,
    search,
    stack::{Service, Stack},
};

/// Loses one event, doubles one and leaks an identity, in a stack that has nothing else to hide; says what was not found.
///
/// # Errors
/// When a server does not answer.
pub(crate) fn find_planted(
    stack: &Stack,
    messages: &[Message],
    poisoned: u64,
    identity: &str,
) -> Result<Vec<&'static str>, Error> {
    let mut missed = Vec::new();
    let account = || account::account(stack, messages, poisoned);

    // All that one message became.
    let of_one = "(region, origin_topic, origin_partition, origin_offset) = (select region, origin_topic, origin_partition, \
                  origin_offset from events where origin_topic like '%.source.adt' order by event_id limit 1)";
    execute(stack, &format!("create table planted as select * from events where {of_one}"))?;
    execute(stack, "delete from events where event_id in (select event_id from planted)")?;
    if account()?.lost != 1 {
        missed.push("a loss");
    }
    execute(stack, "insert into events select * from planted")?;

    // The same event once more, under another id.
    execute(stack, "delete from planted where event_id <> (select event_id from planted order by event_id limit 1)")?;
    execute(
        stack,
        "update planted set event_id = md5(event_id::text)::uuid; insert into events select * from planted",
    )?;
    if account()?.faults.is_empty() {
        missed.push("a double");
    }
    execute(stack, "delete from events where event_id in (select event_id from planted); drop table planted")?;

    if !account()?.faults.is_empty() {
        missed.push("that everything was put back");
    }
    let canaries = Canaries::new([identity]);
    if !search::search(stack, &canaries).leaks().is_empty() {
        missed.push("that nothing had leaked before");
    }
    let region = stack.regions()[0];
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", stack.bootstrap()).create()?;
    let topic = topics::name::common(region, Subject::Encounter);
    let record = BaseRecord::<(), str>::to(&topic).payload(identity);
    producer.send(record).map_err(|(error, _)| error)?;
    producer.flush(Duration::from_secs(30))?;
    let log = stack.folder().join(format!("{}.log", Service::Dashboard.program()));
    writeln!(OpenOptions::new().append(true).open(log)?, "{identity}")?;
    let sheet = search::search(stack, &canaries);
    for (place, name) in [("topic", "a leak in a topic"), ("log", "a leak in a log")] {
        if !sheet.leaks().iter().any(|leak| leak.place == place) {
            missed.push(name);
        }
    }
    Ok(missed)
}
