//! How far the board of each region has come, and what that says of the whole. Pure.
//!
//! Each region stands by itself: one that fails is parted from the others and named, and never makes them wait.

use std::collections::BTreeMap;

use topics::Region;

/// How far a region has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is being read with the others.
    Loading,
    /// Reading it with the others was interrupted for this reason and starts over.
    Interrupted(Box<str>),
    /// It is complete and follows its topics.
    Complete,
    /// It is parted from the others, and is being read again by itself, for this reason.
    Failed(Box<str>),
}

/// All followed regions; none is loading when nothing is followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standings(BTreeMap<Box<str>, Standing>);

impl Standings {
    /// All of these are loading.
    pub fn loading(regions: &[Region]) -> Self {
        Self(regions.iter().map(|region| (region.code().into(), Standing::Loading)).collect())
    }

    /// Says how far a region has come.
    pub fn set(&mut self, region: Region, standing: Standing) {
        self.0.insert(region.code().into(), standing);
    }

    /// Whether what is held of a region, or of every region, is complete.
    pub fn is_complete(&self, region: Option<&str>) -> bool {
        let complete = |standing: &Standing| *standing == Standing::Complete;
        match region {
            Some(region) => self.0.get(region).is_none_or(complete),
            None => self.0.values().all(complete),
        }
    }

    /// Whether any region is complete.
    pub fn any_complete(&self) -> bool {
        self.0.values().any(|standing| *standing == Standing::Complete)
    }

    /// Regions that are not complete.
    pub(crate) fn incomplete(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, standing)| **standing != Standing::Complete).map(|(region, _)| &**region)
    }

    /// Regions, and whether each has failed.
    pub fn failures(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().map(|(region, standing)| (&**region, matches!(standing, Standing::Failed(_))))
    }

    /// Whether the board is ready, and why: once no region is loading, unless all have failed. A failed region is named.
    pub fn readiness(&self) -> (bool, String) {
        let with = |wanted: fn(&Standing) -> bool| -> Vec<&str> {
            self.0.iter().filter(|(_, standing)| wanted(standing)).map(|(region, _)| &**region).collect()
        };
        let loading = with(|standing| matches!(standing, Standing::Loading | Standing::Interrupted(_)));
        let interrupted = self.0.values().find_map(|standing| match standing {
            Standing::Interrupted(reason) => Some(format!(", again: {reason}")),
            _ => None,
        });
        let complete = with(|standing| *standing == Standing::Complete);
        let failed: String = self
            .0
            .iter()
            .filter_map(|(region, standing)| match standing {
                Standing::Failed(reason) => Some(format!("; region {region} is read again by itself: {reason}")),
                _ => None,
            })
            .collect();
        if !loading.is_empty() {
            let again = interrupted.unwrap_or_default();
            (false, format!("reading events of regions {}{again}{failed}", loading.join(", ")))
        } else if complete.is_empty() {
            (false, format!("no region is complete{failed}"))
        } else if failed.is_empty() {
            (true, "complete and following the topics".to_owned())
        } else {
            (true, format!("regions {} are complete and followed{failed}", complete.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(code: &str) -> Region {
        code.parse().unwrap()
    }

    #[test]
    fn a_failed_region_is_named_and_keeps_no_other_from_being_ready() {
        let mut all = Standings::loading(&[region("01"), region("14")]);
        assert_eq!(all.readiness(), (false, "reading events of regions 01, 14".to_owned()));
        all.set(region("01"), Standing::Complete);
        assert!(all.is_complete(Some("01")) && !all.is_complete(Some("14")) && !all.is_complete(None));
        all.set(region("14"), Standing::Failed("no topic".into()));
        let (ready, reason) = all.readiness();
        assert!(ready && reason.contains("region 14 is read again by itself: no topic"), "{reason}");
        assert_eq!(all.incomplete().collect::<Vec<_>>(), ["14"]);
        all.set(region("14"), Standing::Complete);
        assert_eq!(all.readiness(), (true, "complete and following the topics".to_owned()));
    }

    #[test]
    fn why_reading_starts_over_is_told() {
        let mut all = Standings::loading(&[region("01"), region("14")]);
        all.set(region("14"), Standing::Interrupted("the store is away".into()));
        assert_eq!(all.readiness(), (false, "reading events of regions 01, 14, again: the store is away".to_owned()));
    }

    #[test]
    fn when_every_region_has_failed_nothing_is_ready() {
        let mut all = Standings::loading(&[region("14")]);
        all.set(region("14"), Standing::Failed("no topic".into()));
        assert!(!all.readiness().0);
    }

    #[test]
    fn what_is_not_followed_is_not_waited_for() {
        assert!(Standings::default().is_complete(None));
        assert!(Standings::loading(&[region("14")]).is_complete(Some("01")));
    }
}
