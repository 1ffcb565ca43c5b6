//! A file of figures: separated by `;`, decimal point, a header, UTF-8, lines ended by LF.
//!
//! A file of groups is opened by people, so a text that a spreadsheet would run is written as text. One of persons has its
//! recipient's layout and keeps every cell; the extract's findings tell of both.

use spreadsheet::{End, Sheet};

use crate::output::File;
use crate::output::FileKind;

/// A table while lines are added.
#[derive(Debug)]
pub(crate) struct Table {
    kind: FileKind,
    sheet: Sheet,
    rows: u64,
}

impl Table {
    /// A table with its header.
    pub(crate) fn new(kind: &FileKind, columns: impl IntoIterator<Item: AsRef<str>>) -> Table {
        let mut sheet = if kind.personal { Sheet::for_machines(End::Unix) } else { Sheet::for_people(End::Unix) };
        sheet.line(columns);
        Table { kind: kind.clone(), sheet, rows: 0 }
    }

    /// A line. It has as many cells as the header, or this panics: columns are constants of its form.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item: AsRef<str>>) {
        self.sheet.line(cells);
        self.rows += 1;
    }

    pub(crate) fn finish(self) -> File {
        let formulas = self.sheet.formulas();
        File { formulas, ..self.kind.file(self.sheet.finish().into_bytes(), self.rows) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_never_altered_and_figures_are_never_run() {
        let of = |kind: &FileKind| {
            let mut table = Table::new(kind, ["hospital", "kronor"]);
            table.row(["=cmd|' /C calc'!A0", "-5.00"]);
            let file = table.finish();
            (String::from_utf8(file.bytes).unwrap(), file.formulas)
        };
        let header = "hospital;kronor\n";
        let groups = of(&FileKind::of_groups("cost_by_hospital.csv"));
        assert_eq!(groups, (format!("{header}'=cmd|' /C calc'!A0;-5.00\n"), 1));
        let persons = of(&FileKind::of_persons("kpp_contacts.csv"));
        assert_eq!(persons, (format!("{header}=cmd|' /C calc'!A0;-5.00\n"), 1));
    }
}
