//! Data sets: a table of a page over every period that is held, in one file or page by page.
//!
//! It is put together from the tables of the pages, period by period, so what is hidden there is hidden here.

use serde_json::{Value, json};

use super::sheet::{self, Absent, Cell, Sheet};
use super::{Block, Page, Sight};
use crate::period::Period;
use crate::published::Extract;

impl Page {
    /// Whose published periods its tables are of; none of a page of the present.
    const fn extract(self) -> Option<Extract> {
        match self {
            Self::Waiting => Some(Extract::WaitingTimes),
            Self::Pathway => Some(Extract::HipFracture),
            Self::Costs => Some(Extract::Kpp),
            Self::Quality | Self::Operations | Self::About => None,
        }
    }

    /// Whether its tables are data sets.
    pub const fn has_datasets(self) -> bool {
        self.extract().is_some()
    }
}

/// Periods of the pages of an address, oldest first.
fn periods(sight: &Sight<'_>) -> Vec<Period> {
    let mut periods = sight.address.kind.extract().map_or_else(Vec::new, |extract| sight.library.periods(extract));
    periods.reverse();
    periods
}

/// The tables of an address's page in one period.
fn sheets(sight: &Sight<'_>, period: Period) -> Vec<Sheet> {
    let address = sight.address.of_period(period);
    let report = Sight { address: &address, ..*sight }.report();
    let blocks = report.into_iter().flat_map(|report| report.blocks);
    let sheets = blocks.filter_map(|block| match block {
        Block::Sheet(sheet) => Some(sheet),
        Block::Markup(_) => None,
    });
    sheets.collect()
}

/// A table of the address's page with the rows of every period, oldest first, each with its period; `None` when no page of it has
/// such a table.
pub fn whole(sight: &Sight<'_>, table: &str) -> Option<Sheet> {
    let mut whole: Option<Sheet> = None;
    for period in periods(sight) {
        let Some(mut found) = sheets(sight, period).into_iter().find(|sheet| sheet.id == table) else { continue };
        match found.columns.iter().position(|column| ["period", "year"].contains(&&*column.name)) {
            // A series is on the page of each of its periods: of each the row of its own.
            Some(own) => found.rows.retain(|row| row[own] == Cell::Period(period)),
            None => {
                found.columns.insert(0, sheet::words("period", sight.say("Period", "Period")));
                for row in &mut found.rows {
                    row.insert(0, Cell::Period(period));
                }
            }
        }
        match &mut whole {
            None => whole = Some(found),
            Some(whole) => {
                // Should a period have other columns, its rows go by name.
                let places: Vec<Option<usize>> = whole
                    .columns
                    .iter()
                    .map(|column| found.columns.iter().position(|other| other.name == column.name))
                    .collect();
                let cell = |row: &Vec<Cell>, place: &Option<usize>| {
                    place.map_or(Cell::Absent(Absent::Missing), |place| row[place].clone())
                };
                whole.rows.extend(found.rows.iter().map(|row| places.iter().map(|place| cell(row, place)).collect()));
            }
        }
    }
    whole
}

/// What there is, for programs: the tables of the newest period, and the periods.
pub fn list(sight: &Sight<'_>) -> Value {
    let periods = periods(sight);
    let newest = periods.last().map_or_else(Vec::new, |newest| sheets(sight, *newest));
    let tables: Vec<Value> = newest
        .iter()
        .map(|sheet| {
            let address = |format| sight.address.dataset(sheet.id, format);
            let (csv, parquet) = (address(Some("csv")), address(Some("parquet")));
            json!({ "table": sheet.id, "caption": sheet.caption, "json": address(None), "csv": csv, "parquet": parquet })
        })
        .collect();
    let periods: Vec<String> = periods.iter().map(ToString::to_string).collect();
    json!({ "dataset": sight.address.kind.api(), "name": sight.address.kind.name(sight.language), "periods": periods, "tables": tables })
}
