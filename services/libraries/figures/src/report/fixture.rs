//! For tests: a page of parcels that are written down.

use std::collections::BTreeMap;

use board::Board;
use board::age::Limits;
use board::language::Language;
use schemas::Timestamp;
use serde_json::{Value, json};

use super::operations::State;
use super::{Address, Manner, Page, Place, Report, Sight, Window};
use crate::published::parcel::Head;
use crate::published::{Extract, Library, Parcel, Reading};

/// A parcel of these files and control totals.
pub(super) fn parcel(
    (extract, region, period): (Extract, &str, &str),
    files: &[(&str, &str)],
    totals: &[(&str, i64)],
) -> Parcel {
    let head = Head {
        extract,
        region: region.parse().unwrap(),
        period: period.parse().unwrap(),
        version: 1,
        manifest_sha256: "".into(),
        made_at: Timestamp(0),
    };
    let totals: BTreeMap<&str, i64> = totals.iter().copied().collect();
    let manifest = json!({ "definition": "1", "statements_until": "", "totals": totals });
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Parcel::of(head, serde_json::from_value(manifest).unwrap(), &files).unwrap()
}

/// A page of these, at an instant, as it is in English.
pub(super) struct Shown {
    pub answer: Value,
    pub markup: String,
}

pub(super) fn page(kind: Page, place: Place, period: Option<&str>, now: &str, parcels: &[Parcel]) -> Shown {
    let now = Timestamp(now.parse::<jiff::Timestamp>().unwrap().as_microsecond());
    let library = Library::of(Reading::At(now), parcels.iter().cloned().map(Into::into), 0);
    let address = Address::read(kind, place, period.map(|period| ("period", period)));
    let sight = Sight {
        library: &library,
        manner: &Manner::default(),
        language: Language::En,
        address: &address,
        now,
        operations: &State::default(),
        board: &Board::empty(now, Limits::default()),
    };
    let report: Report = sight.report().expect("the place is known");
    Shown { answer: report.json(&sight, None, Window::default()), markup: report.markup(&sight) }
}

impl Shown {
    /// The rows of a table with this text in this column.
    pub(super) fn rows(&self, table: &str, column: &str, text: &str) -> Vec<&Value> {
        let tables = self.answer["tables"].as_array().unwrap();
        let found = tables.iter().find(|found| found["id"] == table).unwrap_or_else(|| panic!("no table {table}"));
        let rows = found["rows"].as_array().unwrap().iter();
        rows.filter(|row| row["values"][column] == text).collect()
    }

    /// The only such row.
    pub(super) fn row(&self, table: &str, column: &str, text: &str) -> &Value {
        let rows = self.rows(table, column, text);
        assert_eq!(rows.len(), 1, "{table}: {column} is {text}");
        rows[0]
    }
}
