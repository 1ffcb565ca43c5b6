//! How alone rows of persons stand: what the manifest says of k-anonymity and l-diversity of each file.
//!
//! One table says which columns of a file others may know of somebody without any register (year of birth, sex, where somebody lives or
//! was cared for), and which one they may want to learn. Times are not among them: by the minute of an admission nearly every row is
//! alone, and a report that always says so says nothing. Counted is what was written, after pseudonyms.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use parcel::Groups;

use crate::column::{EVENTS, OMOP, RIV_TA};

struct Quasi {
    layout: &'static str,
    file: &'static str,
    by: &'static [&'static str],
    tells: Option<&'static str>,
}

const fn quasi(
    layout: &'static str,
    file: &'static str,
    by: &'static [&'static str],
    tells: Option<&'static str>,
) -> Quasi {
    Quasi { layout, file, by, tells }
}

/// Of every file of persons; of OMOP's tables the persons themselves.
static TABLE: [Quasi; 11] = [
    quasi(RIV_TA, "riv_ta_completed.xml", &["FodelseAr", "Kon", "Lkf"], Some("Diagnos")),
    quasi(RIV_TA, "riv_ta_waiting.xml", &["FodelseAr", "Kon", "Lkf"], Some("Diagnos")),
    quasi("kpp_contacts.csv", "kpp_contacts.csv", &["birth_year", "sex", "hospital_code"], Some("main_diagnosis")),
    quasi("cost_by_person.csv", "cost_by_person.csv", &["care_form", "contacts"], Some("total_kronor")),
    quasi("hip_fractures.csv", "hip_fractures.csv", &["hospital_code", "side"], Some("diagnosis")),
    quasi(OMOP, "person.parquet", &["year_of_birth", "gender_source_value", "location_id"], None),
    quasi(EVENTS, "encounter.parquet", &["hospital_code", "place_unit"], Some("discharge_disposition")),
    quasi(EVENTS, "person.parquet", &["birth_year", "sex", "lkf"], None),
    quasi(EVENTS, "wait.parquet", &["birth_year", "sex", "lkf"], Some("activity_icd")),
    quasi(EVENTS, "clinical.parquet", &["birth_year", "sex", "lkf"], Some("drg")),
    quasi(EVENTS, "cost.parquet", &["birth_year", "sex", "lkf"], Some("main_diagnosis")),
];

/// Rows of a file while they are counted. Memory: a group has its values once, and each value that its rows tell.
pub(crate) struct Grouping {
    quasi: &'static Quasi,
    groups: HashMap<String, Group>,
}

#[derive(Default)]
struct Group {
    rows: u64,
    told: HashSet<Box<str>>,
}

impl Grouping {
    /// Of a file that has a line in the table.
    pub(crate) fn of(layout: &str, file: &str) -> Option<Self> {
        let quasi = TABLE.iter().find(|quasi| quasi.layout == layout && quasi.file == file)?;
        Some(Self { quasi, groups: HashMap::new() })
    }

    /// The same of a file of persons.
    ///
    /// # Panics
    /// When nobody has decided what others may know of its rows.
    pub(crate) fn of_persons(layout: &str, file: &str) -> Self {
        Self::of(layout, file)
            .unwrap_or_else(|| panic!("{file} has no line in quasi.rs: what do others know of its rows?"))
    }

    /// Counts a row: what it says in a column, empty where it says nothing.
    pub(crate) fn row<'v>(&mut self, value: impl Fn(&str) -> Cow<'v, str>) {
        let mut key = String::new();
        for column in self.quasi.by {
            key.push_str(&value(column));
            // Stands in no value that a row can have.
            key.push('\0');
        }
        let group = self.groups.entry(key).or_default();
        group.rows += 1;
        if let Some(tells) = self.quasi.tells {
            let told = value(tells);
            if !group.told.contains(&*told) {
                group.told.insert(told.into());
            }
        }
    }

    pub(crate) fn finish(self) -> Groups {
        let groups = || self.groups.values();
        let rows =
            |wanted: &dyn Fn(&Group) -> bool| groups().filter(|group| wanted(group)).map(|group| group.rows).sum();
        Groups {
            by: self.quasi.by.iter().map(|column| (*column).to_owned()).collect(),
            tells: self.quasi.tells.map(str::to_owned),
            rows: rows(&|_| true),
            groups: self.groups.len() as u64,
            smallest: groups().map(|group| group.rows).min().unwrap_or(0),
            rows_below_5: rows(&|group| group.rows < 5),
            rows_below_10: rows(&|group| group.rows < 10),
            least_diverse: groups().map(|group| group.told.len() as u64).min().unwrap_or(0),
            rows_of_one_value: rows(&|group| group.told.len() == 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of year of birth, sex, hospital and diagnosis.
    fn groups(rows: &[[&str; 4]]) -> Groups {
        let mut grouping = Grouping::of_persons("kpp_contacts.csv", "kpp_contacts.csv");
        for row in rows {
            let columns = ["birth_year", "sex", "hospital_code", "main_diagnosis"];
            let at = |name: &str| columns.iter().position(|column| *column == name).unwrap();
            grouping.row(|name| row[at(name)].into());
        }
        grouping.finish()
    }

    #[test]
    fn groups_are_counted_by_hand() {
        let ten = [["1940", "female", "501010", "S720"]; 10];
        let five = [["1941", "male", "501010", "I21"]; 4].into_iter().chain([["1941", "male", "501010", "J18"]]);
        let alone = [["19411", "", "501010", ""], ["1941", "1", "501010", ""]];
        let rows: Vec<_> = ten.into_iter().chain(five).chain(alone).collect();
        let found = groups(&rows);
        assert_eq!((found.rows, found.groups, found.smallest), (17, 4, 1));
        assert_eq!((found.rows_below_5, found.rows_below_10), (2, 7));
        // Ten have one diagnosis, and each of those alone one, though it is none.
        assert_eq!((found.least_diverse, found.rows_of_one_value), (1, 12));
        let diverse = groups(&rows[10..15]);
        assert_eq!((diverse.smallest, diverse.least_diverse, diverse.rows_of_one_value), (5, 2, 0));
        let nobody = groups(&[]);
        assert_eq!((nobody.rows, nobody.smallest, nobody.least_diverse), (0, 0, 0));
    }

    #[test]
    #[should_panic(expected = "passports.csv has no line in quasi.rs")]
    fn a_file_of_persons_without_a_decision_is_not_written() {
        Grouping::of_persons("passports.csv", "passports.csv");
    }
}
