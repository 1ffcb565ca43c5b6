//! Keys, by which rows find each other while tables are made, and the ids that they get.

use super::tables::Table;
use crate::column::Says;
use crate::pseudonym::Pseudonyms;
use parcel::digest;

/// Rows to be, each with its key, in any order.
pub(super) type Items<T> = Vec<(i64, T)>;

/// The ids of a table's rows: from 1 in the order of the pseudonyms of their keys, so that they fit the model's `integer` and the
/// same rows have the same ids. Another extract has others, and so has another recipient of the same rows.
pub(super) struct Ids {
    pseudonyms: Pseudonyms,
    /// What the column of the ids says.
    says: Says,
    /// Of the keys, ascending.
    orders: Vec<i64>,
}

impl Ids {
    /// Of the rows of a table, by their keys.
    pub(super) fn of<T>(table: &Table, items: &[(i64, T)], pseudonyms: &Pseudonyms) -> Self {
        let mut ids =
            Self { pseudonyms: pseudonyms.clone(), says: table.decided(pseudonyms)[0].says, orders: Vec::new() };
        ids.orders = items.iter().map(|(key, _)| ids.order(*key)).collect();
        ids.orders.sort_unstable();
        ids
    }

    /// By what the row with this key is put in order.
    pub(super) fn order(&self, key: i64) -> i64 {
        if self.says == Says::Row { self.pseudonyms.order(key) } else { key }
    }

    /// What its texts become.
    pub(super) fn pseudonyms(&self) -> &Pseudonyms {
        &self.pseudonyms
    }

    /// Of the row with this key.
    ///
    /// # Panics
    /// When the table has no such row: it was promised to whoever refers to it.
    pub(super) fn id(&self, key: i64) -> i32 {
        let at = self.orders.binary_search(&self.order(key)).expect("a row that is referred to is in its table");
        i32::try_from(at + 1).expect("a table in memory has fewer rows than 31 bits count")
    }
}

/// What these texts name together in a table, as 63 bits by which rows find each other. They are never written.
pub(super) fn key(table: &Table, parts: &[&str]) -> i64 {
    let mut text = Vec::new();
    for part in std::iter::once(&table.name).chain(parts) {
        // With lengths, so that no two lists of texts run into the same bytes.
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    let [a, b, c, d, e, f, g, h, ..] = digest::of(&text);
    i64::from_be_bytes([a, b, c, d, e, f, g, h]) & i64::MAX
}

#[cfg(test)]
mod tests {
    use super::super::tables::{CARE_SITE, PERSON};
    use super::*;

    #[test]
    fn keys_are_of_the_whole_name() {
        assert_eq!(key(&PERSON, &["a", "bc"]), key(&PERSON, &["a", "bc"]));
        assert_ne!(key(&PERSON, &["a", "bc"]), key(&PERSON, &["ab", "c"]));
        assert_ne!(key(&PERSON, &["a"]), key(&CARE_SITE, &["a"]));
        assert!(key(&PERSON, &["x"]) >= 0);
    }

    #[test]
    fn ids_count_from_one_in_an_order_of_the_recipients_own() {
        let pseudonyms = Pseudonyms::unused();
        let ids = Ids::of(&PERSON, &[(i64::MAX, ()), (7, ()), (8, ())], &pseudonyms);
        let mut keys = [7, 8, i64::MAX];
        keys.sort_unstable_by_key(|key| pseudonyms.order(*key));
        assert_eq!(keys.map(|key| ids.id(key)), [1, 2, 3]);
    }
}
