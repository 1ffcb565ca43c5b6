//! A file of figures: separated by `;`, decimal point, a header, UTF-8, lines ended by LF.
//!
//! A file of groups is opened by people, so a text that a spreadsheet would run is written as text. One of persons has its
//! recipient's layout and keeps every cell; the extract's findings tell of both.

use std::borrow::Cow;

use spreadsheet::{End, Sheet};

use crate::column::{Says, says};
use crate::output::File;
use crate::output::FileKind;
use crate::pseudonym::Pseudonyms;
use crate::quasi::Grouping;

/// A table while lines are added.
pub(crate) struct Table {
    kind: FileKind,
    /// The header and, of groups, the lines.
    sheet: Sheet,
    persons: Option<Persons>,
    rows: u64,
}

/// Lines of persons. They are written in the order of their own texts: the one that they were added in is of names that the
/// recipient does not get, and would tell two recipients which of their lines are the same.
struct Persons {
    pseudonyms: Pseudonyms,
    columns: Vec<(String, Says)>,
    grouping: Grouping,
    lines: Vec<String>,
    formulas: u64,
}

impl Table {
    /// A table of groups with its header.
    pub(crate) fn new(kind: &FileKind, columns: impl IntoIterator<Item: AsRef<str>>) -> Table {
        assert!(!kind.personal, "{} is of persons, who have pseudonyms", kind.name);
        let mut sheet = Sheet::for_people(End::Unix);
        sheet.line(columns);
        Table { kind: kind.clone(), sheet, persons: None, rows: 0 }
    }

    /// A table of persons with its header: what its columns say is known of each ([`crate::column`]).
    pub(crate) fn of_persons(kind: &FileKind, columns: &[&str], pseudonyms: &Pseudonyms) -> Table {
        let grouping = Grouping::of_persons(&kind.name, &kind.name);
        let mut sheet = Sheet::for_machines(End::Unix);
        sheet.line(columns);
        let columns = columns.iter().map(|column| ((*column).to_owned(), says(&kind.name, column))).collect();
        let pseudonyms = pseudonyms.clone();
        let persons = Persons { pseudonyms, columns, grouping, lines: Vec::new(), formulas: 0 };
        Table { kind: kind.clone(), sheet, persons: Some(persons), rows: 0 }
    }

    /// A line. It has as many cells as the header, or this panics: columns are constants of its form.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item: AsRef<str>>) {
        match &mut self.persons {
            None => self.sheet.line(cells),
            Some(persons) => persons.row(cells),
        }
        self.rows += 1;
    }

    pub(crate) fn finish(self) -> File {
        let mut formulas = self.sheet.formulas();
        let mut groups = None;
        let mut text = self.sheet.finish();
        if let Some(mut persons) = self.persons {
            formulas += persons.formulas;
            persons.lines.sort_unstable();
            persons.lines.iter().for_each(|line| text.push_str(line));
            groups = Some(persons.grouping.finish());
        }
        File { formulas, groups, ..self.kind.file(text.into_bytes(), self.rows) }
    }
}

impl Persons {
    fn row(&mut self, cells: impl IntoIterator<Item: AsRef<str>>) {
        let mut sheet = Sheet::for_machines(End::Unix);
        let cells: Vec<_> = cells.into_iter().collect();
        assert_eq!(cells.len(), self.columns.len(), "a line of persons has its columns");
        let cells = cells.iter().zip(&self.columns).map(|(cell, (_, says))| self.pseudonyms.text(*says, cell.as_ref()));
        let cells: Vec<Cow<'_, str>> = cells.collect();
        let at = |name: &str| self.columns.iter().position(|(column, _)| column == name).expect("a column of the file");
        self.grouping.row(|name| Cow::Borrowed(&*cells[at(name)]));
        sheet.line(&cells);
        self.formulas += sheet.formulas();
        self.lines.push(sheet.finish());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_never_altered_and_figures_are_never_run() {
        let of = |mut table: Table, cells: &[&str]| {
            table.row(cells);
            let file = table.finish();
            (String::from_utf8(file.bytes).unwrap(), file.formulas)
        };
        let formula = "=cmd|' /C calc'!A0";
        let groups = Table::new(&FileKind::of_groups("cost_by_hospital.csv"), ["hospital", "kronor"]);
        let said = format!("hospital;kronor\n'{formula};-5.00\n");
        assert_eq!(of(groups, &[formula, "-5.00"]), (said, 1));
        let columns = ["year", "care_form", "contacts", "total_kronor"];
        let kind = FileKind::of_persons("cost_by_person.csv");
        let persons = Table::of_persons(&kind, &columns, &Pseudonyms::unused());
        let said = format!("{}\n{formula};;;-5.00\n", columns.join(";"));
        assert_eq!(of(persons, &[formula, "", "", "-5.00"]), (said, 1));
    }
}
