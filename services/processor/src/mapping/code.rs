//! Codes of a row that repeat: diagnoses in numbered columns, procedures in one cell with their dates, drugs with the
//! procedure that they belong to.
//!
//! Nothing that stands in such a column loses a row. A text is the column's own code, or another system's code in the wrong
//! column, or rubbish that is kept verbatim when it is as short as a code and replaced by a keyed code when it is not.

use std::borrow::Cow;

use hl7::time::Stockholm;
use schemas::{CodeRole, CodeSystem, Laterality, Timestamp};

use super::program::Column;
use super::read::{self, Told, When};
use super::slot::CodeSlot;
use crate::code_lists::{CodeLists, System, normalised};
use crate::findings::Findings;
use crate::rules::Rule;
use crate::spelling;
use crate::verbatim::Guard;

/// Codes of one row; PAR has 30 diagnoses, 30 procedures and 7 causes, and a procedure rarely more than a drug.
const CODES_MAX: usize = 256;

/// Rubbish that is longer, or has more digits, may be a name, a date of birth or a number of a person.
const RUBBISH_LENGTH_MAX: usize = 12;
const RUBBISH_DIGITS_MAX: usize = 5;

/// One `[[code]]` of a package, compiled.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) role: CodeRole,
    pub(super) system: System,
    /// Columns in order, by their index among the program's.
    pub(super) columns: Vec<usize>,
    /// Between the codes of one cell; without it a cell is one code.
    pub(super) separator: Option<String>,
    /// Texts that stand for no code, and are noted.
    pub(super) nothing: Vec<String>,
    /// The n-th is when the n-th code was done.
    pub(super) dates: Vec<usize>,
    pub(super) side: Option<Side>,
    pub(super) owner: Owner,
    /// An ATC code in the cell is a drug of the procedure before it, and has no date of its own.
    pub(super) drugs_follow: bool,
}

/// Where the side of the body stands.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) column: usize,
    /// The source's text of each side.
    pub(super) sides: Vec<(String, Laterality)>,
}

/// What a code belongs to.
#[derive(Debug)]
pub(super) enum Owner {
    /// Nothing.
    Nobody,
    /// The first code of these roles that begins so; no beginning: the first of these roles.
    First { roles: Vec<CodeRole>, beginnings: Vec<String> },
    /// The code of these roles that stands after a sign in the same text, as `J01CF02:NFJ59`.
    Named { roles: Vec<CodeRole>, sign: String },
}

/// What reading needs besides the cells.
pub(super) struct Tools<'r, 'g> {
    pub(super) columns: &'r [Column],
    pub(super) empty: &'r [String],
    pub(super) lists: &'r CodeLists,
    pub(super) guard: &'r Guard<'g>,
    pub(super) stockholm: &'r mut Stockholm,
    pub(super) findings: &'r mut Findings,
    pub(super) received_at: Option<Timestamp>,
}

/// A code whose owner is named in its own text.
struct Reference<'t> {
    code: usize,
    named: &'t str,
    column: &'static str,
}

/// All codes of a row, in the order of the entries.
pub(super) fn read<'t>(
    entries: &[Entry],
    cell: &impl Fn(usize) -> Option<&'t str>,
    tools: &mut Tools<'_, '_>,
) -> Vec<CodeSlot<'t>> {
    let mut codes = Vec::new();
    let mut references = Vec::new();
    for entry in entries {
        let first = codes.len();
        entry.read(cell, tools, &mut codes, &mut references);
        if let Some(side) = &entry.side {
            side.apply(cell, tools, entry.separator.as_deref(), &mut codes[first..]);
        }
        if let Owner::First { roles, beginnings } = &entry.owner {
            // A drug among the diagnoses may begin as an injury does.
            let is_own = |code: &CodeSlot<'_>| code.listed_in().is_some_and(|system| system != System::Atc);
            let owner = codes.iter().position(|code| {
                let begins = beginnings.is_empty() || beginnings.iter().any(|begin| code.code.starts_with(begin));
                roles.contains(&code.role) && is_own(code) && begins
            });
            for code in &mut codes[first..] {
                code.belongs_to = owner;
            }
        }
        if let Owner::Named { roles, .. } = &entry.owner {
            for Reference { code, named, column } in references.drain(..) {
                let named = normalised(named);
                let owner = codes.iter().position(|code| roles.contains(&code.role) && code.code == named);
                if owner.is_none() {
                    tools.findings.add(Rule::CodeOwnerUnknown, column);
                }
                codes[code].belongs_to = owner;
            }
        }
    }
    codes
}

