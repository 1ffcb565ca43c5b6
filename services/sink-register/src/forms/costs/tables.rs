//! The files: `;`-separated, UTF-8, empty where nothing is defined or said.
//!
//! Files of groups are published, so they say no contact's own amount ([`super::hiding`]): kronor rounded, and of too few
//! contacts none. Of the dearest ones there is no sum anywhere, not even as a difference: sums are of innerfall, and what all
//! contacts cost together is not said. Files of persons have exact kronor, with two decimals.

use std::collections::BTreeMap;

use super::Settings;
use super::contact::{Contact, care_form, sex};
use super::hiding::{self, Amounts, choose, one};
use crate::amount::{kronor, mean, per_weight, quartile, weight};
use crate::output::{File, FileKind};
use crate::pseudonym::Pseudonyms;
use crate::table::Table;

pub(super) const BY_CARE_FORM: FileKind = FileKind::of_groups("cost_by_care_form.csv");
pub(super) const BY_HOSPITAL: FileKind = FileKind::of_groups("cost_by_hospital.csv");
pub(super) const BY_DRG: FileKind = FileKind::of_groups("cost_by_drg.csv");
pub(super) const BY_COMPONENT: FileKind = FileKind::of_groups("cost_by_component.csv");
pub(super) const CONTACTS: FileKind = FileKind::of_persons("kpp_contacts.csv");
pub(super) const BY_PERSON: FileKind = FileKind::of_persons("cost_by_person.csv");
pub(super) const QUALITY: FileKind = FileKind::of_groups("quality.csv");

/// What files of groups say of one. Sums and means are of innerfall, quartiles of all contacts.
const FIGURES: [&str; 11] = [
    "contacts",
    "outliers",
    "inner_contacts",
    "inner_total_kronor",
    "inner_mean_kronor",
    "lower_quartile_kronor",
    "median_kronor",
    "upper_quartile_kronor",
    "drg_weight",
    "kronor_per_drg_point",
    "reason",
];

/// Contacts of a care form that are counted together.
#[derive(Default)]
struct Group<'c> {
    name: &'c str,
    totals: Vec<i64>,
    inner_ore: i64,
    inner: usize,
    /// Contacts that have a weight and are no outliers, with their sums.
    weighted: usize,
    weighted_ore: i64,
    weight: i64,
}

impl<'c> Group<'c> {
    fn add(&mut self, contact: &'c Contact) {
        if !contact.hospital_name.is_empty() && (self.name.is_empty() || *contact.hospital_name < *self.name) {
            self.name = &contact.hospital_name;
        }
        self.totals.push(contact.total_ore);
        if contact.outlier {
            return;
        }
        self.inner += 1;
        self.inner_ore = self.inner_ore.saturating_add(contact.total_ore);
        if let Some(weight) = contact.drg_weight {
            self.weighted += 1;
            self.weight = self.weight.saturating_add(weight);
            self.weighted_ore = self.weighted_ore.saturating_add(contact.total_ore);
        }
    }

    /// The columns of [`FIGURES`].
    fn cells(&mut self, amounts: Amounts, limit: u32) -> [String; 11] {
        let contacts = self.totals.len().to_string();
        let [mut outliers, mut inner, mut total, mut inner_mean] = [const { String::new() }; 4];
        let [mut lower, mut middle, mut upper, mut weights, mut per_point] = [const { String::new() }; 5];
        if amounts == Amounts::Shown {
            self.totals.sort_unstable();
            outliers = (self.totals.len() - self.inner).to_string();
            inner = self.inner.to_string();
            total = hiding::sum(self.inner_ore);
            inner_mean = one(mean(self.inner_ore, self.inner));
            [lower, middle, upper] = [1, 2, 3].map(|which| one(quartile(&self.totals, which)));
            if Amounts::of(self.weighted, limit) == Amounts::Shown {
                weights = if self.weight > 0 { weight(self.weight) } else { String::new() };
                per_point = one(per_weight(self.weighted_ore, self.weight));
            }
        }
        let reason = amounts.reason().to_owned();
        [contacts, outliers, inner, total, inner_mean, lower, middle, upper, weights, per_point, reason]
    }
}

/// Groups of each care form, by what `code` tells them apart; contacts without one are in none.
fn groups<'c>(
    contacts: &'c [Contact],
    code: impl Fn(&'c Contact) -> Option<&'c str>,
) -> BTreeMap<&'static str, BTreeMap<&'c str, Group<'c>>> {
    let mut groups: BTreeMap<&str, BTreeMap<&str, Group<'_>>> = BTreeMap::new();
    for contact in contacts {
        if let Some(code) = code(contact) {
            groups.entry(care_form(contact.care_form)).or_default().entry(code).or_default().add(contact);
        }
    }
    groups
}

/// A line per group. Groups of a care form stand under its sum.
fn lines<'c>(
    kind: &FileKind,
    keys: &[&str],
    groups: BTreeMap<&'static str, BTreeMap<&'c str, Group<'c>>>,
    limit: u32,
    key: impl Fn(&'static str, &'c str, &'c str) -> Vec<&'c str>,
) -> File {
    let mut table = Table::new(kind, keys.iter().chain(&FIGURES));
    for (form, groups) in groups {
        let counts: Vec<usize> = groups.values().map(|group| group.inner).collect();
        for ((code, mut group), amounts) in groups.into_iter().zip(choose(&counts, limit)) {
            let cells = group.cells(amounts, limit);
            table.row(key(form, code, group.name).into_iter().chain(cells.iter().map(String::as_str)));
        }
    }
    table.finish()
}

