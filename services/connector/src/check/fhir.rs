//! FHIR servers and files of FHIR resources.

use std::collections::HashSet;
use std::time::Duration;

use runtime::config::{Check, Fault, Size, check_folder};

use super::check_watched;
use crate::config::{Fhir, FhirFiles};
use crate::fhir;

impl Check for FhirFiles {
    fn check(&self) -> Result<(), Fault> {
        check_watched(&self.feed, self.source_system.as_deref(), self.poll)?;
        check_folder("positions", &self.positions)
    }
}

/// A longer overlap would be read again with every poll.
const OVERLAP_MAX: Duration = Duration::from_secs(24 * 3600);
/// A page is held in memory, with what is read of it, as long as it is sent.
const PAGE_SIZE: (Size, Size) = (Size::kib(64), Size::mib(64));

/// Letters of names that become parts of file names and addresses.
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > 32 || !name.bytes().all(letter) {
        return Err(Fault::new("name", "not a name; write a-z, 0-9 and -, for example \"journal\""));
    }
    Ok(())
}

impl Check for Fhir {
    fn check(&self) -> Result<(), Fault> {
        check_name(&self.name)?;
        check_watched(&self.feed, self.source_system.as_deref(), self.poll)?;
        check_folder("positions", &self.positions)?;
        let types: HashSet<_> = self.types.iter().collect();
        if types.is_empty() || types.len() < self.types.len() {
            return Err(Fault::new("types", "must name at least one type, and each once"));
        }
        if self.overlap.0 > OVERLAP_MAX {
            return Err(Fault::new("overlap", "must be at most \"24h\""));
        }
        for (key, count, count_max) in [("page", self.page, 1000), ("pages", self.pages, 10_000)] {
            if count == 0 || count > count_max {
                return Err(Fault::new(key, format!("must be between 1 and {count_max}")));
            }
        }
        if self.page_size < PAGE_SIZE.0 || self.page_size > PAGE_SIZE.1 {
            return Err(Fault::new("page_size", "must be between \"64 KiB\" and \"64 MiB\""));
        }
        if self.timeout.0 < Duration::from_millis(100) {
            return Err(Fault::new("timeout", "must be at least \"100ms\""));
        }
        fhir::check(self)
    }
}
