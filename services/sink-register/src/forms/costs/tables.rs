//! The files: `;`-separated, UTF-8, amounts in kronor with two decimals, empty where nothing is defined.

use std::collections::BTreeMap;

use super::Settings;
use super::contact::{Contact, care_form, sex};
use crate::amount::{kronor, mean, median, per_weight, weight};
use crate::output::{File, FileKind};
use crate::table::Table;

pub(super) const BY_HOSPITAL: FileKind = FileKind::of_groups("cost_by_hospital.csv");
pub(super) const BY_DRG: FileKind = FileKind::of_groups("cost_by_drg.csv");
pub(super) const BY_COMPONENT: FileKind = FileKind::of_groups("cost_by_component.csv");
pub(super) const CONTACTS: FileKind = FileKind::of_persons("kpp_contacts.csv");
pub(super) const BY_PERSON: FileKind = FileKind::of_persons("cost_by_person.csv");
pub(super) const QUALITY: FileKind = FileKind::of_groups("quality.csv");

/// Contacts that are counted together.
#[derive(Default)]
struct Group<'c> {
    name: &'c str,
    totals: Vec<i64>,
    inner_ore: i64,
    inner: usize,
    /// Of contacts that have a weight and are no outliers.
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
            self.weight = self.weight.saturating_add(weight);
            self.weighted_ore = self.weighted_ore.saturating_add(contact.total_ore);
        }
    }

    fn sum(&self) -> i64 {
        self.totals.iter().fold(0, |sum: i64, ore| sum.saturating_add(*ore))
    }

    /// contacts, total, outliers, inner contacts, inner total, inner mean.
    fn cells(&self) -> [String; 6] {
        [
            self.totals.len().to_string(),
            kronor(self.sum()),
            (self.totals.len() - self.inner).to_string(),
            self.inner.to_string(),
            kronor(self.inner_ore),
            or_empty(mean(self.inner_ore, self.inner)),
        ]
    }

    fn median(&mut self) -> String {
        self.totals.sort_unstable();
        or_empty(median(&self.totals))
    }
}

fn or_empty(ore: Option<i64>) -> String {
    ore.map(kronor).unwrap_or_default()
}

/// What hospitals cost, by care form. Means are of innerfall; the median is of all.
pub(super) fn by_hospital(contacts: &[Contact]) -> File {
    let mut groups: BTreeMap<(&str, &str), Group<'_>> = BTreeMap::new();
    for contact in contacts {
        groups.entry((&contact.hospital_code, care_form(contact.care_form))).or_default().add(contact);
    }
    let mut table = Table::new(
        &BY_HOSPITAL,
        [
            "hospital_code",
            "hospital_name",
            "care_form",
            "contacts",
            "total_kronor",
            "outliers",
            "inner_contacts",
            "inner_total_kronor",
            "inner_mean_kronor",
            "median_kronor",
            "drg_weight",
            "kronor_per_drg_point",
        ],
    );
    for ((hospital, form), mut group) in groups {
        let [contacts, total, outliers, inner, inner_total, inner_mean] = group.cells();
        let per_point = or_empty(per_weight(group.weighted_ore, group.weight));
        let weights = if group.weight > 0 { weight(group.weight) } else { String::new() };
        let median = group.median();
        table.row([
            hospital,
            group.name,
            form,
            &contacts,
            &total,
            &outliers,
            &inner,
            &inner_total,
            &inner_mean,
            &median,
            &weights,
            &per_point,
        ]);
    }
    table.finish()
}

/// What diagnosis groups cost, with their spread.
pub(super) fn by_drg(contacts: &[Contact]) -> File {
    let mut groups: BTreeMap<(&str, &str), Group<'_>> = BTreeMap::new();
    for contact in contacts.iter().filter(|contact| !contact.drg.is_empty()) {
        groups.entry((&contact.drg, care_form(contact.care_form))).or_default().add(contact);
    }
    let mut table = Table::new(
        &BY_DRG,
        [
            "drg",
            "care_form",
            "contacts",
            "total_kronor",
            "outliers",
            "inner_contacts",
            "inner_total_kronor",
            "inner_mean_kronor",
            "least_kronor",
            "median_kronor",
            "greatest_kronor",
        ],
    );
    for ((drg, form), mut group) in groups {
        let [contacts, total, outliers, inner, inner_total, inner_mean] = group.cells();
        let median = group.median();
        let (least, greatest) = (or_empty(group.totals.first().copied()), or_empty(group.totals.last().copied()));
        table.row([
            drg,
            form,
            &contacts,
            &total,
            &outliers,
            &inner,
            &inner_total,
            &inner_mean,
            &least,
            &median,
            &greatest,
        ]);
    }
    table.finish()
}

/// What vårdtjänster cost, by care form.
pub(super) fn components(contacts: &[Contact]) -> File {
    let mut sums: BTreeMap<(&str, &str), (usize, i64)> = BTreeMap::new();
    for contact in contacts {
        for (name, ore) in &contact.components_ore {
            let sum = sums.entry((care_form(contact.care_form), name)).or_default();
            *sum = (sum.0 + 1, sum.1.saturating_add(*ore));
        }
    }
    let mut table = Table::new(&BY_COMPONENT, ["care_form", "component", "contacts", "total_kronor"]);
    for ((form, name), (contacts, ore)) in sums {
        table.row([form, name, &contacts.to_string(), &kronor(ore)]);
    }
    table.finish()
}

/// One row per contact: personal, under pseudonym.
pub(super) fn contacts(contacts: &[Contact]) -> File {
    let mut table = Table::new(
        &CONTACTS,
        [
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
pub(super) fn persons(year: &str, contacts: &[Contact]) -> File {
    let mut sums: BTreeMap<(&str, &str), (usize, i64)> = BTreeMap::new();
    for contact in contacts.iter().filter(|contact| contact.may_leave) {
        let Some(subject) = &contact.subject else { continue };
        let sum = sums.entry((subject, care_form(contact.care_form))).or_default();
        *sum = (sum.0 + 1, sum.1.saturating_add(contact.total_ore));
    }
    let mut table = Table::new(&BY_PERSON, ["subject_token", "year", "care_form", "contacts", "total_kronor"]);
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
