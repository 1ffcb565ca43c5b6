//! File descriptors: at the start there must be enough for every connection that the listeners may hold.
//!
//! Every listener is bounded, so their sum is known. With it secured, no listener can take what another needs, and
//! accepting never fails for want of a descriptor.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything that is no accepted connection: brokers, databases, servers that we call, files, logs.
pub const OTHERS: u64 = 256;

/// Why the bounds of the configuration cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system allows fewer.
    #[error(
        "the connections that the configuration allows need {needed} file descriptors and the system allows {allowed}; \
         raise the limit (LimitNOFILE of systemd, ulimits of compose, `ulimit -Hn`) or lower `connections`"
    )]
    TooFew {
        /// How many are needed.
        needed: u64,
        /// How many this process may have at most.
        allowed: u64,
    },
    /// Raising our own limit within what is allowed failed.
    #[error("raise the limit of file descriptors to {needed}")]
    Raise {
        /// How many are needed.
        needed: u64,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What is to be done about the limit.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Enough,
    Raise,
    TooFew(u64),
}

/// Makes sure that this process may have so many, raising its own limit when it has to. Never lowers it.
pub fn secure(needed: u64) -> Result<(), Error> {
    let limit = getrlimit(Resource::Nofile);
    match step(needed, limit.current, limit.maximum) {
        Step::Enough => Ok(()),
        Step::TooFew(allowed) => Err(Error::TooFew { needed, allowed }),
        Step::Raise => {
            let raised = Rlimit { current: Some(needed), maximum: limit.maximum };
            setrlimit(Resource::Nofile, raised).map_err(|error| Error::Raise { needed, source: error.into() })?;
            tracing::info!(needed, "raised the limit of file descriptors to {needed}");
            Ok(())
        }
    }
}

/// `None` is a limit that does not exist.
fn step(needed: u64, current: Option<u64>, maximum: Option<u64>) -> Step {
    if current.is_none_or(|current| current >= needed) {
        return Step::Enough;
    }
    match maximum {
        Some(allowed) if allowed < needed => Step::TooFew(allowed),
        _ => Step::Raise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_is_allowed_and_not_further() {
        assert_eq!(step(1000, Some(1024), Some(4096)), Step::Enough);
        assert_eq!(step(1000, None, None), Step::Enough);
        assert_eq!(step(2000, Some(1024), Some(4096)), Step::Raise);
        assert_eq!(step(2000, Some(1024), None), Step::Raise);
        assert_eq!(step(5000, Some(1024), Some(4096)), Step::TooFew(4096));
        let error = Error::TooFew { needed: 5000, allowed: 4096 }.to_string();
        assert!(error.contains("5000") && error.contains("4096") && error.contains("LimitNOFILE"), "{error}");
    }
}