impl Entry {
    fn read<'t>(
        &self,
        cell: &impl Fn(usize) -> Option<&'t str>,
        tools: &mut Tools<'_, '_>,
        codes: &mut Vec<CodeSlot<'t>>,
        references: &mut Vec<Reference<'t>>,
    ) {
        let mut counted = 0;
        for (number, column) in self.columns.iter().enumerate() {
            let name = tools.columns[*column].name;
            let Some(text) = tools.given(cell, *column) else { continue };
            // The whole cell first: what a separator cuts apart may be one number.
            if let Some(safe) = tools.guard.instead_of_identifier(text, name, tools.findings) {
                codes.push(self.slot(CodeSystem::Other, safe, name));
                continue;
            }
            let whole = self.separator.is_none().then_some(text);
            let parts = self.separator.as_deref().into_iter().flat_map(|separator| text.split(separator));
            for part in whole.into_iter().chain(parts).map(str::trim).filter(|part| !part.is_empty()) {
                if codes.len() >= CODES_MAX {
                    tools.findings.add(Rule::CodesTooMany, name);
                    return;
                }
                let at = if self.separator.is_some() { counted } else { number };
                if spelling::is_among(self.nothing.iter().map(String::as_str), part) {
                    tools.findings.add(Rule::CodePlaceholder, name);
                    counted += 1;
                    continue;
                }
                let (part, named) = match &self.owner {
                    Owner::Named { sign, .. } => match part.split_once(sign.as_str()) {
                        Some((part, named)) => (part.trim_end(), Some(named.trim_start())),
                        None => (part, None),
                    },
                    Owner::Nobody | Owner::First { .. } => (part, None),
                };
                if self.separator.is_some()
                    && let Some(safe) = tools.guard.instead_of_identifier(part, name, tools.findings)
                {
                    codes.push(self.slot(CodeSystem::Other, safe, name));
                    counted += 1;
                    continue;
                }
                if self.drugs_follow
                    && let Some(code) = tools.lists.read(System::Atc, part)
                {
                    let belongs_to = codes.iter().rposition(|code| code.role == self.role);
                    codes.push(CodeSlot {
                        role: CodeRole::Drug,
                        belongs_to,
                        ..self.slot(CodeSystem::Atc, code, name).told_as(part)
                    });
                    continue;
                }
                let mut slot = self.code(part, name, tools);
                counted += 1;
                if !self.dates.is_empty() {
                    match self.dates.get(at).and_then(|date| Some((*date, tools.given(cell, *date)?))) {
                        Some((column, text)) => {
                            (slot.performed_at, slot.performed_is_date) = tools.time(text, column);
                        }
                        None => tools.findings.add(Rule::ProcedureDateMissing, name),
                    }
                }
                if let Some(named) = named.filter(|named| !named.is_empty()) {
                    references.push(Reference { code: codes.len(), named, column: name });
                }
                codes.push(slot);
            }
        }
    }

    /// The column's own code, another system's in the wrong column, or rubbish.
    fn code<'t>(&self, text: &'t str, name: &'static str, tools: &mut Tools<'_, '_>) -> CodeSlot<'t> {
        if let Some(code) = tools.lists.read(self.system, text) {
            return self.slot(symbol(self.system), code, name).told_as(text);
        }
        for system in [System::Icd, System::Kva, System::Atc] {
            if let Some(code) = tools.lists.read(system, text) {
                tools.findings.add(Rule::CodeMisplaced, name);
                return self.slot(symbol(system), code, name).told_as(text);
            }
        }
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let is_short = text.len() <= RUBBISH_LENGTH_MAX
            && (1..=RUBBISH_DIGITS_MAX).contains(&digits)
            && text.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '-' | '.' | '/' | '+' | '*' | '?'));
        if is_short {
            tools.findings.add(Rule::CodeShapeUnknown, name);
            return self.slot(CodeSystem::Other, normalised(text), name).told_as(text);
        }
        tools.findings.add(Rule::CodeNotKept, name);
        self.slot(CodeSystem::Other, tools.guard.instead_of(text), name)
    }

    fn slot<'t>(&self, system: CodeSystem, code: Cow<'t, str>, column: &'static str) -> CodeSlot<'t> {
        CodeSlot {
            role: self.role,
            system,
            code,
            verbatim: None,
            performed_at: None,
            performed_is_date: false,
            laterality: Laterality::Unknown,
            belongs_to: None,
            column,
        }
    }

    /// The entry in words, for `explain`.
    pub(super) fn words(&self, columns: &[Column]) -> String {
        let mut how = Vec::new();
        if let Some(separator) = &self.separator {
            how.push(format!("several in a cell, cut at {separator:?}"));
        }
        if !self.nothing.is_empty() {
            how.push(format!("{} mean nothing", self.nothing.join(", ")));
        }
        if !self.dates.is_empty() {
            how.push(format!("done on {}", names(&self.dates, columns)));
        }
        if let Some(Side { column, sides }) = &self.side {
            let sides: Vec<String> =
                sides.iter().map(|(text, side)| format!("{text} = {}", side_name(*side))).collect();
            how.push(format!("side in {}, {}", columns[*column].name, sides.join(", ")));
        }
        if self.drugs_follow {
            how.push("an ATC code is a drug of the code before it".to_owned());
        }
        let named = |roles: &[CodeRole]| roles.iter().map(|role| role_name(*role)).collect::<Vec<_>>().join(" or ");
        match &self.owner {
            Owner::Nobody => {}
            Owner::First { roles, beginnings } if beginnings.is_empty() => {
                how.push(format!("belongs to the first {}", named(roles)));
            }
            Owner::First { roles, beginnings } => {
                how.push(format!("belongs to the first {} that begins with {}", named(roles), beginnings.join(" or ")));
            }
            Owner::Named { roles, sign } => how.push(format!("belongs to the {} named after {sign:?}", named(roles))),
        }
        format!(
            "{:<20} {:<24} {:<22} {}",
            role_name(self.role),
            names(&self.columns, columns),
            self.system.name(),
            how.join("; ")
        )
        .trim_end()
        .to_owned()
    }
}

