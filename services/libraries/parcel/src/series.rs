//! The parcels of one extract, region and period: versions of the same thing.

use std::fmt;

use topics::Region;

use crate::period::Period;

/// Everything but the version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The extract.
    pub extract: String,
    /// The region.
    pub region: Region,
    /// The period.
    pub period: Period,
}

impl Series {
    /// The name of one version's folder.
    #[must_use]
    pub fn name(&self, version: u32) -> String {
        format!("{self}_v{version}")
    }

    /// The version that a folder's name says; nothing for the folder of something else.
    #[must_use]
    pub fn version_of(&self, name: &str) -> Option<u32> {
        let version: u32 = name.strip_prefix(&self.to_string())?.strip_prefix("_v")?.parse().ok()?;
        // `_v01` and `_v+1` are names that we never give.
        (version > 0 && self.name(version) == name).then_some(version)
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", self.extract, self.region, self.period)
    }
}

#[cfg(test)]
mod tests {
    use super::Series;

    #[test]
    fn only_its_own_names_have_a_version() {
        let series = Series {
            extract: "waiting-times".to_owned(),
            region: "14".parse().unwrap(),
            period: "2026-02".parse().unwrap(),
        };
        assert_eq!(series.name(12), "waiting-times_14_2026-02_v12");
        let check = |name: &str, version| assert_eq!(series.version_of(name), version, "{name}");
        check("waiting-times_14_2026-02_v12", Some(12));
        check("waiting-times_14_2026-02_v0", None);
        check("waiting-times_14_2026-02_v012", None);
        check("waiting-times_14_2026-02_v+1", None);
        check("waiting-times_14_2026-03_v1", None);
        check("waiting-times_13_2026-02_v1", None);
        check(".waiting-times_14_2026-02_v1.partial", None);
    }
}
