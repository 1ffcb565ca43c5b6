//! A package, compiled: one pass over the cells of a row.

use std::borrow::Cow;
use std::sync::Arc;

use delimited::line::Cells;
use delimited::name::folded;
use delimited::payload;
use hl7::time::Stockholm;
use schemas::Timestamp;

use super::Target;
use super::code;
use super::field::FieldKind;
use super::header::{Header, Names};
use super::read::{self, Amounts, Told};
use super::rule::Rule as OwnRule;
use super::slot::{Slot, Slots};
use crate::code_lists::{self, CodeLists, Day, Standing, System};
use crate::findings::Findings;
use crate::rules::Rule;
use crate::spelling;
use crate::stop::Stop;
use crate::verbatim::Guard;

/// A compiled package. Keep one per thread: it reuses its buffers and remembers the header last seen.
#[derive(Debug)]
pub struct Program {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) description: String,
    pub(super) feed: &'static str,
    pub(super) target: Target,
    /// Cells that mean nothing besides the empty one.
    pub(super) empty: Vec<String>,
    /// The decimal sign of amounts in texts, where the package says it.
    pub(super) decimal: Option<char>,
    /// Folded spellings of each column that is read, and how the package writes it.
    pub(super) columns: Vec<Column>,
    pub(super) steps: Vec<Step>,
    pub(super) extensions: Vec<(&'static str, usize)>,
    /// Component of a cost and column.
    pub(super) components: Vec<(&'static str, usize)>,
    /// The column of the person's identifier.
    pub(super) identity: Option<usize>,
    pub(super) codes: Vec<code::Entry>,
    pub(super) lists: Arc<CodeLists>,
    /// Fields that say on which day the row's codes have to hold, the first that is there.
    pub(super) dated: Vec<usize>,
    /// Fields whose codes are looked up.
    pub(super) coded: Vec<Coded>,
    pub(super) rules: Vec<OwnRule>,
    pub(super) examples: Vec<super::example::Example>,
    pub(super) spellings: Vec<Vec<String>>,
    pub(super) header: Header,
    pub(super) names: Names,
    pub(super) cells: Cells,
}

/// A column that a package reads.
#[derive(Debug)]
pub(super) struct Column {
    /// As the package writes it; findings and parked records name it.
    pub(super) name: &'static str,
    /// Whether rows without the column are refused.
    pub(super) required: bool,
}

/// The place of the field that every target is known by.
pub(crate) const KEY: usize = 0;

/// Whether a row says all that the package wants. What is left of a deleted row may be its key alone; of a row that was refused it
/// is read what can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    Yes,
    No,
    Legible,
}

/// What reading a row needs besides the row.
pub(crate) struct Reading<'r, 'g> {
    pub stockholm: &'r mut Stockholm,
    pub guard: &'r Guard<'g>,
    pub findings: &'r mut Findings,
    /// When the row came: what lies far behind it is no time of what the row tells. Nothing of a package's own example.
    pub received_at: Option<Timestamp>,
}

/// How a row's cells are to be understood.
#[derive(Clone, Copy)]
struct Manner {
    whole: Whole,
    amounts: Amounts,
    received_at: Option<Timestamp>,
}

/// How one field is filled.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) place: usize,
    pub(super) kind: FieldKind,
    pub(super) from: From,
    /// Taken for an empty cell.
    pub(super) default: Option<String>,
    /// Source code, capitals or not, to symbol.
    pub(super) codes: Vec<(String, Meaning)>,
    pub(super) formats: Vec<String>,
    /// The column of the hours and minutes of a day.
    pub(super) clock: Option<usize>,
    /// Between the codes of a list in one cell.
    pub(super) separator: String,
    pub(super) required: bool,
    /// A text that cannot be read refuses the row.
    pub(super) strict: bool,
    /// The field is somebody's own number of something.
    pub(super) is_id: bool,
}

