//! Code lists as data: what a code of a system looks like, which codes there are, and when each holds.
//!
//! Goes in: the shipped lists (`codelists/`), and a folder of a region's own in the same format, which replace the shipped
//! codes of their system. Comes out: the normalised spelling of a code, and its [`Standing`] on a day. Only a list that
//! says that it is complete can make a code unknown; a partial one knows some codes and says nothing of others.

mod file;
mod shape;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use hl7::time::Stockholm;
use schemas::{CodeSystem, Timestamp};

pub use file::Error;
pub(crate) use shape::Shape;

use crate::rules::Rule;

/// A code system with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// ICD-10-SE.
    Icd,
    /// KVÅ.
    Kva,
    /// ATC.
    Atc,
    /// Medicinskt verksamhetsområde.
    Mvo,
}

impl System {
    /// Every system.
    pub const ALL: [System; 4] = [System::Icd, System::Kva, System::Atc, System::Mvo];

    /// Its name in lists and packages; the first three are the symbols of the common model.
    pub fn name(self) -> &'static str {
        match self {
            System::Icd => "ICD_10_SE",
            System::Kva => "KVA",
            System::Atc => "ATC",
            System::Mvo => "MVO",
        }
    }

    /// The list of a code system of the common model, if there is one.
    pub(crate) fn of(system: CodeSystem) -> Option<System> {
        match system {
            CodeSystem::Icd10Se => Some(System::Icd),
            CodeSystem::Kva => Some(System::Kva),
            CodeSystem::Atc => Some(System::Atc),
            CodeSystem::SnomedCt | CodeSystem::Other => None,
        }
    }

    /// The system of this name.
    pub fn of_name(name: &str) -> Option<System> {
        System::ALL.into_iter().find(|system| system.name() == name)
    }
}

/// A day as a number, YYYYMMDD: days compare as they follow each other.
pub(crate) type Day = u32;

/// The Swedish day of a moment.
pub(crate) fn day(at: Timestamp, stockholm: &Stockholm) -> Day {
    let (year, month, day) = stockholm.date(at.0);
    u32::try_from(year).map_or(0, |year: Day| year * 10_000 + Day::from(month) * 100 + Day::from(day))
}

/// What a list says of a code on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing against it.
    Good,
    /// A heading, not to be reported.
    Heading,
    /// Not in a list that is complete.
    Unknown,
    /// In the list, and not valid on the day.
    Discontinued,
}

impl Standing {
    /// The finding that says so.
    pub(crate) fn rule(self) -> Option<Rule> {
        match self {
            Standing::Good => None,
            Standing::Heading => Some(Rule::CodeHeading),
            Standing::Unknown => Some(Rule::CodeUnknown),
            Standing::Discontinued => Some(Rule::CodeDiscontinued),
        }
    }
}

/// The lists of all systems.
#[derive(Debug, Default)]
pub struct CodeLists {
    lists: [List; System::ALL.len()],
}

/// The list of one system.
#[derive(Debug, Default)]
struct List {
    version: String,
    /// Before this day the list says nothing.
    from: Day,
    complete: bool,
    shape: Shape,
    codes: HashMap<Box<str>, Vec<Validity>>,
    /// Codes that begin so, and when.
    beginnings: Vec<(Box<str>, Validity)>,
    /// Whether a code can be unknown or out of its time: in most partial lists none can, and they are not searched.
    limits: bool,
}

/// First and last day on which a code holds.
#[derive(Debug, Clone, Copy)]
struct Validity {
    from: Day,
    to: Day,
}

/// The shipped lists, read once.
static SHIPPED: LazyLock<Arc<CodeLists>> =
    LazyLock::new(|| Arc::new(CodeLists::shipped().expect("what we ship can be read: a test reads it")));

impl CodeLists {
    /// The shipped lists, one copy for everybody.
    pub(crate) fn built_in() -> Arc<CodeLists> {
        Arc::clone(&SHIPPED)
    }

    /// The shipped lists.
    ///
    /// # Errors
    /// Never with the lists that are built in here: a test reads them.
    pub fn shipped() -> Result<CodeLists, Error> {
        file::shipped()
    }

    /// The shipped lists with those of a folder in their place: every `*.toml` in it is a list.
    ///
    /// # Errors
    /// When the folder or a list in it cannot be read, or says something that cannot be.
    pub fn with_folder(folder: &Path) -> Result<CodeLists, Error> {
        let mut lists = file::shipped()?;
        file::folder(folder, &mut lists)?;
        Ok(lists)
    }

    fn of(&self, system: System) -> &List {
        &self.lists[system as usize]
    }

