//! A file of figures: separated by `;`, decimal point, a header, UTF-8, lines ended by LF.
//!
//! A file of groups is opened by people, so a text that a spreadsheet would run is written as text. One of persons has its
//! recipient's layout and keeps every cell; the extract's findings tell of both.

use std::borrow::Cow;

use spreadsheet::{End, Sheet};

use crate::column::{Decided, Says};
use crate::output::File;
use crate::output::FileKind;
use crate::pseudonym::Pseudonyms;
use crate::quasi::Grouping;
use crate::treatment::{Treatment, rolled_up};
use parcel::Treatments;

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
    columns: Vec<(String, Decided)>,
    grouping: Grouping,
    lines: Vec<Vec<String>>,
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
        let pseudonyms = pseudonyms.clone();
        let decided = |column: &&str| ((*column).to_owned(), pseudonyms.decided(&kind.name, column));
        let columns = columns.iter().map(decided).collect();
        let persons = Persons { pseudonyms, columns, grouping, lines: Vec::new() };
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
        let mut text = self.sheet.finish();
        let mut file = self.kind.file(Vec::new(), self.rows);
        if let Some(persons) = self.persons {
            file.treatments = treatments(persons.columns.iter().map(|(name, decided)| (&**name, *decided)));
            let (lines, groups, of_persons) = persons.finish();
            lines.iter().for_each(|line| text.push_str(line));
            formulas += of_persons;
            file.groups = Some(groups);
        }
        File { formulas, bytes: text.into_bytes(), ..file }
    }
}

impl Persons {
    fn row(&mut self, cells: impl IntoIterator<Item: AsRef<str>>) {
        let cells: Vec<_> = cells.into_iter().collect();
        assert_eq!(cells.len(), self.columns.len(), "a line of persons has its columns");
        let of_person = self.columns.iter().position(|(_, decided)| decided.says == Says::Person);
        let days = of_person.map_or(0, |at| self.pseudonyms.shift_days(cells[at].as_ref()));
        let columns = cells.iter().zip(&self.columns);
        let cells =
            columns.map(|(cell, (_, decided))| self.pseudonyms.text(*decided, cell.as_ref(), days).into_owned());
        self.lines.push(cells.collect());
    }

    /// The lines in their order, how alone they stand, and how many cells a spreadsheet would run.
    fn finish(mut self) -> (Vec<String>, parcel::Groups, u64) {
        for (at, (_, decided)) in self.columns.iter().enumerate() {
            if let Decided { says: Says::Code(system), treatment: Treatment::Generalised } = decided {
                let codes: Vec<&str> = self.lines.iter().map(|line| &*line[at]).collect();
                let rolled = rolled_up(*system, &codes, self.pseudonyms.rows_min());
                self.lines.iter_mut().zip(rolled).for_each(|(line, code)| line[at] = code);
            }
        }
        let at = |name: &str| self.columns.iter().position(|(column, _)| column == name).expect("a column of the file");
        let mut formulas = 0;
        let mut lines = Vec::with_capacity(self.lines.len());
        // Each line is given up when it is a text.
        for cells in std::mem::take(&mut self.lines) {
            self.grouping.row(|name| Cow::Borrowed(&*cells[at(name)]));
            let mut sheet = Sheet::for_machines(End::Unix);
            sheet.line(&cells);
            formulas += sheet.formulas();
            lines.push(sheet.finish());
        }
        lines.sort_unstable();
        (lines, self.grouping.finish(), formulas)
    }
}

/// What a manifest says of columns.
pub(crate) fn treatments<'c>(columns: impl IntoIterator<Item = (&'c str, Decided)>) -> Treatments {
    let mut treatments = Treatments::new();
    for (column, decided) in columns {
        treatments.entry(decided.treatment.word().to_owned()).or_default().push(column.to_owned());
    }
    treatments
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
