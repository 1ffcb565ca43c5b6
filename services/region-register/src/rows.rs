//! From contacts to the rows of a delivery: order of rows, cells, and what had to be left out. No I/O and no clock.

use std::collections::BTreeMap;

use schemas::{CodeRole, Sex};
use zeroize::Zeroizing;

use crate::contact::{Code, Contact};
use crate::layout::{Column, FileLayout, Layout, Rows};
use crate::moment::Moment;

/// The layout is the recipient's, so such a cell is left as it is and told.
const FORMULAS: &str = "cells that a spreadsheet would run: open the file as text";
/// Between cells. An empty cell is missing; nothing follows the last one.
const SEPARATOR: char = ';';

/// A file of the delivery. It holds identities and is wiped when it is dropped.
pub struct File {
    /// Its name.
    pub name: String,
    pub(crate) rows: u64,
    /// UTF-8, lines end with CR LF.
    pub text: Zeroizing<String>,
}

/// What was noticed on the way, by name.
pub type Counts = BTreeMap<&'static str, u64>;

/// Makes every file of the layout. Contacts are sorted by hospital, discharge and id, so the same contacts are the same bytes
/// in whatever order they come.
#[must_use]
pub fn files(layout: &Layout, filkod: &str, mut contacts: Vec<Contact>) -> (Vec<File>, Counts) {
    let mut counts = Counts::new();
    contacts.retain(|contact| {
        let kept = contact.is_writable();
        *counts.entry("contacts").or_default() += u64::from(kept);
        *counts.entry("left out: a cell holds a separator or a line end").or_default() += u64::from(!kept);
        kept
    });
    contacts.sort_by(|left, right| {
        let key = |contact: &Contact| (contact.hospital.clone(), contact.discharged, contact.id.clone());
        key(left).cmp(&key(right))
    });
    for contact in &contacts {
        notice(contact, &mut counts);
    }
    let files = layout.files.iter().map(|file| {
        let mut text = Zeroizing::new(String::new());
        let mut rows = 0;
        for contact in &contacts {
            rows += write(contact, file, filkod, &mut text, &mut counts);
        }
        File { name: file.name(filkod), rows, text }
    });
    (files.collect(), counts)
}

/// What a reader of the delivery must know about the contacts in it.
fn notice(contact: &Contact, counts: &mut Counts) {
    let mut count = |name, number: usize| *counts.entry(name).or_default() += number as u64;
    let of_role = |role: CodeRole| contact.codes.iter().filter(move |code| code.role == role);
    count("contacts without main diagnosis", usize::from(of_role(CodeRole::MainDiagnosis).next().is_none()));
    count("contacts not discharged on the last day", usize::from(contact.discharged.is_none()));
    count("contacts without discharge time", usize::from(contact.discharged.is_some_and(|time| time.is_date)));
    count(
        "external causes without their diagnosis",
        of_role(CodeRole::ExternalCause).filter(|code| code.belongs_to.is_none()).count(),
    );
    count("drugs without their procedure", of_role(CodeRole::Drug).filter(|code| code.belongs_to.is_none()).count());
    count("procedures without date", of_role(CodeRole::Procedure).filter(|code| code.performed.is_none()).count());
    count("codes without role", of_role(CodeRole::Unknown).count());
}

/// Writes a contact's rows of a file; gives their number.
fn write(contact: &Contact, file: &FileLayout, filkod: &str, text: &mut String, counts: &mut Counts) -> u64 {
    let mut rows = 0;
    for code in codes(contact, file.rows) {
        rows += 1;
        for (n, column) in file.columns.iter().enumerate() {
            if n > 0 {
                text.push(SEPARATOR);
            }
            let begin = text.len();
            cell(contact, code, *column, Row { filkod, number: rows }, text);
            if spreadsheet::is_run(&text[begin..]) {
                *counts.entry(FORMULAS).or_default() += 1;
            }
        }
        text.push_str("\r\n");
    }
    rows
}

/// The code of each row, in the order of the rows; one row without a code where rows are contacts.
fn codes(contact: &Contact, rows: Rows) -> Vec<Option<&Code>> {
    match rows {
        Rows::Contact => vec![None],
        Rows::CompulsoryCare => contact.compulsory_care.iter().map(|_| None).collect(),
        Rows::Drug => contact.codes.iter().filter(|code| code.role == CodeRole::Drug).map(Some).collect(),
        Rows::Diagnosis => {
            let main = contact.codes.iter().position(|code| code.role == CodeRole::MainDiagnosis);
            let others = (0..contact.codes.len()).filter(|at| contact.codes[*at].role == CodeRole::OtherDiagnosis);
            // A cause that names no diagnosis stands below the main one: it is the reason of the contact.
            with_followers(contact, main.into_iter().chain(others), CodeRole::ExternalCause, main)
        }
        Rows::Procedure => {
            let procedures = (0..contact.codes.len()).filter(|at| contact.codes[*at].role == CodeRole::Procedure);
            // A drug that names no procedure is in the file of drugs only.
            with_followers(contact, procedures, CodeRole::Drug, None)
        }
    }
}

