//! Writes HL7 in a hospital's dialect.

use std::fmt::Write as _;

use hl7::charset::encode_text;
use hl7::time::Stockholm;

use super::country::{Hospital, Named, Patient};
use super::dialect::{Dialect, Numbering};
use super::person::Person;

/// When something happened, was written down, and was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// EVN-6, where the dialect has it; of a cancellation the time of what it cancels.
    pub(super) occurred: i64,
    /// EVN-2.
    pub(super) recorded: i64,
    /// MSH-7.
    pub(super) sent: i64,
}

/// What PV1 says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) class: &'a str,
    pub(super) place: &'a str,
    pub(super) prior: &'a str,
    pub(super) responsible: &'a str,
    pub(super) visit: &'a str,
    pub(super) admitted: i64,
    pub(super) discharged: Option<i64>,
}

/// What ZBE says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Movement<'a> {
    pub(super) number: u64,
    pub(super) start: i64,
    pub(super) action: &'a str,
    pub(super) responsible: &'a str,
}

/// A message being written: `begin`, segments, `finish`.
pub(super) struct Writer {
    clock: Stockholm,
    text: String,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { clock: Stockholm::new(), text: String::new() }
    }

    /// MSH and EVN. Counts the hospital's MSH-10 on.
    pub(super) fn begin(&mut self, hospital: &mut Hospital, trigger: &str, times: Times) -> &mut Self {
        hospital.control_id = hospital.control_id % hospital.dialect.control_id_max + 1;
        let dialect = &hospital.dialect;
        self.text.clear();
        let sent = self.stamp(dialect, times.sent);
        let accept = if dialect.enhanced { "AL" } else { "" };
        let (facility, control_id) = (&hospital.facility, hospital.control_id.to_string());
        self.segment(
            "MSH|^~\\&",
            // MSH-1 and MSH-2 are already written, so MSH-3 is the first field after them.
            &[
                (1, dialect.application),
                (2, facility),
                (3, "VARDSTROM"),
                (5, &sent),
                (7, &format!("ADT^{trigger}")),
                (8, &control_id),
                (9, "P"),
                (10, dialect.version),
                (13, accept),
                (16, dialect.charset_name),
            ],
        );
        let recorded = self.stamp(dialect, times.recorded);
        let occurred = if dialect.occurred { self.stamp(dialect, times.occurred) } else { String::new() };
        self.segment("EVN", &[(1, trigger), (2, &recorded), (6, &occurred)]);
        self
    }

    /// PID, and PD1 where identity is protected.
    pub(super) fn person(&mut self, dialect: &Dialect, number: usize, person: &Person, named: &Named) -> &mut Self {
        let identifiers = identifiers(dialect, person, named);
        let birth = person.number.birth();
        let birth = format!("{:04}{:02}{:02}", birth.year(), birth.month(), birth.day());
        let name = format!("{}^{}^^^^^L", person.surname, person.given_name);
        let unknown = matches!(named, Named::Reserve(..));
        let telephone = if unknown { "" } else { &person.telephone };
        self.segment(
            "PID",
            &[
                (1, &number.to_string()),
                (3, &identifiers),
                (5, if unknown { "Okänd^Okänd" } else { &name }),
                (7, if unknown { "" } else { &birth }),
                (8, person.sex()),
                (11, if unknown { "" } else { &person.address }),
                (13, telephone),
            ],
        );
        if person.protected {
            self.segment("PD1", &[(12, "Y")]);
        }
        self
    }

    /// MRG: the identifiers and, of a visit that moves, the number that goes.
    pub(super) fn merged(&mut self, identifiers: &str, visit: &str) -> &mut Self {
        self.segment("MRG", &[(1, identifiers), (5, visit)])
    }

    pub(super) fn visit(&mut self, dialect: &Dialect, number: usize, visit: &Visit<'_>) -> &mut Self {
        let admitted = self.stamp(dialect, visit.admitted);
        let discharged = visit.discharged.map_or_else(String::new, |at| self.stamp(dialect, at));
        let disposition = if visit.discharged.is_some() { "1" } else { "" };
        self.segment(
            "PV1",
            &[
                (1, &number.to_string()),
                (2, visit.class),
                (3, visit.place),
                (6, visit.prior),
                (10, visit.responsible),
                (19, visit.visit),
                (36, disposition),
                (44, &admitted),
                (45, &discharged),
            ],
        )
    }

    /// ZBE, in dialects that have it.
    pub(super) fn movement(&mut self, dialect: &Dialect, facility: &str, movement: &Movement<'_>) -> &mut Self {
        if !dialect.movement {
            return self;
        }
        let number = format!("{}^{facility}", movement.number);
        let start = self.stamp(dialect, movement.start);
        self.segment("ZBE", &[(1, &number), (2, &start), (4, movement.action), (5, "N"), (7, movement.responsible)])
    }

    /// PV2-3, a nurse's words.
    pub(super) fn reason(&mut self, words: &str) -> &mut Self {
        self.segment("PV2", &[(3, &format!("^{}", escaped(words)))])
    }

    pub(super) fn note(&mut self, words: &str) -> &mut Self {
        self.segment("NTE", &[(1, "1"), (3, &escaped(words))])
    }

    /// A segment by its fields; numbers ascend, empty ones at the end are left out.
    pub(super) fn segment(&mut self, name: &str, fields: &[(usize, &str)]) -> &mut Self {
        self.text.push_str(name);
        let mut written = 0;
        for (number, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
            for _ in written..*number {
                self.text.push('|');
            }
            written = *number;
            self.text.push_str(value);
        }
        self.text.push('\r');
        self
    }

    /// The message's text, to be spoiled before it is encoded.
    pub(super) fn text_mut(&mut self) -> &mut String {
        &mut self.text
    }

    /// The bytes, in the dialect's character set.
    pub(super) fn finish(&self, dialect: &Dialect) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.text.len());
        encode_text(&self.text, dialect.charset, &mut bytes);
        bytes
    }

    /// `YYYY-MM-DDTHH:MM:SS`, Swedish wall-clock time.
    pub(super) fn iso(clock: &Stockholm, micros: i64) -> String {
        let text = clock.write(micros);
        format!("{}-{}-{}T{}:{}:{}", &text[..4], &text[4..6], &text[6..8], &text[8..10], &text[10..12], &text[12..14])
    }

    fn stamp(&self, dialect: &Dialect, micros: i64) -> String {
        let mut text = self.clock.write(micros);
        if !dialect.offset {
            text.truncate("YYYYMMDDHHMMSS".len());
        }
        text
    }
}

