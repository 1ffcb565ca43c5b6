//! Has the group give each thread its partitions before anything is counted.
//!
//! Threads join one after the other, and the first would have read everything before the second is given a partition. A known member
//! gets back what it had, so members of the threads' names come first, and go.

use std::{
    io,
    time::{Duration, Instant},
};

use rdkafka::consumer::{BaseConsumer, Consumer};
use runtime::{
    config::Kafka,
    relay::{Route, clients},
};

use super::{Round, settings};
use crate::bench::Error;

const HAND_OUT_MAX: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);

/// Waits until each of the round's threads has partitions.
pub(super) fn hand_out(round: &Round, routes: &[Route]) -> Result<(), Error> {
    let topics: Vec<&str> = routes.iter().map(|route| route.input.as_str()).collect();
    let join = |at| -> Result<BaseConsumer, Error> {
        let settings = settings(round).of_thread(at, round.threads);
        let fault =
            |fault| Error::Io { what: "client settings", source: io::Error::other::<runtime::config::Fault>(fault) };
        let mut client = clients::reading(&Kafka::at(&round.bootstrap), &settings).map_err(fault)?;
        // Little is fetched, so that it is not the round's peak of memory.
        client.set("group.instance.id", settings.member(routes)).set("queued.max.messages.kbytes", "1024");
        let consumer: BaseConsumer = client.create()?;
        consumer.subscribe(&topics)?;
        Ok(consumer)
    };
    let members: Vec<BaseConsumer> = (0..round.threads).map(join).collect::<Result<_, _>>()?;
    let begun = Instant::now();
    loop {
        let mut holders = 0;
        for member in &members {
            // What is read is read again by the thread.
            let _ = member.poll(LOOK);
            holders += usize::from(member.assignment()?.count() > 0);
        }
        if holders == members.len() {
            return Ok(());
        }
        if begun.elapsed() > HAND_OUT_MAX {
            let output = format!("the group gave {holders} of {} threads a partition", members.len());
            return Err(Error::Round { variant: round.variant.name(), output });
        }
    }
}
