use serde::{Deserialize, Serialize};

/// How alone the rows of a file of persons stand among each other: how many say the same of what others may know of somebody
/// (k-anonymity), and how many different things they tell then (l-diversity).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    /// The columns that others may know of somebody; rows that say the same in all of them are a group.
    pub by: Vec<String>,
    /// The column that they may want to learn, where there is one.
    pub tells: Option<String>,
    /// All rows.
    pub rows: u64,
    /// Groups of them.
    pub groups: u64,
    /// Rows of the smallest group: the file is k-anonymous for this k; 0 without rows.
    pub smallest: u64,
    /// Rows in groups of fewer than five.
    pub rows_below_5: u64,
    /// Rows in groups of fewer than ten.
    pub rows_below_10: u64,
    /// Values of `tells` in the group that has the fewest: the file is l-diverse for this l; 0 without rows or without `tells`.
    pub least_diverse: u64,
    /// Rows in groups of one value: who is known to be in such a group has told it.
    pub rows_of_one_value: u64,
}