/// PID-3 as the dialect writes it: the person's number, then the hospital's own.
pub(super) fn identifiers(dialect: &Dialect, person: &Person, named: &Named) -> String {
    let mut text = match named {
        Named::Reserve(number, system) => format!("{number}^^^{system}"),
        Named::Own => own_number(dialect, person),
    };
    let _ = write!(text, "~{}^^^{}^MR", local_number(dialect, person), dialect.application);
    text
}

fn own_number(dialect: &Dialect, person: &Person) -> String {
    let number = &person.number;
    match dialect.numbering {
        Numbering::Twelve => format!("{number}^^^&{}&ISO", person.system()),
        Numbering::Hyphenated => format!("{}^^^{}", number.hyphenated(), person.system()),
        Numbering::Short => {
            // Nobody in this country is a hundred yet, so the form needs no reference date.
            let text = number.ten_digits();
            format!("{}-{}^^^FOLKBOK^NI", &text[..6], &text[6..])
        }
    }
}

/// The hospital system's own number of a person; a letter keeps it from looking like a personal number.
fn local_number(dialect: &Dialect, person: &Person) -> String {
    format!("{}{:07}", &dialect.application[..1], person.index * 7 + 1_000_000)
}

/// Separators inside words become escape sequences.
fn escaped(words: &str) -> String {
    words.replace('\\', "\\E\\").replace('&', "\\T\\").replace('|', "\\F\\").replace('^', "\\S\\").replace('~', "\\R\\")
}

/// PV1 of a patient at a place.
pub(super) fn visit_of<'a>(patient: &'a Patient, place: &'a str, prior: &'a str, responsible: &'a str) -> Visit<'a> {
    Visit {
        class: patient.class,
        place,
        prior,
        responsible,
        visit: &patient.visit,
        admitted: patient.admitted_at,
        discharged: None,
    }
}
