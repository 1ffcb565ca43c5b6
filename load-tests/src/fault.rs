//! What a run may meet, and how each is done to a stack and mended again.

use std::{
    fmt,
    fs::File,
    io::{self, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::stack::{Error, Member, Stack};

/// Something that goes wrong, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9` of a process, which is started again after so long.
    Kill(Member, Duration),
    /// `kill -9` of these brokers, which are started again after so long.
    Brokers(Vec<usize>, Duration),
    /// The brokers hold their connections and answer nothing for so long.
    Pause(Duration),
    /// One broker after the other is killed and comes back, with so long between.
    Roll(Duration),
    /// An immediate stop of PostgreSQL, as by a power failure, which is started again after so long.
    Database(Duration),
    /// Kafka's disk is full for so long; brokers that end of it are started again.
    DiskFull(Duration),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |time: &Duration| time.as_millis();
        match self {
            Self::Kill(member, away) => write!(f, "kill -9 {member}, away for {} ms", milliseconds(away)),
            Self::Brokers(which, away) => write!(f, "brokers {which:?} killed, away for {} ms", milliseconds(away)),
            Self::Pause(time) => write!(f, "the brokers pause for {} ms", milliseconds(time)),
            Self::Roll(between) => write!(f, "the brokers are restarted in turn, {} ms between", milliseconds(between)),
            Self::Database(away) => write!(f, "PostgreSQL stops at once, away for {} ms", milliseconds(away)),
            Self::DiskFull(time) => write!(f, "the disk of Kafka is full for {} ms", milliseconds(time)),
        }
    }
}

/// The most that the disk of Kafka may have free where it is to be filled: a guard against filling somebody's own.
const ROOM_MAX: u64 = 4 << 30;

/// After a full disk no broker has ended for so long: none will.
const QUIET: Duration = Duration::from_secs(8);
/// One that ends again and again after so long is a failure that the next fault meets.
const QUIET_WITHIN: Duration = Duration::from_secs(120);

impl Fault {
    /// Whether it takes something away that all regions need.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        !matches!(self, Self::Kill(Member { region: Some(_), .. }, _))
    }

    /// Does it, waits, and mends it. What ended of it is started again, and told.
    ///
    /// # Errors
    /// When it cannot be done, or a server does not come back.
    pub fn strike(&self, stack: &mut Stack, progress: &mut dyn FnMut(&str)) -> Result<(), Error> {
        match self {
            Self::Kill(member, away) => {
                stack.kill(*member)?;
                thread::sleep(*away);
                stack.spawn(*member)?;
            }
            Self::Brokers(which, away) => {
                stack.kafka().stop_brokers(which)?;
                thread::sleep(*away);
                stack.kafka().start_brokers(which)?;
            }
            Self::Pause(time) => {
                stack.kafka().pause()?;
                thread::sleep(*time);
                stack.kafka().resume()?;
            }
            Self::Roll(between) => {
                for broker in 0..stack.kafka().broker_count() {
                    stack.kafka().stop_brokers(&[broker])?;
                    stack.kafka().start_brokers(&[broker])?;
                    thread::sleep(*between);
                }
            }
            Self::Database(away) => {
                stack.postgres().stop_hard()?;
                thread::sleep(*away);
                stack.postgres().start_again()?;
            }
            Self::DiskFull(time) => {
                let ballast = stack.kafka().folder()?.join("ballast");
                let filled = fill(&ballast, *time);
                std::fs::remove_file(&ballast)?;
                filled?;
                // A broker that has lost its disk takes its time to end of it.
                let freed = Instant::now();
                let mut quiet_since = freed;
                while quiet_since.elapsed() < QUIET && freed.elapsed() < QUIET_WITHIN {
                    let ended = stack.kafka().ended()?;
                    if !ended.is_empty() {
                        progress(&format!("brokers {ended:?} ended of it"));
                        stack.kafka().stop_brokers(&ended)?;
                        stack.kafka().start_brokers(&ended)?;
                        quiet_since = Instant::now();
                    }
                    thread::sleep(Duration::from_millis(200));
                }
            }
        }
        Ok(())
    }
}

/// Takes all room beside this file, and for so long whatever becomes free.
fn fill(ballast: &Path, time: Duration) -> io::Result<()> {
    let mut file = File::create(ballast)?;
    let block = vec![0x55; 1 << 16];
    let (mut full_since, mut written): (Option<Instant>, u64) = (None, 0);
    while full_since.is_none_or(|since| since.elapsed() < time) {
        match file.write(&block) {
            Ok(count) => written += count as u64,
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                full_since = full_since.or_else(|| Some(Instant::now()));
                thread::sleep(Duration::from_millis(50));
            }
            Err(error) => return Err(error),
        }
        if written > ROOM_MAX {
            return Err(io::Error::other("the disk of Kafka has too much room to be filled; give it one of its own"));
        }
    }
    Ok(())
}
