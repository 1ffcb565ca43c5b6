//! The package as it is written, and how it is compiled. Errors point at file, line and key.

mod code;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use delimited::line::Cells;
use delimited::name::folded;
use schemas::{SOURCE_TABLE, Severity, TECHNICAL_BEDS};
use serde::Deserialize;
use toml::Spanned;

use super::Target;
use super::example::Example;
use super::field::FieldKind;
use super::header::{Header, Names};
use super::program::{Coded, Column, From, Meaning, Program, Step};
use super::rule::{Demand, Rule};
use crate::code_lists::{self, CodeLists};
use crate::rules::{self, PackageRule};
use code::FileCode;

/// Extensions that mean something behind the processor whatever the region: a column under such a name would be taken for that.
const OWN_EXTENSIONS: [&str; 2] = [SOURCE_TABLE, TECHNICAL_BEDS];

/// Why a package was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened or is not UTF-8, and no shipped package has the name.
    #[error("cannot read mapping package {path}; shipped packages are: {shipped}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What could have been named instead.
        shipped: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML of the documented schema, or says something that cannot be.
    #[error("{path}:{line}: {key}{}{what}", if key.is_empty() { "" } else { ": " })]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// Which key, empty if the line says enough.
        key: String,
        /// What is wrong and what would be right.
        what: String,
    },
    /// The shipped code lists cannot be read.
    #[error(transparent)]
    CodeLists(#[from] code_lists::Error),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    package: FilePackage,
    fields: BTreeMap<Spanned<String>, Spanned<FileField>>,
    #[serde(default)]
    extensions: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    components: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    code: Vec<Spanned<FileCode>>,
    #[serde(default)]
    rule: Vec<Spanned<FileRule>>,
    #[serde(default)]
    example: Vec<Spanned<FileExample>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePackage {
    name: Spanned<String>,
    version: Spanned<String>,
    subject: Spanned<String>,
    feed: Spanned<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    empty: Vec<String>,
    decimal: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileField {
    column: Option<String>,
    columns: Option<Vec<String>>,
    separator: Option<String>,
    #[serde(default)]
    also: Vec<String>,
    value: Option<String>,
    default: Option<String>,
    required: Option<bool>,
    #[serde(default)]
    codes: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    formats: Vec<String>,
    clock: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRule {
    code: Spanned<String>,
    severity: Spanned<String>,
    remedy: String,
    #[serde(default)]
    when: BTreeMap<String, toml::Value>,
    present: Option<Spanned<String>>,
    absent: Option<Spanned<String>>,
    order: Option<Spanned<[String; 2]>>,
    between: Option<Spanned<FileBetween>>,
    one_of: Option<Spanned<FileOneOf>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileBetween {
    field: String,
    least: i64,
    greatest: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOneOf {
    field: String,
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileExample {
    name: String,
    row: BTreeMap<String, String>,
    #[serde(default)]
    expect: BTreeMap<String, String>,
    codes: Option<Vec<String>>,
    #[serde(default)]
    findings: Vec<String>,
    refused: Option<String>,
}

/// Compiles the text of a package.
pub(super) fn compile(path: &Path, text: &str) -> Result<Program, Error> {
    let source = Source { path, text };
    let file: File = toml::from_str(text).map_err(|error| source.syntax(&error))?;
    let target = Target::of_name(file.package.subject.get_ref()).ok_or_else(|| {
        source.wrong(
            &file.package.subject,
            "package.subject",
            format!("no such subject; use {}", Target::ALL.map(Target::name).join(", ")),
        )
    })?;
    let feed = file.package.feed.get_ref();
    let feed_is_well_formed =
        !feed.is_empty() && feed.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !feed_is_well_formed {
        return Err(source.wrong(
            &file.package.feed,
            "package.feed",
            "a feed is lower case words with hyphens, the last part of the source topic's name".to_owned(),
        ));
    }
    if file.package.version.get_ref().is_empty() {
        return Err(source.wrong(&file.package.version, "package.version", "a package has a version".to_owned()));
    }
    let decimal = match &file.package.decimal {
        None => None,
        Some(sign) if target != Target::Cost => {
            return Err(source.wrong(sign, "package.decimal", "only costs have amounts".to_owned()));
        }
        Some(sign) => match sign.get_ref().as_str() {
            "," => Some(','),
            "." => Some('.'),
            _ => {
                let what = "the decimal sign of amounts is \",\" or \".\"".to_owned();
                return Err(source.wrong(sign, "package.decimal", what));
            }
        },
    };
    let lists = Arc::new(CodeLists::shipped()?);
    let mut compiler = Compiler { source, target, lists, columns: Vec::new(), spellings: Vec::new() };
    let mut steps = Vec::new();
    for (name, field) in file.fields {
        steps.push(compiler.step(&name, field)?);
    }
    // In the order of the schema, so that findings come in one order whatever the package's.
    steps.sort_by_key(|step| step.place);
    for field in target.fields().iter().filter(|field| field.required) {
        if !steps.iter().any(|step| target.fields()[step.place].name == field.name) {
            let what =
                format!("the subject {} needs the field {}; add [fields.{}]", target.name(), field.name, field.name);
            return Err(compiler.source.wrong(&file.package.subject, "fields", what));
        }
    }
    let mut extensions = Vec::new();
    for (name, column) in file.extensions {
        if OWN_EXTENSIONS.contains(&name.as_str()) {
            let what = "the platform says this itself; keep the column under another name".to_owned();
            return Err(compiler.source.wrong(&column, &format!("extensions.{name}"), what));
        }
        let column = compiler.column(column.get_ref(), &[], false);
        extensions.push((kept(&name), column));
    }
    let mut components = Vec::new();
    for (name, column) in file.components {
        if target != Target::Cost {
            let key = format!("components.{}", name.get_ref());
            return Err(compiler.source.wrong(&name, &key, "only costs have components".to_owned()));
        }
        components.push((kept(name.get_ref()), compiler.column(&column, &[], false)));
    }
    let mut codes = Vec::new();
    for code in file.code {
        if target != Target::Clinical {
            return Err(compiler.source.wrong(&code, "code", "only the subject clinical has codes".to_owned()));
        }
        codes.push(compiler.entry(code)?);
    }
    if target == Target::Clinical && codes.is_empty() {
        let what = "the subject clinical needs codes; add [[code]]".to_owned();
        return Err(compiler.source.wrong(&file.package.subject, "code", what));
    }
    let rules = file.rule.into_iter().map(|rule| compiler.rule(rule, &steps)).collect::<Result<_, _>>()?;
    let examples = file.example.into_iter().map(|example| compiler.example(example)).collect::<Result<_, _>>()?;
    Ok(Program {
        name: file.package.name.into_inner(),
        version: file.package.version.into_inner(),
        description: file.package.description,
        feed: kept(feed),
        target,
        empty: file.package.empty,
        decimal,
        coded: Coded::among(&steps, target, &compiler.columns),
        columns: compiler.columns,
        spellings: compiler.spellings,
        extensions,
        components,
        identity: steps.iter().find(|step| step.kind == FieldKind::Identity).and_then(|step| match step.from {
            From::Column(column) => Some(column),
            From::Columns(_) | From::Value(_) => None,
        }),
        steps,
        codes,
        lists: compiler.lists,
        // Of the contact's end, else of its start: when its codes have to hold.
        dated: ["ended_at", "started_at", "decided_at"].iter().filter_map(|name| target.place(name)).collect(),
        rules,
        examples,
        header: Header::default(),
        names: Names::default(),
        cells: Cells::default(),
    })
}

/// A text that lives as long as the program: findings and parked records name columns and rules for ever, and a package is
/// compiled once per start.
fn kept(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

struct Source<'s> {
    path: &'s Path,
    text: &'s str,
}

impl Source<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn at(&self, at: usize, key: &str, what: String) -> Error {
        Error::Wrong { path: self.path.to_owned(), line: self.line(at), key: key.to_owned(), what }
    }

    fn wrong<T>(&self, spanned: &Spanned<T>, key: &str, what: String) -> Error {
        self.at(spanned.span().start, key, what)
    }

    fn syntax(&self, error: &toml::de::Error) -> Error {
        let at = error.span().map_or(0, |span| span.start);
        self.at(at, "", error.message().trim().replace('\n', "; "))
    }
}

struct Compiler<'s> {
    source: Source<'s>,
    target: Target,
    lists: Arc<CodeLists>,
    columns: Vec<Column>,
    spellings: Vec<Vec<String>>,
}

impl Compiler<'_> {
    /// The index of a column, added when it is new.
    fn column(&mut self, name: &str, also: &[String], required: bool) -> usize {
        let spellings: Vec<String> = std::iter::once(name).chain(also.iter().map(String::as_str)).map(folded).collect();
        if let Some(index) = self.spellings.iter().position(|known| known[0] == spellings[0]) {
            self.columns[index].required |= required;
            return index;
        }
        self.columns.push(Column { name: kept(name), required });
        self.spellings.push(spellings);
        self.columns.len() - 1
    }

    fn place(&self, spanned_at: usize, key: &str, name: &str) -> Result<usize, Error> {
        self.target.place(name).ok_or_else(|| {
            let names: Vec<&str> = self.target.fields().iter().map(|field| field.name).collect();
            let what = format!("{} has no field {name:?}; it has {}", self.target.name(), names.join(", "));
            self.source.at(spanned_at, key, what)
        })
    }

    fn step(&mut self, name: &Spanned<String>, field: Spanned<FileField>) -> Result<Step, Error> {
        let key = format!("fields.{}", name.get_ref());
        let place = self.place(name.span().start, &key, name.get_ref())?;
        let common = self.target.fields()[place];
        let at = name.span().start;
        let field = field.into_inner();
        let required = field.required.unwrap_or(common.required);
        if common.required && !required {
            return Err(self.source.at(at, &key, format!("{} cannot be left out", common.name)));
        }
        if let (Some(columns), None, None) = (&field.columns, &field.column, &field.value) {
            if !common.kind.is_list() {
                return Err(self.source.at(at, &key, "only lists have several columns; use column".to_owned()));
            }
            let columns = columns.iter().map(|column| self.column(column, &[], false)).collect();
            return Ok(Step::list(place, common.kind, From::Columns(columns), field.separator));
        }
        if common.kind.is_list() {
            let Some(column) = field.column else {
                return Err(self.source.at(at, &key, "a list comes from column or columns".to_owned()));
            };
            let column = From::Column(self.column(&column, &field.also, false));
            return Ok(Step::list(place, common.kind, column, field.separator));
        }
        if common.kind == FieldKind::Identity && (field.value.is_some() || field.default.is_some()) {
            return Err(self.source.at(at, &key, "an identifier comes from a column and nowhere else".to_owned()));
        }
        if field.separator.is_some() {
            return Err(self.source.at(at, &key, "only lists have a separator".to_owned()));
        }
        let from = match (field.column, field.value) {
            (Some(column), None) => From::Column(self.column(&column, &field.also, required)),
            (None, Some(value)) => From::Value(value),
            (Some(_), Some(_)) => {
                return Err(self.source.at(at, &key, "column and value exclude each other".to_owned()));
            }
            (None, None) => {
                return Err(self.source.at(
                    at,
                    &key,
                    "say where it comes from: column = \"...\" or value = \"...\"".to_owned(),
                ));
            }
        };
        if !field.formats.is_empty() && !matches!(common.kind, FieldKind::Time(_)) {
            return Err(self.source.at(at, &key, "only times have formats".to_owned()));
        }
        let clock = match (&field.clock, &from) {
            (None, _) => None,
            (Some(clock), From::Column(_)) if matches!(common.kind, FieldKind::Time(_)) => {
                Some(self.column(clock, &[], false))
            }
            (Some(_), _) => {
                return Err(self.source.at(at, &key, "only times from a column have a clock".to_owned()));
            }
        };
        let mut codes = Vec::new();
        for (code, meaning) in field.codes {
            let key = format!("{key}.codes.{code}");
            codes.push((code, self.meaning(&key, common.kind, meaning)?));
        }
        if common.kind == FieldKind::Flag && codes.is_empty() {
            let what = "write which codes mean true and false: codes = { JA = true, NEJ = false }".to_owned();
            return Err(self.source.at(at, &key, what));
        }
        let step = Step {
            place,
            kind: common.kind,
            from,
            default: field.default,
            codes,
            formats: field.formats,
            clock,
            separator: String::new(),
            required,
            strict: common.strict || required,
            is_id: common.name.ends_with("_id"),
        };
        for given in
            [step.default.as_deref(), if let From::Value(value) = &step.from { Some(value.as_str()) } else { None }]
        {
            if given.is_some_and(|given| !step.reads(given, &self.lists)) {
                let what = format!("the package's own text is no {}", step.kind.words());
                return Err(self.source.at(at, &key, what));
            }
        }
        Ok(step)
    }

    fn meaning(&self, key: &str, kind: FieldKind, written: Spanned<toml::Value>) -> Result<Meaning, Error> {
        let at = written.span().start;
        match (kind, written.into_inner()) {
            (_, toml::Value::String(text)) if text.is_empty() => Ok(Meaning::Nothing),
            (FieldKind::Flag, toml::Value::Boolean(flag)) => Ok(Meaning::Flag(flag)),
            (FieldKind::Code(symbols), toml::Value::String(text)) => symbols
                .iter()
                .find(|symbol| **symbol == text)
                .map(|symbol| Meaning::Symbol(symbol))
                .ok_or_else(|| self.source.at(at, key, format!("{text:?} is none of {}", symbols.join(", ")))),
            (
                FieldKind::Text | FieldKind::Icd | FieldKind::Kva | FieldKind::Mvo | FieldKind::Lkf,
                toml::Value::String(text),
            ) => Ok(Meaning::Text(text)),
            (kind, _) => Err(self.source.at(at, key, format!("a code of this field means: {}", kind.words()))),
        }
    }

    fn rule(&self, rule: Spanned<FileRule>, steps: &[Step]) -> Result<Rule, Error> {
        let at = rule.span().start;
        let rule = rule.into_inner();
        let code = rule.code.get_ref();
        if code.is_empty()
            || !code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            return Err(self.source.wrong(
                &rule.code,
                "rule.code",
                "a code is lower case words with hyphens".to_owned(),
            ));
        }
        if rules::Rule::of_code(code).is_some() {
            let what = format!("{code} is a rule of the processor's own; choose another code");
            return Err(self.source.wrong(&rule.code, "rule.code", what));
        }
        let severity = match rule.severity.get_ref().as_str() {
            "error" => Severity::Error,
            "warning" => Severity::Warning,
            "info" => Severity::Info,
            _ => {
                let what = "use error (refuses the row), warning or info".to_owned();
                return Err(self.source.wrong(&rule.severity, "rule.severity", what));
            }
        };
        let key = format!("rule {code}");
        let mut demands = Vec::new();
        if let Some(field) = &rule.present {
            demands.push(Demand::Present(self.place(field.span().start, &key, field.get_ref())?));
        }
        if let Some(field) = &rule.absent {
            demands.push(Demand::Absent(self.place(field.span().start, &key, field.get_ref())?));
        }
        if let Some(order) = &rule.order {
            let [first, second] = order.get_ref();
            let at = order.span().start;
            demands.push(Demand::Order(self.place(at, &key, first)?, self.place(at, &key, second)?));
        }
        if let Some(between) = &rule.between {
            let FileBetween { field, least, greatest } = between.get_ref();
            demands.push(Demand::Between(self.place(between.span().start, &key, field)?, *least, *greatest));
        }
        if let Some(one_of) = &rule.one_of {
            let FileOneOf { field, values } = one_of.get_ref();
            demands.push(Demand::OneOf(self.place(one_of.span().start, &key, field)?, values.clone()));
        }
        let demand_count = demands.len();
        let Some(demand) = demands.pop().filter(|_| demand_count == 1) else {
            let what = "write exactly one of present, absent, order, between, one_of".to_owned();
            return Err(self.source.at(at, &key, what));
        };
        let mut when = Vec::new();
        for (field, value) in rule.when {
            let place = self.place(at, &key, &field)?;
            when.push((
                place,
                match value {
                    toml::Value::String(text) => text,
                    other => other.to_string(),
                },
            ));
        }
        let looked_at = match &demand {
            Demand::Present(place) | Demand::Absent(place) | Demand::Between(place, ..) | Demand::OneOf(place, _) => {
                *place
            }
            Demand::Order(_, second) => *second,
        };
        let column = steps.iter().find(|step| step.place == looked_at).and_then(|step| match step.from {
            From::Column(column) => Some(self.columns[column].name),
            From::Columns(_) | From::Value(_) => None,
        });
        let said = Box::leak(Box::new(PackageRule {
            code: kept(code),
            severity,
            column: column.unwrap_or(self.target.fields()[looked_at].name),
            remedy: kept(&rule.remedy),
        }));
        Ok(Rule { said, when, demand })
    }

    fn example(&self, example: Spanned<FileExample>) -> Result<Example, Error> {
        let at = example.span().start;
        let example = example.into_inner();
        let key = format!("example {:?}", example.name);
        for column in example.row.keys() {
            if !self.columns.iter().any(|known| known.name == column) {
                return Err(self.source.at(at, &key, format!("the package reads no column {column:?}")));
            }
        }
        for field in example.expect.keys() {
            self.place(at, &key, field)?;
        }
        Ok(Example {
            name: example.name,
            line: self.source.line(at),
            row: example.row,
            expect: example.expect,
            codes: example.codes,
            findings: example.findings,
            refused: example.refused,
        })
    }
}
