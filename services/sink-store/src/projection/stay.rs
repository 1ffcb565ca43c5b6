//! Stays as rows, and what a change of them means for counts. Pure.

use std::collections::{BTreeMap, HashSet};

use schemas::stored::storable;
use schemas::{BedKind, CareType, PatientClass};
use timeline::Stay;

use crate::time::Time;

/// A row of `episode_stay`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StayRow {
    pub(crate) source_system: String,
    pub(crate) episode_id: String,
    pub(crate) number: i32,
    pub(crate) subject_token: Option<String>,
    pub(crate) unit: String,
    pub(crate) room: Option<String>,
    pub(crate) bed: Option<String>,
    pub(crate) hospital_code: Option<String>,
    pub(crate) care_type: String,
    pub(crate) responsible_unit: Option<String>,
    pub(crate) bed_kind: String,
    pub(crate) patient_class: String,
    pub(crate) admitted: bool,
    pub(crate) on_leave: bool,
    pub(crate) started_at: Time,
    pub(crate) ended_at: Option<Time>,
}

/// Rows of stays, numbered from 1 within their episode by time.
pub(crate) fn rows(mut stays: Vec<Stay>) -> Vec<StayRow> {
    stays.sort_by(|one, other| (&one.episode, one.from).cmp(&(&other.episode, other.from)));
    let mut rows: Vec<StayRow> = Vec::with_capacity(stays.len());
    let owned = |text: &Option<Box<str>>| text.as_deref().map(|text| storable(text).into_owned());
    for stay in &stays {
        let source_system = storable(&stay.episode.source_system).into_owned();
        let episode_id = storable(&stay.episode.episode).into_owned();
        let number = match rows.last() {
            Some(last) if last.source_system == source_system && last.episode_id == episode_id => last.number + 1,
            _ => 1,
        };
        rows.push(StayRow {
            source_system,
            episode_id,
            number,
            subject_token: owned(&stay.subject),
            unit: storable(&stay.place.unit).into_owned(),
            room: owned(&stay.place.room),
            bed: owned(&stay.place.bed),
            hospital_code: owned(&stay.details.hospital_code),
            care_type: care_type_name(stay.details.care_type).to_owned(),
            responsible_unit: owned(&stay.details.responsible_unit),
            bed_kind: if stay.details.left_out { LEFT_OUT } else { bed_kind_name(stay.details.bed_kind) }.to_owned(),
            patient_class: patient_class_name(stay.details.patient_class).to_owned(),
            admitted: stay.admitted,
            on_leave: stay.on_leave,
            started_at: stay.from.into(),
            ended_at: stay.to.map(Time::from),
        });
    }
    rows
}

/// What differs between the rows there are and the rows there should be.
pub(crate) fn difference(held: Vec<StayRow>, wanted: Vec<StayRow>) -> (Vec<StayRow>, Vec<StayRow>) {
    let held: HashSet<StayRow> = held.into_iter().collect();
    let wanted: HashSet<StayRow> = wanted.into_iter().collect();
    let removed = held.difference(&wanted).cloned().collect();
    let added = wanted.difference(&held).cloned().collect();
    (removed, added)
}

/// Changes at full hours: belagda, ej disponibla, utlokaliserade.
pub(crate) type Census = BTreeMap<(String, Time), [i32; 3]>;

#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) census: Census,
    /// Units, and the span in which their counts may differ.
    pub(crate) spans: Vec<(String, Time, Time)>,
}

impl Changes {
    /// Takes a stay out of the counts (`sign` -1) or into them (+1).
    pub(crate) fn count(&mut self, stay: &StayRow, sign: i32) {
        let end = stay.ended_at.unwrap_or(Time::INFINITY);
        self.spans.push((stay.unit.clone(), stay.started_at, end));
        if !stay.admitted || stay.bed_kind == LEFT_OUT {
            return;
        }
        let counts = [
            1,
            i32::from(stay.bed_kind == bed_kind_name(BedKind::EjDisponibel)),
            i32::from(stay.responsible_unit.as_ref().is_some_and(|unit| *unit != stay.unit)),
        ];
        let start = stay.started_at.hour_from();
        let stop = stay.ended_at.map(Time::hour_from);
        if stop == Some(start) {
            return;
        }
        self.add(&stay.unit, start, counts, sign);
        if let Some(stop) = stop {
            self.add(&stay.unit, stop, counts, -sign);
        }
    }

    fn add(&mut self, unit: &str, hour: Time, counts: [i32; 3], sign: i32) {
        let held = self.census.entry((unit.to_owned(), hour)).or_default();
        for (held, count) in held.iter_mut().zip(counts) {
            *held += sign * count;
        }
    }
}

pub(crate) const fn care_type_name(care_type: CareType) -> &'static str {
    match care_type {
        CareType::Somatic => "SOMATIC",
        CareType::Psychiatric => "PSYCHIATRIC",
        CareType::Unknown => "UNKNOWN",
    }
}

/// A technical bed that the region leaves out of its figures: counted nowhere, as `timeline::occupancy` has it.
const LEFT_OUT: &str = "TEKNISK_UTANFOR";

const fn bed_kind_name(kind: BedKind) -> &'static str {
    match kind {
        BedKind::Disponibel => "DISPONIBEL",
        BedKind::EjDisponibel => "EJ_DISPONIBEL",
        BedKind::Teknisk => "TEKNISK",
        BedKind::Unknown => "UNKNOWN",
    }
}

const fn patient_class_name(class: PatientClass) -> &'static str {
    match class {
        PatientClass::Inpatient => "INPATIENT",
        PatientClass::Outpatient => "OUTPATIENT",
        PatientClass::Emergency => "EMERGENCY",
        PatientClass::Preadmit => "PREADMIT",
        PatientClass::Recurring => "RECURRING",
        PatientClass::Obstetrics => "OBSTETRICS",
        PatientClass::Unknown => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::{Changes, StayRow};
    use crate::time::Time;

    const HOUR: i64 = 3_600_000_000;

    fn stay(from: i64, to: Option<i64>) -> StayRow {
        StayRow {
            source_system: "S".into(),
            episode_id: "E".into(),
            number: 1,
            subject_token: None,
            unit: "U".into(),
            room: None,
            bed: None,
            hospital_code: None,
            care_type: "SOMATIC".into(),
            responsible_unit: Some("V".into()),
            bed_kind: "EJ_DISPONIBEL".into(),
            patient_class: "INPATIENT".into(),
            admitted: true,
            on_leave: false,
            started_at: Time(from),
            ended_at: to.map(Time),
        }
    }

    #[test]
    fn a_stay_counts_at_the_full_hours_that_it_covers() {
        let check = |from, to, expected: &[(i64, i32)]| {
            let mut changes = Changes::default();
            changes.count(&stay(from, to), 1);
            let found: Vec<(i64, i32)> =
                changes.census.iter().map(|((_, hour), counts)| (hour.0 / HOUR, counts[0])).collect();
            assert_eq!(found, expected);
            assert!(changes.census.values().all(|counts| counts.iter().all(|count| *count == counts[0])));
            changes.count(&stay(from, to), -1);
            assert!(changes.census.values().all(|counts| *counts == [0; 3]));
        };
        check(HOUR, Some(3 * HOUR), &[(1, 1), (3, -1)]);
        check(HOUR + 1, Some(3 * HOUR + 1), &[(2, 1), (4, -1)]);
        check(HOUR + 1, Some(2 * HOUR), &[]);
        check(HOUR + 1, Some(2 * HOUR - 1), &[]);
        check(HOUR, None, &[(1, 1)]);
    }
}