impl Tools<'_, '_> {
    /// A cell's text, unless it is empty.
    fn given<'t>(&self, cell: &impl Fn(usize) -> Option<&'t str>, column: usize) -> Option<&'t str> {
        cell(column).filter(|text| !text.is_empty() && !self.empty.iter().any(|empty| empty.eq_ignore_ascii_case(text)))
    }

    /// When a code was done, and whether only the day is known; what is no such time is noted.
    fn time(&mut self, text: &str, column: usize) -> (Option<Timestamp>, bool) {
        let told = read::time(text, &[], self.stockholm).ok_or(Rule::FieldUnreadable);
        match told.and_then(|told| told.judged(When::Happened, self.received_at)) {
            Ok(Told::Moment(at)) => (Some(at), false),
            Ok(Told::Day(at)) => (Some(at), true),
            Ok(Told::Placeholder) => (None, false),
            Err(rule) => {
                self.findings.add(rule, self.columns[column].name);
                (None, false)
            }
        }
    }
}

impl Side {
    /// One side is that of all codes, as many sides as codes are one each; else nobody knows.
    fn apply<'t>(
        &self,
        cell: &impl Fn(usize) -> Option<&'t str>,
        tools: &mut Tools<'_, '_>,
        separator: Option<&str>,
        codes: &mut [CodeSlot<'t>],
    ) {
        let Some(text) = tools.given(cell, self.column).filter(|_| !codes.is_empty()) else { return };
        let name = tools.columns[self.column].name;
        let parts = text.split(separator.unwrap_or(" ")).map(str::trim).filter(|part| !part.is_empty());
        let mut sides = Vec::with_capacity(2);
        for part in parts.take(CODES_MAX) {
            match spelling::find(self.sides.iter().map(|(text, side)| (text.as_str(), side)), part) {
                Some(side) => sides.push(*side),
                None => {
                    tools.findings.add(Rule::FieldUnreadable, name);
                    sides.push(Laterality::Unknown);
                }
            }
        }
        match sides.as_slice() {
            [side, others @ ..] if others.iter().all(|other| other == side) => {
                for code in codes.iter_mut().filter(|code| code.role != CodeRole::Drug) {
                    code.laterality = *side;
                }
            }
            sides => {
                let sided = codes.iter().filter(|code| code.role != CodeRole::Drug).count();
                if sides.len() != sided {
                    tools.findings.add(Rule::SideUnclear, name);
                    return;
                }
                for (code, side) in codes.iter_mut().filter(|code| code.role != CodeRole::Drug).zip(sides) {
                    code.laterality = *side;
                }
            }
        }
    }
}

