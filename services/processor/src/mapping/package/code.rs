//! `[[code]]` as it is written, and how it is compiled.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Compiler, Error};
use crate::code_lists::System;
use crate::mapping::code::{Entry, Owner, ROLES, SIDES, Side};

const COLUMNS_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileCode {
    role: Spanned<String>,
    system: Spanned<String>,
    column: Option<String>,
    #[serde(default)]
    also: Vec<String>,
    columns: Option<Spanned<toml::Value>>,
    separator: Option<Spanned<String>>,
    #[serde(default)]
    nothing: Vec<String>,
    dates: Option<Spanned<toml::Value>>,
    side: Option<String>,
    #[serde(default)]
    sides: BTreeMap<String, Spanned<String>>,
    belongs_to: Option<Spanned<FileOwner>>,
    #[serde(default)]
    drugs_follow: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOwner {
    roles: Vec<String>,
    #[serde(default)]
    beginning: Vec<String>,
    named_after: Option<String>,
}

impl Compiler<'_> {
    pub(super) fn entry(&mut self, written: Spanned<FileCode>) -> Result<Entry, Error> {
        let at = written.span().start;
        let written = written.into_inner();
        let role = self.role(written.role.span().start, "code.role", written.role.get_ref())?;
        let key = format!("code {}", written.role.get_ref());
        let systems = [System::Icd, System::Kva, System::Atc];
        let system = systems.into_iter().find(|system| system.name() == written.system.get_ref()).ok_or_else(|| {
            let what = format!("no such system; use one of {}", systems.map(System::name).join(", "));
            self.source.wrong(&written.system, &format!("{key}.system"), what)
        })?;
        let columns = match (written.column, &written.columns) {
            (Some(column), None) => vec![self.column(&column, &written.also, false)],
            (None, Some(columns)) => self.numbered(&format!("{key}.columns"), columns)?,
            _ => {
                let what = "say where the codes are: column = \"OP\" or columns = \"DIA{1..30}\"".to_owned();
                return Err(self.source.at(at, &key, what));
            }
        };
        if let Some(separator) = written.separator.as_ref().filter(|separator| separator.get_ref().is_empty()) {
            let what = "a separator has at least one sign; leave it out when a cell is one code".to_owned();
            return Err(self.source.wrong(separator, &format!("{key}.separator"), what));
        }
        let dates = match &written.dates {
            None => Vec::new(),
            Some(dates) => self.numbered(&format!("{key}.dates"), dates)?,
        };
        let side = match written.side {
            None if written.sides.is_empty() => None,
            None => {
                let what = "sides say what the texts of a column mean: add side = \"column\"".to_owned();
                return Err(self.source.at(at, &format!("{key}.sides"), what));
            }
            Some(_) if written.sides.is_empty() => {
                let what = "write what the texts mean: sides = { V = \"LEFT\", H = \"RIGHT\" }".to_owned();
                return Err(self.source.at(at, &format!("{key}.side"), what));
            }
            Some(column) => {
                let mut sides = Vec::new();
                for (text, name) in written.sides {
                    let side = SIDES.iter().find(|(known, _)| known == name.get_ref()).ok_or_else(|| {
                        let what = format!("{:?} is none of LEFT, RIGHT, BOTH", name.get_ref());
                        self.source.wrong(&name, &format!("{key}.sides.{text}"), what)
                    })?;
                    sides.push((text, side.1));
                }
                Some(Side { column: self.column(&column, &[], false), sides })
            }
        };
        if written.drugs_follow && (system != System::Kva || written.separator.is_none()) {
            let what = "drugs follow procedures (system KVA) in one cell with a separator".to_owned();
            return Err(self.source.at(at, &format!("{key}.drugs_follow"), what));
        }
        let owner = match written.belongs_to {
            None => Owner::Nobody,
            Some(owner) => self.owner(&format!("{key}.belongs_to"), owner)?,
        };
        Ok(Entry {
            role,
            system,
            columns,
            separator: written.separator.map(Spanned::into_inner),
            nothing: written.nothing,
            dates,
            side,
            owner,
            drugs_follow: written.drugs_follow,
        })
    }

    fn role(&self, at: usize, key: &str, name: &str) -> Result<schemas::CodeRole, Error> {
        ROLES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role).ok_or_else(|| {
            let names: Vec<&str> = ROLES.iter().map(|(known, _)| *known).collect();
            self.source.at(at, key, format!("no such role; use one of {}", names.join(", ")))
        })
    }

    fn owner(&self, key: &str, written: Spanned<FileOwner>) -> Result<Owner, Error> {
        let at = written.span().start;
        let written = written.into_inner();
        let roles = written.roles.iter().map(|role| self.role(at, key, role)).collect::<Result<Vec<_>, _>>()?;
        if roles.is_empty() {
            return Err(self.source.at(at, key, "name the roles of the codes that it can belong to".to_owned()));
        }
        match (written.named_after, written.beginning) {
            (None, beginnings) => Ok(Owner::First { roles, beginnings }),
            (Some(sign), beginnings) if beginnings.is_empty() && !sign.trim().is_empty() => {
                Ok(Owner::Named { roles, sign })
            }
            (Some(_), _) => {
                let what = "named_after is a sign as \":\", and excludes beginning".to_owned();
                Err(self.source.at(at, key, what))
            }
        }
    }

    /// Columns from a list of names or from a pattern as `DIA{1..30}`.
    fn numbered(&mut self, key: &str, written: &Spanned<toml::Value>) -> Result<Vec<usize>, Error> {
        let names = match written.get_ref() {
            toml::Value::String(pattern) => numbered(pattern),
            toml::Value::Array(names) => names.iter().map(|name| name.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        let Some(names) = names.filter(|names| (1..=COLUMNS_MAX).contains(&names.len())) else {
            let what = format!("write a pattern as \"DIA{{1..30}}\" or a list of names, at most {COLUMNS_MAX} columns");
            return Err(self.source.wrong(written, key, what));
        };
        Ok(names.iter().map(|name| self.column(name, &[], false)).collect())
    }
}

/// The names that a pattern stands for; `None` when it is none.
fn numbered(pattern: &str) -> Option<Vec<String>> {
    let (before, rest) = pattern.split_once('{')?;
    let (range, after) = rest.split_once('}')?;
    let (first, last) = range.split_once("..")?;
    let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && last - first < COLUMNS_MAX && !after.contains(['{', '}']))
        .then(|| (first..=last).map(|number| format!("{before}{number}{after}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_numbered_columns() {
        let names = |pattern: &str| numbered(pattern).map(|names| names.join(" "));
        assert_eq!(names("DIA{1..3}").as_deref(), Some("DIA1 DIA2 DIA3"));
        assert_eq!(names("op{9..10}_datum").as_deref(), Some("op9_datum op10_datum"));
        for wrong in ["DIA", "DIA{1}", "DIA{3..1}", "DIA{a..b}", "DIA{1..1000}", "DIA{1..2", "{1..2}{1..2}"] {
            assert_eq!(names(wrong), None, "{wrong}");
        }
    }
}