/// Each leader, and below it what belongs to it.
fn with_followers(
    contact: &Contact,
    leaders: impl Iterator<Item = usize>,
    role: CodeRole,
    default: Option<usize>,
) -> Vec<Option<&Code>> {
    let mut rows = Vec::new();
    for leader in leaders {
        rows.push(Some(&contact.codes[leader]));
        let follows = |code: &&Code| code.role == role && code.belongs_to.or(default) == Some(leader);
        rows.extend(contact.codes.iter().filter(follows).map(Some));
    }
    rows
}

#[derive(Clone, Copy)]
struct Row<'a> {
    filkod: &'a str,
    number: u64,
}

fn cell(contact: &Contact, code: Option<&Code>, column: Column, row: Row<'_>, text: &mut String) {
    let mut put = |value: Option<&str>| text.push_str(value.unwrap_or_default());
    let date = |time: Option<Moment>| time.map(|time| time.format("%Y%m%d"));
    let clock = |time: Option<Moment>| time.filter(|time| !time.is_date).map(|time| time.format("%H%M"));
    let flag = |flag: Option<bool>, yes, no| flag.map(|flag| if flag { yes } else { no });
    let main = || contact.codes.iter().find(|code| code.role == CodeRole::MainDiagnosis);
    match column {
        Column::Filkod => put(Some(row.filkod)),
        Column::ContactId => put(Some(&contact.id)),
        Column::PersonalNumber => put(Some(&contact.number)),
        Column::Sex => put(match contact.sex {
            Sex::Male => Some("1"),
            Sex::Female => Some("2"),
            Sex::Other | Sex::Unknown => None,
        }),
        Column::BirthYear => put(contact.birth_year.map(|year| year.to_string()).as_deref()),
        Column::Lkf => put(contact.lkf.as_deref()),
        Column::Hospital => put(contact.hospital.as_deref()),
        Column::Clinic => put(contact.clinic.as_deref()),
        Column::Mvo => put(contact.mvo.as_deref()),
        Column::AdmittedDate => put(date(contact.admitted).as_deref()),
        Column::AdmittedTime => put(clock(contact.admitted).as_deref()),
        Column::DischargedDate => put(date(contact.discharged).as_deref()),
        Column::DischargedTime => put(clock(contact.discharged).as_deref()),
        Column::AdmissionMode => put(contact.admission_mode.as_deref()),
        Column::DischargeMode => put(contact.discharge_mode.as_deref()),
        Column::Planned => put(flag(contact.planned, "1", "2")),
        Column::MainDiagnosis => put(main().map(|code| code.code.as_str())),
        Column::Drg => put(contact.drg.as_deref()),
        Column::Final => put(flag(contact.is_final, "1", "0")),
        Column::Row => put(Some(&row.number.to_string())),
        Column::Role => put(code.and_then(|code| letter(code.role))),
        Column::Code => put(code.map(|code| code.code.as_str())),
        Column::PerformedDate => put(date(code.and_then(|code| code.performed)).as_deref()),
        Column::PerformedTime => put(clock(code.and_then(|code| code.performed)).as_deref()),
        Column::CompulsoryCare => put(contact.compulsory_care.as_deref()),
    }
}

const fn letter(role: CodeRole) -> Option<&'static str> {
    match role {
        CodeRole::MainDiagnosis => Some("H"),
        CodeRole::OtherDiagnosis => Some("B"),
        CodeRole::ExternalCause => Some("E"),
        CodeRole::Procedure => Some("O"),
        CodeRole::Drug => Some("L"),
        CodeRole::Unknown => None,
    }
}

impl Contact {
    /// Whether every text can stand in a cell.
    fn is_writable(&self) -> bool {
        let plain = |text: &str| !text.contains([SEPARATOR, '\r', '\n', '"']);
        let texts = [
            &self.lkf,
            &self.hospital,
            &self.clinic,
            &self.mvo,
            &self.admission_mode,
            &self.discharge_mode,
            &self.drg,
            &self.compulsory_care,
        ];
        plain(&self.id)
            && texts.into_iter().flatten().all(|text| plain(text))
            && self.codes.iter().all(|code| plain(&code.code))
    }
}

#[cfg(test)]
mod tests {
    use schemas::Timestamp;

    use super::*;

