//! What is published of costs, read and added up: groups of one care form each. Care forms are never added.
//!
//! The files are rounded and say nothing of few contacts; a figure that they hide is hidden here, and no sum has it.

use std::sync::Arc;

use topics::Region;

use super::super::Sight;
use super::super::comparison::{Veil, nested, of_sum};
use super::super::sheet::{Absent, Cell};
use crate::period::Period;
use crate::published::{Extract, Parcel, Row};

/// The file that version 1 of the extract has not.
const BY_CARE_FORM: &str = "cost_by_care_form.csv";

/// In the order of pages, as files write them.
pub(super) const FORMS: [&str; 5] = ["inpatient", "outpatient", "primary", "home", ""];

/// Published amounts of contacts, or sums of them, in whole kronor; weights in hundredths.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub contacts: i64,
    pub outliers: i64,
    pub inner: i64,
    pub inner_total: i64,
    /// Kronor times hundredths of DRG points, over contacts with a weight that are no outliers.
    pub weighted: i128,
    pub weight: i64,
}

impl Sum {
    pub(super) fn add(&mut self, other: &Self) {
        self.contacts += other.contacts;
        self.outliers += other.outliers;
        self.inner += other.inner;
        self.inner_total += other.inner_total;
        self.weighted += other.weighted;
        self.weight += other.weight;
    }

    pub(super) fn mean(&self) -> Cell {
        over(self.inner_total.into(), self.inner.into())
    }

    pub(super) fn per_point(&self) -> Cell {
        over(self.weighted, self.weight.into())
    }
}

/// Kronor over a count in whole hundreds, as the files' own means are; of nothing it is not applicable.
fn over(kronor: i128, count: i128) -> Cell {
    if count <= 0 {
        return Cell::Absent(Absent::NotApplicable);
    }
    let hundreds = (kronor * 2 + count * 100) / (count * 200);
    Cell::Whole(i64::try_from(hundreds * 100).unwrap_or(i64::MAX))
}

/// A published line.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub form: usize,
    pub code: Box<str>,
    pub name: Box<str>,
    pub contacts: i64,
    /// Or why the file does not say it.
    pub sum: Result<Sum, Absent>,
    /// Lower quartile, median and upper quartile of all contacts, whole kronor.
    pub quartiles: [Option<i64>; 3],
    /// Whether the page shows it.
    pub veil: Veil,
}

impl Group {
    fn of(row: Row<'_>, code: &str, limit: u32) -> Self {
        let contacts = row.count("contacts").unwrap_or(0);
        let form = row.text("care_form").unwrap_or_default();
        let number = |column| row.count(column).unwrap_or(0);
        let sum = match (row.count("inner_total_kronor"), row.text("reason")) {
            (Some(inner_total), _) => {
                // The published cost per point times the published points: what the points have cost, to its rounding.
                let weight = row.decimal("drg_weight", 2).unwrap_or(0);
                let weighted = i128::from(number("kronor_per_drg_point")) * i128::from(weight);
                let (outliers, inner) = (number("outliers"), number("inner_contacts"));
                Ok(Sum { contacts, outliers, inner, inner_total, weighted, weight })
            }
            (None, None) => Err(Absent::Missing),
            (None, Some(_)) if contacts < i64::from(limit) => Err(Absent::FewerThan(limit)),
            (None, Some(_)) => Err(Absent::Withheld),
        };
        Self {
            form: FORMS.iter().position(|known| *known == form).unwrap_or(FORMS.len() - 1),
            code: row.text(code).unwrap_or_default().into(),
            name: row.text("hospital_name").or(row.text(code)).unwrap_or_default().into(),
            contacts,
            sum,
            quartiles: ["lower_quartile_kronor", "median_kronor", "upper_quartile_kronor"].map(|name| row.count(name)),
            veil: Veil::Open,
        }
    }