/// What the region's care forms cost, each by itself: a mean over them would be of nothing.
pub(super) fn by_care_form(contacts: &[Contact], limit: u32) -> File {
    let groups = groups(contacts, |_| Some(""));
    lines(&BY_CARE_FORM, &["care_form"], groups, limit, |form, _, _| vec![form])
}

/// What hospitals cost, by care form.
pub(super) fn by_hospital(contacts: &[Contact], limit: u32) -> File {
    let groups = groups(contacts, |contact| Some(&*contact.hospital_code));
    let keys = ["care_form", "hospital_code", "hospital_name"];
    lines(&BY_HOSPITAL, &keys, groups, limit, |form, code, name| vec![form, code, name])
}

/// What diagnosis groups cost, by care form, with the middle half of their contacts.
pub(super) fn by_drg(contacts: &[Contact], limit: u32) -> File {
    let groups = groups(contacts, |contact| Some(&*contact.drg).filter(|drg| !drg.is_empty()));
    lines(&BY_DRG, &["care_form", "drg"], groups, limit, |form, drg, _| vec![form, drg])
}

/// What vårdtjänster cost in innerfall, by care form.
pub(super) fn components(contacts: &[Contact], limit: u32) -> File {
    let mut forms: BTreeMap<&str, BTreeMap<&str, (usize, i64)>> = BTreeMap::new();
    for contact in contacts.iter().filter(|contact| !contact.outlier) {
        for (name, ore) in &contact.components_ore {
            let sums = forms.entry(care_form(contact.care_form)).or_default();
            let sum = sums.entry(name).or_default();
            *sum = (sum.0 + 1, sum.1.saturating_add(*ore));
        }
    }
    let columns = ["care_form", "component", "inner_contacts", "inner_total_kronor", "reason"];
    let mut table = Table::new(&BY_COMPONENT, columns);
    for (form, sums) in forms {
        let counts: Vec<usize> = sums.values().map(|(contacts, _)| *contacts).collect();
        for ((name, (contacts, ore)), amounts) in sums.into_iter().zip(choose(&counts, limit)) {
            let total = if amounts == Amounts::Shown { hiding::sum(ore) } else { String::new() };
            table.row([form, name, &contacts.to_string(), &total, amounts.reason()]);
        }
    }
    table.finish()
}

/// One row per contact: personal, under pseudonym.
pub(super) fn contacts(contacts: &[Contact], pseudonyms: &Pseudonyms) -> File {
    let mut table = Table::of_persons(
        &CONTACTS,
        &[
            "source_system",
            "contact_id",
            "subject_token",
            "hospital_code",
            "mvo",
            "care_form",
            "drg",
            "drg_weight",
            "main_diagnosis",
            "sex",
            "birth_year",
            "cost_run_id",
            "total_kronor",
            "outlier",
            "outlier_stated",
            "components",
        ],
        pseudonyms,
    );
    for contact in contacts.iter().filter(|contact| contact.may_leave) {
        let parts: Vec<String> =
            contact.components_ore.iter().map(|(name, ore)| format!("{name}={}", kronor(*ore))).collect();
        table.row([
            &contact.source_system,
            &contact.contact_id,
            contact.subject.as_deref().unwrap_or_default(),
            &contact.hospital_code,
            &contact.mvo,
            care_form(contact.care_form),
            &contact.drg,
            &contact.drg_weight.map(weight).unwrap_or_default(),
            &contact.main_diagnosis,
            sex(contact.sex),
            &contact.birth_year.map(|year| year.to_string()).unwrap_or_default(),
            &contact.cost_run_id,
            &kronor(contact.total_ore),
            yes_or_no(Some(contact.outlier)),
            yes_or_no(contact.outlier_stated),
            &parts.join(" "),
        ]);
    }
    table.finish()
}

/// What each pseudonymous person has cost in the year, by care form; years are put together by the token.
pub(super) fn persons(year: &str, contacts: &[Contact], pseudonyms: &Pseudonyms) -> File {
    let mut sums: BTreeMap<(&str, &str), (usize, i64)> = BTreeMap::new();
    for contact in contacts.iter().filter(|contact| contact.may_leave) {
        let Some(subject) = &contact.subject else { continue };
        let sum = sums.entry((subject, care_form(contact.care_form))).or_default();
        *sum = (sum.0 + 1, sum.1.saturating_add(contact.total_ore));
    }
    let columns = ["subject_token", "year", "care_form", "contacts", "total_kronor"];
    let mut table = Table::of_persons(&BY_PERSON, &columns, pseudonyms);
    for ((subject, form), (contacts, ore)) in sums {
        table.row([subject, year, form, &contacts.to_string(), &kronor(ore)]);
    }
    table.finish()
}

/// What was set aside, and what was found.
pub(super) fn quality(
    settings: &Settings,
    totals: &BTreeMap<&'static str, i64>,
    findings: &BTreeMap<String, i64>,
) -> File {
    let mut table = Table::new(&QUALITY, ["region", "period", "reason", "statements"]);
    let set_aside = ["sum_differs", "without_subject", "without_total"].map(|name| (name, totals[name]));
    let found = findings.iter().map(|(rule, count)| (rule.as_str(), *count));
    for (reason, count) in set_aside.into_iter().chain(found) {
        table.row([settings.region.code(), &settings.year, reason, &count.to_string()]);
    }
    table.finish()
}

fn yes_or_no(flag: Option<bool>) -> &'static str {
    match flag {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    }
}