/// A field that holds codes of a system.
#[derive(Debug)]
pub(super) struct Coded {
    system: System,
    place: usize,
    /// What findings call it: its column, or the field when it has none or several.
    name: &'static str,
}

impl Coded {
    pub(super) fn among(steps: &[Step], target: Target, columns: &[Column]) -> Vec<Coded> {
        let coded = |step: &Step| {
            let name = match &step.from {
                From::Column(column) => columns[*column].name,
                From::Columns(_) | From::Value(_) => target.fields()[step.place].name,
            };
            Some(Coded { system: step.kind.system()?, place: step.place, name })
        };
        steps.iter().filter_map(coded).collect()
    }
}

/// Where a field comes from.
#[derive(Debug)]
pub(super) enum From {
    /// A column, by its index among the program's.
    Column(usize),
    /// Several columns of one list.
    Columns(Vec<usize>),
    Value(String),
}

/// What a source's code means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A symbol of the field's kind.
    Symbol(&'static str),
    /// Yes or no.
    Flag(bool),
    Text(String),
    /// Known, and the same as an empty cell.
    Nothing,
}

impl Program {
    /// The package's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// With these code lists in place of the shipped ones.
    pub fn with_code_lists(mut self, lists: Arc<CodeLists>) -> Program {
        self.lists = lists;
        self
    }

    /// Whether it reads codes of this system.
    pub(super) fn reads_system(&self, system: System) -> bool {
        self.steps.iter().any(|step| step.kind.system() == Some(system))
            || self.codes.iter().any(|entry| entry.system == system)
    }

