//! `riv_ta_completed.xml` and `riv_ta_waiting.xml`: one row per contact, in the shape of SKR's RIV-TA contracts.
//!
//! The contracts' official schemas were not in reach. Field names, order and codes are those of SKR's information model for
//! specialised care v1.1; the schemas beside this file (`riv_ta*.xsd`) are our own reading of it and hold the files to it.
//! Root and row element (`Rad`) are ours.
//!
//! A row is whole or absent: a statement that lacks a mandatory field, or has a value there that the contract does not
//! know, is counted (`riv_ta_incomplete`) and not written. Such a value in an optional field is left out and counted
//! (`riv_ta_values_left_out`).

mod field;

use std::borrow::Cow;

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use schemas::Wait;
use swedish_time::Calendar;

use parcel::Month;

use crate::column::{Decided, RIV_TA};
use crate::output::{File, FileKind};
use crate::pseudonym::Pseudonyms;
use crate::quasi::Grouping;
use crate::table::treatments;
use field::{FIELDS, Given, Row};

pub(super) const COMPLETED: FileKind = FileKind::of_persons_in(RIV_TA, "riv_ta_completed.xml");
pub(super) const WAITING: FileKind = FileKind::of_persons_in(RIV_TA, "riv_ta_waiting.xml");

/// Which of the two contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contract {
    Completed,
    Waiting,
}

impl Contract {
    fn root(self) -> &'static str {
        match self {
            Contract::Completed => "TillgangligVardSpeciGenomforda",
            Contract::Waiting => "TillgangligVardSpeciVantande",
        }
    }

    fn namespace(self) -> &'static str {
        match self {
            Contract::Completed => "urn:riv:skl:tillgangligVardSpeci:TillgangligVardSpeciGenomfordaResponder:1",
            Contract::Waiting => "urn:riv:skl:tillgangligVardSpeci:TillgangligVardSpeciVantandeResponder:1",
        }
    }

    fn file(self) -> FileKind {
        match self {
            Contract::Completed => COMPLETED,
            Contract::Waiting => WAITING,
        }
    }

    fn rows_total(self) -> &'static str {
        match self {
            Contract::Completed => "riv_ta_completed",
            Contract::Waiting => "riv_ta_waiting",
        }
    }
}

/// A row file while rows are added. They are in memory and grow with the number of contacts, and are there twice for the moment in
/// which they become a file: they are put in the order of their own bytes, which begin with the contact's pseudonym, so that
/// their place says nothing of a number that the recipient does not get.
pub(super) struct RowFile {
    contract: Contract,
    period: Month,
    pseudonyms: Pseudonyms,
    /// What is done with [`FIELDS`].
    decided: [Decided; FIELDS.len()],
    writer: Writer<Vec<u8>>,
    head: Vec<u8>,
    rows: Vec<Box<[u8]>>,
    grouping: Grouping,
    incomplete: u64,
    values_left_out: u64,
}

impl RowFile {
    /// A file without rows.
    pub(super) fn new(contract: Contract, period: Month, pseudonyms: &Pseudonyms) -> RowFile {
        let mut file = RowFile {
            contract,
            period,
            pseudonyms: pseudonyms.clone(),
            decided: std::array::from_fn(|at| pseudonyms.decided(RIV_TA, FIELDS[at].name)),
            writer: Writer::new(Vec::new()),
            head: Vec::new(),
            rows: Vec::new(),
            grouping: Grouping::of_persons(RIV_TA, &contract.file().name),
            incomplete: 0,
            values_left_out: 0,
        };
        file.write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        file.end_line();
        let root = BytesStart::new(contract.root()).with_attributes([("xmlns", contract.namespace())]);
        file.write(Event::Start(root));
        file.end_line();
        file.head = std::mem::take(file.writer.get_mut());
        file
    }

    /// Adds the row of a statement, or counts that it is incomplete.
    pub(super) fn add(&mut self, wait: &Wait<'_>, calendar: &mut Calendar) {
        let mut row = Row { wait, period: self.period, calendar };
        let mut values = Vec::with_capacity(FIELDS.len());
        let mut left_out = 0;
        for (field, decided) in FIELDS.iter().zip(&self.decided) {
            if !field.is_part_of(self.contract) {
                continue;
            }
            match (field.value)(&mut row) {
                Given::Text(text) => values.push((field.name, *decided, text)),
                _ if field.is_mandatory(wait) => {
                    self.incomplete += 1;
                    return;
                }
                Given::Missing => {}
                Given::Unfit => left_out += 1,
            }
        }
        self.values_left_out += left_out;
        self.grouping.row(|wanted| {
            let value = values.iter().find(|(name, ..)| *name == wanted);
            value.map_or(Cow::Borrowed(""), |(_, _, text)| Cow::Borrowed(&**text))
        });
        self.write(Event::Start(BytesStart::new("Rad")));
        for (name, decided, text) in &values {
            let text = self.pseudonyms.text(*decided, text, 0).into_owned();
            self.write(Event::Start(BytesStart::new(*name)));
            self.write(Event::Text(BytesText::new(&text)));
            self.write(Event::End(BytesEnd::new(*name)));
        }
        self.write(Event::End(BytesEnd::new("Rad")));
        self.end_line();
        self.rows.push(self.writer.get_ref().as_slice().into());
        self.writer.get_mut().clear();
    }

    /// The file. It is about persons, though pseudonymous.
    pub(super) fn finish(mut self) -> File {
        self.write(Event::End(BytesEnd::new(self.contract.root())));
        self.end_line();
        let RowFile { contract, mut head, mut rows, writer, grouping, decided, .. } = self;
        let columns = FIELDS.iter().zip(decided).filter(|(field, _)| field.is_part_of(contract));
        let treatments = treatments(columns.map(|(field, decided)| (field.name, decided)));
        let (count, end) = (rows.len() as u64, writer.into_inner());
        rows.sort_unstable();
        head.reserve_exact(rows.iter().map(|row| row.len()).sum::<usize>() + end.len());
        // Each row is given up when it is copied.
        rows.into_iter().for_each(|row| head.extend_from_slice(&row));
        head.extend_from_slice(&end);
        File { groups: Some(grouping.finish()), treatments, ..contract.file().file(head, count) }
    }

    fn write(&mut self, event: Event<'_>) {
        self.writer.write_event(event).expect("writing to memory does not fail");
    }

    /// One row a line, so that two files can be compared by eye.
    fn end_line(&mut self) {
        self.writer.get_mut().push(b'\n');
    }
}

/// Control totals of both files.
pub(super) fn totals(files: &[RowFile; 2]) -> Vec<(&'static str, i64)> {
    let sum = |number: fn(&RowFile) -> u64| files.iter().map(number).sum::<u64>() as i64;
    let mut totals = vec![
        ("riv_ta_incomplete", sum(|file| file.incomplete)),
        ("riv_ta_values_left_out", sum(|file| file.values_left_out)),
    ];
    totals.extend(files.iter().map(|file| (file.contract.rows_total(), file.rows.len() as i64)));
    totals
}