    /// The amounts, or the word for them.
    pub(super) fn shown(&self) -> Result<&Sum, Absent> {
        let sum = self.sum.as_ref().map_err(|absent| *absent)?;
        self.veil.absent().map_or(Ok(sum), Err)
    }

    /// The quartiles as cells.
    pub(super) fn spread(&self) -> [Cell; 3] {
        match self.shown() {
            Ok(_) => self.quartiles.map(Cell::or_missing),
            Err(absent) => std::array::from_fn(|_| Cell::Absent(absent)),
        }
    }
}

/// A region's costs of a year.
pub(super) struct Area {
    pub parcel: Arc<Parcel>,
    /// At most one of each care form.
    pub forms: Vec<Group>,
    pub hospitals: Vec<Group>,
}

impl Area {
    pub(super) fn form(&self, form: usize) -> Option<&Group> {
        self.forms.iter().find(|group| group.form == form)
    }
}

/// Whether a parcel says its figures by care form and without what one contact has cost, which version 1 has not.
pub(super) fn is_rounded(parcel: &Parcel) -> bool {
    parcel.tables.contains_key(BY_CARE_FORM)
}

/// Groups of a file, in the order of care forms.
pub(super) fn read(parcel: &Parcel, file: &str, code: &str, limit: u32) -> Vec<Group> {
    let mut groups: Vec<Group> = parcel.rows(file).map(|row| Group::of(row, code, limit)).collect();
    groups.sort_by_key(|group| group.form);
    groups
}

/// The regions of a year.
pub(super) fn areas(sight: &Sight<'_>, period: Period) -> Vec<Area> {
    let limit = sight.manner.contacts_min;
    let parcels = sight.library.of_period(Extract::Kpp, period).filter(|parcel| is_rounded(parcel));
    let mut areas: Vec<Area> = parcels
        .map(|parcel| Area {
            parcel: parcel.clone(),
            forms: read(parcel, BY_CARE_FORM, "care_form", limit),
            hospitals: read(parcel, "cost_by_hospital.csv", "hospital_code", limit),
        })
        .collect();
    for form in 0..FORMS.len() {
        let of = |groups: &[Group]| -> Vec<i64> {
            groups.iter().filter(|group| group.form == form).map(|group| group.contacts).collect()
        };
        let counts: Vec<Vec<i64>> = areas.iter().map(|area| of(&area.hospitals)).collect();
        let (outer, inner) = nested(&counts, limit);
        for ((area, veil), veils) in areas.iter_mut().zip(outer).zip(inner) {
            area.forms.iter_mut().filter(|group| group.form == form).for_each(|group| group.veil = veil);
            let hospitals = area.hospitals.iter_mut().filter(|group| group.form == form);
            hospitals.zip(veils).for_each(|(group, veil)| group.veil = veil);
        }
    }
    areas
}

/// What a care form costs in a place, over how many regions; of the country it is the sum of the regions that say it.
pub(super) fn whole(areas: &[Area], region: Option<Region>, form: usize) -> (Result<Sum, Absent>, usize) {
    let own = areas.iter().filter(|area| region.is_none_or(|region| region == area.parcel.region));
    let groups: Vec<&Group> = own.filter_map(|area| area.form(form)).collect();
    if let (Some(_), [group]) = (region, groups.as_slice()) {
        return (group.shown().copied(), 1);
    }
    let said: Vec<(&Group, &Sum)> =
        groups.iter().filter_map(|group| Some((*group, group.sum.as_ref().ok()?))).collect();
    if let Some(absent) = of_sum(said.iter().map(|(group, _)| (group.contacts, group.veil))).absent() {
        return (Err(absent), 0);
    }
    let mut sum = Sum::default();
    said.iter().for_each(|(_, one)| sum.add(one));
    let hidden = groups.first().and_then(|group| group.sum.as_ref().err().copied());
    if said.is_empty() { (Err(hidden.unwrap_or(Absent::Missing)), 0) } else { (Ok(sum), said.len()) }
}