    /// The package's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The feed whose rows it maps.
    pub fn feed(&self) -> &'static str {
        self.feed
    }

    pub(crate) fn target(&self) -> Target {
        self.target
    }

    /// Each code that it knows, and whether another text means the same as that code.
    #[cfg(test)]
    pub(super) fn codes_known(&self) -> impl Iterator<Item = (&str, impl Fn(&str) -> bool)> {
        self.steps.iter().flat_map(|step| {
            let codes = step.codes.iter().map(|(code, meaning)| (code.as_str(), meaning));
            let known = move |meaning: &Meaning, text: &str| {
                let codes = step.codes.iter().map(|(code, meaning)| (code.as_str(), meaning));
                spelling::find(codes, text) == Some(meaning)
            };
            codes.map(move |(code, meaning)| (code, move |text: &str| known(meaning, text)))
        })
    }

    /// The columns that it reads, as the package writes them.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|column| column.name)
    }

    /// The common field that a column fills first; for events' own text of a time.
    pub(crate) fn column_of(&self, place: usize) -> &'static str {
        let from = self.steps.iter().find(|step| step.place == place).map(|step| &step.from);
        match from {
            Some(From::Column(column)) => self.columns[*column].name,
            _ => self.target.fields()[place].name,
        }
    }

    /// Reads a row. `text` is a whole payload: a header line and one row. `unquoted` holds the row when it has quotes.
    pub(crate) fn read<'t>(
        &mut self,
        text: &'t str,
        unquoted: &'t mut String,
        whole: Whole,
        reading: &mut Reading<'_, '_>,
    ) -> Result<Slots<'t>, Stop> {
        let (header, row) = payload::lines(text).ok_or(Stop::park(Rule::RowUnreadable))?;
        let columns = &self.columns;
        self.header.bind(header, &self.spellings, |column| columns[column].required);
        let row: &'t str = match self.cells.cut(row, self.header.separator()) {
            Cow::Borrowed(row) => row,
            Cow::Owned(row) => {
                *unquoted = row;
                unquoted
            }
        };
        if self.header.count() < 2 || self.cells.count() != self.header.count() {
            return Err(Stop::park(Rule::RowUnreadable));
        }
        let cell = |column: usize| self.header.place(column).map(|at| self.cells.cell(row, at));
        if let Some(column) = self.header.lacking().filter(|_| whole == Whole::Yes) {
            return Err(Stop::refuse(Rule::ColumnMissing, self.columns[column].name));
        }
        let amounts = self.decimal.map_or(Amounts::Text, Amounts::Decimal);
        self.fill(cell, Manner { whole, amounts, received_at: reading.received_at }, reading)
    }

    /// Reads a row whose cells have names, as a change of a table has: `cells` are pairs of column and text.
    pub(crate) fn read_named<'t>(
        &mut self,
        cells: &'t [(Cow<'_, str>, Cow<'_, str>)],
        whole: Whole,
        reading: &mut Reading<'_, '_>,
    ) -> Result<Slots<'t>, Stop> {
        let columns = &self.columns;
        self.names
            .bind(cells.iter().map(|(name, _)| name.as_ref()), &self.spellings, |column| columns[column].required);
        if let Some(column) = self.names.lacking().filter(|_| whole == Whole::Yes) {
            return Err(Stop::refuse(Rule::ColumnMissing, self.columns[column].name));
        }
        let cell = |column: usize| self.names.place(column).map(|at| cells[at].1.trim());
        self.fill(cell, Manner { whole, amounts: Amounts::Database, received_at: reading.received_at }, reading)
    }

    /// Whether the package reads this column.
    pub(crate) fn reads_column(&self, name: &str) -> Option<&'static str> {
        Some(self.columns[self.column(name)?].name)
    }

    /// Whether the package reads a time, a day or a month from this column, and does not say itself how it is written.
    pub(crate) fn reads_time(&self, name: &str) -> bool {
        let Some(column) = self.column(name) else { return false };
        let is_time = |step: &Step| {
            matches!(step.kind, FieldKind::Time(_) | FieldKind::Month)
                && step.formats.is_empty()
                && matches!(step.from, From::Column(from) if from == column)
        };
        self.steps.iter().any(is_time) || self.codes.iter().any(|entry| entry.dates.contains(&column))
    }

    fn column(&self, name: &str) -> Option<usize> {
        let folded = folded(name);
        self.spellings.iter().position(|spellings| spellings.contains(&folded))
    }

    /// One pass over the fields.
    fn fill<'t>(
        &self,
        cell: impl Fn(usize) -> Option<&'t str>,
        manner: Manner,
        reading: &mut Reading<'_, '_>,
    ) -> Result<Slots<'t>, Stop> {
        let Reading { stockholm, guard, findings, .. } = reading;
        let (guard, whole): (&Guard<'_>, Whole) = (guard, manner.whole);
        let mut slots = Slots::default();
        // The row's own identifier may be a number of the source's, which nothing but comparison finds in another column.
        let own_guard;
        let guard = match self.identity.and_then(&cell).filter(|own| !own.is_empty()) {
            Some(own) => {
                own_guard = guard.with_own(own);
                &own_guard
            }
            None => guard,
        };
        for step in &self.steps {
            let is_key = step.place == KEY && whole != Whole::Legible;
            let required = step.required && (whole == Whole::Yes || is_key);
            if step.kind.is_list() {
                let columns = match &step.from {
                    From::Column(column) => std::slice::from_ref(column),
                    From::Columns(columns) => columns.as_slice(),
                    From::Value(_) => &[],
                };
                let mut codes = Vec::new();
                for column in columns {
                    let cell = cell(*column).unwrap_or_default();
                    for code in cell.split(step.separator.as_str()).map(str::trim).filter(|code| !code.is_empty()) {
                        match step.kind.system().and_then(|system| self.lists.read(system, code)) {
                            Some(code) => codes.push(code),
                            None => findings.add(Rule::FieldUnreadable, self.columns[*column].name),
                        }
                    }
                }
                if !codes.is_empty() {
                    slots.set(step.place, Slot::List(codes));
                }
                continue;
            }
            let (written, name): (&'t str, &'static str) = match &step.from {
                From::Column(column) => (cell(*column).unwrap_or_default(), self.columns[*column].name),
                From::Columns(_) | From::Value(_) => ("", ""),
            };
            let is_empty = written.is_empty() || self.empty.iter().any(|empty| empty.eq_ignore_ascii_case(written));
            // Most fields are texts that are taken as they stand.
            if !is_empty && step.is_plain() {
                if step.is_id && read::is_rounded(written) {
                    if is_key {
                        return Err(Stop::refuse(Rule::KeyRounded, name));
                    }
                    findings.add(Rule::IdRounded, name);
                    continue;
                }
                slots.set(step.place, Slot::Text(guard.pass(Cow::Borrowed(written), name, findings)));
                continue;
            }
            let given = match &step.from {
                From::Value(value) => Some(value.as_str()),
                From::Column(_) | From::Columns(_) if is_empty => step.default.as_deref(),
                From::Column(_) | From::Columns(_) => None,
            };
            let read = match given {
                // The package's own text does not outlive the row; what is kept of it is a copy.
                Some(value) => step.slot(value, &self.lists, manner, stockholm).map(owned),
                None if is_empty => {
                    if required {
                        return Err(Stop::refuse(Rule::FieldMissing, name));
                    }
                    continue;
                }
                None => step.slot(written, &self.lists, manner, stockholm),
            };
            let mut slot = match read {
                Ok(slot) => slot,
                // "Until further notice" is no end, and says so.
                Err(rule) if rule != Rule::DateOpenEnd && (required || (step.strict && whole == Whole::Yes)) => {
                    return Err(Stop::refuse(Rule::FieldInvalid, name));
                }
                Err(rule) => {
                    findings.add(rule, name);
                    continue;
                }
            };
            let mut is_mapped = false;
            match &mut slot {
                Slot::Text(text) => {
                    if let Some(hidden) = guard.replaced(text, name, findings) {
                        *text = hidden;
                    }
                    is_mapped = step.kind.system().is_some() && text != written;
                }
                Slot::Code(symbol) => {
                    if symbol.is_none() {
                        findings.add(Rule::CodeUnknown, name);
                    }
                    is_mapped = *symbol != Some(written);
                }
                Slot::Flag(_) => is_mapped = true,
                Slot::Time(day, text) | Slot::Day(day, text) => {
                    let clock = step.clock.and_then(|column| Some((column, cell(column)?)));
                    if let Some((column, clock)) = clock.filter(|(_, clock)| !clock.is_empty()) {
                        match read::clock(clock).and_then(|clock| read::on_the_clock(*day, clock, stockholm)) {
                            Some(at) => slot = Slot::TimeOfParts(at, format!("{text} {clock}").into()),
                            None => findings.add(Rule::FieldUnreadable, self.columns[column].name),
                        }
                    }
                }
                Slot::Absent if required => return Err(Stop::refuse(Rule::FieldMissing, name)),
                _ => {}
            }
            if is_mapped && !written.is_empty() {
                // A code that the package knows holds nobody's number; any other text may.
                let known = slot != Slot::Code(None);
                let safe =
                    if known { Cow::Borrowed(written) } else { guard.pass(Cow::Borrowed(written), name, findings) };
                slots.verbatim.push((self.target.fields()[step.place].name, safe));
            }
            slots.set(step.place, slot);
        }
        for (name, column) in &self.extensions {
            if let Some(text) = cell(*column).filter(|text| !text.is_empty()) {
                slots.extensions.push((*name, guard.pass(Cow::Borrowed(text), self.columns[*column].name, findings)));
            }
        }
        for (name, column) in &self.components {
            let given =
                |text: &&str| !text.is_empty() && !self.empty.iter().any(|empty| empty.eq_ignore_ascii_case(text));
            let Some(text) = cell(*column).filter(given) else { continue };
            match read::money(text, manner.amounts) {
                Ok(ore) => slots.components.push((*name, ore)),
                Err(rule) => findings.add(rule, self.columns[*column].name),
            }
        }
        if !self.codes.is_empty() {
            let (columns, empty, lists) = (&*self.columns, &*self.empty, &*self.lists);
            let received_at = manner.received_at;
            let mut tools = code::Tools { columns, empty, lists, guard, stockholm, findings, received_at };
            slots.codes = code::read(&self.codes, &cell, &mut tools);
        }
        if whole != Whole::Yes {
            return Ok(slots);
        }
        self.look_up(&slots, stockholm, findings);
        for rule in self.rules.iter().filter(|rule| rule.is_broken(&slots)) {
            match rule.said.severity {
                schemas::Severity::Error => return Err(Stop::refuse_by_package(rule.said)),
                schemas::Severity::Warning | schemas::Severity::Info => findings.add_package(rule.said),
            }
        }
        Ok(slots)
    }
}

