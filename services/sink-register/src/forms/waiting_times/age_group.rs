//! The five age groups of the waiting-time figures.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AgeGroup {
    /// Its name as a value and as the end of its column.
    pub(super) name: &'static str,
    pub(super) column: &'static str,
    /// Youngest age in it, whole years.
    from: i32,
}

/// All of them, youngest first; each ends where the next begins.
pub(super) const AGE_GROUPS: [AgeGroup; 5] = [
    AgeGroup { name: "under_50", column: "age_under_50", from: i32::MIN },
    AgeGroup { name: "50_64", column: "age_50_64", from: 50 },
    AgeGroup { name: "65_74", column: "age_65_74", from: 65 },
    AgeGroup { name: "75_84", column: "age_75_84", from: 75 },
    AgeGroup { name: "85_plus", column: "age_85_plus", from: 85 },
];

/// The name of the group of an age; empty when the age is not known.
pub(super) fn name_of(age_years: Option<i32>) -> &'static str {
    age_years.and_then(|age| AGE_GROUPS.iter().rfind(|group| group.from <= age)).map_or("", |group| group.name)
}