    /// The system's spelling of a code, upper case without dots and blanks, when the text has the shape of one.
    pub(crate) fn read<'t>(&self, system: System, text: &'t str) -> Option<Cow<'t, str>> {
        let code = normalised(text);
        self.of(system).shape.fits(&code).then_some(code)
    }

    /// Whether the system's list can say anything against a code.
    pub(crate) fn speaks(&self, system: System) -> bool {
        let list = self.of(system);
        list.limits || list.shape.has_headings()
    }

    /// What the list says of a normalised code; without a day validity is not looked at. The day is asked for only when the
    /// list has something to say of days.
    pub(crate) fn standing(&self, system: System, code: &str, on: impl FnOnce() -> Option<Day>) -> Standing {
        let list = self.of(system);
        if list.shape.is_heading(code) {
            return Standing::Heading;
        }
        if !list.limits {
            return Standing::Good;
        }
        let on = on();
        if on.is_some_and(|on| on < list.from) {
            return Standing::Good;
        }
        let exact = list.codes.get(code).map(Vec::as_slice).unwrap_or_default();
        let begun = list.beginnings.iter().filter(|(begin, _)| code.starts_with(begin.as_ref()));
        let (mut listed, mut valid) = (false, false);
        for validity in exact.iter().chain(begun.map(|(_, validity)| validity)) {
            listed = true;
            valid |= on.is_none_or(|on| (validity.from..=validity.to).contains(&on));
        }
        match (listed, valid) {
            (true, true) => Standing::Good,
            (true, false) => Standing::Discontinued,
            (false, _) if list.complete => Standing::Unknown,
            (false, _) => Standing::Good,
        }
    }

    /// One line per system, for `mapping explain`.
    pub(crate) fn words(&self, system: System) -> String {
        let List { version, complete, codes, beginnings, .. } = self.of(system);
        let count = codes.len() + beginnings.len();
        let extent = if *complete { "complete" } else { "partial, never makes a code unknown" };
        format!("{} {version}: {count} codes and groups, {extent}", system.name())
    }
}

/// Upper case without dots and blanks.
pub(crate) fn normalised(text: &str) -> Cow<'_, str> {
    let is_odd = |byte: u8| matches!(byte, b'.' | b' ') || byte.is_ascii_lowercase() || !byte.is_ascii();
    if !text.bytes().any(is_odd) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        let kept = text.bytes().filter(|byte| !matches!(byte, b'.' | b' '));
        return Cow::Owned(kept.map(|byte| char::from(byte.to_ascii_uppercase())).collect());
    }
    let kept = text.chars().filter(|letter| !matches!(letter, '.' | ' ' | '\u{a0}'));
    Cow::Owned(kept.flat_map(char::to_uppercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_lists_are_read_and_say_that_they_are_partial() {
        let lists = CodeLists::shipped().expect("shipped");
        for system in System::ALL {
            assert!(lists.words(system).contains("partial"), "{system:?}");
            assert_eq!(System::of_name(system.name()), Some(system));
        }
        assert_eq!(lists.standing(System::Icd, "Z999", || Some(20_260_101)), Standing::Good);
        assert_eq!(lists.standing(System::Kva, "NFB000", || None), Standing::Heading);
        assert!(!lists.speaks(System::Icd) && !lists.speaks(System::Mvo));
    }

    #[test]
    fn codes_have_their_shapes() {
        let lists = CodeLists::shipped().expect("shipped");
        let check = |system, text, expected: Option<&str>| {
            assert_eq!(lists.read(system, text).as_deref(), expected, "{system:?} {text}");
        };
        for (text, expected) in [
            ("H25.9", Some("H259")),
            ("h259", Some("H259")),
            (" s72.00 ", Some("S7200")),
            ("E11.3A", Some("E113A")),
            ("C61", Some("C61")),
            ("J01DA64", None),
            ("V03AF", None),
            ("-1", None),
            ("åå9", None),
            ("", None),
        ] {
            check(System::Icd, text, expected);
        }
        for (text, expected) in
            [("cje20", Some("CJE20")), ("NFB0912", Some("NFB0912")), ("0000", None), ("CJE2", None), ("CJE201", None)]
        {
            check(System::Kva, text, expected);
        }
        for (text, expected) in
            [("J01DA64", Some("J01DA64")), ("v03af", Some("V03AF")), ("E01AA01", None), ("J01", None), ("S7200", None)]
        {
            check(System::Atc, text, expected);
        }
        check(System::Mvo, "511", Some("511"));
        check(System::Mvo, "51", None);
    }
}