impl Program {
    /// Looks the row's codes up in their lists.
    fn look_up(&self, slots: &Slots<'_>, stockholm: &Stockholm, findings: &mut Findings) {
        let day = |at: schemas::Timestamp| code_lists::day(at, stockholm);
        let mut on: Option<Option<Day>> = None;
        let mut row_day =
            || *on.get_or_insert_with(|| self.dated.iter().find_map(|place| slots.at(*place).time()).map(day));
        for coded in self.coded.iter().filter(|coded| self.lists.speaks(coded.system)) {
            let Coded { system, place, name } = *coded;
            match slots.at(place) {
                Slot::Text(code) => note(self.lists.standing(system, code, &mut row_day), name, findings),
                Slot::List(codes) => {
                    for code in codes {
                        note(self.lists.standing(system, code, &mut row_day), name, findings);
                    }
                }
                _ => {}
            }
        }
        for code in &slots.codes {
            let Some(system) = code.listed_in().filter(|system| self.lists.speaks(*system)) else { continue };
            let on = || code.performed_at.map(day).or_else(&mut row_day);
            note(self.lists.standing(system, &code.code, on), code.column, findings);
        }
    }
}

fn note(standing: Standing, column: &'static str, findings: &mut Findings) {
    if let Some(rule) = standing.rule() {
        findings.add(rule, column);
    }
}