    fn code(role: CodeRole, code: &str, belongs_to: Option<usize>) -> Code {
        Code { role, code: code.to_owned(), performed: Moment::new(Some(Timestamp(0)), true), belongs_to }
    }

    fn contact(id: &str, codes: Vec<Code>) -> Contact {
        Contact {
            subject: None,
            is_protected: false,
            number: Zeroizing::new("900101xxxxxx".to_owned()),
            id: id.to_owned(),
            sex: Sex::Female,
            birth_year: Some(1941),
            lkf: None,
            hospital: Some("501010".to_owned()),
            clinic: None,
            mvo: Some("311".to_owned()),
            admitted: Moment::new(Some(Timestamp(1_770_000_000_000_000)), false),
            discharged: Moment::new(Some(Timestamp(1_770_600_000_000_000)), true),
            admission_mode: Some("3".to_owned()),
            discharge_mode: None,
            planned: Some(false),
            drg: None,
            is_final: Some(true),
            compulsory_care: None,
            codes,
        }
    }

    fn text(name: &str, contacts: Vec<Contact>) -> (String, Counts) {
        let (files, counts) = files(&Layout::load(None).unwrap(), "14", contacts);
        let file = files.into_iter().find(|file| file.name == format!("14_{name}.txt")).unwrap();
        assert_eq!(file.rows, file.text.lines().count() as u64);
        (file.text.to_string(), counts)
    }

    #[test]
    fn a_cause_stands_below_its_diagnosis_and_a_drug_below_its_procedure() {
        use CodeRole::{Drug, ExternalCause, MainDiagnosis, OtherDiagnosis, Procedure};
        let codes = || {
            vec![
                code(OtherDiagnosis, "I109", None),
                code(MainDiagnosis, "S7200", None),
                code(OtherDiagnosis, "T810", None),
                code(ExternalCause, "Y831", Some(2)),
                code(ExternalCause, "W0109", None),
                code(Procedure, "NFJ59", None),
                code(Procedure, "DT016", None),
                code(Drug, "J01CF02", Some(6)),
                code(Drug, "B01AB05", None),
            ]
        };
        let column = |name: &str, at: usize| {
            let (text, _) = text(name, vec![contact("A", codes())]);
            text.lines().map(|line| line.split(';').nth(at).unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(column("diagnos", 5), "S7200 W0109 I109 T810 Y831");
        assert_eq!(column("diagnos", 3), "1 2 3 4 5");
        assert_eq!(column("diagnos", 4), "H E B B E");
        assert_eq!(column("atgard", 5), "NFJ59 DT016 J01CF02");
        assert_eq!(column("lakemedel", 4), "J01CF02 B01AB05");
    }

    #[test]
    fn empty_is_missing_and_a_day_has_no_time() {
        let (text, counts) = text("vardtillfalle", vec![contact("A", Vec::new())]);
        assert_eq!(text, "14;A;900101xxxxxx;501010;;311;20260202;0340;20260209;;3;;2;;;1\r\n");
        assert_eq!(counts["contacts without main diagnosis"], 1);
        assert_eq!(counts["contacts without discharge time"], 1);
    }

    #[test]
    fn who_is_not_discharged_has_no_discharge() {
        let told = Contact { discharge_mode: Some("4".to_owned()), ..contact("A", Vec::new()) };
        let (text, counts) = text("vardtillfalle", vec![told.not_discharged()]);
        assert_eq!(text, "14;A;900101xxxxxx;501010;;311;20260202;0340;;;3;;2;;;0\r\n");
        assert_eq!(counts["contacts not discharged on the last day"], 1);
        assert_eq!(counts["contacts without discharge time"], 0);
    }

    #[test]
    fn nothing_is_an_empty_file_and_a_cell_that_cannot_be_written_leaves_its_contact_out() {
        let (none, counts) = text("lakemedel", vec![contact("A;B", Vec::new())]);
        assert_eq!(none, "");
        assert_eq!(counts["contacts"], 0);
        assert_eq!(counts["left out: a cell holds a separator or a line end"], 1);
    }

    #[test]
    fn what_a_spreadsheet_would_run_stays_as_it_is_and_is_told() {
        let (text, counts) = text("vardtillfalle", vec![contact("=A", Vec::new()), contact("B", Vec::new())]);
        assert!(text.contains(";=A;") && text.contains(";B;"), "{text}");
        assert!(counts[FORMULAS] > 0);
        assert!(!self::text("vardtillfalle", vec![contact("B", Vec::new())]).1.contains_key(FORMULAS));
    }

    #[test]
    fn the_order_of_coming_does_not_matter() {
        let both = |ids: [&str; 2]| text("patient", ids.map(|id| contact(id, Vec::new())).into()).0;
        assert_eq!(both(["B", "A"]), both(["A", "B"]));
    }
}