impl<'t> CodeSlot<'t> {
    /// With the source's text, where it differs from the code.
    fn told_as(self, text: &'t str) -> CodeSlot<'t> {
        let verbatim = (self.code != text).then_some(Cow::Borrowed(text));
        CodeSlot { verbatim, ..self }
    }

    /// As an example of a package writes it: `PROCEDURE KVA NFJ59 LEFT at 2026-02-03T07:30:00Z of 0`.
    pub(super) fn written(&self) -> String {
        let mut text = format!("{} {} {}", role_name(self.role), system_name(self.system), self.code);
        if self.laterality != Laterality::Unknown {
            text.push(' ');
            text.push_str(side_name(self.laterality));
        }
        if let Some(at) = self.performed_at {
            if self.performed_is_date {
                text.push_str(" on ");
                text.push_str(&crate::verbatim::swedish_day(at));
            } else {
                text.push_str(" at ");
                text.push_str(&crate::verbatim::rfc3339(at));
            }
        }
        if let Some(owner) = self.belongs_to {
            text.push_str(&format!(" of {owner}"));
        }
        text
    }

    /// The list that the code is looked up in.
    pub(super) fn listed_in(&self) -> Option<System> {
        System::of(self.system)
    }
}

/// `DIA1 to DIA30`, or all names when they are few.
fn names(indices: &[usize], columns: &[Column]) -> String {
    match indices {
        [first, .., last] if indices.len() > 3 => format!("{} to {}", columns[*first].name, columns[*last].name),
        indices => indices.iter().map(|column| columns[*column].name).collect::<Vec<_>>().join(", "),
    }
}

/// The roles by the name that packages and the common model use.
pub(super) const ROLES: [(&str, CodeRole); 5] = [
    ("MAIN_DIAGNOSIS", CodeRole::MainDiagnosis),
    ("OTHER_DIAGNOSIS", CodeRole::OtherDiagnosis),
    ("EXTERNAL_CAUSE", CodeRole::ExternalCause),
    ("PROCEDURE", CodeRole::Procedure),
    ("DRUG", CodeRole::Drug),
];

/// The sides by the name that packages and the common model use.
pub(super) const SIDES: [(&str, Laterality); 3] =
    [("LEFT", Laterality::Left), ("RIGHT", Laterality::Right), ("BOTH", Laterality::Both)];

fn role_name(role: CodeRole) -> &'static str {
    ROLES.iter().find(|(_, known)| *known == role).map_or("UNKNOWN", |(name, _)| name)
}

fn side_name(side: Laterality) -> &'static str {
    SIDES.iter().find(|(_, known)| *known == side).map_or("UNKNOWN", |(name, _)| name)
}

fn system_name(system: CodeSystem) -> &'static str {
    match system {
        CodeSystem::Icd10Se => System::Icd.name(),
        CodeSystem::Kva => System::Kva.name(),
        CodeSystem::Atc => System::Atc.name(),
        CodeSystem::SnomedCt => "SNOMED_CT",
        CodeSystem::Other => "OTHER",
    }
}

fn symbol(system: System) -> CodeSystem {
    match system {
        System::Icd => CodeSystem::Icd10Se,
        System::Kva => CodeSystem::Kva,
        System::Atc => CodeSystem::Atc,
        System::Mvo => CodeSystem::Other,
    }
}