impl Step {
    /// Of a list, whose codes stand in one cell with a separator (a blank unless told) or in a column each.
    pub(super) fn list(place: usize, kind: FieldKind, from: From, separator: Option<String>) -> Step {
        let separator = separator.filter(|separator| !separator.is_empty()).unwrap_or_else(|| " ".to_owned());
        Step {
            place,
            kind,
            from,
            default: None,
            codes: Vec::new(),
            formats: Vec::new(),
            clock: None,
            separator,
            required: false,
            strict: false,
            is_id: false,
        }
    }

    /// Whether the field is the cell's text and nothing else.
    fn is_plain(&self) -> bool {
        matches!(self.kind, FieldKind::Text) && self.codes.is_empty()
    }

    /// Whether a text of the package's own can be read.
    pub(super) fn reads(&self, text: &str, lists: &CodeLists) -> bool {
        let manner = Manner { whole: Whole::Yes, amounts: Amounts::Text, received_at: None };
        self.slot(text, lists, manner, &mut Stockholm::new()).is_ok_and(|slot| slot != Slot::Code(None))
    }

    /// The field of a text that is not empty; or the rule by which it has none.
    fn slot<'t>(
        &self,
        text: &'t str,
        lists: &CodeLists,
        manner: Manner,
        stockholm: &mut Stockholm,
    ) -> Result<Slot<'t>, Rule> {
        let codes = self.codes.iter().map(|(code, meaning)| (code.as_str(), meaning));
        if !self.codes.is_empty()
            && let Some(meaning) = spelling::find(codes, text)
        {
            return Ok(match meaning {
                Meaning::Symbol(symbol) => Slot::Code(Some(symbol)),
                Meaning::Flag(flag) => Slot::Flag(*flag),
                Meaning::Text(text) => Slot::Text(Cow::Owned(text.clone())),
                Meaning::Nothing => Slot::Absent,
            });
        }
        if self.is_id && read::is_rounded(text) {
            return Err(Rule::IdRounded);
        }
        let unreadable = Rule::FieldUnreadable;
        let listed = |system| lists.read(system, text).map(Slot::Text).ok_or(unreadable);
        match self.kind {
            FieldKind::Text => Ok(Slot::Text(Cow::Borrowed(text))),
            FieldKind::Time(when) => {
                let told = read::time(text, &self.formats, stockholm).ok_or(unreadable)?;
                Ok(match told.judged(when, manner.received_at)? {
                    Told::Moment(at) => Slot::Time(at, text),
                    Told::Day(at) => Slot::Day(at, text),
                    Told::Placeholder => Slot::Absent,
                })
            }
            FieldKind::Month => {
                let month = read::month(text).ok_or_else(|| read::no_period(text, stockholm))?;
                read::is_counted(&month, manner.received_at, stockholm)?;
                Ok(Slot::Month(month))
            }
            FieldKind::Number(least, greatest) => {
                read::number(&manner.plain(text), least, greatest).map(Slot::Number).ok_or(unreadable)
            }
            // A flag that the package does not know is not "no".
            FieldKind::Flag => Err(unreadable),
            FieldKind::Code(symbols) => match symbols.iter().find(|symbol| **symbol == text).copied() {
                None if self.required => Err(unreadable),
                symbol => Ok(Slot::Code(symbol)),
            },
            FieldKind::Icd => listed(System::Icd),
            FieldKind::Kva => listed(System::Kva),
            FieldKind::Mvo => listed(System::Mvo),
            FieldKind::Lkf => read::lkf(text).map(|code| Slot::Text(Cow::Borrowed(code))).ok_or(unreadable),
            // A number of persons that has lost its digits is the number of several.
            FieldKind::Identity if read::is_rounded(text) => Err(Rule::IdRounded),
            FieldKind::Identity => Ok(Slot::Identity(text)),
            FieldKind::Year => {
                let year = read::year(text).ok_or_else(|| read::no_period(text, stockholm))?;
                read::is_counted(year.as_bytes(), manner.received_at, stockholm)?;
                Ok(Slot::Text(Cow::Borrowed(year)))
            }
            FieldKind::Money => read::money(text, manner.amounts).map(Slot::Number),
            FieldKind::Decimal => match manner.plain(text) {
                Cow::Borrowed(text) => read::decimal(text).map(Slot::Text).ok_or(unreadable),
                Cow::Owned(text) => {
                    let number = read::decimal(&text).ok_or(unreadable)?;
                    Ok(Slot::Text(Cow::Owned(number.into_owned())))
                }
            },
            // Lists are read code by code.
            FieldKind::IcdList | FieldKind::KvaList => Err(unreadable),
        }
    }
}

impl Manner {
    /// A number as people write it: databases write some with exponents.
    fn plain(self, text: &str) -> Cow<'_, str> {
        match self.amounts {
            Amounts::Database => read::plain(text).unwrap_or(Cow::Borrowed(text)),
            Amounts::Text | Amounts::Decimal(_) => Cow::Borrowed(text),
        }
    }
}

/// A slot that no longer borrows; a time loses its text, which was the package's and not the source's.
fn owned<'t>(slot: Slot<'_>) -> Slot<'t> {
    match slot {
        Slot::Absent => Slot::Absent,
        Slot::Text(text) => Slot::Text(Cow::Owned(text.into_owned())),
        Slot::Time(at, _) | Slot::TimeOfParts(at, _) => Slot::Time(at, ""),
        Slot::Day(at, _) => Slot::Day(at, ""),
        Slot::Month(month) => Slot::Month(month),
        Slot::Number(number) => Slot::Number(number),
        Slot::Flag(flag) => Slot::Flag(flag),
        Slot::Code(symbol) => Slot::Code(symbol),
        // A package cannot hold an identifier or a list of its own: it is refused when it is compiled.
        Slot::Identity(_) | Slot::List(_) => Slot::Absent,
    }
}
