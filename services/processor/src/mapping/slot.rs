//! The fields of one row, before they become an event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemas::{CodeRole, CodeSystem, Laterality, Timestamp};

use super::Target;
use super::field::FIELDS_MAX;

/// One field of a row. No `Debug`: one kind holds an identifier.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) enum Slot<'t> {
    /// Empty, or not to be read.
    #[default]
    Absent,
    Text(Cow<'t, str>),
    /// A moment and the source's text of it.
    Time(Timestamp, &'t str),
    /// A day, by where it begins in Swedish time, and the source's text of it.
    Day(Timestamp, &'t str),
    /// A moment whose day and clock stood in two cells, and both texts.
    TimeOfParts(Timestamp, Box<str>),
    /// A month, `YYYY-MM` in ASCII.
    Month([u8; 7]),
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// A symbol of the field's kind, or `None` when the package does not know the source's code.
    Code(Option<&'static str>),
    /// A person's identifier as the source wrote it.
    Identity(&'t str),
    List(Vec<Cow<'t, str>>),
}

/// All fields of a row, by place; and the source's own text of those whose code was mapped.
pub(crate) struct Slots<'t> {
    /// As long as the last field that was set: a row is handed on as three words and not as all its fields.
    slots: Vec<Slot<'t>>,
    pub(crate) verbatim: Vec<(&'static str, Cow<'t, str>)>,
    /// Name of the extension and text.
    pub(crate) extensions: Vec<(&'static str, Cow<'t, str>)>,
    /// Name of the component and öre.
    pub(crate) components: Vec<(&'static str, i64)>,
    /// Diagnoses, procedures, causes and drugs.
    pub(crate) codes: Vec<CodeSlot<'t>>,
}

/// One code of a row, past the guard.
#[derive(Clone)]
pub(crate) struct CodeSlot<'t> {
    pub(crate) role: CodeRole,
    pub(crate) system: CodeSystem,
    pub(crate) code: Cow<'t, str>,
    /// The source's text, where it differs.
    pub(crate) verbatim: Option<Cow<'t, str>>,
    pub(crate) performed_at: Option<Timestamp>,
    /// Only the day is known.
    pub(crate) performed_is_date: bool,
    pub(crate) laterality: Laterality,
    /// Index of the code that it belongs to.
    pub(crate) belongs_to: Option<usize>,
    /// The column that it stands in.
    pub(crate) column: &'static str,
}

impl Default for Slots<'_> {
    fn default() -> Self {
        Slots {
            slots: Vec::with_capacity(FIELDS_MAX),
            // Most rows have a handful of mapped codes.
            verbatim: Vec::with_capacity(8),
            extensions: Vec::new(),
            components: Vec::new(),
            codes: Vec::new(),
        }
    }
}

impl<'t> Slots<'t> {
    /// The source's own texts as an event has them. Put in one by one: a map that is collected sorts a copy first.
    pub(crate) fn verbatim_texts(&self) -> BTreeMap<&str, &str> {
        let mut texts = BTreeMap::new();
        for (field, text) in &self.verbatim {
            texts.insert(*field, text.as_ref());
        }
        texts
    }

    /// Sets a field; fields are set in the order of their places.
    #[inline(always)]
    pub(crate) fn set(&mut self, place: usize, slot: Slot<'t>) {
        debug_assert!(self.slots.len() <= place);
        // Almost always none or one, for which `resize` is slow.
        while self.slots.len() < place {
            self.slots.push(Slot::Absent);
        }
        self.slots.push(slot);
    }

    pub(crate) fn at(&self, place: usize) -> &Slot<'t> {
        self.slots.get(place).unwrap_or(&Slot::Absent)
    }

    /// The field of this name; looked up once per use, so only for rules and examples.
    pub(crate) fn named(&self, target: Target, name: &str) -> &Slot<'t> {
        target.place(name).map_or(&Slot::Absent, |place| self.at(place))
    }
}

impl Slot<'_> {
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Slot::Absent)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Slot::Text(text) => Some(text),
            Slot::Month(month) => std::str::from_utf8(month).ok(),
            Slot::Code(symbol) => *symbol,
            Slot::Absent
            | Slot::Time(..)
            | Slot::Day(..)
            | Slot::TimeOfParts(..)
            | Slot::Number(_)
            | Slot::Flag(_)
            | Slot::Identity(_)
            | Slot::List(_) => None,
        }
    }

    /// The source's text of a moment.
    pub(crate) fn time_text(&self) -> &str {
        match self {
            Slot::Time(_, text) | Slot::Day(_, text) => text,
            Slot::TimeOfParts(_, text) => text,
            _ => "",
        }
    }

    pub(crate) fn time(&self) -> Option<Timestamp> {
        match self {
            Slot::Time(at, _) | Slot::Day(at, _) | Slot::TimeOfParts(at, _) => Some(*at),
            _ => None,
        }
    }

    /// Whether only the day is known.
    pub(crate) fn is_date(&self) -> bool {
        matches!(self, Slot::Day(..))
    }

    pub(crate) fn number(&self) -> Option<i32> {
        match self {
            Slot::Number(number) => i32::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(crate) fn wide_number(&self) -> Option<i64> {
        match self {
            Slot::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Vec<&str> {
        match self {
            Slot::List(codes) => codes.iter().map(AsRef::as_ref).collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        match self {
            Slot::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// As an example writes it: a day as a date, other times in UTC.
    pub(crate) fn written(&self) -> String {
        match self {
            Slot::Absent => String::new(),
            Slot::Identity(_) => "(identifier)".to_owned(),
            Slot::List(codes) => codes.join(" "),
            Slot::Time(at, _) | Slot::TimeOfParts(at, _) => crate::verbatim::rfc3339(*at),
            Slot::Day(at, _) => crate::verbatim::swedish_day(*at),
            Slot::Number(number) => number.to_string(),
            Slot::Flag(flag) => flag.to_string(),
            Slot::Text(_) | Slot::Month(_) => self.text().unwrap_or_default().to_owned(),
            Slot::Code(symbol) => symbol.unwrap_or("UNKNOWN").to_owned(),
        }
    }
}
